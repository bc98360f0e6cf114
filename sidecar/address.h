/*
 * Which addresses a webhook may lead to: those of the public internet, and of
 * networks that the operator allows.  What is judged is the address that a
 * socket is about to connect to, after every spelling of it and every answer of
 * a name server.  Pure functions, any thread.
 */

#ifndef PLATEN_WEBHOOK_ADDRESS_H
#define PLATEN_WEBHOOK_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PLATEN_WEBHOOK_NETWORKS 64

typedef struct {
    int      family; /* AF_INET or AF_INET6 */
    uint8_t  net[16];
    unsigned bits;
} platen_webhook_network_t;

typedef struct {
    platen_webhook_network_t network[PLATEN_WEBHOOK_NETWORKS];
    size_t                   n;
} platen_webhook_networks_t;

/*
 * Reads networks such as "10.1.0.0/16 fd00::/8 192.0.2.7", separated by blanks.
 * NULL, or what is wrong with them, to go behind the key in a sentence.
 */
const char *platen_webhook_address_networks(const char *text, platen_webhook_networks_t *out);

/*
 * Why nothing is sent there ("is a loopback address"); NULL if it may be.  An IPv6
 * address that stands for one of IPv4 is judged as that one.
 */
const char *platen_webhook_address_wrong(const platen_webhook_networks_t *allowed,
                                         const struct sockaddr *address, size_t len);

#endif
