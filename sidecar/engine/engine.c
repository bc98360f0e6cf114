/*
 * The table of engines; see engine/engine.h.  Built once, before the loop, and
 * constant afterwards, but for what is suspended.  An engine that this machine
 * lacks is logged and left out: its pairs are then not in the matrix, and
 * nobody is promised them.
 */

#include "engine/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/graph.h"

/* The same program in two ways: what one has made, the other makes as well. */
static const platen_engine_t *const offices[] = { &platen_engine_lok, &platen_engine_soffice };

#define NOFFICES (sizeof(offices) / sizeof(offices[0]))

/* Routes are looked for once: a power of two. */
#define REMEMBERED 1024

#define FOUND_MAX (PLATEN_ENGINES + PLATEN_COMMANDS_MAX)

/* What was found for a question, in an installation in order. */
typedef struct {
    const platen_format_t *from; /* NULL: nothing yet */
    const platen_format_t *to;
    uint32_t               options;
    int                    rc;
    platen_route_t         route;
} remembered_t;

struct platen_engines_s {
    const platen_config_t *config;
    const platen_engine_t *found[FOUND_MAX];
    size_t                 nfound;
    platen_engine_t      **commands; /* of the configuration */
    const platen_engine_t *suspended;
    platen_graph_t         graph; /* with LibreOffice, if it is only missing */
    platen_matrix_t        matrix;
    remembered_t           remembered[REMEMBERED];
};

/*
 * Whether a LibreOffice that cannot be found is one that ought to be there.  What
 * it does best is then not done worse by others in its place.
 */
static int
is_missed(const platen_config_t *config, const platen_engine_t *engine)
{
    return (engine == &platen_engine_lok && config->lok_enabled)
           || (engine == &platen_engine_soffice && config->soffice_enabled);
}

static void
add_engine(platen_engines_t *engines, const platen_engine_t *engine)
{
    char   err[256] = "";
    size_t i;
    int    works = engine->probe(engine, engines->config, err, sizeof(err)) == PLATEN_OK;

    if (!works) {
        platen_log(PLATEN_LOG_WARN, "engine not available",
                   json_pack("{s:s, s:s}", "engine", engine->name, "reason", err));
        if (!is_missed(engines->config, engine)) {
            return;
        }
    }
    for (i = 0; i < engine->nedges; i++) {
        if (engine->can != NULL && !engine->can(engine, engines->config, &engine->edges[i])) {
            continue;
        }
        if (platen_graph_add(&engines->graph, engine, &engine->edges[i]) != PLATEN_OK) {
            platen_log(PLATEN_LOG_ERROR, "conversion left out: unknown format, or too many",
                       json_pack("{s:s, s:s, s:s}", "engine", engine->name, "from",
                                 engine->edges[i].from, "to", engine->edges[i].to));
        }
    }
    if (works) {
        engines->found[engines->nfound++] = engine;
    }
}

static int
is_in_order(const platen_engines_t *engines, const platen_engine_t *engine)
{
    return engine != engines->suspended && platen_engines_has(engines, engine);
}

/* The other LibreOffice's edge for the step; NULL: there is none. */
static const platen_edge_t *
same_edge(const platen_engine_t *engine, const platen_step_t *step)
{
    size_t i;

    for (i = 0; i < engine->nedges; i++) {
        if (strcmp(engine->edges[i].from, step->edge->from) == 0
            && strcmp(engine->edges[i].to, step->edge->to) == 0
            && (step->options & ~engine->edges[i].options) == 0) {
            return &engine->edges[i];
        }
    }
    return NULL;
}

/* Another engine for a step, that makes the same of the document. */
static int
replace_step(const platen_engines_t *engines, platen_step_t *step)
{
    const platen_edge_t *edge;
    size_t               i;

    if (step->engine != &platen_engine_lok && step->engine != &platen_engine_soffice) {
        return PLATEN_LATER;
    }
    for (i = 0; i < NOFFICES; i++) {
        edge = is_in_order(engines, offices[i]) ? same_edge(offices[i], step) : NULL;
        if (edge != NULL) {
            step->engine = offices[i];
            step->edge = edge;
            return PLATEN_OK;
        }
    }
    return PLATEN_LATER;
}

/* The route as it can be taken now: by the slower LibreOffice, or not at all. */
static int
take_route(const platen_engines_t *engines, platen_route_t *route)
{
    unsigned i;
    int      rc = PLATEN_OK;

    for (i = 0; rc == PLATEN_OK && i < route->nsteps; i++) {
        if (!is_in_order(engines, route->steps[i].engine)) {
            rc = replace_step(engines, &route->steps[i]);
        }
    }
    return rc;
}

