
/*
 * What the module's rooms share: configuration, the worker's state, and the
 * context of a request.  A request passes each room once, left to right:
 * route, auth, admit, upload, submit, commit, view | download.
 */

#ifndef _NGX_HTTP_PLATEN_H_INCLUDED_
#define _NGX_HTTP_PLATEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

#include <jansson.h>

#include "commit/commit.h"
#include "http/json.h"
#include "format/matrix.h"
#include "http/problem.h"
#include "ingest/receive.h"
#include "store/service.h"
#include "base/sign.h"
#include "store/store.h"


#define PLATEN_REQUEST_ID_MAX  128
#define PLATEN_PREFIX_MAX      255  /* bytes of a location's name */
#define PLATEN_REALM_MAX       16
#define PLATEN_LIST_LIMIT      50
#define PLATEN_LIST_LIMIT_MAX  1000
#define PLATEN_LIST_OFFSET_MAX 10000


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


/* What a worker opened after the fork; see ngx_http_platen_init_process(). */

typedef struct {
    ngx_http_platen_main_conf_t  *conf;
    platen_store_t               *store;  /* NULL while it cannot be opened */
    time_t                        store_tried;
    time_t                        room_looked;  /* when room was last asked */
    platen_problem_t              room;         /* what there is no room for */
    platen_matrix_t               matrix; /* parsed from matrix_text */
    ngx_str_t                     matrix_text;
    unsigned                      room_tight:1;  /* the store is over half full */
    unsigned                      matrix_known:1;
} ngx_http_platen_worker_t;


typedef struct ngx_http_platen_ctx_s  ngx_http_platen_ctx_t;

struct ngx_http_platen_ctx_s {
    ngx_str_t                request_id;
    ngx_str_t                client;      /* len 0 until authenticated */
    ngx_str_t                path;        /* below the prefix */
    platen_id_t              id;          /* {id} of the path */
    ngx_int_t                number;      /* {n} of the path; NGX_ERROR: none */
    ngx_uint_t               accepted;    /* status of a submission taken */
    ngx_str_t                args;        /* r->args as they came, or len 0 */
    void                    *live;        /* what keeps the request open */
    ngx_msec_t               wait;        /* POST /convert: how long it is held;
                                             0: no longer, or never */
    time_t                   client_until;  /* end of its cookie; 0: never */
    ngx_str_t                set_cookie;  /* of a new client, or len 0 */
    ngx_int_t                identity;    /* see platen_auth_lookup() */
    uint64_t                 max_length;  /* of a signed PUT; 0: as elsewhere */
    ngx_buf_t               *body;        /* see http/body.c */
    void                    *body_handler;
    platen_problem_t         body_problem; /* of reading it from its file */

    /* of a submission */
    platen_receive_t        *rx;
    ngx_thread_task_t       *task;
    ngx_chain_t             *in;          /* being written by the task */
    void                   (*received)(ngx_http_request_t *r);
    platen_commit_op_t      *op;
    struct platen_tus_s     *tus;         /* of a resumable upload; or NULL */
    unsigned                 batch:1;     /* by way of /api/v1 */
    unsigned                 busy:1;      /* a task or a commit is under way */
    unsigned                 looked_up:1; /* identity and client are known */
    unsigned                 authentic:1; /* by key or variable, not a cookie */
    unsigned                 posted:1;    /* a POST that is to be a HEAD */
    unsigned                 signed_url:1; /* let in by its signature */
    unsigned                 hidden:1;    /* secrets are out of what is logged */
    unsigned                 last:1;      /* the task has the body's end */
};


typedef ngx_int_t (*ngx_http_platen_handler_pt)(ngx_http_request_t *r);


extern ngx_module_t              ngx_http_platen_module;
extern ngx_http_platen_worker_t  ngx_http_platen_worker;


/* ngx_http_platen_module.c */

/* The store, opened anew at most once a second if it is not open; or NULL. */
platen_store_t *ngx_http_platen_store(ngx_log_t *log);


