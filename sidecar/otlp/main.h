/*
 * platen-otlp: sends spans to a collector, as OTLP over HTTP in JSON.  A process of its own,
 * started and, if it ends, started again by platend (exporter.c), whose environment says
 * where to; it has no document, no store and no job, and nobody waits for it.
 *
 * Spans come as the JSON of one each (trace.h).  They wait in a queue that has a bound, in
 * batches that have one, and are dropped, and counted, where there is no room.
 */

#ifndef PLATEN_OTLP_H
#define PLATEN_OTLP_H

#include <curl/curl.h>

#include "log.h"
#include "trace.h"

/* --- otlp/settings.c: what the environment says ---------------------- */

typedef struct {
    char              *url;
    char              *resource; /* JSON: the attributes of what sends */
    struct curl_slist *headers;
    const char        *ca; /* these three: files; NULL */
    const char        *certificate;
    const char        *key;
    uint64_t           timeout; /* milliseconds of a request */
    uint64_t           delay;   /* the same before a batch that is not full goes */
    uint64_t           queue;   /* spans that wait */
    uint64_t           batch;   /* of a request */
} platen_otlp_settings_t;

/*
 * Reads the variables of OpenTelemetry's specification.  What is no number there is logged,
 * and its default taken, as it says.  0, or -1 with `err`.
 */
int platen_otlp_settings_read(platen_otlp_settings_t *settings, char *err, size_t errlen);

/* --- otlp/queue.c: what waits ---------------------------------------- */

typedef struct {
    char   **spans;
    uint64_t max, n;
    size_t   bytes;
} platen_otlp_queue_t;

#define PLATEN_OTLP_SPAN_MAX 65536         /* bytes of one */
#define PLATEN_OTLP_QUEUE_BYTES (16 << 20) /* of all */

/* 0, or -1: no memory. */
int platen_otlp_queue_init(platen_otlp_queue_t *queue, uint64_t max);

/* Copies one.  0, or -1: there is no room. */
int platen_otlp_queue_add(platen_otlp_queue_t *queue, const char *span, size_t len);

/* The body of a request with the first `n`, which stay; to be freed.  NULL: no memory. */
char *
platen_otlp_queue_body(const platen_otlp_queue_t *queue, uint64_t n, const char *resource);

/* The first `n` go. */
void platen_otlp_queue_drop(platen_otlp_queue_t *queue, uint64_t n);

/* --- otlp/answer.c: what a collector has answered --------------------- */

typedef enum {
    PLATEN_OTLP_TAKEN,
    PLATEN_OTLP_LATER,  /* the same once more, after a while */
    PLATEN_OTLP_REFUSED /* the same would be refused again */
} platen_otlp_answer_t;

/* By the status, 0 for none, as the specification of OTLP has it. */
platen_otlp_answer_t platen_otlp_answer(long status);

/* How many spans a body of 200 says that it has not taken, of `n`. */
uint64_t platen_otlp_rejected(const char *body, size_t len, uint64_t n);

/*
 * Milliseconds to wait after that many tries: what it has asked for (Retry-After, seconds),
 * with a bound, or a time that doubles, of which a random part is waited.
 */
uint64_t platen_otlp_wait(unsigned tries, uint64_t asked, uint64_t random);

#endif
