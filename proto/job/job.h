/*
 * The job: its record, its states, and the transitions that exist.  Every
 * view (HTTP, log, event) is made from this record and nothing else.
 */

#ifndef PLATEN_JOB_H
#define PLATEN_JOB_H

#include "base/platen.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/id.h"

typedef enum {
    PLATEN_STATE_NONE = 0, /* no record yet, or no longer */
    PLATEN_STATE_INITIATED = 1,
    PLATEN_STATE_PENDING = 2,
    PLATEN_STATE_PROCESSING = 3,
    PLATEN_STATE_SUCCESS = 4,
    PLATEN_STATE_PARTIAL_SUCCESS = 5,
    PLATEN_STATE_FAILED = 6,
    PLATEN_STATE_CANCELLED = 7,
    PLATEN_STATES = 8
} platen_state_t;

/* Which of a client's own jobs goes first; between clients, turns decide. */
typedef enum {
    PLATEN_PRIORITY_NORMAL = 0,
    PLATEN_PRIORITY_HIGH = 1,
    PLATEN_PRIORITY_LOW = 2,
    PLATEN_PRIORITIES = 3
} platen_priority_t;

/*
 * Where a batch is: a job whose input is an archive of documents.  Each of those
 * is a job of its own, a file of the batch, which clients see as part of it.
 */
typedef enum {
    PLATEN_BATCH_NONE = 0, /* one document */
    PLATEN_BATCH_OPEN = 1, /* PENDING, or its files are being taken out */
    PLATEN_BATCH_WORK = 2, /* PROCESSING in no one's hand: its files are at work */
    PLATEN_BATCH_DUE = 3,  /* PROCESSING and in the queue: all files have ended */
    PLATEN_BATCH_PACK = 4  /* PROCESSING: its results are being packed */
} platen_batch_phase_t;

#define PLATEN_CLIENT_MAX 64     /* bytes of a client's name */
#define PLATEN_ERROR_CODE_MAX 48 /* bytes of an error code in an event */

typedef struct {
    platen_id_t id; /* the key; not part of the value */

    uint8_t  state;      /* platen_state_t */
    uint32_t epoch;      /* raised by each claim; a finish must present it */
    uint32_t attempts;   /* claims so far */
    uint64_t queue_key;  /* place in its client's queue while PENDING and due, else 0 */
    uint64_t change_seq; /* outbox number of the last transition */

    uint64_t created_at; /* these four: microseconds since the Unix epoch, */
    uint64_t started_at; /* 0 for never */
    uint64_t completed_at;
    uint64_t expires_at;  /* in INITIATED: as the caller of the transition says */
    uint64_t ttl;         /* seconds from completion to expiry */
    uint64_t lease_until; /* CLOCK_BOOTTIME milliseconds, valid for `owner` */

    uint64_t input_size; /* bytes */
    uint64_t output_size;

    platen_str_t client;
    platen_str_t request_id;
    platen_str_t source_format;
    platen_str_t target_format;
    platen_str_t input_filename; /* as shown; never part of a path */
    platen_str_t input_sha256;   /* 32 raw bytes */
    platen_str_t output_sha256;  /* 32 raw bytes */
    platen_str_t error_code;
    platen_str_t error;
    platen_str_t owner; /* boot id and pid of the sidecar that claimed it */

    platen_str_t options;       /* text form (job/option.h), without the secret ones */
    platen_str_t secrets;       /* text form of the secret ones; gone in a final state */
    platen_str_t warnings;      /* lines, each a sentence, with a line feed between them */
    platen_str_t notes;         /* the same, of what was submitted; there from the start */
    platen_str_t output_format; /* the result's, where it is not target_format (zip, say) */
    uint8_t      cached;        /* the result is a copy of an earlier one */
    platen_str_t cache_key;     /* PLATEN_SHA256_LEN raw bytes; empty: to be asked of no one */

    uint8_t      priority;      /* platen_priority_t */
    uint32_t     crashes;       /* attempts that the document may be to blame for */
    uint32_t     lost_attempts; /* attempts that ended with the sidecar or its LibreOffice */
    uint32_t     host_failures; /* attempts that this machine could not carry out */
    uint64_t     not_before;    /* CLOCK_BOOTTIME milliseconds; PENDING, but not due; else 0 */
    uint32_t     withheld;      /* PLATEN_OPTION_BIT()s of the secrets that it was given */
    platen_str_t idem_key;      /* SHA-256 of its Idempotency-Key; empty: none */
    platen_str_t idem_print;    /* SHA-256 of what was submitted with that key */

    platen_str_t content_type; /* as its upload was announced; empty: it was not */
    uint64_t     updated_at;   /* the last transition, microseconds since the Unix epoch */

    uint8_t  batch;      /* platen_batch_phase_t; of a final state: not PLATEN_BATCH_NONE */
    uint8_t  unpacked;   /* every entry of the archive is in "files" */
    uint32_t files;      /* entries of the archive so far, of which */
    uint32_t skipped;    /* are no documents, or none that could be converted; */
    uint32_t processing; /* these three: the others' states; the rest is PENDING */
    uint32_t success;
    uint32_t failed;

    uint32_t     output_crc; /* CRC-32 of the result, as ZIP has it; 0: not known, or empty */
    platen_str_t sources; /* formats that its files may have, a space after each; empty: any */
    platen_str_t parent;  /* of a file: the batch's id, 16 raw bytes; else empty */
    uint32_t     file;    /* its number there, from 0 */
    platen_str_t folder;  /* where in the archive it was: "a/b"; as shown */
    platen_str_t webhook_url;  /* that is told of its changes; empty: none is */
    platen_str_t trace_id;     /* of the request's traceparent, 32 hex digits; or length 0 */
    platen_str_t trace_parent; /* what follows it there: the caller's span, "-", its flags */
    uint64_t     received_at;  /* when the request came, microseconds since the Unix epoch */
    platen_str_t link_base;    /* what comes before /jobs in the URLs that it is told */
    platen_str_t engines;      /* that made the result, in turn; a line feed between two */
    uint8_t promised; /* another request was told of it: it goes with no client's leaving */
} platen_job_t;

