
/*
 * The context of a request.  A request passes each room once, left to right:
 * route, auth, admit, upload, submit, commit, view | download.
 */

#ifndef _PLATEN_CTX_H_INCLUDED_
#define _PLATEN_CTX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

#include "module.h"
#include "base/id.h"


typedef struct ngx_http_platen_ctx_s  ngx_http_platen_ctx_t;

struct ngx_http_platen_ctx_s {
    ngx_str_t                request_id;
    ngx_str_t                trace_id;    /* of traceparent; or len 0 */
    ngx_str_t                trace_parent; /* what follows it there */
    ngx_str_t                client;      /* len 0 until authenticated */
    ngx_str_t                path;        /* below the prefix */
    platen_id_t              id;          /* {id} of the path, or the job
                                             that the request has brought */
    ngx_int_t                number;      /* {n} of the path; NGX_ERROR: none */
    ngx_uint_t               route;       /* see platen_route_pattern() */
    ngx_uint_t               accepted;    /* status of a submission taken */
    ngx_str_t                args;        /* r->args as they came, or len 0 */
    void                    *live;        /* what keeps the request open */
    ngx_msec_t               wait;        /* POST /convert: how long it is held;
                                             0: no longer, or never */
    time_t                   client_until;  /* end of its cookie; 0: never */
    ngx_array_t             *always;      /* headers that any answer has */
    ngx_int_t                identity;    /* see platen_auth_lookup() */
    uint64_t                 max_length;  /* of a signed PUT; 0: as elsewhere */
    struct platen_body_s    *body;        /* see http/body.c */

    /* of a submission */
    struct platen_receive_s  *rx;
    ngx_thread_task_t       *task;
    const struct platen_body_reader_s  *reader; /* of the body */
    ngx_chain_t             *in;          /* the piece of it that has come */
    void                   (*received)(ngx_http_request_t *r);
    void                   (*discard)(ngx_http_request_t *r,
                               ngx_int_t status); /* lets go of what was
                                             received: a problem is told */
    struct platen_commit_op_s  *op;
    ngx_int_t              (*answer)(ngx_http_request_t *r,
                               struct platen_commit_op_s *op);
    void                   (*left)(ngx_http_request_t *r,
                               struct platen_commit_op_s *op);
    struct platen_tus_s     *tus;         /* of a resumable upload; or NULL */
    unsigned                 batch:1;     /* by way of /api/v1 */
    unsigned                 busy:1;      /* a task or a commit is under way */
    unsigned                 looked_up:1; /* identity and client are known */
    unsigned                 authentic:1; /* by key or variable, not a cookie */
    unsigned                 posted:1;    /* a POST that is to be a HEAD */
    unsigned                 signed_url:1; /* let in by its signature */
    unsigned                 hidden:1;    /* secrets are out of what is logged */
    unsigned                 last:1;      /* the piece is the last */
};


#endif /* _PLATEN_CTX_H_INCLUDED_ */
