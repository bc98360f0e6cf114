/* Workbooks; see tables/book.h. */

#include "tables/book.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format/ole.h"
#include "tables/serial.h"
#include "base/utf8.h"
#include "xml_doctype.h"
#include "xml_position.h"

#define PIECE 65536
#define FORMATS_MAX 65536
#define OF '\n' /* between a namespace and a name, as expat gives them; in no URI */

typedef struct {
    XML_Parser                  parser; /* the first: xml_doctype.h */
    const platen_tables_part_t *part;
    void                       *data;
    char                       *space; /* the namespace of the root, with its OF */
    size_t                      nspace;
    int                         rc;
} reading_t;

static const char *
local(const char *name)
{
    const char *of = strrchr(name, OF);

    return of == NULL ? name : of + 1;
}

/*
 * Whether the element is of the part's own namespace.  What later versions add has names that
 * are there already: <x15:workbookPr> says nothing of where days are counted from.
 */
static int
is_own(const reading_t *r, const char *name)
{
    return (size_t) (local(name) - name) == r->nspace && memcmp(name, r->space, r->nspace) == 0;
}

static void
stop(reading_t *r, int rc)
{
    if (rc != 0 && r->rc == 0) {
        r->rc = rc;
        (void) XML_StopParser(r->parser, XML_FALSE);
    }
}

static void
on_start(void *data, const char *name, const char **attributes)
{
    reading_t *r = data;

    if (r->space == NULL) {
        r->nspace = (size_t) (local(name) - name);
        r->space = platen_tables_new(r->nspace + 1, 1);
        memcpy(r->space, name, r->nspace);
    }
    if (r->rc == 0 && is_own(r, name)) {
        stop(r, r->part->start(r->data, local(name), attributes));
    }
}

static void
on_end(void *data, const char *name)
{
    reading_t *r = data;

    if (r->rc == 0 && r->part->end != NULL && is_own(r, name)) {
        stop(r, r->part->end(r->data, local(name)));
    }
}

static void
on_text(void *data, const char *text, int len)
{
    reading_t *r = data;

    if (r->rc == 0 && r->part->text != NULL) {
        r->part->text(r->data, text, (size_t) len);
    }
}

