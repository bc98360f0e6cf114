/*
 * What platend and the LibreOffice zygote (platen-lok) say to each other, one
 * message to a packet of a SOCK_SEQPACKET socket:
 *
 *   octets 0-3   "PLOK"
 *   octet  4     version, 1
 *   octet  5     kind
 *   octets 6-7   zero
 *   octets 8-11  tag, little-endian: the sender of CONVERT chooses it
 *   then         a record of base/codec.h with the fields of that kind
 *
 *   to platen-lok                    from platen-lok
 *   CONVERT  run this document       READY    warm; once, before all else
 *   KILL     end the run `tag`       STARTED  the run has a process
 *   STOP     end every run, and go   REFUSED  the run has none; it never will
 *                                    EXITED   the process of the run is over: nothing
 *                                             of it runs any more
 *
 * Each CONVERT is answered by REFUSED, or by STARTED and later EXITED; a KILL
 * of a tag that is not running is nothing.  Either side's end of file ends
 * platen-lok and all its children.  Children have no part in this.
 *
 * A child leaves in `work` what LibreOffice said, "log", and, if the output
 * shows text and a font that the document names was not there, "fonts": a line
 * "requested<TAB>used" for each such family, both at most 100 octets of UTF-8
 * without control characters, at most 64 lines.  Whoever takes over a child
 * writes what he likes there: it is read as all else that comes out of one.
 */

#ifndef PLATEN_LOK_WIRE_H
#define PLATEN_LOK_WIRE_H

#include "base/platen.h"

#define PLATEN_LOK_WIRE_VERSION 1

/* No packet is longer; what would be is not encoded. */
#define PLATEN_LOK_WIRE_MAX 65536

/* The descriptor on which platen-lok finds its socket. */
#define PLATEN_LOK_WIRE_FD 3

typedef enum {
    PLATEN_LOK_CONVERT = 1,
    PLATEN_LOK_KILL = 2,
    PLATEN_LOK_STOP = 3,
    PLATEN_LOK_READY = 4,
    PLATEN_LOK_STARTED = 5,
    PLATEN_LOK_REFUSED = 6,
    PLATEN_LOK_EXITED = 7
} platen_lok_kind_t;

/* The exit codes of a child; a child that a signal ended has crashed or was killed. */
typedef enum {
    PLATEN_LOK_EXIT_DONE = 0,       /* the output is there */
    PLATEN_LOK_EXIT_LOAD = 10,      /* LibreOffice cannot read the document */
    PLATEN_LOK_EXIT_ENCRYPTED = 11, /* it asked for a password and got none */
    PLATEN_LOK_EXIT_PASSWORD = 12,  /* it refused the password */
    PLATEN_LOK_EXIT_SAVE = 13,      /* it cannot write this document so */
    PLATEN_LOK_EXIT_MEMORY = 14,    /* it ran out of memory and said so */
    PLATEN_LOK_EXIT_SANDBOX = 15,   /* a layer did not hold: never opened it */
    PLATEN_LOK_EXIT_SETUP = 16,     /* log or directories: never opened it */
    PLATEN_LOK_EXIT_TIME = 17,      /* its CPU time is spent */
    PLATEN_LOK_EXIT_SHEET = 18,     /* the workbook has no such sheet */
    PLATEN_LOK_EXIT_LARGE = 19      /* a file became larger than it may be */
} platen_lok_exit_t;

/* What becomes of comments. */
#define PLATEN_LOK_COMMENTS_NONE 0
#define PLATEN_LOK_COMMENTS_MARGIN 1 /* they stay */
#define PLATEN_LOK_COMMENTS_END 2    /* they become text, behind the document's own */

/* What becomes of tracked changes. */
#define PLATEN_LOK_CHANGES_FINAL 0    /* accepted */
#define PLATEN_LOK_CHANGES_ORIGINAL 1 /* rejected */
#define PLATEN_LOK_CHANGES_SHOW 2     /* they stay */

