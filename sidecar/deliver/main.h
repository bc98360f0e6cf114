/*
 * platen-webhook: makes the deliveries that the store has.  A process of its own,
 * started and, if it ends, started again by platend (webhook/webhooks.c): it alone
 * of Platen talks to hosts that clients have named, and it waits for the disk.
 *
 * At most one at a time has the lock of deliveries.  A delivery is noted as made
 * after its answer: one that is cut off between the two is made once more, with
 * the same X-Platen-Delivery.
 */

#ifndef PLATEN_DELIVER_H
#define PLATEN_DELIVER_H

#include <curl/curl.h>

#include "log.h"
#include "trace.h"
#include "base/sign.h"
#include "store/hook.h"
#include "job/webhook_url.h"
#include "address.h"
#include "webhook/settings.h"

/* What all deliveries share; constant once it is set up. */
typedef struct {
    const platen_webhook_settings_t *settings;
    platen_sign_keys_t               secrets;
    platen_webhook_networks_t        allowed;
} platen_deliver_t;

/* --- deliver/transfer.c: one request -------------------------------- */

typedef struct platen_transfer_s platen_transfer_t;

struct platen_transfer_s {
    platen_transfer_t      *next; /* the owner's list */
    const platen_deliver_t *deliver;
    CURL                   *easy;
    struct curl_slist      *headers;
    char                   *body;
    char                    error[CURL_ERROR_SIZE];

    platen_id_t id;
    uint64_t    seq;
    uint64_t    since;
    uint32_t    tries; /* before this one */
    uint32_t    refusals;
    char        origin[PLATEN_WEBHOOK_ORIGIN_MAX];
    char        client[PLATEN_CLIENT_MAX + 1];
    char        request_id[129];
    char        trace_id[33]; /* ""; or of the request's traceparent */
    char        event[24];

    platen_trace_t trace;
    uint64_t       began; /* microseconds since the Unix epoch */

    size_t received; /* bytes of the answer, header lines too */
    int    opened;   /* a socket was, for an address that may be told */
    int    refused;  /* an address was: */
    char   why[160];
    char   failure[PLATEN_HOOK_FAILURE_MAX + 1];
};

/*
 * Sets the request up, all copied from the delivery.  NULL: no memory, or the
 * delivery can never be made; then *wrong says why.
 */
platen_transfer_t *platen_deliver_transfer_new(const platen_deliver_t *deliver,
                                               const platen_hook_t *hook, const char **wrong);

/* Not while a multi handle has it. */
void platen_deliver_transfer_destroy(platen_transfer_t **transfer);

/*
 * What its end means, at `now`, microseconds since the Unix epoch.  Strings of the
 * result point into the transfer.  Logs what has failed.
 */
void platen_deliver_transfer_judge(platen_transfer_t *transfer, CURLcode code, uint64_t now,
                                   platen_hook_result_t *result);

/* --- deliver/retry.c: when to try again ------------------------------ */

/*
 * Microseconds to wait after `tries` that have failed: a random part of a time
 * that doubles with each, from webhook/backoff to webhook/backoff_max; and no
 * less than `asked` seconds (Retry-After), within that bound.
 */
uint64_t platen_deliver_retry_delay(const platen_webhook_settings_t *settings, uint32_t tries,
                                    uint64_t asked, uint64_t random);

#endif
