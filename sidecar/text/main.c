/*
 * platen-text: makes a text what engines read: UTF-8, with line feeds.  A
 * program of its own, which the sidecar executes in the sandbox before a text's
 * first engine, and after the last one where the result is wanted in another
 * charset.  One thread, no other process; reads INPUT, writes OUTPUT, and adds a
 * sentence for each thing that it had to guess or leave out to "warnings" in its
 * working directory.
 *
 *   platen-text --format FORMAT [--charset NAME] [--mark] INPUT OUTPUT
 *   platen-text --format FORMAT --to-charset NAME INPUT OUTPUT
 *   platen-text --look SVG PROGRAM ARGUMENT ...
 *   platen-text --book EPUB COPY PROGRAM ARGUMENT ...
 *
 *   --format      txt, html, md, rst, csv, tsv, json, jsonl, rtf: what the text is
 *   --charset     what the client says; by default what the text says
 *   --mark        begin with a byte order mark
 *   --to-charset  INPUT is UTF-8; OUTPUT is to be in this charset
 *
 *   --look        say what of a drawing is not drawn here, and become the program
 *   --book        write a copy of a book without what it hides, which the program, that
 *                 this becomes, reads
 *
 * A charset is, in this order: what the byte order mark says, what the client
 * says, what the text declares, one of two or four bytes to a character, one of
 * escape sequences (ISO 2022), UTF-8 if all of it is, and otherwise what it is most
 * like.  A guess is warned of.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <iconv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platen.h"
#include "base/charset.h"
#include "engine/exit_code.h"
#include "text/main.h"
#include "base/utf8.h"
#include "engine/warning.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

static int
say(int code, const char *sentence)
{
    fprintf(stderr, "platen-text: %s\n", sentence);
    return code;
}

#define warn(...) platen_warning_add(PLATEN_WARNINGS_FILE, __VA_ARGS__)

/* What is written, and where in it we are. */
typedef struct {
    FILE    *out;
    int      lines; /* CR and CRLF become LF */
    int      clean; /* control characters are left out */
    int      cr;    /* the last character was a CR */
    uint64_t line, column;
    uint64_t bad, bad_line, bad_column; /* characters that are none, and the first */
    uint64_t controls;
} writer_t;

