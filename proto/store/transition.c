/*
 * How the store changes: every index, counter and event of one transition in
 * one place; see store/store.h.  Runs inside the caller's write transaction,
 * so a failure half-way is undone by its abort.
 */

#include "store/index.h"
#include "store/batch.h"
#include "store/read.h"
#include "store/transition.h"

/*
 * What a change needs of a record's strings, which are gone with its first
 * write: they may lie in the page that it dirties.
 */
typedef struct {
    platen_id_t  batch;   /* of a file */
    int          is_file; /* of a batch */
    int          is_thumbnail;
    char         cache_bytes[PLATEN_SHA256_LEN];
    platen_str_t cache;
    char         code_bytes[PLATEN_ERROR_CODE_MAX];
    platen_str_t code; /* why it has failed, if it has */
} key_snapshot_t;

/* A job that had ended is to be done again, as if it had just come. */
static void
begin_anew(platen_job_t *job)
{
    job->attempts = 0;
    job->crashes = 0;
    job->lost_attempts = 0;
    job->host_failures = 0;
    job->output_size = 0;
    job->output_sha256 = (platen_str_t){ NULL, 0 };
}

static int
is_archive(const platen_job_t *job)
{
    return job->source_format.len == 3 && memcmp(job->source_format.data, "zip", 3) == 0;
}

/* Sets what entering `to` from `from` implies. */
static int
enter(platen_txn_t *txn, platen_job_t *job, platen_state_t from, platen_state_t to,
      uint64_t now)
{
    int rc = PLATEN_OK;

    job->state = (uint8_t) to;
    job->queue_key = 0;
    job->updated_at = now;

    if (to != PLATEN_STATE_INITIATED) {
        job->expires_at = 0;
    }
    if (from == PLATEN_STATE_NONE) {
        job->created_at = now;
    }
    if (platen_state_final(from) && to == PLATEN_STATE_PENDING) {
        begin_anew(job);
    }
    if (to != PLATEN_STATE_PENDING) {
        job->not_before = 0;
    } else if (is_archive(job)) {
        job->batch = PLATEN_BATCH_OPEN;
    }

    switch (to) {
    case PLATEN_STATE_PENDING:
        job->started_at = 0;
        job->completed_at = 0;
        job->lease_until = 0;
        job->owner = (platen_str_t){ NULL, 0 };
        job->error = (platen_str_t){ NULL, 0 };
        job->error_code = (platen_str_t){ NULL, 0 };
        job->warnings = (platen_str_t){ NULL, 0 };
        job->output_format = (platen_str_t){ NULL, 0 };
        job->engines = (platen_str_t){ NULL, 0 };
        job->cached = 0;
        if (job->not_before == 0) {
            rc = platen_queue_next_place(txn, job);
        }
        break;

    case PLATEN_STATE_PROCESSING:
        job->epoch++;
        job->attempts++;
        job->started_at = now;
        break;

    default:
        if (platen_state_final(to)) {
            job->completed_at = now;
            /* A file goes with its batch. */
            job->expires_at = platen_job_is_file(job) ? 0 : now + job->ttl * 1000000;
            job->lease_until = 0;
            /* A password is kept no longer than it is needed; a retry brings its own. */
            job->secrets = (platen_str_t){ NULL, 0 };
        }
        break;
    }

    return rc;
}

static void
keep(key_snapshot_t *keys, const platen_job_t *job)
{
    keys->is_thumbnail = platen_job_is_thumbnail(job);
    keys->is_file = platen_job_is_file(job) && !keys->is_thumbnail;
    if (keys->is_file) {
        memcpy(keys->batch.b, job->parent.data, sizeof(keys->batch.b));
    }
    keys->cache = (platen_str_t){ keys->cache_bytes, 0 };
    if (job->cache_key.len == sizeof(keys->cache_bytes)) {
        memcpy(keys->cache_bytes, job->cache_key.data, sizeof(keys->cache_bytes));
        keys->cache.len = sizeof(keys->cache_bytes);
    }
    keys->code = (platen_str_t){ keys->code_bytes, 0 };
}

/* Once the new state is known; a code that no engine has is not worth an event's room. */
static void
keep_code(key_snapshot_t *keys, const platen_job_t *job)
{
    if (job->state == PLATEN_STATE_FAILED && job->error_code.len != 0
        && job->error_code.len <= sizeof(keys->code_bytes)) {
        memcpy(keys->code_bytes, job->error_code.data, job->error_code.len);
        keys->code.len = job->error_code.len;
    }
}

