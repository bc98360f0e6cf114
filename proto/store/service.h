/*
 * What the two sides tell each other of themselves, in the store's meta database
 * and, of what each uses, beside the queue's socket and through it: texts that a
 * person can read.
 *
 *   condition     what keeps jobs from being taken in or converted: a sentence
 *   notes         what is not as it should be, though jobs are converted: lines
 *   canary        how the last conversion of platend's own ended
 *   uses.nginx    which store and which data it uses, by path and by what the path
 *   uses.platend  leads to, and with which map
 *
 * What is used has four lines, and is worth nothing after a restart of the
 * machine, as numbers of devices may change:
 *
 *   boot 6bb5...            /proc/sys/kernel/random/boot_id
 *   map 8589934592          bytes
 *   store 2049:1311 /path   device, inode, and the path as configured
 *   data 2049:1312 /path
 *
 * A canary has one: "<microseconds> <ok|failed> <milliseconds> <from> <to>
 * <engines> <why>", the time since the Unix epoch, the engines joined by "+".
 */

#ifndef PLATEN_SERVICE_H
#define PLATEN_SERVICE_H

#include "base/platen.h"
#include "base/wire.h"

#define PLATEN_CONDITION_META "condition"
#define PLATEN_NOTES_META "notes"
#define PLATEN_CANARY_META "canary"
#define PLATEN_USES_NGINX_META "uses.nginx"
#define PLATEN_USES_PLATEND_META "uses.platend"

/* Appended to the path of the queue's socket: where platend's own is. */
#define PLATEN_USES_SUFFIX ".uses"

/* The same: where its numbers for GET /metrics are, and how many bytes they have at most. */
#define PLATEN_METRICS_SUFFIX ".metrics"
#define PLATEN_METRICS_MAX 262144

#define PLATEN_USES_PATH_MAX 1023 /* a longer path is shown cut off */
#define PLATEN_USES_TEXT_MAX 2304
#define PLATEN_USES_WIRE_MAX (PLATEN_WIRE_HEAD + PLATEN_USES_TEXT_MAX)
#define PLATEN_SERVICE_SENTENCE 3072 /* bytes of a sentence about both */

typedef struct {
    uint64_t device; /* both 0: there is nothing at the path, or it cannot be seen */
    uint64_t inode;
    char     path[PLATEN_USES_PATH_MAX + 1];
} platen_uses_dir_t;

typedef struct {
    char              boot[40]; /* "": unknown */
    uint64_t          map_size; /* bytes */
    platen_uses_dir_t store;
    platen_uses_dir_t data;
} platen_uses_t;

/* What may differ; a mask. */
#define PLATEN_USES_STORE 1
#define PLATEN_USES_DATA 2
#define PLATEN_USES_MAP 4

/* Looks at the directories as they are now.  `map_size` 0: the store's default. */
void
platen_uses_look(platen_uses_t *uses, const char *store, const char *data, uint64_t map_size);

/* Writes the text form, ended by '\0'; returns its length. */
size_t platen_uses_write(const platen_uses_t *uses, char out[PLATEN_USES_TEXT_MAX]);

/* Returns PLATEN_OK or PLATEN_CORRUPT. */
int platen_uses_parse(platen_uses_t *uses, const char *text, size_t len);

/* The message that carries it (base/wire.h), and back.  The first returns its length. */
size_t platen_uses_encode(const platen_uses_t *uses, uint8_t out[PLATEN_USES_WIRE_MAX]);
int    platen_uses_decode(const uint8_t *in, size_t len, platen_uses_t *uses);

/* What is not the same; 0 as well if one of them is of another time of this machine. */
unsigned platen_uses_differ(const platen_uses_t *a, const platen_uses_t *b);

/*
 * The sentence about one bit of that: both values, and what to do.  Returns `out`,
 * in which control characters of a path are '?'.
 */
const char *platen_uses_tell(const platen_uses_t *nginx, const platen_uses_t *platend,
                             unsigned what, char out[PLATEN_SERVICE_SENTENCE]);

typedef struct {
    uint64_t at; /* microseconds since the Unix epoch: its end */
    int      ok;
    uint32_t took; /* milliseconds */
    char     from[16];
    char     to[16];
    char     engines[64]; /* joined by "+" */
    char     why[256];    /* if it failed */
} platen_canary_record_t;

#define PLATEN_CANARY_TEXT_MAX 512

size_t
platen_canary_write(const platen_canary_record_t *canary, char out[PLATEN_CANARY_TEXT_MAX]);

/* Returns PLATEN_OK or PLATEN_CORRUPT. */
int platen_canary_parse(platen_canary_record_t *canary, const char *text, size_t len);

#endif
