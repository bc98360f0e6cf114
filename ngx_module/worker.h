
/*
 * What a worker opens after the fork, and keeps until it ends.
 */

#ifndef _PLATEN_WORKER_H_INCLUDED_
#define _PLATEN_WORKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "conf.h"
#include "store/service.h"
#include "store/store.h"


/* What a worker opened after the fork; see ngx_http_platen_init_process(). */

typedef struct {
    ngx_http_platen_main_conf_t  *conf;
    platen_store_t               *store;  /* NULL while it cannot be opened */
    time_t                        store_tried;
    platen_uses_t                 uses;   /* what it is to have of platend's */
    unsigned                      committing:1;  /* a group has the store */
} ngx_http_platen_worker_t;


extern ngx_http_platen_worker_t  ngx_http_platen_worker;


/* The store, opened anew at most once a second if it is not open; or NULL. */
platen_store_t *ngx_http_platen_store(ngx_log_t *log);

/*
 * Opens what platend says beside the socket of hints, as a small file: a
 * descriptor, or -1.
 */
int platen_worker_beside(const char *suffix);


#endif /* _PLATEN_WORKER_H_INCLUDED_ */