static int
append_event(platen_txn_t *txn, const platen_job_t *job, const key_snapshot_t *keys,
             const platen_index_t *index, uint8_t state, uint64_t seq, uint64_t now)
{
    const platen_id_t *id = keys->is_file ? &keys->batch : &job->id;
    uint8_t            k[8], buf[256];
    platen_event_t     event = {
            .time = now,
            .state = state,
            .file = keys->is_file ? job->file + 1 : 0,
            .id = { (const char *) id->b, sizeof(id->b) },
            .client = { (const char *) index->client + 1,
                    keys->is_thumbnail ? 0 : index->client[0] },
            .error_code = keys->code,
    };
    uint8_t *end;

    end = platen_codec_encode(platen_event_fields, platen_event_nfields, &event, buf);
    platen_put_be64(k, seq);
    return platen_store_put(txn, PLATEN_DB_OUTBOX, k, 8, buf, (size_t) (end - buf), MDB_APPEND);
}

int
platen_store_transition(platen_txn_t *txn, platen_job_t *job, platen_state_t to, uint64_t now)
{
    platen_job_t   stored = { .state = PLATEN_STATE_NONE };
    platen_state_t from;
    platen_index_t before, after;
    key_snapshot_t keys;
    uint8_t        record[PLATEN_RECORD_MAX];
    size_t         size;
    int            rc, is_new, tells;

    if (job->client.len == 0 || job->client.len > PLATEN_CLIENT_MAX
        || job->priority >= PLATEN_PRIORITIES) {
        return PLATEN_INVALID;
    }

    rc = platen_store_get(txn, &job->id, &stored);
    is_new = rc == PLATEN_NOT_FOUND;
    if (rc != PLATEN_OK && !is_new) {
        return rc;
    }
    from = is_new ? PLATEN_STATE_NONE : (platen_state_t) stored.state;

    if (!platen_state_allows(from, to)) {
        return PLATEN_INVALID_TRANSITION;
    }
    if (!is_new && stored.epoch != job->epoch) {
        return PLATEN_STALE;
    }
    /* What an index is made of stays as it is for as long as the record is there. */
    if (!is_new
        && (!platen_str_eq(stored.client, job->client) || stored.priority != job->priority
            || !platen_str_eq(stored.idem_key, job->idem_key)
            || !platen_str_eq(stored.parent, job->parent) || stored.file != job->file)) {
        return PLATEN_INVALID;
    }

    /* What has failed in a batch is done again by the batch. */
    if (!is_new && platen_job_is_file(job) && !platen_job_is_thumbnail(job)
        && platen_state_final(from) && to == PLATEN_STATE_PENDING
        && !platen_batch_open(txn, job)) {
        return PLATEN_INVALID_TRANSITION;
    }

    keep(&keys, job);
    rc = enter(txn, job, from, to, now);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_outbox_last(txn, &job->change_seq);
    if (rc != PLATEN_OK) {
        return rc;
    }
    job->change_seq++;
    keep_code(&keys, job);

    rc = platen_store_encode(txn, job, record, &size);
    if (rc == PLATEN_OK && !is_new) {
        rc = platen_index_of(&stored, &before);
    }
    if (rc == PLATEN_OK) {
        rc = platen_index_of(job, &after);
    }
    if (rc != PLATEN_OK) {
        return rc;
    }
    tells = job->webhook_url.len != 0;

    rc = platen_index_change(txn, is_new ? NULL : &before, &after);
    /* A place in the queue that was got is a turn that was had. */
    if (rc == PLATEN_OK && to == PLATEN_STATE_PROCESSING) {
        rc = platen_queue_charge(txn, after.client, after.prefix);
    }
    if (rc == PLATEN_OK) {
        rc = append_event(txn, job, &keys, &after, job->state, job->change_seq, now);
    }
    if (rc == PLATEN_OK) {
        rc = from == PLATEN_STATE_SUCCESS ? platen_cache_del(txn, job, keys.cache)
                                          : platen_cache_put(txn, job, keys.cache);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_put(txn, PLATEN_DB_JOBS, job->id.b, 16, record, size, 0);
    }
    if (rc == PLATEN_OK && keys.is_file) {
        rc = platen_batch_count(txn, &keys.batch, from, to, job->change_seq, now);
    }
    if (rc == PLATEN_OK && tells) {
        rc = platen_store_tell(txn, &job->id, record, size, to, job->change_seq, now);
    }
    return rc;
}

