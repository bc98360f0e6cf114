/*
 * What every file of proto/ shares: the version, return codes, and the two
 * small types that records are made of.  Free of nginx, ZeroMQ and LMDB.
 */

#ifndef PLATEN_H
#define PLATEN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PLATEN_VERSION "0.2.0"

/* Return codes of proto/; 0 is success, everything else is negative. */
enum {
    PLATEN_OK = 0,
    PLATEN_ERROR = -1, /* see the error text or errno */
    PLATEN_NOT_FOUND = -2,
    PLATEN_QUEUE_FULL = -3,
    PLATEN_INVALID_TRANSITION = -4, /* the state machine has no such edge */
    PLATEN_STALE = -5,              /* another epoch owns the job now */
    PLATEN_STORE_FULL = -6,         /* the LMDB map is (nearly) full */
    PLATEN_CORRUPT = -7,            /* bytes that no Platen has written */
    PLATEN_TOO_NEW = -8,            /* written by a later schema */
    PLATEN_INVALID = -9,            /* an argument that cannot be */
    PLATEN_CONFLICT = -10,          /* the key stands for something else */
    PLATEN_CLIENT_FULL = -11,       /* the client has as many waiting jobs as it may */
    PLATEN_LOCKED = -12,            /* another request has it open */
    PLATEN_OVER_QUOTA = -13,        /* the client would have more stored than it may */
    PLATEN_LATER = -14              /* what it needs is out of order at present */
};

/* One sentence for a return code above; static storage. */
const char *platen_strerror(int rc);

/*
 * Bytes that someone else owns: a field of a decoded record points into the
 * buffer that it was decoded from (for the store: until the transaction ends).
 */
typedef struct {
    const char *data;
    size_t      len;
} platen_str_t;

#define PLATEN_STR(literal) ((platen_str_t){ (literal), sizeof(literal) - 1 })

static inline platen_str_t
platen_str(const char *s)
{
    return (platen_str_t){ s, s == NULL ? 0 : strlen(s) };
}

static inline int
platen_str_eq(platen_str_t a, platen_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Whether words with a space between them have that one, either case. */
int platen_words_have(const char *words, const char *word, size_t len);

/* Wall clock in microseconds since the Unix epoch (CLOCK_REALTIME). */
uint64_t platen_now_us(void);

/* Time since boot in milliseconds, suspend included (CLOCK_BOOTTIME): leases. */
uint64_t platen_boottime_ms(void);

/* For how long something takes, in microseconds (CLOCK_MONOTONIC). */
uint64_t platen_monotonic_us(void);

#endif
