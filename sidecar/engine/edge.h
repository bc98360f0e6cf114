/* One conversion that an engine does in one step, and what it costs. */

#ifndef PLATEN_ENGINE_EDGE_H
#define PLATEN_ENGINE_EDGE_H

#include <stdint.h>

/* Rules of an edge; a mask. */
#define PLATEN_EDGE_PICTURE 1 /* the result has no text: nothing that wants text may follow */
#define PLATEN_EDGE_RASTER 2  /* wants no text: may follow a picture */
#define PLATEN_EDGE_PAGES 4   /* may write several files, out/in-<n>.<to>: they become a ZIP */
#define PLATEN_EDGE_INPUT                                                                      \
    8 /* its options are about the client's document: as the first step only */
#define PLATEN_EDGE_ASKED 16    /* an option asks for it: it makes no way longer */
#define PLATEN_EDGE_DECLINES 32 /* it may want the client's document written anew first */

#define PLATEN_EDGE_FIRST 64 /* of the client's document only, never of another step's */
#define PLATEN_EDGE_REPAIRED                                                                   \
    128 /* what it cannot read of the client's document may be repaired first */

/*
 * What is lost on the way is part of an edge's cost, so that the cheapest route
 * is the one that a person would choose: none leads through a poorer format if
 * there is another.
 */
#define PLATEN_LOSS_WEB 200    /* to HTML: pages */
#define PLATEN_LOSS_MARKUP 300 /* to Markdown, reStructuredText: looks */
#define PLATEN_LOSS_TEXT 400   /* to plain text: structure */
#define PLATEN_LOSS_BOOK 600   /* to EPUB: what follows is a book, with a title page */
#define PLATEN_LOSS_PAGES 1000 /* from PDF: paragraphs, which have to be guessed */

/* One conversion that an engine does in one step. */
typedef struct {
    const char *from; /* names of platen_formats[]; the same twice: it only applies options */
    const char *to;
    uint32_t    cost;    /* milliseconds for a small document, and more for what is lost */
    uint32_t    options; /* PLATEN_OPTION_BIT()s that it honours */
    unsigned    rules;   /* PLATEN_EDGE_* */
    const char *export_filter; /* in the engine's own words; or NULL */
    const char *import_filter; /* the same, or NULL: it finds out itself */
} platen_edge_t;

#endif
