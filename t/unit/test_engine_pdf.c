/*
 * The engines that read PDF (poppler, mupdf, qpdf), executed in the sandbox that
 * they get, on small documents and on broken and encrypted ones.
 */

#include "engine_run.h"
#include "pdf_bytes.h"

static engine_fixture_t fixture;

#define RUN                                                                                    \
    {                                                                                          \
        .fixture = &fixture                                                                    \
    }

static int
setup(void **state)
{
    (void) state;
    return engine_fixture_open(&fixture);
}

static int
teardown(void **state)
{
    (void) state;
    engine_fixture_close(&fixture);
    return 0;
}

static void
test_poppler(void **state)
{
    const platen_engine_t *e = &platen_engine_poppler;
    engine_run_t           run = RUN, exact = RUN;
    size_t                 pdflen, len;
    char                  *pdf, *out;

    (void) state;
    engine_require(&fixture, e);
    pdf = pdf_make(2, &pdflen);

    out = engine_result(&run, e, "pdf", "txt", pdf, pdflen, &len);
    assert_non_null(strstr(out, "Page 1 of the test\n"));
    assert_non_null(strstr(out, "Page 2 of the test\n"));
    assert_null(strchr(out, '\f'));
    free(out);

    engine_option(&exact, PLATEN_OPTION_LAYOUT, "exact");
    out = engine_result(&exact, e, "pdf", "html", pdf, pdflen, &len);
    assert_non_null(strstr(out, "charset=UTF-8"));
    assert_null(strstr(out, fixture.root)); /* which it would take for a title */
    free(out);
    free(pdf);
}

static void
test_poppler_images(void **state)
{
    const platen_engine_t *e = &platen_engine_poppler;
    engine_run_t           one = RUN, many = RUN, wide = RUN;
    size_t                 len;
    char                  *pdf;

    (void) state;
    engine_require(&fixture, e);

    pdf = pdf_make(1, &len);
    assert_int_equal(engine_convert(&one, e, "pdf", "png", pdf, len), PLATEN_EXIT_DONE);
    assert_int_equal(engine_png_width(&one, "in-1.png"), 625); /* 300 points at 150 dpi */
    free(pdf);

    pdf = pdf_make(11, &len);
    engine_option(&many, PLATEN_OPTION_RESOLUTION, "36");
    assert_int_equal(engine_convert(&many, e, "pdf", "png", pdf, len), PLATEN_EXIT_DONE);
    assert_int_equal(engine_png_width(&many, "in-01.png"), 150);
    assert_int_equal(engine_png_width(&many, "in-11.png"), 150);
    engine_option(&wide, PLATEN_OPTION_WIDTH, "77");
    engine_option(&wide, PLATEN_OPTION_RESOLUTION, "300");
    assert_int_equal(engine_convert(&wide, e, "pdf", "png", pdf, len), PLATEN_EXIT_DONE);
    assert_int_equal(engine_png_width(&wide, "in-01.png"), 77);
    free(pdf);
}

static void
test_mupdf(void **state)
{
    const platen_engine_t *e = &platen_engine_mupdf;
    engine_run_t           run = RUN;
    size_t                 pdflen, len;
    char                  *pdf, *out;

    (void) state;
    engine_require(&fixture, e);
    pdf = pdf_make(2, &pdflen);
    out = engine_result(&run, e, "pdf", "docx", pdf, pdflen, &len);
    assert_memory_equal(out, "PK", 2);
    free(out);
    out = engine_result(&run, e, "pdf", "html", pdf, pdflen, &len);
    assert_true(engine_has(out, len, "<p>Page 2 of the test"));
    free(out);
    free(pdf);
}

/* What both find wrong with a PDF. */
static void
test_pdf_ends(void **state)
{
    static const struct {
        const platen_engine_t *engine;
        const char            *to;
    } readers[] = {
        { &platen_engine_poppler, "txt" }, { &platen_engine_poppler, "html" },
        { &platen_engine_poppler, "png" }, { &platen_engine_mupdf, "docx" },
        { &platen_engine_mupdf, "html" },
    };
    static const char zero[] = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
                               "2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
                               "trailer\n<< /Root 1 0 R /Size 3 >>\n";
    static const char vast[] = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
                               "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
                               "3 0 obj\n<< /Type /Page /Parent 2 0 R"
                               " /MediaBox [0 0 90000 90000] >>\nendobj\n"
                               "trailer\n<< /Root 1 0 R /Size 4 >>\n";
    engine_run_t      run = RUN;
    char              bytes[ENGINE_NOISE], *pdf, *locked = NULL, err[256];
    size_t            i, len, lockedlen = 0;

    (void) state;
    engine_require(&fixture, &platen_engine_poppler);
    engine_require(&fixture, &platen_engine_mupdf);
    engine_noise(bytes);
    pdf = pdf_make(2, &len);
    if (platen_engine_qpdf.probe(&platen_engine_qpdf, &fixture.config, err, sizeof(err))
        == PLATEN_OK) {
        engine_option(&run, PLATEN_OPTION_OUTPUT_PASSWORD, "secret");
        locked = engine_result(&run, &platen_engine_qpdf, "pdf", "pdf", pdf, len, &lockedlen);
    }
    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        const platen_engine_t *e = readers[i].engine;
        const char            *to = readers[i].to;

        engine_ends(&fixture, e, "pdf", to, bytes, sizeof(bytes), PLATEN_EXIT_CORRUPT);
        engine_ends(&fixture, e, "pdf", to, "", 0, PLATEN_EXIT_CORRUPT);
        engine_ends(&fixture, e, "pdf", to, pdf, 100, PLATEN_EXIT_CORRUPT);
        engine_ends(&fixture, e, "pdf", to, zero, strlen(zero), PLATEN_EXIT_EMPTY);
        if (locked != NULL) {
            engine_ends(&fixture, e, "pdf", to, locked, lockedlen, PLATEN_EXIT_ENCRYPTED);
        }
    }
    engine_ends(&fixture, &platen_engine_poppler, "pdf", "png", vast, strlen(vast),
                PLATEN_EXIT_TOO_LARGE);
    free(locked);
    free(pdf);
}

