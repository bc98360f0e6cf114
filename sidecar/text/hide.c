/*
 * What a page of HTML does not show; see text/main.h.
 *
 * Engines follow little of a page's style: what it hides would be in the result, as a
 * menu for telephones, a template, the preview of a mail.  So that is cut out of the page
 * before they see it.  The tags are followed in one pass, with a stack of the elements
 * that are open and without a tree; an end tag that is left out is where HTML says that
 * it may be.
 */

#include "text/main.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/style.h"

#define DEPTH_MAX 512 /* elements within each other: a page with more is left as it is */
#define ATTRIBUTES_MAX 32

typedef struct {
    platen_span_t name, value;
} attribute_t;

typedef struct {
    platen_span_t tag;
    attribute_t   attributes[ATTRIBUTES_MAX];
    unsigned      nattributes;
    platen_said_t visibility;
    int           foreign; /* SVG or MathML: a tag may close itself */
} element_t;

typedef struct {
    const char     *html, *end;
    platen_style_t *style;
    element_t       open[DEPTH_MAX];
    unsigned        depth;
    int             deep; /* there are more */
    unsigned        cut;  /* how many are open without what is cut; DEPTH_MAX: nothing is */
    const char     *from; /* what is not written yet */
    FILE           *out;
    int             unprinted, unclosed;
} page_t;

