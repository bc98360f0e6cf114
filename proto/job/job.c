/* The job's record table and state machine; see job/job.h. */

#include "job/job.h"

#include <strings.h>

#define FIELD(n, t, m)                                                                         \
    {                                                                                          \
        n, PLATEN_FIELD_##t, offsetof(platen_job_t, m)                                         \
    }

/* In the order of the numbers; a number that has been released is never reused. */
const platen_field_t platen_job_fields[] = {
    FIELD(1, U8, state),           FIELD(2, U32, epoch),
    FIELD(3, U32, attempts),       FIELD(4, U64, queue_key),
    FIELD(5, U64, change_seq),     FIELD(6, U64, created_at),
    FIELD(7, U64, started_at),     FIELD(8, U64, completed_at),
    FIELD(9, U64, expires_at),     FIELD(10, U64, ttl),
    FIELD(11, U64, lease_until),   FIELD(12, U64, input_size),
    FIELD(13, U64, output_size),   FIELD(14, STR, client),
    FIELD(15, STR, request_id),    FIELD(16, STR, source_format),
    FIELD(17, STR, target_format), FIELD(18, STR, input_filename),
    FIELD(19, STR, input_sha256),  FIELD(20, STR, output_sha256),
    FIELD(21, STR, error_code),    FIELD(22, STR, error),
    FIELD(23, STR, owner),         FIELD(24, STR, options),
    FIELD(25, STR, secrets),       FIELD(26, STR, warnings),
    FIELD(27, STR, output_format), FIELD(28, U8, cached),
    FIELD(29, STR, cache_key),     FIELD(30, U8, priority),
    FIELD(31, U32, crashes),       FIELD(32, U32, lost_attempts),
    FIELD(33, U32, host_failures), FIELD(34, U64, not_before),
    FIELD(35, U32, withheld),      FIELD(36, STR, idem_key),
    FIELD(37, STR, idem_print),    FIELD(38, STR, content_type),
    FIELD(39, U64, updated_at),    FIELD(40, U8, batch),
    FIELD(41, U8, unpacked),       FIELD(42, U32, files),
    FIELD(43, U32, skipped),       FIELD(44, U32, processing),
    FIELD(45, U32, success),       FIELD(46, U32, failed),
    FIELD(47, STR, parent),        FIELD(48, U32, file),
    FIELD(49, STR, folder),        FIELD(50, STR, sources),
    FIELD(51, U32, output_crc),    FIELD(60, STR, webhook_url),
    FIELD(64, U8, promised),       FIELD(70, STR, engines),
    FIELD(71, STR, notes),         FIELD(72, STR, link_base),
    FIELD(73, STR, trace_id),      FIELD(74, STR, trace_parent),
    FIELD(75, U64, received_at),
};
const size_t platen_job_nfields = sizeof(platen_job_fields) / sizeof(platen_job_fields[0]);

#undef FIELD
#define FIELD(n, t, m)                                                                         \
    {                                                                                          \
        n, PLATEN_FIELD_##t, offsetof(platen_event_t, m)                                       \
    }

const platen_field_t platen_event_fields[] = {
    FIELD(1, U64, time),   FIELD(2, U8, state),       FIELD(3, STR, id),
    FIELD(4, STR, client), FIELD(5, STR, error_code), FIELD(6, U32, file),
};
const size_t platen_event_nfields =
    sizeof(platen_event_fields) / sizeof(platen_event_fields[0]);

#undef FIELD
#define FIELD(n, t, m)                                                                         \
    {                                                                                          \
        n, PLATEN_FIELD_##t, offsetof(platen_file_t, m)                                        \
    }

const platen_field_t platen_file_fields[] = {
    FIELD(1, STR, id),
    FIELD(2, STR, name),
    FIELD(3, STR, code),
};
const size_t platen_file_nfields = sizeof(platen_file_fields) / sizeof(platen_file_fields[0]);

static const char *const state_names[PLATEN_STATES] = {
    [PLATEN_STATE_NONE] = "NONE",       [PLATEN_STATE_INITIATED] = "INITIATED",
    [PLATEN_STATE_PENDING] = "PENDING", [PLATEN_STATE_PROCESSING] = "PROCESSING",
    [PLATEN_STATE_SUCCESS] = "SUCCESS", [PLATEN_STATE_PARTIAL_SUCCESS] = "PARTIAL_SUCCESS",
    [PLATEN_STATE_FAILED] = "FAILED",   [PLATEN_STATE_CANCELLED] = "CANCELLED",
};