int
platen_tables_part_read(zip_t *zip, const char *path, const platen_tables_part_t *part,
                        void *data, platen_tables_error_t *err)
{
    reading_t   r = { .part = part, .data = data };
    zip_file_t *file;
    zip_int64_t n;
    void       *buf;
    int         rc = 0;

    file = zip_fopen(zip, path, ZIP_FL_NOCASE);
    if (file == NULL) {
        return platen_tables_fail(err, PLATEN_TABLES_CORRUPT, "%s: %s", path,
                                  zip_strerror(zip));
    }
    r.parser = XML_ParserCreateNS(NULL, OF);
    if (r.parser == NULL) {
        platen_tables_no_memory();
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    platen_xml_refuse_doctype(r.parser);

    do {
        buf = XML_GetBuffer(r.parser, PIECE);
        if (buf == NULL) {
            platen_tables_no_memory();
        }
        n = zip_fread(file, buf, PIECE);
        if (n < 0) {
            rc = platen_tables_fail(err, PLATEN_TABLES_CORRUPT, "%s: %s", path,
                                    zip_file_strerror(file));
        } else if (XML_ParseBuffer(r.parser, (int) n, n == 0) != XML_STATUS_OK) {
            rc = r.rc;
            if (rc == 0) {
                rc = platen_tables_fail(err, PLATEN_TABLES_CORRUPT, "%s, line %llu: %s", path,
                                        (unsigned long long) platen_xml_line(r.parser),
                                        XML_GetErrorCode(r.parser) == XML_ERROR_ABORTED
                                            ? "a DOCTYPE, which no workbook has"
                                            : XML_ErrorString(XML_GetErrorCode(r.parser)));
            }
        }
    } while (rc == 0 && n > 0);

    XML_ParserFree(r.parser);
    free(r.space);
    zip_fclose(file);
    return rc;
}

const char *
platen_tables_attribute(const char **attributes, const char *name)
{
    const char *other = NULL;

    for (; *attributes != NULL; attributes += 2) {
        if (strcmp(attributes[0], name) == 0) {
            return attributes[1];
        }
        if (other == NULL && strcmp(local(attributes[0]), name) == 0) {
            other = attributes[1];
        }
    }
    return other;
}

static int
is_true(const char *value)
{
    return value != NULL && (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0);
}

static char *
copy(const char *text)
{
    size_t n = strlen(text) + 1;

    return memcpy(platen_tables_new(n, 1), text, n);
}

/* Relationships ---------------------------------------------------------- */

typedef struct {
    char *id;
    char *type;   /* the last part of its URI */
    char *target; /* in the package */
} relation_t;

typedef struct {
    const char *dir; /* of the part that has them, with its slash */
    relation_t *list;
    size_t      n;
} relations_t;

/* "../styles.xml" from "xl/worksheets/" is "xl/styles.xml"; "/xl/a.xml" is from the top. */
static char *
resolve(const char *dir, const char *target)
{
    char  *path = platen_tables_new(strlen(dir) + strlen(target) + 1, 1);
    size_t n;

    if (*target == '/') {
        strcpy(path, target + 1);
        return path;
    }
    strcpy(path, dir);
    n = strlen(path);
    for (;;) {
        if (strncmp(target, "./", 2) == 0) {
            target += 2;
        } else if (strncmp(target, "../", 3) == 0) {
            target += 3;
            for (n -= n > 0; n > 0 && path[n - 1] != '/'; n--) {
            }
        } else {
            break;
        }
    }
    strcpy(path + n, target);
    return path;
}

static int
relation_start(void *data, const char *name, const char **attributes)
{
    relations_t *r = data;
    const char  *id = platen_tables_attribute(attributes, "Id");
    const char  *type = platen_tables_attribute(attributes, "Type");
    const char  *target = platen_tables_attribute(attributes, "Target");
    const char  *mode = platen_tables_attribute(attributes, "TargetMode");

    if (strcmp(name, "Relationship") != 0 || id == NULL || type == NULL || target == NULL
        || (mode != NULL && strcmp(mode, "External") == 0) || r->n == FORMATS_MAX) {
        return 0;
    }
    r->list = platen_tables_resize(r->list, r->n + 1, sizeof(*r->list));
    r->list[r->n].id = copy(id);
    r->list[r->n].type = copy(strrchr(type, '/') == NULL ? type : strrchr(type, '/') + 1);
    r->list[r->n++].target = resolve(r->dir, target);
    return 0;
}

static void
relations_free(relations_t *r)
{
    size_t i;

    for (i = 0; i < r->n; i++) {
        free(r->list[i].id);
        free(r->list[i].type);
        free(r->list[i].target);
    }
    free(r->list);
}

static const relation_t *
relation_of(const relations_t *r, const char *id, const char *type)
{
    size_t i;

    for (i = 0; i < r->n; i++) {
        if (strcmp(id != NULL ? r->list[i].id : r->list[i].type, id != NULL ? id : type) == 0) {
            return &r->list[i];
        }
    }
    return NULL;
}

/* The workbook ----------------------------------------------------------- */

typedef struct {
    platen_tables_book_t *book;
    const relations_t    *relations;
} workbook_t;

static void
add_sheet(const workbook_t *w, const char **attributes)
{
    platen_tables_book_t  *book = w->book;
    const char            *name = platen_tables_attribute(attributes, "name");
    const char            *id = platen_tables_attribute(attributes, "id");
    const char            *state = platen_tables_attribute(attributes, "state");
    const relation_t      *to = id == NULL ? NULL : relation_of(w->relations, id, NULL);
    platen_tables_sheet_t *sheet;

    book->sheets = platen_tables_resize(book->sheets, book->nsheets + 1, sizeof(*book->sheets));
    sheet = &book->sheets[book->nsheets++];
    sheet->name = copy(name == NULL ? "" : name);
    sheet->hidden = state != NULL && strcasecmp(state, "visible") != 0;
    sheet->is_table = to != NULL && strcmp(to->type, "worksheet") == 0;
    sheet->path = to == NULL ? NULL : copy(to->target);
}

static int
workbook_start(void *data, const char *name, const char **attributes)
{
    workbook_t *w = data;

    if (strcmp(name, "sheet") == 0 && w->book->nsheets < FORMATS_MAX) {
        add_sheet(w, attributes);
    } else if (strcmp(name, "workbookPr") == 0) {
        w->book->from_1904 = is_true(platen_tables_attribute(attributes, "date1904"));
    } else if (strcmp(name, "calcPr") == 0) {
        w->book->calculate = is_true(platen_tables_attribute(attributes, "fullCalcOnLoad"))
                             || is_true(platen_tables_attribute(attributes, "forceFullCalc"));
    }
    return 0;
}

/* Strings ---------------------------------------------------------------- */

typedef struct {
    platen_tables_book_t  *book;
    platen_tables_buffer_t text; /* of the one that is read */
    int                    in_text;
    int                    phonetic;
    size_t                 room;
} strings_t;

static int
hex(const char *text)
{
    char  four[5] = { 0 };
    char *end;
    long  code;

    memcpy(four, text, 4);
    code = strspn(four, "0123456789abcdefABCDEF") == 4 ? strtol(four, &end, 16) : -1;
    return (int) code;
}

void
platen_tables_book_unescape(platen_tables_buffer_t *b, const char *text, size_t len)
{
    char   octets[4];
    size_t i;
    int    code;

    for (i = 0; i < len; i++) {
        if (text[i] == '_' && len - i >= 7 && text[i + 1] == 'x' && text[i + 6] == '_') {
            code = hex(text + i + 2);
            /* Surrogates and NUL are no characters; what is written so stays. */
            if (code > 0 && (code < 0xd800 || code > 0xdfff) && code < 0xfffe) {
                platen_tables_buffer_add(b, octets,
                                         platen_utf8_encode((uint32_t) code, octets));
                i += 6;
                continue;
            }
        }
        platen_tables_buffer_byte(b, text[i]);
    }
}

static int
string_start(void *data, const char *name, const char **attributes)
{
    strings_t *s = data;

    (void) attributes;
    if (strcmp(name, "si") == 0) {
        s->text.len = 0;
    } else if (strcmp(name, "rPh") == 0) {
        s->phonetic = 1;
    } else if (strcmp(name, "t") == 0) {
        s->in_text = !s->phonetic;
    }
    return 0;
}

static int
string_end(void *data, const char *name)
{
    strings_t            *s = data;
    platen_tables_book_t *book = s->book;

    if (strcmp(name, "t") == 0) {
        s->in_text = 0;
    } else if (strcmp(name, "rPh") == 0) {
        s->phonetic = 0;
    } else if (strcmp(name, "si") == 0) {
        if (book->nstrings == s->room) {
            s->room = s->room == 0 ? 1024 : 2 * s->room;
            book->ends = platen_tables_resize(book->ends, s->room, sizeof(*book->ends));
        }
        platen_tables_book_unescape(&book->strings, s->text.data, s->text.len);
        book->ends[book->nstrings++] = book->strings.len;
    }
    return 0;
}

static void
string_text(void *data, const char *text, size_t len)
{
    strings_t *s = data;

    if (s->in_text) {
        platen_tables_buffer_add(&s->text, text, len);
    }
}

const char *
platen_tables_book_string(const platen_tables_book_t *book, unsigned long n, size_t *len)
{
    size_t from;

    if (n >= book->nstrings) {
        *len = 0;
        return "";
    }
    from = n == 0 ? 0 : book->ends[n - 1];
    *len = book->ends[n] - from;
    return *len == 0 ? "" : book->strings.data + from;
}

/* Number formats --------------------------------------------------------- */

typedef struct {
    unsigned long id;
    unsigned      shows;
} format_t;

typedef struct {
    platen_tables_book_t *book;
    format_t             *formats;
    size_t                nformats;
    int                   in_cells; /* between <cellXfs> and its end */
} styles_t;

static int
style_start(void *data, const char *name, const char **attributes)
{
    styles_t     *s = data;
    const char   *id = platen_tables_attribute(attributes, "numFmtId");
    const char   *code = platen_tables_attribute(attributes, "formatCode");
    unsigned long number = id == NULL ? 0 : strtoul(id, NULL, 10);
    unsigned      shows = platen_tables_serial_builtin(number);
    size_t        i;

    if (strcmp(name, "numFmt") == 0 && id != NULL && code != NULL
        && s->nformats < FORMATS_MAX) {
        s->formats = platen_tables_resize(s->formats, s->nformats + 1, sizeof(*s->formats));
        s->formats[s->nformats++] = (format_t){ number, platen_tables_serial_format(code) };
    } else if (strcmp(name, "cellXfs") == 0) {
        s->in_cells = 1;
    } else if (strcmp(name, "xf") == 0 && s->in_cells && s->book->nshows < FORMATS_MAX) {
        for (i = 0; i < s->nformats; i++) {
            if (s->formats[i].id == number) {
                shows = s->formats[i].shows;
            }
        }
        s->book->shows =
            platen_tables_resize(s->book->shows, s->book->nshows + 1, sizeof(*s->book->shows));
        s->book->shows[s->book->nshows++] = shows;
    }
    return 0;
}

static int
style_end(void *data, const char *name)
{
    styles_t *s = data;

    if (strcmp(name, "cellXfs") == 0) {
        s->in_cells = 0;
    }
    return 0;
}

/* Opening ---------------------------------------------------------------- */

/* The path of the relationships of a part, and its directory. */
static char *
relations_path(const char *path, char **dir)
{
    const char *slash = strrchr(path, '/');
    size_t      n = slash == NULL ? 0 : (size_t) (slash - path) + 1;
    char       *of = platen_tables_new(strlen(path) + 16, 1);

    *dir = platen_tables_new(n + 1, 1);
    memcpy(*dir, path, n);
    sprintf(of, "%s_rels/%s.rels", *dir, path + n);
    return of;
}

static int
read_relations(zip_t *zip, const char *path, const char *dir, relations_t *r,
               platen_tables_error_t *err)
{
    static const platen_tables_part_t part = { .start = relation_start };

    *r = (relations_t){ .dir = dir };
    return platen_tables_part_read(zip, path, &part, r, err);
}

static int
read_strings(platen_tables_book_t *book, const char *path, platen_tables_error_t *err)
{
    static const platen_tables_part_t part = { string_start, string_end, string_text };
    strings_t                         s = { .book = book };
    int                               rc;

    rc = platen_tables_part_read(book->zip, path, &part, &s, err);
    platen_tables_buffer_free(&s.text);
    return rc;
}

static int
read_styles(platen_tables_book_t *book, const char *path, platen_tables_error_t *err)
{
    static const platen_tables_part_t part = { style_start, style_end, NULL };
    styles_t                          s = { .book = book };
    int                               rc;

    rc = platen_tables_part_read(book->zip, path, &part, &s, err);
    free(s.formats);
    return rc;
}

static int
read_workbook(platen_tables_book_t *book, const char *path, platen_tables_error_t *err)
{
    static const platen_tables_part_t part = { .start = workbook_start };
    relations_t                       relations = { .n = 0 };
    workbook_t                        w = { book, &relations };
    const relation_t                 *to;
    char                             *dir, *of = relations_path(path, &dir);
    int                               rc;

    rc = read_relations(book->zip, of, dir, &relations, err);
    if (rc == 0) {
        rc = platen_tables_part_read(book->zip, path, &part, &w, err);
    }
    to = relation_of(&relations, NULL, "sharedStrings");
    if (rc == 0 && to != NULL && zip_name_locate(book->zip, to->target, ZIP_FL_NOCASE) >= 0) {
        rc = read_strings(book, to->target, err);
    }
    to = relation_of(&relations, NULL, "styles");
    if (rc == 0 && to != NULL && zip_name_locate(book->zip, to->target, ZIP_FL_NOCASE) >= 0) {
        rc = read_styles(book, to->target, err);
    }
    relations_free(&relations);
    free(dir);
    free(of);
    return rc;
}

static int
comment_start(void *data, const char *name, const char **attributes)
{
    (void) attributes;
    ((platen_tables_beside_t *) data)->comments += strcmp(name, "comment") == 0;
    return 0;
}

/* What the relationships of a part lead to, and of a drawing what those of it do. */
static void
look_beside(const platen_tables_book_t *book, const char *path, int drawing,
            platen_tables_beside_t *beside)
{
    static const platen_tables_part_t part = { .start = comment_start };
    platen_tables_error_t             ignored;
    relations_t                       relations;
    char                             *dir, *of = relations_path(path, &dir);
    const char                       *type;
    size_t                            i;

    /* Whatever was read of it is there, also if the rest is not. */
    (void) read_relations(book->zip, of, dir, &relations, &ignored);
    for (i = 0; i < relations.n; i++) {
        type = relations.list[i].type;
        if (strcmp(type, "drawing") == 0 && !drawing) {
            look_beside(book, relations.list[i].target, 1, beside);
        } else if (strcmp(type, "comments") == 0) {
            (void) platen_tables_part_read(book->zip, relations.list[i].target, &part, beside,
                                           &ignored);
        } else {
            beside->charts += strcmp(type, "chart") == 0 || strcmp(type, "chartEx") == 0;
            beside->pictures += drawing && strcmp(type, "image") == 0;
        }
    }
    relations_free(&relations);
    free(dir);
    free(of);
}

void
platen_tables_book_beside(const platen_tables_book_t *book, const platen_tables_sheet_t *sheet,
                          platen_tables_beside_t *beside)
{
    if (sheet->path != NULL) {
        look_beside(book, sheet->path, 0, beside);
    }
}

/* An encrypted workbook is an OLE file with the package inside (MS-OFFCRYPTO). */
static int
is_ole(const char *path)
{
    char  begin[PLATEN_OLE_MAGIC_LEN];
    FILE *file = fopen(path, "re");
    int   is;

    is = file != NULL && fread(begin, sizeof(begin), 1, file) == 1
         && memcmp(begin, PLATEN_OLE_MAGIC, sizeof(begin)) == 0;
    if (file != NULL) {
        fclose(file);
    }
    return is;
}

int
platen_tables_book_open(platen_tables_book_t *book, const char *path,
                        platen_tables_error_t *err)
{
    relations_t       relations;
    const relation_t *to;
    int               rc, code = 0;

    memset(book, 0, sizeof(*book));
    book->zip = zip_open(path, ZIP_RDONLY, &code);
    if (book->zip == NULL) {
        return is_ole(path)
                   ? platen_tables_fail(err, PLATEN_TABLES_ENCRYPTED,
                                        "the workbook is encrypted")
                   : platen_tables_fail(err, PLATEN_TABLES_CORRUPT,
                                        "the workbook is no ZIP archive: error %d", code);
    }
    rc = read_relations(book->zip, "_rels/.rels", "", &relations, err);
    if (rc == 0) {
        to = relation_of(&relations, NULL, "officeDocument");
        rc = to == NULL
                 ? platen_tables_fail(err, PLATEN_TABLES_CORRUPT, "there is no workbook in it")
                 : read_workbook(book, to->target, err);
    }
    relations_free(&relations);
    return rc;
}

void
platen_tables_book_close(platen_tables_book_t *book)
{
    size_t i;

    if (book->zip != NULL) {
        zip_discard(book->zip);
    }
    for (i = 0; i < book->nsheets; i++) {
        free(book->sheets[i].name);
        free(book->sheets[i].path);
    }
    free(book->sheets);
    platen_tables_buffer_free(&book->strings);
    free(book->ends);
    free(book->shows);
    memset(book, 0, sizeof(*book));
}
