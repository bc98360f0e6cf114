/*
 * Unit tests of ngx_module/ingest/multipart.h: the request's Content-Type
 * and the headers of parts.  How they run a body, and who owns what:
 * multipart_events.h.
 */

#include "multipart_events.h"

static void
expect_disposition(const char *params, int code, const char *events)
{
    char lines[512];

    snprintf(lines, sizeof(lines), "Content-Disposition: form-data%s\r\n", params);
    expect_header(lines, code, events);
}

static void
expect_boundary(const char *type, int code, const char *boundary)
{
    char   out[PLATEN_MULTIPART_BOUNDARY_MAX + 1];
    size_t len = 0, n = strlen(type);
    char  *copy = malloc(n + 1);

    assert_non_null(copy);
    memcpy(copy, type, n);
    copy = realloc(copy, n > 0 ? n : 1); /* without the NUL */
    assert_non_null(copy);

    assert_int_equal(platen_multipart_boundary(copy, n, out, &len), code);
    if (code == PLATEN_MULTIPART_OK) {
        assert_string_equal(out, boundary);
        assert_int_equal(len, strlen(boundary));
    }
    free(copy);
}

static void
test_boundary(void **state)
{
    (void) state;

    expect_boundary("multipart/form-data; boundary=AaB03x", PLATEN_MULTIPART_OK, "AaB03x");
    expect_boundary("  Multipart/FORM-data;BOUNDARY=x \t", PLATEN_MULTIPART_OK, "x");
    expect_boundary("multipart/form-data ; charset=utf-8 ;; boundary=x ;", PLATEN_MULTIPART_OK,
                    "x");
    expect_boundary("multipart/form-data; a=\"boundary=y; boundary=z\"; boundary=x",
                    PLATEN_MULTIPART_OK, "x");
    expect_boundary("multipart/form-data; boundary=\"a b'()+_,-./:=?\"", PLATEN_MULTIPART_OK,
                    "a b'()+_,-./:=?");
    expect_boundary("multipart/form-data; boundary=\"a\\b\\:\"", PLATEN_MULTIPART_OK, "ab:");
    expect_boundary("multipart/form-data; boundary=" S70, PLATEN_MULTIPART_OK, S70);
    expect_boundary("multipart/form-data; boundary=\"\\0" S70 "\"",
                    PLATEN_MULTIPART_BOUNDARY_TOO_LONG, NULL);
    expect_boundary("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
                    PLATEN_MULTIPART_OK, "----WebKitFormBoundary7MA4YWxkTrZu0gW");
}