static int
same(platen_span_t a, platen_span_t b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static platen_span_t
attribute(const element_t *e, const char *name)
{
    unsigned i;

    for (i = 0; i < e->nattributes; i++) {
        if (platen_span_is(e->attributes[i].name, name)) {
            return e->attributes[i].value;
        }
    }
    return (platen_span_t){ NULL, 0 };
}

/* Whether a value is a list of words with this one. */
static int
lists(platen_span_t value, platen_span_t word)
{
    size_t i = 0, n;

    while (i < value.n) {
        for (; i < value.n && isspace((unsigned char) value.p[i]); i++) {
        }
        for (n = 0; i + n < value.n && !isspace((unsigned char) value.p[i + n]); n++) {
        }
        if (n == word.n && n > 0 && memcmp(value.p + i, word.p, n) == 0) {
            return 1;
        }
        i += n;
    }
    return 0;
}

static int
holds_attribute(const platen_simple_t *simple, platen_span_t value)
{
    platen_span_t want = simple->value;

    if (value.p == NULL) {
        return 0;
    }
    switch (simple->op) {
    case '\0':
        return 1;
    case '=':
        return same(value, want);
    case '~':
        return lists(value, want);
    case '^':
        return want.n > 0 && value.n >= want.n && strncasecmp(value.p, want.p, want.n) == 0;
    case '$':
        return want.n > 0 && value.n >= want.n
               && strncasecmp(value.p + value.n - want.n, want.p, want.n) == 0;
    case '|':
        return value.n >= want.n && strncasecmp(value.p, want.p, want.n) == 0
               && (value.n == want.n || value.p[want.n] == '-');
    default: /* '*' */
        return want.n > 0 && memmem(value.p, value.n, want.p, want.n) != NULL;
    }
}

static int
holds_simple(const platen_simple_t *simple, const element_t *e)
{
    platen_span_t value;
    unsigned      i;

    if (simple->kind == '[') {
        for (i = 0; i < e->nattributes; i++) {
            if (same(e->attributes[i].name, simple->name)) {
                return holds_attribute(simple, e->attributes[i].value);
            }
        }
        return 0;
    }
    value = attribute(e, simple->kind == '#' ? "id" : "class");
    return simple->kind == '#' ? value.n == simple->name.n && value.n > 0
                                     && memcmp(value.p, simple->name.p, value.n) == 0
                               : lists(value, simple->name);
}

static int
holds_compound(const platen_compound_t *compound, const element_t *e)
{
    unsigned i;

    if (compound->tag.n > 0 && !same(compound->tag, e->tag)) {
        return 0;
    }
    for (i = 0; i < compound->nsimples; i++) {
        if (!holds_simple(&compound->simples[i], e)) {
            return 0;
        }
    }
    return 1;
}

/*
 * Whether a rule holds for the element at `at` of the stack.  Of descendants the nearest
 * one that fits is taken, and no other is tried: "a > b c" may so be missed, never found
 * where it is not.
 */
static int
holds(const page_t *page, const platen_rule_t *rule, unsigned at)
{
    unsigned i = rule->ncompounds - 1;

    if (!holds_compound(&rule->compounds[i], &page->open[at])) {
        return 0;
    }
    while (i > 0) {
        char combinator = rule->compounds[i--].combinator;

        do {
            if (at-- == 0) {
                return 0;
            }
        } while (!holds_compound(&rule->compounds[i], &page->open[at]) && combinator == ' ');
        if (!holds_compound(&rule->compounds[i], &page->open[at])) {
            return 0;
        }
    }
    return 1;
}

/* What is not shown by itself (HTML, section 15.3.1), and always. */
static const char *const never[] = {
    "template", "datalist", "noembed", "noframes", "rp", NULL
};

/* Whether the element at the end of the stack is not displayed; sets its visibility. */
static int
is_hidden(page_t *page)
{
    element_t    *e = &page->open[page->depth - 1];
    platen_said_t display = PLATEN_UNSAID, visibility = PLATEN_UNSAID, own[2] = { 0, 0 };
    unsigned      weights[2] = { 0, 0 };
    int           important = 0, print = 0;
    size_t        i;

    e->visibility = page->depth > 1 ? page->open[page->depth - 2].visibility : PLATEN_SHOWN;
    if (platen_span_is_one_of(e->tag, never)) {
        return 1;
    }
    if (attribute(e, "hidden").p != NULL
        || (platen_span_is(e->tag, "dialog") && attribute(e, "open").p == NULL)) {
        display = PLATEN_HIDDEN;
    }
    for (i = 0; i < page->style->nrules; i++) {
        const platen_rule_t *rule = &page->style->rules[i];

        if ((rule->display == PLATEN_UNSAID || rule->weight < weights[0])
            && (rule->visibility == PLATEN_UNSAID || rule->weight < weights[1])) {
            continue;
        }
        if (!holds(page, rule, page->depth - 1)) {
            continue;
        }
        if (rule->display != PLATEN_UNSAID && rule->weight >= weights[0]) {
            display = rule->display;
            weights[0] = rule->weight;
            print = rule->print;
        }
        if (rule->visibility != PLATEN_UNSAID && rule->weight >= weights[1]) {
            visibility = rule->visibility;
            weights[1] = rule->weight;
        }
    }
    platen_style_declarations(attribute(e, "style"), &own[0], &own[1], &important);
    if (own[0] != PLATEN_UNSAID && (important || weights[0] < PLATEN_STYLE_IMPORTANT)) {
        display = own[0];
        print = 0;
    }
    if (own[1] != PLATEN_UNSAID && (important || weights[1] < PLATEN_STYLE_IMPORTANT)) {
        visibility = own[1];
    }
    e->visibility = visibility != PLATEN_UNSAID ? visibility : e->visibility;
    page->unprinted |= display == PLATEN_HIDDEN && print;
    return display == PLATEN_HIDDEN;
}

static int
is_cutting(const page_t *page)
{
    return page->cut < DEPTH_MAX;
}

static void
write_to(page_t *page, const char *to)
{
    if (!is_cutting(page) && to > page->from) {
        fwrite(page->from, 1, (size_t) (to - page->from), page->out);
    }
    page->from = to;
}

/* The elements above `depth` end before `at`; what is cut of them, too. */
static void
close_to(page_t *page, unsigned depth, const char *at)
{
    page->depth = depth;
    if (is_cutting(page) && page->cut >= depth) {
        page->from = at;
        page->cut = DEPTH_MAX;
    }
}

/* The place of the innermost open element of a name, or of one of those that bound it. */
static unsigned
find(const page_t *page, platen_span_t name, const char *const *bounds)
{
    unsigned i;

    for (i = page->depth; i > 0; i--) {
        if (same(page->open[i - 1].tag, name)) {
            return i;
        }
        if (bounds != NULL && platen_span_is_one_of(page->open[i - 1].tag, bounds)) {
            return 0;
        }
    }
    return 0;
}

/* What a start tag ends (HTML, section 13.1.2.4). */
static void
imply_ends(page_t *page, platen_span_t name, const char *at)
{
    static const char *const blocks[] = {
        "address", "article", "aside",  "blockquote", "center",     "details", "dialog",
        "dir",     "div",     "dl",     "fieldset",   "figcaption", "figure",  "footer",
        "form",    "h1",      "h2",     "h3",         "h4",         "h5",      "h6",
        "header",  "hgroup",  "hr",     "main",       "menu",       "nav",     "ol",
        "p",       "pre",     "search", "section",    "summary",    "table",   "ul",
        "li",      "dt",      "dd",     NULL,
    };
    static const char *const lists[] = { "ul", "ol", "menu", "dir", "dl", "table", NULL };
    static const char *const cells[] = { "table", "template", NULL };
    static const char *const scope[] = { "button",  "table",  "td",       "th",
                                         "caption", "object", "template", NULL };
    static const struct {
        const char        *names[4], *ends[6];
        const char *const *bounds;
    } others[] = {
        { { "li" }, { "li" }, lists },
        { { "dt", "dd" }, { "dt", "dd" }, lists },
        { { "td", "th" }, { "td", "th" }, cells },
        { { "tr" }, { "tr", "caption", "colgroup" }, cells },
        { { "thead", "tbody", "tfoot" },
          { "thead", "tbody", "tfoot", "caption", "colgroup" },
          cells },
        { { "option", "optgroup" }, { "option" }, lists },
    };
    size_t   i, j;
    unsigned place;

    if (platen_span_is_one_of(name, blocks)) {
        place = find(page, (platen_span_t){ "p", 1 }, scope);
        if (place > 0) {
            close_to(page, place - 1, at);
        }
    }
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (!platen_span_is_one_of(name, others[i].names)) {
            continue;
        }
        for (j = 0; others[i].ends[j] != NULL; j++) {
            place = find(page, (platen_span_t){ others[i].ends[j], strlen(others[i].ends[j]) },
                         others[i].bounds);
            if (place > 0) {
                close_to(page, place - 1, at);
            }
        }
    }
}

