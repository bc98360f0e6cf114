/*
 * ZIP files; see format/zip_check.h.  Every number in the file is hostile: each is
 * checked against the file's real size before use.
 *
 * Programs read one file in two ways: by its directory, or by the header before
 * each entry's data; with the ZIP64 numbers or without; from the last end
 * record or another.  platen_zip_check() refuses what would come out
 * differently, so that what it looked at is what the converter gets.
 */

#include "format/zip_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platen.h"
#include "base/utf8.h"

#define END_RECORD 22
#define END64_LOCATOR 20
#define END64_RECORD 56
#define CENTRAL_HEADER 46
#define LOCAL_HEADER 30

#define ENCRYPTED 0x0001 /* general purpose bit flags */
#define STREAMED 0x0008  /* sizes follow the data */
#define STRONG 0x0040    /* encryption */
#define UTF8_NAME 0x0800 /* bit 11: the name says that it is in UTF-8 */

#define EXTRA_ZIP64 1
#define NAME_MAX_LEN 1024
#define LOCAL_MAX (LOCAL_HEADER + NAME_MAX_LEN + 1024) /* with some extra field */

const platen_zip_limits_t platen_zip_limits = {
    .entries = PLATEN_ZIP_ENTRIES,
    .total = UINT64_C(1) << 30,
    .entry = UINT64_C(1) << 29,
    .ratio_from = UINT64_C(64) << 20,
    .ratio = 200,
};

static uint64_t
le(const uint8_t *p, int n)
{
    uint64_t v = 0;

    while (n-- > 0) {
        v = v << 8 | p[n];
    }
    return v;
}

/* Reads up to n bytes; how many there are, or -1 with errno. */
static ssize_t
read_some(int fd, uint8_t *buf, size_t n, uint64_t offset)
{
    return offset > INT64_MAX - n ? 0 : pread(fd, buf, n, (off_t) offset);
}

/* Reads exactly n bytes; -1 if the file has fewer there. */
static int
read_at(int fd, uint8_t *buf, size_t n, uint64_t offset)
{
    ssize_t got = read_some(fd, buf, n, offset);

    return got >= 0 && (size_t) got == n ? 0 : -1;
}

typedef struct {
    uint64_t offset; /* of the central directory */
    uint64_t length;
    uint64_t entries;
    uint64_t end;       /* where the end record begins, ZIP64's if there is one */
    int      ambiguous; /* another end record fits the file as well, or they disagree */
} directory_t;

/*
 * The ZIP64 end record before an end record `p` at `at`: where the latter has no
 * room for a number, it has it.  -1 if there is none.
 */
static int
find_directory64(int fd, const uint8_t *p, uint64_t at, directory_t *d)
{
    static const struct {
        int at, len, at64;
    } fields[] = { { 10, 2, 32 }, { 12, 4, 40 }, { 16, 4, 48 } };
    uint8_t   locator[END64_LOCATOR], record[END64_RECORD];
    uint64_t *values[] = { &d->entries, &d->length, &d->offset }, value, full;
    size_t    i;

    if (at < END64_LOCATOR || read_at(fd, locator, sizeof(locator), at - END64_LOCATOR) != 0
        || memcmp(locator, "PK\6\7", 4) != 0
        || read_at(fd, record, sizeof(record), le(locator + 8, 8)) != 0
        || memcmp(record, "PK\6\6", 4) != 0) {
        return -1;
    }
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        full = fields[i].len == 2 ? UINT16_MAX : UINT32_MAX;
        value = le(record + fields[i].at64, 8);
        if (le(p + fields[i].at, fields[i].len) == full) {
            *values[i] = value;
        } else if (value != *values[i]) {
            d->ambiguous = 1;
        }
    }
    d->end = le(locator + 8, 8);
    return 0;
}

