/*
 * The graph of formats: the cheapest way from one to another over the edges of
 * the engines.  Pure functions over constant tables.
 */

#ifndef PLATEN_GRAPH_H
#define PLATEN_GRAPH_H

#include "engine/engine.h"

#define PLATEN_GRAPH_EDGES 1024

/* The edges that this machine has. */
typedef struct {
    struct {
        const platen_engine_t *engine;
        const platen_edge_t   *edge;
        const platen_format_t *from;
        const platen_format_t *to;
    } edges[PLATEN_GRAPH_EDGES];
    size_t nedges;
} platen_graph_t;

/*
 * Adds an edge.  PLATEN_OK; PLATEN_NOT_FOUND for a format that does not exist;
 * PLATEN_INVALID when there is no room.
 */
int platen_graph_add(platen_graph_t *graph, const platen_engine_t *engine,
                     const platen_edge_t *edge);

/* What is asked for besides the two formats. */
typedef struct {
    uint32_t options; /* to be honoured, each of them */
    unsigned changes; /* of format, at most */
} platen_graph_wish_t;

/*
 * The cheapest route of at most PLATEN_ROUTE_STEPS edges on which each option
 * is honoured: by the first edge that declares it, and by that alone.  Of two
 * that cost the same the one added first wins.  PLATEN_OK or PLATEN_NOT_FOUND.
 */
int platen_graph_route(const platen_graph_t *graph, const platen_format_t *from,
                       const platen_format_t *to, const platen_graph_wish_t *wish,
                       platen_route_t *route);

typedef void
platen_graph_found_t(void *data, const platen_format_t *to, const platen_route_t *route);

/*
 * All routes from `from`, in one search: calls `found` with the cheapest for
 * each format that is reached.
 */
void
platen_graph_walk(const platen_graph_t *graph, const platen_format_t *from,
                  const platen_graph_wish_t *wish, platen_graph_found_t *found, void *data);

/* How often the route changes the format. */
unsigned platen_graph_changes(const platen_route_t *route);

#endif
