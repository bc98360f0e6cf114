/* The table of problems; see http/problem.h.  Constant data, any thread. */

#include "http/problem.h"

#include <errno.h>
#include <string.h>

static const platen_problem_info_t problems[PLATEN_PROBLEMS] = {
    [PLATEN_PROBLEM_NONE] = { 500, 0, "internal_error", "Internal error", "" },

    [PLATEN_PROBLEM_BAD_REQUEST] =
        { 400, 0, "bad_request", "Bad request",
          "The request is not valid HTTP; check what is sent." },
    [PLATEN_PROBLEM_INVALID_HEADER] =
        { 400, 0, "invalid_header", "Invalid header",
          "Correct the header and send the request again." },
    [PLATEN_PROBLEM_MALFORMED_MULTIPART] =
        { 400, 0, "malformed_multipart", "Malformed multipart body",
          "Send a multipart/form-data body as RFC 7578 has it." },
    [PLATEN_PROBLEM_MALFORMED_JSON] =
        { 400, 0, "malformed_json", "The body is no JSON object",
          "Send one object as RFC 8259 has it, in UTF-8, without a name twice." },
    [PLATEN_PROBLEM_IDENTICAL_FORMATS] =
        { 400, 0, "identical_formats", "Source and target format are the same",
          "Ask for a target format other than the document's own." },
    [PLATEN_PROBLEM_UNSUPPORTED_FORMAT] =
        { 400, 0, "unsupported_format", "Unknown format",
          "GET /formats lists the formats of this server." },
    [PLATEN_PROBLEM_UNSUPPORTED_CONVERSION] =
        { 400, 0, "unsupported_conversion", "Unsupported conversion",
          "GET /formats lists the conversions of this server." },
    [PLATEN_PROBLEM_NOT_AN_ARCHIVE] =
        { 400, 0, "not_an_archive", "This is no ZIP archive",
          "Pack the documents into a ZIP file and send that." },
    [PLATEN_PROBLEM_NOTHING_TO_CONVERT] =
        { 400, 0, "nothing_to_convert", "Nothing in the archive can be converted",
          "Pack documents that this server converts to the target format, with "
          "their extensions; GET /formats lists them." },
    [PLATEN_PROBLEM_NOT_READY] =
        { 400, 0, "not_ready", "The result is not ready",
          "Poll the job until its status is SUCCESS, then download." },

    [PLATEN_PROBLEM_INVALID_HANDSHAKE] =
        { 400, 0, "invalid_handshake", "The WebSocket handshake cannot be",
          "Send Sec-WebSocket-Key as RFC 6455 has it, and no body." },

    [PLATEN_PROBLEM_UNAUTHORIZED] =
        { 401, 0, "unauthorized", "Missing or unknown API key",
          "Send a valid key as X-API-Key or as Authorization: Bearer." },
    [PLATEN_PROBLEM_FORBIDDEN] =
        { 403, 0, "forbidden", "Forbidden",
          "This server's configuration does not let this client in." },
    [PLATEN_PROBLEM_SIGNATURE_INVALID] =
        { 403, 0, "signature_invalid", "The URL's signature is not valid",
          "Use the URL as it was given, with its method and Content-Type; no "
          "part of it can be changed." },
    [PLATEN_PROBLEM_SIGNATURE_EXPIRED] =
        { 403, 0, "signature_expired", "The URL has expired",
          "Ask for a new one where this one came from." },

    [PLATEN_PROBLEM_ORIGIN_REFUSED] =
        { 403, 0, "origin_refused", "Pages of that origin may not connect",
          "The operator has to name the origin in platen_cors." },

    [PLATEN_PROBLEM_NOT_FOUND] =
        { 404, 0, "not_found", "No such path",
          "GET /openapi.json lists every path of this server." },
    [PLATEN_PROBLEM_JOB_NOT_FOUND] =
        { 404, 0, "job_not_found", "No such job",
          "The id is unknown, was deleted, has expired, or is another "
          "client's." },
    [PLATEN_PROBLEM_FILE_NOT_FOUND] =
        { 404, 0, "file_not_found", "No such file in the job",
          "The job's files lists the numbers that there are." },
    [PLATEN_PROBLEM_UPLOAD_NOT_FOUND] =
        { 404, 0, "upload_not_found", "No such upload",
          "The id is unknown, was deleted, has expired, or is another "
          "client's; create the upload anew." },
    [PLATEN_PROBLEM_METHOD_NOT_ALLOWED] =
        { 405, 0, "method_not_allowed", "Method not allowed",
          "Use one of the methods that the Allow header names." },
    [PLATEN_PROBLEM_REQUEST_TIMEOUT] =
        { 408, 0, "request_timeout", "The request body came too slowly",
          "Send the request again over a faster connection." },
    [PLATEN_PROBLEM_INVALID_TRANSITION] =
        { 409, 0, "invalid_transition", "The job's state does not allow that",
          "Only a job that has FAILED, or succeeded in part, can be retried." },
    [PLATEN_PROBLEM_OFFSET_MISMATCH] =
        { 409, 0, "offset_mismatch", "The upload goes on elsewhere",
          "Ask for Upload-Offset with HEAD, and go on from there." },
    [PLATEN_PROBLEM_PRECONDITION_FAILED] =
        { 412, 0, "precondition_failed", "Precondition failed",
          "The resource is not the one that If-Match or If-Unmodified-Since "
          "names; fetch it again." },
    [PLATEN_PROBLEM_UNSUPPORTED_VERSION] =
        { 412, 0, "unsupported_version", "Not this version of tus",
          "Send Tus-Resumable with the version that Tus-Version names." },
    [PLATEN_PROBLEM_FILE_TOO_LARGE] =
        { 413, 0, "file_too_large", "File too large",
          "Send a smaller file." },
    [PLATEN_PROBLEM_TOO_MANY_PARTS] =
        { 413, 0, "too_many_parts", "Too many parts or fields too large",
          "Send fewer and shorter form fields." },
    [PLATEN_PROBLEM_BODY_TOO_LARGE] =
        { 413, 0, "body_too_large", "Body too large",
          "Send a JSON object of at most 16 KiB." },
    [PLATEN_PROBLEM_URI_TOO_LONG] =
        { 414, 0, "uri_too_long", "URI too long",
          "Send parameters as form fields of the body." },
    [PLATEN_PROBLEM_UNSUPPORTED_MEDIA_TYPE] =
        { 415, 0, "unsupported_media_type", "Content-Type not taken",
          "Send a Content-Type of a document that this server converts; GET "
          "/formats lists them." },
    [PLATEN_PROBLEM_RANGE_NOT_SATISFIABLE] =
        { 416, 0, "range_not_satisfiable", "Range not satisfiable",
          "Ask for bytes within the size that Content-Range names." },

    [PLATEN_PROBLEM_INVALID_ID] =
        { 422, 0, "invalid_id", "Malformed job id",
          "A job id is a UUID, as answered at submission." },
    [PLATEN_PROBLEM_INVALID_PARAMETER] =
        { 422, 0, "invalid_parameter", "Invalid parameter",
          "Correct the parameter and send the request again." },
    [PLATEN_PROBLEM_UNSUPPORTED_OPTION] =
        { 422, 0, "unsupported_option", "No option of this conversion",
          "GET /formats lists the options that each conversion takes." },
    [PLATEN_PROBLEM_MISSING_PARAMETER] =
        { 422, 0, "missing_parameter", "Missing parameter",
          "Say what to convert to in the field target_format, or as ?to= for "
          "a raw body." },
    [PLATEN_PROBLEM_MISSING_FILE] =
        { 422, 0, "missing_file", "No file in the request",
          "Send the document in a form field named file, with a filename." },
    [PLATEN_PROBLEM_TOO_MANY_FILES] =
        { 422, 0, "too_many_files", "More than one file in the request",
          "Send each file as a job of its own; this server takes no batches." },
    [PLATEN_PROBLEM_EMPTY_FILE] =
        { 422, 0, "empty_file", "The file is empty",
          "Send a file that holds a document." },
    [PLATEN_PROBLEM_CONTENT_MISMATCH] =
        { 422, 0, "content_mismatch", "The content is not what it claims",
          "Correct the file's name or source_format, or the file." },
    [PLATEN_PROBLEM_UNKNOWN_CONTENT] =
        { 422, 0, "unknown_content", "The content is of no known format",
          "GET /formats lists the formats of this server." },
    [PLATEN_PROBLEM_UNSAFE_ARCHIVE] =
        { 422, 0, "unsafe_archive", "The archive is not safe to unpack",
          "Save the document anew in its own application and submit that." },

    [PLATEN_PROBLEM_IDEMPOTENCY_KEY_REUSED] =
        { 422, 0, "idempotency_key_reused",
          "The Idempotency-Key stands for another submission",
          "Send a key of its own with each submission, and the same document "
          "and parameters with the same key." },
    [PLATEN_PROBLEM_WEBHOOKS_OFF] =
        { 422, 0, "webhooks_off", "This server takes no webhook_url",
          "Leave webhook_url out and follow the job otherwise, or ask the "
          "operator to set platen_webhooks on." },

    [PLATEN_PROBLEM_NO_THUMBNAIL] =
        { 422, 0, "no_thumbnail", "There is no picture of this result",
          "Download the result; GET /formats lists of which formats this server "
          "makes images with a width." },

    [PLATEN_PROBLEM_UPLOAD_LOCKED] =
        { 423, 1, "upload_locked", "The upload is in use",
          "Another request has this upload open; wait for its end." },

    [PLATEN_PROBLEM_UPGRADE_REQUIRED] =
        { 426, 0, "upgrade_required", "This is a WebSocket",
          "Connect with a WebSocket client: Upgrade: websocket, "
          "Connection: Upgrade, Sec-WebSocket-Version: 13." },

    [PLATEN_PROBLEM_TOO_MANY_REQUESTS] =
        { 429, 1, "too_many_requests", "Too many requests",
          "Wait for the seconds that Retry-After names." },
    [PLATEN_PROBLEM_TOO_MANY_JOBS] =
        { 429, 5, "too_many_jobs", "Too many of your jobs are waiting",
          "Nothing was stored; wait until some of them are done, and try "
          "again." },
    [PLATEN_PROBLEM_TOO_MANY_UPLOADS] =
        { 429, 60, "too_many_uploads", "Too many of your uploads are not complete",
          "Nothing was stored; complete or delete one of them, or wait until one "
          "expires." },
    [PLATEN_PROBLEM_HEADERS_TOO_LARGE] =
        { 431, 0, "headers_too_large", "Request headers too large",
          "Send fewer or shorter headers." },

    [PLATEN_PROBLEM_CHECKSUM_MISMATCH] =
        { 460, 0, "checksum_mismatch", "The checksum does not match",
          "Nothing of this request was kept; send it again." },

    [PLATEN_PROBLEM_INTERNAL] =
        { 500, 0, "internal_error", "Internal error",
          "Nothing was stored. The server's log has the reason under this "
          "request id." },
    [PLATEN_PROBLEM_NOT_IMPLEMENTED] =
        { 501, 0, "not_implemented", "Not implemented",
          "Send the body with Content-Length or Transfer-Encoding: chunked." },
    [PLATEN_PROBLEM_SIGNING_OFF] =
        { 501, 0, "signing_off", "This server signs no URLs",
          "The operator has to set platen_signing_key." },
    [PLATEN_PROBLEM_BAD_GATEWAY] =
        { 502, 5, "bad_gateway", "Bad gateway",
          "A server behind this one failed; try again later." },
    [PLATEN_PROBLEM_QUEUE_FULL] =
        { 503, 5, "queue_full", "The queue is full",
          "Nothing was stored; try again after the seconds that Retry-After "
          "names." },
    [PLATEN_PROBLEM_STORE_UNAVAILABLE] =
        { 503, 5, "store_unavailable", "The job store cannot be used",
          "Nothing was changed; try again later. The server's log has the "
          "reason." },
    [PLATEN_PROBLEM_STORE_FULL] =
        { 503, 60, "store_full", "The job store is nearly full",
          "Nothing was stored; the operator has to enlarge the store "
          "(map_size), or jobs have to expire." },
    [PLATEN_PROBLEM_SERVICE_NOT_READY] =
        { 503, 5, "service_not_ready", "Not ready",
          "A part of the service is missing." },
    [PLATEN_PROBLEM_GATEWAY_TIMEOUT] =
        { 504, 5, "gateway_timeout", "Gateway timeout",
          "A server behind this one did not answer; try again later." },
    [PLATEN_PROBLEM_HTTP_VERSION] =
        { 505, 0, "http_version_not_supported", "HTTP version not supported",
          "Use HTTP/1.1 or HTTP/2." },
    [PLATEN_PROBLEM_STORAGE_FULL] =
        { 507, 60, "storage_full", "The disk is full",
          "Nothing was stored; the operator has to free space." },
    [PLATEN_PROBLEM_QUOTA_EXCEEDED] =
        { 507, 60, "quota_exceeded", "Your quota is used up",
          "Nothing was stored; delete jobs that you no longer need, or wait "
          "until some expire." },
};

