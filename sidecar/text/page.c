/*
 * What a page or a drawing shows that is in other files, and what a comment takes along;
 * see text/main.h.  Pure functions.
 */

#include "text/main.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Tags, and the attribute by which they name what is shown. */
static const struct {
    const char *tag, *attribute;
} shown[] = {
    { "img", "src" },
    { "link", "href" },
    { "iframe", "src" },
    { "embed", "src" },
    { "frame", "src" },
    { "object", "data" },
    { "script", "src" },
    { "image", "href" },
    { "image", "xlink:href" },
    { "use", "href" },
    { "use", "xlink:href" },
    { "feImage", "href" },
    { "feImage", "xlink:href" },
};

static int
begins(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);

    return (size_t) (end - p) > n && strncasecmp(p, word, n) == 0;
}

/* The value of a tag's attribute, and its length; NULL: it has none. */
static const char *
value_of(const char *p, const char *end, const char *attribute, size_t *n)
{
    const char *at;
    char        quote;

    for (; p < end; p++) {
        if (!isspace((unsigned char) *p) || !begins(p + 1, end, attribute)) {
            continue;
        }
        at = p + 1 + strlen(attribute);
        while (at < end && isspace((unsigned char) *at)) {
            at++;
        }
        if (at == end || *at != '=') {
            continue;
        }
        for (at++; at < end && isspace((unsigned char) *at); at++) {
        }
        quote = at < end && (*at == '"' || *at == '\'') ? *at++ : '\0';
        for (*n = 0; at + *n < end
                     && (quote != '\0' ? at[*n] != quote : !isspace((unsigned char) at[*n]));
             (*n)++) {
        }
        return at;
    }
    return NULL;
}

static int
is_style(const char *p, const char *end)
{
    size_t      n;
    const char *value = value_of(p, end, "rel", &n);

    return value != NULL && n == strlen("stylesheet")
           && strncasecmp(value, "stylesheet", n) == 0;
}

unsigned
platen_text_outside(const char *html, size_t len, char *first, size_t size)
{
    const char *p = html, *end = html, *value, *at;
    size_t      i, n;
    unsigned    count = 0;

    while ((p = memchr(p, '<', len - (size_t) (p - html))) != NULL) {
        end = end > p ? end : memchr(p, '>', len - (size_t) (p - html));
        if (end == NULL) {
            break;
        }
        for (p++, at = p, i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
            if (!begins(at, end, shown[i].tag)
                || !isspace((unsigned char) at[strlen(shown[i].tag)])) {
                continue;
            }
            p = end; /* what is in the tag is looked at once */
            value = strcmp(shown[i].tag, "link") == 0 && !is_style(at, end)
                        ? NULL
                        : value_of(at, end, shown[i].attribute, &n);
            if (value == NULL) {
                continue; /* it may have another */
            }
            if (n > 0 && *value != '#' && !begins(value, end, "data:")
                && !begins(value, end, "cid:") && !begins(value, end, "about:")
                && count++ == 0) {
                snprintf(first, size, "%.*s", (int) (n > 200 ? 200 : n), value);
            }
            break;
        }
    }
    return count;
}

/* How many times one character stands at the beginning. */
static size_t
run(const char *p, const char *end, char c)
{
    size_t n = 0;

    while (p + n < end && p[n] == c) {
        n++;
    }
    return n;
}

/* A comment that is a block of its own (CommonMark, 4.6, condition 2), out of fenced code. */
size_t
platen_text_unclosed(const char *md, size_t len)
{
    const char *p = md, *end = md + len, *eol, *close;
    size_t      line = 1, indent, n, fence = 0;
    char        mark = '\0';

    for (; p < end; p = eol + 1, line++) {
        eol = memchr(p, '\n', (size_t) (end - p));
        eol = eol == NULL ? end : eol;
        indent = run(p, eol, ' ');
        p += indent;
        if (indent > 3 || p == eol) {
            continue;
        }
        n = *p == '`' || *p == '~' ? run(p, eol, *p) : 0;
        if (fence > 0) {
            fence = *p == mark && n >= fence ? 0 : fence;
        } else if (n >= 3) {
            fence = n;
            mark = *p;
        } else if (eol - p >= 4 && memcmp(p, "<!--", 4) == 0) {
            close = memmem(p + 4, (size_t) (end - p - 4), "-->", 3);
            if (close == NULL) {
                return line;
            }
            for (; eol < close; line++) {
                eol = memchr(eol + 1, '\n', (size_t) (end - eol - 1));
                eol = eol == NULL ? end : eol;
            }
        }
    }
    return 0;
}
