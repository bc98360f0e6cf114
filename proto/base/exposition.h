/*
 * What Prometheus reads: its text format 0.0.4, and OpenMetrics 1.0
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/).  Module and sidecar write
 * one page between them, family by family, and no family is written by both.
 *
 * Numbers that are counted in several threads or processes are added to with relaxed
 * atomics: a page is no snapshot, each of its numbers is one that there was.
 */

#ifndef PLATEN_EXPOSITION_H
#define PLATEN_EXPOSITION_H

#include "base/platen.h"

#define PLATEN_EXPOSITION_LABELS 256 /* bytes of what stands between braces */
#define PLATEN_HISTOGRAM_BUCKETS 14

/* Times, in microseconds: from 1 ms to 10 minutes, and what took longer. */
typedef struct {
    uint64_t counts[PLATEN_HISTOGRAM_BUCKETS + 1];
    uint64_t sum;
} platen_histogram_t;

void platen_histogram_add(platen_histogram_t *h, uint64_t us);

/* What a bucket is exemplified by: one time of those in it, and its trace. */
typedef struct {
    char     trace[33]; /* 32 hex digits; "": there is none */
    uint64_t us;
    uint64_t at; /* microseconds since the Unix epoch */
} platen_exemplar_t;

/* The bucket that a time is in. */
int platen_histogram_bucket(uint64_t us);

/* A page that is being written; `full` once a family had no room in it. */
typedef struct {
    char       *start;
    char       *family; /* where the last one begins */
    char       *at;
    const char *end;
    const char *name; /* of the family */
    int         full;
} platen_exposition_t;

void platen_exposition_init(platen_exposition_t *x, char *buf, size_t size);

/*
 * Begins a family: `type` is counter (then the name ends with _total), gauge, histogram
 * or unknown.  The strings are literals; `help` has no line break and no backslash.
 */
void platen_exposition_family(platen_exposition_t *x, const char *name, const char *type,
                              const char *help);

/* A sample of the family that was begun; `labels` as platen_exposition_label() made, or "". */
void platen_exposition_number(platen_exposition_t *x, const char *labels, uint64_t value);
void platen_exposition_seconds(platen_exposition_t *x, const char *labels, uint64_t us);
void platen_exposition_histogram(platen_exposition_t *x, const char *labels,
                                 const platen_histogram_t *h);

/*
 * The same with an exemplar to a bucket, PLATEN_HISTOGRAM_BUCKETS + 1 of them.  They are left
 * out once a page is half full, and are for OpenMetrics alone: platen_exposition_classic()
 * takes them away.
 */
void
platen_exposition_exemplified(platen_exposition_t *x, const char *labels,
                              const platen_histogram_t *h, const platen_exemplar_t *exemplars);

/* Makes the text format of a page, in place.  Returns the new length. */
size_t platen_exposition_classic(char *page, size_t len);

/*
 * Adds name="value" to labels, a string that is "" at first; the value may be any bytes.
 * What has no room is left out, as a whole.
 */
void platen_exposition_label(char labels[PLATEN_EXPOSITION_LABELS], const char *name,
                             platen_str_t value);

/*
 * Makes OpenMetrics of a page, in place: there a counter's family is called without
 * "_total".  Returns the new length; its end, "# EOF\n", is the caller's to add.
 */
size_t platen_exposition_open(char *page, size_t len);

#endif