/* A start tag from behind its "<"; returns what is behind it, NULL if it does not end. */
static const char *
read_tag(const page_t *page, const char *p, element_t *e, int *closed)
{
    attribute_t *a, none;
    char         quote;

    *e = (element_t){ .tag = { p, 0 } };
    *closed = 0;
    for (; p < page->end && !isspace((unsigned char) *p) && *p != '>' && *p != '/';
         p++, e->tag.n++) {
    }
    while (p < page->end && *p != '>') {
        if (isspace((unsigned char) *p) || *p == '/') {
            *closed = *p == '/';
            p++;
            continue;
        }
        *closed = 0;
        a = e->nattributes < ATTRIBUTES_MAX ? &e->attributes[e->nattributes++] : &none;
        *a = (attribute_t){ { p, 0 }, { "", 0 } };
        for (; p < page->end && !isspace((unsigned char) *p) && *p != '>' && *p != '/'
               && (*p != '=' || a->name.n == 0);
             p++, a->name.n++) {
        }
        for (; p < page->end && isspace((unsigned char) *p); p++) {
        }
        if (p == page->end || *p != '=') {
            continue;
        }
        for (p++; p < page->end && isspace((unsigned char) *p); p++) {
        }
        quote = p < page->end && (*p == '"' || *p == '\'') ? *p++ : '\0';
        a->value.p = p;
        for (; p < page->end
               && (quote != '\0' ? *p != quote : !isspace((unsigned char) *p) && *p != '>');
             p++, a->value.n++) {
        }
        p += quote != '\0' && p < page->end;
    }
    return p == page->end ? NULL : p + 1;
}

/* Where the end tag of an element of text alone is, the end of the page if it has none. */
static const char *
end_of_text(const page_t *page, const char *p, platen_span_t name)
{
    while ((p = memmem(p, (size_t) (page->end - p), "</", 2)) != NULL) {
        if ((size_t) (page->end - p) > name.n + 2 && strncasecmp(p + 2, name.p, name.n) == 0
            && !isalnum((unsigned char) p[2 + name.n])) {
            return p;
        }
        p += 2;
    }
    return page->end;
}

static const char *const empty[] = { "area",   "base",   "basefont", "bgsound", "br",
                                     "col",    "embed",  "frame",    "hr",      "img",
                                     "input",  "keygen", "link",     "meta",    "param",
                                     "source", "track",  "wbr",      NULL };
static const char *const texts[] = { "script", "style",   "textarea", "title", "xmp",
                                     "iframe", "noembed", "noframes", NULL };

/* The places of what a page is made of, which are never hidden. */
static const char *const roots[] = { "html", "head", "body", "style", "title", "meta", NULL };

static const char *
start_tag(page_t *page, const char *at)
{
    static const char *const foreign[] = { "svg", "math", NULL };
    element_t                e;
    const char              *next;
    int                      closed, hidden;

    next = read_tag(page, at + 1, &e, &closed);
    if (next == NULL) {
        return page->end;
    }
    imply_ends(page, e.tag, at);
    if (page->depth == DEPTH_MAX) {
        page->deep = 1;
        return page->end;
    }
    e.foreign = (page->depth > 0 && page->open[page->depth - 1].foreign)
                || platen_span_is_one_of(e.tag, foreign);
    page->open[page->depth++] = e;
    hidden = !is_cutting(page) && is_hidden(page) && !platen_span_is_one_of(e.tag, roots);
    if (platen_span_is_one_of(e.tag, roots)) {
        page->open[page->depth - 1].visibility = PLATEN_SHOWN;
    }
    if (hidden) {
        write_to(page, at);
        page->cut = page->depth - 1;
    }
    if (platen_span_is_one_of(e.tag, empty) || (closed && e.foreign)) {
        if (!hidden && page->open[page->depth - 1].visibility == PLATEN_HIDDEN) {
            write_to(page, at);
            page->from = next;
        }
        close_to(page, page->depth - 1, next);
    } else if (platen_span_is_one_of(e.tag, texts) && !e.foreign) {
        next = end_of_text(page, next, e.tag);
    }
    return next;
}

