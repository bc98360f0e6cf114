
/*
 * The Accept header: how much a client wants a media type.  Runs in the event
 * loop; bytes are hostile.
 */

#ifndef PLATEN_ACCEPT_H
#define PLATEN_ACCEPT_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The weight (RFC 9110, 12.4.2) in thousandths of a type that the client names;
 * 0: it names none such, or does not want it.  What it says of all types is not
 * looked at.
 */
ngx_uint_t platen_accept_weight(ngx_http_request_t *r, const char *type);


#endif