/* fault 38 */
static void
test_boundary_errors(void **state)
{
    (void) state;

    expect_boundary("", PLATEN_MULTIPART_NOT_FORM_DATA, NULL);
    expect_boundary("multipart/mixed; boundary=x", PLATEN_MULTIPART_NOT_FORM_DATA, NULL);
    expect_boundary("multipart/form-dat", PLATEN_MULTIPART_NOT_FORM_DATA, NULL);
    expect_boundary("multipart/form-data2; boundary=x", PLATEN_MULTIPART_NOT_FORM_DATA, NULL);
    expect_boundary("multipart/form-data, a/b; boundary=x", PLATEN_MULTIPART_NOT_FORM_DATA,
                    NULL);

    expect_boundary("multipart/form-data", PLATEN_MULTIPART_NO_BOUNDARY, NULL);
    expect_boundary("multipart/form-data;", PLATEN_MULTIPART_NO_BOUNDARY, NULL);
    expect_boundary("multipart/form-data; boundar=x", PLATEN_MULTIPART_NO_BOUNDARY, NULL);
    expect_boundary("multipart/form-data; boundary=", PLATEN_MULTIPART_NO_BOUNDARY, NULL);
    expect_boundary("multipart/form-data; boundary=\"\"", PLATEN_MULTIPART_NO_BOUNDARY, NULL);

    expect_boundary("multipart/form-data; boundary=x; boundary=y",
                    PLATEN_MULTIPART_DUPLICATE_BOUNDARY, NULL);
    expect_boundary("multipart/form-data; boundary=x; Boundary=\"x\"",
                    PLATEN_MULTIPART_DUPLICATE_BOUNDARY, NULL);

    expect_boundary("multipart/form-data; boundary=" S70 "1",
                    PLATEN_MULTIPART_BOUNDARY_TOO_LONG, NULL);
    expect_boundary("multipart/form-data; boundary=\"" S70 "1\"",
                    PLATEN_MULTIPART_BOUNDARY_TOO_LONG, NULL);

    expect_boundary("multipart/form-data; boundary=a/b", PLATEN_MULTIPART_BAD_BOUNDARY, NULL);
    expect_boundary("multipart/form-data; boundary=a!b", PLATEN_MULTIPART_BAD_BOUNDARY, NULL);
    expect_boundary("multipart/form-data; boundary=\"a!b\"", PLATEN_MULTIPART_BAD_BOUNDARY,
                    NULL);
    expect_boundary("multipart/form-data; boundary=\"a \"", PLATEN_MULTIPART_BAD_BOUNDARY,
                    NULL);
    expect_boundary("multipart/form-data; boundary=\"a\r\nb\"", PLATEN_MULTIPART_BAD_BOUNDARY,
                    NULL);
    expect_boundary("multipart/form-data; boundary=\"a\\\"b\"", PLATEN_MULTIPART_BAD_BOUNDARY,
                    NULL);
    expect_boundary("multipart/form-data; boundary=\xc3\xa9", PLATEN_MULTIPART_BAD_BOUNDARY,
                    NULL);

    expect_boundary("multipart/form-data; boundary=\"a", PLATEN_MULTIPART_BAD_CONTENT_TYPE,
                    NULL);
    expect_boundary("multipart/form-data; boundary=\"a\\\"", PLATEN_MULTIPART_BAD_CONTENT_TYPE,
                    NULL);
    expect_boundary("multipart/form-data; boundary=\"a\\", PLATEN_MULTIPART_BAD_CONTENT_TYPE,
                    NULL);
    expect_boundary("multipart/form-data; boundary=\"a\"b", PLATEN_MULTIPART_BAD_CONTENT_TYPE,
                    NULL);
    expect_boundary("multipart/form-data; boundary=a b", PLATEN_MULTIPART_BAD_CONTENT_TYPE,
                    NULL);
    expect_boundary("multipart/form-data; boundary", PLATEN_MULTIPART_BAD_CONTENT_TYPE, NULL);
    expect_boundary("multipart/form-data; =x", PLATEN_MULTIPART_BAD_CONTENT_TYPE, NULL);
    expect_boundary("multipart/form-data boundary=x", PLATEN_MULTIPART_BAD_CONTENT_TYPE, NULL);
}

static void
test_boundary_nul(void **state)
{
    char   out[PLATEN_MULTIPART_BOUNDARY_MAX + 1];
    size_t len;

    (void) state;

    assert_int_equal(
        platen_multipart_boundary("multipart/form-data; boundary=\"a\0b\"", 35, out, &len),
        PLATEN_MULTIPART_BAD_BOUNDARY);
}

