/* What style sheets say of what is shown; see text/style.h.  Owns the sheets' copies. */

#include "text/style.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RULES_MAX 4096 /* that say something of what is shown */

int
platen_span_is(platen_span_t s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

int
platen_span_is_one_of(platen_span_t s, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (platen_span_is(s, *words)) {
            return 1;
        }
    }
    return 0;
}

static platen_span_t
trim(platen_span_t s)
{
    for (; s.n > 0 && isspace((unsigned char) *s.p); s.p++, s.n--) {
    }
    for (; s.n > 0 && isspace((unsigned char) s.p[s.n - 1]); s.n--) {
    }
    return s;
}

static int
is_name(char c)
{
    return isalnum((unsigned char) c) || c == '-' || c == '_' || (unsigned char) c >= 0x80;
}

/* The length of what ends at one of `ends`, outside of strings, brackets and comments. */
static size_t
until(platen_span_t s, const char *ends)
{
    size_t i;
    char   quote = '\0';
    int    depth = 0;

    for (i = 0; i < s.n; i++) {
        if (quote != '\0') {
            i += s.p[i] == '\\';
            quote = i < s.n && s.p[i] == quote ? '\0' : quote;
        } else if (s.p[i] == '"' || s.p[i] == '\'') {
            quote = s.p[i];
        } else if (depth == 0 && strchr(ends, s.p[i]) != NULL && s.p[i] != '\0') {
            return i;
        } else if (s.p[i] == '(' || s.p[i] == '[') {
            depth++;
        } else if (s.p[i] == ')' || s.p[i] == ']') {
            depth -= depth > 0;
        } else if (s.p[i] == '\\') {
            i++;
        }
    }
    return s.n;
}

/* A block's length with its closing brace, `s` being behind the opening one. */
static size_t
block(platen_span_t s)
{
    size_t i = 0, n;
    int    depth = 1;

    while (i < s.n) {
        n = until((platen_span_t){ s.p + i, s.n - i }, "{}");
        i += n;
        if (i == s.n) {
            break;
        }
        depth += s.p[i++] == '{' ? 1 : -1;
        if (depth == 0) {
            break;
        }
    }
    return i;
}

static platen_span_t
take_name(platen_span_t *s)
{
    platen_span_t name = { s->p, 0 };

    for (; s->n > 0 && is_name(*s->p); s->p++, s->n--, name.n++) {
    }
    return name;
}

/* "[type=hidden]", behind its bracket.  0, or -1. */
static int
take_condition(platen_span_t *s, platen_simple_t *simple)
{
    size_t        n = until(*s, "]");
    platen_span_t in = trim((platen_span_t){ s->p, n });

    if (n == s->n) {
        return -1;
    }
    s->p += n + 1;
    s->n -= n + 1;
    *simple = (platen_simple_t){ .kind = '[', .name = take_name(&in) };
    in = trim(in);
    if (in.n == 0) {
        return simple->name.n == 0 ? -1 : 0;
    }
    simple->op = *in.p;
    if (simple->op != '=') {
        in.p++;
        in.n--;
    }
    if (strchr("=~^$*|", simple->op) == NULL || in.n == 0 || *in.p != '=') {
        return -1;
    }
    in = trim((platen_span_t){ in.p + 1, in.n - 1 });
    if (in.n >= 2 && (*in.p == '"' || *in.p == '\'')) {
        in = in.p[in.n - 1] == *in.p ? (platen_span_t){ in.p + 1, in.n - 2 }
                                     : (platen_span_t){ in.p, 0 };
    }
    simple->value = in;
    return 0;
}

/* 0; 1: it never holds on paper; -1: it is not understood. */
static int
take_pseudo(platen_span_t *s)
{
    static const char *const never[] = { "hover",
                                         "focus",
                                         "active",
                                         "target",
                                         "before",
                                         "after",
                                         "focus-within",
                                         "focus-visible",
                                         "visited",
                                         "selection",
                                         "placeholder",
                                         "marker",
                                         "-webkit-scrollbar",
                                         NULL };
    platen_span_t            name;

    for (; s->n > 0 && *s->p == ':'; s->p++, s->n--) {
    }
    name = take_name(s);
    return platen_span_is_one_of(name, never) ? 1 : -1;
}

