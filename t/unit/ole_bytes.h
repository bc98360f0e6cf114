/* OLE containers made by hand, right or wrong in any field; for the tests of t/unit/. */

#ifndef PLATEN_TEST_OLE_BYTES_H
#define PLATEN_TEST_OLE_BYTES_H

#include <stdint.h>
#include <string.h>

#define OLE_SECTOR 512
#define OLE_SECTORS 64

/* Sector 0 is the FAT, the directory begins in sector 1; each is the next one's. */
typedef struct {
    uint8_t  bytes[OLE_SECTOR * (1 + OLE_SECTORS)];
    unsigned entries;
} ole_file_t;

static inline void
ole_put(ole_file_t *f, size_t at, uint32_t value, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        f->bytes[at + (size_t) i] = (uint8_t) (value >> 8 * i);
    }
}

static inline size_t
ole_at(unsigned sector)
{
    return (size_t) OLE_SECTOR * (sector + 1);
}

static inline size_t
ole_entry(unsigned n)
{
    return ole_at(1 + n / 4) + n % 4 * 128;
}

/* An entry; its siblings and child are none. */
static inline void
ole_add(ole_file_t *f, const char *name, int type)
{
    size_t at = ole_entry(f->entries++), i;

    for (i = 0; name[i] != '\0'; i++) {
        f->bytes[at + 2 * i] = (uint8_t) name[i];
    }
    ole_put(f, at + 64, (uint32_t) (2 * i + 2), 2);
    f->bytes[at + 66] = (uint8_t) type;
    for (i = 0; i < 3; i++) {
        ole_put(f, at + 68 + 4 * i, UINT32_MAX, 4);
    }
}

static inline void
ole_link(ole_file_t *f, unsigned n, unsigned left, unsigned right)
{
    ole_put(f, ole_entry(n) + 68, left, 4);
    ole_put(f, ole_entry(n) + 72, right, 4);
}

/* A container with a root and nothing in it. */
static inline void
ole_init(ole_file_t *f)
{
    unsigned i;

    memset(f, 0, sizeof(*f));
    memcpy(f->bytes, "\320\317\021\340\241\261\032\341", 8);
    ole_put(f, 24, 0x3e, 2);
    ole_put(f, 26, 3, 2);
    ole_put(f, 28, 0xfffe, 2);
    ole_put(f, 30, 9, 2);
    ole_put(f, 32, 6, 2);
    ole_put(f, 44, 1, 4); /* sectors of the FAT */
    ole_put(f, 48, 1, 4); /* the directory's first */
    ole_put(f, 56, 4096, 4);
    ole_put(f, 60, 0xfffffffe, 4);
    ole_put(f, 68, 0xfffffffe, 4); /* DIFAT */
    for (i = 1; i < 109; i++) {
        ole_put(f, 76 + (size_t) 4 * i, UINT32_MAX, 4);
    }
    for (i = 0; i < OLE_SECTOR / 4; i++) {
        ole_put(f, ole_at(0) + (size_t) 4 * i, i + 1 < OLE_SECTORS ? i + 1 : 0xfffffffe, 4);
    }
    ole_add(f, "Root Entry", 5);
}

/* The root's children are what was added after it, in a line to the right. */
static inline void
ole_end(ole_file_t *f)
{
    unsigned i;

    ole_put(f, ole_entry(0) + 76, f->entries > 1 ? 1 : UINT32_MAX, 4);
    for (i = 1; i + 1 < f->entries; i++) {
        ole_link(f, i, UINT32_MAX, i + 1);
    }
}

#endif
