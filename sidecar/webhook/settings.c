/* The text of webhook/settings.h: one table says what there is. */

#include "webhook/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define END "end\n"

static const struct {
    const char *name;
    int         text; /* a char *, else a uint64_t */
    size_t      offset;
} fields[] = {
#define TEXT(m)                                                                                \
    {                                                                                          \
#m, 1, offsetof(platen_webhook_settings_t, m)                                          \
    }
#define NUMBER(m)                                                                              \
    {                                                                                          \
#m, 0, offsetof(platen_webhook_settings_t, m)                                          \
    }
    TEXT(store_path), NUMBER(map_size),       NUMBER(log_level),   TEXT(secret),
    NUMBER(traces),   NUMBER(without_secret), TEXT(allow),         TEXT(ca),
    TEXT(base),       NUMBER(connections),    NUMBER(per_host),    NUMBER(connect_timeout),
    NUMBER(timeout),  NUMBER(backoff),        NUMBER(backoff_max), NUMBER(give_up),
    NUMBER(keep),     NUMBER(keep_dead),
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

static char **
text_at(const platen_webhook_settings_t *s, size_t i)
{
    return (char **) (void *) ((char *) (uintptr_t) s + fields[i].offset);
}

static uint64_t *
number_at(const platen_webhook_settings_t *s, size_t i)
{
    return (uint64_t *) (void *) ((char *) (uintptr_t) s + fields[i].offset);
}

char *
platen_webhook_settings_write(const platen_webhook_settings_t *s)
{
    char  *out = malloc(PLATEN_WEBHOOK_SETTINGS_MAX);
    size_t n = 0, i;

    for (i = 0; out != NULL && i < NFIELDS && n < PLATEN_WEBHOOK_SETTINGS_MAX; i++) {
        if (fields[i].text && strchr(*text_at(s, i), '\n') != NULL) {
            free(out);
            errno = EINVAL;
            return NULL;
        }
        n += (size_t) (fields[i].text
                           ? snprintf(out + n, PLATEN_WEBHOOK_SETTINGS_MAX - n, "%s %s\n",
                                      fields[i].name, *text_at(s, i))
                           : snprintf(out + n, PLATEN_WEBHOOK_SETTINGS_MAX - n,
                                      "%s %" PRIu64 "\n", fields[i].name, *number_at(s, i)));
    }
    if (out != NULL && n + sizeof(END) > PLATEN_WEBHOOK_SETTINGS_MAX) {
        free(out);
        errno = E2BIG;
        return NULL;
    }
    if (out != NULL) {
        memcpy(out + n, END, sizeof(END));
    }
    return out;
}

size_t
platen_webhook_settings_whole(const char *bytes, size_t len)
{
    const char *at = memmem(bytes, len, "\n" END, sizeof(END));

    return at == NULL ? 0 : (size_t) (at - bytes) + sizeof(END);
}

/* The value of a line, which has to be the field's; -1 if it is not, or no memory. */
static int
take(platen_webhook_settings_t *s, size_t i, const char *line, size_t len)
{
    size_t n = strlen(fields[i].name);
    char  *value, *end;
    int    rc = 0;

    if (len <= n || memcmp(line, fields[i].name, n) != 0 || line[n] != ' '
        || memchr(line, '\0', len) != NULL) {
        return PLATEN_CORRUPT;
    }
    value = strndup(line + n + 1, len - n - 1);
    if (value == NULL) {
        return PLATEN_ERROR;
    }
    if (fields[i].text) {
        *text_at(s, i) = value;
        return PLATEN_OK;
    }
    errno = 0;
    *number_at(s, i) = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0) {
        rc = PLATEN_CORRUPT;
    }
    free(value);
    return rc;
}

int
platen_webhook_settings_parse(platen_webhook_settings_t *s, const char *text, size_t len)
{
    const char *p = text, *end = text + len, *eol;
    size_t      i;
    int         rc = PLATEN_OK;

    memset(s, 0, sizeof(*s));
    for (i = 0; rc == PLATEN_OK && i < NFIELDS; i++) {
        eol = memchr(p, '\n', (size_t) (end - p));
        rc = eol == NULL ? PLATEN_CORRUPT : take(s, i, p, (size_t) (eol - p));
        p = eol == NULL ? p : eol + 1;
    }
    if (rc == PLATEN_OK
        && ((size_t) (end - p) != sizeof(END) - 1 || memcmp(p, END, sizeof(END) - 1) != 0)) {
        rc = PLATEN_CORRUPT;
    }
    if (rc != PLATEN_OK) {
        platen_webhook_settings_destroy(s);
    }
    return rc;
}

void
platen_webhook_settings_destroy(platen_webhook_settings_t *s)
{
    size_t i;

    for (i = 0; i < NFIELDS; i++) {
        if (fields[i].text) {
            free(*text_at(s, i));
        }
    }
    memset(s, 0, sizeof(*s));
}
