/*
 * Numbers that are wider than their columns; see lok/narrow.h.  Used by the main thread alone.
 *
 * LibreOffice says nowhere in which cells it draws ###.  That it does is seen where it has a
 * text shaped: its libraries find HarfBuzz's function in this program first, which exports it
 * (LOK_EXPORT in the Makefile).  Only then is the workbook looked through for the cells: a
 * digit is about as wide in one common font as in another.
 */

#include "lok/narrow.h"

#include <dlfcn.h>
#include <expat.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "xml_attribute.h"

#define PIECE 65536
#define COLUMNS_MAX 16384
#define STYLES_MAX 16384
#define PLACES 32768 /* for styles by their names, a power of two */
#define REPEATED_MAX 1048576

/* In parts of the letters' size; and on both sides of a cell, in points. */
#define DIGIT 0.556
#define DIGIT_OF_CALIBRI 0.507
#define MARK 0.26
#define SHORTEST                                                                               \
    4.6 /* digits: a number without a format becomes 1E+09 where it does not fit               \
         */
#define PADDING 2.0
#define SIZE 10.0

/* Of HarfBuzz, whose ABI this is; its headers are not needed for anything else. */
typedef struct hb_buffer_t hb_buffer_t;
typedef void
add_utf16_t(hb_buffer_t *buffer, const uint16_t *text, int n, unsigned from, int count);

void
hb_buffer_add_utf16(hb_buffer_t *buffer, const uint16_t *text, int n, unsigned from, int count);

static struct {
    add_utf16_t *add;
    int          seen;
} narrow;

/* LibreOffice's libraries call this in the place of HarfBuzz's. */
void
hb_buffer_add_utf16(hb_buffer_t *buffer, const uint16_t *text, int n, unsigned from, int count)
{
    void *library, *address;

    if (narrow.add == NULL) {
        /* It is there, as it is called; and stays, as nothing closes it. */
        library = dlopen("libharfbuzz.so.0", RTLD_LAZY | RTLD_NOLOAD);
        address = library == NULL ? NULL : dlsym(library, "hb_buffer_add_utf16");
        if (address == NULL) {
            fputs("platen-lok: no HarfBuzz in libharfbuzz.so.0\n", stderr);
            abort();
        }
        memcpy(&narrow.add, &address, sizeof(narrow.add));
    }
    if (n == 3 && text[0] == '#' && text[1] == '#' && text[2] == '#') {
        narrow.seen = 1;
    }
    narrow.add(buffer, text, n, from, count);
}

void
platen_lok_narrow_begin(void)
{
    narrow.seen = 0;
}

int
platen_lok_narrow_seen(void)
{
    return narrow.seen;
}

typedef struct {
    char  *name;
    double width; /* of a column; 0: it does not say */
    double size;  /* of letters; 0: it does not say */
    double digit; /* how wide one is, in parts of it; 0: it does not say */
    int    formatted;
    int    hidden;
} style_t;

typedef struct {
    XML_Parser parser;
    style_t   *style;
    size_t     nstyles;
    uint16_t   places[PLACES]; /* the number of a style, from 1; 0: free */

    char           table[96]; /* Excel's names have 31 characters */
    int            hidden_table, hidden_row;
    double         width[COLUMNS_MAX];
    const style_t *usual[COLUMNS_MAX]; /* of the cells of a column */
    size_t         ncolumns;
    size_t         column, row; /* from 0 */

    unsigned embedded; /* objects around */
    int      is_number, in_text, literal;
    size_t   repeated, spanned;
    int      formatted;
    double   digit, size, shown; /* how wide it is, in sizes of a letter */
    size_t   decimals;
    double   behind; /* the last mark, and with it; 0: there is none */

    char  *names;
    size_t len, n;
} reader_t;

static size_t
number(const char **attributes, const char *name)
{
    const char   *value = platen_xml_attribute(attributes, name);
    unsigned long n = value == NULL ? 1 : strtoul(value, NULL, 10);

    return n < 1 ? 1 : n > REPEATED_MAX ? REPEATED_MAX : n;
}

/* A length of ODF in points. */
static double
points(const char *value)
{
    char  *unit = NULL;
    double n = value == NULL ? 0 : strtod(value, &unit);

    return value == NULL             ? 0
           : strcmp(unit, "in") == 0 ? n * 72
           : strcmp(unit, "cm") == 0 ? n * 72 / 2.54
           : strcmp(unit, "mm") == 0 ? n * 72 / 25.4
           : strcmp(unit, "pt") == 0 ? n
                                     : 0;
}

/* Where the first style of that name has its number, or would have. */
static size_t
place_of(const reader_t *r, const char *name)
{
    const char *p;
    size_t      at = 5381;

    for (p = name; *p != '\0'; p++) {
        at = at * 33 + (unsigned char) *p;
    }
    for (at %= PLACES; r->places[at] != 0; at = (at + 1) % PLACES) {
        if (strcmp(r->style[r->places[at] - 1].name, name) == 0) {
            break;
        }
    }
    return at;
}

