/*
 * What nginx's configuration says of each location with platen_api: sizes, keys, realms,
 * webhooks, as nginx inherits them.  A reader of text, without state.
 */

#ifndef PLATEN_CTL_LIMITS_H
#define PLATEN_CTL_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define PLATEN_CTL_LOCATIONS 64
#define PLATEN_CTL_WORD 512

typedef struct {
    char     name[PLATEN_CTL_WORD]; /* of the location: "/api/" */
    char     keys[PLATEN_CTL_WORD]; /* file, or "off" */
    char     realm[PLATEN_CTL_WORD];
    uint64_t max_file;   /* bytes */
    uint64_t upload_max; /* of a resumable upload; 0: max_file */
    uint64_t quota;      /* 0: off */
    uint64_t batch_file; /* 0: batches are off */
    int      webhooks;   /* clients may name one, or one is named for a client */
} platen_ctl_location_t;

/* Reads it in nginx's syntax; returns how many locations there are, at most `max`. */
size_t platen_ctl_limits_parse(const char *text, platen_ctl_location_t *out, size_t max);

#endif