/* What becomes of pages. */
#define PLATEN_LOK_PAGE_AS_IT_IS 0
#define PLATEN_LOK_PAGE_LANDSCAPE 1 /* orientation */
#define PLATEN_LOK_PAGE_PORTRAIT 2
#define PLATEN_LOK_PAGE_FIT_WIDTH 1 /* fit: a sheet is one page wide */
#define PLATEN_LOK_PAGE_FIT_PAGE 2  /* it is one page */

/* Lengths are 1/100 mm, at most PLATEN_LOK_PAGE_MAX; zeroed, pages stay as they are. */
#define PLATEN_LOK_PAGE_MAX 300000

typedef struct {
    uint8_t  orientation;
    uint8_t  fit;
    uint32_t width, height; /* of the paper, upright */
    uint32_t margins[4];    /* top, right, bottom, left: one more than that */
} platen_lok_page_t;

/* A message; members that its kind does not name are zero. */
typedef struct {
    platen_lok_kind_t kind;
    uint32_t          tag;

    /* CONVERT.  Limits: 0 for none.  Paths are absolute. */
    uint64_t          address_space; /* bytes */
    uint64_t          file_size;     /* bytes */
    uint32_t          cpu_seconds;
    platen_str_t      cgroup;         /* a directory for its process; may be empty */
    platen_str_t      work;           /* the run's own directory: log, tmp/, fonts; writable */
    platen_str_t      input;          /* the document */
    platen_str_t      output;         /* the result; inside `work` */
    platen_str_t      load_options;   /* documentLoadWithOptions(); may be empty */
    platen_str_t      export_filter;  /* saveAs() format, "pdf" */
    platen_str_t      export_options; /* saveAs() options; may be empty */
    platen_str_t      password;       /* of the document; may be empty */
    platen_str_t      sheet;          /* of a workbook, for CSV: name or number; may be empty */
    platen_str_t      name;           /* by which the document calls itself; may be empty */
    uint8_t           tracked;  /* what becomes of tracked changes: PLATEN_LOK_CHANGES_* */
    uint8_t           comments; /* PLATEN_LOK_COMMENTS_* */
    uint8_t           sheets;   /* 1: a page to each sheet; else 0 */
    platen_lok_page_t page;     /* of a text or spreadsheet */

    /* READY */
    uint32_t     layers;  /* PLATEN_SANDBOX_*, that hold for its children */
    uint32_t     warm_ms; /* from start to READY */
    platen_str_t version; /* "LibreOffice 7.4.7.2" */

    /* READY: lok/populate.h */
    uint8_t  populates;       /* 1: each child makes its pages present in bulk */
    uint32_t populated_pages; /* that were learned */
    uint32_t fault_ns;        /* what the first write to a page costs here; 0: not known */
    uint32_t bulk_ns;         /* what it costs if many pages are made present at once */

    /* READY, STARTED */
    uint32_t pid;

    /* REFUSED; and EXITED, if its set-up failed: it never opened the document */
    uint32_t error; /* an errno; 0: none */

    /* EXITED */
    uint32_t wait_status; /* as waitpid(2) */
    uint32_t cpu_ms;      /* user and system */
    uint64_t max_rss;     /* bytes, pages shared with the zygote included; 0: not known */
} platen_lok_message_t;

/* Returns the packet's length, or 0 if it does not fit in PLATEN_LOK_WIRE_MAX. */
size_t
platen_lok_wire_encode(const platen_lok_message_t *message, uint8_t out[PLATEN_LOK_WIRE_MAX]);

/*
 * Reads a packet; strings point into `in`, hold no NUL, and are followed by no
 * NUL either.  Paths are absolute, and those a kind cannot do without are there.
 * Returns PLATEN_OK, PLATEN_TOO_NEW for a later version, or PLATEN_CORRUPT.
 */
int platen_lok_wire_decode(const uint8_t *in, size_t len, platen_lok_message_t *message);

#endif
