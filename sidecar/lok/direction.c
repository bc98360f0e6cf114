/* Which way paragraphs go; see lok/direction.h.  Pure but for the reading of the file. */

#include "lok/direction.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

typedef struct {
    uint32_t first, last;
} range_t;

/* Of Unicode's classes R and AL, with marks and numbers among them; in order. */
static const range_t from_right[] = {
    { 0x590, 0x8ff },   { 0x200f, 0x200f },   { 0xfb1d, 0xfdff },
    { 0xfe70, 0xfefe }, { 0x10800, 0x10fff }, { 0x1e800, 0x1efff },
};

/* Those without a direction of their own: numbers, signs, marks, spaces; in order. */
static const range_t neither[] = {
    { 0x0, 0x40 },      { 0x5b, 0x60 },       { 0x7b, 0xa9 },     { 0xab, 0xb4 },
    { 0xb6, 0xb9 },     { 0xbb, 0xbf },       { 0xd7, 0xd7 },     { 0xf7, 0xf7 },
    { 0x2b9, 0x2ba },   { 0x2c2, 0x2cf },     { 0x2d2, 0x2df },   { 0x300, 0x36f },
    { 0x591, 0x5bd },   { 0x5bf, 0x5bf },     { 0x5c1, 0x5c2 },   { 0x5c4, 0x5c5 },
    { 0x5c7, 0x5c7 },   { 0x600, 0x607 },     { 0x609, 0x60a },   { 0x60c, 0x60c },
    { 0x60e, 0x61a },   { 0x64b, 0x66c },     { 0x670, 0x670 },   { 0x6d6, 0x6e4 },
    { 0x6e7, 0x6ed },   { 0x6f0, 0x6f9 },     { 0x8d3, 0x8ff },   { 0x2000, 0x200d },
    { 0x2010, 0x20ff }, { 0x2190, 0x2bff },   { 0x2e00, 0x2e7f }, { 0x3000, 0x3004 },
    { 0x3008, 0x3020 }, { 0xfb29, 0xfb29 },   { 0xfd3e, 0xfd4f }, { 0xfe00, 0xfe6f },
    { 0xfeff, 0xfeff }, { 0xff01, 0xff20 },   { 0xff3b, 0xff40 }, { 0xff5b, 0xff65 },
    { 0xffe0, 0xffff }, { 0x1f000, 0x1faff },
};

#define LIES_IN(ranges, code) lies_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), code)

static int
lies_in(const range_t *ranges, size_t n, uint32_t code)
{
    size_t i;

    for (i = 0; i < n && ranges[i].first <= code; i++) {
        if (code <= ranges[i].last) {
            return 1;
        }
    }
    return 0;
}

int
platen_lok_direction_is_right(const char *text, size_t len)
{
    unsigned depth = 0;
    uint32_t code;
    size_t   n;

    for (; len > 0; text += n, len -= n) {
        n = platen_utf8_decode(text, len, &code);
        if (code >= 0x2066 && code <= 0x2068) {
            depth++;
        } else if (code == 0x2069) {
            depth -= depth > 0;
        } else if (depth == 0 && code != PLATEN_UTF8_MALFORMED && !LIES_IN(neither, code)) {
            return LIES_IN(from_right, code);
        }
    }
    return 0;
}

int
platen_lok_direction_asked(const char *path)
{
    const char *dot = strrchr(path, '.');
    FILE       *file = dot != NULL && strcmp(dot, ".txt") == 0 ? fopen(path, "re") : NULL;
    char       *line = NULL;
    size_t      size = 0;
    ssize_t     n;
    int         asked = 0;

    while (file != NULL && !asked && (n = getline(&line, &size, file)) > 0) {
        asked = platen_lok_direction_is_right(line, (size_t) n);
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    return asked;
}

#define STYLE "text:style-name=\""
#define OWN "Platen-right-"
#define RIGHT " fo:text-align=\"end\" style:writing-mode=\"rl-tb\""
#define NAMES_MAX 64

typedef struct {
    const char *names[NAMES_MAX]; /* of styles that get one from the right, in the text */
    size_t      lens[NAMES_MAX];
    size_t      n;
} styles_t;

/* A paragraph's own text, without the tags in it; the references in it have no direction. */
static int
goes_right(const char *p, const char *end)
{
    char  *plain = malloc((size_t) (end - p) + 1);
    size_t n = 0;
    int    tag = 0, reference = 0, right;

    if (plain == NULL) {
        return 0;
    }
    for (; p < end; p++) {
        if (*p == '<' || *p == '&') {
            tag = *p == '<';
            reference = !tag;
        } else if ((tag && *p == '>') || (reference && *p == ';')) {
            tag = reference = 0;
        } else if (!tag && !reference) {
            plain[n++] = *p;
        }
    }
    right = platen_lok_direction_is_right(plain, n);
    free(plain);
    return right;
}

static int
add(styles_t *styles, const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < styles->n; i++) {
        if (styles->lens[i] == len && memcmp(styles->names[i], name, len) == 0) {
            return 1;
        }
    }
    if (styles->n == NAMES_MAX) {
        return 0;
    }
    styles->names[styles->n] = name;
    styles->lens[styles->n++] = len;
    return 1;
}

