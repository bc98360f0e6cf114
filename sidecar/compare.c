/* See compare.h.  Used by the loop's thread alone. */

#include "compare.h"

#include <stdio.h>
#include <stdlib.h>

#include "bus/endpoint.h"
#include "log.h"

#define HEARD_MS 600000 /* for how long a strange nginx is told of after its last word */

struct platen_compare_s {
    const platen_config_t *config;
    platen_store_t        *store;
    platen_uses_t          own;
    platen_uses_t          stranger; /* an nginx with another store */
    uint64_t               heard_ms; /* CLOCK_BOOTTIME; 0: there is none */
    unsigned               differ;   /* of the nginx with this store */
    int                    said;     /* beside the socket */
    char                   sentence[PLATEN_SERVICE_SENTENCE];
};

static int
record(platen_compare_t *c)
{
    platen_txn_t txn;
    char         text[PLATEN_USES_TEXT_MAX];
    size_t       len = platen_uses_write(&c->own, text);
    int          rc;

    rc = platen_txn_write(c->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_meta_put(&txn, PLATEN_USES_PLATEND_META, (platen_str_t){ text, len });
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

platen_compare_t *
platen_compare_new(const platen_config_t *config, platen_store_t *store, char *err,
                   size_t errlen)
{
    platen_compare_t *c = calloc(1, sizeof(*c));
    int               rc;

    if (c == NULL) {
        snprintf(err, errlen, "out of memory");
        return NULL;
    }
    c->config = config;
    c->store = store;
    platen_uses_look(&c->own, config->store_path, config->data_path, config->map_size);
    rc = record(c);
    if (rc != PLATEN_OK) {
        /* A store that is full is no reason not to make room in it. */
        platen_log(PLATEN_LOG_WARN, "what platend uses is not written down",
                   json_pack("{s:s}", "error", platen_strerror(rc)));
    }
    return c;
}

void
platen_compare_publish(platen_compare_t *c)
{
    char   text[PLATEN_USES_TEXT_MAX], err[512];
    size_t len = platen_uses_write(&c->own, text);

    c->said = 1;
    if (platen_endpoint_say(c->config, PLATEN_USES_SUFFIX, text, len, err, sizeof(err)) != 0) {
        platen_log(PLATEN_LOG_WARN, "an nginx with another store is not told where platend is",
                   json_pack("{s:s}", "error", err));
    }
}

void
platen_compare_destroy(platen_compare_t **compare)
{
    if (*compare != NULL && (*compare)->said) {
        platen_endpoint_unsay((*compare)->config, PLATEN_USES_SUFFIX);
    }
    free(*compare);
    *compare = NULL;
}

void
platen_compare_hear(platen_compare_t *c, const platen_uses_t *nginx)
{
    if (platen_uses_differ(nginx, &c->own) & PLATEN_USES_STORE) {
        c->stranger = *nginx;
        c->heard_ms = platen_boottime_ms();
    }
}

/* What the nginx with this store has written there. */
static unsigned
read_nginx(platen_compare_t *c, platen_uses_t *nginx)
{
    platen_txn_t txn;
    platen_str_t text;
    unsigned     differ;

    if (platen_txn_read(c->store, &txn) != PLATEN_OK) {
        return 0; /* to be seen again in a second */
    }
    differ = platen_store_meta_get(&txn, PLATEN_USES_NGINX_META, &text) == PLATEN_OK
                     && platen_uses_parse(nginx, text.data, text.len) == PLATEN_OK
                 ? platen_uses_differ(nginx, &c->own)
                 : 0;
    platen_txn_abort(&txn);
    return differ;
}

void
platen_compare_say(platen_compare_t *c, platen_condition_t *condition)
{
    platen_uses_t nginx;

    c->differ = read_nginx(c, &nginx);
    if (c->differ & PLATEN_USES_DATA) {
        platen_condition_say(condition, 1,
                             platen_uses_tell(&nginx, &c->own, PLATEN_USES_DATA, c->sentence));
    }
    if (c->differ & PLATEN_USES_MAP) {
        platen_condition_say(condition, 0,
                             platen_uses_tell(&nginx, &c->own, PLATEN_USES_MAP, c->sentence));
    }
    if (c->heard_ms != 0 && platen_boottime_ms() - c->heard_ms < HEARD_MS) {
        platen_condition_say(
            condition, 0,
            platen_uses_tell(&c->stranger, &c->own, PLATEN_USES_STORE, c->sentence));
    }
}

int
platen_compare_elsewhere(const platen_compare_t *c)
{
    return (c->differ & PLATEN_USES_DATA) != 0;
}
