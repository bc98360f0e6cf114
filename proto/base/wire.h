/*
 * What the processes tell each other.  A worker PUSHes a hint to the sidecar:
 * "look at this job"; the sidecar PUBlishes news to the workers: "the outbox
 * has grown".  Neither carries state: LMDB is the truth, and a message that is
 * lost costs at most a second.
 *
 *   octets 0-3  "PLTN"
 *   octet  4    version, 1
 *   octet  5    kind
 *   octets 6-21 of a hint: job id, 16 octets
 *   octets 6- of uses: which store and data the worker uses, as store/service.h has it
 *   octets 6-13 of news: number of the newest event, big-endian
 *
 * A receiver drops what it does not understand.
 */

#ifndef PLATEN_WIRE_H
#define PLATEN_WIRE_H

#include <stddef.h>

#include "base/id.h"

#define PLATEN_WIRE_VERSION 1
#define PLATEN_WIRE_LEN 22
#define PLATEN_WIRE_NEWS_LEN 14
#define PLATEN_WIRE_HEAD 6 /* octets before what a kind has */

typedef enum {
    PLATEN_HINT_SUBMITTED = 1, /* a job waits in the queue */
    PLATEN_HINT_REMOVED = 2,   /* a record is gone: stop working on it */
    PLATEN_HINT_NEWS = 3,      /* to the workers: the outbox has grown */
    PLATEN_HINT_USES = 4       /* which store the hints of this worker are about */
} platen_hint_kind_t;

typedef struct {
    platen_hint_kind_t kind;
    platen_id_t        id;
} platen_hint_t;

void platen_wire_encode(const platen_hint_t *hint, uint8_t out[PLATEN_WIRE_LEN]);

/* Returns PLATEN_OK; PLATEN_TOO_NEW for a later version; else PLATEN_CORRUPT. */
int platen_wire_decode(const uint8_t *in, size_t len, platen_hint_t *hint);

/* News, and back: `seq` is the number of the newest event.  Returns as above. */
void platen_wire_encode_news(uint64_t seq, uint8_t out[PLATEN_WIRE_NEWS_LEN]);
int  platen_wire_decode_news(const uint8_t *in, size_t len, uint64_t *seq);

/* What each message begins with, for a kind whose rest others know; and back, as above. */
void platen_wire_encode_head(platen_hint_kind_t kind, uint8_t out[PLATEN_WIRE_HEAD]);
int  platen_wire_decode_head(const uint8_t *in, size_t len, platen_hint_kind_t kind);

#endif