/* The paragraphs, those from the right with styles of their own, which are noted. */
static void
write_body(const char *from, const char *end, styles_t *styles, FILE *out)
{
    static const char open[] = "<text:p ", close[] = "</text:p>";
    const char       *p = from, *tag, *last, *name, *quote;

    while ((p = memmem(p, (size_t) (end - p), open, sizeof(open) - 1)) != NULL) {
        tag = memchr(p, '>', (size_t) (end - p));
        last = tag == NULL || tag[-1] == '/'
                   ? NULL
                   : memmem(tag, (size_t) (end - tag), close, sizeof(close) - 1);
        name = last == NULL ? NULL : memmem(p, (size_t) (tag - p), STYLE, sizeof(STYLE) - 1);
        if (name == NULL || !goes_right(tag + 1, last)) {
            p = tag == NULL ? end : tag;
            continue;
        }
        name += sizeof(STYLE) - 1;
        quote = memchr(name, '"', (size_t) (tag - name));
        if (quote != NULL && add(styles, name, (size_t) (quote - name))) {
            fwrite(from, 1, (size_t) (name - from), out);
            fputs(OWN, out);
            from = name;
        }
        p = last;
    }
    fwrite(from, 1, (size_t) (end - from), out);
}

/* The style of that name: a copy of an automatic one, or a child of another. */
static void
write_style(const char *automatic, const char *end, const char *name, size_t len, FILE *out)
{
    static const char properties[] = "<style:paragraph-properties", close[] = "</style:style>";
    char              tag[256];
    const char       *at, *last, *inner;
    int n = snprintf(tag, sizeof(tag), "<style:style style:name=\"%.*s\"", (int) len, name);

    at = n < 0 || (size_t) n >= sizeof(tag)
             ? NULL
             : memmem(automatic, (size_t) (end - automatic), tag, (size_t) n);
    fprintf(out, "<style:style style:name=\"" OWN "%.*s\"", (int) len, name);
    inner = at == NULL ? NULL : memchr(at, '>', (size_t) (end - at));
    if (inner == NULL || inner[-1] == '/') {
        if (inner == NULL) {
            fprintf(out, " style:family=\"paragraph\" style:parent-style-name=\"%.*s\"",
                    (int) len, name);
        } else {
            fwrite(at + n, 1, (size_t) (inner - 1 - (at + n)), out);
        }
        fprintf(out, ">%s" RIGHT "/>%s", properties, close);
        return;
    }
    at += n;
    last = memmem(inner, (size_t) (end - inner), close, sizeof(close) - 1);
    last = last == NULL ? end : last;
    fwrite(at, 1, (size_t) (inner + 1 - at), out);
    at = memmem(inner, (size_t) (last - inner), properties, sizeof(properties) - 1);
    fprintf(out, "%s" RIGHT, properties);
    if (at == NULL) {
        fputs("/>", out);
        at = inner + 1;
    } else {
        at += sizeof(properties) - 1;
    }
    fwrite(at, 1, (size_t) (last - at), out);
    fputs(close, out);
}

char *
platen_lok_direction_write(const char *text, size_t len, size_t *out_len)
{
    static const char open[] = "<office:automatic-styles>",
                      empty[] = "<office:automatic-styles/>",
                      close[] = "</office:automatic-styles>";
    const char *end = text + len, *body = strstr(text, "<office:body>"), *at, *last;
    styles_t    styles = { .n = 0 };
    char       *out = NULL, *written = NULL;
    size_t      written_len, i;
    FILE       *file;

    at = strstr(text, empty);
    last = at == NULL ? strstr(text, close) : at;
    at = at == NULL ? strstr(text, open) : at;
    if (body == NULL || at == NULL || last == NULL || at > last || last > body) {
        return NULL;
    }
    file = open_memstream(&written, &written_len);
    if (file == NULL) {
        return NULL;
    }
    write_body(body, end, &styles, file);
    if (fclose(file) != 0 || styles.n == 0) {
        free(written);
        return NULL;
    }
    file = open_memstream(&out, out_len);
    if (file == NULL) {
        free(written);
        return NULL;
    }
    fwrite(text, 1, (size_t) (last - text), file);
    if (at == last) {
        fputs(open, file);
    }
    for (i = 0; i < styles.n; i++) {
        write_style(at, last, styles.names[i], styles.lens[i], file);
    }
    if (at == last) {
        fputs(close, file);
        last += sizeof(empty) - 1;
    }
    fwrite(last, 1, (size_t) (body - last), file);
    fwrite(written, 1, written_len, file);
    free(written);
    if (ferror(file) != 0 || fclose(file) != 0) {
        free(out);
        return NULL;
    }
    return out;
}
