/*
 * The multipart/form-data parser; ingest/multipart.h has the contract, with
 * who owns what, where it runs and what a failure means.
 *
 * A body is read by four steps, of which the state names the current one:
 *
 *     DATA ----> TAIL ----> HEADER ----> DATA ...
 *                  `------> EPILOGUE
 *
 * DATA looks for the delimiter, CRLF "--" boundary, in the preamble or in a
 * part.  TAIL reads the rest of that line: nothing or padding makes it a
 * delimiter, "--" the closing one, and anything else makes it data after
 * all.  HEADER collects one part's header block and parses it whole.
 *
 * Two facts keep DATA short.  The delimiter has its only CR in front, as no
 * boundary may hold one, so a failed match never hides the start of another
 * and nothing has to be backed up.  And the only place in a chunk where a
 * cut delimiter can start is its last CR.
 *
 * The search is not memmem(): the client chooses both boundary and data,
 * and glibc's falls to a tenth of its speed for some pairs, such as a common
 * browser's boundary and data of CRs.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE                   /* memrchr() */
#endif

#include <string.h>

#include "ingest/multipart.h"
#include "ingest/multipart_header.h"


enum {
    PLATEN_MULTIPART_STATE_DATA = 0,
    PLATEN_MULTIPART_STATE_TAIL,
    PLATEN_MULTIPART_STATE_HEADER,
    PLATEN_MULTIPART_STATE_EPILOGUE
};


typedef int (*platen_multipart_step_pt)(platen_multipart_t *mp,
    const unsigned char **pp, const unsigned char *end);


static int platen_multipart_data(platen_multipart_t *mp,
    const unsigned char **pp, const unsigned char *end);
static int platen_multipart_tail(platen_multipart_t *mp,
    const unsigned char **pp, const unsigned char *end);
static int platen_multipart_header(platen_multipart_t *mp,
    const unsigned char **pp, const unsigned char *end);
static int platen_multipart_epilogue(platen_multipart_t *mp,
    const unsigned char **pp, const unsigned char *end);

static const unsigned char *platen_multipart_find(platen_multipart_t *mp,
    const unsigned char *p, const unsigned char *end);
static int platen_multipart_emit(platen_multipart_t *mp, const void *p,
    size_t n);
static int platen_multipart_delimiter(platen_multipart_t *mp);


static const platen_multipart_step_pt  platen_multipart_steps[] = {
    [PLATEN_MULTIPART_STATE_DATA] = platen_multipart_data,
    [PLATEN_MULTIPART_STATE_TAIL] = platen_multipart_tail,
    [PLATEN_MULTIPART_STATE_HEADER] = platen_multipart_header,
    [PLATEN_MULTIPART_STATE_EPILOGUE] = platen_multipart_epilogue
};


static const char  *platen_multipart_errors[] = {
    [PLATEN_MULTIPART_OK] =
        "The form is well-formed; nothing needs to be done.",
    [PLATEN_MULTIPART_NOT_FORM_DATA] =
        "The Content-Type is not multipart/form-data; send the form as "
        "multipart/form-data.",
    [PLATEN_MULTIPART_BAD_CONTENT_TYPE] =
        "The parameters of the Content-Type cannot be read; write each as "
        "name=value after a semicolon, and quote values that are no token.",
    [PLATEN_MULTIPART_NO_BOUNDARY] =
        "The Content-Type has no boundary; let the HTTP client set this "
        "header itself, or add the boundary that the body uses.",
    [PLATEN_MULTIPART_DUPLICATE_BOUNDARY] =
        "The Content-Type has more than one boundary; send exactly one.",
    [PLATEN_MULTIPART_BOUNDARY_TOO_LONG] =
        "The boundary is longer than 70 characters; choose a shorter one.",
    [PLATEN_MULTIPART_BAD_BOUNDARY] =
        "The boundary has a character that is not allowed there; use "
        "letters, digits and hyphens, or quote it if it has others.",
    [PLATEN_MULTIPART_STOPPED] =
        "Reading the form was stopped by its receiver; see the receiver's "
        "own error for the reason.",
    [PLATEN_MULTIPART_BAD_SYNTAX] =
        "A line of the form does not end with CRLF where it must; end every "
        "header and boundary line with CR LF.",
    [PLATEN_MULTIPART_PREAMBLE_TOO_LARGE] =
        "The first 4096 bytes of the form do not contain its boundary; check "
        "that the body uses the boundary that the Content-Type names.",
    [PLATEN_MULTIPART_TOO_MANY_PARTS] =
        "The form has too many parts; send fewer files and fields at once.",
    [PLATEN_MULTIPART_HEADER_TOO_LARGE] =
        "The header of a part is too large; shorten its file name or leave "
        "out the headers that are not needed.",
    [PLATEN_MULTIPART_BAD_HEADER] =
        "A part has a malformed header line; send each header as one "
        "\"Name: value\" line without NUL bytes.",
    [PLATEN_MULTIPART_DUPLICATE_HEADER] =
        "A part has the same header twice; send each header once.",
    [PLATEN_MULTIPART_BAD_DISPOSITION] =
        "A part has no well-formed Content-Disposition: form-data header; "
        "give every part exactly one, each parameter once.",
    [PLATEN_MULTIPART_NO_NAME] =
        "A part has no field name; add name=\"...\" to its "
        "Content-Disposition.",
    [PLATEN_MULTIPART_NESTED] =
        "A part is itself multipart; send each file as a part of its own.",
    [PLATEN_MULTIPART_BAD_ENCODING] =
        "A part is sent in a Content-Transfer-Encoding other than 7bit, "
        "8bit or binary; send its bytes as they are.",
    [PLATEN_MULTIPART_TRUNCATED] =
        "The form ends before its closing boundary; send it again in full."
};