static void
put(writer_t *w, uint32_t c)
{
    char bytes[4];

    w->column++;
    if (c == '\r' || c == '\n') {
        w->line += c == '\r' || !w->cr;
        w->column = 0;
        if (w->lines) {
            if (c == '\n' && w->cr) {
                w->cr = 0;
                return;
            }
            w->cr = c == '\r';
            c = '\n';
        } else {
            w->cr = c == '\r';
        }
    } else {
        w->cr = 0;
    }
    if (w->clean
        && ((c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || c == 0x7f
            || c == 0xfffe || c == 0xffff)) {
        w->controls++;
        return;
    }
    fwrite_unlocked(bytes, 1, platen_utf8_encode(c, bytes), w->out);
}

static void
put_bad(writer_t *w)
{
    if (w->bad++ == 0) {
        w->bad_line = w->line;
        w->bad_column = w->column + 1;
    }
    put(w, 0xfffd);
}

static void
put_utf8(writer_t *w, const char *p, size_t len)
{
    uint32_t c;
    size_t   n;

    for (; len > 0; p += n, len -= n) {
        n = platen_utf8_decode(p, len, &c);
        if (c == PLATEN_UTF8_MALFORMED) {
            put_bad(w);
        } else {
            put(w, c);
        }
    }
}

/* From any charset of iconv.  0, or an exit code. */
static int
put_other(writer_t *w, const char *charset, const char *p, size_t len)
{
    iconv_t  cd = iconv_open("UTF-32LE", platen_charset_iconv(charset));
    uint32_t buf[4096];
    char    *in = (char *) (uintptr_t) p, *out;
    size_t   room, n, i;

    if (cd == (iconv_t) -1) {
        return say(PLATEN_TEXT_USAGE, "the charset is not known to this machine's iconv");
    }
    while (len > 0) {
        out = (char *) buf;
        room = sizeof(buf);
        n = iconv(cd, &in, &len, &out, &room);
        for (i = 0; i < (sizeof(buf) - room) / 4; i++) {
            put(w, buf[i]);
        }
        if (n == (size_t) -1 && errno != E2BIG) {
            /* A byte that is no character, or half of one at the end. */
            put_bad(w);
            in++;
            len--;
            (void) iconv(cd, NULL, NULL, NULL, NULL);
        }
    }
    out = (char *) buf;
    room = sizeof(buf);
    (void) iconv(cd, NULL, NULL, &out, &room);
    for (i = 0; i < (sizeof(buf) - room) / 4; i++) {
        put(w, buf[i]);
    }
    iconv_close(cd);
    return 0;
}

static int
is(const char *format, const char *name)
{
    return strcmp(format, name) == 0;
}

/* Whether its bytes are UTF-8 but for a few that somebody has put or cut in. */
static int
mostly_utf8(const char *p, size_t len, uint64_t *bad)
{
    uint64_t good = 0;
    uint32_t c;
    size_t   n;

    *bad = 0;
    for (; len > 0; p += n, len -= n) {
        n = platen_utf8_decode(p, len, &c);
        good += c != PLATEN_UTF8_MALFORMED && c >= 0x80;
        *bad += c == PLATEN_UTF8_MALFORMED;
    }
    return *bad == 0 || good >= 10 * *bad;
}

/* The charset that the text declares, if it can be that one; "" if none. */
static const char *
declared(const char *format, const char *p, size_t len)
{
    size_t      at, n;
    const char *name;
    char        shown[32];

    if (!is(format, "html") && !is(format, "svg")) {
        return NULL;
    }
    n = platen_charset_declared(p, len, &at);
    if (n == 0) {
        return NULL;
    }
    name = platen_charset_find(p + at, n);
    if (name == NULL) {
        snprintf(shown, sizeof(shown), "%.*s", (int) n, p + at);
        warn("The document says that its charset is \"%s\", which is not known here.", shown);
        return NULL;
    }
    /* What could be read so far was in bytes. */
    return strncmp(name, "utf-16", 6) == 0 || strncmp(name, "utf-32", 6) == 0 ? "utf-8" : name;
}

static const char *
choose(const char *format, const char *said, const char *p, size_t len, size_t *mark)
{
    const char *name;
    uint64_t    bad;

    name = platen_charset_mark(p, len, mark);
    if (name != NULL) {
        if (said != NULL && strcmp(said, name) != 0
            && !(strcmp(said, "utf-16") == 0 && strncmp(name, "utf-16", 6) == 0)
            && !(strcmp(said, "utf-32") == 0 && strncmp(name, "utf-32", 6) == 0)) {
            warn("The text begins with the mark of %s, and was read as that, not as %s.", name,
                 said);
        }
        return name;
    }
    if (said != NULL) {
        return said;
    }
    name = memchr(p, '\0', len) != NULL ? platen_charset_wide(p, len) : NULL;
    if (name != NULL) {
        warn("The text does not say its charset; it was taken for %s. The option charset names "
             "another one.",
             name);
        return name;
    }
    name = declared(format, p, len);
    if (name != NULL && strcmp(name, "utf-8") != 0) {
        return name;
    }
    if (mostly_utf8(p, len, &bad)) {
        name = name == NULL ? platen_text_coded(p, len) : NULL;
        if (name == NULL) {
            return "utf-8";
        }
    } else {
        if (name != NULL) {
            warn("The document says that its charset is utf-8, and it is not.");
        }
        name = platen_text_guess(p, len);
    }
    warn("The text does not say its charset; it was taken for %s. The option charset names "
         "another one.",
         name);
    return name;
}

/*
 * A page for LibreOffice, which cuts a character beyond U+FFFF in half that begins a line
 * of preformatted text: a reference is what it reads whole, and the same to all.
 */
static void
put_whole(FILE *out, const char *p, size_t len)
{
    const char *end = p + len, *from = p;
    uint32_t    code;
    size_t      n;

    while ((p = memchr(p, '\n', (size_t) (end - p))) != NULL && ++p < end) {
        if ((unsigned char) *p < 0xf0) {
            continue;
        }
        n = platen_utf8_decode(p, (size_t) (end - p), &code);
        if (code == PLATEN_UTF8_MALFORMED) {
            continue;
        }
        fwrite(from, 1, (size_t) (p - from), out);
        fprintf(out, "&#%lu;", (unsigned long) code);
        p += n;
        from = p;
    }
    fwrite(from, 1, (size_t) (end - from), out);
}

/* Writes HTML with the declaration that is true of it now. */
static int
put_html(writer_t *w, const char *text, size_t len, const char *charset)
{
    size_t at, n = platen_charset_declared(text, len, &at);

    if (n == 0) {
        return fwrite(text, 1, len, w->out) == len ? 0 : -1;
    }
    return fwrite(text, 1, at, w->out) == at && fputs(charset, w->out) >= 0
                   && fwrite(text + at + n, 1, len - at - n, w->out) == len - at - n
               ? 0
               : -1;
}

#define A4_WIDTH 595 /* points */
#define A4_HEIGHT 842
#define MARGINS 114   /* of LibreOffice, left and right together */
#define PAGE_MAX 8640 /* 120 inches: what LibreOffice takes */

/* A page size that the page's tables fit on, where they do not fit on A4 as it is. */
static void
put_size(const char *page, size_t len, FILE *out)
{
    unsigned width = platen_text_width(page, len) + MARGINS, height = A4_WIDTH;

    if (width <= A4_WIDTH || memmem(page, len, "@page", 5) != NULL) {
        return;
    }
    if (width <= A4_HEIGHT) {
        width = A4_HEIGHT;
    } else {
        width = width < PAGE_MAX ? width : PAGE_MAX;
        height = width * A4_WIDTH / A4_HEIGHT;
    }
    fprintf(out, "<style>@page { size: %upt %upt }</style>", width, height);
}

/* Markdown's front matter: a value with a colon in it has to be quoted for YAML. */
static void
put_front_matter(writer_t *w, const char *text, size_t len)
{
    const char *p = text, *end = text + len, *eol, *colon, *value, *close = NULL;

    if (len > 4 && memcmp(p, "---\n", 4) == 0) {
        close = memmem(p + 3, len - 3, "\n---", 4);
        if (close == NULL || close - p > 65536) {
            close = NULL;
        }
    }
    for (; close != NULL && p < close; p = eol + 1) {
        eol = memchr(p, '\n', (size_t) (end - p));
        colon = memmem(p, (size_t) (eol - p), ": ", 2);
        value = colon == NULL ? eol : colon + 2;
        if (*p == ' ' || *p == '-' || *p == '#' || value >= eol
            || strchr("\"'[{|>&*!", *value) != NULL
            || (memmem(value, (size_t) (eol - value), ": ", 2) == NULL && eol[-1] != ':'
                && strchr("@`%", *value) == NULL)) {
            fwrite(p, 1, (size_t) (eol + 1 - p), w->out);
            continue;
        }
        fwrite(p, 1, (size_t) (value - p), w->out);
        fputc('\'', w->out);
        for (; value < eol; value++) {
            if (*value == '\'') {
                fputc('\'', w->out);
            }
            fputc(*value, w->out);
        }
        fputs("'\n", w->out);
    }
    fwrite(p, 1, (size_t) (end - p), w->out);
}

/* The page without what it does not show, with its length; NULL: as it is. */
static char *
shown(const char *text, size_t len, size_t *out_len)
{
    char *page = NULL;
    FILE *out = open_memstream(&page, out_len);
    int   found;

    if (out == NULL) {
        return NULL;
    }
    found = platen_text_hide(text, len, NULL, NULL, out);
    if (found < 0) {
        warn("The page has too many elements within each other; what it hides is in the "
             "result.");
    }
    if (fclose(out) != 0 || found < 0) {
        free(page);
        return NULL;
    }
    if (found & PLATEN_TEXT_UNCLEAR) {
        warn("The page hides some of its parts by rules of its style that are not followed "
             "here; they are in the result.");
    }
    if (found & PLATEN_TEXT_UNPRINTED) {
        warn("What the page shows on screens and not on paper is not in the result.");
    }
    if (found & PLATEN_TEXT_UNCLOSED) {
        warn("A comment of the page never ends; what follows it is not in the result.");
    }
    return page;
}

static void
warn_of_outside(const char *text, size_t len)
{
    char     first[256];
    unsigned count = platen_text_outside(text, len, first, sizeof(first));

    if (count > 0) {
        warn("The page names %u %s that it does not contain (%s%s), and nothing is fetched: "
             "what they would show is not in the result.",
             count, count == 1 ? "file" : "files", first, count == 1 ? "" : ", ...");
    }
}

static int
decode(const char *format, const char *said, int mark, const char *p, size_t len, FILE *out)
{
    writer_t    w = { .line = 1 };
    char       *text = NULL, *page;
    size_t      size, page_size, skip, n, line;
    const char *charset;
    int         rc = 0;

    if (is(format, "rtf")) {
        /* Bytes of its own; only what stands before it is not to be there. */
        for (skip = len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
             skip < len && p[skip] != '{'; skip++) {
        }
        return platen_text_rtf(p + skip, len - skip, out);
    }

    w.out = open_memstream(&text, &size);
    if (w.out == NULL) {
        return say(PLATEN_TEXT_MEMORY, "out of memory");
    }
    w.lines =
        !is(format, "csv") && !is(format, "tsv") && !is(format, "json") && !is(format, "jsonl");
    w.clean = w.lines;
    charset = choose(format, said, p, len, &skip);
    if (strcmp(charset, "utf-8") == 0) {
        put_utf8(&w, p + skip, len - skip);
    } else {
        rc = put_other(&w, charset, p + skip, len - skip);
    }
    if (fclose(w.out) != 0 && rc == 0) {
        rc = say(PLATEN_TEXT_MEMORY, "out of memory");
    }
    if (rc == 0 && w.bad > 0) {
        warn("%llu bytes are no characters of %s, the first in line %llu, column %llu; "
             "\xef\xbf\xbd"
             " stands in their place.",
             (unsigned long long) w.bad, charset, (unsigned long long) w.bad_line,
             (unsigned long long) w.bad_column);
    }
    if (rc == 0 && w.controls > 0) {
        warn("%llu control characters were left out of the text.",
             (unsigned long long) w.controls);
    }
    w.out = out;
    if (rc == 0 && (mark || is(format, "html"))) {
        fputs("\xef\xbb\xbf", out);
    }
    if (rc == 0 && is(format, "html")) {
        page = shown(text, size, &page_size);
        if (page != NULL) {
            free(text);
            text = page;
            size = page_size;
        }
        (void) platen_text_columns_of(&text, &size);
        warn_of_outside(text, size);
        put_size(text, size, out);
        n = platen_charset_declared(text, size, &skip);
        put_whole(out, text, n == 0 ? 0 : skip);
        fputs(n == 0 ? "" : "utf-8", out);
        put_whole(out, text + (n == 0 ? 0 : skip + n), size - (n == 0 ? 0 : skip + n));
    } else if (rc == 0 && is(format, "md")) {
        line = platen_text_unclosed(text, size);
        if (line > 0) {
            warn(
                "The comment that begins in line %zu never ends; what follows it is not in the "
                "result.",
                line);
        }
        put_front_matter(&w, text, size);
    } else if (rc == 0) {
        fwrite(text, 1, size, out);
    }
    free(text);
    return rc;
}

/* From UTF-8; what the charset does not have becomes a question mark, and is named. */
static int
encode(const char *format, const char *charset, const char *p, size_t len, FILE *out)
{
    iconv_t  cd = iconv_open(platen_charset_iconv_to(charset), "UTF-8");
    char    *text = NULL, buf[8192], first[8] = "", *in, *to;
    size_t   size, n, room, skip;
    uint64_t lost = 0;
    writer_t w = { .out = NULL };
    uint32_t c;

    if (cd == (iconv_t) -1) {
        return say(PLATEN_TEXT_USAGE, "the charset is not known to this machine's iconv");
    }
    (void) platen_charset_mark(p, len, &skip);
    p += skip;
    len -= skip;
    if (is(format, "html")) {
        w.out = open_memstream(&text, &size);
        if (w.out == NULL || put_html(&w, p, len, charset) != 0 || fclose(w.out) != 0) {
            return say(PLATEN_TEXT_MEMORY, "out of memory");
        }
        p = text;
        len = size;
    }
    in = (char *) (uintptr_t) p;
    while (len > 0) {
        to = buf;
        room = sizeof(buf) - 8;
        n = iconv(cd, &in, &len, &to, &room);
        fwrite(buf, 1, (size_t) (to - buf), out);
        if (n == (size_t) -1 && errno != E2BIG) {
            char  *mark = (char *) (uintptr_t) "?";
            size_t one = 1;

            n = platen_utf8_decode(in, len, &c);
            if (lost++ == 0) {
                snprintf(first, sizeof(first), "%.*s", (int) n, in);
            }
            in += n;
            len -= n;
            to = buf;
            room = sizeof(buf);
            (void) iconv(cd, &mark, &one, &to, &room);
            fwrite(buf, 1, (size_t) (to - buf), out);
        }
    }
    to = buf;
    room = sizeof(buf);
    (void) iconv(cd, NULL, NULL, &to, &room);
    fwrite(buf, 1, (size_t) (to - buf), out);
    iconv_close(cd);
    free(text);
    if (lost > 0) {
        warn("%llu characters cannot be written in %s, the first is \"%s\"; ? stands in their "
             "place.",
             (unsigned long long) lost, charset, first);
    }
    return 0;
}

/* The whole file; "" for an empty one.  NULL with errno. */
static const char *
map(const char *path, size_t *len)
{
    struct stat st;
    void       *p = MAP_FAILED;
    int         fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, &st) == 0) {
        *len = (size_t) st.st_size;
        p = *len == 0 ? (void *) (uintptr_t) ""
                      : mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    return p == MAP_FAILED ? NULL : p;
}

