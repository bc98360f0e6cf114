/* Fuzzes platen_codec: what decodes is encoded and decoded again, and is the same. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "job/job.h"

/* Both records hold only what the table names, strings by value. */
static int
same(const platen_field_t *fields, size_t n, const void *a, const void *b)
{
    static const size_t sizes[] = {
        [PLATEN_FIELD_U8] = 1, [PLATEN_FIELD_U32] = 4, [PLATEN_FIELD_U64] = 8
    };
    platen_str_t s, t;
    const char  *p, *q;
    size_t       i;

    for (i = 0; i < n; i++) {
        p = (const char *) a + fields[i].offset;
        q = (const char *) b + fields[i].offset;
        if (fields[i].type == PLATEN_FIELD_STR) {
            memcpy(&s, p, sizeof(s));
            memcpy(&t, q, sizeof(t));
            if (!platen_str_eq(s, t)) {
                return 0;
            }
        } else if (memcmp(p, q, sizes[fields[i].type]) != 0) {
            return 0;
        }
    }
    return 1;
}

static void
round_trip(const platen_field_t *fields, size_t n, void *first, void *second,
           const uint8_t *data, size_t size)
{
    uint8_t *out;
    size_t   len;
    int      rc;

    rc = platen_codec_decode(fields, n, first, data, size);
    if (rc != PLATEN_OK) {
        if (rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW) {
            abort();
        }
        return;
    }

    len = platen_codec_size(fields, n, first);
    out = malloc(len);
    if (out == NULL || len > size || platen_codec_encode(fields, n, first, out) != out + len
        || platen_codec_decode(fields, n, second, out, len) != PLATEN_OK
        || !same(fields, n, first, second)) {
        abort();
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    platen_job_t   job, job2;
    platen_event_t event, event2;

    memset(&job, 0xff, sizeof(job));
    memset(&event, 0xff, sizeof(event));
    round_trip(platen_job_fields, platen_job_nfields, &job, &job2, data, size);
    round_trip(platen_event_fields, platen_event_nfields, &event, &event2, data, size);
    return 0;
}
