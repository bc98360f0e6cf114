
/*
 * Resumable uploads: the context of a request.
 *
 * A request is a chain of steps in the thread pool, one at a time, with the
 * event loop deciding in between.  tus/tus.c has the protocol, tus/steps.c what
 * comes after which step.  tus/request.c reads the headers, tus/answer.c writes
 * the answers, and tus/body.c has the steps, and the body on its way to them.
 *
 * Room for an upload is asked of the store before it is made, and given back
 * after it is removed, or by the commit that makes it a job: all of it, or, while
 * its length is not known, what has come and a little more.  What a crash leaves
 * in between, platend finds: room for what is not there, and uploads without it.
 */

#ifndef _PLATEN_TUS_CONTEXT_H_INCLUDED_
#define _PLATEN_TUS_CONTEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <openssl/evp.h>

#include "conf.h"
#include "commit/op.h"
#include "disk/upload_file.h"
#include "tus/header.h"


#define PLATEN_TUS_VERSION  "1.0.0"


typedef enum {
    PLATEN_TUS_CREATE,
    PLATEN_TUS_OPEN,
    PLATEN_TUS_SETTLE,     /* no job has come of all these bytes */
    PLATEN_TUS_LENGTH,     /* that was deferred is said */
    PLATEN_TUS_WRITE,      /* a piece of the body */
    PLATEN_TUS_FINISH,     /* hash what is not, and see what it is */
    PLATEN_TUS_REMOVE,
    PLATEN_TUS_RESERVE     /* a commit: room in the quota, or none any more */
} platen_tus_step_t;


/*
 * Of one request, in its pool.  The file is open, and so locked, from OPEN
 * or CREATE until platen_tus_release().
 */

struct platen_tus_s {
    platen_upload_file_t           file;
    platen_upload_file_meta_t      meta;     /* CREATE: what is to be */
    platen_tus_step_t              step;
    void                         (*next)(ngx_http_request_t *r); /* it is
                                                done, and nobody has
                                                terminated the request */
    int                            rc;       /* of the step */
    int                            error;    /* errno behind it */

    uint64_t                       limit;    /* bytes that it may have */
    uint64_t                       said;     /* Upload-Offset, Upload-Length */
    uint64_t                       length;
    platen_tus_header_checksum_t   checksum; /* algorithm NULL: none */
    EVP_MD_CTX                    *md;
    platen_tus_step_t              then;     /* RESERVE: for what it is */
    uint64_t                       room;     /* that is kept, if the length is
                                                not known */
    platen_commit_op_t            *op;       /* RESERVE: one for all of them */

    unsigned                       length_said:1;
    unsigned                       body:1;   /* the request has one */
    unsigned                       gone:1;   /* nothing more comes of it */
    unsigned                       beyond:1; /* the body is too long */
    unsigned                       mismatch:1; /* with its checksum */
    unsigned                       more:1;   /* to hash */
    unsigned                       full:1;   /* no room for the next piece */
    unsigned                       trimmed:1; /* the room, to what has come */
    unsigned                       made:1;   /* by this request */
    ngx_int_t                      status;   /* why it is gone */
};

typedef struct platen_tus_s  platen_tus_t;


/* Gives up lock and descriptors. */
void platen_tus_release(platen_tus_t *tus);

/* The most bytes of an upload, those of a file unless said otherwise. */
uint64_t platen_tus_max(ngx_http_platen_loc_conf_t *plcf);


#endif /* _PLATEN_TUS_CONTEXT_H_INCLUDED_ */
