/*
 * What the style sheets of a page say of what is shown: "display" and "visibility"
 * alone, as a browser asks that prints.  By CSS Selectors level 3 without what needs the
 * whole tree (siblings, :nth-child, :not): such rules are counted and not followed.
 */

#ifndef PLATEN_STYLE_H
#define PLATEN_STYLE_H

#include <stddef.h>

#define PLATEN_COMPOUNDS_MAX 8 /* of one selector */
#define PLATEN_SIMPLES_MAX 8   /* of one compound */
#define PLATEN_SHEETS_MAX 64

/* Bytes of the page or of a sheet's copy. */
typedef struct {
    const char *p;
    size_t      n;
} platen_span_t;

/* Whether it is this word, in any case. */
int platen_span_is(platen_span_t s, const char *word);

/* The same of a list that ends with NULL. */
int platen_span_is_one_of(platen_span_t s, const char *const *words);

/* "#name", ".name", "[name]", "[name^=value]". */
typedef struct {
    char          kind; /* '#', '.', '[' */
    char          op;   /* of '[': 0, '=', '~', '^', '$', '*', '|' */
    platen_span_t name, value;
} platen_simple_t;

typedef struct {
    char            combinator; /* to the one before: ' ' or '>' */
    platen_span_t   tag;        /* of no length: any */
    platen_simple_t simples[PLATEN_SIMPLES_MAX];
    unsigned        nsimples;
} platen_compound_t;

typedef enum { PLATEN_UNSAID, PLATEN_SHOWN, PLATEN_HIDDEN } platen_said_t;

typedef struct {
    platen_compound_t compounds[PLATEN_COMPOUNDS_MAX]; /* from the outermost */
    unsigned          ncompounds;
    unsigned          weight; /* its specificity; more than any with !important */
    platen_said_t     display, visibility;
    int               print; /* on paper alone */
} platen_rule_t;

typedef struct {
    platen_rule_t *rules; /* in their order */
    size_t         nrules;
    unsigned       unclear; /* that hide something and are not followed */
    char          *sheets[PLATEN_SHEETS_MAX];
    unsigned       nsheets;
} platen_style_t;

#define PLATEN_STYLE_IMPORTANT 1000000 /* a rule's weight, at least, with !important */

/* Adds a sheet's rules, if they are for these media ("": all); what does not fit is left out.
 */
void platen_style_read(platen_style_t *style, platen_span_t sheet, platen_span_t media);

/* What declarations say, as in an attribute "style"; what they do not say stays. */
void platen_style_declarations(platen_span_t s, platen_said_t *display,
                               platen_said_t *visibility, int *important);

void platen_style_clear(platen_style_t *style);

#endif