static const style_t *
style_of(const reader_t *r, const char *name)
{
    size_t n = name == NULL ? 0 : r->places[place_of(r, name)];

    return n == 0 ? NULL : &r->style[n - 1];
}

static void
add_style(reader_t *r, const char **attributes)
{
    const char    *name = platen_xml_attribute(attributes, "style:name");
    const style_t *parent =
        style_of(r, platen_xml_attribute(attributes, "style:parent-style-name"));
    size_t at;

    if (r->style == NULL) {
        r->style = calloc(STYLES_MAX, sizeof(*r->style));
    }
    if (r->style == NULL || name == NULL || r->nstyles == STYLES_MAX) {
        return;
    }
    r->style[r->nstyles].name = strdup(name);
    if (parent != NULL) {
        r->style[r->nstyles].size = parent->size;
        r->style[r->nstyles].digit = parent->digit;
        r->style[r->nstyles].formatted = parent->formatted;
    }
    if (platen_xml_attribute(attributes, "style:data-style-name") != NULL) {
        r->style[r->nstyles].formatted = 1;
    }
    if (r->style[r->nstyles].name != NULL) {
        at = place_of(r, name);
        r->nstyles++;
        r->places[at] = r->places[at] == 0 ? (uint16_t) r->nstyles : r->places[at];
    }
}

static void
add_columns(reader_t *r, const char **attributes)
{
    const style_t *style = style_of(r, platen_xml_attribute(attributes, "table:style-name"));
    const style_t *usual =
        style_of(r, platen_xml_attribute(attributes, "table:default-cell-style-name"));
    size_t n = number(attributes, "table:number-columns-repeated");
    int    hidden = platen_xml_attribute(attributes, "table:visibility") != NULL;

    for (; n > 0 && r->ncolumns < COLUMNS_MAX; n--, r->ncolumns++) {
        r->width[r->ncolumns] = style == NULL || hidden ? 0 : style->width;
        r->usual[r->ncolumns] = usual;
    }
}

static void
begin_cell(reader_t *r, const char **attributes)
{
    static const char *const numbers[] = { "float", "percentage", "currency", "date", "time" };
    const char              *type = platen_xml_attribute(attributes, "office:value-type");
    const style_t *style = style_of(r, platen_xml_attribute(attributes, "table:style-name"));
    size_t         i;

    if (style == NULL && r->column < r->ncolumns) {
        style = r->usual[r->column];
    }
    if (style == NULL) {
        style = style_of(r, "Default");
    }
    r->is_number = 0;
    for (i = 0; type != NULL && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        r->is_number |= strcmp(type, numbers[i]) == 0;
    }
    r->formatted = style != NULL && style->formatted;
    r->digit = style == NULL || style->digit == 0 ? DIGIT : style->digit;
    r->size = style == NULL || style->size == 0 ? SIZE : style->size;
    r->shown = r->behind = 0;
    r->decimals = 0;
    r->repeated = number(attributes, "table:number-columns-repeated");
    r->spanned = number(attributes, "table:number-columns-spanned");
}

static void
on_start(void *data, const char *name, const char **attributes)
{
    reader_t   *r = data;
    const char *value;
    style_t    *last = r->nstyles == 0 ? NULL : &r->style[r->nstyles - 1];

    if (r->embedded > 0 || strcmp(name, "draw:object") == 0) {
        r->embedded++;
    } else if (strcmp(name, "style:style") == 0) {
        add_style(r, attributes);
    } else if (strcmp(name, "style:table-column-properties") == 0 && last != NULL) {
        last->width = points(platen_xml_attribute(attributes, "style:column-width"));
    } else if (strcmp(name, "style:text-properties") == 0 && last != NULL) {
        value = platen_xml_attribute(attributes, "fo:font-size");
        last->size = points(value) > 0 ? points(value) : last->size;
        value = platen_xml_attribute(attributes, "style:font-name");
        if (value != NULL) {
            last->digit = strstr(value, "Calibri") != NULL || strstr(value, "Carlito") != NULL
                              ? DIGIT_OF_CALIBRI
                              : DIGIT;
        }
    } else if (strcmp(name, "style:table-properties") == 0 && last != NULL) {
        value = platen_xml_attribute(attributes, "table:display");
        last->hidden = value != NULL && strcmp(value, "false") == 0;
    } else if (strcmp(name, "table:table") == 0) {
        value = platen_xml_attribute(attributes, "table:name");
        value = value == NULL ? "" : value;
        snprintf(r->table, sizeof(r->table), "%.*s",
                 (int) platen_utf8_cut(value, strlen(value), sizeof(r->table) - 1), value);
        last = (style_t *) style_of(r, platen_xml_attribute(attributes, "table:style-name"));
        r->hidden_table = last != NULL && last->hidden;
        r->ncolumns = r->row = 0;
    } else if (strcmp(name, "table:table-column") == 0) {
        add_columns(r, attributes);
    } else if (strcmp(name, "table:table-row") == 0) {
        r->column = 0;
        r->hidden_row = platen_xml_attribute(attributes, "table:visibility") != NULL;
        r->row += number(attributes, "table:number-rows-repeated");
    } else if (strcmp(name, "table:table-cell") == 0
               || strcmp(name, "table:covered-table-cell") == 0) {
        begin_cell(r, attributes);
    } else if (strcmp(name, "text:p") == 0) {
        r->in_text = 1;
    } else if (strcmp(name, "office:annotation") == 0) {
        r->is_number = 0;
    }
}