/* How many elements of HTML there are among those of a drawing. */
static unsigned
foreign(const char *p, size_t len)
{
    static const char name[] = "foreignObject";
    const char       *end = p + len, *start = p - 1, *tag;
    unsigned          n = 0;

    for (; (p = memmem(p, (size_t) (end - p), name, sizeof(name) - 1)) != NULL;
         p += sizeof(name) - 1) {
        tag = p - 1;
        if (*tag == ':') { /* a prefix, in a start tag */
            do {
                tag--;
            } while (tag > start && (isalnum((unsigned char) *tag) || strchr("-._", *tag)));
        }
        n += tag >= start && *tag == '<';
    }
    return n;
}

static int
look(const char *svg, char **program)
{
    char        first[256];
    size_t      len;
    const char *p = map(svg, &len);
    unsigned    n;

    if (p != NULL && len > 0) {
        n = foreign(p + 1, len - 1);
        if (n > 0) {
            warn("HTML in the drawing (foreignObject) is not drawn; the text of %u %s is not "
                 "in the result.",
                 n, n == 1 ? "element" : "elements");
        }
        n = platen_text_outside(p, len, first, sizeof(first));
        if (n > 0) {
            warn("The drawing names %u %s that it does not contain (%s%s), and nothing is "
                 "fetched: what they would show is not in the result.",
                 n, n == 1 ? "file" : "files", first, n == 1 ? "" : ", ...");
        }
    }
    execv(program[0], program);
    return say(PLATEN_TEXT_SETUP, strerror(errno));
}