#define TO(s) (1u << PLATEN_STATE_##s)

static const unsigned transitions[PLATEN_STATES] = {
    [PLATEN_STATE_NONE] = TO(INITIATED) | TO(PENDING),
    /* once more INITIATED: its bytes have come */
    [PLATEN_STATE_INITIATED] = TO(INITIATED) | TO(PENDING) | TO(CANCELLED),
    [PLATEN_STATE_PENDING] = TO(PROCESSING) | TO(CANCELLED),
    /* back to PENDING: the sidecar died, or its attempt may be repeated */
    [PLATEN_STATE_PROCESSING] =
        TO(PENDING) | TO(SUCCESS) | TO(PARTIAL_SUCCESS) | TO(FAILED) | TO(CANCELLED),
    /* to FAILED: the result is gone, and platenctl fsck says so */
    [PLATEN_STATE_SUCCESS] = TO(FAILED),
    /* back to PENDING: the client asked for a retry */
    [PLATEN_STATE_PARTIAL_SUCCESS] = TO(PENDING) | TO(FAILED),
    [PLATEN_STATE_FAILED] = TO(PENDING),
};

const char *
platen_state_name(platen_state_t state)
{
    return (unsigned) state < PLATEN_STATES ? state_names[state] : "UNKNOWN";
}

platen_state_t
platen_state_parse(const char *name, size_t len)
{
    unsigned s;

    for (s = PLATEN_STATE_INITIATED; s < PLATEN_STATES; s++) {
        if (strlen(state_names[s]) == len && strncasecmp(state_names[s], name, len) == 0) {
            return (platen_state_t) s;
        }
    }
    return PLATEN_STATE_NONE;
}

static const char *const priority_names[PLATEN_PRIORITIES] = {
    [PLATEN_PRIORITY_NORMAL] = "normal",
    [PLATEN_PRIORITY_HIGH] = "high",
    [PLATEN_PRIORITY_LOW] = "low",
};

const char *
platen_priority_name(unsigned priority)
{
    return priority < PLATEN_PRIORITIES ? priority_names[priority] : "unknown";
}

int
platen_priority_parse(const char *name, size_t len)
{
    int i;

    for (i = 0; i < PLATEN_PRIORITIES; i++) {
        if (strlen(priority_names[i]) == len
            && strncasecmp(priority_names[i], name, len) == 0) {
            return i;
        }
    }
    return -1;
}

int
platen_state_allows(platen_state_t from, platen_state_t to)
{
    return (unsigned) from < PLATEN_STATES && (unsigned) to < PLATEN_STATES
           && (transitions[from] & (1u << to)) != 0;
}

int
platen_state_final(platen_state_t state)
{
    return state >= PLATEN_STATE_SUCCESS && state < PLATEN_STATES;
}

int
platen_state_has_result(platen_state_t state)
{
    return state == PLATEN_STATE_SUCCESS || state == PLATEN_STATE_PARTIAL_SUCCESS;
}

int
platen_job_has_input(const platen_job_t *job)
{
    /* A file of a batch that could not be taken out of its archive has nothing. */
    return job->state != PLATEN_STATE_INITIATED && job->state != PLATEN_STATE_CANCELLED
           && (job->state != PLATEN_STATE_FAILED || job->input_size != 0);
}

int
platen_job_is_file(const platen_job_t *job)
{
    return job->parent.len == sizeof(job->id.b);
}

uint32_t
platen_thumbnail_number(uint32_t epoch, uint32_t width)
{
    return PLATEN_THUMBNAIL | (epoch & 0x7ffff) << 12 | width;
}

int
platen_job_is_thumbnail(const platen_job_t *job)
{
    return platen_job_is_file(job) && job->file >= PLATEN_THUMBNAIL;
}

int
platen_job_waits(const platen_job_t *job)
{
    return job->state == PLATEN_STATE_PENDING
           || (job->state == PLATEN_STATE_PROCESSING && job->batch == PLATEN_BATCH_DUE);
}

int
platen_job_held(const platen_job_t *job)
{
    return job->state == PLATEN_STATE_PROCESSING && job->batch != PLATEN_BATCH_WORK
           && job->batch != PLATEN_BATCH_DUE;
}

uint32_t
platen_job_open_files(const platen_job_t *job)
{
    return job->files - job->skipped - job->success - job->failed;
}
