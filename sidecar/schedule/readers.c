/*
 * Readers that stay; see schedule/readers.h.  The caller owns the state, which is
 * all zeros at first; used by the loop's thread alone.  If it cannot be told
 * who reads, nothing is said: the store's own errors are logged by who uses it.
 */

#include "schedule/readers.h"

#define AGAIN_MS 60000

int
platen_readers_check(platen_readers_t *readers, const platen_config_t *config,
                     platen_store_t *store)
{
    platen_reader_t oldest;
    uint64_t        now = platen_boottime_ms();

    platen_store_check_readers(store);
    if (platen_store_oldest_reader(store, &oldest) != PLATEN_OK) {
        readers->oldest.pid = 0;
        return 0;
    }
    if (oldest.pid != readers->oldest.pid || oldest.snapshot != readers->oldest.snapshot) {
        readers->oldest = oldest;
        readers->since = now;
        readers->said_at = 0;
        return 0;
    }
    if (now - readers->since < config->reader_alarm * 1000) {
        return 0;
    }
    if (readers->said_at == 0 || now - readers->said_at >= AGAIN_MS) {
        readers->said_at = now;
        platen_log(PLATEN_LOG_ERROR,
                   "a reader keeps old pages of the store: it grows until that process ends",
                   json_pack("{s:I, s:I, s:I}", "pid", (json_int_t) oldest.pid, "seconds",
                             (json_int_t) ((now - readers->since) / 1000), "transactions",
                             (json_int_t) oldest.behind));
    }
    return 1;
}
