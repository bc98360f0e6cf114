/*
 * Unit tests of ngx_module/ingest/multipart.h: delimiters, data, limits and
 * results.  How they run a body, and who owns what: multipart_events.h.
 */

#include "multipart_events.h"

static void
test_init_bad_boundary(void **state)
{
    platen_multipart_t mp;

    (void) state;

    platen_multipart_init(&mp, "", 0, &handler, NULL, &limits);
    assert_int_equal(platen_multipart_feed(&mp, (const unsigned char *) "x", 1),
                     PLATEN_MULTIPART_BAD_BOUNDARY);
    assert_int_equal(platen_multipart_end(&mp), PLATEN_MULTIPART_BAD_BOUNDARY);

    platen_multipart_init(&mp, S70 "1", 71, &handler, NULL, &limits);
    assert_int_equal(platen_multipart_end(&mp), PLATEN_MULTIPART_BAD_BOUNDARY);
}

static void
test_form(void **state)
{
    (void) state;

    expect(OPEN "Content-Disposition: form-data; name=\"target_format\"\r\n"
                "\r\n"
                "pdf" NEXT
                "Content-Disposition: form-data; name=\"file\"; filename=\"a.docx\"\r\n"
                "Content-Type: application/x; q=\"1\" \t\r\n"
                "X-Other: ignored\r\n"
                "\r\n"
                "PK\r\n\r\n\n\r--" CLOSE,
           PLATEN_MULTIPART_OK,
           "[target_format|-|-]pdf(3)[file|a.docx|application/x; "
           "q=\"1\"]PK\r\n\r\n\n\r--(10)");

    /* header names and values in any case and spacing */
    expect_header("content-DISPOSITION:FORM-data;NAME=a\r\n"
                  "CONTENT-transfer-ENCODING:\t Binary \r\n",
                  PLATEN_MULTIPART_OK, "[a|-|-]x(1)");
}

static void
test_no_parts(void **state)
{
    (void) state;

    expect("--" BOUNDARY "--\r\n", PLATEN_MULTIPART_OK, "");
    expect("--" BOUNDARY "--", PLATEN_MULTIPART_OK, "");
    expect("\r\n--" BOUNDARY "--", PLATEN_MULTIPART_OK, "");
}

static void
test_empty_part(void **state)
{
    (void) state;

    expect(OPEN FIELD "\r\n" CLOSE, PLATEN_MULTIPART_OK, "[a|-|-](0)");

    /* RFC 2046: the delimiter's CRLF may be the blank line's */
    expect(OPEN FIELD "\r\n--" BOUNDARY "--", PLATEN_MULTIPART_OK, "[a|-|-](0)");
    expect(OPEN FIELD "\r\n--" BOUNDARY "\r\n" FIELD "\r\n1" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-](0)[a|-|-]1(1)");

    /* and if it is no delimiter, the blank line is no data */
    expect(OPEN FIELD "\r\n--" BOUNDARY "x" CLOSE, PLATEN_MULTIPART_OK, "[a|-|-]--AaB03xx(9)");
    expect(OPEN FIELD "\r\n--Aa" CLOSE, PLATEN_MULTIPART_OK, "[a|-|-]--Aa(4)");
    expect(OPEN FIELD "\r\n-" CLOSE, PLATEN_MULTIPART_OK, "[a|-|-]-(1)");
}

