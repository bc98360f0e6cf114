
/*
 * A body that is read as it comes, unbuffered: a piece at a time, and no
 * further piece before that one is dealt with.  So a slow disk slows down its
 * own client by way of TCP's (or HTTP/2's) window, and memory is constant.
 *
 * A body that is there already (http/given.c) is one piece.
 */

#ifndef _PLATEN_HTTP_BODY_READER_H_INCLUDED_
#define _PLATEN_HTTP_BODY_READER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * What is done with a body.
 *
 * `piece` gets what has come, in ctx->in; ctx->last: and nothing more comes.
 * NGX_OK: read on, which is not for the last; NGX_AGAIN: it is being dealt
 * with, and platen_body_reader_on() follows, or is not needed; NGX_DONE: it has
 * finalized the request.
 *
 * `failed`: no more comes, for the reason of that status; ctx->in has what came
 * until then.  NULL: the request ends with a problem, or, if its client has
 * gone, without a word.
 */
typedef struct platen_body_reader_s {
    ngx_int_t   (*piece)(ngx_http_request_t *r);
    void        (*failed)(ngx_http_request_t *r, ngx_int_t status);
} platen_body_reader_t;


/*
 * Begins to read.  Returns what a content handler returns, or NGX_AGAIN if
 * `failed` was called at once and has gone on.
 */
ngx_int_t platen_body_reader_start(ngx_http_request_t *r,
    const platen_body_reader_t *reader);

/* The piece is dealt with: on to the next. */
void platen_body_reader_on(ngx_http_request_t *r);

/*
 * The request's handler of read and write events meanwhile, and during tasks:
 * reads, unless ctx->busy.
 */
void platen_body_reader_event(ngx_http_request_t *r);


#endif /* _PLATEN_HTTP_BODY_READER_H_INCLUDED_ */