/* One entry of a batch's archive, as "files" of the store has it. */
typedef struct {
    uint32_t     number; /* the key's end; not part of the value */
    platen_str_t id;     /* of the job that it is, 16 raw bytes; empty: it was skipped, */
    platen_str_t name;   /* this entry, with its folders, */
    platen_str_t code;   /* for this reason */
} platen_file_t;

extern const platen_field_t platen_file_fields[];
extern const size_t         platen_file_nfields;

/* The codec tables of the record and of an outbox event. */
extern const platen_field_t platen_job_fields[];
extern const size_t         platen_job_nfields;

/*
 * One line of the outbox, written in the transaction that changed the job.
 * `state` is the state entered; PLATEN_STATE_NONE says that the record is gone.
 */
typedef struct {
    uint64_t     seq;  /* the key; not part of the value */
    uint64_t     time; /* microseconds since the Unix epoch */
    uint8_t      state;
    platen_str_t id; /* 16 raw bytes */
    platen_str_t client;
    platen_str_t error_code; /* of FAILED; at most PLATEN_ERROR_CODE_MAX bytes */
    uint32_t     file;       /* 0: the job itself; else one more than the number of its file */
} platen_event_t;

extern const platen_field_t platen_event_fields[];
extern const size_t         platen_event_nfields;

/* The state's name in upper case ("PENDING"); "UNKNOWN" outside the enum. */
const char *platen_state_name(platen_state_t state);

/* The state of that name, either case; PLATEN_STATE_NONE if there is none. */
platen_state_t platen_state_parse(const char *name, size_t len);

/* The priority's name in lower case. */
const char *platen_priority_name(unsigned priority);

/* The priority of that name, either case; -1 if there is none. */
int platen_priority_parse(const char *name, size_t len);

/* Whether the lifecycle has this edge. */
int platen_state_allows(platen_state_t from, platen_state_t to);

/* Whether nothing will happen to the job any more by itself. */
int platen_state_final(platen_state_t state);

/* Whether there is something to download. */
int platen_state_has_result(platen_state_t state);

/* Whether there is an input of it on the disk, as its record says. */
int platen_job_has_input(const platen_job_t *job);

/* Whether it is a file of a batch, or a thumbnail. */
int platen_job_is_file(const platen_job_t *job);

/*
 * A thumbnail is a job of its own, too: `parent` is the job whose result it shows, and has
 * it among its "files" under a number that no file of a batch has, from PLATEN_THUMBNAIL on.
 * It is in no listing, goes with the parent, and its events are its own and no client's.
 * The number is that of the attempt whose result it shows, and of its width in pixels.
 */
#define PLATEN_THUMBNAIL UINT32_C(0x80000000)
#define PLATEN_THUMBNAIL_WIDTH_MIN 16
#define PLATEN_THUMBNAIL_WIDTH_MAX 2048
#define PLATEN_THUMBNAILS_MAX 8 /* of one job */
#define PLATEN_THUMBNAIL_AGAIN                                                                 \
    60000000 /* microseconds after which what failed is tried again */

uint32_t platen_thumbnail_number(uint32_t epoch, uint32_t width);
int      platen_job_is_thumbnail(const platen_job_t *job);

/* Whether its place is in the queue, be it due or not. */
int platen_job_waits(const platen_job_t *job);

/* Whether someone has it in hand, and would have to end it. */
int platen_job_held(const platen_job_t *job);

/* Files of the batch that have not ended. */
uint32_t platen_job_open_files(const platen_job_t *job);

#endif