static int
take_compound(platen_span_t *s, platen_compound_t *compound, unsigned *weight)
{
    platen_simple_t *simple;
    int              rc;
    char             c;

    if (s->n > 0 && *s->p == '*') {
        s->p++;
        s->n--;
    } else {
        compound->tag = take_name(s);
        *weight += compound->tag.n > 0;
    }
    while (s->n > 0 && strchr("#.[:", *s->p) != NULL) {
        c = *s->p;
        if (c == ':') {
            rc = take_pseudo(s);
            if (rc != 0) {
                return rc;
            }
            continue;
        }
        if (compound->nsimples == PLATEN_SIMPLES_MAX) {
            return -1;
        }
        s->p++;
        s->n--;
        simple = &compound->simples[compound->nsimples++];
        *weight += c == '#' ? 1000 : 30;
        if (c == '[') {
            if (take_condition(s, simple) != 0) {
                return -1;
            }
            continue;
        }
        *simple = (platen_simple_t){ .kind = c, .name = take_name(s) };
        if (simple->name.n == 0) {
            return -1;
        }
    }
    return 0;
}

/* 0; 1: it never holds; -1: it is not understood. */
static int
take_selector(platen_span_t s, platen_rule_t *rule)
{
    char combinator = ' ';
    int  rc;

    s = trim(s);
    while (s.n > 0) {
        if (rule->ncompounds == PLATEN_COMPOUNDS_MAX
            || (!is_name(*s.p) && strchr("*#.[:", *s.p) == NULL)) {
            return -1;
        }
        rule->compounds[rule->ncompounds].combinator = combinator;
        rc = take_compound(&s, &rule->compounds[rule->ncompounds++], &rule->weight);
        if (rc != 0) {
            return rc;
        }
        combinator = ' ';
        s = trim(s);
        if (s.n > 0 && *s.p == '>') {
            combinator = '>';
            s = trim((platen_span_t){ s.p + 1, s.n - 1 });
        }
    }
    return rule->ncompounds == 0 ? -1 : 0;
}

void
platen_style_declarations(platen_span_t s, platen_said_t *display, platen_said_t *visibility,
                          int *important)
{
    platen_span_t name, value;
    size_t        n, colon, bang;
    int           matters;

    for (; s.n > 0; s.p += n, s.n -= n) {
        n = until(s, ";");
        colon = until((platen_span_t){ s.p, n }, ":");
        name = trim((platen_span_t){ s.p, colon });
        value = colon == n ? (platen_span_t){ s.p, 0 }
                           : (platen_span_t){ s.p + colon + 1, n - colon - 1 };
        bang = until(value, "!");
        matters = bang < value.n;
        value = trim((platen_span_t){ value.p, bang });
        n += n < s.n;
        if (value.n == 0) {
            continue;
        }
        if (platen_span_is(name, "display")) {
            *display = platen_span_is(value, "none") ? PLATEN_HIDDEN : PLATEN_SHOWN;
            *important |= matters;
        } else if (platen_span_is(name, "visibility")) {
            *visibility = platen_span_is(value, "hidden") || platen_span_is(value, "collapse")
                              ? PLATEN_HIDDEN
                          : platen_span_is(value, "visible") ? PLATEN_SHOWN
                                                             : PLATEN_UNSAID;
            *important |= matters;
        }
    }
}

static void
add_rule(platen_style_t *style, platen_span_t selectors, platen_span_t declarations, int print)
{
    platen_said_t display = PLATEN_UNSAID, visibility = PLATEN_UNSAID;
    platen_rule_t rule, *rules;
    size_t        n;
    int           important = 0, rc;

    platen_style_declarations(declarations, &display, &visibility, &important);
    if (display == PLATEN_UNSAID && visibility == PLATEN_UNSAID) {
        return;
    }
    for (; selectors.n > 0; selectors.p += n, selectors.n -= n) {
        n = until(selectors, ",");
        rule = (platen_rule_t){ .display = display, .visibility = visibility, .print = print };
        rc = take_selector((platen_span_t){ selectors.p, n }, &rule);
        n += n < selectors.n;
        if (rc == 0 && style->nrules < RULES_MAX) {
            rule.weight += important ? PLATEN_STYLE_IMPORTANT : 0;
            if (style->nrules % 64 == 0) {
                rules = realloc(style->rules, (style->nrules + 64) * sizeof(*rules));
                if (rules == NULL) {
                    return;
                }
                style->rules = rules;
            }
            style->rules[style->nrules++] = rule;
        } else if (rc <= 0) {
            style->unclear += display == PLATEN_HIDDEN || visibility == PLATEN_HIDDEN;
        }
    }
}

