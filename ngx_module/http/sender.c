
/*
 * The sender; see http/sender.h.  Runs in the event loop.
 */


#include "http/sender.h"


ngx_int_t
platen_sender_send(platen_sender_t *s, ngx_chain_t *out)
{
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = s->request;
    wev = r->connection->write;

    if (ngx_http_output_filter(r, out) == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (r->buffered || r->connection->buffered || r->aio) {
        s->busy = 1;
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        if (!wev->delayed && !r->aio) {
            ngx_add_timer(wev, clcf->send_timeout);
        }

        return ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK
               ? NGX_AGAIN : NGX_ERROR;
    }

    if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    s->busy = 0;
    platen_sender_free(s);

    return NGX_OK;
}


ngx_int_t
platen_sender_text(platen_sender_t *s, u_char *pos, u_char *last)
{
    ngx_chain_t  out;

    ngx_memzero(&s->buf, sizeof(ngx_buf_t));
    s->buf.start = pos;
    s->buf.pos = pos;
    s->buf.last = last;
    s->buf.end = last;
    s->buf.memory = (pos != last);
    s->buf.flush = 1;

    out.buf = &s->buf;
    out.next = NULL;

    return platen_sender_send(s, &out);
}


ngx_int_t
platen_sender_block(platen_sender_t *s, u_char *block, u_char *last)
{
    s->block = block;

    return platen_sender_text(s, block, last);
}


ngx_int_t
platen_sender_event(platen_sender_t *s)
{
    ngx_connection_t  *c;

    c = s->request->connection;

    if (c->write->timedout && !c->write->delayed) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "platen: client takes no %s", s->what);
        c->timedout = 1;
        return NGX_ERROR;
    }

    return platen_sender_send(s, NULL);
}


void
platen_sender_free(platen_sender_t *s)
{
    if (s->block) {
        ngx_free(s->block);
        s->block = NULL;
    }
}
