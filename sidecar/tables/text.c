/* Decoding with iconv(3), and what an encoding is known by; see tables/text.h. */

#include "tables/text.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/charset.h"
#include "base/utf8.h"

#define PIECE 65536

/* The encodings of the command line. */
static const struct {
    const char *name;
    const char *charset;
} encodings[] = {
    { "utf-8", "UTF-8" },           { "utf-16", "UTF-16LE" }, /* without a byte order mark */
    { "iso-8859-1", "ISO-8859-1" }, { "iso-8859-15", "ISO-8859-15" },
    { "windows-1252", "CP1252" },
};

/* A byte order mark decides whatever else is said, as in the WHATWG's Encoding Standard. */
static const struct {
    const char *bytes;
    size_t      len;
    const char *charset;
} marks[] = {
    { "\xef\xbb\xbf", 3, NULL },
    { "\xff\xfe", 2, "UTF-16LE" },
    { "\xfe\xff", 2, "UTF-16BE" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *
platen_tables_text_charset(const char *encoding, int write)
{
    size_t i;

    for (i = 0; i < COUNT(encodings); i++) {
        if (strcasecmp(encoding, encodings[i].name) == 0) {
            return encodings[i].charset;
        }
    }
    encoding = platen_charset_find(encoding, strlen(encoding));
    return encoding == NULL ? NULL
           : write          ? platen_charset_iconv_to(encoding)
                            : platen_charset_iconv(encoding);
}

/*
 * How many of the bytes are whole UTF-8 characters (RFC 3629).  *cut says
 * whether what follows them could be the beginning of another one.
 */
static size_t
whole_utf8(const char *text, size_t len, int *cut)
{
    size_t   i, n;
    uint32_t code;

    *cut = 0;
    for (i = 0; i < len; i += n) {
        n = 1;
        if ((unsigned char) text[i] < 0x80) {
            continue;
        }
        n = platen_utf8_decode(text + i, len - i, &code);
        if (code == PLATEN_UTF8_MALFORMED) {
            /* What begins none could not go on, either. */
            *cut = i + n == len && (unsigned char) text[i] >= 0xc2
                   && (unsigned char) text[i] <= 0xf4;
            return i;
        }
    }
    return i;
}

static int
fail_read(const platen_tables_text_t *text, platen_tables_error_t *err)
{
    return platen_tables_fail(err, PLATEN_TABLES_CORRUPT, "cannot read %s: %s", text->path,
                              strerror(errno));
}

/* Reads as much as there is, up to `size`.  Returns how much, or -1. */
static ssize_t
fill(const platen_tables_text_t *text, off_t at, char *to, size_t size)
{
    size_t  have = 0;
    ssize_t n;

    while (have < size) {
        n = pread(text->fd, to + have, size - have, at + (off_t) have);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        have += (size_t) n;
    }
    return (ssize_t) have;
}

/* UTF-8 goes through as it is, once it is known to be that. */
static int
read_utf8(const platen_tables_text_t *text, platen_tables_piece_f piece, void *data,
          platen_tables_error_t *err)
{
    char    in[PIECE];
    off_t   at = (off_t) text->mark;
    ssize_t n;
    size_t  whole;
    int     cut, rc = 0;

    for (;;) {
        n = fill(text, at, in, sizeof(in));
        if (n <= 0) {
            return n < 0 ? fail_read(text, err) : 0;
        }
        whole = whole_utf8(in, (size_t) n, &cut);
        if (whole < (size_t) n && (!cut || n < PIECE)) {
            return platen_tables_fail(err, PLATEN_TABLES_CORRUPT,
                                      "byte %lld of the document is not UTF-8",
                                      (long long) at + (long long) whole);
        }
        rc = piece(data, in, whole, err);
        if (rc != 0) {
            return rc;
        }
        at += (off_t) whole;
    }
}

/* What iconv() stopped at and cannot decode: a code unit or a byte is dropped. */
static void
replace(const char *charset, char **p, size_t *left, char **q, size_t *room)
{
    size_t unit = strncmp(charset, "UTF-16", 6) == 0 ? 2 : 1;

    if (unit > *left) {
        unit = *left;
    }
    *p += unit;
    *left -= unit;
    memcpy(*q, "\xef\xbf\xbd", 3);
    *q += 3;
    *room -= 3;
}

static int
read_coded(const platen_tables_text_t *text, platen_tables_piece_f piece, void *data,
           platen_tables_error_t *err)
{
    char    in[PIECE], out[4 * PIECE]; /* any byte becomes at most three */
    char   *p, *q;
    size_t  left, room;
    off_t   at = (off_t) text->mark;
    ssize_t n;
    iconv_t cd;
    int     rc = 0;

    cd = iconv_open("UTF-8", text->charset);
    if (cd == (iconv_t) -1) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "iconv cannot decode %s here",
                                  text->charset);
    }
    while (rc == 0) {
        n = fill(text, at, in, sizeof(in));
        if (n <= 0) {
            rc = n < 0 ? fail_read(text, err) : 0;
            break;
        }
        p = in;
        left = (size_t) n;
        q = out;
        room = sizeof(out);
        while (left > 0 && iconv(cd, &p, &left, &q, &room) == (size_t) -1) {
            if (errno == EINVAL && n == PIECE) {
                break; /* the rest of this character is in the next piece */
            }
            replace(text->charset, &p, &left, &q, &room);
        }
        at += p - in;
        rc = piece(data, out, (size_t) (q - out), err);
    }
    iconv_close(cd);
    return rc;
}

int
platen_tables_text_read(const platen_tables_text_t *text, platen_tables_piece_f piece,
                        void *data, platen_tables_error_t *err)
{
    return text->charset == NULL ? read_utf8(text, piece, data, err)
                                 : read_coded(text, piece, data, err);
}

static int
nothing(void *data, const char *text, size_t len, platen_tables_error_t *err)
{
    (void) data;
    (void) text;
    (void) len;
    (void) err;
    return 0;
}

int
platen_tables_text_open(platen_tables_text_t *text, const char *path, const char *encoding,
                        int legacy, platen_tables_error_t *err)
{
    char    head[4];
    ssize_t n;
    size_t  i;

    memset(text, 0, sizeof(*text));
    text->path = path;
    text->fd = open(path, O_RDONLY | O_CLOEXEC);
    n = text->fd < 0 ? -1 : fill(text, 0, head, sizeof(head));
    if (n < 0) {
        return fail_read(text, err);
    }

    for (i = 0; i < COUNT(marks); i++) {
        if ((size_t) n >= marks[i].len && memcmp(head, marks[i].bytes, marks[i].len) == 0) {
            text->charset = marks[i].charset;
            text->mark = marks[i].len;
            return 0;
        }
    }
    if (encoding != NULL) {
        text->charset = platen_tables_text_charset(encoding, 0);
        if (text->charset != NULL && strcmp(text->charset, "UTF-8") == 0) {
            text->charset = NULL;
        }
        return 0;
    }
    if (legacy && read_utf8(text, nothing, NULL, err) != 0) {
        text->charset = platen_tables_text_charset("windows-1252", 0);
    }
    return 0;
}

void
platen_tables_text_close(platen_tables_text_t *text)
{
    if (text->fd >= 0) {
        close(text->fd);
    }
    text->fd = -1;
}