/* http/route.c: the content handler of a location with platen_api. */

ngx_int_t platen_route_handler(ngx_http_request_t *r);

/* What is done before other modules look at the request, and log it. */
ngx_int_t platen_route_preaccess(ngx_http_request_t *r);

/* Whether there is a route of that pattern. */
ngx_uint_t platen_route_exists(const char *pattern);


/* http/health.c: GET /health/ready. */

/* Says in the store what this worker uses; once, before its first turn. */
void platen_ready_init(ngx_log_t *log);
const platen_uses_t *platen_ready_uses_own(void);

ngx_int_t platen_ready(ngx_http_request_t *r);


/* access/auth.c */

/* Reads a file of "name:sha256" lines into an array of keys; "off": none. */
char *platen_auth_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Reads a file of secrets, at most 4m; makes the name absolute (relative to
 * the configuration) and says what is wrong.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_auth_file(ngx_conf_t *cf, ngx_str_t *name, ngx_str_t *text);

/*
 * Who that is, once to a request and in any phase: sets ctx->client.  NGX_OK;
 * NGX_DECLINED: no valid key; NGX_AGAIN: a client without a cookie that is to
 * get one; NGX_ERROR.
 */
ngx_int_t platen_auth_lookup(ngx_http_request_t *r);

/* The same for a request that is let in: gives it the cookie, if it is due. */
ngx_int_t platen_auth_request(ngx_http_request_t *r);

/* The digest that keys are compared with is fetched once per process. */
ngx_int_t platen_auth_init(ngx_log_t *log);
void platen_auth_exit(void);


/* access/client.c: who has no key. */

/* The directive platen_client: key, cookie, or a value with variables. */
char *platen_client_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The directive platen_realm. */
char *platen_client_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Makes "REALM/PREFIXNAME" the request's client, or without a realm what is
 * behind the slash.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_client_named(ngx_http_request_t *r, const char *prefix,
    const void *name, size_t len);

/* Adds $platen_client and $platen_limit. */
ngx_int_t platen_client_variables(ngx_conf_t *cf);

/* As platen_auth_lookup(), for a request that sends no key. */
ngx_int_t platen_client_lookup(ngx_http_request_t *r);

/* Makes a new client and gives it a cookie.  NGX_OK or NGX_ERROR. */
ngx_int_t platen_client_new(ngx_http_request_t *r);
ngx_uint_t platen_client_https(ngx_http_request_t *r);


/* http/cors.c: pages of other origins. */