void
platen_route_names(const platen_route_t *route, char between, char *out, size_t size)
{
    char     text[2] = { between, '\0' };
    size_t   n = 0;
    unsigned i;

    *out = '\0';
    for (i = 0; i < route->nsteps && n < size; i++) {
        if (i == 0 && route->nsteps > 1 && route->steps[0].engine == &platen_engine_text) {
            continue; /* it only settles the charset; the others convert */
        }
        n += (size_t) snprintf(out + n, size - n, "%s%s", n == 0 ? "" : text,
                               route->steps[i].engine->name);
    }
}

/* What a person reads of a route: "pandoc+lok", and "docx" in between. */
static void
describe(const platen_route_t *route, char *names, char *via, size_t size)
{
    size_t   n = 0, v = 0;
    unsigned i;

    *via = '\0';
    for (i = 0; i < route->nsteps && n < size && v < size; i++) {
        n += (size_t) snprintf(names + n, size - n, "%s%s", i == 0 ? "" : "+",
                               route->steps[i].engine->name);
        if (i > 0) {
            v += (size_t) snprintf(via + v, size - v, "%s%s", i == 1 ? "" : "+",
                                   route->steps[i].edge->from);
        }
    }
}

/* What one format is converted to. */
typedef struct {
    const platen_engines_t *engines;
    uint32_t                given;                       /* the option of this walk, 0: none */
    unsigned                changes;                     /* of format, that this walk allows */
    unsigned                usual[PLATEN_FORMATS_MAX];   /* changes without an option */
    uint32_t                options[PLATEN_FORMATS_MAX]; /* that the pair takes */
    unsigned                missing[PLATEN_FORMATS_MAX]; /* what does it best is not there */
    platen_route_t          routes[PLATEN_FORMATS_MAX];
} pairs_t;

static void
note_route(void *data, const platen_format_t *to, const platen_route_t *route)
{
    pairs_t       *pairs = data;
    size_t         i = platen_format_index(to);
    platen_route_t now = *route;
    int            rc = take_route(pairs->engines, &now);

    if (pairs->given == 0) {
        pairs->usual[i] = platen_graph_changes(route);
        pairs->missing[i] = rc != PLATEN_OK;
        if (rc == PLATEN_OK) {
            pairs->routes[i] = now;
        }
    } else if (rc == PLATEN_OK && pairs->changes == pairs->usual[i] && !pairs->missing[i]) {
        pairs->options[i] |= pairs->given;
        if (pairs->routes[i].nsteps == 0) {
            pairs->routes[i] = now;
        }
    }
}

/* A text's charset is settled before any engine sees it. */
static int
settles_charset(const platen_engines_t *engines, const platen_format_t *from)
{
    return platen_engine_text_input(from) != NULL
           && platen_engines_has(engines, &platen_engine_text);
}

static void
add_pairs(platen_engines_t *engines, const platen_format_t *from)
{
    char                  names[PLATEN_ROUTE_WORDS_MAX + 1], via[sizeof(names)];
    platen_matrix_route_t route;
    platen_graph_wish_t   wish = { .changes = PLATEN_ROUTE_STEPS };
    pairs_t               pairs = { .engines = engines };
    size_t                i;
    int                   option;

    platen_graph_walk(&engines->graph, from, &wish, note_route, &pairs);
    for (option = 0; option < PLATEN_OPTIONS; option++) {
        pairs.given = wish.options = PLATEN_OPTION_BIT(option);
        for (pairs.changes = 0; pairs.changes <= PLATEN_ROUTE_STEPS; pairs.changes++) {
            wish.changes = pairs.changes;
            platen_graph_walk(&engines->graph, from, &wish, note_route, &pairs);
        }
    }

    for (i = 0; i < platen_nformats; i++) {
        if (pairs.routes[i].nsteps == 0) {
            continue;
        }
        describe(&pairs.routes[i], names, via, sizeof(names));
        route = (platen_matrix_route_t){
            .engines = names,
            .via = via,
            .options = pairs.options[i]
                       | (settles_charset(engines, from)
                                  && platen_format_reads_charset(from, &platen_formats[i])
                              ? PLATEN_OPTION_BIT(PLATEN_OPTION_CHARSET)
                              : 0),
        };
        if (platen_matrix_add(&engines->matrix, from, &platen_formats[i], &route)
            != PLATEN_OK) {
            platen_log(PLATEN_LOG_ERROR, "conversion left out: the matrix does not take it",
                       json_pack("{s:s, s:s, s:s}", "from", from->name, "to",
                                 platen_formats[i].name, "engine", names));
        }
    }
}

