
/*
 * The outgoing edge: headers, bodies and problem+json.
 */

#ifndef _PLATEN_HTTP_RESPOND_H_INCLUDED_
#define _PLATEN_HTTP_RESPOND_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ctx.h"
#include "http/json_chain.h"
#include "http/problem.h"
#include "store/store.h"


/* Adds a response header; name is a literal. */
ngx_int_t platen_respond_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);

/*
 * The same for one that nginx has a place for in headers_out, which is to be
 * set to what is returned.  NULL: out of memory.
 */
ngx_table_elt_t *platen_respond_header_new(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/* Adds ETag, a strong one (RFC 9110, section 8.8.3): `value`, and its quotes. */
ngx_int_t platen_respond_etag(ngx_http_request_t *r, ngx_str_t *value);

/* Adds one that any answer has: platen_respond_clean() keeps it. */
ngx_int_t platen_respond_header_always(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/*
 * Sends a body that is complete in `out` (may be NULL for none), with its
 * Content-Length.  Returns what a content handler returns.
 */
ngx_int_t platen_respond_send(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, ngx_chain_t *out, off_t len);

/* Ends the JSON, and sends it as such. */
ngx_int_t platen_respond_json(ngx_http_request_t *r, ngx_uint_t status,
    platen_json_t *j);

/*
 * Sends problem+json.  `detail` NULL or "": the table's.  Logs it with the
 * request id.  Returns what a content handler returns.
 */
ngx_int_t platen_respond_problem(ngx_http_request_t *r, platen_problem_t p,
    const char *detail);

/* The same for a problem that is in no table; its strings outlive the call. */
ngx_int_t platen_respond_info(ngx_http_request_t *r,
    const platen_problem_info_t *info, const char *detail);

/*
 * Whether If-Match and If-Unmodified-Since hold (RFC 9110, section 13.2.2) for
 * the ETag and time in headers_out; both are then out of the way of nginx's own
 * filter, which would answer with an HTML page.
 */
ngx_uint_t platen_respond_precondition(ngx_http_request_t *r);

/*
 * Whether If-None-Match is the ETag in headers_out and nothing else, so that
 * nginx's filter makes 304 of 200 and nobody will see a body.  0: it may do so
 * all the same.
 */
ngx_uint_t platen_respond_unchanged(ngx_http_request_t *r);

/* Takes back all headers, but for those that any answer has. */
ngx_int_t platen_respond_clean(ngx_http_request_t *r);

/* The problem for a store's return code; logs what it was. */
ngx_int_t platen_respond_store(ngx_http_request_t *r, int rc,
    const char *what, const char *errstr);

/*
 * Begins a read of the store.  NGX_OK: end it with platen_txn_abort().  Else a
 * problem was sent, see *status.
 */
ngx_int_t platen_respond_read(ngx_http_request_t *r, platen_txn_t *txn,
    ngx_int_t *status);

/* Content handler of platen_problem: the answer to nginx's own errors. */
ngx_int_t platen_respond_error_page(ngx_http_request_t *r);

/* The context, made on first use; NULL: out of memory. */
ngx_http_platen_ctx_t *platen_respond_ctx(ngx_http_request_t *r);

/* Notes on the job what its request's traceparent says, and when it came. */
void platen_respond_trace(ngx_http_request_t *r, platen_job_t *job);

/* A header of the request by its lower-case name, or NULL. */
ngx_str_t *platen_respond_request_header(ngx_http_request_t *r,
    const char *name, size_t len);

/* The one of that name that comes after `last` (NULL: the first), or NULL. */
ngx_str_t *platen_respond_request_header_after(ngx_http_request_t *r,
    ngx_str_t *last, const char *name, size_t len);

/*
 * Whether a header that is a list of tokens (RFC 9110, section 5.6.1), on one
 * line or several, has this one, in either case.
 */
ngx_uint_t platen_respond_request_token(ngx_http_request_t *r,
    const char *name, const char *token);


#endif /* _PLATEN_HTTP_RESPOND_H_INCLUDED_ */
