/*
 * The page of platend's numbers (metrics.h): each second the crew writes it beside the socket
 * of hints, where nginx's workers read it for GET /metrics.
 */

#ifndef PLATEN_METRICS_PAGE_H
#define PLATEN_METRICS_PAGE_H

#include "config.h"
#include "crew.h"

/*
 * The page; there is none until the first tick.  By its age nginx and platenctl tell that
 * platend hangs.  With platend's lock; the configuration must outlive it.  NULL: no memory.
 */
typedef struct platen_metrics_page_s platen_metrics_page_t;

platen_metrics_page_t *platen_metrics_page_new(const platen_config_t *config);

/* To be called each second; the crew writes it. */
void platen_metrics_page_tick(platen_metrics_page_t *metrics, platen_crew_t *crew);

/* The page is taken away.  The crew has been stopped. */
void platen_metrics_page_destroy(platen_metrics_page_t **metrics);

#endif
