/*
 * Page layouts; see lok/pages.h.  In a child, after its document has
 * been loaded and written as flat OpenDocument: LibreOfficeKit has no call that
 * changes pages, its commands reach the page style at the cursor alone and none of
 * Calc's.  The edited file is loaded in the place of the document.
 *
 * LibreOffice writes no comments and no CDATA sections, and escapes `<` and `>`
 * in text and in attributes.
 */

#include "lok/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lok/tag.h"

#define LAYOUT "style:page-layout-properties"
#define OBJECT "draw:object"
#define TABLE "table:table"
#define CELL "table:table-cell"
#define STYLE "style:style"
#define WIDTH " fo:page-width=\""
#define HEIGHT " fo:page-height=\""
#define ORIENTATION " style:print-orientation=\""
#define FORMULA " table:formula=\""

/* Of a tag and its NUL, which may have a formula; a longer one is copied as it is. */
#define TAG_MAX 65536

/* What a layout without a size of its own has: A4, in 1/100 mm. */
#define A4_WIDTH 21000
#define A4_HEIGHT 29700

/* Hidden sheets and what else is named by them; more are not looked for. */
#define NAMES_MAX 4096

typedef struct {
    char  *name[NAMES_MAX];
    size_t n;
} names_t;

/* One reading of the file. */
typedef struct {
    FILE                     *in;
    FILE                     *out; /* NULL: it is only looked for hidden sheets */
    const platen_lok_pages_t *edit;
    names_t                   styles;     /* of hidden sheets */
    names_t                   hidden;     /* their names, and of ranges in them */
    char                      style[256]; /* the one that the reader is in */
    unsigned                  object;     /* depth of embedded documents */
    unsigned                  skipped;    /* depth of tables in one that is left out */
} reading_t;

static const char *const sides[] = { " fo:margin-top=\"", " fo:margin-right=\"",
                                     " fo:margin-bottom=\"", " fo:margin-left=\"" };

/* How many pages a sheet is wide and high; 0: as many as there are. */
static const char *const scales[] = { " style:scale-to=\"", " style:scale-to-pages=\"",
                                      " style:scale-to-X=\"", " style:scale-to-Y=\"" };

int
platen_lok_pages_asked(const platen_lok_page_t *page)
{
    size_t i, any = page->orientation | page->fit | page->width | page->height;

    for (i = 0; i < sizeof(page->margins) / sizeof(page->margins[0]); i++) {
        any |= page->margins[i];
    }
    return any != 0;
}

/* The value of an attribute, up to its quote; NULL if there is none. */
static const char *
value(const char *tag, const char *attribute, size_t *len)
{
    const char *found = strstr(tag, attribute);

    if (found == NULL) {
        return NULL;
    }
    found += strlen(attribute);
    *len = strcspn(found, "\"");
    return found;
}

static void
names_add(names_t *names, const char *name, size_t len)
{
    if (names->n < NAMES_MAX && len > 0) {
        names->name[names->n] = strndup(name, len);
        names->n += names->name[names->n] != NULL;
    }
}

/* A sheet, as formulas name it: in quotes, where an apostrophe is two (ODF 1.3 part 4, 5.8). */
static void
names_add_sheet(names_t *names, const char *name, size_t len)
{
    static const char apostrophe[] = "&apos;";
    size_t            i, step, n = 0;
    char             *quoted = malloc(2 * len + 1);

    for (i = 0; quoted != NULL && i < len; i += step) {
        step = strncmp(name + i, apostrophe, sizeof(apostrophe) - 1) == 0
                   ? sizeof(apostrophe) - 1
                   : 1;
        memcpy(quoted + n, name + i, step);
        n += step;
        if (step > 1 || name[i] == '\'') {
            memcpy(quoted + n, name + i, step);
            n += step;
        }
    }
    if (quoted != NULL) {
        names_add(names, quoted, n);
    }
    free(quoted);
}

static int
names_have(const names_t *names, const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < names->n; i++) {
        if (strncmp(names->name[i], name, len) == 0 && names->name[i][len] == '\0') {
            return 1;
        }
    }
    return 0;
}

