/*
 * The graph of formats; see engine/graph.h.
 *
 * A search by rounds (Bellman and Ford): what is reached by n edges is the
 * labels of round n, and a label is kept only if nothing as cheap says the same
 * (format, options honoured, nature).  With some hundred edges, four rounds and
 * few options that is a few thousand comparisons.
 *
 * What makes a way forbidden rather than expensive: after a picture nothing may
 * follow that wants text, as it would find none; after an option about the
 * result nothing that makes another format of it; and an edge from a format to
 * itself only applies options.
 */

#include "engine/graph.h"

#include <string.h>

#define BIT(o) PLATEN_OPTION_BIT(PLATEN_OPTION_##o)

/* About the result, unless the edge says that they are about the document. */
#define RESULT                                                                                 \
    (BIT(OUTPUT_PASSWORD) | BIT(PDFA) | BIT(PDFUA) | BIT(IMAGE_QUALITY)                        \
     | BIT(IMAGE_RESOLUTION) | BIT(CSV_DELIMITER) | BIT(CHARSET) | BIT(MARKDOWN_FLAVOUR))

#define LABELS 4096
#define NONE LABELS

typedef struct {
    const platen_format_t *format;
    uint32_t               honoured;
    uint32_t               cost;
    unsigned               picture;
    unsigned               final; /* only what keeps the format may follow */
    unsigned               changes;
    size_t                 previous; /* label, NONE for the start */
    size_t                 edge;
} label_t;

typedef struct {
    const platen_graph_t *graph;
    platen_graph_wish_t   wish;
    size_t                nlabels;
    label_t               labels[LABELS];
} search_t;

int
platen_graph_add(platen_graph_t *graph, const platen_engine_t *engine,
                 const platen_edge_t *edge)
{
    const platen_format_t *from, *to;

    from = platen_format_find(edge->from, strlen(edge->from));
    to = platen_format_find(edge->to, strlen(edge->to));
    if (from == NULL || to == NULL) {
        return PLATEN_NOT_FOUND;
    }
    if (graph->nedges == PLATEN_GRAPH_EDGES) {
        return PLATEN_INVALID;
    }
    graph->edges[graph->nedges].engine = engine;
    graph->edges[graph->nedges].edge = edge;
    graph->edges[graph->nedges].from = from;
    graph->edges[graph->nedges].to = to;
    graph->nedges++;
    return PLATEN_OK;
}

static int
is_known(const search_t *s, const label_t *label)
{
    size_t i;

    for (i = 0; i < s->nlabels; i++) {
        if (s->labels[i].format == label->format && s->labels[i].honoured == label->honoured
            && s->labels[i].picture == label->picture && s->labels[i].final == label->final
            && s->labels[i].changes <= label->changes && s->labels[i].cost <= label->cost) {
            return 1;
        }
    }
    return 0;
}

/*
 * What an edge honours after label `at`.  A password opens what the client has
 * sent, and so may other options be about that alone.
 */
static uint32_t
honoured_by(const platen_edge_t *edge, size_t at)
{
    return at == 0                           ? edge->options
           : edge->rules & PLATEN_EDGE_INPUT ? 0
                                             : edge->options & ~BIT(PASSWORD);
}

/* Whether a way by this edge has one format more on it. */
static int
is_change(const platen_edge_t *edge)
{
    return strcmp(edge->from, edge->to) != 0 && !(edge->rules & PLATEN_EDGE_ASKED);
}

/* Whether what it makes, with these options, stays in that format: of all sheets there are
 * files. */
static int
is_final(const platen_edge_t *edge, uint32_t honours)
{
    return (!(edge->rules & PLATEN_EDGE_INPUT) && honours & RESULT)
           || (edge->rules & PLATEN_EDGE_PAGES && honours & BIT(SHEET));
}

