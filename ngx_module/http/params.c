/* The names of fields and what they take; see http/params.h. */

#include "http/params.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/platen.h"

#define OPTION(name) (PLATEN_PARAMS + PLATEN_OPTION_##name)

typedef struct {
    const char *name;
    int         field;
} param_name_t;

/* The first of each param is its name. */
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

/*
 * Options have their names of the table of job/option.c, and here older ones
 * and what other services call them.
 */
static const param_name_t aliases[] = {
    { "page_ranges", OPTION(PAGES) },
    { "delimiter", OPTION(CSV_DELIMITER) },
    { "csv_encoding", OPTION(CHARSET) },
    { "encoding", OPTION(CHARSET) },
    { "markdown_flavor", OPTION(MARKDOWN_FLAVOUR) },
};

/* What other parts of a request are called, and clients send along. */
static const char *const others[] = {
    "file", "files", "expires", "signature", "wait", "api_key", "name", "type",
    "filetype", "relative_path",
};

#define COUNT(table) (sizeof(table) / sizeof(table[0]))
#define FOLDED_MAX 32


/* Without what may be written in several ways; 0: too long to be a field's. */
static size_t
fold(const char *name, size_t len, char out[FOLDED_MAX])
{
    size_t i, n = 0;

    for (i = 0; i < len; i++) {
        if (name[i] == '-' || name[i] == '_') {
            continue;
        }
        if (n == FOLDED_MAX) {
            return 0;
        }
        out[n++] = name[i] >= 'A' && name[i] <= 'Z'
                   ? (char) (name[i] - 'A' + 'a') : name[i];
    }
    return n;
}


static int
is_folded(const char *name, const char *folded, size_t n)
{
    char own[FOLDED_MAX];

    return fold(name, strlen(name), own) == n && memcmp(own, folded, n) == 0;
}


/* Every name that a field has, in the order of their weight; NULL: no more. */
static const char *
known_name(size_t i, int *field)
{
    if (i < COUNT(names)) {
        *field = names[i].field;
        return names[i].name;
    }
    i -= COUNT(names);
    if (i < PLATEN_OPTIONS) {
        *field = PLATEN_PARAMS + (int) i;
        return platen_option_name((platen_option_t) i);
    }
    i -= PLATEN_OPTIONS;
    if (i < COUNT(aliases)) {
        *field = aliases[i].field;
        return aliases[i].name;
    }
    return NULL;
}


int
platen_params_find(const char *name, size_t len)
{
    const char *known;
    char        folded[FOLDED_MAX];
    size_t      i, n = fold(name, len, folded);
    int         field;

    for (i = 0; n > 0 && (known = known_name(i, &field)) != NULL; i++) {
        if (is_folded(known, folded, n)) {
            return field;
        }
    }
    return -1;
}


/*
 * Letters left out, added, changed or swapped with a neighbour, that make one
 * word of the other (optimal string alignment distance).
 */
static unsigned
distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned d[FOLDED_MAX + 1][FOLDED_MAX + 1], best;
    size_t   i, k;

    for (i = 0; i <= n; i++) {
        d[i][0] = (unsigned) i;
    }
    for (k = 0; k <= m; k++) {
        d[0][k] = (unsigned) k;
    }
    for (i = 1; i <= n; i++) {
        for (k = 1; k <= m; k++) {
            best = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            best = d[i - 1][k] + 1 < best ? d[i - 1][k] + 1 : best;
            best = d[i][k - 1] + 1 < best ? d[i][k - 1] + 1 : best;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]
                && d[i - 2][k - 2] + 1 < best)
            {
                best = d[i - 2][k - 2] + 1;
            }
            d[i][k] = best;
        }
    }
    return d[n][m];
}


/* Whether it is a slip of that name: of short names nothing can be told. */
static int
is_slip(const char *name, const char *folded, size_t n)
{
    char   own[FOLDED_MAX];
    size_t m = fold(name, strlen(name), own);

    return m >= 4 && n >= 4
           && distance(own, m, folded, n) <= (m >= 8 ? 2U : 1U);
}


/* The field that a name is a slip of; NULL: of none. */
static const char *
slip_of(const char *folded, size_t n)
{
    const char *known;
    size_t      i;
    int         field;

    for (i = 0; (known = known_name(i, &field)) != NULL; i++) {
        if (is_slip(known, folded, n)) {
            break;
        }
    }
    return known;
}


void
platen_params_note(platen_params_t *params, const char *format, ...)
{
    size_t  room = sizeof(params->notes) - params->notes_len;
    size_t  at = params->notes_len;
    va_list args;
    int     n, feed = at > 0;

    if (room < 2) {
        return;
    }
    va_start(args, format);
    n = vsnprintf(params->notes + at + feed, room - (size_t) feed, format,
                  args);
    va_end(args);
    if (n < 0 || (size_t) n >= room - (size_t) feed) {
        params->notes[at] = '\0';
        return;
    }
    if (feed) {
        params->notes[at] = '\n';
    }
    params->notes_len = at + (size_t) feed + (size_t) n;
}


/* What is shown of a name that somebody made up. */
static int
shown(const char *name, size_t len)
{
    size_t n;

    for (n = 0; n < len && n < 40; n++) {
        if (name[n] <= ' ' || name[n] > '~' || name[n] == '"') {
            break;
        }
    }
    return (int) n;
}


int
platen_params_unknown(platen_params_t *params, const char *name, size_t len,
    char *detail, size_t size)
{
    const char *known;
    char        folded[FOLDED_MAX];
    size_t      i, n = fold(name, len, folded);

    for (i = 0; i < COUNT(others); i++) {
        if (n > 0 && is_folded(others[i], folded, n)) {
            return PLATEN_OK;
        }
    }
    known = n == 0 ? NULL : slip_of(folded, n);
    if (known != NULL) {
        snprintf(detail, size, "There is no parameter \"%.*s\"; \"%s\" may be "
                               "what was meant.", shown(name, len), name,
                 known);
        return PLATEN_INVALID;
    }
    platen_params_note(params, "The parameter \"%.*s\" is not known to this "
                               "server and was left out of account.",
                       shown(name, len), name);
    return PLATEN_OK;
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