platen_engines_t *
platen_engines_new(const platen_config_t *config)
{
    platen_engines_t *engines;
    char              err[512] = "";
    size_t            i;

    engines = calloc(1, sizeof(*engines));
    if (engines == NULL) {
        return NULL;
    }
    engines->config = config;

    for (i = 0; i < PLATEN_ENGINES; i++) {
        add_engine(engines, platen_engine_table[i]);
    }

    engines->commands = platen_engine_commands_new(config, err, sizeof(err));
    if (engines->commands == NULL) {
        platen_log(PLATEN_LOG_ERROR, "the configuration's engines are left out",
                   json_pack("{s:s}", "reason", err));
    }
    for (i = 0; engines->commands != NULL && engines->commands[i] != NULL; i++) {
        add_engine(engines, engines->commands[i]);
    }

    for (i = 0; i < platen_nformats; i++) {
        add_pairs(engines, &platen_formats[i]);
    }
    return engines;
}

void
platen_engines_destroy(platen_engines_t **engines)
{
    if (*engines == NULL) {
        return;
    }
    platen_engine_commands_free(&(*engines)->commands);
    free(*engines);
    *engines = NULL;
}

const platen_matrix_t *
platen_engines_matrix(const platen_engines_t *engines)
{
    return &engines->matrix;
}

size_t
platen_engines_count(const platen_engines_t *engines)
{
    return engines->nfound;
}

const char *
platen_engines_name(const platen_engines_t *engines, size_t n)
{
    return engines->found[n]->name;
}

const char *
platen_engines_missing(const platen_engines_t *engines)
{
    size_t i, missed = 0;

    for (i = 0; i < NOFFICES; i++) {
        if (platen_engines_has(engines, offices[i])) {
            return "";
        }
        missed += is_missed(engines->config, offices[i]) != 0;
    }
    return missed == 0
               ? ""
               : "LibreOffice is not installed; install it and restart platend, or switch "
                 "the engines lok and soffice off.";
}

int
platen_engines_has(const platen_engines_t *engines, const platen_engine_t *engine)
{
    size_t i;

    for (i = 0; i < engines->nfound; i++) {
        if (engines->found[i] == engine) {
            return 1;
        }
    }
    return 0;
}

static int
find_route(const platen_engines_t *engines, const platen_format_t *from,
           const platen_format_t *to, uint32_t options, platen_route_t *route)
{
    platen_graph_wish_t wish = { .changes = from == to ? 0 : PLATEN_ROUTE_STEPS };
    int                 rc;

    if (from != to) {
        rc = platen_graph_route(&engines->graph, from, to, &wish, route);
        if (rc != PLATEN_OK || options == 0) {
            return rc;
        }
        /* An option is no reason for a detour by formats that nobody has asked for. */
        wish.changes = platen_graph_changes(route);
    }
    wish.options = options;
    return options == 0 ? PLATEN_NOT_FOUND
                        : platen_graph_route(&engines->graph, from, to, &wish, route);
}

int
platen_engines_route(platen_engines_t *engines, const platen_format_t *from,
                     const platen_format_t *to, uint32_t options, platen_route_t *route)
{
    remembered_t *place;
    uint32_t      charset = 0;
    size_t        key;
    int           rc;

    if (settles_charset(engines, from) && platen_format_reads_charset(from, to)) {
        charset = options & PLATEN_OPTION_BIT(PLATEN_OPTION_CHARSET);
        options &= ~charset;
    }
    key = (platen_format_index(from) * 31 + platen_format_index(to)) * 2654435761u;
    place = &engines->remembered[((key ^ options * 40503u) >> 4) % REMEMBERED];
    if (place->from != from || place->to != to || place->options != options) {
        *place = (remembered_t){ .from = from, .to = to, .options = options };
        place->rc = find_route(engines, from, to, options, &place->route);
    }
    *route = place->route;
    rc = place->rc == PLATEN_OK ? take_route(engines, route) : place->rc;
    if (rc == PLATEN_OK && settles_charset(engines, from)) {
        memmove(route->steps + 1, route->steps, route->nsteps * sizeof(route->steps[0]));
        route->steps[0] =
            (platen_step_t){ &platen_engine_text, platen_engine_text_input(from), charset };
        route->nsteps++;
    }
    return rc;
}

int
platen_engines_renewal(const platen_engines_t *engines, const platen_format_t *format,
                       platen_step_t *step)
{
    size_t i;

    for (i = 0; i < engines->graph.nedges; i++) {
        if (engines->graph.edges[i].from == format && engines->graph.edges[i].to == format
            && (engines->graph.edges[i].engine == &platen_engine_lok
                || engines->graph.edges[i].engine == &platen_engine_mupdf)) {
            *step = (platen_step_t){ .engine = engines->graph.edges[i].engine,
                                     .edge = engines->graph.edges[i].edge };
            return PLATEN_OK;
        }
    }
    return PLATEN_NOT_FOUND;
}

void
platen_engines_suspend(platen_engines_t *engines, const platen_engine_t *engine)
{
    engines->suspended = engine;
}
