/*
 * The job: its record, its states, and the transitions that exist.  Every
 * view (HTTP, log, event) is made from this record and nothing else.
 */

#ifndef PLATEN_JOB_H
#define PLATEN_JOB_H

#include "platen.h"
#include "platen_codec.h"
#include "platen_id.h"

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

#define PLATEN_CLIENT_MAX 64 /* bytes of a client's name */
#define PLATEN_SHA256_LEN 32
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

    platen_str_t options;       /* text form (platen_option.h), without the secret ones */
    platen_str_t secrets;       /* text form of the secret ones; gone in a final state */
    platen_str_t warnings;      /* lines, each a sentence, with a line feed between them */
    platen_str_t output_format; /* the result's, where it is not target_format (zip, say) */
    uint8_t      cached;        /* the result is a copy of an earlier one */
    platen_str_t cache_key;     /* PLATEN_SHA256_LEN raw bytes; empty: to be asked of no one */

    uint8_t      priority;   /* platen_priority_t */
    uint32_t     crashes;    /* attempts that the document may be to blame for */
    uint32_t     losses;     /* attempts that ended with the sidecar or its LibreOffice */
    uint32_t     setbacks;   /* attempts that this machine could not carry out */
    uint64_t     not_before; /* CLOCK_BOOTTIME milliseconds; PENDING, but not due; else 0 */
    uint32_t     withheld;   /* PLATEN_OPTION_BIT()s of the secrets that it was given */
    platen_str_t idem_key;   /* SHA-256 of its Idempotency-Key; empty: none */
    platen_str_t idem_print; /* SHA-256 of what was submitted with that key */

    platen_str_t content_type; /* as its upload was announced; empty: it was not */
    uint64_t     updated_at;   /* the last transition, microseconds since the Unix epoch */
    platen_str_t webhook_url;  /* that is told of its changes; empty: none is */
} platen_job_t;

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

#endif
