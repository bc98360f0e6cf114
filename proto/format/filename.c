/*
 * File names that come from clients; format/filename.h has the contract,
 * with who owns what, where it runs and what a failure means.
 *
 * A name is read through a cursor that yields only the characters that stay
 * in it.  Cleaning walks it twice, first to measure, then to copy, which
 * needs no buffer for what a hostile name is before it is cut.
 */

#include "format/filename.h"

#include <string.h>

#include "base/utf8.h"

#define FALLBACK_NAME "document"

/* One character of a cleaned name. */
struct character {
    const char *bytes;
    size_t      len;
};

/* Where reading a name is. */
struct cursor {
    const char *p;
    const char *end;
    int         started; /* a character was yielded: no more trimming in front */
};

static int
is_trimmed(char c)
{
    return c == ' ' || c == '.';
}

/* Length of p[0..len) once its trimmed characters at the end are gone. */
static size_t
trim_end(const char *p, size_t len)
{
    while (len > 0 && is_trimmed(p[len - 1]))
        len--;

    return len;
}

/* Goes to the start of the last path segment. */
static void
cursor_init(struct cursor *cursor, const char *in, size_t len)
{
    size_t i = len;

    while (i > 0 && in[i - 1] != '/' && in[i - 1] != '\\')
        i--;

    cursor->p = len > 0 ? in + i : in;
    cursor->end = len > 0 ? in + len : in;
    cursor->started = 0;
}

/* Takes the next character that stays in the name; returns 0 at its end. */
static int
cursor_next(struct cursor *cursor, struct character *ch)
{
    uint32_t code;

    while (cursor->p < cursor->end) {
        ch->bytes = cursor->p;
        ch->len = platen_utf8_decode(cursor->p, (size_t) (cursor->end - cursor->p), &code);
        cursor->p += ch->len;

        if (code == PLATEN_UTF8_MALFORMED) {
            ch->bytes = "\xef\xbf\xbd"; /* U+FFFD */
            ch->len = 3;
        } else if (platen_utf8_invisible(code)
                   || (!cursor->started && is_trimmed(ch->bytes[0]))) {
            continue;
        }

        cursor->started = 1;
        return 1;
    }

    return 0;
}

/*
 * Copies to out the characters of the cleaned in that lie wholly within the
 * byte offsets from..to of it.  Returns the bytes copied.
 */
static size_t
copy(const char *in, size_t len, size_t from, size_t to, char *out)
{
    struct cursor    cursor;
    struct character ch;
    size_t           at = 0, n = 0;

    cursor_init(&cursor, in, len);

    while (cursor_next(&cursor, &ch) && at + ch.len <= to) {
        if (at >= from) {
            memcpy(out + n, ch.bytes, ch.len);
            n += ch.len;
        }
        at += ch.len;
    }

    return n;
}

/* Writes as much of "document" as max allows, and a NUL. */
static size_t
fallback(char *out, size_t max)
{
    size_t n = strlen(FALLBACK_NAME);

    if (n > max)
        n = max;

    memcpy(out, FALLBACK_NAME, n);
    out[n] = '\0';
    return n;
}

/* Whether cleaning leaves it as it is: ASCII of one segment, with nothing to trim. */
static int
is_clean(const char *in, size_t len)
{
    size_t i;

    if (len == 0 || is_trimmed(in[0]) || is_trimmed(in[len - 1]))
        return 0;

    for (i = 0; i < len; i++) {
        if (in[i] < ' ' || in[i] > '~' || in[i] == '/' || in[i] == '\\')
            return 0;
    }

    return 1;
}

size_t
platen_filename_clean(const char *in, size_t len, char *out, size_t size)
{
    struct cursor    cursor;
    struct character ch;
    size_t           at = 0, total = 0; /* total: without what is trimmed at the end */
    size_t           dot = 0, ext = 0;  /* offsets of the last dot; 0 is none */
    size_t           max, ext_len, n;

    if (size == 0)
        return 0;

    max = size - 1 < PLATEN_FILENAME_MAX ? size - 1 : PLATEN_FILENAME_MAX;

    if (len <= max && is_clean(in, len)) {
        memcpy(out, in, len);
        out[len] = '\0';
        return len;
    }

    cursor_init(&cursor, in, len);

    while (cursor_next(&cursor, &ch)) {
        if (ch.bytes[0] == '.')
            dot = at;
        at += ch.len;
        if (!is_trimmed(ch.bytes[0])) {
            ext = dot;
            total = at;
        }
    }

    if (total == 0)
        return fallback(out, max);

    if (total <= max) {
        n = copy(in, len, 0, total, out);
        out[n] = '\0';
        return n;
    }

    ext_len = ext > 0 ? total - ext : 0; /* with its dot */

    if (ext_len > 0 && ext_len <= 1 + PLATEN_FILENAME_EXT_MAX && ext_len < max) {
        n = trim_end(out, copy(in, len, 0, max - ext_len, out));
        if (n > 0) {
            n += copy(in, len, ext, total, out + n);
            out[n] = '\0';
            return n;
        }
    }

    n = trim_end(out, copy(in, len, 0, max, out));
    if (n == 0)
        return fallback(out, max);

    out[n] = '\0';
    return n;
}