/* Finds the last end record.  -1 if there is none, or it points outside the file. */
static int
find_directory(int fd, uint64_t size, uint8_t *buf, directory_t *d)
{
    uint64_t tail, i, at = 0, next;
    uint8_t *p = NULL;

    memset(d, 0, sizeof(*d));
    tail = size < PLATEN_ZIP_BUFFER ? size : PLATEN_ZIP_BUFFER;
    if (tail < END_RECORD || read_at(fd, buf, tail, size - tail) != 0) {
        return -1;
    }

    for (i = tail - END_RECORD + 1; i-- > 0;) {
        if (memcmp(buf + i, "PK\5\6", 4) != 0) {
            continue;
        }
        next = i + END_RECORD + le(buf + i + 20, 2);
        if (p != NULL && next == tail) {
            d->ambiguous = 1;
        } else if (p == NULL && next <= tail) {
            p = buf + i;
            at = size - tail + i;
        }
    }
    if (p == NULL) {
        return -1;
    }

    d->entries = le(p + 10, 2);
    d->length = le(p + 12, 4);
    d->offset = le(p + 16, 4);
    d->end = at;
    (void) find_directory64(fd, p, at, d);
    return d->offset <= size && d->length <= size - d->offset ? 0 : -1;
}

/* The walk.  0, -1 if there is no first entry though there should be, -2 with errno. */
static int
walk(int fd, const directory_t *d, uint8_t *buf,
     int (*entry)(void *data, const platen_zip_entry_t *e), void *data)
{
    platen_zip_entry_t e;
    uint64_t           offset = d->offset, left = d->length;
    size_t             have = 0, pos = 0, need, next;
    ssize_t            got;
    int                n, again;

    for (n = 0; n < PLATEN_ZIP_ENTRIES; n++) {
        /* Name and extra field, or the name at least, which is 65,535 bytes at most. */
        for (again = 0; again < 2; again++) {
            need = CENTRAL_HEADER;
            if (have - pos >= CENTRAL_HEADER) {
                need += le(buf + pos + 28, 2);
                next = need + le(buf + pos + 30, 2);
                need = next <= PLATEN_ZIP_BUFFER ? next : need;
            }
            if (have - pos >= need) {
                break;
            }
            memmove(buf, buf + pos, have - pos);
            have -= pos;
            pos = 0;
            next = PLATEN_ZIP_BUFFER - have < left ? PLATEN_ZIP_BUFFER - have : left;
            got = read_some(fd, buf + have, next, offset);
            if (got < 0) {
                return -2;
            }
            have += (size_t) got;
            offset += (uint64_t) got;
            left -= (uint64_t) got;
        }

        if (have - pos < CENTRAL_HEADER || memcmp(buf + pos, "PK\1\2", 4) != 0) {
            return n > 0 || have == 0 ? 0 : -1;
        }

        e.flags = (uint16_t) le(buf + pos + 8, 2);
        e.method = (uint16_t) le(buf + pos + 10, 2);
        e.compressed = le(buf + pos + 20, 4);
        e.size = le(buf + pos + 24, 4);
        e.name_len = le(buf + pos + 28, 2);
        e.extra_len = le(buf + pos + 30, 2);
        e.attributes = (uint32_t) le(buf + pos + 38, 4);
        e.local = le(buf + pos + 42, 4);
        e.header_len = CENTRAL_HEADER + e.name_len + e.extra_len + le(buf + pos + 32, 2);
        e.name = (const char *) buf + pos + CENTRAL_HEADER;
        e.extra = NULL;
        if (have - pos < CENTRAL_HEADER + e.name_len) {
            return n > 0 ? 0 : -1;
        }
        if (have - pos >= CENTRAL_HEADER + e.name_len + e.extra_len) {
            e.extra = (const uint8_t *) e.name + e.name_len;
        }
        if (entry(data, &e) != 0) {
            return 0;
        }

        /* Extra field and comment may reach past the buffer: skip in the file. */
        next = e.header_len;
        if (next <= have - pos) {
            pos += next;
        } else {
            next -= have - pos;
            if (next > left) {
                return 0;
            }
            offset += next;
            left -= next;
            have = pos = 0;
        }
    }

    return 0;
}

