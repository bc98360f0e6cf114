/*
 * The news; see bus/publisher.h.  Owns the socket and its file; used by the loop's
 * thread alone.  A worker that is slow, or not there, misses them: it looks into
 * the outbox once a second anyway, and nothing is done about it here.
 */

#include "bus/publisher.h"

#include "bus/endpoint.h"
#include "base/wire.h"

#define WAITING_MAX 16 /* for one worker; the newest says what all of them say */

struct platen_publisher_s {
    platen_store_t *store;
    zsock_t        *socket; /* NULL: no endpoint is configured */
    char           *path;
    uint64_t        seen; /* the newest event that there was, */
    uint64_t        told; /* and that was published */
};

platen_publisher_t *
platen_publisher_new(const platen_config_t *config, platen_store_t *store, char *err,
                     size_t errlen)
{
    platen_publisher_t *n;

    n = calloc(1, sizeof(*n));
    if (n == NULL) {
        snprintf(err, errlen, "out of memory");
        return NULL;
    }
    n->store = store;
    if (*config->events_endpoint == '\0') {
        return n;
    }

    n->socket = zsock_new(ZMQ_PUB);
    if (n->socket == NULL) {
        snprintf(err, errlen, "cannot make a socket: %s", zmq_strerror(zmq_errno()));
        goto failed;
    }
    zsock_set_sndhwm(n->socket, WAITING_MAX);
    zsock_set_linger(n->socket, 0);

    n->path = platen_endpoint_bind(n->socket, config->events_endpoint, config, err, errlen);
    if (n->path == NULL) {
        goto failed;
    }
    return n;

failed:
    platen_publisher_destroy(&n);
    return NULL;
}

void
platen_publisher_destroy(platen_publisher_t **publisher)
{
    platen_publisher_t *n = *publisher;

    if (n == NULL) {
        return;
    }
    zsock_destroy(&n->socket);
    platen_endpoint_remove(&n->path);
    free(n);
    *publisher = NULL;
}

int
platen_publisher_send(platen_publisher_t *n)
{
    platen_txn_t txn;
    uint64_t     first, last = 0;
    uint8_t      wire[PLATEN_WIRE_NEWS_LEN];
    int          grown;

    if (platen_txn_read(n->store, &txn) != PLATEN_OK) {
        return 0;
    }
    if (platen_store_events_span(&txn, &first, &last) != PLATEN_OK) {
        last = n->seen;
    }
    platen_txn_abort(&txn);

    grown = last != n->seen;
    n->seen = last;
    if (n->socket == NULL || last == n->told) {
        return grown;
    }
    platen_wire_encode_news(last, wire);
    /* A PUB socket drops what it cannot send. */
    if (zmq_send(zsock_resolve(n->socket), wire, sizeof(wire), ZMQ_DONTWAIT) >= 0) {
        n->told = last;
    }
    return grown;
}
