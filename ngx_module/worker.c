
/*
 * What a worker opens after the fork: LMDB and ZeroMQ handles do not survive
 * one.  If the store cannot be opened the worker serves all the same: requests
 * that need it answer 503, and it is tried again, at most once a second.
 */


#include "worker.h"

#include <fcntl.h>

#include "base/platen.h"
#include "disk/layout.h"


ngx_http_platen_worker_t  ngx_http_platen_worker;


platen_store_t *
ngx_http_platen_store(ngx_log_t *log)
{
    char                       err[256];
    ngx_http_platen_worker_t  *w = &ngx_http_platen_worker;

    if (w->store && !w->committing && platen_store_failed(w->store)) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "platen: the disk failed a write of store \"%V\", which "
                      "is opened again", &w->conf->store);
        platen_store_close(&w->store);
    }

    if (w->store || w->conf == NULL || w->store_tried == ngx_time()) {
        return w->store;
    }

    w->store_tried = ngx_time();

    if (platen_layout_prepare((char *) w->conf->data.data) != 0) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      "platen: cannot use the data directory \"%V\"",
                      &w->conf->data);
        return NULL;
    }

    if (platen_store_open(&w->store, (char *) w->conf->store.data,
                          w->conf->map_size, err, sizeof(err))
        != PLATEN_OK)
    {
        ngx_log_error(NGX_LOG_ALERT, log, 0, "platen: store \"%V\": %s",
                      &w->conf->store, err);

        return w->store;
    }

    if (!w->conf->sync) {
        platen_store_unsynced(w->store);
    }

    /* Without it a job with a password is refused, and others are not. */

    if (platen_store_key(w->store) != PLATEN_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      "platen: cannot read or make \"%V/secrets.key\"",
                      &w->conf->store);
    }

    return w->store;
}


int
platen_worker_beside(const char *suffix)
{
    char        path[256];
    ngx_str_t  *queue = &ngx_http_platen_worker.conf->queue;

    if (queue->len == 0) {
        return -1;
    }

    /* an address of a socket has 107 bytes at most */

    ngx_snprintf((u_char *) path, sizeof(path), "%s%s%Z",
                 queue->data + sizeof("ipc://") - 1, suffix);

    return open(path, O_RDONLY|O_NONBLOCK|O_NOFOLLOW|O_CLOEXEC);
}
