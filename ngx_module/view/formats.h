
/*
 * What this machine converts.
 */

#ifndef _PLATEN_VIEW_FORMATS_H_INCLUDED_
#define _PLATEN_VIEW_FORMATS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "conf.h"
#include "format/format.h"
#include "job/matrix.h"


/* The directive platen_formats: all, or FROM:TO ... */
char *platen_formats_rules(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

ngx_int_t platen_formats_list(ngx_http_request_t *r);

/* Whether platen_formats lets this pair through. */
ngx_uint_t platen_formats_allowed(ngx_http_platen_loc_conf_t *plcf,
    const platen_format_t *from, const platen_format_t *to);

/*
 * The route of the pair, valid until the next look at the matrix.  NGX_OK, with
 * *route NULL as long as no sidecar has said what it converts; NGX_DECLINED if
 * it is not converted here; NGX_ERROR.
 */
ngx_int_t platen_formats_check(ngx_http_request_t *r,
    const platen_format_t *from, const platen_format_t *to,
    const platen_matrix_route_t **route);

/* The same, whatever platen_formats lets clients ask for. */
ngx_int_t platen_formats_route(ngx_http_request_t *r,
    const platen_format_t *from, const platen_format_t *to,
    const platen_matrix_route_t **route);


#endif /* _PLATEN_VIEW_FORMATS_H_INCLUDED_ */