int
platen_zip_walk(int fd, off_t size, uint8_t *buf,
                int (*entry)(void *data, const platen_zip_entry_t *e), void *data)
{
    directory_t d;

    if (size < 0 || find_directory(fd, (uint64_t) size, buf, &d) != 0) {
        return -1;
    }
    return walk(fd, &d, buf, entry, data) == 0 ? 0 : -1;
}

ssize_t
platen_zip_stored(int fd, const platen_zip_entry_t *e, char *out, size_t max)
{
    uint8_t  header[LOCAL_HEADER];
    uint64_t data;

    if (e->method != 0 || (e->flags & ENCRYPTED) != 0
        || read_at(fd, header, sizeof(header), e->local) != 0
        || memcmp(header, "PK\3\4", 4) != 0) {
        return -1;
    }

    data = e->local + LOCAL_HEADER + le(header + 26, 2) + le(header + 28, 2);
    return pread(fd, out, e->size < max ? e->size : max, (off_t) data);
}

/* Where an entry lies: from its local header to the end of its data. */
typedef struct {
    uint64_t begin, end;
    uint64_t name; /* a hash of it */
} span_t;

typedef struct {
    int                        fd;
    const platen_zip_limits_t *limits;
    platen_zip_verdict_t      *verdict;
    directory_t                directory;
    uint64_t                   walked; /* bytes of the directory */
    uint64_t                   size, compressed;
    span_t                    *spans;
    size_t                     n, room;
    int                        error; /* errno */
    uint8_t                    local[LOCAL_MAX];
    uint8_t                    buf[PLATEN_ZIP_BUFFER];
} check_t;

#define ANEW " Save the document anew in its own application and submit that."

/* One sentence for each rule, on the entry named first; and what to do. */
static const char *const sentences[] = {
    [PLATEN_ZIP_DIRECTORY] = "its table of contents contradicts itself." ANEW,
    [PLATEN_ZIP_TOO_MANY] = "it has more than %llu entries. Split the document.",
    [PLATEN_ZIP_TOO_LARGE] = "%s would unpack to more than %llu bytes. Split the document, or "
                             "make its parts smaller.",
    [PLATEN_ZIP_RATIO] =
        "%s would unpack to more than %llu times its size, as archives made to "
        "exhaust a server do. Split the document.",
    [PLATEN_ZIP_OVERLAP] = "%s shares its bytes with another part of the archive." ANEW,
    [PLATEN_ZIP_LOCAL] = "the header of %s is not what the table of contents says." ANEW,
    [PLATEN_ZIP_ENCRYPTED] = "%s is encrypted by the archive. Submit it without; a password "
                             "that the document's own application has set is no obstacle.",
    [PLATEN_ZIP_NAME] = "the name of %s would lead out of the archive, or is none." ANEW,
    [PLATEN_ZIP_NO_FILE] = "%s is a link or a device, not a file." ANEW,
    [PLATEN_ZIP_DUPLICATE] =
        "two entries have the same name, and which one counts is open." ANEW,
};

/* Notes the first rule that is broken; always 1, which ends the walk. */
static int
refuse(check_t *c, platen_zip_rule_t rule, ...)
{
    static const char start[] = "The archive that the document is in is not safe to unpack: ";
    va_list           args;

    if (c->verdict->rule == PLATEN_ZIP_SAFE) {
        c->verdict->rule = rule;
        memcpy(c->verdict->sentence, start, sizeof(start));
        va_start(args, rule);
        vsnprintf(c->verdict->sentence + sizeof(start) - 1,
                  PLATEN_ZIP_SENTENCE - sizeof(start) + 1, sentences[rule], args);
        va_end(args);
    }
    return 1;
}