/* The text of a PDF, by poppler; the caller frees it. */
static char *
pdf_text(const char *pdf, size_t len)
{
    engine_run_t run = RUN;
    size_t       n;

    return engine_result(&run, &platen_engine_poppler, "pdf", "txt", pdf, len, &n);
}

static void
test_qpdf_pages(void **state)
{
    const platen_engine_t *e = &platen_engine_qpdf;
    engine_run_t           run = RUN, beyond = RUN;
    size_t                 len, outlen;
    char                  *pdf, *out, *text;

    (void) state;
    engine_require(&fixture, e);
    engine_require(&fixture, &platen_engine_poppler);
    pdf = pdf_make(9, &len);
    engine_option(&run, PLATEN_OPTION_PAGES, "2-3,5,8-");
    out = engine_result(&run, e, "pdf", "pdf", pdf, len, &outlen);
    text = pdf_text(out, outlen);
    assert_null(strstr(text, "Page 1 "));
    assert_non_null(strstr(text, "Page 2 "));
    assert_non_null(strstr(text, "Page 3 "));
    assert_null(strstr(text, "Page 4 "));
    assert_non_null(strstr(text, "Page 5 "));
    assert_null(strstr(text, "Page 7 "));
    assert_non_null(strstr(text, "Page 9 "));
    free(text);
    free(out);

    engine_option(&beyond, PLATEN_OPTION_PAGES, "8-10");
    assert_int_equal(engine_convert(&beyond, e, "pdf", "pdf", pdf, len), PLATEN_EXIT_EMPTY);
    free(pdf);
}

static void
test_qpdf_passwords(void **state)
{
    const platen_engine_t *e = &platen_engine_qpdf;
    const char            *secret = "-p\"\\ \xc3\xa9'@";
    engine_run_t           lock = RUN, open = RUN, wrong = RUN, none = RUN;
    char                   path[sizeof(lock.dir) + 16];
    struct stat            st;
    size_t                 len, lockedlen, outlen;
    char                  *pdf, *locked, *out, *text;

    (void) state;
    engine_require(&fixture, e);
    engine_require(&fixture, &platen_engine_poppler);
    pdf = pdf_make(2, &len);

    engine_option(&lock, PLATEN_OPTION_OUTPUT_PASSWORD, secret);
    locked = engine_result(&lock, e, "pdf", "pdf", pdf, len, &lockedlen);
    assert_true(engine_has(locked, lockedlen, "/AESV3"));
    assert_false(engine_has(locked, lockedlen, "Page 1"));
    assert_null(strstr(lock.argv, secret));
    snprintf(path, sizeof(path), "%s/job.json", lock.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    engine_option(&open, PLATEN_OPTION_PASSWORD, secret);
    out = engine_result(&open, e, "pdf", "pdf", locked, lockedlen, &outlen);
    text = pdf_text(out, outlen);
    assert_non_null(strstr(text, "Page 2"));
    free(text);
    free(out);

    engine_option(&wrong, PLATEN_OPTION_PASSWORD, "wrong");
    assert_int_equal(engine_convert(&wrong, e, "pdf", "pdf", locked, lockedlen),
                     PLATEN_EXIT_PASSWORD);
    engine_option(&none, PLATEN_OPTION_PAGES, "1");
    assert_int_equal(engine_convert(&none, e, "pdf", "pdf", locked, lockedlen),
                     PLATEN_EXIT_PASSWORD);

    /* A password that was not needed does no harm. */
    assert_int_equal(engine_convert(&open, e, "pdf", "pdf", pdf, len), PLATEN_EXIT_DONE);
    free(locked);
    free(pdf);
}

static void
test_qpdf_damaged(void **state)
{
    const platen_engine_t *e = &platen_engine_qpdf;
    engine_run_t           run = RUN;
    char                   bytes[ENGINE_NOISE], *pdf;
    size_t                 len;

    (void) state;
    engine_require(&fixture, e);
    engine_noise(bytes);
    pdf = pdf_make(2, &len);
    engine_option(&run, PLATEN_OPTION_PAGES, "1");
    memcpy(strstr(pdf, "startxref"), "startxxxx", 9);
    assert_int_equal(engine_convert(&run, e, "pdf", "pdf", pdf, len), PLATEN_EXIT_DONE);
    assert_int_equal(WEXITSTATUS(run.wstatus), 3);
    assert_int_equal(engine_convert(&run, e, "pdf", "pdf", pdf, 100), PLATEN_EXIT_CORRUPT);
    assert_int_equal(engine_convert(&run, e, "pdf", "pdf", bytes, sizeof(bytes)),
                     PLATEN_EXIT_CORRUPT);
    free(pdf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poppler),      cmocka_unit_test(test_poppler_images),
        cmocka_unit_test(test_mupdf),        cmocka_unit_test(test_pdf_ends),
        cmocka_unit_test(test_qpdf_pages),   cmocka_unit_test(test_qpdf_passwords),
        cmocka_unit_test(test_qpdf_damaged),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
