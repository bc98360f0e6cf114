/* The JSON writer; see base/json.h. */

#include "base/json.h"

#include <stdlib.h>

#include "base/timestamp.h"
#include "base/utf8.h"

#define HEAP_FIRST 1024

/* Room for `size` bytes in one piece; NULL once there was none. */
static char *
reserve(platen_json_t *j, size_t size)
{
    if (!j->failed && (size_t) (j->end - j->last) < size) {
        j->failed = j->more(j, size) != 0;
    }
    return j->failed ? NULL : j->last;
}

/* The comma and the name, and room for `size` bytes behind them. */
static char *
begin(platen_json_t *j, const char *name, size_t size)
{
    size_t len = name == NULL ? 0 : strlen(name);
    char  *p = reserve(j, len + 4 + size);

    if (p == NULL) {
        return NULL;
    }
    if (j->comma) {
        *p++ = ',';
    }
    j->comma = 1;
    if (name != NULL) {
        *p++ = '"';
        p = mempcpy(p, name, len);
        *p++ = '"';
        *p++ = ':';
    }
    return p;
}

void
platen_json_open(platen_json_t *j, const char *name, char bracket)
{
    char *p = begin(j, name, 1);

    if (p != NULL) {
        *p++ = bracket;
        j->last = p;
        j->comma = 0;
    }
}

void
platen_json_close(platen_json_t *j, char bracket)
{
    char *p = reserve(j, 1);

    if (p != NULL) {
        *p++ = bracket;
        j->last = p;
        j->comma = 1;
    }
}

/* The letter behind the backslash; 'u': that, and four digits; 0: no escape. */
static char
escape(unsigned char c)
{
    static const char letters[] = "\b\f\n\r\t\"\\", of[] = "bfnrt\"\\";
    const char       *p;

    if (c >= ' ' && c != '"' && c != '\\') {
        return '\0'; /* nearly all are like that */
    }
    p = c == '\0' ? NULL : strchr(letters, c);
    return p != NULL ? of[p - letters] : 'u';
}

static size_t
escaped_size(platen_str_t s)
{
    size_t i, n = s.len;
    char   letter;

    for (i = 0; i < s.len; i++) {
        letter = escape((unsigned char) s.data[i]);
        n += letter == 'u' ? 5 : letter != '\0';
    }
    return n;
}

static char *
put(char *p, platen_str_t s)
{
    int           ascii = !platen_utf8_valid(s.data, s.len);
    size_t        i;
    unsigned char c;
    char          letter;

    for (i = 0; i < s.len; i++) {
        c = (unsigned char) s.data[i];
        letter = escape(c);
        if (letter == '\0') {
            *p++ = ascii && c >= 0x80 ? '?' : (char) c;
            continue;
        }
        *p++ = '\\';
        *p++ = letter;
        if (letter == 'u') {
            *p++ = '0';
            *p++ = '0';
            *p++ = "0123456789ABCDEF"[c >> 4];
            *p++ = "0123456789ABCDEF"[c & 0xf];
        }
    }
    return p;
}

/*
 * Whether it may stand as it is: ASCII without anything to escape, as nearly all of what is
 * written here.  Eight bytes at a time; a byte of `bits` is 0x80 or more exactly where one of
 * them is below a space, a quote, a backslash or above ASCII (the lowest such byte, at least).
 */
static int
is_plain(platen_str_t s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t       x, quote, back, bits = 0;
    size_t         i = 0;

    while (i < s.len && s.len >= sizeof(x)) {
        i = i + sizeof(x) <= s.len ? i : s.len - sizeof(x); /* the last eight overlap */
        memcpy(&x, s.data + i, sizeof(x));
        quote = x ^ ones * '"';
        back = x ^ ones * '\\';
        bits |=
            x | ((x - ones * ' ') & ~x) | ((quote - ones) & ~quote) | ((back - ones) & ~back);
        i += sizeof(x);
    }
    for (; i < s.len; i++) {
        if (escape((unsigned char) s.data[i]) != '\0' || (unsigned char) s.data[i] >= 0x80) {
            return 0;
        }
    }
    return (bits & tops) == 0;
}

