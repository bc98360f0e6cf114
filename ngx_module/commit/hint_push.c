
/*
 * The worker's ZeroMQ PUSH socket: tells the sidecar which job to look at.
 *
 * A hint may be lost at any time and nothing is done about it: the sidecar
 * looks into the queue every second anyway.  So nothing here blocks, and the
 * only failure that is logged is that of making the socket.  Runs in the event
 * loop; libzmq's own thread does the sending.  The worker's ZeroMQ context is
 * made and ended here; live/event_sub.c shares it.
 */


#include "commit/hint_push.h"

#include "worker.h"
#include "base/wire.h"
#include "store/service.h"

#include <zmq.h>


/* Hints that wait for a slow sidecar; more of them would tell it nothing new. */
#define PLATEN_HINT_HWM  64

/* Seconds after which the sidecar is told anew which store they are about. */
#define PLATEN_HINT_USES_EVERY  60


static void platen_hint_send_uses(void);


static void   *platen_hint_context;
static void   *platen_hint_socket;
static time_t  platen_hint_uses_told;


char *
platen_hint_endpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t  *value, *endpoint;

    endpoint = (ngx_str_t *) (p + cmd->offset);

    if (endpoint->data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(endpoint, "");
        return NGX_CONF_OK;
    }

    /* sockaddr_un has room for 107 characters */

    if (ngx_strncmp(value[1].data, "ipc:///", 7) != 0
        || value[1].len - 6 > 107)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid endpoint \"%V\" of %V, it takes off or "
                           "ipc:// and an absolute path of at most 107 "
                           "characters", &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    *endpoint = value[1];

    return NGX_CONF_OK;
}


void *
platen_hint_zmq(void)
{
    if (platen_hint_context == NULL) {
        platen_hint_context = zmq_ctx_new();
    }

    return platen_hint_context;
}


ngx_int_t
platen_hint_init(ngx_str_t *endpoint, ngx_log_t *log)
{
    int  hwm = PLATEN_HINT_HWM, linger = 0, immediate = 1;

    if (endpoint->len == 0) {
        return NGX_OK;
    }

    if (platen_hint_zmq() == NULL) {
        goto failed;
    }

    platen_hint_socket = zmq_socket(platen_hint_context, ZMQ_PUSH);
    if (platen_hint_socket == NULL) {
        goto failed;
    }

    /* immediate: queue nothing for a sidecar that is not there */

    if (zmq_setsockopt(platen_hint_socket, ZMQ_SNDHWM, &hwm, sizeof(hwm)) != 0
        || zmq_setsockopt(platen_hint_socket, ZMQ_LINGER, &linger,
                          sizeof(linger)) != 0
        || zmq_setsockopt(platen_hint_socket, ZMQ_IMMEDIATE, &immediate,
                          sizeof(immediate)) != 0
        || zmq_connect(platen_hint_socket, (char *) endpoint->data) != 0)
    {
        goto failed;
    }

    return NGX_OK;

failed:

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "platen: no hints to \"%V\": %s; jobs start up to a second "
                  "later", endpoint, zmq_strerror(zmq_errno()));
    platen_hint_exit();

    return NGX_OK;
}


/* To a sidecar with another store the ids of hints would say nothing. */

static void
platen_hint_send_uses(void)
{
    size_t   len;
    uint8_t  wire[PLATEN_USES_WIRE_MAX];

    if (platen_hint_uses_told
        && ngx_time() - platen_hint_uses_told < PLATEN_HINT_USES_EVERY)
    {
        return;
    }

    len = platen_uses_encode(&ngx_http_platen_worker.uses, wire);

    if (zmq_send(platen_hint_socket, wire, len, ZMQ_DONTWAIT) >= 0) {
        platen_hint_uses_told = ngx_time();
    }
}


void
platen_hint_send(unsigned kind, const platen_id_t *id, ngx_log_t *log)
{
    uint8_t        wire[PLATEN_WIRE_LEN];
    platen_hint_t  hint;

    if (platen_hint_socket == NULL) {
        return;
    }

    platen_hint_send_uses();

    hint.kind = kind;
    hint.id = *id;
    platen_wire_encode(&hint, wire);

    if (zmq_send(platen_hint_socket, wire, sizeof(wire), ZMQ_DONTWAIT) < 0) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, log, 0, "platen hint not sent: %s",
                       zmq_strerror(zmq_errno()));
    }
}


void
platen_hint_exit(void)
{
    if (platen_hint_socket) {
        (void) zmq_close(platen_hint_socket);
        platen_hint_socket = NULL;
    }

    if (platen_hint_context) {
        (void) zmq_ctx_term(platen_hint_context);
        platen_hint_context = NULL;
    }
}