/* An entry's name for a person, if it is one that can be shown; else its number. */
typedef struct {
    char text[64];
} title_t;

static title_t
title(const check_t *c, const platen_zip_entry_t *e)
{
    title_t t;
    size_t  i;

    snprintf(t.text, sizeof(t.text), "entry %zu", c->n + 1);
    for (i = 0; i < e->name_len && e->name[i] >= ' ' && e->name[i] <= '~'; i++) {
    }
    if (e->name_len > 0 && e->name_len <= 40 && i == e->name_len) {
        snprintf(t.text, sizeof(t.text), "entry %zu (%.*s)", c->n + 1, (int) e->name_len,
                 e->name);
    }
    return t;
}

/*
 * The ZIP64 field among extra fields (4.5.3): each value that its header has no
 * room for, in this order.  -1 if one is missing, or if there is a field for
 * values that are in the header and are others there: some programs take those.
 */
static int
read_extra64(const uint8_t *extra, size_t len, uint64_t *values[], size_t n)
{
    size_t   i, at = 0, id_len, saturated = 0;
    uint64_t value;

    for (i = 0; i < n; i++) {
        saturated += *values[i] == UINT32_MAX;
    }
    while (len - at >= 4) {
        id_len = le(extra + at + 2, 2);
        if (id_len > len - at - 4) {
            break;
        }
        if (le(extra + at, 2) != EXTRA_ZIP64) {
            at += 4 + id_len;
            continue;
        }

        at += 4;
        for (i = 0; i < n && id_len >= 8; i++) {
            if (saturated != 0 && *values[i] != UINT32_MAX) {
                continue;
            }
            value = le(extra + at, 8);
            if (saturated == 0 && value != *values[i]) {
                return -1;
            }
            *values[i] = value;
            at += 8;
            id_len -= 8;
        }
        break;
    }

    /* Where one was left as it is, nothing was said of it. */
    for (i = 0; i < n; i++) {
        if (*values[i] == UINT32_MAX) {
            return -1;
        }
    }
    return 0;
}

/*
 * Whether a name stays below the directory that it is unpacked to, on any system.
 * A backslash separates on some; in names of East Asian archives, which are not
 * in UTF-8, it is the second byte of a character.
 */
