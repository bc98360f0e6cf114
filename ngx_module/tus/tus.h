
/*
 * Resumable uploads: what the files of it share, and what other rooms ask.
 *
 * A request is a chain of steps in the thread pool, one at a time, with the
 * event loop deciding in between.  tus/tus.c has the protocol: headers, what
 * comes after which step.  tus/request.c reads its headers,
 * tus/answer.c writes the answers, and tus/body.c has the steps,
 * and the body on its way to them.
 *
 * Room for an upload is asked of the store before it is made, and given back
 * after it is removed, or by the commit that makes it a job: all of it, or, while
 * its length is not known, what has come and a little more.  What a crash leaves
 * in between, platend finds: room for what is not there, and uploads without it.
 */

#ifndef _PLATEN_TUS_H_INCLUDED_
#define _PLATEN_TUS_H_INCLUDED_


#include "ngx_http_platen.h"

#include "disk/upload.h"
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
 * Of one request, in its pool.  The partial is open, and so locked, from OPEN
 * or CREATE until platen_tus_release().
 */

struct platen_tus_s {
    platen_partial_t               partial;
    platen_partial_meta_t          meta;     /* CREATE: what is to be */
    platen_tus_step_t              step;
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


/* tus/tus.c: the step is done, and nobody has terminated the request. */
void platen_tus_next(ngx_http_request_t *r);

/* Gives up lock and descriptors. */
void platen_tus_release(platen_tus_t *tus);


/* tus/request.c */

/* The most bytes of an upload, those of a file unless said otherwise. */
uint64_t platen_tus_request_max(ngx_http_platen_loc_conf_t *plcf);

/* The request's header of that name in lower case; NULL: none. */
ngx_str_t *platen_tus_request_header(ngx_http_request_t *r, const char *name);

/* What the headers of a creation say, into tus->meta. */
ngx_int_t platen_tus_request_create(ngx_http_request_t *r, platen_tus_t *tus);

/* Upload-Length, into tus->length; it may be absent. */
ngx_int_t platen_tus_request_length(ngx_http_request_t *r, platen_tus_t *tus);

/* Type and checksum of the body. */
ngx_int_t platen_tus_request_body(ngx_http_request_t *r, platen_tus_t *tus);


/* tus/answer.c */

/* Adds a header whose value is a literal. */
ngx_int_t platen_tus_answer_literal(ngx_http_request_t *r, const char *name,
    const char *text);

ngx_int_t platen_tus_answer_invalid(ngx_http_request_t *r,
    const char *detail);
ngx_int_t platen_tus_answer_too_large(ngx_http_request_t *r, uint64_t limit);

/* The client has so many. */
ngx_int_t platen_tus_answer_too_many(ngx_http_request_t *r, uint64_t uploads);

/* The step has failed with tus->rc. */
ngx_int_t platen_tus_answer_failed(ngx_http_request_t *r, platen_tus_t *tus);

/* For an upload that is a job. */
ngx_int_t platen_tus_answer_job(ngx_http_request_t *r,
    const platen_job_t *job);

/* 201 or 204, with the offset. */
ngx_int_t platen_tus_answer_offset(ngx_http_request_t *r, platen_tus_t *tus);

ngx_int_t platen_tus_answer_head(ngx_http_request_t *r, platen_tus_t *tus);


/* tus/body.c */

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

/* The piece is written: on to the next.  Not after the last. */
void platen_tus_read_on(ngx_http_request_t *r);


#endif /* _PLATEN_TUS_H_INCLUDED_ */