const char *
platen_filename_ext(const char *name, size_t len, size_t *ext_len)
{
    size_t i, dot;

    *ext_len = 0;

    for (dot = len; dot > 0; dot--) {
        if (name[dot - 1] == '/' || name[dot - 1] == '\\')
            return NULL;
        if (name[dot - 1] == '.')
            break;
    }

    if (dot == 0 || dot == len)
        return NULL;

    for (i = dot - 1; i > 0 && name[i - 1] == '.'; i--)
        ;

    if (i == 0 || name[i - 1] == '/' || name[i - 1] == '\\')
        return NULL;

    *ext_len = len - dot;
    return name + dot;
}

size_t
platen_filename_replace_ext(const char *name, size_t len, const char *ext, char *out,
                            size_t size)
{
    const char *old;
    size_t      max, old_len, ext_len, n;

    if (size == 0)
        return 0;

    max = size - 1 < PLATEN_FILENAME_MAX ? size - 1 : PLATEN_FILENAME_MAX;

    old = platen_filename_ext(name, len, &old_len);
    if (old != NULL)
        len -= old_len + 1;
    len = trim_end(name, len);

    if (len == 0) {
        name = FALLBACK_NAME;
        len = strlen(FALLBACK_NAME);
    }

    ext_len = strlen(ext);
    if (ext_len > 0 && ext_len + 1 < max) {
        n = platen_utf8_cut(name, len, max - ext_len - 1);
        memcpy(out, name, n);
        n = trim_end(out, n);
        out[n++] = '.';
        memcpy(out + n, ext, ext_len);
        n += ext_len;
    } else {
        n = platen_utf8_cut(name, len, max);
        memcpy(out, name, n);
        n = trim_end(out, n);
    }

    out[n] = '\0';
    return n;
}

/* RFC 8187, section 3.2.1. */
static int
is_attr_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c != '\0' && strchr("!#$&+-.^_`|~", c) != NULL);
}

/* Whether c means itself in every client's reading of a quoted filename. */
static int
is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '%';
}

/* Adds the string s to out[0..n), for which there is room. */
static size_t
add(char *out, size_t n, const char *s)
{
    size_t len = strlen(s);

    memcpy(out + n, s, len);
    return n + len;
}

size_t
platen_filename_disposition(const char *name, size_t len, char *out, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    char              clean[PLATEN_FILENAME_MAX + 1];
    char              value[PLATEN_FILENAME_DISPOSITION_MAX];
    size_t            clean_len, i, n;
    uint32_t          code;
    int               plain = 1;

    if (size == 0)
        return 0;

    clean_len = platen_filename_clean(name, len, clean, sizeof(clean));

    n = add(value, 0, "attachment; filename=\"");

    for (i = 0; i < clean_len; i += platen_utf8_decode(clean + i, clean_len - i, &code)) {
        if (is_plain(clean[i])) {
            value[n++] = clean[i];
        } else {
            value[n++] = '_';
            plain = 0;
        }
    }

    value[n++] = '"';

    if (!plain) {
        n = add(value, n, "; filename*=UTF-8''");

        for (i = 0; i < clean_len; i++) {
            if (is_attr_char(clean[i])) {
                value[n++] = clean[i];
            } else {
                value[n++] = '%';
                value[n++] = hex[(unsigned char) clean[i] >> 4];
                value[n++] = hex[(unsigned char) clean[i] & 0x0f];
            }
        }
    }

    if (n >= size) {
        out[0] = '\0';
        return 0;
    }

    memcpy(out, value, n);
    out[n] = '\0';
    return n;
}

int
platen_filename_takes(char c)
{
    return (unsigned char) c >= ' ' && c != 0x7f && strchr("/\\:*?\"<>|", c) == NULL;
}
