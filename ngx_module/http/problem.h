/*
 * Every reason for which Platen refuses a request: the stable `code` that
 * clients test for, its HTTP status, and what to do about it (RFC 9457).  One
 * table, free of nginx types; http/respond.c puts it on the wire.
 */

#ifndef PLATEN_PROBLEM_H
#define PLATEN_PROBLEM_H

#include <stddef.h>

typedef enum {
    PLATEN_PROBLEM_NONE = 0,
    PLATEN_PROBLEM_BAD_REQUEST,
    PLATEN_PROBLEM_INVALID_HEADER,
    PLATEN_PROBLEM_MALFORMED_MULTIPART,
    PLATEN_PROBLEM_MALFORMED_JSON,
    PLATEN_PROBLEM_IDENTICAL_FORMATS,
    PLATEN_PROBLEM_UNSUPPORTED_FORMAT,
    PLATEN_PROBLEM_UNSUPPORTED_CONVERSION,
    PLATEN_PROBLEM_NOT_AN_ARCHIVE,
    PLATEN_PROBLEM_NOTHING_TO_CONVERT,
    PLATEN_PROBLEM_NOT_READY,
    PLATEN_PROBLEM_INVALID_HANDSHAKE,
    PLATEN_PROBLEM_UNAUTHORIZED,
    PLATEN_PROBLEM_FORBIDDEN,
    PLATEN_PROBLEM_SIGNATURE_INVALID,
    PLATEN_PROBLEM_SIGNATURE_EXPIRED,
    PLATEN_PROBLEM_ORIGIN_REFUSED,
    PLATEN_PROBLEM_NOT_FOUND,
    PLATEN_PROBLEM_JOB_NOT_FOUND,
    PLATEN_PROBLEM_FILE_NOT_FOUND,
    PLATEN_PROBLEM_UPLOAD_NOT_FOUND,
    PLATEN_PROBLEM_METHOD_NOT_ALLOWED,
    PLATEN_PROBLEM_REQUEST_TIMEOUT,
    PLATEN_PROBLEM_INVALID_TRANSITION,
    PLATEN_PROBLEM_OFFSET_MISMATCH,
    PLATEN_PROBLEM_PRECONDITION_FAILED,
    PLATEN_PROBLEM_UNSUPPORTED_VERSION,
    PLATEN_PROBLEM_FILE_TOO_LARGE,
    PLATEN_PROBLEM_TOO_MANY_PARTS,
    PLATEN_PROBLEM_BODY_TOO_LARGE,
    PLATEN_PROBLEM_URI_TOO_LONG,
    PLATEN_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
    PLATEN_PROBLEM_RANGE_NOT_SATISFIABLE,
    PLATEN_PROBLEM_INVALID_ID,
    PLATEN_PROBLEM_INVALID_PARAMETER,
    PLATEN_PROBLEM_UNSUPPORTED_OPTION,
    PLATEN_PROBLEM_MISSING_PARAMETER,
    PLATEN_PROBLEM_MISSING_FILE,
    PLATEN_PROBLEM_TOO_MANY_FILES,
    PLATEN_PROBLEM_EMPTY_FILE,
    PLATEN_PROBLEM_CONTENT_MISMATCH,
    PLATEN_PROBLEM_UNKNOWN_CONTENT,
    PLATEN_PROBLEM_UNSAFE_ARCHIVE,
    PLATEN_PROBLEM_IDEMPOTENCY_KEY_REUSED,
    PLATEN_PROBLEM_WEBHOOKS_OFF,
    PLATEN_PROBLEM_NO_THUMBNAIL,
    PLATEN_PROBLEM_UPLOAD_LOCKED,
    PLATEN_PROBLEM_UPGRADE_REQUIRED,
    PLATEN_PROBLEM_TOO_MANY_REQUESTS,
    PLATEN_PROBLEM_TOO_MANY_JOBS,
    PLATEN_PROBLEM_TOO_MANY_UPLOADS,
    PLATEN_PROBLEM_HEADERS_TOO_LARGE,
    PLATEN_PROBLEM_CHECKSUM_MISMATCH,
    PLATEN_PROBLEM_INTERNAL,
    PLATEN_PROBLEM_NOT_IMPLEMENTED,
    PLATEN_PROBLEM_SIGNING_OFF,
    PLATEN_PROBLEM_BAD_GATEWAY,
    PLATEN_PROBLEM_QUEUE_FULL,
    PLATEN_PROBLEM_STORE_UNAVAILABLE,
    PLATEN_PROBLEM_STORE_FULL,
    PLATEN_PROBLEM_SERVICE_NOT_READY,
    PLATEN_PROBLEM_GATEWAY_TIMEOUT,
    PLATEN_PROBLEM_HTTP_VERSION,
    PLATEN_PROBLEM_STORAGE_FULL,
    PLATEN_PROBLEM_QUOTA_EXCEEDED,
    PLATEN_PROBLEMS
} platen_problem_t;

typedef struct {
    int         status;
    int         retry_after; /* seconds for Retry-After, 0 for none */
    const char *code;
    const char *title;  /* the same for every occurrence */
    const char *detail; /* what to do, where the occurrence says nothing better */
} platen_problem_info_t;

/* The table's entry; that of PLATEN_PROBLEM_INTERNAL for a number outside it. */
const platen_problem_info_t *platen_problem_info(platen_problem_t problem);

/* The first of that code, which stands for all that have it; else INTERNAL. */
platen_problem_t platen_problem_of_code(const char *code);

/* The problem that stands for an HTTP status that nginx itself came to. */
platen_problem_t platen_problem_of_status(int status);

/*
 * The problem that stands for a system call that failed while something was
 * stored.  A full disk, and what an operator or time mends, can be tried again.
 */
platen_problem_t platen_problem_of_errno(int error);

#endif
