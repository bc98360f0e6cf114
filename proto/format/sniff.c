/* Content sniffing; see format/sniff.h. */

#include "format/sniff.h"

#include <errno.h>
#include <magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/charset.h"
#include "format/ole.h"
#include "base/utf8.h"
#include "format/zip_check.h"

/*
 * What libmagic may look at, in bytes.  Its time grows with the square of the
 * last two: a file of newlines takes it 300 ms of CPU otherwise (and an OLE
 * container of 2 KB 40 ms, which is why format/ole.h reads those).
 */
#define MAGIC_BYTES (64 * 1024) /* every signature of a document lies before */
#define MAGIC_TEXT 1024         /* in which text is told from data */
#define MAGIC_REGEX 512         /* a regular expression's reach */

/* No check that unpacks, runs or lists anything. */
#define FLAGS                                                                                  \
    (MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_CDF)

/* The first part of a file decides whether it is text. */
#define TEXT_BYTES (16 * 1024)

/* A PDF header may come after other bytes (ISO 32000-1, annex H, note 13). */
#define PDF_HEADER_WITHIN 1024

typedef struct {
    magic_t magic;
    uint8_t buf[PLATEN_ZIP_BUFFER];
} sniffer_t;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t  sniffer_key;

static void
sniffer_free(void *data)
{
    sniffer_t *s = data;

    if (s->magic != NULL) {
        magic_close(s->magic);
    }
    free(s);
}

static void
make_key(void)
{
    pthread_key_create(&sniffer_key, sniffer_free);
}

/* This thread's handle: libmagic's are not to be shared. */
static sniffer_t *
sniffer_get(void)
{
    static const struct {
        int    param;
        size_t value;
    } params[] = {
        { MAGIC_PARAM_BYTES_MAX, MAGIC_BYTES },
        { MAGIC_PARAM_ENCODING_MAX, MAGIC_TEXT },
        { MAGIC_PARAM_REGEX_MAX, MAGIC_REGEX },
        /* How often one entry of its database may call another, and start anew. */
        { MAGIC_PARAM_INDIR_MAX, 4 },
        { MAGIC_PARAM_NAME_MAX, 30 },
    };
    sniffer_t *s;
    size_t     i;

    pthread_once(&once, make_key);
    s = pthread_getspecific(sniffer_key);
    if (s != NULL) {
        return s;
    }

    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }

    s->magic = magic_open(FLAGS | MAGIC_MIME);
    if (s->magic == NULL || magic_load(s->magic, NULL) != 0) {
        goto failed;
    }
    for (i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        if (magic_setparam(s->magic, params[i].param, &params[i].value) != 0) {
            goto failed;
        }
    }
    if (pthread_setspecific(sniffer_key, s) == 0) {
        return s;
    }

failed:
    sniffer_free(s);
    errno = ENOENT;
    return NULL;
}

static uint64_t
bit(const char *name)
{
    const platen_format_t *f = platen_format_find(name, strlen(name));

    return f == NULL ? 0 : UINT64_C(1) << platen_format_index(f);
}

static uint64_t
family_bits(platen_family_t family)
{
    uint64_t bits = 0;
    size_t   i;

    for (i = 0; i < platen_nformats; i++) {
        if (platen_formats[i].family == family) {
            bits |= UINT64_C(1) << i;
        }
    }
    return bits;
}

/* What the names in a ZIP container say. */
typedef struct {
    int                    fd;
    int                    entries;
    int                    content_types;
    int                    root; /* what says where the document in it lies */
    const platen_format_t *ooxml;
    const platen_format_t *elsewhere; /* a part of it that does not lie where Office puts it */
    const platen_format_t *mimetype;
    int                    mimetype_seen;
    int                    odf_manifest;
    int                    epub_container;
    const char            *other; /* a container of some other kind, for a person */
} zip_clues_t;

static int
starts_with(const platen_zip_entry_t *e, const char *prefix)
{
    return e->name_len >= strlen(prefix) && strncasecmp(e->name, prefix, strlen(prefix)) == 0;
}

/* Whether that is the name of the file, wherever it lies. */
static int
ends_with(const platen_zip_entry_t *e, const char *name)
{
    size_t n = strlen(name);

    return e->name_len >= n && strncasecmp(e->name + e->name_len - n, name, n) == 0
           && (e->name_len == n || e->name[e->name_len - n - 1] == '/');
}

