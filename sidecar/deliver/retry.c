/* When to try again; see deliver/main.h.  Pure. */

#include "deliver/main.h"

/* The least part of the time, so that no two tries come at once. */
#define LEAST 10

uint64_t
platen_deliver_retry_delay(const platen_webhook_settings_t *settings, uint32_t tries,
                           uint64_t asked, uint64_t random)
{
    uint64_t most = settings->backoff_max, bound = settings->backoff, delay;

    while (tries > 1 && bound < most) {
        bound *= 2;
        tries--;
    }
    bound = (bound < most ? bound : most) * 1000000;
    asked = (asked < most ? asked : most) * 1000000;
    delay = bound / LEAST + random % (bound - bound / LEAST + 1);
    return delay > asked ? delay : asked;
}