static void
test_look_alikes(void **state)
{
    (void) state;

    /* a longer line is data */
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "X\r\n2" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03xX\r\n2(15)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY " \tX" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x \tX(14)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "-" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x-(12)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "-\n" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x-\n(13)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "---" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x---(14)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "--X" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x--X(14)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY " -- X" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x -- X(16)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY " --" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x --(14)");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "\rX" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x\rX(13)");

    /* a CR that ends one look-alike begins the true delimiter */
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "\r" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB03x\r(12)");
    expect(OPEN FIELD "\r\n1\r\n--AaB\r\r\n-\r\n--\r\n--AaB03\r\n" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--AaB\r\r\n-\r\n--\r\n--AaB03\r\n(27)");
    expect(OPEN FIELD "\r\n\r\r\r\r\r" CLOSE, PLATEN_MULTIPART_OK, "[a|-|-]\r\r\r\r\r(5)");

    /* not at the start of a line, or after a bare LF or CR */
    expect(OPEN FIELD "\r\n1--" BOUNDARY "--\r\n" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1--AaB03x--\r\n(13)");
    expect(OPEN FIELD "\r\n1\n--" BOUNDARY "--\r\n" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\n--AaB03x--\r\n(14)");
    expect(OPEN FIELD "\r\n1\r--" BOUNDARY "--\r\n" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r--AaB03x--\r\n(14)");

    /* case matters */
    expect(OPEN FIELD "\r\n1\r\n--aab03X--" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1\r\n--aab03X--(13)");
}

static void
test_dashes_boundary(void **state)
{
    static const char body[] = "----\r\n" FIELD "\r\n-\r\n---\r\n----- \r\n------\r\n";

    (void) state;

    /* the boundary "--", whose close delimiter is all dashes */
    expect_n("--", &limits, body, sizeof(body) - 1, PLATEN_MULTIPART_OK,
             "[a|-|-]-\r\n---\r\n----- (14)");
}

static void
test_longest_boundary(void **state)
{
    static const char body[] = "--" S70 "\r\n" FIELD "\r\n1\r\n--" S70 "1\r\n--" S70 "--";

    (void) state;

    expect_n(S70, &limits, body, sizeof(body) - 1, PLATEN_MULTIPART_OK,
             "[a|-|-]1\r\n--" S70 "1(76)");
}

static void
test_padding(void **state)
{
    char body[512];

    (void) state;

    expect("--" BOUNDARY " \t\r\n" FIELD "\r\n1\r\n--" BOUNDARY "  \r\n" FIELD
           "\r\n2\r\n--" BOUNDARY "-- \t \r\n",
           PLATEN_MULTIPART_OK, "[a|-|-]1(1)[a|-|-]2(1)");

    snprintf(body, sizeof(body), "--%s%*s\r\n%s\r\n1%s", BOUNDARY,
             PLATEN_MULTIPART_TAIL_MAX - 1, "", FIELD, CLOSE);
    expect(body, PLATEN_MULTIPART_OK, "[a|-|-]1(1)");

    snprintf(body, sizeof(body), "--%s%*s\r\n%s\r\n1%s", BOUNDARY, PLATEN_MULTIPART_TAIL_MAX,
             "", FIELD, CLOSE);
    expect(body, PLATEN_MULTIPART_BAD_SYNTAX, "");
}

static void
test_preamble_and_epilogue(void **state)
{
    static char   body[PLATEN_MULTIPART_PREAMBLE_MAX + 128];
    struct events ev;
    int           over;

    (void) state;

    expect("This is a form.\r\n\r\n--AaB\r\n" OPEN FIELD "\r\n1" CLOSE, PLATEN_MULTIPART_OK,
           "[a|-|-]1(1)");
    expect("\r\n" OPEN FIELD "\r\n1" CLOSE "\r\n" OPEN "end\n", PLATEN_MULTIPART_OK,
           "[a|-|-]1(1)");
    expect("--" BOUNDARY "X\r\n" OPEN FIELD "\r\n1" CLOSE, PLATEN_MULTIPART_OK, "[a|-|-]1(1)");

    for (over = 0; over <= 1; over++) {
        memset(body, 'p', sizeof(body));
        strcpy(body + PLATEN_MULTIPART_PREAMBLE_MAX + over, "\r\n" OPEN FIELD "\r\n" CLOSE);

        memset(&ev, 0, sizeof(ev));
        assert_int_equal(run(&ev, BOUNDARY, &limits, body, strlen(body), 1, 1),
                         over ? PLATEN_MULTIPART_PREAMBLE_TOO_LARGE : PLATEN_MULTIPART_OK);
        free(ev.text);

        memset(&ev, 0, sizeof(ev));
        assert_int_equal(run(&ev, BOUNDARY, &limits, body, strlen(body), strlen(body), 1),
                         over ? PLATEN_MULTIPART_PREAMBLE_TOO_LARGE : PLATEN_MULTIPART_OK);
        free(ev.text);
    }

    /* a body in another format, as with a boundary that is not the body's */
    memset(body, '\r', sizeof(body));
    memset(&ev, 0, sizeof(ev));
    assert_int_equal(run(&ev, BOUNDARY, &limits, body, sizeof(body), 7, 7),
                     PLATEN_MULTIPART_PREAMBLE_TOO_LARGE);
    free(ev.text);
}

/* fault 34 */
static void
test_truncated(void **state)
{
    static const char body[] = OPEN FIELD "\r\n1" NEXT FIELD "\r\n2\r\n--" BOUNDARY "--";
    struct events                                      ev;
    size_t                                             n;

    (void) state;

    expect("", PLATEN_MULTIPART_TRUNCATED, "");
    expect(OPEN FIELD "\r\n1", PLATEN_MULTIPART_TRUNCATED, "[a|-|-]1");
    expect(OPEN FIELD "\r\n1" NEXT, PLATEN_MULTIPART_TRUNCATED, "[a|-|-]1(1)");

    for (n = 0; n < sizeof(body) - 1; n++) {
        memset(&ev, 0, sizeof(ev));
        assert_int_equal(run(&ev, BOUNDARY, &limits, body, n, n, 1),
                         PLATEN_MULTIPART_TRUNCATED);
        free(ev.text);
    }

    expect(body, PLATEN_MULTIPART_OK, "[a|-|-]1(1)[a|-|-]2(1)");
}

static void
test_bare_line_ends(void **state)
{
    (void) state;

    expect("--" BOUNDARY "\n" FIELD "\r\n1" CLOSE, PLATEN_MULTIPART_BAD_SYNTAX, "");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "\n", PLATEN_MULTIPART_BAD_SYNTAX, "[a|-|-]1");
    expect(OPEN FIELD "\r\n1\r\n--" BOUNDARY "-- \n", PLATEN_MULTIPART_BAD_SYNTAX, "[a|-|-]1");
    expect(OPEN "\n" FIELD "\r\n1" CLOSE, PLATEN_MULTIPART_BAD_SYNTAX, "");
    expect_header("Content-Disposition: form-data; name=a\n", PLATEN_MULTIPART_BAD_SYNTAX, "");
    expect_header(FIELD "\n", PLATEN_MULTIPART_BAD_SYNTAX, "");
    expect_header("X: a\rb\r\n" FIELD, PLATEN_MULTIPART_BAD_SYNTAX, "");
    expect_header("X: a\r\r\n" FIELD, PLATEN_MULTIPART_BAD_SYNTAX, "");
    expect_header("\r\r\n" FIELD, PLATEN_MULTIPART_BAD_SYNTAX, "");
}

/* fault 39 */
static void
test_many_parts(void **state)
{
    static const char part[] = OPEN FIELD "\r\n1\r\n";
    const platen_multipart_limits_t lim = { 9999, 0 };
    platen_multipart_t              mp;
    struct events                   ev;
    unsigned                        i;
    int                             rc = PLATEN_MULTIPART_OK;

    (void) state;

    /* memory is flat: one struct, whatever the number of parts */
    memset(&ev, 0, sizeof(ev));
    platen_multipart_init(&mp, BOUNDARY, strlen(BOUNDARY), &handler, &ev, &lim);

    for (i = 1; i <= 10000 && rc == PLATEN_MULTIPART_OK; i++)
        rc = platen_multipart_feed(&mp, (const unsigned char *) part, sizeof(part) - 1);

    assert_int_equal(rc, PLATEN_MULTIPART_TOO_MANY_PARTS);
    assert_int_equal(i, 10001);
    assert_int_equal(ev.calls, 3 * 9999);
    assert_int_equal(ev.open, 0);
    assert_true(sizeof(mp) < 10000);
    free(ev.text);
}

static void
test_parts_limit(void **state)
{
    static const char two[] = OPEN FIELD "\r\n1" NEXT FIELD "\r\n2" CLOSE;
    platen_multipart_limits_t                         lim = { 2, 0 };

    (void) state;

    expect_n(BOUNDARY, &lim, two, sizeof(two) - 1, PLATEN_MULTIPART_OK,
             "[a|-|-]1(1)[a|-|-]2(1)");
    lim.max_parts = 1;
    expect_n(BOUNDARY, &lim, two, sizeof(two) - 1, PLATEN_MULTIPART_TOO_MANY_PARTS,
             "[a|-|-]1(1)");
    lim.max_parts = 0;
    expect_n(BOUNDARY, &lim, two, sizeof(two) - 1, PLATEN_MULTIPART_TOO_MANY_PARTS, "");
    expect_n(BOUNDARY, &lim, "--" BOUNDARY "--", 10, PLATEN_MULTIPART_OK, "");
}

static void
test_stopped(void **state)
{
    static const char body[] = OPEN FIELD "\r\n1" NEXT FIELD "\r\n\r\n--" BOUNDARY "X" CLOSE;
    static const char held[] = OPEN FIELD "\r\n1\r\n--Aa" CLOSE;
    static const char last[] = OPEN FIELD "\r\n\r\n--" BOUNDARY "--";
    struct events                   ev;
    unsigned                        i;
    int                             rc;

    (void) state;

    for (i = 1; i <= 6; i++) {
        memset(&ev, 0, sizeof(ev));
        ev.stop_at = i;
        rc = run(&ev, BOUNDARY, &limits, body, sizeof(body) - 1, sizeof(body) - 1, 1);
        assert_int_equal(rc, PLATEN_MULTIPART_STOPPED);
        assert_int_equal(ev.calls, i);
        free(ev.text);

        memset(&ev, 0, sizeof(ev));
        ev.stop_at = i;
        rc = run(&ev, BOUNDARY, &limits, body, sizeof(body) - 1, 1, 1);
        assert_int_equal(rc, PLATEN_MULTIPART_STOPPED);
        assert_int_equal(ev.calls, i);
        free(ev.text);
    }

    /* a refusal of bytes that were held back at a chunk's end */
    memset(&ev, 0, sizeof(ev));
    ev.stop_at = 3;
    rc = run(&ev, BOUNDARY, &limits, held, sizeof(held) - 1, 1, 1);
    assert_int_equal(rc, PLATEN_MULTIPART_STOPPED);
    assert_int_equal(ev.calls, 3);
    free(ev.text);

    /* the last part_end comes from platen_multipart_end() */
    memset(&ev, 0, sizeof(ev));
    ev.stop_at = 2;
    rc = run(&ev, BOUNDARY, &limits, last, sizeof(last) - 1, sizeof(last) - 1, 1);
    assert_int_equal(rc, PLATEN_MULTIPART_STOPPED);
    assert_int_equal(ev.calls, 2);
    free(ev.text);
}

struct slices {
    const unsigned char *from;
    const unsigned char *to;
    unsigned             foreign;
};

static int
slices_begin(void *data, const platen_multipart_part_t *part)
{
    (void) data;
    (void) part;
    return 0;
}

static int
slices_data(void *data, const unsigned char *p, size_t n)
{
    struct slices *s = data;

    s->foreign += p < s->from || p + n > s->to;
    return 0;
}

static int
slices_end(void *data)
{
    (void) data;
    return 0;
}

/* Data is not copied: its slices lie in the caller's buffer. */
static void
test_no_copy(void **state)
{
    static const platen_multipart_handler_t own = { slices_begin, slices_data, slices_end };
    static const unsigned char body[] = OPEN FIELD "\r\n1\r\n--AaB\r\r\r\n\r\n--Aa\r\n-" CLOSE;
    platen_multipart_t                       mp;
    struct slices                            s = { body, body + sizeof(body), 0 };

    (void) state;

    platen_multipart_init(&mp, BOUNDARY, strlen(BOUNDARY), &own, &s, &limits);
    assert_int_equal(platen_multipart_feed(&mp, body, sizeof(body) - 1), PLATEN_MULTIPART_OK);
    assert_int_equal(platen_multipart_end(&mp), PLATEN_MULTIPART_OK);
    assert_int_equal(s.foreign, 0);
}

static void
test_strerror(void **state)
{
    const char *text;
    int         i, j;

    (void) state;

    for (i = PLATEN_MULTIPART_OK; i <= PLATEN_MULTIPART_TRUNCATED; i++) {
        text = platen_multipart_strerror(i);
        assert_non_null(text);
        assert_true(strlen(text) > 20);
        assert_int_equal(text[strlen(text) - 1], '.');
        for (j = PLATEN_MULTIPART_OK; j < i; j++)
            assert_string_not_equal(text, platen_multipart_strerror(j));
    }

    assert_non_null(platen_multipart_strerror(-1));
    assert_non_null(platen_multipart_strerror(PLATEN_MULTIPART_TRUNCATED + 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_bad_boundary),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_no_parts),
        cmocka_unit_test(test_empty_part),
        cmocka_unit_test(test_look_alikes),
        cmocka_unit_test(test_dashes_boundary),
        cmocka_unit_test(test_longest_boundary),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_preamble_and_epilogue),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_bare_line_ends),
        cmocka_unit_test(test_many_parts),
        cmocka_unit_test(test_parts_limit),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_no_copy),
        cmocka_unit_test(test_strerror),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