static int
is_named(const platen_zip_entry_t *e, const char *name)
{
    return e->name_len == strlen(name) && starts_with(e, name);
}

/* Containers that are read by nothing here, by a part that each has. */
static const char *
other_container(const platen_zip_entry_t *e)
{
    static const char *const parts[][2] = {
        { "Index/Document.iwa", "a document of Apple's Pages, Numbers or Keynote" },
        { "Index.zip", "a document of Apple's Pages, Numbers or Keynote" },
        { "AndroidManifest.xml", "an Android package" },
        { "META-INF/MANIFEST.MF", "a Java archive" },
        { "FixedDocSeq.fdseq", "an XPS document" },
        { "FixedDocumentSequence.fdseq", "an XPS document" },
        { "visio/document.xml", "a Visio drawing" },
        { "doc.kml", "a KMZ map" },
    };
    size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (is_named(e, parts[i][0])) {
            return parts[i][1];
        }
    }
    return NULL;
}

static int
zip_clue(void *data, const platen_zip_entry_t *e)
{
    static const char *const parts[][3] = { { "word/", "docx", "document.xml" },
                                            { "xl/", "xlsx", "workbook.xml" },
                                            { "ppt/", "pptx", "presentation.xml" } };
    zip_clues_t             *clues = data;
    const platen_format_t   *format;
    char                     mime[128];
    ssize_t                  n;
    size_t                   i;

    clues->entries++;
    if (clues->other == NULL) {
        clues->other = other_container(e);
    }

    if (is_named(e, "[Content_Types].xml")) {
        clues->content_types = 1;
    } else if (is_named(e, "_rels/.rels")) {
        clues->root = 1;
    } else if (is_named(e, "META-INF/manifest.xml")) {
        clues->odf_manifest = 1;
    } else if (is_named(e, "META-INF/container.xml")) {
        clues->epub_container = 1;
    } else if (is_named(e, "mimetype") && !clues->mimetype_seen) {
        clues->mimetype_seen = 1; /* ten thousand of that name cost no more than one */
        n = platen_zip_stored(clues->fd, e, mime, sizeof(mime));
        if (n > 0) {
            while (n > 0 && (mime[n - 1] == '\n' || mime[n - 1] == '\r')) {
                n--;
            }
            format = platen_format_by_mime(mime, (size_t) n);
            if (format != NULL && format->family == PLATEN_FAMILY_ZIP) {
                clues->mimetype = format;
            }
        }
    }

    for (i = 0; clues->ooxml == NULL && i < 3; i++) {
        if (starts_with(e, parts[i][0])) {
            clues->ooxml = platen_format_find(parts[i][1], 4);
        } else if (clues->elsewhere == NULL && ends_with(e, parts[i][2])) {
            clues->elsewhere = platen_format_find(parts[i][1], 4);
        }
    }

    return (clues->content_types && clues->ooxml != NULL) || clues->mimetype != NULL;
}

static void
is_format(platen_sniff_t *sniff, const platen_format_t *format)
{
    sniff->format = format;
    sniff->could_be = UINT64_C(1) << platen_format_index(format);
    snprintf(sniff->what, sizeof(sniff->what), "%s", format->title);
}

static void
sniff_zip(sniffer_t *s, int fd, off_t size, platen_sniff_t *sniff)
{
    zip_clues_t clues = { .fd = fd };

    if (platen_zip_walk(fd, size, s->buf, zip_clue, &clues) != 0) {
        snprintf(sniff->what, sizeof(sniff->what), "a damaged ZIP container");
        return;
    }

    if (clues.mimetype != NULL) {
        is_format(sniff, clues.mimetype);
    } else if (clues.content_types && clues.ooxml != NULL) {
        is_format(sniff, clues.ooxml);
    } else if (clues.content_types && clues.root && clues.elsewhere != NULL
               && clues.other == NULL) {
        /* Where parts lie is free (ECMA-376 part 2). */
        is_format(sniff, clues.elsewhere);
    } else if (clues.epub_container) {
        is_format(sniff, platen_format_find("epub", 4));
    } else if (clues.odf_manifest) {
        snprintf(sniff->what, sizeof(sniff->what), "an OpenDocument file of some kind");
        sniff->could_be = bit("odt") | bit("ods") | bit("odp");
    } else if (clues.other != NULL) {
        /* An archive all the same, for whoever says so. */
        snprintf(sniff->what, sizeof(sniff->what), "%s", clues.other);
        sniff->could_be = bit("zip");
    } else {
        is_format(sniff, platen_format_find("zip", 3));
    }
}

