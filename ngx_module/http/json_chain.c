
/* JSON into a chain of buffers; see http/json_chain.h. */


#include "http/json_chain.h"


typedef struct {
    ngx_pool_t    *pool;
    size_t         chunk;
    ngx_chain_t   *out;
    ngx_chain_t  **last;
    ngx_buf_t     *buf;    /* the last one */
} platen_json_chain_t;


static int platen_json_chain_more(platen_json_t *j, size_t size);


void
platen_json_chain_init(platen_json_t *j, ngx_pool_t *pool, size_t chunk)
{
    platen_json_chain_t  *chain;

    ngx_memzero(j, sizeof(platen_json_t));
    j->more = platen_json_chain_more;

    chain = ngx_pcalloc(pool, sizeof(platen_json_chain_t));
    if (chain == NULL) {
        j->failed = 1;
        return;
    }

    chain->pool = pool;
    chain->chunk = chunk;
    chain->last = &chain->out;

    j->sink = chain;
}


static int
platen_json_chain_more(platen_json_t *j, size_t size)
{
    ngx_buf_t            *b;
    ngx_chain_t          *cl;
    platen_json_chain_t  *chain = j->sink;

    b = ngx_create_temp_buf(chain->pool, ngx_max(size, chain->chunk));
    cl = ngx_alloc_chain_link(chain->pool);

    if (b == NULL || cl == NULL) {
        return -1;
    }

    if (chain->buf) {
        chain->buf->last = (u_char *) j->last;
    }

    cl->buf = b;
    cl->next = NULL;
    *chain->last = cl;
    chain->last = &cl->next;
    chain->buf = b;

    j->last = (char *) b->last;
    j->end = (char *) b->end;

    return 0;
}


ngx_chain_t *
platen_json_chain(platen_json_t *j, off_t *len)
{
    ngx_chain_t          *cl;
    platen_json_chain_t  *chain = j->sink;

    if (j->failed || chain->buf == NULL) {
        return NULL;
    }

    chain->buf->last = (u_char *) j->last;

    if (len) {
        *len = 0;

        for (cl = chain->out; cl; cl = cl->next) {
            *len += cl->buf->last - cl->buf->pos;
        }
    }

    return chain->out;
}
