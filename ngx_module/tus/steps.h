
/*
 * Resumable uploads, what comes after which step.
 */

#ifndef _PLATEN_TUS_STEPS_H_INCLUDED_
#define _PLATEN_TUS_STEPS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "tus/context.h"


/* The step is done, and nobody has terminated the request. */
void platen_tus_next(ngx_http_request_t *r);

/* Removes an upload that is open: first what makes it one. */
void platen_tus_drop(ngx_http_request_t *r, platen_tus_t *tus);


#endif /* _PLATEN_TUS_STEPS_H_INCLUDED_ */
