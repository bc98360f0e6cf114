
/*
 * The configuration, as directives fill it and every room reads it.
 */

#ifndef _PLATEN_CONF_H_INCLUDED_
#define _PLATEN_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

#include "module.h"
#include "base/sign.h"
#include "format/format.h"
#include "format/zip_check.h"
#include "job/job.h"


#define PLATEN_PREFIX_MAX  255  /* bytes of a location's name */


/* Where a directive stands, for errors that are found later. */

typedef struct {
    ngx_str_t                file;        /* len 0: nowhere */
    ngx_uint_t               line;
} ngx_http_platen_at_t;


/* http{}: one store, one data directory and one sidecar to an nginx. */

typedef struct {
    ngx_flag_t               api;         /* some location has platen_api */
    ngx_array_t              key_files;   /* ngx_http_platen_loc_conf_t *, of
                                             which no two have file and realm */
    ngx_str_t                store;
    ngx_http_platen_at_t     store_at;
    size_t                   map_size;
    ngx_str_t                data;
    ngx_http_platen_at_t     data_at;
    ngx_str_t                queue;       /* len 0: off */
    ngx_str_t                events;      /* len 0: off */
    ngx_str_t                thread_pool;
    ngx_thread_pool_t       *pool;
    ngx_shm_zone_t          *metrics;     /* see counts.h */
    off_t                    min_free;    /* bytes of disk; 0: any will do */
    ngx_flag_t               sync;        /* a 2xx survives a power failure */
} ngx_http_platen_main_conf_t;


typedef struct {
    ngx_str_t                name;        /* of the client */
    u_char                   sha256[PLATEN_SHA256_LEN];
} ngx_http_platen_key_t;


/* One "from:to" of platen_formats; NULL stands for any. */

typedef struct {
    const platen_format_t   *from;
    const platen_format_t   *to;
} ngx_http_platen_rule_t;


/* One platen_webhook. */

typedef struct {
    ngx_str_t                client;
    ngx_str_t                url;
} ngx_http_platen_webhook_t;


/* Who a request without a key is; see access/client.c. */

#define PLATEN_CLIENT_BY_KEY       0
#define PLATEN_CLIENT_BY_COOKIE    1
#define PLATEN_CLIENT_BY_VARIABLE  2


typedef struct {
    ngx_flag_t               api;
    ngx_http_platen_at_t     api_at;
    ngx_http_handler_pt      handler;     /* of requests, with api */
    ngx_str_t                prefix;      /* of the location, no end slash */
    ngx_array_t             *keys;        /* ngx_http_platen_key_t; NULL: off */
    ngx_str_t                keys_file;
    ngx_str_t                realm;       /* "REALM/", or len 0: what the
                                             clients' names begin with */
    ngx_uint_t               client_kind;
    ngx_http_complex_value_t  *client_value;  /* BY_VARIABLE */
    ngx_http_complex_value_t  *scheme;        /* NULL: that of the connection */
    ngx_str_t                public_url;  /* no end slash; len 0: none is said */
    ngx_array_t             *cors;        /* ngx_str_t, origins; NULL: off */
    platen_sign_keys_t      *signing;     /* NULL: no URL is signed */
    ngx_array_t             *formats;     /* ngx_http_platen_rule_t; NULL: all */
    off_t                    max_file_size;
    ngx_uint_t               max_queue;
    ngx_uint_t               max_client_queue;  /* of one client; 0: as many */
    off_t                    quota;       /* bytes of one client; 0: any */
    const platen_zip_limits_t  *batch;    /* of an archive; NULL: none is taken */
    time_t                   job_ttl;
    time_t                   upload_ttl;  /* of an upload URL, and INITIATED */
    time_t                   max_ttl;     /* that a client may ask for */
    ngx_flag_t               result_cache;
    ngx_msec_t               events_keepalive;
    ngx_msec_t               events_retry;
    ngx_msec_t               wait_timeout;
    ngx_msec_t               sync_timeout;
    off_t                    upload_max_size;  /* 0: max_file_size */
    ngx_int_t                max_uploads; /* of one client, not complete */
    ngx_msec_t               resumable_ttl;
    ngx_flag_t               webhooks;    /* clients may name a webhook_url */
    ngx_array_t             *webhook;     /* ngx_http_platen_webhook_t; NULL:
                                             no client has one */
} ngx_http_platen_loc_conf_t;


/* Notes where the directive stands that is being read. */
void platen_conf_at(ngx_conf_t *cf, ngx_http_platen_at_t *at);

void *platen_conf_create_main(ngx_conf_t *cf);
char *platen_conf_init_main(ngx_conf_t *cf, void *conf);
void *platen_conf_create_location(ngx_conf_t *cf);
char *platen_conf_merge_location(ngx_conf_t *cf, void *parent, void *child);


#endif /* _PLATEN_CONF_H_INCLUDED_ */
