/*
 * A package whose parts are a fuzzer's input: what libzip gives of a document, without the
 * checksums and lengths that a mutation would have to get right.  The parts follow each
 * other with a NUL between two; the first byte of each says which one it is.
 */

#ifndef PLATEN_FUZZ_PARTS_H
#define PLATEN_FUZZ_PARTS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#define PARTS_MAX 32 /* what is behind them belongs to the last one */

static inline uint8_t *
parts_le(uint8_t *p, uint64_t v, unsigned n)
{
    for (; n > 0; n--, v >>= 8) {
        *p++ = (uint8_t) v;
    }
    return p;
}

/* A header of APPNOTE 6.3.10, 4.3.7 or 4.3.12, of an entry that is stored. */
static inline uint8_t *
parts_header(uint8_t *p, const char *name, const uint8_t *text, size_t len, const size_t *local)
{
    size_t n = strlen(name);

    p = parts_le(p, local == NULL ? 0x04034b50 : 0x02014b50, 4);
    p = local == NULL ? p : parts_le(p, 20, 2);
    p = parts_le(p, 20, 2);
    p = parts_le(p, 0, 2 + 2 + 4); /* flags, method, time */
    p = parts_le(p, crc32(0, text, (uInt) len), 4);
    p = parts_le(p, len, 4);
    p = parts_le(p, len, 4);
    p = parts_le(p, n, 2);
    p = parts_le(p, 0, 2);
    if (local != NULL) {
        p = parts_le(p, 0, 2 + 2 + 2 + 4); /* comment, disk, attributes */
        p = parts_le(p, *local, 4);
    }
    memcpy(p, name, n);
    return p + n;
}

/* Makes the package the content of `fd`. */
static inline void
parts_write(int fd, const uint8_t *data, size_t size, const char *const *names, size_t nnames)
{
    struct {
        const char    *name;
        const uint8_t *text;
        size_t         len, local;
    } part[PARTS_MAX];
    const uint8_t *end = data + size, *stop;
    uint8_t       *file = malloc(size + PARTS_MAX * 512 + 512), *p = file, *central;
    size_t         i, n;

    if (file == NULL) {
        abort();
    }
    for (n = 0; n < PARTS_MAX && data < end; n++) {
        stop = n + 1 == PARTS_MAX ? NULL : memchr(data + 1, '\0', (size_t) (end - data - 1));
        stop = stop == NULL ? end : stop;
        part[n].name = names[*data % nnames];
        part[n].text = data + 1;
        part[n].len = (size_t) (stop - data) - 1;
        part[n].local = (size_t) (p - file);
        p = parts_header(p, part[n].name, part[n].text, part[n].len, NULL);
        memcpy(p, part[n].text, part[n].len);
        p += part[n].len;
        data = stop + 1;
    }
    central = p;
    for (i = 0; i < n; i++) {
        p = parts_header(p, part[i].name, part[i].text, part[i].len, &part[i].local);
    }
    size = (size_t) (p - central);
    p = parts_le(p, 0x06054b50, 4);
    p = parts_le(p, 0, 4);
    p = parts_le(p, n, 2);
    p = parts_le(p, n, 2);
    p = parts_le(p, size, 4);
    p = parts_le(p, (uint64_t) (central - file), 4);
    p = parts_le(p, 0, 2);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, file, (size_t) (p - file), 0) != p - file) {
        abort();
    }
    free(file);
}

/* A file in memory, and its path. */
static inline int
parts_file(char path[32])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd < 0) {
        abort();
    }
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
