
/*
 * A body that was read before this module had its turn: by ngx_http_mirror, by
 * a filter, by a script, or by the main request of a subrequest.  nginx hands
 * it over as a chain that others have as well, of memory and, above
 * client_body_buffer_size, of a temporary file.  So nothing of the chain is
 * changed here, and what is in a file is read in a thread.
 *
 * The copies are of the request's pool.  The file is nginx's, and open for as
 * long as the request lives.
 */


#include "http/given.h"

#include "base/platen.h"
#include "http/problem.h"
#include "http/respond.h"

#include <errno.h>


#define PLATEN_GIVEN_PIECE  (64 * 1024)


static int platen_given_buf(const ngx_buf_t *b, platen_given_pt piece,
    void *data);


ngx_uint_t
platen_given(ngx_http_request_t *r)
{
    return r != r->main || r->request_body || r->discard_body;
}


ngx_int_t
platen_given_chain(ngx_http_request_t *r, ngx_chain_t **out)
{
    ngx_chain_t  *cl, *copy, **last;

    *out = NULL;
    last = out;

    /* It has been thrown away, or is yet to be read by the main request. */

    if (r->request_body == NULL || r->main->reading_body) {
        return NGX_DECLINED;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        copy = ngx_alloc_chain_link(r->pool);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        copy->buf = ngx_palloc(r->pool, sizeof(ngx_buf_t));
        if (copy->buf == NULL) {
            return NGX_ERROR;
        }

        *copy->buf = *cl->buf;
        copy->next = NULL;

        *last = copy;
        last = &copy->next;
    }

    return NGX_OK;
}


int
platen_given_each(const ngx_chain_t *in, platen_given_pt piece, void *data)
{
    int  rc;

    rc = PLATEN_OK;

    for ( /* void */ ; in && rc == PLATEN_OK; in = in->next) {
        rc = platen_given_buf(in->buf, piece, data);
    }

    return rc;
}


static int
platen_given_buf(const ngx_buf_t *b, platen_given_pt piece, void *data)
{
    int       rc;
    off_t     at;
    u_char   *buf;
    ssize_t   n;

    if (ngx_buf_in_memory(b)) {
        return piece(data, b->pos, b->last - b->pos);
    }

    if (!b->in_file) {
        return PLATEN_OK;
    }

    buf = malloc(PLATEN_GIVEN_PIECE);
    if (buf == NULL) {
        errno = ENOMEM;
        return PLATEN_ERROR;
    }

    rc = PLATEN_OK;

    for (at = b->file_pos; at < b->file_last && rc == PLATEN_OK; at += n) {
        n = pread(b->file->fd, buf,
                  ngx_min(PLATEN_GIVEN_PIECE, b->file_last - at), at);

        if (n == -1 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            rc = PLATEN_ERROR;
            break;
        }

        rc = piece(data, buf, n);
    }

    free(buf);

    return rc;
}


ngx_uint_t
platen_given_in_file(const ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        if (!ngx_buf_in_memory(in->buf) && in->buf->in_file) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
platen_given_refuse(ngx_http_request_t *r)
{
    return platen_respond_problem(r, PLATEN_PROBLEM_NOT_IMPLEMENTED,
                                  "The body of this request is not here: nginx "
                                  "has thrown it away, or has not read it for "
                                  "the subrequest. Send the request to this "
                                  "location itself, or set "
                                  "mirror_request_body on.");
}


