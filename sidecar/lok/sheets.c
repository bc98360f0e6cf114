/* Workbooks; see lok/sheets.h.  By libzip and expat, in the child of the document. */

#include "lok/sheets.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "lok/functions.h"
#include "xml_doctype.h"

#define PIECE 65536
#define SHEETS_MAX 4096
#define STYLES_MAX 65536
#define FORMULA_MAX 8192
#define STRINGS_MAX (16 * 1048576) /* of those that cells share */
#define STRINGS_PIECE 8192

typedef struct {
    char *id;
    char *target;
} relation_t;

typedef struct {
    XML_Parser           parser; /* the first: xml_doctype.h */
    platen_lok_sheets_t *sheets;
    zip_t               *zip;

    relation_t *relations;
    size_t      nrelations;

    /* Styles: which cell formats may be higher than a line of the first font. */
    double        *sizes;
    size_t         nsizes;
    unsigned char *tall;
    size_t         ntall;
    int            in_fonts, in_cells;

    /* Strings that cells share: a bit to each that has several lines. */
    unsigned char *lines;
    size_t         nstrings;

    /* The sheet. */
    platen_lok_sheet_t *sheet;
    int                 own_height; /* every row has one */
    unsigned            row;
    int                 free; /* the row has no height, and is not hidden */
    int                 seen; /* it has a cell that may be high */
    char                cell[16];
    char                formula[FORMULA_MAX];
    size_t              nformula;
    int                 in_formula, has_formula, in_value, has_value;
    int                 in_text, has_text, may_be_tall;
    int                 shared; /* the cell's value is the number of a string */
    unsigned long       string;
} reader_t;

static const char *
local(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon == NULL ? name : colon + 1;
}

static const char *
attribute(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2) {
        if (strcmp(local(attributes[0]), name) == 0) {
            return attributes[1];
        }
    }
    return NULL;
}