/*
 * Applications by a name in the root of their documents: a format, or words for
 * a person where it is none of ours.
 */
static const struct {
    const char *name;
    const char *format;
    const char *what;
} ole_names[] = {
    /* What is encrypted may have a WordDocument for programs that do not know of it. */
    { "EncryptedPackage", NULL, "an encrypted Office document" },
    { "WordDocument", "doc", NULL },
    { "Workbook", "xls", NULL },
    { "Book", "xls", NULL }, /* Excel 5 and 95 */
    { "PowerPoint Document", "ppt", NULL },
    { "VisioDocument", NULL, "a Visio drawing" },
    { "Quill", NULL, "a Publisher document" },
    { "__properties_version1.0", NULL, "an Outlook message" },
    { "HwpSummaryInformation", NULL, "a Hangul document" },
};

#define ENCRYPTED 1U /* the first of them */

/* Notes which of ole_names there are: bit n for the n-th. */
static int
ole_clue(void *data, const char *name)
{
    unsigned *found = data;
    size_t    i;

    for (i = 0; i < sizeof(ole_names) / sizeof(ole_names[0]); i++) {
        if (strcasecmp(name[0] == '\5' ? name + 1 : name, ole_names[i].name) == 0) {
            *found |= 1U << i;
        }
    }
    return 0;
}

static void
sniff_ole(int fd, off_t size, platen_sniff_t *sniff)
{
    unsigned found = 0;
    size_t   i;

    (void) platen_ole_walk(fd, size, ole_clue, &found);
    if ((found & ENCRYPTED) != 0) {
        found = ENCRYPTED;
    }
    for (i = 0; i < sizeof(ole_names) / sizeof(ole_names[0]); i++) {
        if ((found & 1U << i) == 0) {
            continue;
        }
        if (ole_names[i].format != NULL) {
            if (sniff->format == NULL) {
                is_format(sniff,
                          platen_format_find(ole_names[i].format, strlen(ole_names[i].format)));
            }
            sniff->could_be |= bit(ole_names[i].format);
        } else if (sniff->what[0] == '\0') {
            snprintf(sniff->what, sizeof(sniff->what), "%s", ole_names[i].what);
        }
    }

    if (found == 0) {
        snprintf(sniff->what, sizeof(sniff->what), "an Office 97 container of some kind");
        sniff->could_be = family_bits(PLATEN_FAMILY_OLE);
    } else if (found == ENCRYPTED) {
        sniff->could_be = family_bits(PLATEN_FAMILY_OOXML) | family_bits(PLATEN_FAMILY_OLE);
    }
}

/*
 * Whether the file is text, whatever libmagic takes its first words for: a mark
 * says so, or its first part is UTF-8, or units of two or four bytes.  A text
 * of eight bits that is none of these is left to libmagic.
 */
static int
is_text(const char *buf, size_t n, int whole)
{
    const char *name;
    size_t      mark, cut;

    if (n == 0) {
        return 0;
    }
    name = platen_charset_mark(buf, n, &mark);
    if (name != NULL && (mark == 2 || strncmp(name, "utf-32", 6) == 0)) {
        return platen_charset_is_wide(name, buf + mark, n - mark);
    }
    if (memchr(buf, '\0', n) != NULL) {
        n -= whole ? 0 : n % 4;
        /* A character of two units may be cut in half. */
        return platen_charset_wide(buf, n) != NULL
               || (!whole && n > 4 && platen_charset_wide(buf, n - 2) != NULL);
    }
    /* The last character may be cut off. */
    for (cut = 0; cut < 4 && cut < n; cut++) {
        if (platen_utf8_valid(buf, n - cut)) {
            return 1;
        }
    }
    return 0;
}

/*
 * Whether a text begins as HTML does, after what may stand before that (13.1 of
 * the HTML standard): libmagic does not look far enough for a long comment.
 */
