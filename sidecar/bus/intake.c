/*
 * The intake; see bus/intake.h.  Owns the socket and its file; used by the
 * loop's thread alone.  Whoever may write to the socket file may send anything,
 * so what is not a hint is dropped with a warning now and then, and a hint only
 * makes the sidecar look at its store.
 */

#include "bus/intake.h"

#include "bus/endpoint.h"

#define MESSAGE_MAX                                                                            \
    PLATEN_USES_WIRE_MAX /* bytes; a longer one costs its sender the connection */
#define WAITING_MAX 1000
#define BATCH 256 /* messages read before other events get their turn */
#define WARN_MS 60000

struct platen_intake_s {
    zsock_t              *socket;
    char                 *path; /* of the socket file; NULL until it is bound */
    platen_intake_hint_t *hint;
    platen_intake_uses_t *uses; /* NULL: nobody wants to know */
    void                 *data;
    uint64_t              dropped; /* since the last warning */
    uint64_t              warned_at;
};

platen_intake_t *
platen_intake_new(const platen_config_t *config, platen_intake_hint_t *hint, void *data,
                  char *err, size_t errlen)
{
    platen_intake_t *in;

    in = calloc(1, sizeof(*in));
    if (in == NULL) {
        snprintf(err, errlen, "out of memory");
        return NULL;
    }
    in->hint = hint;
    in->data = data;

    in->socket = zsock_new(ZMQ_PULL);
    if (in->socket == NULL) {
        snprintf(err, errlen, "cannot make a socket: %s", zmq_strerror(zmq_errno()));
        goto failed;
    }
    zsock_set_rcvhwm(in->socket, WAITING_MAX);
    zsock_set_maxmsgsize(in->socket, MESSAGE_MAX);
    zsock_set_linger(in->socket, 0);

    in->path = platen_endpoint_bind(in->socket, config->queue_endpoint, config, err, errlen);
    if (in->path == NULL) {
        goto failed;
    }
    return in;

failed:
    platen_intake_destroy(&in);
    return NULL;
}

void
platen_intake_destroy(platen_intake_t **intake)
{
    platen_intake_t *in = *intake;

    if (in == NULL) {
        return;
    }
    zsock_destroy(&in->socket);
    platen_endpoint_remove(&in->path);
    free(in);
    *intake = NULL;
}

zsock_t *
platen_intake_socket(platen_intake_t *intake)
{
    return intake->socket;
}

void
platen_intake_tell(platen_intake_t *in, platen_intake_uses_t *uses)
{
    in->uses = uses;
}

static void
drop(platen_intake_t *in, int rc)
{
    uint64_t now = platen_boottime_ms();

    in->dropped++;
    if (in->warned_at != 0 && now - in->warned_at < WARN_MS) {
        return;
    }
    platen_log(PLATEN_LOG_WARN, "hint dropped",
               json_pack("{s:s, s:I}", "reason",
                         rc == PLATEN_TOO_NEW ? "a later version sent it" : "it is not a hint",
                         "dropped", (json_int_t) in->dropped));
    in->warned_at = now;
    in->dropped = 0;
}

void
platen_intake_read(platen_intake_t *in)
{
    platen_hint_t hint;
    platen_uses_t uses;
    uint8_t       buf[MESSAGE_MAX];
    void         *socket = zsock_resolve(in->socket);
    int           i, n, rc;

    for (i = 0; i < BATCH; i++) {
        n = zmq_recv(socket, buf, sizeof(buf), ZMQ_DONTWAIT);
        if (n < 0) {
            return;
        }
        /* A message that was cut off says so by its length. */
        rc =
            n > (int) sizeof(buf) ? PLATEN_CORRUPT : platen_wire_decode(buf, (size_t) n, &hint);
        if (rc == PLATEN_OK) {
            in->hint(in->data, &hint);
        } else if (rc == PLATEN_CORRUPT && n <= (int) sizeof(buf)
                   && platen_uses_decode(buf, (size_t) n, &uses) == PLATEN_OK) {
            if (in->uses != NULL) {
                in->uses(in->data, &uses);
            }
        } else {
            drop(in, rc);
        }
    }
}
