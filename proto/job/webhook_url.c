/* URLs that may be told; see job/webhook_url.h. */

#include "job/webhook_url.h"

#include <strings.h>

#define HOST_MAX 255

/* What a URL says of where it leads; points into its text. */
typedef struct {
    platen_str_t host; /* with the brackets of an IPv6 address */
    platen_str_t port; /* may be empty */
    const char  *path;
} place_t;

static int
is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static int
is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Characters of RFC 3986, and whole percent-encoded ones. */
static const char *
wrong_characters(const char *p, const char *end)
{
    for (; p < end; p++) {
        if (*p == '#') {
            return "has a fragment, which is never sent: leave it out";
        }
        if (*p == '%' && (end - p < 3 || !is_hex(p[1]) || !is_hex(p[2]))) {
            return "has a % without two hex digits behind it";
        }
        if (*p == '\0' || (!is_alnum(*p) && strchr("-._~:/?[]@!$&'()*+,;=%", *p) == NULL)) {
            return "has a character that no URL has: percent-encode it";
        }
    }
    return NULL;
}

static const char *
wrong_host(platen_str_t host)
{
    size_t i;

    if (host.len == 0) {
        return "names no host";
    }
    if (host.len > HOST_MAX) {
        return "names a host that is too long";
    }
    if (host.data[0] == '[') {
        for (i = 1; i + 1 < host.len; i++) {
            if (!is_hex(host.data[i]) && host.data[i] != ':' && host.data[i] != '.') {
                return "names a host that is no IPv6 address";
            }
        }
        return host.len > 3 ? NULL : "names a host that is no IPv6 address";
    }
    for (i = 0; i < host.len; i++) {
        if (host.data[i] == '\0'
            || (!is_alnum(host.data[i]) && strchr("-._", host.data[i]) == NULL)) {
            return "names a host with characters that no host has";
        }
    }
    return NULL;
}

static const char *
wrong_port(platen_str_t port)
{
    unsigned long n = 0;
    size_t        i;

    for (i = 0; i < port.len && i < 6; i++) {
        if (port.data[i] < '0' || port.data[i] > '9') {
            return "has a port that is no number";
        }
        n = n * 10 + (unsigned long) (port.data[i] - '0');
    }
    return port.len == 0 || port.len > 5 || n < 1 || n > 65535
               ? "has a port that is none: 1 to 65535"
               : NULL;
}

/* Takes it apart; what is wrong with it, or NULL. */
static const char *
take_apart(const char *url, size_t len, place_t *place)
{
    const char *p, *end = url + len, *last, *colon;

    if (len > PLATEN_WEBHOOK_URL_MAX) {
        return "is longer than 2048 bytes";
    }
    if (len >= 7 && strncasecmp(url, "http://", 7) == 0) {
        p = url + 7;
    } else if (len >= 8 && strncasecmp(url, "https://", 8) == 0) {
        p = url + 8;
    } else {
        return "has to begin with http:// or https://";
    }

    for (last = p; last < end && *last != '/' && *last != '?' && *last != '#'; last++) {
        if (*last == '@') {
            return "names a user: send no credentials in it, the signature is what"
                   " a receiver checks";
        }
    }
    place->path = last;
    colon = last;
    if (p < last && *p == '[') {
        colon = memchr(p, ']', (size_t) (last - p));
        if (colon == NULL) {
            return "names a host that is no IPv6 address";
        }
        colon++;
        if (colon < last && *colon != ':') {
            return "names a host that is no IPv6 address";
        }
    } else if (p < last) {
        colon = memchr(p, ':', (size_t) (last - p));
        colon = colon == NULL ? last : colon;
    }
    place->host = (platen_str_t){ p, (size_t) (colon - p) };
    place->port = (platen_str_t){ NULL, 0 };
    if (colon < last) {
        place->port = (platen_str_t){ colon + 1, (size_t) (last - colon - 1) };
        if (wrong_port(place->port) != NULL) {
            return wrong_port(place->port);
        }
    }
    return wrong_host(place->host);
}

const char *
platen_webhook_url_wrong(const char *url, size_t len)
{
    place_t     place;
    const char *wrong = take_apart(url, len, &place);

    return wrong != NULL ? wrong : wrong_characters(place.path, url + len);
}

size_t
platen_webhook_origin(const char *url, size_t len, char *out)
{
    place_t place;
    size_t  i, n;

    if (take_apart(url, len, &place) != NULL) {
        out[0] = '\0';
        return 0;
    }
    n = (size_t) (place.path - url);
    for (i = 0; i < n; i++) {
        out[i] = url[i] >= 'A' && url[i] <= 'Z' ? (char) (url[i] | 0x20) : url[i];
    }
    out[n] = '\0';
    return n;
}