const platen_problem_info_t *
platen_problem_info(platen_problem_t problem)
{
    if ((unsigned) problem >= PLATEN_PROBLEMS) {
        problem = PLATEN_PROBLEM_INTERNAL;
    }
    return &problems[problem];
}

platen_problem_t
platen_problem_of_code(const char *code)
{
    int i;

    for (i = PLATEN_PROBLEM_NONE + 1; i < PLATEN_PROBLEMS; i++) {
        if (strcmp(problems[i].code, code) == 0) {
            return (platen_problem_t) i;
        }
    }
    return PLATEN_PROBLEM_INTERNAL;
}

platen_problem_t
platen_problem_of_status(int status)
{
    int i;

    switch (status) {
    case 404:
        return PLATEN_PROBLEM_NOT_FOUND;
    case 503:
        return PLATEN_PROBLEM_STORE_UNAVAILABLE;
    case 494:
        return PLATEN_PROBLEM_HEADERS_TOO_LARGE;
    default:
        break;
    }

    /* The first of that status is the most general one. */
    for (i = PLATEN_PROBLEM_NONE + 1; i < PLATEN_PROBLEMS; i++) {
        if (problems[i].status == status) {
            return (platen_problem_t) i;
        }
    }

    return status >= 400 && status < 500 ? PLATEN_PROBLEM_BAD_REQUEST
                                         : PLATEN_PROBLEM_INTERNAL;
}

platen_problem_t
platen_problem_of_errno(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return PLATEN_PROBLEM_STORAGE_FULL;
    case EROFS:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return PLATEN_PROBLEM_STORE_UNAVAILABLE;
    default:
        return PLATEN_PROBLEM_INTERNAL;
    }
}