/* The record as a webhook is told of it last.  Returns its bytes, 0: it is too long. */
static size_t
encode_last(const platen_job_t *job, platen_state_t state, uint64_t now,
            uint8_t record[PLATEN_RECORD_MAX])
{
    platen_job_t last = *job;

    last.secrets = (platen_str_t){ NULL, 0 };
    if (state == PLATEN_STATE_CANCELLED) {
        last.state = PLATEN_STATE_CANCELLED;
        last.completed_at = now;
    }
    return platen_codec_write(platen_job_fields, platen_job_nfields, &last, record,
                              PLATEN_RECORD_MAX);
}

/* Whether files of a batch, or thumbnails, are to go after the job: 1, 0, or a code. */
static int
leaves_files(platen_txn_t *txn, const platen_job_t *job)
{
    platen_file_t file;

    return job->batch != PLATEN_BATCH_NONE ? 1 : platen_store_files(txn, &job->id, 0, &file, 1);
}

int
platen_store_remove(platen_txn_t *txn, const platen_id_t *id, const platen_str_t *client,
                    uint64_t now, platen_job_t *removed)
{
    platen_job_t   job;
    platen_index_t index;
    key_snapshot_t keys;
    uint8_t        record[PLATEN_RECORD_MAX];
    uint64_t       seq;
    size_t         size = 0; /* of the record, if it is told */
    platen_state_t state;
    int            rc, i, leaves;

    rc = platen_store_get(txn, id, &job);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (client != NULL && !platen_str_eq(*client, job.client)) {
        return PLATEN_NOT_FOUND;
    }
    rc = platen_index_of(&job, &index);
    if (rc != PLATEN_OK) {
        return rc;
    }

    leaves = leaves_files(txn, &job);
    if (leaves < 0) {
        return leaves;
    }
    keep(&keys, &job);
    state = platen_state_final((platen_state_t) job.state) ? PLATEN_STATE_NONE
                                                           : PLATEN_STATE_CANCELLED;
    if (job.webhook_url.len != 0) {
        size = encode_last(&job, (platen_state_t) state, now, record);
        if (size == 0) {
            return PLATEN_CORRUPT;
        }
    }
    for (i = 0; i < (int) platen_job_nfields; i++) {
        if (platen_job_fields[i].type == PLATEN_FIELD_STR) {
            memset((char *) &job + platen_job_fields[i].offset, 0, sizeof(platen_str_t));
        }
    }

    rc = platen_index_change(txn, &index, NULL);
    if (rc == PLATEN_OK) {
        rc = platen_cache_del(txn, &job, keys.cache);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_del(txn, PLATEN_DB_JOBS, id->b, 16);
    }
    if (rc == PLATEN_OK) {
        rc = platen_outbox_last(txn, &seq);
    }
    job.id = *id;
    /* That the batch is gone says all of its files. */
    if (rc == PLATEN_OK && !keys.is_file) {
        rc = append_event(txn, &job, &keys, &index, (uint8_t) state, seq + 1, now);
    }
    /* Its files may be many: platend takes them away, some at a time. */
    if (rc == PLATEN_OK && leaves) {
        rc = platen_store_put(txn, PLATEN_DB_TOMBSTONES, id->b, 16, "", 0, 0);
    }
    if (rc == PLATEN_OK && keys.is_file) {
        rc = platen_batch_count(txn, &keys.batch, (platen_state_t) job.state, PLATEN_STATE_NONE,
                                seq, now);
    }
    if (rc == PLATEN_OK && size != 0) {
        rc = platen_store_tell(txn, id, record, size, state, seq + 1, now);
    }
    if (rc == PLATEN_OK && removed != NULL) {
        *removed = job;
    }
    return rc;
}

int
platen_store_touch(platen_txn_t *txn, const platen_id_t *id, uint32_t epoch,
                   uint64_t lease_until)
{
    platen_job_t job;
    int          rc;

    rc = platen_store_get(txn, id, &job);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (job.epoch != epoch || job.state != PLATEN_STATE_PROCESSING) {
        return PLATEN_STALE;
    }

    job.lease_until = lease_until;
    return platen_store_write(txn, &job);
}

int
platen_store_promise(platen_txn_t *txn, platen_job_t *job)
{
    if (job->promised) {
        return PLATEN_OK;
    }
    job->promised = 1;
    return platen_store_write(txn, job);
}

int
platen_store_meta_put(platen_txn_t *txn, const char *name, platen_str_t value)
{
    return platen_store_put(txn, PLATEN_DB_META, name, strlen(name), value.data, value.len, 0);
}
