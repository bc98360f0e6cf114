/*
 * Addresses; see address.h.  The tables are the IANA registries of
 * special-purpose addresses (RFC 6890), and what clouds answer their own machines on.
 */

#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *net;
    unsigned    bits;
    const char *wrong;
} special_t;

#define PRIVATE "is an address of a private network"
#define LOOPBACK "is a loopback address"
#define LINK "is a link-local address, where clouds keep their metadata"
#define METADATA "is an address where a cloud keeps its metadata"
#define RESERVED "is a reserved address"
#define MULTICAST "is a multicast address"
#define THIS "is no address of a machine"

static const special_t special4[] = {
    { "0.0.0.0", 8, THIS },           { "10.0.0.0", 8, PRIVATE },
    { "100.64.0.0", 10, PRIVATE }, /* RFC 6598; 100.100.100.200 */
    { "127.0.0.0", 8, LOOPBACK },     { "168.63.129.16", 32, METADATA },
    { "169.254.0.0", 16, LINK },      { "172.16.0.0", 12, PRIVATE },
    { "192.0.0.0", 24, RESERVED }, /* 192.0.0.192 */
    { "192.0.2.0", 24, RESERVED },    { "192.31.196.0", 24, RESERVED },
    { "192.52.193.0", 24, RESERVED }, { "192.88.99.0", 24, RESERVED },
    { "192.168.0.0", 16, PRIVATE },   { "192.175.48.0", 24, RESERVED },
    { "198.18.0.0", 15, PRIVATE },    { "198.51.100.0", 24, RESERVED },
    { "203.0.113.0", 24, RESERVED },  { "224.0.0.0", 4, MULTICAST },
    { "240.0.0.0", 4, RESERVED },
};

static const special_t special6[] = {
    { "::", 128, THIS },
    { "::1", 128, LOOPBACK },
    { "fc00::", 7, PRIVATE },
    { "fe80::", 10, LINK },
    { "fec0::", 10, PRIVATE },
    { "ff00::", 8, MULTICAST },
    { "2001::", 23, RESERVED }, /* Teredo, benchmarks, ORCHID */
    { "2001:db8::", 32, RESERVED },
    { "3fff::", 20, RESERVED },
};

/* Prefixes behind which an IPv4 address stands, and where in the 16 bytes. */
static const struct {
    const char *net;
    unsigned    bits;
    size_t      at;
} embedding[] = {
    { "::ffff:0:0", 96, 12 }, /* mapped */
    { "64:ff9b::", 96, 12 },  /* RFC 6052: NAT64 */
    { "2002::", 16, 2 },      /* 6to4 */
};

static int
within(const uint8_t *address, const uint8_t *net, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(address, net, whole) == 0
           && (rest == 0 || (address[whole] ^ net[whole]) >> (8 - rest) == 0);
}

static const char *
find(const special_t *table, size_t n, int family, const uint8_t *address)
{
    uint8_t net[16];
    size_t  i;

    for (i = 0; i < n; i++) {
        if (inet_pton(family, table[i].net, net) == 1 && within(address, net, table[i].bits)) {
            return table[i].wrong;
        }
    }
    return NULL;
}

static int
is_allowed(const platen_webhook_networks_t *allowed, int family, const uint8_t *address)
{
    size_t i;

    for (i = 0; i < allowed->n; i++) {
        if (allowed->network[i].family == family
            && within(address, allowed->network[i].net, allowed->network[i].bits)) {
            return 1;
        }
    }
    return 0;
}

static const char *
wrong4(const platen_webhook_networks_t *allowed, const uint8_t *address)
{
    if (is_allowed(allowed, AF_INET, address)) {
        return NULL;
    }
    return find(special4, sizeof(special4) / sizeof(special4[0]), AF_INET, address);
}

static const char *
wrong6(const platen_webhook_networks_t *allowed, const uint8_t *address)
{
    const char *wrong;
    uint8_t     net[16];
    size_t      i;

    if (is_allowed(allowed, AF_INET6, address)) {
        return NULL;
    }
    for (i = 0; i < sizeof(embedding) / sizeof(embedding[0]); i++) {
        if (inet_pton(AF_INET6, embedding[i].net, net) == 1
            && within(address, net, embedding[i].bits)) {
            return wrong4(allowed, address + embedding[i].at);
        }
    }
    wrong = find(special6, sizeof(special6) / sizeof(special6[0]), AF_INET6, address);

    /* Global unicast is 2000::/3 and nothing else (RFC 4291). */
    return wrong != NULL ? wrong : address[0] >> 5 == 1 ? NULL : RESERVED;
}

const char *
platen_webhook_address_wrong(const platen_webhook_networks_t *allowed,
                             const struct sockaddr *address, size_t len)
{
    struct sockaddr_in  in;
    struct sockaddr_in6 in6;

    if (address->sa_family == AF_INET && len >= sizeof(in)) {
        memcpy(&in, address, sizeof(in));
        return in.sin_port == 0 ? "has port 0" : wrong4(allowed, (uint8_t *) &in.sin_addr);
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(in6)) {
        memcpy(&in6, address, sizeof(in6));
        return in6.sin6_port == 0 ? "has port 0" : wrong6(allowed, (uint8_t *) &in6.sin6_addr);
    }
    return "is no address of the internet";
}

/* One network, NUL-terminated. */
static const char *
parse(char *word, platen_webhook_network_t *out)
{
    char         *slash = strchr(word, '/'), *end;
    unsigned long bits;
    unsigned      i, most;

    if (slash != NULL) {
        *slash = '\0';
    }
    memset(out, 0, sizeof(*out));
    out->family = strchr(word, ':') != NULL ? AF_INET6 : AF_INET;
    most = out->family == AF_INET6 ? 128 : 32;
    if (inet_pton(out->family, word, out->net) != 1) {
        return "needs networks, as 10.1.0.0/16 or fd00::/8";
    }
    out->bits = most;
    if (slash != NULL) {
        bits = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits > most) {
            return "has a network with a prefix that is none";
        }
        out->bits = (unsigned) bits;
    }
    for (i = out->bits; i < most; i++) {
        if (out->net[i / 8] & (0x80 >> i % 8)) {
            return "has a network with bits set behind its prefix";
        }
    }
    return NULL;
}

const char *
platen_webhook_address_networks(const char *text, platen_webhook_networks_t *out)
{
    char        word[64];
    const char *wrong;
    size_t      n;

    out->n = 0;
    for (;;) {
        text += strspn(text, " \t");
        if (*text == '\0') {
            return NULL;
        }
        n = strcspn(text, " \t");
        if (n >= sizeof(word)) {
            return "needs networks, as 10.1.0.0/16 or fd00::/8";
        }
        if (out->n == PLATEN_WEBHOOK_NETWORKS) {
            return "has more than 64 networks";
        }
        memcpy(word, text, n);
        word[n] = '\0';
        wrong = parse(word, &out->network[out->n]);
        if (wrong != NULL) {
            return wrong;
        }
        out->n++;
        text += n;
    }
}