static int
is_true(const char *value)
{
    return value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

/* Room for one more of `size` bytes; NULL if there is none. */
static void *
grow(void *list, size_t n, size_t size)
{
    return n % 64 == 0 ? realloc(list, (n + 64) * size) : list;
}

/* Reads a part; what is wrong with it ends it early. */
static void
read_part(reader_t *r, const char *path, XML_StartElementHandler start,
          XML_EndElementHandler end, XML_CharacterDataHandler text)
{
    zip_file_t *file = path == NULL ? NULL : zip_fopen(r->zip, path, ZIP_FL_NOCASE);
    zip_int64_t n = 1;
    void       *buf;

    if (file == NULL) {
        return;
    }
    r->parser = XML_ParserCreate(NULL);
    if (r->parser != NULL) {
        XML_SetUserData(r->parser, r);
        XML_SetElementHandler(r->parser, start, end);
        XML_SetCharacterDataHandler(r->parser, text);
        platen_xml_refuse_doctype(r->parser);
        while (n > 0) {
            buf = XML_GetBuffer(r->parser, PIECE);
            n = buf == NULL ? -1 : zip_fread(file, buf, PIECE);
            if (n < 0 || XML_ParseBuffer(r->parser, (int) n, n == 0) != XML_STATUS_OK) {
                break;
            }
        }
        XML_ParserFree(r->parser);
    }
    zip_fclose(file);
}

static void
relation_start(void *data, const char *name, const char **attributes)
{
    reader_t   *r = data;
    const char *id = attribute(attributes, "Id"), *target = attribute(attributes, "Target");
    relation_t *list;

    if (strcmp(local(name), "Relationship") != 0 || id == NULL || target == NULL
        || r->nrelations == SHEETS_MAX) {
        return;
    }
    list = grow(r->relations, r->nrelations, sizeof(*list));
    if (list == NULL) {
        return;
    }
    r->relations = list;
    list[r->nrelations].id = strdup(id);
    list[r->nrelations].target = NULL;
    if (asprintf(&list[r->nrelations].target, "%s%s", *target == '/' ? "" : "xl/",
                 *target == '/' ? target + 1 : target)
        < 0) {
        list[r->nrelations].target = NULL;
    }
    r->nrelations++;
}

static void
workbook_start(void *data, const char *name, const char **attributes)
{
    reader_t            *r = data;
    platen_lok_sheets_t *s = r->sheets;
    const char *id = attribute(attributes, "id"), *title = attribute(attributes, "name");
    const char *state = attribute(attributes, "state");
    platen_lok_sheet_t *list;
    size_t              i;

    if (strcmp(local(name), "sheet") != 0 || s->n == SHEETS_MAX) {
        return;
    }
    list = realloc(s->sheet, (s->n + 1) * sizeof(*list));
    if (list == NULL) {
        return;
    }
    s->sheet = list;
    list += s->n++;
    memset(list, 0, sizeof(*list));
    list->name = strdup(title == NULL ? "" : title);
    list->hidden = state != NULL && strcmp(state, "visible") != 0;
    for (i = 0; id != NULL && i < r->nrelations; i++) {
        if (r->relations[i].id != NULL && strcmp(r->relations[i].id, id) == 0
            && r->relations[i].target != NULL
            && strstr(r->relations[i].target, "worksheets/") != NULL) {
            list->path = strdup(r->relations[i].target);
            break;
        }
    }
}

static void
style_start(void *data, const char *name, const char **attributes)
{
    reader_t      *r = data;
    const char    *value;
    double        *sizes;
    unsigned char *tall;
    unsigned long  font;

    name = local(name);
    if (strcmp(name, "fonts") == 0) {
        r->in_fonts = 1;
    } else if (strcmp(name, "cellXfs") == 0) {
        r->in_cells = 1;
    } else if (r->in_fonts && strcmp(name, "font") == 0 && r->nsizes < STYLES_MAX) {
        sizes = grow(r->sizes, r->nsizes, sizeof(*sizes));
        if (sizes != NULL) {
            r->sizes = sizes;
            r->sizes[r->nsizes++] = 0;
        }
    } else if (r->in_fonts && strcmp(name, "sz") == 0 && r->nsizes > 0) {
        value = attribute(attributes, "val");
        r->sizes[r->nsizes - 1] = value == NULL ? 0 : atof(value);
    } else if (r->in_cells && strcmp(name, "xf") == 0 && r->ntall < STYLES_MAX) {
        value = attribute(attributes, "fontId");
        font = value == NULL ? 0 : strtoul(value, NULL, 10);
        tall = grow(r->tall, r->ntall, sizeof(*tall));
        if (tall != NULL) {
            r->tall = tall;
            r->tall[r->ntall++] = font < r->nsizes && r->sizes[font] > r->sizes[0];
        }
    } else if (r->in_cells && strcmp(name, "alignment") == 0 && r->ntall > 0) {
        value = attribute(attributes, "textRotation");
        r->tall[r->ntall - 1] |= is_true(attribute(attributes, "wrapText"))
                                 || (value != NULL && strcmp(value, "0") != 0);
    }
}

static void
style_end(void *data, const char *name)
{
    reader_t *r = data;

    name = local(name);
    r->in_fonts &= strcmp(name, "fonts") != 0;
    r->in_cells &= strcmp(name, "cellXfs") != 0;
}

static void
strings_start(void *data, const char *name, const char **attributes)
{
    reader_t      *r = data;
    unsigned char *lines;

    (void) attributes;
    name = local(name);
    if (strcmp(name, "si") == 0 && r->nstrings < STRINGS_MAX) {
        if (r->nstrings % STRINGS_PIECE == 0) {
            lines = realloc(r->lines, (r->nstrings + STRINGS_PIECE) / 8);
            if (lines == NULL) {
                XML_StopParser(r->parser, XML_FALSE);
                return;
            }
            r->lines = lines;
            memset(lines + r->nstrings / 8, 0, STRINGS_PIECE / 8);
        }
        r->nstrings++;
    }
    r->in_text = strcmp(name, "t") == 0;
}

static void
strings_end(void *data, const char *name)
{
    reader_t *r = data;

    (void) name;
    r->in_text = 0;
}

static void
strings_text(void *data, const char *text, int len)
{
    reader_t *r = data;
    size_t    last = r->nstrings - 1;

    if (r->in_text && r->nstrings > 0 && memchr(text, '\n', (size_t) len) != NULL) {
        r->lines[last / 8] |= (unsigned char) (1U << last % 8);
    }
}

static void
sheet_start(void *data, const char *name, const char **attributes)
{
    reader_t     *r = data;
    const char   *value;
    unsigned long style;

    name = local(name);
    if (strcmp(name, "c") == 0) {
        value = attribute(attributes, "r");
        snprintf(r->cell, sizeof(r->cell), "%s", value == NULL ? "?" : value);
        value = attribute(attributes, "s");
        style = value == NULL ? 0 : strtoul(value, NULL, 10);
        r->may_be_tall = style < r->ntall && r->tall[style];
        r->has_formula = r->has_value = r->has_text = 0;
        value = attribute(attributes, "t");
        r->shared = value != NULL && strcmp(value, "s") == 0;
        r->string = 0;
    } else if (strcmp(name, "f") == 0) {
        r->in_formula = r->has_formula = 1;
        r->nformula = 0;
    } else if (strcmp(name, "v") == 0) {
        r->in_value = 1;
    } else if (strcmp(name, "t") == 0) {
        r->in_text = 1;
    } else if (strcmp(name, "row") == 0) {
        value = attribute(attributes, "r");
        r->row = value == NULL ? r->row + 1 : (unsigned) strtoul(value, NULL, 10);
        r->free = attribute(attributes, "ht") == NULL && !r->own_height
                  && !is_true(attribute(attributes, "hidden"));
        r->seen = 0;
    } else if (strcmp(name, "sheetFormatPr") == 0) {
        r->own_height = is_true(attribute(attributes, "customHeight"));
    }
}

static void
add_cell(const reader_t *r, platen_lok_cells_t *cells, const char *function)
{
    size_t n = strlen(cells->names);

    if (cells->n++ == 0) {
        snprintf(cells->function, sizeof(cells->function), "%s", function);
    }
    if (n + strlen(r->sheet->name) + strlen(r->cell) + 4 < sizeof(cells->names)) {
        snprintf(cells->names + n, sizeof(cells->names) - n, "%s%s!%s", n > 0 ? ", " : "",
                 r->sheet->name, r->cell);
    }
}

static void
end_row(reader_t *r)
{
    platen_lok_sheet_t *sheet = r->sheet;

    if (!r->free || !r->seen || r->row == 0) {
        return;
    }
    if (sheet->nrows > 0 && sheet->rows[sheet->nrows - 1].last + 1 == r->row) {
        sheet->rows[sheet->nrows - 1].last = r->row;
    } else if (sheet->nrows < PLATEN_LOK_SHEETS_RUNS) {
        sheet->rows[sheet->nrows++] = (platen_lok_rows_t){ r->row, r->row };
    }
}

static void
sheet_end(void *data, const char *name)
{
    reader_t   *r = data;
    const char *function;

    name = local(name);
    if (strcmp(name, "f") == 0) {
        r->in_formula = 0;
    } else if (strcmp(name, "v") == 0) {
        r->in_value = 0;
    } else if (strcmp(name, "t") == 0) {
        r->in_text = 0;
    } else if (strcmp(name, "row") == 0) {
        end_row(r);
    } else if (strcmp(name, "c") == 0) {
        /* LibreOffice begins a line in a cell where its text does, wrapped or not. */
        r->may_be_tall |= r->shared && r->has_value && r->string < r->nstrings
                          && (r->lines[r->string / 8] >> r->string % 8 & 1) != 0;
        r->seen |= r->may_be_tall && (r->has_value || r->has_text);
        if (!r->has_formula) {
            return;
        }
        r->sheets->formulas += r->has_value != 0;
        function = platen_lok_functions_lacked(r->formula, r->nformula);
        if (function != NULL) {
            add_cell(r, r->has_value ? &r->sheets->lacking : &r->sheets->empty, function);
        }
    }
}

static void
sheet_text(void *data, const char *text, int len)
{
    reader_t *r = data;
    size_t    n = (size_t) len;

    size_t i;

    r->has_value |= r->in_value && n > 0;
    r->has_text |= r->in_text && n > 0;
    r->may_be_tall |=
        (r->in_text || (r->in_value && !r->shared)) && memchr(text, '\n', n) != NULL;
    for (i = 0; r->in_value && r->shared && i < n && r->string < STRINGS_MAX; i++) {
        r->string = r->string * 10 + (text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 0);
    }
    if (r->in_formula) {
        n = n < sizeof(r->formula) - r->nformula ? n : sizeof(r->formula) - r->nformula;
        memcpy(r->formula + r->nformula, text, n);
        r->nformula += n;
    }
}

static void
read_book(reader_t *r)
{
    size_t i;

    read_part(r, "xl/_rels/workbook.xml.rels", relation_start, NULL, NULL);
    read_part(r, "xl/workbook.xml", workbook_start, NULL, NULL);
    read_part(r, "xl/styles.xml", style_start, style_end, NULL);
    read_part(r, "xl/sharedStrings.xml", strings_start, strings_end, strings_text);
    for (i = 0; i < r->sheets->n; i++) {
        r->sheet = &r->sheets->sheet[i];
        r->row = 0;
        r->own_height = r->in_formula = r->in_value = r->in_text = 0;
        read_part(r, r->sheet->path, sheet_start, sheet_end, sheet_text);
    }
}

platen_lok_sheets_t *
platen_lok_sheets_new(const char *path)
{
    platen_lok_sheets_t *self = calloc(1, sizeof(*self));
    reader_t            *r = calloc(1, sizeof(*r));
    size_t               i;

    if (self != NULL && r != NULL) {
        r->sheets = self;
        r->zip = zip_open(path, ZIP_RDONLY, NULL);
        if (r->zip != NULL) {
            read_book(r);
            zip_discard(r->zip);
        }
    }
    for (i = 0; r != NULL && i < r->nrelations; i++) {
        free(r->relations[i].id);
        free(r->relations[i].target);
    }
    if (r != NULL) {
        free(r->relations);
        free(r->sizes);
        free(r->tall);
        free(r->lines);
        free(r);
    }
    if (self != NULL && self->n == 0) {
        platen_lok_sheets_destroy(&self);
    }
    return self;
}

void
platen_lok_sheets_destroy(platen_lok_sheets_t **self)
{
    size_t i;

    if (*self == NULL) {
        return;
    }
    for (i = 0; i < (*self)->n; i++) {
        free((*self)->sheet[i].name);
        free((*self)->sheet[i].path);
    }
    free((*self)->sheet);
    free(*self);
    *self = NULL;
}