static int
read_book(const char *epub, const char *copy, char **program)
{
    int found = platen_text_book(epub, copy);

    if (found & PLATEN_TEXT_LOCKED_BOOK && found > 0) {
        return say(PLATEN_TEXT_LOCKED, "the book is locked");
    }
    if (found < 0) {
        /* What it is then is for the program to say. */
        found = 0;
        (void) unlink(copy);
        if (symlink(epub, copy) != 0) {
            return say(PLATEN_TEXT_SETUP, strerror(errno));
        }
    }
    if (found & PLATEN_TEXT_DEEP) {
        warn("Pages of the book have too many elements within each other; what they hide is in "
             "the result.");
    }
    if (found & PLATEN_TEXT_UNCLEAR) {
        warn("The book hides some of its parts by rules of its style that are not followed "
             "here; they are in the result.");
    }
    if (found & PLATEN_TEXT_UNPRINTED) {
        warn("What the book shows on screens and not on paper is not in the result.");
    }
    execv(program[0], program);
    return say(PLATEN_TEXT_SETUP, strerror(errno));
}

int
main(int argc, char **argv)
{
    static const struct option names[] = {
        { "format", required_argument, NULL, 'f' },
        { "charset", required_argument, NULL, 'c' },
        { "to-charset", required_argument, NULL, 't' },
        { "mark", no_argument, NULL, 'm' },
        { NULL, 0, NULL, 0 },
    };
    const char *format = NULL, *said = NULL, *to = NULL, *p;
    size_t      len;
    FILE       *out;
    int         option, mark = 0, rc;

    if (argc > 3 && strcmp(argv[1], "--look") == 0) {
        return look(argv[2], argv + 3);
    }
    if (argc > 4 && strcmp(argv[1], "--book") == 0) {
        return read_book(argv[2], argv[3], argv + 4);
    }
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case 'f':
            format = optarg;
            break;
        case 'c':
            said = platen_charset_find(optarg, strlen(optarg));
            if (said == NULL) {
                return say(PLATEN_TEXT_USAGE, "there is no such charset");
            }
            break;
        case 't':
            to = platen_charset_find(optarg, strlen(optarg));
            if (to == NULL) {
                return say(PLATEN_TEXT_USAGE, "there is no such charset");
            }
            break;
        case 'm':
            mark = 1;
            break;
        default:
            return PLATEN_TEXT_USAGE;
        }
    }
    if (format == NULL || argc != optind + 2) {
        return say(PLATEN_TEXT_USAGE, "usage: platen-text --format FORMAT [--charset NAME] "
                                      "[--mark] [--to-charset NAME] INPUT OUTPUT");
    }
    /* A limit on the size of files is an error of write(2) like any other. */
    signal(SIGXFSZ, SIG_IGN);

    p = map(argv[optind], &len);
    if (p == NULL) {
        return say(errno == ENOMEM ? PLATEN_TEXT_MEMORY : PLATEN_TEXT_USAGE, strerror(errno));
    }
    out = fopen(argv[optind + 1], "we");
    if (out == NULL) {
        return say(PLATEN_TEXT_WRITE, strerror(errno));
    }
    rc = to != NULL ? encode(format, to, p, len, out) : decode(format, said, mark, p, len, out);
    if ((ferror(out) | fclose(out)) != 0 && rc == 0) {
        rc = say(PLATEN_TEXT_WRITE, "the result cannot be written");
    }
    if (rc != 0) {
        unlink(argv[optind + 1]);
    }
    return rc;
}
