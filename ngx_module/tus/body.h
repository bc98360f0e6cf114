
/*
 * Resumable uploads, their way to the disk.
 */

#ifndef _PLATEN_TUS_BODY_H_INCLUDED_
#define _PLATEN_TUS_BODY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "tus/context.h"


/* Posts a step.  NGX_OK or NGX_ERROR. */
ngx_int_t platen_tus_post(ngx_http_request_t *r, platen_tus_step_t step);

/*
 * Asks for room of at least `need` bytes, and better `wish`, in its client's
 * quota; of what was removed, gives it back.  The request waits.  NGX_OK or
 * NGX_ERROR.
 */
ngx_int_t platen_tus_reserve(ngx_http_request_t *r, uint64_t need,
    uint64_t wish, platen_tus_step_t then);

/* Gives back the room of an upload that is gone; nobody waits for that. */
void platen_tus_forsake(ngx_http_request_t *r);

/* Room to ask for while the length is not known: so much more than has come. */
#define PLATEN_TUS_ROOM  (4 * 1024 * 1024)

/* The room that was asked for is there: writes what was read. */
ngx_int_t platen_tus_write_on(ngx_http_request_t *r);

/* Begins to read the body; each piece of it is a step. */
void platen_tus_read(ngx_http_request_t *r);


#endif /* _PLATEN_TUS_BODY_H_INCLUDED_ */
