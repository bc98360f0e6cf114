/*
 * Fuzzes platen_option: a value that is taken is canonical when it is taken
 * again, and text that parses into nothing but itself is written the same.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "job/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the option, the rest is the value. */
static void
one_value(const uint8_t *data, size_t size)
{
    platen_options_t first = { 0 }, second = { 0 };
    platen_option_t  option = (platen_option_t) (data[0] % PLATEN_OPTIONS);
    const char      *value;
    char             text[PLATEN_OPTIONS_TEXT_MAX];
    size_t           len;

    if (platen_options_set(&first, option, (const char *) data + 1, size - 1) != PLATEN_OK) {
        if (first.given != 0) {
            abort();
        }
        return;
    }

    value = platen_options_get(&first, option);
    if (value == NULL) {
        if (first.given != 0 || platen_options_text(&first, UINT32_MAX, text) != 0) {
            abort();
        }
        return;
    }
    if (platen_options_set(&second, option, value, strlen(value)) != PLATEN_OK
        || memcmp(&first, &second, sizeof(first)) != 0) {
        abort();
    }

    memset(&second, 0, sizeof(second));
    len = platen_options_text(&first, UINT32_MAX, text);
    if (len == 0 || len > sizeof(text) || platen_options_parse(&second, text, len) != PLATEN_OK
        || memcmp(&first, &second, sizeof(first)) != 0) {
        abort();
    }
}

static void
whole_text(const uint8_t *data, size_t size)
{
    platen_options_t options = { 0 };
    char             text[PLATEN_OPTIONS_TEXT_MAX];
    size_t           len;
    int              rc;

    rc = platen_options_parse(&options, (const char *) data, size);
    if (rc != PLATEN_OK) {
        if ((rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW) || options.given != 0) {
            abort();
        }
        return;
    }
    len = platen_options_text(&options, UINT32_MAX, text);
    if (len != size || memcmp(text, data, len) != 0) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        one_value(data, size);
        whole_text(data, size);
    }
    return 0;
}