static const char *
end_tag(page_t *page, const char *at)
{
    static const char *const cells[] = { "table", NULL };
    element_t                e;
    const char              *next;
    unsigned                 place;
    int                      closed, cutting;

    next = read_tag(page, at + 2, &e, &closed);
    if (next == NULL) {
        return page->end;
    }
    place = find(page, e.tag, platen_span_is(e.tag, "table") ? NULL : cells);
    if (place > 0) {
        /* Its own tag goes with what is cut; that of an element around does not. */
        cutting = is_cutting(page) && page->cut == place - 1;
        close_to(page, place - 1, cutting ? next : at);
    }
    return next;
}

/* What is text up to `end`: left out where it is not visible. */
static void
text(page_t *page, const char *p, const char *end)
{
    if (page->depth > 0 && !is_cutting(page)
        && page->open[page->depth - 1].visibility == PLATEN_HIDDEN) {
        write_to(page, p);
        page->from = end;
    }
}

static void
walk(page_t *page)
{
    const char *p = page->html, *at;

    while (p < page->end) {
        at = memchr(p, '<', (size_t) (page->end - p));
        at = at == NULL ? page->end : at;
        text(page, p, at);
        if (page->end - at < 2) {
            break;
        }
        if (page->end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
            p = memmem(at + 4, (size_t) (page->end - at - 4), "-->", 3);
            page->unclosed = p == NULL;
            p = p == NULL ? page->end : p + 3;
        } else if (at[1] == '!' || at[1] == '?') {
            p = memchr(at, '>', (size_t) (page->end - at));
            p = p == NULL ? page->end : p + 1;
        } else if (isalpha((unsigned char) at[1])) {
            p = start_tag(page, at);
        } else if (at[1] == '/' && page->end - at > 2 && isalpha((unsigned char) at[2])) {
            p = end_tag(page, at);
        } else {
            p = at + 1;
        }
    }
    write_to(page, page->end);
}

/* A style sheet in another file. */
static void
read_linked(platen_style_t *style, const element_t *e, platen_text_sheet_f sheet, void *data)
{
    platen_span_t href = attribute(e, "href"), word = { "stylesheet", 10 };
    char         *text = NULL;
    size_t        len;

    if (href.p != NULL && lists(attribute(e, "rel"), word)
        && !lists(attribute(e, "rel"), (platen_span_t){ "alternate", 9 })) {
        if (style->nsheets == PLATEN_SHEETS_MAX) {
            style->unclear++; /* and not read for nothing, however often it is named */
            return;
        }
        text = sheet(data, href.p, href.n, &len);
    }
    if (text != NULL) {
        platen_style_read(style, (platen_span_t){ text, len }, attribute(e, "media"));
        free(text);
    }
}

/* The page's style sheets, wherever they are, but in what is no part of it, or text alone. */
static void
read_styles(platen_style_t *style, const char *html, size_t len, platen_text_sheet_f sheet,
            void *data)
{
    page_t      page = { .html = html, .end = html + len };
    const char *p = html, *end;
    element_t   e;
    int         closed;

    while (p != NULL && (p = memchr(p, '<', (size_t) (page.end - p))) != NULL) {
        if (page.end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
            p = memmem(p + 4, (size_t) (page.end - p - 4), "-->", 3);
            continue;
        }
        if (page.end - ++p < 2 || !isalpha((unsigned char) *p)) {
            continue;
        }
        p = read_tag(&page, p, &e, &closed);
        if (p != NULL && sheet != NULL && platen_span_is(e.tag, "link")) {
            read_linked(style, &e, sheet, data);
        }
        if (p == NULL || !platen_span_is_one_of(e.tag, texts)) {
            continue;
        }
        end = end_of_text(&page, p, e.tag);
        if (platen_span_is(e.tag, "style")) {
            platen_style_read(style, (platen_span_t){ p, (size_t) (end - p) },
                              attribute(&e, "media"));
        }
        p = end;
    }
}

int
platen_text_hide(const char *html, size_t len, platen_text_sheet_f sheet, void *data, FILE *out)
{
    static page_t  page; /* too large for the stack */
    platen_style_t style = { .rules = NULL };
    int            found;

    read_styles(&style, html, len, sheet, data);
    memset(&page, 0, sizeof(page));
    page.html = page.from = html;
    page.end = html + len;
    page.style = &style;
    page.cut = DEPTH_MAX;
    page.out = out;
    walk(&page);
    found = (style.unclear > 0 ? PLATEN_TEXT_UNCLEAR : 0)
            | (page.unprinted ? PLATEN_TEXT_UNPRINTED : 0)
            | (page.unclosed ? PLATEN_TEXT_UNCLOSED : 0);
    platen_style_clear(&style);
    return page.deep ? -1 : found;
}