static int
begins_as_html(int fd, char *buf, size_t max)
{
    static const char *const begins[] = { "<!doctype html", "<html" };
    const char              *p, *end;
    size_t                   i;
    ssize_t                  n;

    n = pread(fd, buf, max - 1, 0);
    if (n <= 0) {
        return 0;
    }
    buf[n] = '\0';
    p = buf + (strncmp(buf, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    for (;;) {
        p += strspn(p, " \t\r\n\f");
        if (strncmp(p, "<!--", 4) == 0) {
            end = strstr(p, "-->");
        } else if (strncmp(p, "<?", 2) == 0) {
            end = strstr(p, "?>");
        } else {
            break;
        }
        if (end == NULL) {
            return 0;
        }
        p = strchr(end, '>') + 1;
    }
    for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (strncasecmp(p, begins[i], strlen(begins[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

/* All of it is text, and text of one kind may be sent as another. */
static void
is_some_text(platen_sniff_t *sniff, const platen_format_t *format)
{
    is_format(sniff, format != NULL ? format : platen_format_find("txt", 3));
    sniff->could_be = family_bits(PLATEN_FAMILY_TEXT);
}

/* Behind a mark and blanks. */
static const char *
beginning(const char *buf, size_t n, size_t *left)
{
    size_t at = n >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < n && (buf[at] == ' ' || (buf[at] >= '\t' && buf[at] <= '\r'))) {
        at++;
    }
    *left = n - at;
    return buf + at;
}

/* The lines of a message (RFC 5322): fields, of which two say that it is one. */
static int
is_mail(const char *p, size_t n)
{
    static const char *const fields[] = { "From:",         "Date:",      "Subject:",
                                          "MIME-Version:", "Received:",  "Return-Path:",
                                          "To:",           "Message-ID:" };
    const char              *end = p + n, *eol, *colon;
    unsigned                 known = 0;
    size_t                   i;

    for (; p < end; p = eol + 1) {
        eol = memchr(p, '\n', (size_t) (end - p));
        if (eol == NULL || eol == p || *p == '\r') {
            break;
        }
        if (*p == ' ' || *p == '\t') {
            continue; /* goes on with the field before */
        }
        colon = memchr(p, ':', (size_t) (eol - p));
        if (colon == NULL || colon == p || memchr(p, ' ', (size_t) (colon - p)) != NULL) {
            return 0;
        }
        for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
            if (strncasecmp(p, fields[i], strlen(fields[i])) == 0) {
                known |= 1U << i;
            }
        }
    }
    return known != 0 && (known & (known - 1)) != 0 && (known & 9) != 0;
}

/*
 * The first tag of an XML text, without its "<", as far as it is there; NULL if none comes
 * after comments, instructions and a document type.
 */
static const char *
root_tag(const char *p, size_t n, size_t *len)
{
    static const char *const ends[][2] = { { "!--", "-->" }, { "?", "?>" }, { "!", ">" } };
    const char              *end = p + n, *last;
    size_t                   i;

    while (p < end && *p == '<') {
        p++;
        for (i = 0; i < 3; i++) {
            if ((size_t) (end - p) >= strlen(ends[i][0])
                && memcmp(p, ends[i][0], strlen(ends[i][0])) == 0) {
                break;
            }
        }
        if (i == 3) {
            last = memchr(p, '>', (size_t) (end - p));
            *len = (size_t) ((last == NULL ? end : last) - p);
            return p;
        }
        p = memmem(p, (size_t) (end - p), ends[i][1], strlen(ends[i][1]));
        if (p == NULL) {
            return NULL;
        }
        p += strlen(ends[i][1]);
        while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) {
            p++;
        }
    }
    return NULL;
}

/* Whether it is an XML text whose root has this name, whatever its prefix, and this in it. */
static int
has_root(const char *p, size_t n, const char *name, const char *namespace)
{
    size_t      len, k = strlen(name), word;
    const char *tag = root_tag(p, n, &len), *colon;

    if (tag == NULL) {
        return 0;
    }
    for (word = 0; word < len && strchr(" \t\r\n/", tag[word]) == NULL; word++) {
    }
    colon = memchr(tag, ':', word);
    word -= colon == NULL ? 0 : (size_t) (colon + 1 - tag);
    return word == k && memcmp(colon == NULL ? tag : colon + 1, name, k) == 0
           && memmem(tag, len, namespace, strlen(namespace)) != NULL;
}

/*
 * Texts that no program shows as they are: converted as text they would be the
 * source of what was meant.  A name of a text format overrules that.
 */
static const char *
not_for_reading(const char *buf, size_t n)
{
    static const char *const xml[][3] = {
        { "package", "http://schemas.microsoft.com/office/2006/xmlPackage",
          "a document of Word as one XML file (Flat OPC)" },
        { "wordDocument", "http://schemas.microsoft.com/office/word/2003/wordml",
          "XML of Word 2003" },
        { "document", "urn:oasis:names:tc:opendocument:xmlns:office",
          "an OpenDocument file as flat XML" },
    };
    const char *p;
    size_t      i, left;

    p = beginning(buf, n, &left);
    if (is_mail(p, left)) {
        return "a mail message, or a page saved as one";
    }
    for (i = 0; i < sizeof(xml) / sizeof(xml[0]); i++) {
        if (has_root(p, left, xml[i][0], xml[i][1])) {
            return xml[i][2];
        }
    }
    return NULL;
}

/* What is text, of which kind it most likely is by libmagic. */
static void
sniff_text(platen_sniff_t *sniff, const char *buf, size_t n, const platen_format_t *format)
{
    static const char sheet[] = "urn:schemas-microsoft-com:office:spreadsheet";
    const char       *p, *other;
    size_t            left;

    p = beginning(buf, n, &left);
    if (left > 5 && memcmp(p, "{\\rtf", 5) == 0) {
        is_format(sniff, platen_format_find("rtf", 3));
        return;
    }
    if (has_root(p, left, "Workbook", sheet)) {
        is_some_text(sniff, platen_format_find("excel-xml", 9));
        return;
    }
    sniff->tabbed =
        memchr(p, '\t', left) != NULL
        && memchr(p, '\n', (size_t) ((const char *) memchr(p, '\t', left) - p)) == NULL;
    other = not_for_reading(buf, n);
    is_some_text(sniff, format != NULL && format->family == PLATEN_FAMILY_TEXT ? format : NULL);
    if (other != NULL) {
        sniff->format = NULL;
        snprintf(sniff->what, sizeof(sniff->what), "%s", other);
    }
}

/* For a person, what libmagic takes it for: "GIF image data". */
static void
describe(sniffer_t *s, int fd, platen_sniff_t *sniff)
{
    const char *text = NULL;

    if (lseek(fd, 0, SEEK_SET) == 0 && magic_setflags(s->magic, FLAGS) == 0) {
        text = magic_descriptor(s->magic, fd);
    }
    if (text != NULL && *text != '\0' && strcmp(text, "data") != 0) {
        snprintf(sniff->kind, sizeof(sniff->kind), "%.*s", (int) strcspn(text, ",;("), text);
    }
    (void) magic_setflags(s->magic, FLAGS | MAGIC_MIME);
}

static int
sniff_magic(sniffer_t *s, int fd, const char *buf, size_t n, int text, platen_sniff_t *sniff)
{
    const platen_format_t *format;
    const char            *mime;
    char                   type[80];

    if (lseek(fd, 0, SEEK_SET) != 0) {
        return PLATEN_ERROR;
    }
    mime = magic_descriptor(s->magic, fd);
    if (mime == NULL && magic_errno(s->magic) != 0) {
        errno = magic_errno(s->magic);
        return PLATEN_ERROR;
    }
    if (mime == NULL) {
        /* It gave up on the content (5.44 does on some UTF-32), not on the file. */
        mime = "application/octet-stream; charset=binary";
    }

    /* "type/subtype; charset=...": text/plain is also its word for "no idea". */
    text = text || strstr(mime, "charset=binary") == NULL;
    snprintf(type, sizeof(type), "%.*s", (int) strcspn(mime, ";"), mime);
    if (strncmp(mime, "application/octet-stream; charset=utf-32", 40) == 0) {
        text = 0; /* 5.46, of what has the mark of UTF-32 and is none */
    }
    format = platen_format_by_mime(mime, strlen(mime));

    if (format != NULL && format->family != PLATEN_FAMILY_TEXT
        && (!text || strcmp(format->name, "pdf") == 0)) {
        is_format(sniff, format);
    } else if (text) {
        if (strcmp(type, "text/plain") == 0
            && begins_as_html(fd, (char *) s->buf, sizeof(s->buf))) {
            format = platen_format_find("html", 4);
        }
        sniff_text(sniff, buf, n, format);
    } else {
        snprintf(sniff->what, sizeof(sniff->what), "%s",
                 strncmp(type, "text/", 5) == 0 ? "application/octet-stream" : type);
        describe(s, fd, sniff);
    }
    return PLATEN_OK;
}

int
platen_sniff(int fd, off_t size, platen_sniff_t *sniff)
{
    const platen_format_t *pdf;
    sniffer_t             *s;
    uint8_t               *header;
    ssize_t                n;
    int                    rc, text;

    memset(sniff, 0, sizeof(*sniff));

    s = sniffer_get();
    if (s == NULL) {
        return PLATEN_ERROR;
    }
    n = pread(fd, s->buf, TEXT_BYTES, 0);
    if (n < 0) {
        return PLATEN_ERROR;
    }

    if (n == 0) {
        snprintf(sniff->what, sizeof(sniff->what), "empty");
        return PLATEN_OK;
    }
    if (n >= 4 && (memcmp(s->buf, "PK\3\4", 4) == 0 || memcmp(s->buf, "PK\5\6", 4) == 0)) {
        sniff_zip(s, fd, size, sniff);
        return PLATEN_OK;
    }
    if (n >= PLATEN_OLE_MAGIC_LEN
        && memcmp(s->buf, PLATEN_OLE_MAGIC, PLATEN_OLE_MAGIC_LEN) == 0) {
        sniff_ole(fd, size, sniff);
        return PLATEN_OK;
    }
    if (n >= 4 && memcmp(s->buf, "PAR1", 4) == 0) {
        is_format(sniff, platen_format_find("parquet", 7));
        return PLATEN_OK;
    }
    header =
        memmem(s->buf, (size_t) (n < PDF_HEADER_WITHIN ? n : PDF_HEADER_WITHIN), "%PDF-", 5);
    pdf = platen_format_find("pdf", 3);
    if (header == s->buf) {
        is_format(sniff, pdf);
        return PLATEN_OK;
    }

    text = is_text((const char *) s->buf, (size_t) n, n < TEXT_BYTES);
    rc = sniff_magic(s, fd, (const char *) s->buf, (size_t) n, text, sniff);

    /*
     * Other bytes before the header: a PDF, unless they begin something else.
     * But a text may well be about PDF.
     */
    if (rc == PLATEN_OK && header != NULL
        && (sniff->format == NULL || sniff->format->family == PLATEN_FAMILY_TEXT
            || sniff->format == pdf)) {
        is_format(sniff, pdf);
        if (text) {
            sniff->could_be |= family_bits(PLATEN_FAMILY_TEXT);
        }
    }
    return rc;
}

/*
 * What the programs open that a name is for, besides what it says: Word a page
 * of HTML as .doc, Excel a list as .xls, a viewer a PNG as .jpg.
 */
static const struct {
    const char *named;
    const char *content;
} openers[] = {
    { "docx odt", "docx doc odt rtf html" },
    { "doc rtf", "docx doc odt rtf html md txt" },
    { "xlsx ods", "xlsx xls ods html csv excel-xml" },
    { "xls", "xlsx xls ods html csv txt excel-xml" },
    { "csv", "xlsx xls ods html excel-xml" },
    { "pptx ppt odp", "pptx ppt odp" },
    { "png jpeg tiff", "png jpeg tiff svg" },
    { "html md txt rst", "rtf" },
    { "zip", "docx xlsx pptx odt ods odp epub" },
};

const platen_format_t *
platen_sniff_decide(const platen_sniff_t *sniff, const platen_format_t *hint, int weak)
{
    if (hint != NULL && (sniff->could_be & UINT64_C(1) << platen_format_index(hint)) != 0) {
        return hint;
    }
    return hint == NULL || weak ? sniff->format : NULL;
}

const platen_format_t *
platen_sniff_accept(const platen_sniff_t *sniff, const platen_format_t *hint, int weak,
                    int *misnamed)
{
    const platen_format_t *format = platen_sniff_decide(sniff, hint, weak);
    size_t                 i;

    *misnamed = 0;
    if (format != NULL || hint == NULL || sniff->format == NULL) {
        return format;
    }
    for (i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
        if (platen_words_have(openers[i].named, hint->name, strlen(hint->name))
            && platen_words_have(openers[i].content, sniff->format->name,
                                 strlen(sniff->format->name))) {
            *misnamed = 1;
            return strcmp(sniff->format->name, "txt") == 0 && strcmp(hint->name, "xls") == 0
                       ? platen_format_find(sniff->tabbed ? "tsv" : "csv", 3)
                       : sniff->format;
        }
    }
    return NULL;
}
