/*
 * What a webhook is sent: the body, and the signature that says who sent it.
 * Pure but for the files of secrets; any thread.
 */

#ifndef PLATEN_WEBHOOK_EVENT_H
#define PLATEN_WEBHOOK_EVENT_H

#include "base/sign.h"
#include "store/hook.h"

#define PLATEN_WEBHOOK_DELIVERY_TEXT (PLATEN_ID_TEXT + 1 + 20 + 1)
#define PLATEN_WEBHOOK_SIGNATURE_TEXT (PLATEN_SIGN_KEYS_MAX * 73)

/*
 * The event as Server-Sent Events and WebSocket tell it, and "job", which has the
 * members of GET /jobs/{id} that a record says by itself.  `base` comes before the path of
 * download_url.  To be freed; NULL: no memory, or the job cannot be read.
 */
char *
platen_webhook_event_body(const platen_hook_t *hook, const platen_job_t *job, const char *base);

/* "job id.number": the same for each try, and for nothing else. */
void platen_webhook_event_delivery(const platen_hook_t *hook,
                                   char                 out[PLATEN_WEBHOOK_DELIVERY_TEXT]);

/*
 * Reads the files, whose paths are separated by blanks: each a secret of a line,
 * as base/sign.h has its keys.  0, or -1 with a sentence in `err`, which never
 * shows what is in one.
 */
int platen_webhook_event_secrets(const char *paths, platen_sign_keys_t *keys, char *err,
                                 size_t errlen);

/*
 * "sha256=HEX" for each secret, separated by ", ": HMAC-SHA256 over the timestamp's
 * text, a full stop and the body.  0, or -1: libcrypto failed.
 */
int platen_webhook_event_sign(const platen_sign_keys_t *keys, const char *timestamp,
                              const char *body, char out[PLATEN_WEBHOOK_SIGNATURE_TEXT]);

#endif
