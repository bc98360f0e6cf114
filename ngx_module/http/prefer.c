
/* The Prefer header; see http/prefer.h. */

#include "http/prefer.h"

#include <strings.h>


static size_t platen_prefer_space(const char *text, size_t len, size_t i);
static size_t platen_prefer_token(const char *text, size_t len, size_t i);
static size_t platen_prefer_value(const char *text, size_t len, size_t i,
    platen_str_t *value);
static size_t platen_prefer_rest(const char *text, size_t len, size_t i);
static void platen_prefer_set(platen_prefer_t *prefer, platen_str_t name,
    platen_str_t value);


void
platen_prefer_read(platen_prefer_t *prefer, const char *text, size_t len)
{
    size_t        i, end;
    platen_str_t  name, value;

    for (i = 0; i < len; i++) {

        /* preference = token [ BWS "=" BWS word ] *( OWS ";" ... ) */

        i = platen_prefer_space(text, len, i);
        end = platen_prefer_token(text, len, i);

        name.data = text + i;
        name.len = end - i;
        value.data = NULL;
        value.len = 0;

        i = platen_prefer_space(text, len, end);

        if (name.len && i < len && text[i] == '=') {
            i = platen_prefer_space(text, len, i + 1);
            i = platen_prefer_value(text, len, i, &value);
            i = platen_prefer_space(text, len, i);
        }

        if (name.len && (i == len || text[i] == ',' || text[i] == ';')) {
            platen_prefer_set(prefer, name, value);
        }

        i = platen_prefer_rest(text, len, i);
    }
}


static size_t
platen_prefer_space(const char *text, size_t len, size_t i)
{
    while (i < len && (text[i] == ' ' || text[i] == '\t')) {
        i++;
    }

    return i;
}


/* RFC 9110, section 5.6.2 */

static size_t
platen_prefer_token(const char *text, size_t len, size_t i)
{
    char  c;

    for ( /* void */ ; i < len; i++) {
        c = text[i];

        if (!(c >= '0' && c <= '9')
            && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
        {
            break;
        }
    }

    return i;
}


/* A token, or what is between quotes, with its backslashes as they are. */

static size_t
platen_prefer_value(const char *text, size_t len, size_t i,
    platen_str_t *value)
{
    size_t  end;

    if (i == len || text[i] != '"') {
        end = platen_prefer_token(text, len, i);
        value->data = text + i;
        value->len = end - i;
        return end;
    }

    value->data = text + ++i;
    value->len = 0;

    while (i < len && text[i] != '"') {
        i += text[i] == '\\' && i + 1 < len ? 2 : 1;
    }

    if (i >= len) {
        /* without its end it is no value */
        return len;
    }

    value->len = text + i - value->data;

    return i + 1;
}


/* To the comma before the next preference, but not one between quotes. */

static size_t
platen_prefer_rest(const char *text, size_t len, size_t i)
{
    platen_str_t  ignored;

    while (i < len && text[i] != ',') {
        i = text[i] == '"' ? platen_prefer_value(text, len, i, &ignored)
                           : i + 1;
    }

    return i;
}


static void
platen_prefer_set(platen_prefer_t *prefer, platen_str_t name,
    platen_str_t value)
{
    size_t    i;
    uint32_t  wait;

    if (name.len == 13 && strncasecmp(name.data, "respond-async", 13) == 0) {
        prefer->async = 1;
        return;
    }

    if (name.len != 4 || strncasecmp(name.data, "wait", 4) != 0
        || value.len == 0 || prefer->has_wait)
    {
        return;
    }

    wait = 0;

    for (i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return;
        }

        wait = 10 * wait + (uint32_t) (value.data[i] - '0');

        if (wait > PLATEN_PREFER_WAIT_MAX) {
            wait = PLATEN_PREFER_WAIT_MAX;
        }
    }

    prefer->wait = wait;
    prefer->has_wait = 1;
}
