/*
 * OLE containers; see format/ole.h.  Section numbers are those of [MS-CFB].
 *
 * A file system in a file: sectors, a table (FAT) that says of each which one
 * follows, and a directory, which is itself a chain of sectors; its entries form
 * a tree for each storage.  A file of 2 KB may claim a table of 64 MB, a chain
 * that goes in circles, a tree without an end: each number is followed for no
 * longer than a real document needs.
 */

#include "format/ole.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define HEADER 512
#define HEADER_SECTORS 109 /* of the FAT that the header itself names (2.2) */
#define ENTRY 128
#define ENTRIES 8192   /* of the directory that can be reached */
#define TABLE_MAX 1024 /* sectors of the directory that are known */
#define READS 1024     /* of a few bytes each */

#define LAST_SECTOR UINT32_C(0xfffffffa) /* larger ones mean "end", "free" and the like */

typedef struct {
    int      fd;
    uint64_t size;
    unsigned shift; /* a sector is 1 << shift bytes */
    unsigned reads; /* left */
    uint8_t  header[HEADER];

    /* Where the last part of the FAT was found that the header does not name. */
    uint32_t difat, difat_step;

    uint32_t directory[TABLE_MAX]; /* sector numbers, as far as they are known */
    size_t   known;
    int      ended;

    uint8_t  seen[ENTRIES / 8];
    uint16_t todo[ENTRIES];
    size_t   ntodo;
} ole_t;

static uint32_t
le32(const uint8_t *p)
{
    return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

/* Reads n bytes of a sector; -1 where the file has none, or enough was read. */
static int
read_sector(ole_t *o, uint32_t sector, size_t at, void *buf, size_t n)
{
    uint64_t offset = ((uint64_t) sector + 1) << o->shift;

    if (o->reads == 0 || sector > LAST_SECTOR || offset > o->size) {
        return -1;
    }
    o->reads--;
    return pread(o->fd, buf, n, (off_t) (offset + at)) == (ssize_t) n ? 0 : -1;
}

/* The n-th number in a sector. */
static int
read_number(ole_t *o, uint32_t sector, uint32_t n, uint32_t *value)
{
    uint8_t buf[4];

    if (read_sector(o, sector, (size_t) n * 4, buf, sizeof(buf)) != 0) {
        return -1;
    }
    *value = le32(buf);
    return 0;
}

/* The sector that follows another: the FAT's word (2.3), found by the DIFAT (2.5). */
static int
follow(ole_t *o, uint32_t sector, uint32_t *next)
{
    uint32_t in_sector = UINT32_C(1) << (o->shift - 2);
    uint32_t part = sector / in_sector, step, fat;

    if (part < HEADER_SECTORS) {
        fat = le32(o->header + 76 + (size_t) part * 4);
        return read_number(o, fat, sector % in_sector, next);
    }

    step = (part - HEADER_SECTORS) / (in_sector - 1);
    if (o->difat_step > step) {
        o->difat = le32(o->header + 68);
        o->difat_step = 0;
    }
    while (o->difat_step < step) {
        if (read_number(o, o->difat, in_sector - 1, &o->difat) != 0) {
            return -1;
        }
        o->difat_step++;
    }
    return read_number(o, o->difat, (part - HEADER_SECTORS) % (in_sector - 1), &fat) == 0
                   && read_number(o, fat, sector % in_sector, next) == 0
               ? 0
               : -1;
}

/* The directory's n-th entry (2.6.1). */
static int
read_entry(ole_t *o, uint32_t n, uint8_t *entry)
{
    uint32_t in_sector = (UINT32_C(1) << o->shift) / ENTRY;

    while (o->known <= n / in_sector) {
        if (o->ended || o->known == TABLE_MAX
            || follow(o, o->directory[o->known - 1], &o->directory[o->known]) != 0
            || o->directory[o->known] > LAST_SECTOR) {
            o->ended = 1;
            return -1;
        }
        o->known++;
    }
    return read_sector(o, o->directory[n / in_sector], (size_t) (n % in_sector) * ENTRY, entry,
                       ENTRY);
}

/* Each entry once, so that a tree that is none has an end. */
static void
add(ole_t *o, uint32_t n)
{
    if (n < ENTRIES && (o->seen[n / 8] & 1U << n % 8) == 0) {
        o->seen[n / 8] |= (uint8_t) (1U << n % 8);
        o->todo[o->ntodo++] = (uint16_t) n;
    }
}

/* The name, which is in UTF-16 and has its length in bytes, with its NUL. */
static void
set_name(char *name, const uint8_t *entry)
{
    size_t n = entry[64] | (size_t) entry[65] << 8, i;

    for (i = 0; i + 1 < PLATEN_OLE_NAME && (i + 1) * 2 < n; i++) {
        name[i] = entry[2 * i + 1] == 0 && entry[2 * i] < 0x80 ? (char) entry[2 * i] : '?';
    }
    name[i] = '\0';
}

int
platen_ole_walk(int fd, off_t size, int (*entry)(void *data, const char *name), void *data)
{
    ole_t   o = { .fd = fd, .size = (uint64_t) size, .reads = READS };
    uint8_t e[ENTRY];
    char    name[PLATEN_OLE_NAME];

    if (size < HEADER || pread(fd, o.header, HEADER, 0) != HEADER
        || memcmp(o.header, PLATEN_OLE_MAGIC, PLATEN_OLE_MAGIC_LEN) != 0) {
        return -1;
    }
    /* 512 bytes in version 3, 4096 in version 4 (2.2). */
    o.shift = o.header[30] | (unsigned) o.header[31] << 8;
    if (o.shift < 9 || o.shift > 12) {
        return -1;
    }
    o.difat = le32(o.header + 68);
    o.directory[0] = le32(o.header + 48);
    o.known = 1;

    /* The first entry is the root storage; its child is the top of a tree. */
    if (read_entry(&o, 0, e) != 0) {
        return -1;
    }
    o.seen[0] = 1;
    add(&o, le32(e + 76));
    while (o.ntodo > 0) {
        if (read_entry(&o, o.todo[--o.ntodo], e) != 0) {
            if (o.reads == 0) {
                return -1;
            }
            continue;
        }
        set_name(name, e);
        if (entry(data, name) != 0) {
            return 0;
        }
        /* Short names are to the left, and those of applications are short. */
        add(&o, le32(e + 72));
        add(&o, le32(e + 68));
    }
    return 0;
}
