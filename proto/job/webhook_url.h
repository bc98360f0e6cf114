/*
 * Webhooks, as far as both processes know of them: which URLs may be told, and
 * how much of one may be shown.  Pure functions, any thread; the caller owns
 * every buffer.
 *
 * Where a host leads is not judged here: only an address can be, once it is
 * connected to (address.h).
 */

#ifndef PLATEN_WEBHOOK_H
#define PLATEN_WEBHOOK_H

#include "base/platen.h"

#define PLATEN_WEBHOOK_URL_MAX 2048
#define PLATEN_WEBHOOK_ORIGIN_MAX 280 /* https://, a host of 255, :65535, NUL */

/*
 * What is wrong with the URL, to go behind "webhook_url " in a sentence; NULL if
 * it can be told.  It is an absolute http or https URL in the characters of
 * RFC 3986, with a host, without user and fragment.
 */
const char *platen_webhook_url_wrong(const char *url, size_t len);

/*
 * Scheme, host and port of a URL that can be told, in lower case: what may be
 * logged of it, as its path is often a secret.  `out` has room for
 * PLATEN_WEBHOOK_ORIGIN_MAX.  Returns the length; 0 if the URL is none.
 */
size_t platen_webhook_origin(const char *url, size_t len, char *out);

#endif
