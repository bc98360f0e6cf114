
/*
 * A body that was read by another module, or belongs to the main request of
 * this subrequest.
 */

#ifndef _PLATEN_HTTP_GIVEN_H_INCLUDED_
#define _PLATEN_HTTP_GIVEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Whether there is nothing to read from the client for this request. */
ngx_uint_t platen_given(ngx_http_request_t *r);

/*
 * A copy of the body's chain that may be consumed.  NGX_OK; NGX_DECLINED: the
 * body is not to be had, answer with platen_given_refuse(); NGX_ERROR.
 */
ngx_int_t platen_given_chain(ngx_http_request_t *r, ngx_chain_t **out);
ngx_int_t platen_given_refuse(ngx_http_request_t *r);

/* Whether some of it is in a file, which is read in a thread only. */
ngx_uint_t platen_given_in_file(const ngx_chain_t *in);

/*
 * Hands on what a chain has, in pieces; in a thread, if some is in a file.  Ends
 * with the first code of `piece` that is not PLATEN_OK, and PLATEN_ERROR with
 * errno if the file cannot be read.
 */
typedef int (*platen_given_pt)(void *data, const u_char *p, size_t n);
int platen_given_each(const ngx_chain_t *in, platen_given_pt piece,
    void *data);


#endif /* _PLATEN_HTTP_GIVEN_H_INCLUDED_ */
