
/*
 * An operation: what a group commit does for one request.
 */

#ifndef _PLATEN_COMMIT_OP_H_INCLUDED_
#define _PLATEN_COMMIT_OP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "access/quota.h"
#include "base/id.h"
#include "job/job.h"


typedef enum {
    PLATEN_COMMIT_SUBMIT,
    PLATEN_COMMIT_RETRY,
    PLATEN_COMMIT_REMOVE,
    PLATEN_COMMIT_INITIATE,
    PLATEN_COMMIT_STORE,
    PLATEN_COMMIT_ENQUEUE,
    PLATEN_COMMIT_RESERVE,
    PLATEN_COMMIT_RELEASE,
    PLATEN_COMMIT_THUMBNAIL
} platen_commit_kind_t;


#define PLATEN_COMMIT_WARNINGS 4096
#define PLATEN_COMMIT_ENGINES  256


typedef struct platen_commit_op_s  platen_commit_op_t;

/* The earlier result that answers for a submission; copies, not pointers. */
typedef struct {
    platen_id_t            id;
    uint32_t               epoch;
    uint64_t               size;
    char                   sha256[PLATEN_SHA256_LEN];
    char                   format[16];
    size_t                 format_len;
    char                   warnings[PLATEN_COMMIT_WARNINGS];
    char                   engines[PLATEN_COMMIT_ENGINES];
    size_t                 engines_len;
    size_t                 warnings_len;
} platen_commit_result_t;

/*
 * Owned by the request (r->pool) and out of its hands from platen_commit() to
 * done(); the request holds r->main->blocked meanwhile, so the pool stays.
 */
struct platen_commit_op_s {
    platen_commit_kind_t   kind;
    platen_job_t           job;       /* SUBMIT, INITIATE: the record; else
                                         id, client; RETRY: and the secrets,
                                         withheld; STORE: and what is known
                                         of the input now; RESERVE: and
                                         input_size, the least that will do;
                                         THUMBNAIL: the record */
    char                  *tmp;       /* SUBMIT, STORE: the synced temporary
                                         file; "" once it has another name */
    uint64_t               max_queue; /* PENDING jobs allowed, */
    uint64_t               max_client_queue; /* and of that client; 0: any */
    platen_quota_t         quota;     /* what its client may have; RESERVE:
                                         and max_uploads, with this one */
    uint64_t               wish;      /* RESERVE: bytes that would be better */
    platen_commit_result_t *earlier;  /* SUBMIT: room for one; NULL: none
                                         is looked for */

    /* results */
    int                    rc;        /* PLATEN_OK or why not */
    int                    error;     /* errno behind it, or 0 */
    const char            *what;      /* the step that failed */
    char                   errstr[64]; /* LMDB's words */
    int                    lock;      /* STORE: of the input's place, or -1 */
    platen_state_t         found;     /* the state that was in the way */
    uint64_t               position;  /* SUBMIT: place in the queue */
    platen_id_t            shown;     /* THUMBNAIL: the job, and the attempt, */
    uint32_t               epoch;     /* whose result it is to show */
    platen_id_t            existing;  /* the job that is the answer, if it is
                                         not the one submitted (stored) */
    uint32_t               missing;   /* RETRY: secrets that were not sent */
    uint64_t               granted;   /* RESERVE: bytes */

    /* for commit/operation.c: what is answered once it is done; */
    ngx_int_t            (*answer)(ngx_http_request_t *r,
                             platen_commit_op_t *op);
    /* and if it was refused, NULL: as the store's codes say; */
    ngx_int_t            (*refused)(ngx_http_request_t *r,
                             platen_commit_op_t *op);
    /* and instead, if it is done and its client has left; or NULL.  Of POST
       /convert alone, which is refused as a subrequest (http/route.c). */
    void                 (*left)(ngx_http_request_t *r,
                             platen_commit_op_t *op);
    void                 (*done)(platen_commit_op_t *op);
    void                  *data;
    platen_commit_op_t    *next;
    unsigned               published:1;
    unsigned               resumable:1; /* SUBMIT: of a partial upload, which
                                         is there again if it fails */
    unsigned               abandoned:1; /* REMOVE: its client has gone; what
                                         another was told of stays */
    unsigned               busy:1;    /* STORE: another one has the place */
    unsigned               linked:1;  /* the earlier result has a name of this
                                         job's, */
    unsigned               shared:1;  /* and is this job's too */
    unsigned               stored:1;  /* the answer is the record "existing" */
    unsigned               replayed:1; /* it came before under the same key */
};


#endif /* _PLATEN_COMMIT_OP_H_INCLUDED_ */
