/*
 * A copy of an EPUB for programs that follow little of what it says; see text/main.h.
 *
 * Each of its pages is written without what it hides, by its own style sheets and by those
 * that it names in the book.  What pandoc would leave out by its kind (epub:type) loses the
 * kind: a title page, a table of contents that is to be read, and notes to which no reference
 * of the same page leads.  That a book's fonts are scrambled, which MuPDF takes for a lock,
 * is not said any more; a book with a lock on anything else is none that can be read here.
 * Entries that stay as they are are copied as they are compressed.
 */

#include "text/main.h"
#include "text/style.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zip.h>

#include "zip_entry.h"

#define PART_MAX (32 << 20) /* a larger part is left as it is */
#define NAME_LEN 1024
#define LOCKS "META-INF/encryption.xml"

typedef struct {
    zip_t      *zip;
    const char *page; /* the name of the one that is read */
} book_t;

/* To what the page that is read refers in itself. */
typedef struct {
    int            looked;
    platen_span_t *to;
    size_t         n;
} references_t;

/* The name in the book of what a page names; 0: it is too long, or outside of it. */
static int
resolve(char *name, const char *page, const char *href, size_t n)
{
    const char *slash = strrchr(page, '/');
    size_t      len = slash == NULL ? 0 : (size_t) (slash + 1 - page), i;
    char        digits[3] = "", *end;
    long        code;

    for (i = 0; i < n && href[i] != '#' && href[i] != '?'; i++) {
    }
    n = i;
    if (len + n + 1 > NAME_LEN || memchr(href, ':', n) != NULL) {
        return 0;
    }
    memcpy(name, page, len);
    for (i = 0; i < n; i++) {
        if (n - i >= 3 && memcmp(href + i, "../", 3) == 0
            && (len == 0 || name[len - 1] == '/')) {
            for (len -= len > 0; len > 0 && name[len - 1] != '/'; len--) {
            }
            i += 2;
            continue;
        }
        name[len] = href[i];
        if (href[i] == '%' && n - i >= 3) {
            memcpy(digits, href + i + 1, 2);
            code = strtol(digits, &end, 16);
            if (*end == '\0' && code > 0) {
                name[len] = (char) code;
                i += 2;
            }
        }
        len++;
    }
    name[len] = '\0';
    return len > 0;
}

static char *
read_sheet(void *data, const char *href, size_t n, size_t *len)
{
    const book_t *book = data;
    char          name[NAME_LEN];

    return resolve(name, book->page, href, n)
               ? platen_zip_entry(book->zip, zip_name_locate(book->zip, name, 0), PART_MAX, len)
               : NULL;
}

