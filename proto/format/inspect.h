/*
 * What is this document?  One decision, by its content and by what is said of it, with the
 * sentences that people are told: of an upload, of an entry of an archive, of a result.
 */

#ifndef PLATEN_INSPECT_H
#define PLATEN_INSPECT_H

#include "format/sniff.h"

#define PLATEN_INSPECT_SENTENCE 384

/* A file, and what is said of it. */
typedef struct {
    const char            *name; /* as it is shown; any bytes */
    size_t                 name_len;
    const platen_format_t *claimed; /* what it is said to be; NULL: nothing that is known */
    int                    weak;    /* a Content-Type says so, which clients often guess */
    int                    told;  /* the client has named the format, beside the file's name */
    int                    entry; /* of an archive: there is nothing beside its name */
} platen_inspect_file_t;

typedef enum {
    PLATEN_INSPECT_KNOWN,
    PLATEN_INSPECT_UNKNOWN, /* no format that is read here, or nothing that was meant */
    PLATEN_INSPECT_MISMATCH /* it is not what it is said to be */
} platen_inspect_verdict_t;

typedef struct {
    platen_inspect_verdict_t verdict;
    const platen_format_t   *format;        /* of KNOWN, else NULL */
    char sentence[PLATEN_INSPECT_SENTENCE]; /* what there is to tell of KNOWN, "": nothing; or
                                               why it is not */
} platen_inspect_t;

/* The format that the file's name says, by its extension; NULL: none. */
const platen_format_t *platen_inspect_name(const char *name, size_t len);

/* "x.docx.pdf": the format that the name had before somebody added to it; NULL: none. */
const platen_format_t *platen_inspect_inner_name(const char *name, size_t len);

/*
 * Looks at the open file of `size` bytes, as platen_sniff() does.  PLATEN_OK, or PLATEN_ERROR
 * with errno.
 */
int
platen_inspect(int fd, off_t size, const platen_inspect_file_t *file, platen_inspect_t *out);

/*
 * A document that is a ZIP container, or that a converter may take for one, is looked at
 * before anything unpacks it.  1: it may be; 0: not, and `sentence` (PLATEN_ZIP_SENTENCE
 * bytes) says why; or -1 with errno.
 */
int platen_inspect_container(int fd, off_t size, const platen_format_t *format, char *sentence);

/* Whether a result is what was asked for: 1, 0, or -1 with errno. */
int platen_inspect_result(int fd, off_t size, const platen_format_t *wanted);

#endif