/* Whether rules of this medium hold on paper: 0, 1, or 2 if they do nowhere else. */
static int
is_for_paper(platen_span_t media)
{
    platen_span_t one;
    size_t        n;
    int           found = 0;

    for (media = trim(media); media.n > 0; media.p += n, media.n -= n) {
        n = until(media, ",");
        one = trim((platen_span_t){ media.p, n });
        n += n < media.n;
        if (platen_span_is(one, "all") || platen_span_is(one, "only all")) {
            return 1;
        }
        found = platen_span_is(one, "print") || platen_span_is(one, "only print") ? 2 : found;
        found = found != 0 && platen_span_is(one, "screen") ? 1 : found;
    }
    return found;
}

/* Rules of a style sheet without comments. */
static void
read_rules(platen_style_t *style, platen_span_t s, int print, int depth)
{
    platen_span_t head, body, name;
    size_t        n;
    int           paper;

    while (s.n > 0) {
        n = until(s, "{;}");
        head = trim((platen_span_t){ s.p, n });
        s.p += n < s.n ? n + 1 : n;
        s.n -= n < s.n ? n + 1 : n;
        if (s.p[-1] != '{') {
            continue; /* @import, or what is no rule */
        }
        n = block(s);
        body = (platen_span_t){ s.p, n > 0 && s.p[n - 1] == '}' ? n - 1 : n };
        s.p += n;
        s.n -= n;
        if (head.n == 0 || *head.p != '@') {
            add_rule(style, head, body, print);
            continue;
        }
        head = (platen_span_t){ head.p + 1, head.n - 1 };
        name = take_name(&head);
        if (depth < 8 && platen_span_is(name, "layer")) {
            read_rules(style, body, print, depth + 1);
        } else if (depth < 8 && platen_span_is(name, "media")) {
            paper = is_for_paper(head);
            if (paper != 0) {
                read_rules(style, body, print || paper == 2, depth + 1);
            }
        }
    }
}

void
platen_style_read(platen_style_t *style, platen_span_t s, platen_span_t media)
{
    char  *copy = style->nsheets == PLATEN_SHEETS_MAX ? NULL : malloc(s.n + 2), *kept = copy;
    int    paper = media.n == 0 ? 1 : is_for_paper(media);
    size_t i;

    if (copy == NULL || paper == 0) {
        style->unclear += paper != 0;
        free(copy);
        return;
    }
    *kept++ = ' '; /* read_rules() looks at what is before */
    for (i = 0; i < s.n; i++) {
        if (s.n - i >= 2 && memcmp(s.p + i, "/*", 2) == 0) {
            const char *end = memmem(s.p + i + 2, s.n - i - 2, "*/", 2);

            *kept++ = ' ';
            i = end == NULL ? s.n : (size_t) (end - s.p) + 1;
        } else if (s.n - i >= 4 && memcmp(s.p + i, "<!--", 4) == 0) {
            i += 3;
        } else if (s.n - i >= 3 && memcmp(s.p + i, "-->", 3) == 0) {
            i += 2;
        } else {
            *kept++ = s.p[i];
        }
    }
    *kept = '\0';
    style->sheets[style->nsheets++] = copy; /* the rules' names are in it */
    read_rules(style, (platen_span_t){ copy + 1, (size_t) (kept - copy - 1) }, paper == 2, 0);
}

void
platen_style_clear(platen_style_t *style)
{
    unsigned i;

    for (i = 0; i < style->nsheets; i++) {
        free(style->sheets[i]);
    }
    free(style->rules);
    memset(style, 0, sizeof(*style));
}
