/* What a collector has answered; see otlp/main.h.  Its body is whatever it sends. */

#include "otlp/main.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_MS 1000
#define LONGEST_MS 60000
#define ASKED_MAX 600 /* seconds */

platen_otlp_answer_t
platen_otlp_answer(long status)
{
    if (status >= 200 && status < 300) {
        return PLATEN_OTLP_TAKEN;
    }
    return status == 0 || status == 429 || status == 502 || status == 503 || status == 504
               ? PLATEN_OTLP_LATER
               : PLATEN_OTLP_REFUSED;
}

uint64_t
platen_otlp_rejected(const char *body, size_t len, uint64_t n)
{
    json_t *root = json_loadb(body, len, 0, NULL);
    json_t *value = json_object_get(json_object_get(root, "partialSuccess"), "rejectedSpans");
    const char *text = json_string_value(value);
    json_int_t  rejected = text != NULL ? strtoll(text, NULL, 10) : json_integer_value(value);

    json_decref(root);
    return rejected <= 0 ? 0 : (uint64_t) rejected > n ? n : (uint64_t) rejected;
}

uint64_t
platen_otlp_wait(unsigned tries, uint64_t asked, uint64_t random)
{
    uint64_t wait = FIRST_MS;

    if (asked > 0) {
        return (asked > ASKED_MAX ? ASKED_MAX : asked) * 1000;
    }
    while (tries-- > 1 && wait < LONGEST_MS) {
        wait *= 2;
    }
    wait = wait > LONGEST_MS ? LONGEST_MS : wait;
    return wait / 2 + random % (wait / 2 + 1);
}
