/*
 * ZIP files as they claim to be (APPNOTE 6.3.10, sections 4.3.7 to 4.3.16): the
 * central directory and the local headers that it points to.  No entry is
 * unpacked, and memory is bounded whatever the file claims.  libzip, which
 * unpacks in the sidecar's sandbox, reads the whole directory into memory
 * first; that is not for a worker of nginx.
 *
 * Both functions read `fd` with pread(2), so not in an event loop; they share
 * nothing, and may be called in any thread.
 */

#ifndef PLATEN_ZIP_H
#define PLATEN_ZIP_H

#include <stdint.h>
#include <sys/types.h>

#define PLATEN_ZIP_ENTRIES 10000
#define PLATEN_ZIP_BUFFER 65581 /* a directory header with its longest name */

typedef struct {
    const char    *name; /* not NUL-terminated, any bytes */
    size_t         name_len;
    const uint8_t *extra; /* NULL if name and extra field are too long to be held */
    size_t         extra_len;
    size_t         header_len; /* all that it takes in the directory */
    uint16_t       flags;      /* general purpose bit flag; bit 0: encrypted */
    uint16_t       method;     /* 0: stored */
    uint32_t       attributes; /* external; Unix's file mode in the upper half */
    uint64_t       compressed; /* as claimed; here and below 2^32-1 may mean ZIP64 */
    uint64_t       size;       /* uncompressed, as claimed */
    uint64_t       local;      /* offset of the local header, as claimed */
} platen_zip_entry_t;

/*
 * Calls `entry` for each entry until it returns nonzero, PLATEN_ZIP_ENTRIES
 * times at most.  `buf` is scratch of PLATEN_ZIP_BUFFER bytes; `size` is the
 * file's.  Returns 0, or -1 if there is no readable central directory (cut off,
 * or not a ZIP file at all).
 */
int platen_zip_walk(int fd, off_t size, uint8_t *buf,
                    int (*entry)(void *data, const platen_zip_entry_t *e), void *data);

/*
 * Reads the contents of a stored entry: at most `max` bytes into `out`.
 * Returns how many, or -1 if the local header is not one.
 */
ssize_t platen_zip_stored(int fd, const platen_zip_entry_t *e, char *out, size_t max);

/* The rules of platen_zip_check(). */
typedef enum {
    PLATEN_ZIP_SAFE,
    PLATEN_ZIP_DIRECTORY, /* the central directory contradicts itself or the file */
    PLATEN_ZIP_TOO_MANY,  /* entries */
    PLATEN_ZIP_TOO_LARGE, /* one entry, or all together, when unpacked */
    PLATEN_ZIP_RATIO,     /* unpacked to compressed */
    PLATEN_ZIP_OVERLAP,   /* bytes that are of two entries, or of the directory */
    PLATEN_ZIP_LOCAL,     /* the header before an entry's data says something else */
    PLATEN_ZIP_ENCRYPTED, /* which no document format allows in its container */
    PLATEN_ZIP_NAME,      /* absolute, with "..", a backslash, NUL; none, or too long */
    PLATEN_ZIP_NO_FILE,   /* a link, a device or a socket */
    PLATEN_ZIP_DUPLICATE  /* two entries of one name: programs differ in which they see */
} platen_zip_rule_t;

/*
 * What an archive may claim, in bytes and entries.  The ratio is only asked of
 * what claims to be large: empty rows and paragraphs that a program did not
 * fold reach 300 to 1, a white bitmap 1000 to 1, and what unpacks to less than
 * `ratio_from` costs a sandboxed converter little enough.
 */
typedef struct {
    unsigned entries; /* at most PLATEN_ZIP_ENTRIES */
    uint64_t total;   /* of all entries, unpacked */
    uint64_t entry;   /* of one */
    uint64_t ratio_from;
    unsigned ratio;
} platen_zip_limits_t;

extern const platen_zip_limits_t platen_zip_limits; /* the usual ones */

#define PLATEN_ZIP_SENTENCE 384

typedef struct {
    platen_zip_rule_t rule;
    char              sentence[PLATEN_ZIP_SENTENCE]; /* for the client: what, and what to do */
} platen_zip_verdict_t;

/*
 * Whether an archive may be given to programs that unpack it.  Everything in it
 * is a claim: what inflates to more than it says is for the sandbox to stop.
 * A few microseconds for each entry.
 *
 * Returns PLATEN_OK with rule and sentence in *verdict (PLATEN_ZIP_SAFE and "",
 * or why not); PLATEN_NOT_FOUND if it is no ZIP file, having no end record
 * (*verdict is then safe); or PLATEN_ERROR with errno (EIO, ENOMEM).
 */
int platen_zip_check(int fd, off_t size, const platen_zip_limits_t *limits,
                     platen_zip_verdict_t *verdict);

#endif
