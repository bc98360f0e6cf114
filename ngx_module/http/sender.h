
/*
 * The sender of an answer that is not made at once: what one call brings has
 * gone before the next is made.  While the socket is full it is waited for, and
 * a client that takes nothing for send_timeout is given up.
 */

#ifndef _PLATEN_HTTP_SENDER_H_INCLUDED_
#define _PLATEN_HTTP_SENDER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct {
    ngx_http_request_t  *request;
    const char          *what;    /* the client takes none of, for the log */
    u_char              *block;   /* what is being sent; NULL: nothing */
    ngx_buf_t            buf;
    unsigned             busy:1;  /* the socket has not taken all */
} platen_sender_t;


/*
 * Sends a chain; NULL: what nginx holds back.  NGX_OK: all of it has gone;
 * NGX_AGAIN: the socket is full, and the request's write handler is to call
 * platen_sender_event(); NGX_ERROR.  What is sent stays until it has gone.
 */
ngx_int_t platen_sender_send(platen_sender_t *s, ngx_chain_t *out);

/* The same for what is in memory, from pos to last. */
ngx_int_t platen_sender_text(platen_sender_t *s, u_char *pos, u_char *last);

/* The same for a block of ngx_alloc() up to `last`, and frees it afterwards. */
ngx_int_t platen_sender_block(platen_sender_t *s, u_char *block,
    u_char *last);

/* While busy: the socket takes more, or has not done so for send_timeout. */
ngx_int_t platen_sender_event(platen_sender_t *s);

/* With the request's pool: until then a filter may hold the block. */
void platen_sender_free(platen_sender_t *s);


#endif /* _PLATEN_HTTP_SENDER_H_INCLUDED_ */
