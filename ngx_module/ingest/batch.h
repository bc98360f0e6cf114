
/*
 * Archives of documents.
 */

#ifndef _PLATEN_INGEST_BATCH_H_INCLUDED_
#define _PLATEN_INGEST_BATCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "format/format.h"
#include "job/matrix.h"
#include "ingest/receive.h"


/* "platen_batch off | [entries=N] [size=SIZE] [file=SIZE] [ratio=N]". */
char *platen_batch_limits(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whether something of what the archive's entries are named as can be converted
 * to rx->target here.  NGX_OK, with one of the routes, that takes the options if
 * any does (NULL: nobody knows yet); NGX_DECLINED; NGX_ERROR.
 */
ngx_int_t platen_batch_admit(ngx_http_request_t *r, platen_receive_t *rx,
    const platen_matrix_route_t **route);

/*
 * What platen_formats lets the files of a batch be, for the job's record; empty
 * if that is anything.
 */
ngx_int_t platen_batch_sources(ngx_http_request_t *r,
    const platen_format_t *target, platen_str_t *sources);


#endif /* _PLATEN_INGEST_BATCH_H_INCLUDED_ */