static void
add_name(reader_t *r, size_t column)
{
    char   letters[8] = "", name[128];
    size_t i = sizeof(letters) - 1, len, k = column + 1;

    for (; k > 0; k = (k - 1) / 26) {
        letters[--i] = (char) ('A' + (k - 1) % 26);
    }
    len = (size_t) snprintf(name, sizeof(name), "%s%s!%s%zu", r->n == 0 ? "" : ", ", r->table,
                            letters + i, r->row);
    if (r->len + len < PLATEN_LOK_NARROW_NAMES) {
        memcpy(r->names + r->len, name, len + 1);
        r->len += len;
    } else {
        r->len = PLATEN_LOK_NARROW_NAMES; /* none behind it, so that they are in order */
    }
    r->n++;
}

static void
end_cell(reader_t *r)
{
    double width, needed;
    size_t i, k, wanted = r->is_number && !r->hidden_row && !r->hidden_table ? r->repeated : 0;

    /* Decimals that no format asks for are left out as far as they do not fit. */
    needed = r->shown - (r->formatted || r->decimals < 1 ? 0 : r->behind);
    if (!r->formatted && needed > SHORTEST * r->digit) {
        needed = SHORTEST * r->digit;
    }
    needed = needed * r->size + PADDING;
    for (i = 0; i < wanted && r->column + i < r->ncolumns; i++) {
        width = 0;
        for (k = 0; k < r->spanned && r->column + i + k < r->ncolumns; k++) {
            width += r->width[r->column + i + k];
        }
        if (width > 0 && needed > width) {
            add_name(r, r->column + i);
        }
    }
    r->column += r->repeated;
    r->is_number = 0;
}

static void
on_end(void *data, const char *name)
{
    reader_t *r = data;

    if (r->embedded > 0) {
        r->embedded--;
    } else if (strcmp(name, "text:p") == 0) {
        r->in_text = 0;
    } else if (strcmp(name, "table:table-cell") == 0
               || strcmp(name, "table:covered-table-cell") == 0) {
        end_cell(r);
    }
}

static void
on_text(void *data, const char *s, int len)
{
    reader_t *r = data;
    int       i, mark;

    if (r->embedded > 0) {
        return;
    }
    r->literal |= r->in_text && !r->is_number && len == 3 && memcmp(s, "###", 3) == 0;
    for (i = 0; r->in_text && r->is_number && i < len; i++) {
        if ((s[i] & 0xc0) == 0x80) {
            continue;
        }
        mark = strchr(" .,:;'/|()-", s[i]) != NULL;
        r->shown += mark ? MARK : r->digit;
        if (mark) {
            r->behind = MARK;
            r->decimals = 0;
        } else if (r->behind > 0) {
            r->behind += r->digit;
            r->decimals++;
        }
    }
}

size_t
platen_lok_narrow_cells(const char *path, char names[PLATEN_LOK_NARROW_NAMES], int *literal)
{
    reader_t *r = calloc(1, sizeof(*r));
    FILE     *in = fopen(path, "re");
    size_t    n = 0, len = 1;
    void     *buf;

    names[0] = '\0';
    *literal = 0;
    if (r == NULL || in == NULL || (r->parser = XML_ParserCreate(NULL)) == NULL) {
        goto done;
    }
    r->names = names;
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    while (len > 0 && (buf = XML_GetBuffer(r->parser, PIECE)) != NULL) {
        len = fread(buf, 1, PIECE, in);
        if (XML_ParseBuffer(r->parser, (int) len, len == 0) != XML_STATUS_OK) {
            break;
        }
    }
    n = r->n;
    *literal = r->literal;

done:
    if (in != NULL) {
        fclose(in);
    }
    if (r != NULL) {
        if (r->parser != NULL) {
            XML_ParserFree(r->parser);
        }
        while (r->nstyles > 0) {
            free(r->style[--r->nstyles].name);
        }
        free(r->style);
        free(r);
    }
    return n;
}
