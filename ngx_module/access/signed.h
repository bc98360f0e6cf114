
/*
 * URLs that stand in for a key on the one resource they name.
 */

#ifndef _PLATEN_ACCESS_SIGNED_H_INCLUDED_
#define _PLATEN_ACCESS_SIGNED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/platen.h"


/* The directive platen_signing_key: FILE ..., the first of which signs. */
char *platen_signed_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Whether the request has a signature, and this location keys to check it. */
ngx_uint_t platen_signed_present(ngx_http_request_t *r);

/*
 * Checks the signature, and acts for the owner of the job ctx->id from then on.
 * NGX_DECLINED: it is good; else what a content handler returns.
 */
ngx_int_t platen_signed_admit(ngx_http_request_t *r);

/*
 * Writes path and signed query of a URL below the prefix; `type` may be empty,
 * max_length 0.  NGX_OK, or NGX_ERROR.
 */
ngx_int_t platen_signed_url(ngx_http_request_t *r, const char *method,
    ngx_str_t *path, platen_str_t type, uint64_t max_length, uint64_t expires,
    ngx_str_t *url);

/* POST /jobs/{id}/links */
ngx_int_t platen_signed_links(ngx_http_request_t *r);


#endif /* _PLATEN_ACCESS_SIGNED_H_INCLUDED_ */
