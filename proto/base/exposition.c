/* The text that Prometheus reads; see base/exposition.h.  Owns nothing. */

#include "base/exposition.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const uint64_t bounds[PLATEN_HISTOGRAM_BUCKETS] = {
    1000,   5000,    10000,   25000,    50000,    100000,    250000,
    500000, 1000000, 2500000, 10000000, 30000000, 120000000, 600000000,
};

int
platen_histogram_bucket(uint64_t us)
{
    int i;

    for (i = 0; i < PLATEN_HISTOGRAM_BUCKETS && us > bounds[i]; i++) {
    }
    return i;
}

void
platen_histogram_add(platen_histogram_t *h, uint64_t us)
{
    __atomic_fetch_add(&h->counts[platen_histogram_bucket(us)], 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&h->sum, us, __ATOMIC_RELAXED);
}

void
platen_exposition_init(platen_exposition_t *x, char *buf, size_t size)
{
    *x = (platen_exposition_t){ .start = buf, .family = buf, .at = buf, .end = buf + size };
}

static void
put(platen_exposition_t *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What has no room takes its family with it, and all that would follow. */
static void
put(platen_exposition_t *x, const char *format, ...)
{
    va_list args;
    size_t  room = (size_t) (x->end - x->at);
    int     n;

    va_start(args, format);
    n = vsnprintf(x->at, room, format, args);
    va_end(args);
    if (n < 0 || (size_t) n >= room) {
        x->full = 1;
        x->at = x->family;
        x->end = x->family;
        return;
    }
    x->at += n;
}

void
platen_exposition_family(platen_exposition_t *x, const char *name, const char *type,
                         const char *help)
{
    x->name = name;
    x->family = x->at;
    put(x, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
sample(platen_exposition_t *x, const char *suffix, const char *labels, const char *value)
{
    put(x, "%s%s%s%s%s %s\n", x->name, suffix, *labels == '\0' ? "" : "{", labels,
        *labels == '\0' ? "" : "}", value);
}

static void
number(platen_exposition_t *x, const char *suffix, const char *labels, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    sample(x, suffix, labels, text);
}

static void
seconds(platen_exposition_t *x, const char *suffix, const char *labels, uint64_t us)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
    sample(x, suffix, labels, text);
}

void
platen_exposition_number(platen_exposition_t *x, const char *labels, uint64_t value)
{
    number(x, "", labels, value);
}

void
platen_exposition_seconds(platen_exposition_t *x, const char *labels, uint64_t us)
{
    seconds(x, "", labels, us);
}

void
platen_exposition_histogram(platen_exposition_t *x, const char *labels,
                            const platen_histogram_t *h)
{
    platen_exposition_exemplified(x, labels, h, NULL);
}

/* A bucket's line, with its exemplar if there is one, and room. */
static void
bucket(platen_exposition_t *x, const char *labels, uint64_t n, const platen_exemplar_t *e)
{
    char text[128];

    if (e == NULL || *e->trace == '\0' || x->at - x->start > x->end - x->at) {
        number(x, "_bucket", labels, n);
        return;
    }
    snprintf(text, sizeof(text),
             "%" PRIu64 " # {trace_id=\"%.32s\"} %" PRIu64 ".%06" PRIu64 " %" PRIu64
             ".%06" PRIu64,
             n, e->trace, e->us / 1000000, e->us % 1000000, e->at / 1000000, e->at % 1000000);
    sample(x, "_bucket", labels, text);
}

void
platen_exposition_exemplified(platen_exposition_t *x, const char *labels,
                              const platen_histogram_t *h, const platen_exemplar_t *exemplars)
{
    char     all[PLATEN_EXPOSITION_LABELS], bound[24];
    uint64_t n = 0;
    int      i;

    for (i = 0; i <= PLATEN_HISTOGRAM_BUCKETS; i++) {
        n += __atomic_load_n(&h->counts[i], __ATOMIC_RELAXED);
        if (i == PLATEN_HISTOGRAM_BUCKETS) {
            snprintf(bound, sizeof(bound), "+Inf");
        } else {
            snprintf(bound, sizeof(bound), "%g", (double) bounds[i] / 1e6);
        }
        snprintf(all, sizeof(all), "%s", labels);
        platen_exposition_label(all, "le", (platen_str_t){ bound, strlen(bound) });
        bucket(x, all, n, exemplars == NULL ? NULL : &exemplars[i]);
    }
    seconds(x, "_sum", labels, __atomic_load_n(&h->sum, __ATOMIC_RELAXED));
    number(x, "_count", labels, n);
}

/* One character of a label's value; what is no printable ASCII is a "?". */
static size_t
escape(char out[2], unsigned char c)
{
    out[0] = '\\';
    out[1] = (char) c;
    if (c == '\\' || c == '"') {
        return 2;
    }
    out[0] = c < 0x20 || c >= 0x7f ? '?' : (char) c;
    return 1;
}

void
platen_exposition_label(char labels[PLATEN_EXPOSITION_LABELS], const char *name,
                        platen_str_t value)
{
    size_t start = strlen(labels), at = start, i;
    int n = snprintf(labels + at, PLATEN_EXPOSITION_LABELS - at, "%s%s=\"", at == 0 ? "" : ",",
                     name);

    if (n < 0 || (size_t) n >= PLATEN_EXPOSITION_LABELS - at) {
        labels[start] = '\0';
        return;
    }
    at += (size_t) n;
    for (i = 0; i < value.len; i++) {
        if (at + 4 > PLATEN_EXPOSITION_LABELS) {
            labels[start] = '\0';
            return;
        }
        at += escape(labels + at, (unsigned char) value.data[i]);
    }
    if (at + 2 > PLATEN_EXPOSITION_LABELS) {
        labels[start] = '\0';
        return;
    }
    labels[at] = '"';
    labels[at + 1] = '\0';
}

size_t
platen_exposition_open(char *page, size_t len)
{
    static const char suffix[] = "_total";
    const size_t      cut = sizeof(suffix) - 1;
    char             *out = page, *line = page, *end = page + len, *next, *name, *space;

    while (line < end) {
        next = memchr(line, '\n', (size_t) (end - line));
        next = next == NULL ? end : next + 1;
        name = line + (sizeof("# HELP ") - 1); /* and "# TYPE " */
        space = *line == '#' && name < next ? memchr(name, ' ', (size_t) (next - name)) : NULL;
        if (space != NULL && (size_t) (space - name) > cut
            && memcmp(space - cut, suffix, cut) == 0) {
            memmove(out, line, (size_t) (space - cut - line));
            out += space - cut - line;
            line = space;
        }
        memmove(out, line, (size_t) (next - line));
        out += next - line;
        line = next;
    }
    return (size_t) (out - page);
}

/* In a label's value a quote has a backslash before it: so this is of no label. */
size_t
platen_exposition_classic(char *page, size_t len)
{
    static const char mark[] = " # {trace_id=\"";
    char             *out = page, *line = page, *end = page + len, *next, *cut;

    while (line < end) {
        next = memchr(line, '\n', (size_t) (end - line));
        next = next == NULL ? end : next + 1;
        cut = memmem(line, (size_t) (next - line), mark, sizeof(mark) - 1);
        if (cut != NULL) {
            memmove(out, line, (size_t) (cut - line));
            out += cut - line;
            *out++ = '\n';
        } else {
            memmove(out, line, (size_t) (next - line));
            out += next - line;
        }
        line = next;
    }
    return (size_t) (out - page);
}
