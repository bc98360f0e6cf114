/*
 * ZIP files made by hand, right or wrong in any field; for the tests of
 * t/unit/.  The layout is that of APPNOTE 6.3.10, sections 4.3.7 to 4.3.16.
 */

#ifndef PLATEN_TEST_ZIP_BYTES_H
#define PLATEN_TEST_ZIP_BYTES_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    uint8_t *data;
    size_t   len, cap;
} bytes_t;

typedef struct {
    bytes_t  file;    /* local headers and contents; after zip_end() all of it */
    bytes_t  central; /* the directory under construction */
    unsigned entries;
    size_t   central_at; /* these are set by zip_end() */
    size_t   end_at;
} zip_t;

/* One entry in full; zip_add() sets the common ones. */
typedef struct {
    const char *name;
    size_t      name_len;
    const char *contents;
    size_t      len;
    uint16_t    flags;
    uint16_t    method;
    size_t      extra_len; /* zeros, in the directory only */
    size_t      comment_len;
} zip_spec_t;

static inline void
bytes_add(bytes_t *b, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }
    if (b->len + n > b->cap) {
        b->cap = (b->len + n) * 2;
        b->data = realloc(b->data, b->cap);
        if (b->data == NULL) {
            abort();
        }
    }
    if (p == NULL) {
        memset(b->data + b->len, 0, n);
    } else {
        memcpy(b->data + b->len, p, n);
    }
    b->len += n;
}

static inline void
bytes_patch(bytes_t *b, size_t at, uint64_t v, unsigned n)
{
    while (n-- > 0) {
        b->data[at++] = (uint8_t) v;
        v >>= 8;
    }
}

static inline void
bytes_le(bytes_t *b, uint64_t v, unsigned n)
{
    bytes_add(b, NULL, n);
    bytes_patch(b, b->len - n, v, n);
}

static inline void
zip_add_spec(zip_t *z, const zip_spec_t *s)
{
    bytes_t *b;
    size_t   local = z->file.len;
    int      central;

    for (central = 0; central < 2; central++) {
        b = central ? &z->central : &z->file;
        bytes_add(b, central ? "PK\1\2" : "PK\3\4", 4);
        if (central) {
            bytes_le(b, 20, 2); /* version made by */
        }
        bytes_le(b, 20, 2); /* version needed */
        bytes_le(b, s->flags, 2);
        bytes_le(b, s->method, 2);
        bytes_le(b, 0, 4); /* time and date */
        bytes_le(b, 0, 4); /* CRC-32; nobody looks */
        bytes_le(b, s->len, 4);
        bytes_le(b, s->len, 4);
        bytes_le(b, s->name_len, 2);
        bytes_le(b, central ? s->extra_len : 0, 2);
        if (central) {
            bytes_le(b, s->comment_len, 2);
            bytes_le(b, 0, 2); /* disk */
            bytes_le(b, 0, 2); /* internal attributes */
            bytes_le(b, 0, 4); /* external attributes */
            bytes_le(b, local, 4);
        }
        bytes_add(b, s->name, s->name_len);
    }
    bytes_add(&z->central, NULL, s->extra_len);
    bytes_add(&z->central, NULL, s->comment_len);
    bytes_add(&z->file, s->contents, s->len);
    z->entries++;
}

static inline void
zip_add(zip_t *z, const char *name, const char *contents)
{
    zip_spec_t s = {
        .name = name, .name_len = strlen(name), .contents = contents, .len = strlen(contents)
    };

    zip_add_spec(z, &s);
}

/* The directory and the end record with a comment of zeros. */
static inline void
zip_end(zip_t *z, size_t comment_len)
{
    z->central_at = z->file.len;
    bytes_add(&z->file, z->central.data, z->central.len);
    z->end_at = z->file.len;
    bytes_add(&z->file, "PK\5\6", 4);
    bytes_le(&z->file, 0, 4); /* disks */
    bytes_le(&z->file, z->entries, 2);
    bytes_le(&z->file, z->entries, 2);
    bytes_le(&z->file, z->central.len, 4);
    bytes_le(&z->file, z->central_at, 4);
    bytes_le(&z->file, comment_len, 2);
    bytes_add(&z->file, NULL, comment_len);
}

/* As zip_end(), with the numbers in a ZIP64 end record only (4.3.14, 4.3.15). */
static inline void
zip_end64(zip_t *z)
{
    size_t end64;

    z->central_at = z->file.len;
    bytes_add(&z->file, z->central.data, z->central.len);
    end64 = z->file.len;
    bytes_add(&z->file, "PK\6\6", 4);
    bytes_le(&z->file, 44, 8); /* what follows */
    bytes_le(&z->file, 45, 2);
    bytes_le(&z->file, 45, 2);
    bytes_le(&z->file, 0, 8); /* disks */
    bytes_le(&z->file, z->entries, 8);
    bytes_le(&z->file, z->entries, 8);
    bytes_le(&z->file, z->central.len, 8);
    bytes_le(&z->file, z->central_at, 8);
    bytes_add(&z->file, "PK\6\7", 4);
    bytes_le(&z->file, 0, 4);
    bytes_le(&z->file, end64, 8);
    bytes_le(&z->file, 1, 4);
    z->end_at = z->file.len;
    bytes_add(&z->file, "PK\5\6", 4);
    bytes_le(&z->file, 0, 4);
    bytes_le(&z->file, UINT16_MAX, 2);
    bytes_le(&z->file, UINT16_MAX, 2);
    bytes_le(&z->file, UINT32_MAX, 4);
    bytes_le(&z->file, UINT32_MAX, 4);
    bytes_le(&z->file, 0, 2);
}

static inline void
zip_free(zip_t *z)
{
    free(z->file.data);
    free(z->central.data);
    memset(z, 0, sizeof(*z));
}

/* An anonymous file with these bytes; -1 on failure. */
static inline int
bytes_fd(const void *data, size_t len)
{
    int fd = memfd_create("platen-test", MFD_CLOEXEC);

    if (fd >= 0 && write(fd, data, len) != (ssize_t) len) {
        close(fd);
        return -1;
    }
    return fd;
}

#endif