int
platen_multipart_boundary(const char *content_type, size_t len, char *out,
    size_t *out_len)
{
    int                               rc, seen;
    size_t                            i, n;
    const char                       *p, *end, *type;
    unsigned char                     c;
    platen_multipart_header_param_t   param, boundary;

    end = content_type + len;
    type = platen_multipart_header_skip_space(content_type, end);

    for (p = type; p < end && *p != ';' && *p != ' ' && *p != '\t'; p++) {
        /* void */
    }

    if (!platen_multipart_header_equal(type, (size_t) (p - type),
                                       "multipart/form-data"))
    {
        return PLATEN_MULTIPART_NOT_FORM_DATA;
    }

    seen = 0;
    memset(&boundary, 0, sizeof(boundary));

    while ((rc = platen_multipart_header_param(&p, end, &param)) > 0) {

        if (!platen_multipart_header_equal(param.name, param.name_len,
                                           "boundary"))
        {
            continue;
        }

        if (seen++) {
            return PLATEN_MULTIPART_DUPLICATE_BOUNDARY;
        }

        boundary = param;
    }

    if (rc < 0) {
        return PLATEN_MULTIPART_BAD_CONTENT_TYPE;
    }

    n = 0;

    for (i = 0; i < boundary.value_len; i++) {
        c = (unsigned char) boundary.value[i];

        if (boundary.quoted) {
            /* the closing quote was found, so no escape ends the value */
            if (c == '\\') {
                c = (unsigned char) boundary.value[++i];
            }

        } else if (!platen_multipart_header_is_token(c)) {
            return PLATEN_MULTIPART_BAD_BOUNDARY;
        }

        if (!platen_multipart_header_is_alnum(c)
            && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL))
        {
            return PLATEN_MULTIPART_BAD_BOUNDARY;
        }

        if (n == PLATEN_MULTIPART_BOUNDARY_MAX) {
            return PLATEN_MULTIPART_BOUNDARY_TOO_LONG;
        }

        out[n++] = (char) c;
    }

    if (n == 0) {
        return PLATEN_MULTIPART_NO_BOUNDARY;
    }

    if (out[n - 1] == ' ') {
        return PLATEN_MULTIPART_BAD_BOUNDARY;
    }

    out[n] = '\0';
    *out_len = n;

    return PLATEN_MULTIPART_OK;
}


void
platen_multipart_init(platen_multipart_t *mp, const char *boundary, size_t len,
    const platen_multipart_handler_t *handler, void *data,
    const platen_multipart_limits_t *limits)
{
    size_t  i;

    memset(mp, 0, sizeof(*mp));

    mp->handler = handler;
    mp->data = data;
    mp->limits = *limits;

    if (mp->limits.max_header == 0
        || mp->limits.max_header > PLATEN_MULTIPART_HEADER_MAX)
    {
        mp->limits.max_header = PLATEN_MULTIPART_HEADER_MAX;
    }

    if (len == 0 || len > PLATEN_MULTIPART_BOUNDARY_MAX) {
        mp->error = PLATEN_MULTIPART_BAD_BOUNDARY;
        return;
    }

    memcpy(mp->delim, "\r\n--", 4);
    memcpy(mp->delim + 4, boundary, len);
    mp->delim_len = 4 + len;

    memset(mp->skip, (int) mp->delim_len, sizeof(mp->skip));

    for (i = 0; i < mp->delim_len - 1; i++) {
        mp->skip[(unsigned char) mp->delim[i]] =
                                    (unsigned char) (mp->delim_len - 1 - i);
    }

    /* a boundary that starts the body needs no CRLF in front */
    mp->matched = 2;
    mp->borrowed = 2;
}


