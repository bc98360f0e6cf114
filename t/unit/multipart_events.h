/*
 * Runs the multipart parser for its unit tests: a recorder that writes what
 * the parser calls back as text, and expectations of that text.
 *
 * Every body is parsed whole, cut in two at each byte, and in pieces of each
 * length; all of these must give the same events and the same result, so a
 * test states its expectation once.  Each run owns its recorder; a failed
 * expectation ends the test and prints both sides.
 */

#ifndef MULTIPART_EVENTS_H
#define MULTIPART_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/multipart.h"

#define BOUNDARY "AaB03x"
#define OPEN "--" BOUNDARY "\r\n"
#define NEXT "\r\n--" BOUNDARY "\r\n"
#define CLOSE "\r\n--" BOUNDARY "--\r\n"
#define FIELD "Content-Disposition: form-data; name=\"a\"\r\n"

/* A boundary of the greatest length. */
#define S10 "0123456789"
#define S70 S10 S10 S10 S10 S10 S10 S10

/*
 * What happened, as text: [name|filename|content type] data (length), with
 * "-" for what is absent.  Data is joined, as its slices may differ.
 */
struct events {
    char    *text;
    size_t   len;
    size_t   size;
    size_t   part_len; /* data bytes of the current part */
    unsigned open;     /* part_begin without part_end */
    unsigned calls;
    unsigned stop_at; /* the callback, counted from 1, to return 7 */
};

static const platen_multipart_limits_t limits = { 8, 0 };

static void
add(struct events *ev, const void *p, size_t n)
{
    if (n > ev->size - ev->len) {
        ev->size = 2 * (ev->size + n);
        ev->text = realloc(ev->text, ev->size);
        assert_non_null(ev->text);
    }

    if (n > 0)
        memcpy(ev->text + ev->len, p, n);
    ev->len += n;
}

static void
add_item(struct events *ev, int present, const char *p, size_t n)
{
    if (present) {
        assert_non_null(p);
        add(ev, p, n);
    } else {
        assert_null(p);
        assert_int_equal(n, 0);
        add(ev, "-", 1);
    }
}

static int
verdict(struct events *ev)
{
    return ++ev->calls == ev->stop_at ? 7 : 0;
}

static int
on_begin(void *data, const platen_multipart_part_t *part)
{
    struct events *ev = data;

    assert_int_equal(ev->open, 0);
    ev->open = 1;
    ev->part_len = 0;

    add(ev, "[", 1);
    add_item(ev, 1, part->name, part->name_len);
    add(ev, "|", 1);
    add_item(ev, part->has_filename, part->filename, part->filename_len);
    add(ev, "|", 1);
    add_item(ev, part->content_type != NULL, part->content_type, part->content_type_len);
    add(ev, "]", 1);
    return verdict(ev);
}

static int
on_data(void *data, const unsigned char *p, size_t n)
{
    struct events *ev = data;

    assert_int_equal(ev->open, 1);
    assert_true(n > 0);
    ev->part_len += n;
    add(ev, p, n);
    return verdict(ev);
}

static int
on_end(void *data)
{
    struct events *ev = data;
    char           text[32];

    assert_int_equal(ev->open, 1);
    ev->open = 0;
    add(ev, text, (size_t) snprintf(text, sizeof(text), "(%zu)", ev->part_len));
    return verdict(ev);
}

static const platen_multipart_handler_t handler = { on_begin, on_data, on_end };

/* Feeds body in pieces: first bytes, then step bytes at a time. */
static int
run(struct events *ev, const char *boundary, const platen_multipart_limits_t *lim,
    const void *body, size_t len, size_t first, size_t step)
{
    platen_multipart_t mp;
    unsigned char     *piece;
    size_t             at = 0, n = first;
    unsigned           calls;
    int                rc = PLATEN_MULTIPART_OK;

    platen_multipart_init(&mp, boundary, strlen(boundary), &handler, ev, lim);

    while (rc == PLATEN_MULTIPART_OK && at < len) {
        if (n > len - at)
            n = len - at;
        if (n > 0) {
            /* a block of its own, for the sanitizer to see overreads */
            piece = malloc(n);
            assert_non_null(piece);
            memcpy(piece, (const char *) body + at, n);
            rc = platen_multipart_feed(&mp, piece, n);
            free(piece);
        }
        at += n;
        n = step;
    }

    if (rc == PLATEN_MULTIPART_OK)
        rc = platen_multipart_end(&mp);

    /* the result sticks, and nothing more is called back */
    calls = ev->calls;
    assert_int_equal(platen_multipart_feed(&mp, (const unsigned char *) "x", 1), rc);
    assert_int_equal(platen_multipart_feed(&mp, NULL, 0), rc);
    assert_int_equal(platen_multipart_end(&mp), rc);
    assert_int_equal(ev->calls, calls);

    return rc;
}

/* Feeding in pieces gives what feeding whole gave. */
static void
same(const struct events *whole, int whole_rc, const char *boundary,
     const platen_multipart_limits_t *lim, const void *body, size_t len, size_t first,
     size_t step)
{
    struct events ev;
    int           rc;

    memset(&ev, 0, sizeof(ev));
    rc = run(&ev, boundary, lim, body, len, first, step);

    assert_int_equal(rc, whole_rc);
    assert_int_equal(ev.len, whole->len);
    if (ev.len > 0)
        assert_memory_equal(ev.text, whole->text, ev.len);
    free(ev.text);
}

/* All ways to feed a body; the events of feeding it whole go to *whole. */
static int
run_all(struct events *whole, const char *boundary, const platen_multipart_limits_t *lim,
        const void *body, size_t len)
{
    size_t i;
    int    rc;

    memset(whole, 0, sizeof(*whole));
    rc = run(whole, boundary, lim, body, len, len, len);

    for (i = 1; i < len; i++) {
        same(whole, rc, boundary, lim, body, len, i, len); /* two pieces */
        same(whole, rc, boundary, lim, body, len, i, i);   /* of i bytes each */
    }

    return rc;
}

static void
expect_n(const char *boundary, const platen_multipart_limits_t *lim, const void *body,
         size_t len, int code, const char *events)
{
    struct events ev;
    int           rc;

    rc = run_all(&ev, boundary, lim, body, len);

    add(&ev, "", 1);
    assert_string_equal(ev.text, events);
    assert_int_equal(rc, code);
    free(ev.text);
}

/* body and events: NUL-terminated */
static void
expect(const char *body, int code, const char *events)
{
    expect_n(BOUNDARY, &limits, body, strlen(body), code, events);
}

/* A part with this header block and the data "x". */
static void
expect_header(const char *lines, int code, const char *events)
{
    char body[1024];

    snprintf(body, sizeof(body), "%s%s\r\nx%s", OPEN, lines, CLOSE);
    expect(body, code, events);
}

#endif /* MULTIPART_EVENTS_H */
