/* The names of fields and what they take; see platen_params.h. */

#include "platen_params.h"

#include <stdio.h>
#include <strings.h>

#include "platen.h"

#define OPTION(name) (PLATEN_PARAMS + PLATEN_OPTION_##name)

typedef struct {
    const char *name;
    int         field;
} param_name_t;

/* The first of each param is its name; options have theirs of the table of
 * platen_option.c, and here what other services call them. */
static const param_name_t names[] = {
    { "target_format", PLATEN_PARAM_TARGET },
    { "to", PLATEN_PARAM_TARGET },
    { "output_format", PLATEN_PARAM_TARGET },
    { "source_format", PLATEN_PARAM_SOURCE },
    { "from", PLATEN_PARAM_SOURCE },
    { "filename", PLATEN_PARAM_FILENAME },
    { "ttl", PLATEN_PARAM_TTL },
    { "priority", PLATEN_PARAM_PRIORITY },
    { "webhook_url", PLATEN_PARAM_WEBHOOK },
};

/* Of these either case is taken, as of the options' own names. */
static const param_name_t aliases[] = {
    { "page_ranges", OPTION(PAGES) },
    { "pageRanges", OPTION(PAGES) },
    { "delimiter", OPTION(CSV_DELIMITER) },
    { "encoding", OPTION(CSV_ENCODING) },
    { "markdown_flavor", OPTION(MARKDOWN_FLAVOUR) },
};

#define COUNT(table) (sizeof(table) / sizeof(table[0]))


int
platen_params_find(const char *name, size_t len)
{
    size_t i;
    int    option;

    for (i = 0; i < COUNT(names); i++) {
        if (strlen(names[i].name) == len
            && memcmp(names[i].name, name, len) == 0)
        {
            return names[i].field;
        }
    }

    option = platen_option_find(name, len);
    if (option >= 0) {
        return PLATEN_PARAMS + option;
    }

    for (i = 0; i < COUNT(aliases); i++) {
        if (strlen(aliases[i].name) == len
            && strncasecmp(aliases[i].name, name, len) == 0)
        {
            return aliases[i].field;
        }
    }
    return -1;
}


const char *
platen_params_name(int field)
{
    size_t i = 0;

    if (field >= PLATEN_PARAMS) {
        return platen_option_name((platen_option_t) (field - PLATEN_PARAMS));
    }
    while (names[i].field != field) {
        i++;
    }
    return names[i].name;
}


int
platen_params_is_secret(int field)
{
    if (field < PLATEN_PARAMS) {
        return field == PLATEN_PARAM_WEBHOOK;
    }
    return (platen_option_secrets()
            & PLATEN_OPTION_BIT(field - PLATEN_PARAMS)) != 0;
}


/* A number of seconds, 1 or more; 0 if it is none. */
static uint64_t
parse_ttl(const char *value, size_t len)
{
    uint64_t ttl = 0;
    size_t   i;

    if (len > 10) {
        return 0;
    }
    for (i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9') {
            return 0;
        }
        ttl = ttl * 10 + (uint64_t) (value[i] - '0');
    }
    return ttl;
}


/* What is wrong with the value of a param that has a meaning here; or NULL. */
static const char *
take_meaning(platen_params_t *params, int field, const char *value, size_t len)
{
    int priority;

    if (field == PLATEN_PARAM_TTL) {
        params->ttl = parse_ttl(value, len);
        return len == 0 || params->ttl > 0
                   ? NULL : "ttl takes a number of seconds, from 1.";
    }
    if (field == PLATEN_PARAM_PRIORITY) {
        priority = len == 0 ? PLATEN_PRIORITY_NORMAL
                            : platen_priority_parse(value, len);
        params->priority = (uint8_t) (priority < 0 ? 0 : priority);
        return priority >= 0 ? NULL : "priority takes low, normal or high.";
    }
    return NULL;
}


static int
set_webhook(platen_params_t *params, const char *value, size_t len,
    char *detail, size_t size)
{
    const char *wrong;

    wrong = len == 0 ? NULL : platen_webhook_url_wrong(value, len);
    if (wrong != NULL) {
        snprintf(detail, size, "webhook_url %s.", wrong);
        return PLATEN_INVALID;
    }
    if (len > 0) {
        memcpy(params->webhook, value, len);
    }
    params->webhook_len = len;
    return PLATEN_OK;
}


int
platen_params_set(platen_params_t *params, int field, const char *value,
    size_t len, char *detail, size_t size)
{
    platen_option_t option;
    const char     *wrong;

    if (field == PLATEN_PARAM_WEBHOOK) {
        return set_webhook(params, value, len, detail, size);
    }
    if (len > PLATEN_PARAM_MAX) {
        snprintf(detail, size, "%s is longer than %d bytes.",
                 platen_params_name(field), PLATEN_PARAM_MAX);
        return PLATEN_INVALID;
    }

    if (field < PLATEN_PARAMS) {
        wrong = take_meaning(params, field, value, len);
        if (wrong != NULL) {
            snprintf(detail, size, "%s", wrong);
            return PLATEN_INVALID;
        }
        memcpy(params->values[field], value, len);
        params->values[field][len] = '\0';
        params->lens[field] = len;
        return PLATEN_OK;
    }

    option = (platen_option_t) (field - PLATEN_PARAMS);
    if (platen_options_set(&params->options, option, value, len)
        == PLATEN_OK)
    {
        return PLATEN_OK;
    }
    snprintf(detail, size, "%s takes %s.", platen_option_name(option),
             platen_option_allowed(option));
    return PLATEN_INVALID;
}


int
platen_params_allowed(const platen_params_t *params, uint32_t allowed,
    const char *from, const char *to, char *detail, size_t size)
{
    const char *before = "";
    uint32_t    wrong = params->options.given & ~allowed;
    size_t      n;
    int         i;

    if (wrong == 0) {
        return 1;
    }

    for (i = 0; !(wrong & PLATEN_OPTION_BIT(i)); i++) { /* the first */ }

    n = (size_t) snprintf(detail, size,
                          "%s is no option of %s to %s, which takes %s",
                          platen_option_name((platen_option_t) i), from, to,
                          allowed == 0 ? "none" : "");
    for (i = 0; i < PLATEN_OPTIONS && n < size; i++) {
        if (allowed & PLATEN_OPTION_BIT(i)) {
            n += (size_t) snprintf(detail + n, size - n, "%s%s", before,
                                   platen_option_name((platen_option_t) i));
            before = ", ";
        }
    }
    if (n < size) {
        snprintf(detail + n, size - n, ".");
    }
    return 0;
}
