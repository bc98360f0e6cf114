
/*
 * Whose jobs are told of, and to whom.
 */

#ifndef _PLATEN_ACCESS_WEBHOOK_CONF_H_INCLUDED_
#define _PLATEN_ACCESS_WEBHOOK_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/platen.h"


/* The directive platen_webhook: CLIENT URL */
char *platen_webhook_conf_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Whether a client may name a URL with its job here. */
ngx_uint_t platen_webhook_conf_allows(ngx_http_request_t *r);

/* The operator's URL for this client, if there is one and `url` is empty. */
void platen_webhook_conf_default(ngx_http_request_t *r, platen_str_t *url);


#endif /* _PLATEN_ACCESS_WEBHOOK_CONF_H_INCLUDED_ */
