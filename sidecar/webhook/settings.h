/*
 * What of the configuration platen-webhook needs: platend, which has read it,
 * hands it over as text, so that the process that talks to hosts of others reads
 * no configuration, and has none of what that takes.
 *
 * A line to a setting, "name value", all of them in one order, and "end".
 */

#ifndef PLATEN_WEBHOOK_SETTINGS_H
#define PLATEN_WEBHOOK_SETTINGS_H

#include "base/platen.h"

typedef struct {
    char *store_path;
    char *secret; /* these five as in platen_config_t */
    char *allow;
    char *ca;
    char *base;

    uint64_t map_size;  /* bytes, 0 for the store's default */
    uint64_t log_level; /* platen_log_level_t */
    uint64_t traces;    /* PLATEN_TRACE_FD and the other are open */
    uint64_t without_secret;
    uint64_t connections;
    uint64_t per_host;
    uint64_t connect_timeout; /* these seven: seconds */
    uint64_t timeout;
    uint64_t backoff;
    uint64_t backoff_max;
    uint64_t give_up;
    uint64_t keep;
    uint64_t keep_dead;
} platen_webhook_settings_t;

#define PLATEN_WEBHOOK_SETTINGS_MAX 65536 /* bytes of the text */

/* The text, '\0' after it, to be freed.  NULL with errno: E2BIG, EINVAL for a line feed. */
char *platen_webhook_settings_write(const platen_webhook_settings_t *settings);

/* The length of the text at the beginning of the bytes, with its end; 0: it is not whole. */
size_t platen_webhook_settings_whole(const char *bytes, size_t len);

/*
 * Reads a whole text.  PLATEN_OK; PLATEN_CORRUPT or PLATEN_ERROR (no memory), and
 * there is nothing to destroy.
 */
int platen_webhook_settings_parse(platen_webhook_settings_t *settings, const char *text,
                                  size_t len);

void platen_webhook_settings_destroy(platen_webhook_settings_t *settings);

#endif
