/*
 * libFuzzer target of ngx_module/ingest/multipart.h.
 *
 * The first byte is a chunk size, the rest a body with the boundary "b0".
 * Fed whole and in chunks it must give the same events and result; what is
 * called back must come in the documented order.  The rest is also parsed
 * as a Content-Type, whose boundary must be one.  A run owns its recorder;
 * a broken promise aborts, which libFuzzer reports with its input.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/multipart.h"

#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                    \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

static const char                      boundary[] = "b0";
static const platen_multipart_limits_t limits = { 6, 200 };

/* What was called back; names and lengths are written out, data is joined. */
struct events {
    uint8_t                *p;
    size_t                  len;
    size_t                  size;
    size_t                  part_len;
    size_t                  parts;
    int                     open;
    platen_multipart_part_t part; /* its strings stay until part_end */
    uint8_t                 name[PLATEN_MULTIPART_HEADER_MAX];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
add(struct events *ev, const void *p, size_t n)
{
    if (n > ev->size - ev->len) {
        ev->size = 2 * (ev->size + n);
        ev->p = realloc(ev->p, ev->size);
        CHECK(ev->p != NULL);
    }

    if (n > 0)
        memcpy(ev->p + ev->len, p, n);
    ev->len += n;
}

static void
add_string(struct events *ev, const char *p, size_t n)
{
    CHECK(p != NULL || n == 0);
    CHECK(n <= limits.max_header);
    CHECK(n == 0 || memchr(p, '\0', n) == NULL);
    add(ev, &n, sizeof(n));
    add(ev, p, n);
}

static int
on_begin(void *data, const platen_multipart_part_t *part)
{
    struct events *ev = data;

    CHECK(!ev->open);
    CHECK(++ev->parts <= limits.max_parts);
    CHECK(part->name != NULL);
    CHECK(part->has_filename == (part->filename != NULL));

    ev->open = 1;
    ev->part_len = 0;
    ev->part = *part;
    memcpy(ev->name, part->name, part->name_len);

    add(ev, "B", 1);
    add_string(ev, part->name, part->name_len);
    add(ev, &part->has_filename, sizeof(part->has_filename));
    add_string(ev, part->filename, part->filename_len);
    add(ev, part->content_type ? "t" : "-", 1);
    add_string(ev, part->content_type, part->content_type_len);
    return 0;
}

static int
on_data(void *data, const unsigned char *p, size_t n)
{
    struct events *ev = data;

    CHECK(ev->open);
    CHECK(n > 0);
    ev->part_len += n;
    add(ev, p, n);
    return 0;
}

static int
on_end(void *data)
{
    struct events *ev = data;

    CHECK(ev->open);
    CHECK(memcmp(ev->name, ev->part.name, ev->part.name_len) == 0);
    ev->open = 0;
    add(ev, "E", 1);
    add(ev, &ev->part_len, sizeof(ev->part_len));
    return 0;
}

static const platen_multipart_handler_t handler = { on_begin, on_data, on_end };

static int
run(struct events *ev, const uint8_t *p, size_t len, size_t chunk)
{
    platen_multipart_t mp;
    size_t             at, n;
    int                rc = PLATEN_MULTIPART_OK;

    memset(ev, 0, sizeof(*ev));
    platen_multipart_init(&mp, boundary, strlen(boundary), &handler, ev, &limits);

    for (at = 0; at < len && rc == PLATEN_MULTIPART_OK; at += n) {
        n = len - at < chunk ? len - at : chunk;
        rc = platen_multipart_feed(&mp, p + at, n);
    }

    if (rc == PLATEN_MULTIPART_OK) {
        rc = platen_multipart_end(&mp);
        CHECK(rc != PLATEN_MULTIPART_OK || !ev->open);
    }

    CHECK(platen_multipart_end(&mp) == rc);
    CHECK(strlen(platen_multipart_strerror(rc)) > 0);
    return rc;
}

static void
check_boundary(const char *p, size_t len)
{
    char   out[PLATEN_MULTIPART_BOUNDARY_MAX + 1];
    size_t n = 0;

    if (platen_multipart_boundary(p, len, out, &n) != PLATEN_MULTIPART_OK)
        return;

    CHECK(n >= 1 && n <= PLATEN_MULTIPART_BOUNDARY_MAX);
    CHECK(strlen(out) == n);
    CHECK(strspn(out, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "'()+_,-./:=? ")
          == n);
    CHECK(out[n - 1] != ' ');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct events whole, cut;
    uint8_t             *body;
    size_t               len;
    int                  rc;

    if (size == 0)
        return 0;

    /* a block of its own, for the sanitizer to see reads in front of it */
    len = size - 1;
    body = malloc(len > 0 ? len : 1);
    CHECK(body != NULL);
    memcpy(body, data + 1, len);

    rc = run(&whole, body, len, len);
    CHECK(run(&cut, body, len, (size_t) data[0] + 1) == rc);
    CHECK(cut.len == whole.len);
    CHECK(cut.len == 0 || memcmp(cut.p, whole.p, cut.len) == 0);

    check_boundary((const char *) body, len);

    free(whole.p);
    free(cut.p);
    free(body);
    return 0;
}