int
platen_multipart_feed(platen_multipart_t *mp, const unsigned char *p, size_t n)
{
    const unsigned char  *end;

    if (n == 0) {
        return mp->error;
    }

    end = p + n;

    while (p < end && mp->error == PLATEN_MULTIPART_OK) {
        mp->error = platen_multipart_steps[mp->state](mp, &p, end);
    }

    return mp->error;
}


int
platen_multipart_end(platen_multipart_t *mp)
{
    if (mp->error != PLATEN_MULTIPART_OK
        || mp->state == PLATEN_MULTIPART_STATE_EPILOGUE)
    {
        return mp->error;
    }

    if (mp->state == PLATEN_MULTIPART_STATE_TAIL && mp->dashes == 2) {
        mp->error = platen_multipart_delimiter(mp);

    } else {
        mp->error = PLATEN_MULTIPART_TRUNCATED;
    }

    return mp->error;
}


const char *
platen_multipart_strerror(int code)
{
    if (code < 0 || code > PLATEN_MULTIPART_TRUNCATED) {
        return "The form cannot be read for an unknown reason; report this "
               "to the operator of the service.";
    }

    return platen_multipart_errors[code];
}


static int
platen_multipart_data(platen_multipart_t *mp, const unsigned char **pp,
    const unsigned char *end)
{
    int                   rc;
    size_t                n, rest;
    const unsigned char  *p, *hit;

    p = *pp;
    n = (size_t) (end - p);

    if (mp->matched) {
        rest = mp->delim_len - mp->matched;

        if (memcmp(p, mp->delim + mp->matched, n < rest ? n : rest) == 0) {

            if (n < rest) {
                mp->matched += n;
                *pp = end;
                return PLATEN_MULTIPART_OK;
            }

            *pp = p + rest;
            goto found;
        }

        /*
         * A look-alike.  What matched in this chunk is left to the search
         * below, which passes it on with the data that follows it.
         */

        rc = platen_multipart_emit(mp, mp->delim + mp->borrowed,
                                   mp->matched - mp->borrowed);
        mp->matched = 0;
        mp->borrowed = 0;

        if (rc != PLATEN_MULTIPART_OK) {
            return rc;
        }
    }

    hit = platen_multipart_find(mp, p, end);

    if (hit) {
        *pp = hit + mp->delim_len;

        rc = platen_multipart_emit(mp, p, (size_t) (hit - p));
        if (rc != PLATEN_MULTIPART_OK) {
            return rc;
        }

        goto found;
    }

    rest = n < mp->delim_len ? n : mp->delim_len - 1;
    hit = memrchr(end - rest, '\r', rest);

    if (hit == NULL || memcmp(hit, mp->delim, (size_t) (end - hit)) != 0) {
        hit = end;
    }

    mp->matched = (size_t) (end - hit);
    *pp = end;

    return platen_multipart_emit(mp, p, (size_t) (hit - p));

found:

    mp->matched = 0;
    mp->tail_len = 0;
    mp->dashes = 0;
    mp->state = PLATEN_MULTIPART_STATE_TAIL;

    return PLATEN_MULTIPART_OK;
}


static int
platen_multipart_tail(platen_multipart_t *mp, const unsigned char **pp,
    const unsigned char *end)
{
    int             rc, after_cr;
    unsigned char   c;

    while (*pp < end) {
        c = **pp;
        after_cr = mp->tail_len && mp->tail[mp->tail_len - 1] == '\r';

        if (after_cr && c == '\n') {
            (*pp)++;
            return platen_multipart_delimiter(mp);
        }

        if (c == '-' && mp->dashes < 2 && mp->tail_len == mp->dashes) {
            mp->dashes++;

        } else if (after_cr || mp->dashes == 1
                   || (c != ' ' && c != '\t' && c != '\r' && c != '\n'))
        {
            goto data;

        } else if (c == '\n' || mp->tail_len == PLATEN_MULTIPART_TAIL_MAX) {
            return PLATEN_MULTIPART_BAD_SYNTAX;
        }

        mp->tail[mp->tail_len++] = (char) c;
        (*pp)++;
    }

    return PLATEN_MULTIPART_OK;

data:

    /* c may be the CR of the true delimiter, so it is left to be read */

    mp->state = PLATEN_MULTIPART_STATE_DATA;

    rc = platen_multipart_emit(mp, mp->delim + mp->borrowed,
                               mp->delim_len - mp->borrowed);
    mp->borrowed = 0;

    if (rc != PLATEN_MULTIPART_OK) {
        return rc;
    }

    return platen_multipart_emit(mp, mp->tail, mp->tail_len);
}