static int
is_name_safe(const char *name, size_t len)
{
    size_t i, begin = 0;
    int    utf8 = platen_utf8_valid(name, len);

    if (len == 0 || len > NAME_MAX_LEN || memchr(name, '\0', len) != NULL || name[0] == '/'
        || (len > 1 && name[1] == ':'
            && ((name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z'))) {
        return 0;
    }
    for (i = 0; i <= len; i++) {
        if (i < len && name[i] != '/' && name[i] != '\\') {
            continue;
        }
        if (i < len && name[i] == '\\'
            && (utf8 || i == 0 || (unsigned char) name[i - 1] < 0x80)) {
            return 0;
        }
        if (i - begin == 2 && memcmp(name + begin, "..", 2) == 0) {
            return 0;
        }
        begin = i + 1;
    }
    return 1;
}

/* A pipe is one: it is what Info-ZIP calls its standard input. */
static int
is_file(uint32_t attributes)
{
    switch (attributes >> 16 & S_IFMT) {
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFSOCK:
        return 0;
    default:
        return 1; /* or a directory; or of a system that has no such modes */
    }
}

static uint64_t
hash(const char *name, size_t len)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    size_t   i;

    for (i = 0; i < len; i++) {
        h = (h ^ (unsigned char) name[i]) * UINT64_C(1099511628211);
    }
    return h;
}

/*
 * Whether the local header says the same as the directory.  Where it was written
 * before the data was known it has zeros for sizes, or (ZIP64) all ones.
 */
static int
is_local_same(check_t *c, const platen_zip_entry_t *e, uint64_t *data)
{
    uint64_t size, compressed, *values[] = { &size, &compressed };
    uint16_t flags;
    size_t   name_len, extra_len, got;
    ssize_t  n;
    int      rc;

    n = read_some(c->fd, c->local, LOCAL_MAX, e->local);
    if (n < 0) {
        c->error = errno;
        return 0;
    }
    got = (size_t) n;
    if (got < LOCAL_HEADER || memcmp(c->local, "PK\3\4", 4) != 0) {
        return 0;
    }

    flags = (uint16_t) le(c->local + 6, 2);
    compressed = le(c->local + 18, 4);
    size = le(c->local + 22, 4);
    name_len = le(c->local + 26, 2);
    extra_len = le(c->local + 28, 2);
    *data = e->local + LOCAL_HEADER + name_len + extra_len;
    if (((flags ^ e->flags) & ENCRYPTED) != 0 || le(c->local + 8, 2) != e->method
        || name_len != e->name_len || got < LOCAL_HEADER + name_len
        || memcmp(c->local + LOCAL_HEADER, e->name, name_len) != 0) {
        return 0;
    }

    got -= LOCAL_HEADER + name_len;
    rc = read_extra64(c->local + LOCAL_HEADER + name_len, extra_len < got ? extra_len : got,
                      values, 2);
    if ((flags & STREAMED) != 0) {
        return (size == e->size || size == 0 || size == UINT32_MAX)
               && (compressed == e->compressed || compressed == 0 || compressed == UINT32_MAX);
    }
    return rc == 0 && size == e->size && compressed == e->compressed;
}

static int
keep(check_t *c, const span_t *span)
{
    span_t *more;

    if (c->n == c->room) {
        more = realloc(c->spans, (c->room * 2 + 64) * sizeof(span_t));
        if (more == NULL) {
            c->error = ENOMEM;
            return -1;
        }
        c->spans = more;
        c->room = c->room * 2 + 64;
    }
    c->spans[c->n++] = *span;
    return 0;
}

static int
check_entry(void *data, const platen_zip_entry_t *claim)
{
    check_t                   *c = data;
    const platen_zip_limits_t *limits = c->limits;
    platen_zip_entry_t         e = *claim;
    uint64_t                  *values[] = { &e.size, &e.compressed, &e.local };
    title_t                    t = title(c, &e);
    span_t                     span;

    c->walked += e.header_len;
    if (c->n == limits->entries) {
        return refuse(c, PLATEN_ZIP_TOO_MANY, (unsigned long long) limits->entries);
    }
    if (!is_name_safe(e.name, e.name_len)
        || ((e.flags & UTF8_NAME) != 0 && !platen_utf8_valid(e.name, e.name_len))) {
        return refuse(c, PLATEN_ZIP_NAME, t.text);
    }
    if (e.extra == NULL || read_extra64(e.extra, e.extra_len, values, 3) != 0) {
        return refuse(c, PLATEN_ZIP_DIRECTORY);
    }
    if ((e.flags & (ENCRYPTED | STRONG)) != 0) {
        return refuse(c, PLATEN_ZIP_ENCRYPTED, t.text);
    }
    if (!is_file(e.attributes)) {
        return refuse(c, PLATEN_ZIP_NO_FILE, t.text);
    }

    if (e.size > limits->entry) {
        return refuse(c, PLATEN_ZIP_TOO_LARGE, t.text, (unsigned long long) limits->entry);
    }
    if (e.size > limits->ratio_from && e.size / limits->ratio >= e.compressed) {
        return refuse(c, PLATEN_ZIP_RATIO, t.text, (unsigned long long) limits->ratio);
    }

    if (!is_local_same(c, &e, &span.end) || (e.method == 0 && e.size != e.compressed)) {
        return refuse(c, PLATEN_ZIP_LOCAL, t.text);
    }
    if (span.end > c->directory.offset || e.compressed > c->directory.offset - span.end) {
        return refuse(c, PLATEN_ZIP_OVERLAP, t.text);
    }

    /* Without overlap they cannot be more than the file; with it, it is no matter. */
    c->compressed += e.compressed;
    c->size += e.size;
    if (c->size > limits->total) {
        return refuse(c, PLATEN_ZIP_TOO_LARGE, "the whole of it",
                      (unsigned long long) limits->total);
    }

    span.begin = e.local;
    span.end += e.compressed;
    span.name = hash(e.name, e.name_len);
    return keep(c, &span) == 0 ? 0 : 1;
}

static int
by_begin(const void *a, const void *b)
{
    const span_t *x = a, *y = b;

    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int
by_name(const void *a, const void *b)
{
    const span_t *x = a, *y = b;

    return (x->name > y->name) - (x->name < y->name);
}

/* What only shows when all entries are known. */
static void
check_together(check_t *c)
{
    const platen_zip_limits_t *limits = c->limits;
    size_t                     i;

    if (c->size > limits->ratio_from && c->size / limits->ratio >= c->compressed) {
        refuse(c, PLATEN_ZIP_RATIO, "the whole of it", (unsigned long long) limits->ratio);
        return;
    }
    /* All of the directory was walked, or someone else finds more in it. */
    if (c->n != c->directory.entries || c->walked != c->directory.length) {
        refuse(c, PLATEN_ZIP_DIRECTORY);
        return;
    }
    if (c->n == 0) {
        return;
    }

    qsort(c->spans, c->n, sizeof(span_t), by_begin);
    for (i = 1; i < c->n; i++) {
        if (c->spans[i].begin < c->spans[i - 1].end) {
            refuse(c, PLATEN_ZIP_OVERLAP, "one of its entries");
            return;
        }
    }
    qsort(c->spans, c->n, sizeof(span_t), by_name);
    for (i = 1; i < c->n; i++) {
        if (c->spans[i].name == c->spans[i - 1].name) {
            refuse(c, PLATEN_ZIP_DUPLICATE);
            return;
        }
    }
}

int
platen_zip_check(int fd, off_t size, const platen_zip_limits_t *limits,
                 platen_zip_verdict_t *verdict)
{
    check_t           *c;
    const directory_t *d;
    uint8_t            magic[4];
    int                rc = PLATEN_OK;

    memset(verdict, 0, sizeof(*verdict));
    c = malloc(sizeof(*c));
    if (c == NULL) {
        errno = ENOMEM;
        return PLATEN_ERROR;
    }
    memset(c, 0, offsetof(check_t, local));
    c->fd = fd;
    c->limits = limits;
    c->verdict = verdict;
    d = &c->directory;

    if (size < 0 || read_at(fd, magic, sizeof(magic), 0) != 0
        || find_directory(fd, (uint64_t) size, c->buf, &c->directory) != 0) {
        rc = PLATEN_NOT_FOUND;
    } else if (d->ambiguous || d->offset + d->length != d->end
               || (memcmp(magic, "PK\3\4", 4) != 0 && memcmp(magic, "PK\5\6", 4) != 0)) {
        refuse(c, PLATEN_ZIP_DIRECTORY);
    } else if (d->entries > limits->entries) {
        refuse(c, PLATEN_ZIP_TOO_MANY, (unsigned long long) limits->entries);
    } else {
        rc = walk(fd, d, c->buf, check_entry, c);
        if (rc == -2) {
            c->error = errno;
        } else if (rc == -1) {
            refuse(c, PLATEN_ZIP_DIRECTORY);
        } else if (verdict->rule == PLATEN_ZIP_SAFE && c->error == 0) {
            check_together(c);
        }
        rc = PLATEN_OK;
    }

    if (c->error != 0) {
        memset(verdict, 0, sizeof(*verdict));
        errno = c->error;
        rc = PLATEN_ERROR;
    }
    free(c->spans);
    free(c);
    return rc;
}
