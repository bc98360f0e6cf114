/* The conversion matrix; see job/matrix.h.  Pure functions, any thread. */

#include "job/matrix.h"

#include <stdio.h>
#include <stdlib.h>

#define WORDS 5 /* of a line */

/* Whether it is names joined by "+" that are read back as they are written. */
static int
is_joined(const char *names)
{
    size_t len, name = 0;

    for (len = 0; names[len] != '\0'; len++) {
        if (len == PLATEN_ROUTE_WORDS_MAX) {
            return 0;
        }
        if (names[len] == '+') {
            if (name == 0) {
                return 0;
            }
            name = 0;
            continue;
        }
        if ((unsigned char) names[len] <= ' ' || names[len] == 0x7f
            || ++name > PLATEN_ENGINE_NAME_MAX) {
            return 0;
        }
    }
    return name > 0;
}

int
platen_matrix_add(platen_matrix_t *m, const platen_format_t *from, const platen_format_t *to,
                  const platen_matrix_route_t *route)
{
    platen_matrix_route_t *r;
    unsigned               i;
    uint8_t               *cell = &m->cell[platen_format_index(from)][platen_format_index(to)];

    /* "-" is how the text form writes "". */
    if (!is_joined(route->engines)
        || (route->via[0] != '\0' && (!is_joined(route->via) || strcmp(route->via, "-") == 0))
        || route->options >= PLATEN_OPTION_BIT(PLATEN_OPTIONS)) {
        return PLATEN_INVALID;
    }
    if (*cell != 0) {
        return PLATEN_OK;
    }

    for (i = 0; i < m->nroutes; i++) {
        r = &m->routes[i];
        if (r->options == route->options && strcmp(r->engines, route->engines) == 0
            && strcmp(r->via, route->via) == 0) {
            break;
        }
    }
    if (i == m->nroutes) {
        if (i == PLATEN_ROUTES_MAX) {
            return PLATEN_INVALID;
        }
        strcpy(m->engines[i], route->engines);
        strcpy(m->via[i], route->via);
        m->routes[i] = (platen_matrix_route_t){ m->engines[i], m->via[i], route->options };
        m->nroutes++;
    }

    *cell = (uint8_t) (i + 1);
    return PLATEN_OK;
}

const platen_matrix_route_t *
platen_matrix_route(const platen_matrix_t *m, const platen_format_t *from,
                    const platen_format_t *to)
{
    uint8_t cell = m->cell[platen_format_index(from)][platen_format_index(to)];

    return cell == 0 ? NULL : &m->routes[cell - 1];
}

static int
is_dash(const char *word, size_t len)
{
    return len == 1 && *word == '-';
}

/* The mask of "a,b,c"; names that this version does not know are skipped. */
static int
parse_options(const char *word, size_t len, uint32_t *options)
{
    const char *end = word + len, *comma;
    int         option;

    *options = 0;
    if (is_dash(word, len)) {
        return PLATEN_OK;
    }

    for (;; word = comma + 1) {
        comma = memchr(word, ',', (size_t) (end - word));
        if (comma == NULL) {
            comma = end;
        }
        if (comma == word) {
            return PLATEN_CORRUPT;
        }
        option = platen_option_find(word, (size_t) (comma - word));
        if (option >= 0) {
            *options |= PLATEN_OPTION_BIT(option);
        }
        if (comma == end) {
            return PLATEN_OK;
        }
    }
}

/* The word as a string; a NUL in it would make it another one. */
static int
copy_word(const char *word, size_t len, char out[PLATEN_ROUTE_WORDS_MAX + 1])
{
    if (len > PLATEN_ROUTE_WORDS_MAX || memchr(word, '\0', len) != NULL) {
        return PLATEN_CORRUPT;
    }
    memcpy(out, word, len);
    out[len] = '\0';
    return PLATEN_OK;
}

static int
parse_line(platen_matrix_t *m, const char *word[WORDS], const size_t len[WORDS])
{
    const platen_format_t *from = platen_format_find(word[0], len[0]);
    const platen_format_t *to = platen_format_find(word[1], len[1]);
    platen_matrix_route_t  route;
    char                   engines[PLATEN_ROUTE_WORDS_MAX + 1], via[PLATEN_ROUTE_WORDS_MAX + 1];

    if (from == NULL || to == NULL) {
        return PLATEN_OK;
    }
    if (copy_word(word[2], len[2], engines) != PLATEN_OK
        || copy_word(word[3], is_dash(word[3], len[3]) ? 0 : len[3], via) != PLATEN_OK
        || parse_options(word[4], len[4], &route.options) != PLATEN_OK) {
        return PLATEN_CORRUPT;
    }

    route.engines = engines;
    route.via = via;
    return platen_matrix_add(m, from, to, &route) == PLATEN_OK ? PLATEN_OK : PLATEN_CORRUPT;
}

int
platen_matrix_parse(platen_matrix_t *m, const char *text, size_t len)
{
    const char *end = text + len, *eol, *word[WORDS];
    size_t      wlen[WORDS];
    int         i;

    memset(m, 0, sizeof(*m));

    for (; text < end; text = eol + 1) {
        eol = memchr(text, '\n', (size_t) (end - text));
        if (eol == NULL) {
            return PLATEN_CORRUPT;
        }

        for (i = 0; i < WORDS; i++) {
            word[i] = text;
            while (text < eol && *text != ' ') {
                text++;
            }
            wlen[i] = (size_t) (text - word[i]);
            if (wlen[i] == 0 || (i < WORDS - 1 ? text == eol : text != eol)) {
                return PLATEN_CORRUPT;
            }
            text++;
        }

        if (parse_line(m, word, wlen) != PLATEN_OK) {
            return PLATEN_CORRUPT;
        }
    }

    return PLATEN_OK;
}

static void
write_route(FILE *out, const platen_matrix_route_t *route)
{
    const char *before = "";
    int         i;

    fprintf(out, " %s %s ", route->engines, route->via[0] == '\0' ? "-" : route->via);
    for (i = 0; i < PLATEN_OPTIONS; i++) {
        if (route->options & PLATEN_OPTION_BIT(i)) {
            fprintf(out, "%s%s", before, platen_option_name((platen_option_t) i));
            before = ",";
        }
    }
    fputs(route->options == 0 ? "-\n" : "\n", out);
}

char *
platen_matrix_text(const platen_matrix_t *m, size_t *len)
{
    const platen_matrix_route_t *route;
    char                        *text = NULL;
    size_t                       i, j;
    FILE                        *out;

    out = open_memstream(&text, len);
    if (out == NULL) {
        return NULL;
    }

    for (i = 0; i < platen_nformats; i++) {
        for (j = 0; j < platen_nformats; j++) {
            route = platen_matrix_route(m, &platen_formats[i], &platen_formats[j]);
            if (route != NULL) {
                fprintf(out, "%s %s", platen_formats[i].name, platen_formats[j].name);
                write_route(out, route);
            }
        }
    }

    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