static void
test_bad_headers(void **state)
{
    static const char nul[] = OPEN FIELD "X: a\0b\r\n\r\n1" CLOSE;
    static const char nul_name[] = OPEN "Content-Disposition: form-data; name=\"a\0b\"\r\n"
                                        "\r\n1" CLOSE;

    (void) state;

    expect_n(BOUNDARY, &limits, nul, sizeof(nul) - 1, PLATEN_MULTIPART_BAD_HEADER, "");
    expect_n(BOUNDARY, &limits, nul_name, sizeof(nul_name) - 1, PLATEN_MULTIPART_BAD_HEADER,
             "");

    expect_header("Content-Disposition: form-data;\r\n name=a\r\n", PLATEN_MULTIPART_BAD_HEADER,
                  "");
    expect_header(" " FIELD, PLATEN_MULTIPART_BAD_HEADER, "");
    expect_header(FIELD "\tX\r\n", PLATEN_MULTIPART_BAD_HEADER, "");
    expect_header(FIELD "X\r\n", PLATEN_MULTIPART_BAD_HEADER, "");
    expect_header(FIELD ": x\r\n", PLATEN_MULTIPART_BAD_HEADER, "");
    expect_header(FIELD "X : x\r\n", PLATEN_MULTIPART_BAD_HEADER, "");
    expect(OPEN "--" BOUNDARY "--\r\n\r\n", PLATEN_MULTIPART_BAD_HEADER, "");

    expect_header(FIELD FIELD, PLATEN_MULTIPART_DUPLICATE_HEADER, "");
    expect_header(FIELD "Content-Type: a/b\r\ncontent-type: a/b\r\n",
                  PLATEN_MULTIPART_DUPLICATE_HEADER, "");
    expect_header(FIELD "Content-Transfer-Encoding: 8bit\r\n"
                        "Content-Transfer-Encoding: 8bit\r\n",
                  PLATEN_MULTIPART_DUPLICATE_HEADER, "");

    /* others may repeat, and have any value */
    expect_header("X:\r\nX: \x01\xff\r\n" FIELD, PLATEN_MULTIPART_OK, "[a|-|-]x(1)");
}