static char *
copy(char *p, platen_str_t s)
{
    return s.len == 0 ? p : mempcpy(p, s.data, s.len); /* an empty one may be nowhere */
}

void
platen_json_joined(platen_json_t *j, const char *name, platen_str_t a, platen_str_t b)
{
    int   plain_a = is_plain(a), plain_b = is_plain(b);
    char *p = begin(
        j, name, (plain_a ? a.len : escaped_size(a)) + (plain_b ? b.len : escaped_size(b)) + 2);

    if (p != NULL) {
        *p++ = '"';
        p = plain_a ? copy(p, a) : put(p, a);
        p = plain_b ? copy(p, b) : put(p, b);
        *p++ = '"';
        j->last = p;
    }
}

void
platen_json_string(platen_json_t *j, const char *name, const void *data, size_t len)
{
    if (data == NULL) {
        platen_json_null(j, name);
    } else {
        platen_json_joined(j, name, (platen_str_t){ data, len }, (platen_str_t){ NULL, 0 });
    }
}

void
platen_json_word(platen_json_t *j, const char *name, const void *data, size_t len)
{
    char *p;

    if (data == NULL) {
        platen_json_null(j, name);
        return;
    }
    p = begin(j, name, len + 2);
    if (p != NULL) {
        *p++ = '"';
        p = mempcpy(p, data, len);
        *p++ = '"';
        j->last = p;
    }
}

void
platen_json_text(platen_json_t *j, const char *name, platen_str_t text)
{
    platen_json_string(j, name, text.len == 0 ? NULL : text.data, text.len);
}

void
platen_json_parts(platen_json_t *j, platen_str_t text, char between)
{
    const char *p = text.data, *end = text.len == 0 ? p : p + text.len, *last;

    for (; p < end; p = last + 1) {
        last = memchr(p, between, (size_t) (end - p));
        last = last == NULL ? end : last;
        platen_json_string(j, NULL, p, (size_t) (last - p));
    }
}

void
platen_json_raw(platen_json_t *j, const char *name, const char *literal)
{
    size_t len = strlen(literal);
    char  *p = begin(j, name, len);

    if (p != NULL) {
        j->last = mempcpy(p, literal, len);
    }
}

void
platen_json_uint(platen_json_t *j, const char *name, uint64_t value)
{
    char digits[24], *p = digits + sizeof(digits);

    *--p = '\0';
    do {
        *--p = (char) ('0' + value % 10);
        value /= 10;
    } while (value != 0);
    platen_json_raw(j, name, p);
}

void
platen_json_null(platen_json_t *j, const char *name)
{
    platen_json_raw(j, name, "null");
}

void
platen_json_time(platen_json_t *j, const char *name, uint64_t us)
{
    char text[PLATEN_TIMESTAMP_LEN + 1];

    platen_json_word(j, name, us == 0 ? NULL : platen_timestamp(us, text),
                     PLATEN_TIMESTAMP_LEN);
}

static int
no_more(platen_json_t *j, size_t size)
{
    (void) j;
    (void) size;
    return -1;
}

void
platen_json_fixed(platen_json_t *j, char *room, size_t size)
{
    *j = (platen_json_t){ .last = room, .end = room + size, .more = no_more };
}

static int
grow(platen_json_t *j, size_t size)
{
    size_t used = j->sink == NULL ? 0 : (size_t) (j->last - (char *) j->sink);
    size_t room = used + (size > used ? size : used) + HEAP_FIRST;
    char  *moved = realloc(j->sink, room);

    if (moved == NULL) {
        return -1;
    }
    j->sink = moved;
    j->last = moved + used;
    j->end = moved + room;
    return 0;
}

void
platen_json_heap(platen_json_t *j)
{
    *j = (platen_json_t){ .more = grow };
}

char *
platen_json_heap_end(platen_json_t *j)
{
    char *text, *p = reserve(j, 1);

    if (p == NULL) {
        free(j->sink);
    } else {
        *p = '\0';
    }
    text = p == NULL ? NULL : j->sink;
    j->sink = j->last = j->end = NULL;
    return text;
}