/* Whether one of them is in the text. */
static int
names_in(const names_t *names, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < names->n; i++) {
        if (memmem(text, len, names->name[i], strlen(names->name[i])) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void
names_free(names_t *names)
{
    while (names->n > 0) {
        free(names->name[--names->n]);
    }
}

/* Copies attributes but those that are written anew, a list that ends with NULL. */
static void
copy_others(const char *attributes, const char *const *anew, FILE *out)
{
    const char *end;
    size_t      i;

    while (*attributes != '\0') {
        for (i = 0; anew[i] != NULL; i++) {
            if (strncmp(attributes, anew[i], strlen(anew[i])) == 0) {
                end = strchr(attributes + strlen(anew[i]), '"');
                if (end != NULL) {
                    attributes = end + 1;
                    break;
                }
            }
        }
        if (anew[i] == NULL) {
            putc_unlocked(*attributes++, out);
        }
    }
}

static void
put_length(FILE *out, const char *attribute, uint32_t length)
{
    fprintf(out, "%s%u.%02umm\"", attribute, length / 100, length % 100);
}

/* The size of a layout: of the paper that is asked for, turned as is asked for. */
static int
put_size(const platen_lok_page_t *page, const char *attributes, FILE *out)
{
    const char *width, *height, *number;
    size_t      wide = 0, high = 0;
    int         landscape;

    width = value(attributes, WIDTH, &wide);
    height = value(attributes, HEIGHT, &high);
    if (width == NULL || height == NULL) {
        number = value(attributes, ORIENTATION, &wide);
        landscape = number != NULL && *number == 'l';
        width = height = NULL;
    } else {
        landscape = atof(width) > atof(height); /* in the same unit */
    }
    if (page->width == 0
        && (page->orientation == PLATEN_LOK_PAGE_AS_IT_IS
            || (width != NULL
                && landscape == (page->orientation == PLATEN_LOK_PAGE_LANDSCAPE)))) {
        return 0;
    }
    if (page->orientation != PLATEN_LOK_PAGE_AS_IT_IS) {
        landscape = page->orientation == PLATEN_LOK_PAGE_LANDSCAPE;
    }
    if (page->width != 0 || width == NULL) {
        uint32_t upright[2] = { page->width == 0 ? A4_WIDTH : page->width,
                                page->width == 0 ? A4_HEIGHT : page->height };

        put_length(out, WIDTH, upright[landscape]);
        put_length(out, HEIGHT, upright[!landscape]);
    } else {
        fprintf(out, WIDTH "%.*s\"" HEIGHT "%.*s\"", (int) high, height, (int) wide, width);
    }
    fprintf(out, ORIENTATION "%s\"", landscape ? "landscape" : "portrait");
    return 1;
}

/* Writes the tag; `attributes` is all that follows its name. */
static void
lay_out(const platen_lok_page_t *page, const char *attributes, FILE *out)
{
    const char *anew[3 + 4 + 4 + 1];
    size_t      n = 0, i;

    fputs("<" LAYOUT, out);
    if (put_size(page, attributes, out)) {
        anew[n++] = WIDTH;
        anew[n++] = HEIGHT;
        anew[n++] = ORIENTATION;
    }
    for (i = 0; i < 4; i++) {
        if (page->margins[i] != 0) {
            put_length(out, sides[i], page->margins[i] - 1);
            anew[n++] = sides[i];
        }
    }
    if (page->fit != PLATEN_LOK_PAGE_AS_IT_IS) {
        fprintf(out, "%s1\"%s%d\"", scales[2], scales[3],
                page->fit == PLATEN_LOK_PAGE_FIT_PAGE);
        for (i = 0; i < 4; i++) {
            anew[n++] = scales[i];
        }
    }
    anew[n] = NULL;
    copy_others(attributes, anew, out);
}

static int
is(const char *tag, const char *name)
{
    size_t len = strlen(name);

    return strncmp(tag, name, len) == 0 && strchr(" />", tag[len]) != NULL && tag[len] != '\0';
}

/* What the style of a sheet says of it, and which sheets and ranges it hides. */
static void
look(reading_t *r, const char *tag)
{
    const char *found, *name;
    size_t      len = 0, n = 0;

    if (is(tag, STYLE)) {
        name = value(tag, " style:name=\"", &n);
        snprintf(r->style, sizeof(r->style), "%.*s", name == NULL ? 0 : (int) n, name);
    } else if (is(tag, "style:table-properties")) {
        found = value(tag, " table:display=\"", &len);
        if (found != NULL && strncmp(found, "false", len) == 0) {
            names_add(&r->styles, r->style, strlen(r->style));
        }
    } else if (is(tag, TABLE)) {
        found = value(tag, " table:style-name=\"", &len);
        name = value(tag, " table:name=\"", &n);
        if (found != NULL && name != NULL && names_have(&r->styles, found, len)) {
            names_add_sheet(&r->hidden, name, n);
        }
    } else if (is(tag, "table:named-range") || is(tag, "table:named-expression")) {
        name = value(tag, " table:name=\"", &n);
        if (name != NULL && names_in(&r->hidden, tag, strlen(tag))) {
            names_add(&r->hidden, name, n);
        }
    }
}

/* Whether a sheet that is left out begins with this tag. */
static int
is_hidden(const reading_t *r, const char *tag)
{
    const char *name;
    size_t      n = 0;

    if (!r->edit->shown || !is(tag, TABLE)) {
        return 0;
    }
    name = value(tag, " table:style-name=\"", &n);
    return name != NULL && names_have(&r->styles, name, n);
}

/* A cell whose formula is about a sheet that is left out: it keeps its value. */
static void
put_cell(const reading_t *r, const char *tag)
{
    static const char *const value_alone[] = { FORMULA,
                                               " table:number-matrix-columns-spanned=\"",
                                               " table:number-matrix-rows-spanned=\"", NULL };
    static const char *const error[] = { FORMULA, " office:string-value=\"", NULL };
    const char              *formula;
    size_t                   len = 0;

    formula = r->edit->shown ? value(tag, FORMULA, &len) : NULL;
    putc_unlocked('<', r->out);
    if (formula == NULL || !names_in(&r->hidden, formula, len)) {
        fputs(tag, r->out);
    } else {
        copy_others(tag,
                    strstr(tag, " calcext:value-type=\"error\"") != NULL ? error : value_alone,
                    r->out);
    }
}

static void
take_tag(reading_t *r, const char *tag, int whole)
{
    int closes = is(tag, "/" OBJECT), ends = is(tag, "/" TABLE);
    int alone = strcmp(tag + strlen(tag) - (strlen(tag) > 1 ? 2 : 0), "/>") == 0;

    r->object += is(tag, OBJECT) && !alone;
    if (r->out == NULL) {
        if (r->object == 0) {
            look(r, tag);
        }
    } else if (r->skipped > 0 || (r->object == 0 && is_hidden(r, tag))) {
        r->skipped += is(tag, TABLE) && !alone;
        r->skipped -= ends;
    } else if (r->object == 0 && whole && is(tag, LAYOUT)) {
        /* Embedded documents have page layouts of their own, which stay as they are. */
        lay_out(r->edit->page, tag + strlen(LAYOUT), r->out);
    } else if (r->object == 0 && whole && is(tag, CELL)) {
        put_cell(r, tag);
    } else if (!r->edit->flat || r->object == 0) {
        putc_unlocked('<', r->out);
        fputs(tag, r->out);
    }
    r->object -= closes && r->object != 0;
}

static void
read_file(reading_t *r)
{
    static char tag[TAG_MAX];
    int         c, whole;

    while ((c = getc_unlocked(r->in)) != EOF) {
        if (c == '<') {
            whole = platen_lok_tag_read(r->in, tag, sizeof(tag));
            take_tag(r, tag, whole);
        } else if (r->out != NULL && r->skipped == 0 && (!r->edit->flat || r->object == 0)) {
            putc_unlocked(c, r->out);
        }
    }
}

int
platen_lok_pages(const char *from, const char *to, const platen_lok_pages_t *edit)
{
    reading_t *r = calloc(1, sizeof(*r));
    int        fd, failed = 1;

    if (r == NULL) {
        return -1;
    }
    r->edit = edit;
    r->in = fopen(from, "re");
    if (r->in != NULL && edit->shown) {
        read_file(r);
        rewind(r->in);
        r->object = 0;
    }
    fd = r->in == NULL ? -1
                       : open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        r->out = fdopen(fd, "w");
        if (r->out == NULL) {
            close(fd);
        }
    }
    if (r->out != NULL) {
        read_file(r);
        failed = ferror(r->in) || ferror(r->out);
        failed |= fclose(r->out) != 0;
    }
    if (r->in != NULL) {
        fclose(r->in);
    }
    names_free(&r->styles);
    names_free(&r->hidden);
    free(r);
    return failed ? -1 : 0;
}