static int
has_word(const char *p, size_t n, const char *word)
{
    size_t i = 0, len = strlen(word), from;

    while (i < n) {
        for (; i < n && isspace((unsigned char) p[i]); i++) {
        }
        for (from = i; i < n && !isspace((unsigned char) p[i]); i++) {
        }
        if (i - from == len && strncasecmp(p + from, word, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static int
compare(const void *a, const void *b)
{
    const platen_span_t *x = a, *y = b;

    return x->n != y->n ? (x->n > y->n) - (x->n < y->n) : memcmp(x->p, y->p, x->n);
}

/* All that follows a "#" up to the end of an attribute, in order; without memory, what there
 * is. */
static void
find_references(references_t *r, const char *text, size_t len)
{
    const char    *p = text, *end = text + len;
    platen_span_t *grown;
    size_t         n;

    r->looked = 1;
    for (; (p = memchr(p, '#', (size_t) (end - p))) != NULL; p += n) {
        p++;
        for (n = 0; p + n < end && strchr("\"'#<> \t\r\n", p[n]) == NULL; n++) {
        }
        if (p + n == end || (p[n] != '"' && p[n] != '\'')) {
            continue;
        }
        if (r->n % 1024 == 0) {
            grown = realloc(r->to, (r->n + 1024) * sizeof(*grown));
            if (grown == NULL) {
                break;
            }
            r->to = grown;
        }
        r->to[r->n++] = (platen_span_t){ p, n };
    }
    if (r->n > 0) {
        qsort(r->to, r->n, sizeof(*r->to), compare);
    }
}

/* Whether the page has a reference to the element whose tag is [tag, end). */
static int
is_referred(references_t *r, const char *text, size_t len, const char *tag, const char *end)
{
    const char   *at = tag;
    char          quote;
    platen_span_t id;

    while ((at = memmem(at, (size_t) (end - at), "id=", 3)) != NULL) {
        at += 3; /* which may be the end */
        quote = *at;
        if (!isspace((unsigned char) at[-4]) || (quote != '"' && quote != '\'')) {
            continue;
        }
        for (id = (platen_span_t){ ++at, 0 }; at + id.n < end && at[id.n] != quote; id.n++) {
        }
        if (!r->looked) {
            find_references(r, text, len);
        }
        return id.n > 0 && r->n > 0 && bsearch(&id, r->to, r->n, sizeof(id), compare) != NULL;
    }
    return 0;
}

/* Takes from elements the kind by which pandoc leaves them out; whether there were any. */
static int
keep_all(char *text, size_t len)
{
    static const char  kind[] = "epub:type", other[] = "data-type";
    static const char *notes[] = { "footnote",  "footnotes", "rearnote",
                                   "rearnotes", "endnote",   "endnotes" };
    references_t       references = { .to = NULL };
    char              *p = text, *end = text + len, *tag, *last, *value, *seen = text;
    size_t             n, i;
    int                drops, any = 0;

    for (; (p = memmem(p, (size_t) (end - p), kind, sizeof(kind) - 1)) != NULL; p++) {
        value = p + sizeof(kind) - 1;
        value += strspn(value, " \t\r\n");
        if (*value != '=') {
            continue;
        }
        value++;
        value += strspn(value, " \t\r\n");
        if ((*value != '"' && *value != '\'') || p == text || !isspace((unsigned char) p[-1])) {
            continue;
        }
        last = memchr(value + 1, *value, (size_t) (end - value - 1));
        /* No further back than where it was looked for before. */
        for (tag = p; tag > seen && *tag != '<'; tag--) {
        }
        seen = *tag == '<' ? tag : p;
        if (last == NULL || *tag != '<') {
            continue;
        }
        n = (size_t) (last - value - 1);
        drops = has_word(value + 1, n, "titlepage") || has_word(value + 1, n, "toc");
        last = memchr(last, '>', (size_t) (end - last));
        for (i = 0; !drops && last != NULL && i < sizeof(notes) / sizeof(notes[0]); i++) {
            drops = has_word(value + 1, n, notes[i])
                    && !is_referred(&references, text, len, tag, last);
        }
        if (drops) {
            memcpy(p, other, sizeof(other) - 1);
            any = 1;
        }
        if (last == NULL) {
            break;
        }
        p = last; /* an element has one kind */
    }
    free(references.to);
    return any;
}

static int
is_page(const char *name, const char *text, size_t len)
{
    static const char *const ends[] = { ".xhtml", ".html", ".htm", ".xml" };
    const char              *dot = strrchr(name, '.');
    size_t                   i;

    if (dot == NULL || strncmp(name, "META-INF/", 9) == 0) {
        return 0;
    }
    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcasecmp(dot, ends[i]) == 0) {
            return text == NULL || memmem(text, len < 4096 ? len : 4096, "<html", 5) != NULL;
        }
    }
    return 0;
}

/* The page as it is to be read; NULL: as it is in the book.  `found`: text/main.h. */
static char *
mended(book_t *book, zip_uint64_t i, size_t *len, int *found)
{
    const char *name = zip_get_name(book->zip, i, 0);
    size_t      size, shown_size = 0;
    char       *text, *shown = NULL;
    FILE       *out;
    int         any, rc;

    if (name == NULL || !is_page(name, NULL, 0)) {
        return NULL;
    }
    text = platen_zip_entry(book->zip, (zip_int64_t) i, PART_MAX, &size);
    if (text == NULL || !is_page(name, text, size)) {
        free(text);
        return NULL;
    }
    any = keep_all(text, size);
    book->page = name;
    out = open_memstream(&shown, &shown_size);
    rc = out == NULL ? -1 : platen_text_hide(text, size, read_sheet, book, out);
    if (out != NULL && fclose(out) != 0) {
        rc = -1;
    }
    *found |= rc < 0 ? PLATEN_TEXT_DEEP : rc;
    if (rc >= 0 && (shown_size != size || any)) {
        free(text);
        text = shown;
        size = shown_size;
        any = 1;
    } else {
        free(shown);
    }
    if (platen_text_columns_of(&text, &size) || any) {
        *len = size;
        return text;
    }
    free(text);
    return NULL;
}

/* Whether anything but fonts is locked, which is scrambled in one of two known ways. */
static int
is_locked(zip_t *zip)
{
    static const char *const fonts[] = { "http://www.idpf.org/2008/embedding",
                                         "http://ns.adobe.com/pdf/enc#RC" };
    static const char        method[] = "EncryptionMethod", algorithm[] = "Algorithm=";
    size_t                   len;
    char *text = platen_zip_entry(zip, zip_name_locate(zip, LOCKS, 0), PART_MAX, &len),
         *p = text, *next = text, *value;
    int    locked = 0;
    size_t i;

    while (p != NULL && (p = strstr(p, method)) != NULL) {
        p += sizeof(method) - 1;
        next = next < p ? strstr(p, algorithm) : next;
        if (next == NULL) {
            break;
        }
        value = next + sizeof(algorithm) - 1;
        value += *value != '\0'; /* its quote */
        for (i = 0; i < sizeof(fonts) / sizeof(fonts[0])
                    && strncmp(value, fonts[i], strlen(fonts[i])) != 0;
             i++) {
        }
        if (i == sizeof(fonts) / sizeof(fonts[0])) {
            locked = 1;
            break;
        }
    }
    free(text);
    return locked;
}

/* An entry of another archive, as it is there. */
static zip_source_t *
entry_of(zip_t *out, zip_t *from, zip_uint64_t i)
{
#if LIBZIP_VERSION_MAJOR > 1 || LIBZIP_VERSION_MINOR >= 10
    return zip_source_zip_file(out, from, i, 0, 0, -1, NULL);
#else
    return zip_source_zip(out, from, i, 0, 0, -1);
#endif
}

int
platen_text_book(const char *path, const char *copy)
{
    book_t        book = { .zip = zip_open(path, ZIP_RDONLY, NULL) };
    zip_t        *out = book.zip == NULL ? NULL : zip_open(copy, ZIP_CREATE | ZIP_EXCL, NULL);
    zip_source_t *source;
    zip_uint64_t  i, n;
    const char   *name;
    char         *text;
    size_t        len;
    int           found = 0;

    if (out != NULL && is_locked(book.zip)) {
        zip_discard(out);
        zip_discard(book.zip);
        return PLATEN_TEXT_LOCKED_BOOK;
    }
    n = out == NULL ? 0 : (zip_uint64_t) zip_get_num_entries(book.zip, 0);
    for (i = 0; i < n; i++) {
        name = zip_get_name(book.zip, i, 0);
        if (name == NULL || *name == '\0' || strcmp(name, LOCKS) == 0
            || name[strlen(name) - 1] == '/') {
            continue;
        }
        text = mended(&book, i, &len, &found);
        source =
            text != NULL ? zip_source_buffer(out, text, len, 1) : entry_of(out, book.zip, i);
        /* Of two entries with one name programs read the first. */
        if (source != NULL && zip_file_add(out, name, source, ZIP_FL_ENC_GUESS) < 0) {
            zip_source_free(source);
        } else if (source == NULL) {
            free(text);
            break;
        }
    }
    if (out == NULL || i < n || zip_close(out) != 0) {
        if (out != NULL) {
            zip_discard(out);
        }
        found = -1;
    }
    if (book.zip != NULL) {
        zip_discard(book.zip);
    }
    return found;
}
