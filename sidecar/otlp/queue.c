/* What waits to be sent; see otlp/main.h. */

#include "otlp/main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
platen_otlp_queue_init(platen_otlp_queue_t *q, uint64_t max)
{
    *q = (platen_otlp_queue_t){ .spans = calloc(max, sizeof(*q->spans)), .max = max };
    return q->spans == NULL ? -1 : 0;
}

int
platen_otlp_queue_add(platen_otlp_queue_t *q, const char *span, size_t len)
{
    char *copy;

    if (q->n >= q->max || q->bytes + len > PLATEN_OTLP_QUEUE_BYTES) {
        return -1;
    }
    copy = strndup(span, len);
    if (copy == NULL) {
        return -1;
    }
    q->spans[q->n++] = copy;
    q->bytes += len;
    return 0;
}

char *
platen_otlp_queue_body(const platen_otlp_queue_t *q, uint64_t n, const char *resource)
{
    char    *text = NULL;
    size_t   size = 0;
    FILE    *out = open_memstream(&text, &size);
    uint64_t i;
    int      failed;

    if (out == NULL) {
        return NULL;
    }
    fprintf(out,
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":%s},\"scopeSpans\":[{"
            "\"scope\":{\"name\":\"platen\",\"version\":\"" PLATEN_VERSION "\"},\"spans\":[",
            resource);
    for (i = 0; i < n; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : ",", q->spans[i]);
    }
    fputs("]}]}]}", out);
    failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

void
platen_otlp_queue_drop(platen_otlp_queue_t *q, uint64_t n)
{
    uint64_t i;

    for (i = 0; i < n; i++) {
        q->bytes -= strlen(q->spans[i]);
        free(q->spans[i]);
    }
    q->n -= n;
    memmove(q->spans, q->spans + n, q->n * sizeof(*q->spans));
}