static int
platen_multipart_header(platen_multipart_t *mp, const unsigned char **pp,
    const unsigned char *end)
{
    int                       rc;
    size_t                    n, line_len;
    const unsigned char      *lf;
    platen_multipart_part_t   part;

    lf = memchr(*pp, '\n', (size_t) (end - *pp));
    n = (size_t) ((lf ? lf + 1 : end) - *pp);

    if (n > mp->limits.max_header - mp->header_len) {
        return PLATEN_MULTIPART_HEADER_TOO_LARGE;
    }

    memcpy(mp->header + mp->header_len, *pp, n);
    mp->header_len += n;
    *pp += n;

    if (lf == NULL) {
        return PLATEN_MULTIPART_OK;
    }

    line_len = mp->header_len - mp->line;

    if (line_len < 2 || mp->header[mp->header_len - 2] != '\r') {
        return PLATEN_MULTIPART_BAD_SYNTAX;
    }

    if (line_len > 2) {
        mp->line = mp->header_len;
        return PLATEN_MULTIPART_OK;
    }

    /* before part_begin, which may refuse it */

    mp->state = PLATEN_MULTIPART_STATE_DATA;
    mp->in_part = 1;

    /* RFC 2046: an empty part may share its blank line with the delimiter */

    mp->matched = 2;
    mp->borrowed = 2;

    /* without the blank line */

    rc = platen_multipart_header_parse(mp->header, mp->header_len - 2, &part);

    if (rc == PLATEN_MULTIPART_OK
        && mp->handler->part_begin(mp->data, &part))
    {
        rc = PLATEN_MULTIPART_STOPPED;
    }

    return rc;
}


static int
platen_multipart_epilogue(platen_multipart_t *mp, const unsigned char **pp,
    const unsigned char *end)
{
    (void) mp;

    *pp = end;

    return PLATEN_MULTIPART_OK;
}


/*
 * Horspool's search for the whole delimiter; returns NULL if there is none.
 * The comparison starts at the only CR of the delimiter, so two of them
 * never go over the same bytes: the search is linear for any input.
 */

static const unsigned char *
platen_multipart_find(platen_multipart_t *mp, const unsigned char *p,
    const unsigned char *end)
{
    size_t          len;
    unsigned char   c, last;

    len = mp->delim_len;
    last = (unsigned char) mp->delim[len - 1];

    while ((size_t) (end - p) >= len) {
        c = p[len - 1];

        if (c == last && *p == '\r' && memcmp(p, mp->delim, len) == 0) {
            return p;
        }

        p += mp->skip[c];
    }

    return NULL;
}


static int
platen_multipart_emit(platen_multipart_t *mp, const void *p, size_t n)
{
    if (n == 0) {
        return PLATEN_MULTIPART_OK;
    }

    if (mp->in_part) {
        return mp->handler->part_data(mp->data, p, n)
               ? PLATEN_MULTIPART_STOPPED : PLATEN_MULTIPART_OK;
    }

    if (n > PLATEN_MULTIPART_PREAMBLE_MAX - mp->preamble) {
        return PLATEN_MULTIPART_PREAMBLE_TOO_LARGE;
    }

    mp->preamble += n;

    return PLATEN_MULTIPART_OK;
}


/* A delimiter line is complete: ends the part before it, if there is one. */

static int
platen_multipart_delimiter(platen_multipart_t *mp)
{
    if (mp->in_part) {
        mp->in_part = 0;

        if (mp->handler->part_end(mp->data)) {
            return PLATEN_MULTIPART_STOPPED;
        }
    }

    if (mp->dashes == 2) {
        mp->state = PLATEN_MULTIPART_STATE_EPILOGUE;
        return PLATEN_MULTIPART_OK;
    }

    if (mp->parts == mp->limits.max_parts) {
        return PLATEN_MULTIPART_TOO_MANY_PARTS;
    }

    mp->parts++;
    mp->header_len = 0;
    mp->line = 0;
    mp->state = PLATEN_MULTIPART_STATE_HEADER;

    return PLATEN_MULTIPART_OK;
}