static void
test_bad_disposition(void **state)
{
    (void) state;

    expect_header("", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_header("Content-Type: text/plain\r\n", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_header("Content-Disposition: attachment; name=a\r\n",
                  PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_header("Content-Disposition:\r\n", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("x; name=a", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition(" name=a", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name=\"a", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name=\"a\\\"", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name=\"a\"b", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name=a\"b\"", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name=a b", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name =a", PLATEN_MULTIPART_BAD_DISPOSITION, "");

    expect_disposition("; name=a; Name=a", PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name=a; filename=b; filename=b", PLATEN_MULTIPART_BAD_DISPOSITION,
                       "");
    expect_disposition("; name=a; filename*=UTF-8''b; filename*=UTF-8''b",
                       PLATEN_MULTIPART_BAD_DISPOSITION, "");

    expect_disposition("", PLATEN_MULTIPART_NO_NAME, "");
    expect_disposition("; filename=b", PLATEN_MULTIPART_NO_NAME, "");
    expect_disposition("; filename=\"; name=a\"", PLATEN_MULTIPART_NO_NAME, "");
}

static void
test_names(void **state)
{
    (void) state;

    expect_disposition(" ;name=a ;; filename=b.txt; other=\"\\\"; name=c\" ;",
                       PLATEN_MULTIPART_OK, "[a|b.txt|-]x(1)");
    expect_disposition("; name=\"\"; filename=\"\"", PLATEN_MULTIPART_OK, "[||-]x(1)");
    expect_disposition("; name=; filename=", PLATEN_MULTIPART_OK, "[||-]x(1)");
    expect_disposition("; filename=b/c.txt; name=a", PLATEN_MULTIPART_OK, "[a|b/c.txt|-]x(1)");

    /* backslashes: only \" and \\ are escapes */
    expect_disposition("; name=\"a\\\"b\"; filename=\"\\\"q\\\".txt\"", PLATEN_MULTIPART_OK,
                       "[a\"b|\"q\".txt|-]x(1)");
    expect_disposition("; name=a; filename=\"C:\\x\\new.doc\"", PLATEN_MULTIPART_OK,
                       "[a|C:\\x\\new.doc|-]x(1)");
    expect_disposition("; name=a; filename=\"\\\\\\\\host\\x\\\\\"", PLATEN_MULTIPART_OK,
                       "[a|\\\\host\\x\\|-]x(1)");

    /* percent-escapes: only those that browsers write, decoded once */
    expect_disposition("; name=\"%22%0D%0A\"; filename=\"100%25 %22x%22%2\"",
                       PLATEN_MULTIPART_OK, "[\"\r\n|100%25 \"x\"%2|-]x(1)");
    expect_disposition("; name=\"%0d%\"; filename=\"%%222\"", PLATEN_MULTIPART_OK,
                       "[%0d%|%\"2|-]x(1)");
    expect_disposition("; name=\"\\\\%22\"; filename=%22", PLATEN_MULTIPART_OK,
                       "[\\\"|%22|-]x(1)");

    /* raw bytes, whatever their encoding */
    expect_disposition("; name=a; filename=\"\xc3\xa9\xff\x01\"", PLATEN_MULTIPART_OK,
                       "[a|\xc3\xa9\xff\x01|-]x(1)");
    expect_disposition("; name=a; filename=\xc3\xa9.txt", PLATEN_MULTIPART_OK,
                       "[a|\xc3\xa9.txt|-]x(1)");
}

static void
test_extended_filename(void **state)
{
    static const char *const malformed[] = {
        "UTF-8'b",          "UTF-8",      "utf-16''b",    "ISO-8859-1''%e9", "''b",
        "UTF-8''%",         "UTF-8''%4",  "UTF-8''%4g",   "UTF-8''%ff",      "UTF-8''%c3",
        "UTF-8''%00b",      "UTF-8''a/b", "\"UTF-8''b\"", "UTF-8''",         "UTF-8'e n'b",
        "UTF-8'en_US'b",    "UTF-8''b'c", "UTF-8''b*c",   "UTF-8''\xc3\xa9", "",
        "UTF-8''%ed%a0%80",
    };
    char   params[256];
    size_t i;

    (void) state;

    expect_disposition("; name=a; filename*=UTF-8''na%C3%AFve%20%22.txt", PLATEN_MULTIPART_OK,
                       "[a|na\xc3\xafve \".txt|-]x(1)");
    expect_disposition("; name=a; filename*=utf-8'en-GB'b!; filename=c", PLATEN_MULTIPART_OK,
                       "[a|b!|-]x(1)");
    expect_disposition("; name=a; filename=\"c\"; filename*=UTF-8''b%e2%82%aC",
                       PLATEN_MULTIPART_OK, "[a|b\xe2\x82\xac|-]x(1)");

    for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        if (strcmp(malformed[i], "UTF-8'e n'b") == 0)
            continue; /* no parameter any more: tested below */

        snprintf(params, sizeof(params), "; name=a; filename*=%s; filename=c", malformed[i]);
        expect_disposition(params, PLATEN_MULTIPART_OK, "[a|c|-]x(1)");
        snprintf(params, sizeof(params), "; name=a; filename=c; filename*=%s", malformed[i]);
        expect_disposition(params, PLATEN_MULTIPART_OK, "[a|c|-]x(1)");
        snprintf(params, sizeof(params), "; name=a; filename*=%s", malformed[i]);
        expect_disposition(params, PLATEN_MULTIPART_OK, "[a||-]x(1)");
    }

    expect_disposition("; name=a; filename*=UTF-8'e n'b", PLATEN_MULTIPART_BAD_DISPOSITION, "");
}

/* fault 38 */
static void
test_nested(void **state)
{
    (void) state;

    expect_header(FIELD "Content-Type: multipart/mixed; boundary=y\r\n",
                  PLATEN_MULTIPART_NESTED, "");
    expect_header("Content-type:Multipart/x\r\n" FIELD, PLATEN_MULTIPART_NESTED, "");
    expect_header(FIELD "Content-Type: multipart\r\n", PLATEN_MULTIPART_OK,
                  "[a|-|multipart]x(1)");
    expect_header(FIELD "Content-Type:\r\n", PLATEN_MULTIPART_OK, "[a|-|]x(1)");
}

static void
test_encoding(void **state)
{
    (void) state;

    expect_header(FIELD "Content-Transfer-Encoding: 7bit\r\n", PLATEN_MULTIPART_OK,
                  "[a|-|-]x(1)");
    expect_header(FIELD "Content-Transfer-Encoding: 8BIT\r\n", PLATEN_MULTIPART_OK,
                  "[a|-|-]x(1)");
    expect_header(FIELD "Content-Transfer-Encoding: base64\r\n", PLATEN_MULTIPART_BAD_ENCODING,
                  "");
    expect_header(FIELD "Content-Transfer-Encoding: quoted-printable\r\n",
                  PLATEN_MULTIPART_BAD_ENCODING, "");
    expect_header(FIELD "Content-Transfer-Encoding:\r\n", PLATEN_MULTIPART_BAD_ENCODING, "");
}

static void
test_header_limit(void **state)
{
    static const char body[] = OPEN FIELD "\r\n1" CLOSE;
    static char                     big[2 * PLATEN_MULTIPART_HEADER_MAX];
    platen_multipart_limits_t       lim = { 1, sizeof(FIELD) - 1 + 2 };
    struct events                   ev;
    size_t                          n, over;

    (void) state;

    expect_n(BOUNDARY, &lim, body, sizeof(body) - 1, PLATEN_MULTIPART_OK, "[a|-|-]1(1)");
    lim.max_header--;
    expect_n(BOUNDARY, &lim, body, sizeof(body) - 1, PLATEN_MULTIPART_HEADER_TOO_LARGE, "");
    lim.max_header = 1;
    expect_n(BOUNDARY, &lim, body, sizeof(body) - 1, PLATEN_MULTIPART_HEADER_TOO_LARGE, "");

    /* 0 and too much are both the most there is */
    for (over = 0; over <= 1; over++) {
        lim.max_header = over ? SIZE_MAX : 0;

        n = PLATEN_MULTIPART_HEADER_MAX - strlen(FIELD) - strlen("X: \r\n\r\n") + over;
        memset(big, 'x', sizeof(big));
        memcpy(big, OPEN FIELD "X: ", strlen(OPEN FIELD "X: "));
        strcpy(big + strlen(OPEN FIELD "X: ") + n, "\r\n\r\n1" CLOSE);

        memset(&ev, 0, sizeof(ev));
        assert_int_equal(run(&ev, BOUNDARY, &lim, big, strlen(big), 1, 1),
                         over ? PLATEN_MULTIPART_HEADER_TOO_LARGE : PLATEN_MULTIPART_OK);
        free(ev.text);

        memset(&ev, 0, sizeof(ev));
        assert_int_equal(run(&ev, BOUNDARY, &lim, big, strlen(big), strlen(big), 1),
                         over ? PLATEN_MULTIPART_HEADER_TOO_LARGE : PLATEN_MULTIPART_OK);
        free(ev.text);
    }
}

/* fault 40: what a hostile name may hold arrives whole, and as one name */
static void
test_hostile_filename(void **state)
{
    char params[512], events[512], name[301];

    (void) state;

    expect_disposition("; name=a; filename=\"../../etc/passwd\"", PLATEN_MULTIPART_OK,
                       "[a|../../etc/passwd|-]x(1)");
    expect_disposition("; name=a; filename=\"x%0D%0ASet-Cookie: a=b\"", PLATEN_MULTIPART_OK,
                       "[a|x\r\nSet-Cookie: a=b|-]x(1)");
    expect_disposition("; name=a; filename=\"x\r\nX-Evil: 1\"",
                       PLATEN_MULTIPART_BAD_DISPOSITION, "");
    expect_disposition("; name=a; filename=\"x\r\n\r\nbody\"", PLATEN_MULTIPART_BAD_DISPOSITION,
                       "");
    expect_disposition("; name=a; filename=\"x%00y\"", PLATEN_MULTIPART_OK, "[a|x%00y|-]x(1)");
    expect_disposition("; name=a; filename=\"\xe2\x80\xae"
                       "fdp.exe\"",
                       PLATEN_MULTIPART_OK,
                       "[a|\xe2\x80\xae"
                       "fdp.exe|-]x(1)");

    memset(name, 'n', 300);
    name[300] = '\0';
    snprintf(params, sizeof(params), "; name=a; filename=\"%s\"", name);
    snprintf(events, sizeof(events), "[a|%s|-]x(1)", name);
    expect_disposition(params, PLATEN_MULTIPART_OK, events);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boundary),          cmocka_unit_test(test_boundary_errors),
        cmocka_unit_test(test_boundary_nul),      cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_bad_disposition),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_extended_filename), cmocka_unit_test(test_nested),
        cmocka_unit_test(test_encoding),          cmocka_unit_test(test_header_limit),
        cmocka_unit_test(test_hostile_filename),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