/* Follows every edge from one label. */
static void
follow(search_t *s, size_t at)
{
    const label_t       *from = &s->labels[at];
    const platen_edge_t *edge;
    label_t              label;
    uint32_t             honours;
    size_t               i;

    for (i = 0; i < s->graph->nedges; i++) {
        edge = s->graph->edges[i].edge;
        if (s->graph->edges[i].from != from->format) {
            continue;
        }
        if (at != 0 && edge->rules & PLATEN_EDGE_FIRST) {
            continue;
        }
        if (s->graph->edges[i].to == s->labels[0].format && at != 0
            && s->graph->edges[i].to != from->format) {
            continue; /* nobody wants to come back to where it began */
        }
        honours = honoured_by(edge, at) & s->wish.options & ~from->honoured;
        if (s->graph->edges[i].to == from->format && honours == 0) {
            continue;
        }
        if (from->final && s->graph->edges[i].to != from->format) {
            continue;
        }
        if (from->picture && !(edge->rules & PLATEN_EDGE_RASTER)
            && s->graph->edges[i].to != from->format) {
            continue;
        }

        label = (label_t){
            .format = s->graph->edges[i].to,
            .honoured = from->honoured | honours,
            .cost = from->cost + edge->cost,
            .picture = from->picture || edge->rules & PLATEN_EDGE_PICTURE,
            .final = from->final || is_final(edge, honours),
            .changes = from->changes + is_change(edge),
            .previous = at,
            .edge = i,
        };
        if (label.changes > s->wish.changes) {
            continue;
        }
        if (s->nlabels < LABELS && !is_known(s, &label)) {
            s->labels[s->nlabels++] = label;
        }
    }
}

static void
search(search_t *s, const platen_format_t *from)
{
    size_t   first = 0, last, i;
    unsigned round;

    s->labels[0] = (label_t){ .format = from, .previous = NONE };
    s->nlabels = 1;
    for (round = 0; round < PLATEN_ROUTE_STEPS; round++) {
        last = s->nlabels;
        for (i = first; i < last; i++) {
            follow(s, i);
        }
        first = last;
    }
}

/* The cheapest label at `to` that honours everything; NONE if there is none. */
static size_t
best(const search_t *s, const platen_format_t *to)
{
    size_t i, found = NONE;

    for (i = 1; i < s->nlabels; i++) {
        if (s->labels[i].format == to && s->labels[i].honoured == s->wish.options
            && (found == NONE || s->labels[i].cost < s->labels[found].cost)) {
            found = i;
        }
    }
    return found;
}

static void
retrace(const search_t *s, size_t label, platen_route_t *route)
{
    const label_t *at;
    unsigned       n = 0;
    size_t         i;

    for (i = label; s->labels[i].previous != NONE; i = s->labels[i].previous) {
        n++;
    }
    route->nsteps = n;
    route->cost = s->labels[label].cost;
    for (i = label; s->labels[i].previous != NONE; i = s->labels[i].previous) {
        at = &s->labels[i];
        route->steps[--n] = (platen_step_t){
            .engine = s->graph->edges[at->edge].engine,
            .edge = s->graph->edges[at->edge].edge,
            .options = at->honoured & ~s->labels[at->previous].honoured,
        };
    }
}

int
platen_graph_route(const platen_graph_t *graph, const platen_format_t *from,
                   const platen_format_t *to, const platen_graph_wish_t *wish,
                   platen_route_t *route)
{
    search_t s;
    size_t   label;

    s.graph = graph;
    s.wish = *wish;
    search(&s, from);
    label = best(&s, to);
    if (label == NONE) {
        return PLATEN_NOT_FOUND;
    }
    retrace(&s, label, route);
    return PLATEN_OK;
}

void
platen_graph_walk(const platen_graph_t *graph, const platen_format_t *from,
                  const platen_graph_wish_t *wish, platen_graph_found_t *found, void *data)
{
    platen_route_t route;
    search_t       s;
    size_t         i, label;

    s.graph = graph;
    s.wish = *wish;
    search(&s, from);
    for (i = 0; i < platen_nformats; i++) {
        label = best(&s, &platen_formats[i]);
        if (label != NONE) {
            retrace(&s, label, &route);
            found(data, &platen_formats[i], &route);
        }
    }
}

unsigned
platen_graph_changes(const platen_route_t *route)
{
    unsigned i, n = 0;

    for (i = 0; i < route->nsteps; i++) {
        n += (unsigned) is_change(route->steps[i].edge);
    }
    return n;
}