/* The directive platen_cors: off, *, or ORIGIN ... */
char *platen_cors_origins(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Adds the headers of any answer, if the location has platen_cors. */
ngx_int_t platen_cors_headers(ngx_http_request_t *r);

/* Whether a browser asks if it may, and it may; and the answer to that. */
ngx_uint_t platen_cors_is_preflight(ngx_http_request_t *r);
ngx_int_t platen_cors_preflight(ngx_http_request_t *r, ngx_str_t *methods);

/*
 * Whether the page that makes the request, if it is one, may do so with what
 * its browser sends along: of this host, or of an origin of platen_cors.
 */
ngx_uint_t platen_cors_permits(ngx_http_request_t *r);


/* access/signed.c: URLs that stand in for a key on the one resource they name. */

/* The directive platen_signing_key: FILE ..., the first of which signs. */
char *platen_signed_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Whether the request has a signature, and this location keys to check it. */
ngx_uint_t platen_signed_present(ngx_http_request_t *r);

/*
 * Checks the signature, and acts for the owner of the job ctx->id from then on.
 * NGX_DECLINED: it is good; else what a content handler returns.
 */
ngx_int_t platen_signed_admit(ngx_http_request_t *r);

/*
 * Writes path and signed query of a URL below the prefix; `type` may be empty,
 * max_length 0.  NGX_OK, or NGX_ERROR.
 */
ngx_int_t platen_signed_url(ngx_http_request_t *r, const char *method,
    ngx_str_t *path, platen_str_t type, uint64_t max_length, uint64_t expires,
    ngx_str_t *url);

/* POST /jobs/{id}/links */
ngx_int_t platen_signed_links(ngx_http_request_t *r);


/* http/link.c: URLs that go elsewhere. */

#define PLATEN_LINK_BASE_MAX  544  /* bytes of what comes before /jobs */

/* The directive platen_public_url. */
char *platen_link_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * The whole URL of a path that has the location's prefix, for the answer to this
 * request; with `ws`, of a WebSocket.  NGX_DECLINED: what host it would be of
 * cannot be told; NGX_ERROR: no memory.
 */
ngx_int_t platen_link_whole(ngx_http_request_t *r, ngx_str_t *path,
    ngx_uint_t ws, ngx_str_t *url);

/*
 * What comes before /jobs in URLs that others are told, as far as the request can
 * be trusted with it: at the least, the location's prefix.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_link_base(ngx_http_request_t *r, platen_str_t *base);


/* access/webhook_conf.c: whose jobs are told of, and to whom. */

/* The directive platen_webhook: CLIENT URL */
char *platen_webhook_conf_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Whether a client may name a URL with its job here. */
ngx_uint_t platen_webhook_conf_allows(ngx_http_request_t *r);

/* The operator's URL for this client, if there is one and `url` is empty. */
void platen_webhook_conf_default(ngx_http_request_t *r, platen_str_t *url);


/* ingest/document.c: the two-phase view, with an upload to a URL of its own. */

ngx_int_t platen_document_initiate(ngx_http_request_t *r);
ngx_int_t platen_document_store(ngx_http_request_t *r);
ngx_int_t platen_document_enqueue(ngx_http_request_t *r);
ngx_int_t platen_document_view(ngx_http_request_t *r);


/* http/body.c: a body that is one small JSON object. */

/* What is done with it; the object is the caller's and gone afterwards. */
typedef ngx_int_t (*platen_body_handler_pt)(ngx_http_request_t *r,
    json_t *object);

/*
 * Reads the body and hands it on; an empty one is an empty object.  Returns
 * what a content handler returns.
 */
ngx_int_t platen_body_json(ngx_http_request_t *r,
    platen_body_handler_pt handler);


/*
 * ingest/given.c: a body that was read by another module, or belongs to the
 * main request of this subrequest.
 */

/* Whether there is nothing to read from the client for this request. */
ngx_uint_t platen_given(ngx_http_request_t *r);

/*
 * A copy of the body's chain that may be consumed.  NGX_OK; NGX_DECLINED: the
 * body is not to be had, answer with platen_given_refuse(); NGX_ERROR.
 */
ngx_int_t platen_given_chain(ngx_http_request_t *r, ngx_chain_t **out);
ngx_int_t platen_given_refuse(ngx_http_request_t *r);

/* Whether some of it is in a file, which is read in a thread only. */
ngx_uint_t platen_given_in_file(const ngx_chain_t *in);

/*
 * Hands on what a chain has, in pieces; in a thread, if some is in a file.  Ends
 * with the first code of `piece` that is not PLATEN_OK, and PLATEN_ERROR with
 * errno if the file cannot be read.
 */
typedef int (*platen_given_pt)(void *data, const u_char *p, size_t n);
int platen_given_each(const ngx_chain_t *in, platen_given_pt piece,
    void *data);

/*
 * For what comes back from a thread: whether it is a subrequest whose client
 * has gone meanwhile, which is then finalized.
 */
ngx_uint_t platen_given_gone(ngx_http_request_t *r);


/* ingest/upload.c: POST /jobs and POST /jobs/submit, up to the file on disk. */

ngx_int_t platen_upload_job(ngx_http_request_t *r);

/* The same, answering 200 as the clients of /jobs/submit expect. */
ngx_int_t platen_upload_submit(ngx_http_request_t *r);

/*
 * Takes the parameters of the query that have a meaning; others are passed
 * over.  NGX_OK; NGX_DECLINED with a sentence in `detail`; NGX_ERROR.
 */
ngx_int_t platen_upload_query(ngx_http_request_t *r, platen_params_t *params,
    char *detail, size_t size);

/*
 * Takes passwords and signatures out of what nginx logs of the request: its
 * line and its query, which are kept in ctx->args.  Harmless twice.  NGX_OK or
 * NGX_ERROR.
 */
ngx_int_t platen_upload_hide(ngx_http_request_t *r);

/*
 * Receives a body of its own accord: open, set what is known of the document
 * in ctx->rx, then read.  `done` gets the request when the file is on disk, and
 * finalizes it.  Both return NGX_DECLINED if all is well, else what a content
 * handler returns; platen_upload_read() always the latter.
 */
ngx_int_t platen_upload_open(ngx_http_request_t *r, ngx_str_t *type, off_t max);
ngx_int_t platen_upload_read(ngx_http_request_t *r,
    void (*done)(ngx_http_request_t *r));

/*
 * Closes the receiver, and removes its file, off the event loop, unless it has
 * become a job's input.  Harmless twice; not while a task has the receiver.
 */
void platen_upload_discard(platen_receive_t *rx);


/* commit/submit.c: from the file on disk to the answer; also DELETE. */

/* The body is complete and synced: make the job.  Finalizes the request. */
void platen_submit_received(ngx_http_request_t *r);
ngx_int_t platen_submit_remove(ngx_http_request_t *r);

/*
 * Whether what was received can be converted here, as it was asked for.
 * NGX_DECLINED: it can; else what a content handler returns.
 */
ngx_int_t platen_submit_admit(ngx_http_request_t *r);

/* An operation on the job ctx->id of the client; NULL: out of memory. */
platen_commit_op_t *platen_submit_op_of_path(ngx_http_request_t *r,
    platen_commit_kind_t kind);

/*
 * Commits, and then answers and finalizes the request.  The first is for what
 * has read a body, NGX_ERROR being its to answer; the second for a content
 * handler, or platen_body's.
 */
ngx_int_t platen_submit_commit(ngx_http_request_t *r, platen_commit_op_t *op);
ngx_int_t platen_submit_op_start(ngx_http_request_t *r,
    platen_commit_op_t *op);

/* POST /jobs/{id}/retry: a job that has failed, once more. */
ngx_int_t platen_submit_retry(ngx_http_request_t *r);


/* tus/tus.c: resumable uploads. */

/*
 * Before a route is looked for: for paths of uploads, takes X-HTTP-Method-Override
 * for the method and adds Tus-Resumable.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_tus_prepare(ngx_http_request_t *r, ngx_str_t *path);

ngx_int_t platen_tus_options(ngx_http_request_t *r);
ngx_int_t platen_tus_create(ngx_http_request_t *r);

/* HEAD, PATCH and DELETE of one upload. */
ngx_int_t platen_tus_open(ngx_http_request_t *r);

/* The last byte was taken and the job is made: the answer to its request. */
ngx_int_t platen_tus_submitted(ngx_http_request_t *r);

/*
 * A problem with that status is about to be told: lets go of the upload, and
 * removes it if no job can ever come of it.
 */
void platen_tus_refused(ngx_http_request_t *r, ngx_int_t status);


/* access/capacity.c: what lets a submission in. */

/* The directives platen_max_queue and platen_job_ttl. */
char *platen_admit_queue(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *platen_admit_ttl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whether queue, store and disk have room now, asked before a body is read.
 * NGX_DECLINED: they have; else what a content handler returns.
 */
ngx_int_t platen_admit_room(ngx_http_request_t *r);

/* The same for who has a transaction: NONE if there is room. */
platen_problem_t platen_admit_full(platen_txn_t *txn, ngx_log_t *log);

/* The same without the queue, for what adds nothing to it yet. */
ngx_int_t platen_admit_storage(ngx_http_request_t *r);

/*
 * The same for a submission, which may have come before under its
 * Idempotency-Key: its job is there, and adds nothing to queue and store.
 */
ngx_int_t platen_admit_submission(ngx_http_request_t *r);

/*
 * How long the job's result is kept, in seconds: as asked for, or (0) as
 * usual, but no longer than its client has a cookie.
 */
uint64_t platen_admit_job_ttl(ngx_http_request_t *r, uint64_t asked);

/*
 * Takes the request's Idempotency-Key into the job; nothing if there is none.
 * `ttl` is what the client asked for.  NGX_OK; NGX_DECLINED with a sentence in
 * `detail`; NGX_ERROR: no memory.
 */
ngx_int_t platen_admit_idempotency(ngx_http_request_t *r, platen_job_t *job,
    uint64_t ttl, char *detail, size_t size);


/* ws/stream.c and ws/socketio.c: WebSocket and Socket.IO. */

ngx_int_t platen_ws_stream_job(ngx_http_request_t *r);
ngx_int_t platen_ws_stream_client(ngx_http_request_t *r);
ngx_int_t platen_ws_io_open(ngx_http_request_t *r);


/* conf.c: the module's configuration, for nginx to call. */

/* Notes where the directive stands that is being read. */
void platen_conf_at(ngx_conf_t *cf, ngx_http_platen_at_t *at);

void *platen_conf_create_main(ngx_conf_t *cf);
char *platen_conf_init_main(ngx_conf_t *cf, void *conf);
void *platen_conf_create_location(ngx_conf_t *cf);
char *platen_conf_merge_location(ngx_conf_t *cf, void *parent, void *child);


/* access/quota.c: what a client may have stored. */

/* The directive platen_quota. */
char *platen_quota_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whether op->job.client may have so many bytes more, in the transaction that
 * adds them; what is reserved for op->job.id itself is not counted.
 * PLATEN_OVER_QUOTA: no, with op->used, op->reserved and op->needed set.
 */
int platen_quota_fits(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t bytes);

/*
 * The same before a body is read, `bytes` being what is known of it.
 * NGX_DECLINED: yes, as far as can be told; else what a content handler returns.
 */
ngx_int_t platen_quota_room(ngx_http_request_t *r, uint64_t bytes);

/* Answers for ctx->op that it was over the quota. */
ngx_int_t platen_quota_refused(ngx_http_request_t *r);

/* GET /usage. */
ngx_int_t platen_quota_usage(ngx_http_request_t *r);


/* live/convert.c: POST /convert. */

ngx_int_t platen_sync_convert(ngx_http_request_t *r);

/*
 * The job of `op` is committed, and its client waits for the result.  Returns
 * what a content handler returns.
 */
ngx_int_t platen_sync_wait(ngx_http_request_t *r, platen_commit_op_t *op);

/* The same, but the client went away during the commit. */
void platen_sync_abandoned(ngx_http_request_t *r, platen_commit_op_t *op);


/* view/job.c: JSON, straight from the store. */

ngx_int_t platen_view_job(ngx_http_request_t *r);

/*
 * Writes the job as an object; `position` in the queue, 0 for none.  The files
 * of a batch are read in `txn`; NULL: they are left out.
 */
void platen_view_write(ngx_http_request_t *r, platen_json_t *j,
    platen_txn_t *txn, const platen_job_t *job, uint64_t position);

/* Whether there is something to download. */
ngx_uint_t platen_view_has_result(const platen_job_t *job);

/*
 * Begins a read and finds the job of the path, if it is the client's.  NGX_OK:
 * end *txn with platen_txn_abort().  Else a problem was sent, see *status.
 */
ngx_int_t platen_view_read(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *job, ngx_int_t *status);

/* Sends the job as the answer to its submission. */
ngx_int_t platen_view_submitted(ngx_http_request_t *r, ngx_uint_t status,
    const platen_job_t *job, uint64_t position);

/* The same for a job that was there before: that of ctx->id, as stored. */
ngx_int_t platen_view_stored(ngx_http_request_t *r, ngx_uint_t status);


/* ingest/batch.c: archives of documents. */

/* "platen_batch off | [entries=N] [size=SIZE] [file=SIZE] [ratio=N]". */
char *platen_batch_limits(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whether something of what the archive's entries are named as can be converted
 * to rx->target here.  NGX_OK, with one of the routes, that takes the options if
 * any does (NULL: nobody knows yet); NGX_DECLINED; NGX_ERROR.
 */
ngx_int_t platen_batch_admit(ngx_http_request_t *r, platen_receive_t *rx,
    const platen_matrix_route_t **route);

/*
 * What platen_formats lets the files of a batch be, for the job's record; empty
 * if that is anything.
 */
ngx_int_t platen_batch_sources(ngx_http_request_t *r,
    const platen_format_t *target, platen_str_t *sources);

/* POST /api/v1/jobs, and its answer. */
ngx_int_t platen_batch_create(ngx_http_request_t *r);
ngx_int_t platen_batch_created(ngx_http_request_t *r, const platen_id_t *job);


/*
 * view/zip_stream.c: GET /jobs/{id}/download; with ?partial=1, what there
 * is of a batch that has not ended.
 */
ngx_int_t platen_batch_download(ngx_http_request_t *r);


/* view/files.c */

ngx_int_t platen_batch_files(ngx_http_request_t *r);
ngx_int_t platen_batch_file(ngx_http_request_t *r);
ngx_int_t platen_batch_status(ngx_http_request_t *r);

/*
 * The members "files" (the first thousand; `txn` NULL: none of a batch) and
 * "counts" of a job.  A PLATEN_ code.
 */
int platen_batch_write_files(platen_json_t *j, ngx_str_t *prefix,
    platen_txn_t *txn, const platen_job_t *job);
void platen_batch_write_counts(platen_json_t *j, const platen_job_t *job);


/* view/list.c */

/* A number of the query, at most `max`; unchanged if there is none. */
ngx_int_t platen_list_number(ngx_http_request_t *r, const char *name,
    ngx_uint_t max, ngx_uint_t *number);

ngx_int_t platen_list_jobs(ngx_http_request_t *r);

/* Writes what GET /jobs says without parameters; a PLATEN_ code. */
ngx_int_t platen_list_first(ngx_http_request_t *r, platen_txn_t *txn,
    platen_json_t *j);


/* view/formats.c: what this machine converts. */

/* The directive platen_formats: all, or FROM:TO ... */
char *platen_formats_rules(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

ngx_int_t platen_formats_list(ngx_http_request_t *r);

/* Whether platen_formats lets this pair through. */
ngx_uint_t platen_formats_allowed(ngx_http_platen_loc_conf_t *plcf,
    const platen_format_t *from, const platen_format_t *to);

/*
 * The route of the pair, valid until the next look at the matrix.  NGX_OK, with
 * *route NULL as long as no sidecar has said what it converts; NGX_DECLINED if
 * it is not converted here; NGX_ERROR.
 */
ngx_int_t platen_formats_check(ngx_http_request_t *r,
    const platen_format_t *from, const platen_format_t *to,
    const platen_matrix_route_t **route);


/* live/snapshot.c (and live/snapshot.h) */

/* Directives that take a time greater than zero: an ngx_msec_t at the offset. */
char *platen_live_period(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* live/longpoll.c: GET /jobs/{id}, at once or when something has changed. */

ngx_int_t platen_wait_job(ngx_http_request_t *r);


/* live/sse.c: Server-Sent Events. */

ngx_int_t platen_events_job(ngx_http_request_t *r);
ngx_int_t platen_events_client(ngx_http_request_t *r);


/* view/download.c */

ngx_int_t platen_download_job(ngx_http_request_t *r);

/*
 * Headers of a file that a client saves: named as the job's document, with that
 * extension; never sniffed, never shared.
 */
ngx_int_t platen_download_named(ngx_http_request_t *r, const platen_job_t *job,
    const char *ext);

/* Sends the result of the job, as it was read in `txn`, which ends. */
ngx_int_t platen_download_result(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *job);


/* http/openapi.c */

ngx_int_t platen_static_openapi(ngx_http_request_t *r);


/* http/respond.c */

/* Adds a response header; name is a literal. */
ngx_int_t platen_respond_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);

/*
 * Sends a body that is complete in `out` (may be NULL for none), with its
 * Content-Length.  Returns what a content handler returns.
 */
ngx_int_t platen_respond_send(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, ngx_chain_t *out, off_t len);

/*
 * Sends problem+json.  `detail` NULL or "": the table's.  Logs it with the
 * request id.  Returns what a content handler returns.
 */
ngx_int_t platen_respond_problem(ngx_http_request_t *r, platen_problem_t p,
    const char *detail);

/* The same for a problem that is in no table; its strings outlive the call. */
ngx_int_t platen_respond_info(ngx_http_request_t *r,
    const platen_problem_info_t *info, const char *detail);

/*
 * Whether If-Match and If-Unmodified-Since hold (RFC 9110, section 13.2.2) for
 * the ETag and time in headers_out; both are then out of the way of nginx's own
 * filter, which would answer with an HTML page.
 */
ngx_uint_t platen_respond_precondition(ngx_http_request_t *r);

/* Takes back all headers, but for those that any answer has. */
ngx_int_t platen_respond_clean(ngx_http_request_t *r);

/* The problem for a store's return code; logs what it was. */
ngx_int_t platen_respond_store(ngx_http_request_t *r, int rc,
    const char *what, const char *errstr);

/*
 * Begins a read of the store.  NGX_OK: end it with platen_txn_abort().  Else a
 * problem was sent, see *status.
 */
ngx_int_t platen_respond_read(ngx_http_request_t *r, platen_txn_t *txn,
    ngx_int_t *status);

/* Content handler of platen_problem: the answer to nginx's own errors. */
ngx_int_t platen_respond_error_page(ngx_http_request_t *r);

/* The context, made on first use; NULL: out of memory. */
ngx_http_platen_ctx_t *platen_respond_ctx(ngx_http_request_t *r);

/* A header of the request by its lower-case name, or NULL. */
ngx_str_t *platen_respond_request_header(ngx_http_request_t *r,
    const char *name, size_t len);

/* The one of that name that comes after `last` (NULL: the first), or NULL. */
ngx_str_t *platen_respond_request_header_after(ngx_http_request_t *r,
    ngx_str_t *last, const char *name, size_t len);

/*
 * Whether a header that is a list of tokens (RFC 9110, section 5.6.1), on one
 * line or several, has this one, in either case.
 */
ngx_uint_t platen_respond_request_token(ngx_http_request_t *r,
    const char *name, const char *token);


/* live/hint_push.c: the ZeroMQ PUSH socket of this worker. */

/* Directives that take an endpoint, or off: an ngx_str_t at the offset. */
char *platen_hint_endpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

ngx_int_t platen_hint_init(ngx_str_t *endpoint, ngx_log_t *log);
void platen_hint_send(unsigned kind, const platen_id_t *id, ngx_log_t *log);
void platen_hint_exit(void);

/* The worker's ZeroMQ context, made on first use; NULL: it cannot be made. */
void *platen_hint_zmq(void);


/* turn.c: how long the worker's turns take, for its log. */
void platen_turn_init(void);
void platen_turn_exit(ngx_log_t *log);


/* live/event_sub.c: the ZeroMQ SUB socket of this worker. */

/* Where the sidecar publishes by default: beside the hints' socket. */
ngx_int_t platen_wake_default(ngx_conf_t *cf,
    ngx_http_platen_main_conf_t *pmcf);

ngx_int_t platen_wake_init(ngx_str_t *endpoint, ngx_log_t *log);

/* Before platen_hint_exit(), which ends the context. */
void platen_wake_exit(void);


#endif /* _NGX_HTTP_PLATEN_H_INCLUDED_ */
