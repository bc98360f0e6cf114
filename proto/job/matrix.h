/*
 * What this machine can convert: for each pair of formats the route, that is
 * the engines one after the other, the formats in between, and the options
 * that the conversion takes.  The sidecar writes it as text into the store
 * when it starts; the module reads it from there, so that GET /formats and the
 * check of a submission need no configuration and never disagree.
 *
 * The text form has a line for each pair, five words with one space between:
 *
 *   from to engines via|- options|-
 *   md pdf pandoc+lok docx pages,pdfa
 *   docx pdf lok - pages,password,pdfa
 *   pdf pdf qpdf - pages,password
 *
 * A pair may have the same format twice: the options say what it does then.
 */

#ifndef PLATEN_MATRIX_H
#define PLATEN_MATRIX_H

#include "format/format.h"
#include "job/option.h"

#define PLATEN_MATRIX_META "formats" /* its name in the store */
#define PLATEN_ENGINE_NAME_MAX 15
#define PLATEN_ROUTE_WORDS_MAX 63 /* bytes of the engines, and of the formats in between */
#define PLATEN_ROUTES_MAX 255     /* different ones: a cell is a byte */

/* How one pair is converted; many pairs share one. */
typedef struct {
    const char *engines; /* in their order, joined by "+": "pandoc+lok" */
    const char *via;     /* formats in between, joined by "+": "docx"; "" when direct */
    uint32_t    options; /* PLATEN_OPTION_BIT()s that the conversion takes */
} platen_matrix_route_t;

/* A zeroed one is empty.  Routes point into it, so it is not to be copied. */
typedef struct {
    /* route number + 1 for [from][to], 0 for none */
    uint8_t               cell[PLATEN_FORMATS_MAX][PLATEN_FORMATS_MAX];
    platen_matrix_route_t routes[PLATEN_ROUTES_MAX];
    char                  engines[PLATEN_ROUTES_MAX][PLATEN_ROUTE_WORDS_MAX + 1];
    char                  via[PLATEN_ROUTES_MAX][PLATEN_ROUTE_WORDS_MAX + 1];
    unsigned              nroutes;
} platen_matrix_t;

/*
 * Adds a pair; one that is there already stays.  The strings are copied.
 * Returns PLATEN_OK, or PLATEN_INVALID: there is no engine, a name is empty,
 * longer than PLATEN_ENGINE_NAME_MAX or not printable without spaces, the whole
 * is too long, an option does not exist, or there are too many different routes.
 */
int platen_matrix_add(platen_matrix_t *m, const platen_format_t *from,
                      const platen_format_t *to, const platen_matrix_route_t *route);

/* The pair's route, or NULL; valid as long as `m`. */
const platen_matrix_route_t *
platen_matrix_route(const platen_matrix_t *m, const platen_format_t *from,
                    const platen_format_t *to);

/*
 * Reads the text form.  Lines with a format that this version does not know are
 * skipped, and so are options that it does not know; a malformed line is
 * PLATEN_CORRUPT.
 */
int platen_matrix_parse(platen_matrix_t *m, const char *text, size_t len);

/* The text form, NUL-terminated; the caller frees it.  NULL: out of memory. */
char *platen_matrix_text(const platen_matrix_t *m, size_t *len);

#endif
