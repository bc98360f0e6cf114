/*
 * The pandoc engine, executed in the sandbox that it gets: what it makes of
 * small documents, what it does not read, and how it fails.
 */

#include "engine_run.h"

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

#define MD                                                                                     \
    "# Caf\xc3\xa9\n\nSome **bold** text, ~~gone~~.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"    \
    "![far](http://127.0.0.1:9/x.png) ![near](file:///etc/passwd)\n"

/* Items, as this pandoc writes them: since 3.0 a mark and one blank, before that three. */
static const char *
items(const char *text)
{
    static char out[256];
    char        line[64] = "";
    FILE       *version = popen("/usr/bin/pandoc --version", "r");
    size_t      n = 0;

    assert_non_null(version);
    assert_non_null(fgets(line, sizeof(line), version));
    while (fgetc(version) != EOF) {
    }
    (void) pclose(version);
    assert_int_equal(strncmp(line, "pandoc ", 7), 0);
    for (; *text != '\0'; text++) {
        assert_true(n + 4 < sizeof(out));
        out[n++] = *text;
        if (strncmp(text, "- ", 2) == 0 && strtol(line + 7, NULL, 10) < 3) {
            out[n++] = ' ';
            out[n++] = ' ';
        }
    }
    out[n] = '\0';
    return out;
}

static void
test_pandoc_text(void **state)
{
    const platen_engine_t *e = &platen_engine_pandoc;
    engine_run_t           run = RUN;
    size_t                 len;
    char                  *out;

    (void) state;
    engine_require(&fixture, e);

    out = engine_result(&run, e, "md", "html", MD, strlen(MD), &len);
    assert_true(engine_has(out, len, "<meta charset=\"utf-8\""));
    assert_true(engine_has(out, len, "<title>Caf\xc3\xa9</title>"));
    assert_true(engine_has(out, len, "<table>"));
    assert_true(engine_has(out, len, "<del>gone</del>"));
    assert_true(engine_has(out, len, "src=\"http://127.0.0.1:9/x.png\""));
    assert_false(engine_has(out, len, "root:"));
    free(out);

    engine_converts(&fixture, e, "md", "txt", MD, "Some bold text");
    engine_converts(&fixture, e, "md", "rst", MD, "Some **bold** text");
    engine_converts(&fixture, e, "md", "html", "---\ntitle: This & that\n---\n\nHi\n",
                    "<title>This &amp; that</title>");
    engine_converts(&fixture, e, "html", "md", "<h1>A</h1><p>b <i>c</i></p>", "# A\n\nb *c*");
    engine_converts(&fixture, e, "html", "txt", "<h1>A</h1><p>b <i>c</i></p>", "b c");
    engine_converts(&fixture, e, "rst", "md", "Title\n=====\n\n* one\n",
                    items("# Title\n\n- one"));
    engine_converts(&fixture, e, "rtf", "md", "{\\rtf1\\ansi Hello {\\b bold}\\par}",
                    "Hello **bold**");

    /* A title is on the page, or it is not. */
    engine_converts(&fixture, e, "md", "txt", "---\ntitle: T\nauthor: Me\n---\n\nHi\n",
                    "T\n\nMe\n\nHi");
    engine_converts(&fixture, e, "md", "rst", "---\ntitle: T\n---\n\n# A\n", "T\n=\n\nA\n-\n");
    engine_converts(&fixture, e, "html", "md", "<title>T</title><p>Hi</p>", "Hi");

    /* Not UTF-8: as Latin-1. */
    engine_converts(&fixture, e, "html", "md", "<p>caf\xe9</p>", "caf\xc3\xa9");

    /* Looks are left behind, what is in the document is described. */
    engine_converts(&fixture, e, "html", "md",
                    "<div class=x><p><span style='color:red'>red</span> "
                    "<img alt=dot src='data:image/png;base64,iVBORw0KGgo='>.</p></div>",
                    "red dot.");
    engine_converts(&fixture, e, "html", "md",
                    "<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr>"
                    "<tr><td>d</td><td>e</td></tr></table>",
                    "a<br>b");
    engine_converts(&fixture, e, "html", "md",
                    "<table><tr><td><h1>A</h1><a href=x target=_blank>b</a></td></tr></table>",
                    "# A\n\n[b](x)\n");
}

static void
test_pandoc_flavour(void **state)
{
    const platen_engine_t *e = &platen_engine_pandoc;
    engine_run_t           gfm = RUN, commonmark = RUN, own = RUN;
    const char             table[] = "| a | b |\n|---|---|\n| 1 | 2 |\n";
    size_t                 len;
    char                  *out;

    (void) state;
    engine_require(&fixture, e);

    out = engine_result(&gfm, e, "md", "html", table, strlen(table), &len);
    assert_true(engine_has(out, len, "<table>"));
    free(out);
    engine_option(&commonmark, PLATEN_OPTION_MARKDOWN_FLAVOUR, "commonmark");
    out = engine_result(&commonmark, e, "md", "html", table, strlen(table), &len);
    assert_false(engine_has(out, len, "<table>"));
    free(out);
    engine_option(&own, PLATEN_OPTION_MARKDOWN_FLAVOUR, "markdown");
    out = engine_result(&own, e, "html", "md", "<p>x<sub>2</sub></p>", 20, &len);
    assert_true(engine_has(out, len, "x~2~"));
    free(out);
}

/* A picture of one pixel. */
#define DOT                                                                                    \
    "data:image/"                                                                              \
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"          \
    "hgGAWjR9awAAAABJRU5ErkJggg=="

/* What it makes it can read again, and an image in it comes along. */
static void
test_pandoc_packages(void **state)
{
    static const char *const names[] = { "docx", "odt", "epub" };
    const platen_engine_t   *e = &platen_engine_pandoc;
    const char              *html = "<h1>A</h1><p><b>bold</b> <img alt=dot src='" DOT "'> "
                                    "<img src='http://127.0.0.1:9/x.png'>"
                                    "<img src='file:///etc/passwd'><img src='/etc/passwd'>"
                                    "<iframe src='file:///etc/passwd'></iframe></p>";
    size_t                   i, len, len2;
    char                    *made, *out;

    (void) state;
    engine_require(&fixture, e);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        engine_run_t run = RUN;

        made = engine_result(&run, e, "html", names[i], html, strlen(html), &len);
        assert_memory_equal(made, "PK", 2);
        assert_true(engine_has(made, len, ".png"));
        out = engine_result(&run, e, names[i], "md", made, len, &len2);
        assert_true(engine_has(out, len2, "# A"));
        assert_true(engine_has(out, len2, "**bold**"));
        assert_false(engine_has(out, len2, "root:"));
        free(out);
        out = engine_result(&run, e, names[i], "html", made, len, &len2);
        assert_true(engine_has(out, len2, DOT));
        assert_false(engine_has(out, len2, "root:"));
        free(out);
        free(made);
    }
}

/* What pandoc writes, MuPDF sets. */
static void
test_epub_pdf(void **state)
{
    const char  *md = "# A\n\nText\n";
    engine_run_t run = RUN;
    size_t       len, len2;
    char        *epub, *pdf;

    (void) state;
    engine_require(&fixture, &platen_engine_pandoc);
    engine_require(&fixture, &platen_engine_mupdf);
    epub = engine_result(&run, &platen_engine_pandoc, "md", "epub", md, strlen(md), &len);
    pdf = engine_result(&run, &platen_engine_mupdf, "epub", "pdf", epub, len, &len2);
    assert_memory_equal(pdf, "%PDF-", 5);
    engine_ends(&fixture, &platen_engine_mupdf, "epub", "pdf", epub, len / 2,
                PLATEN_EXIT_CORRUPT);
    free(pdf);
    free(epub);
}

/* The pages of a PDF, as mutool gives them: headings, lists and words of one text. */
static void
test_pandoc_pages(void **state)
{
    const platen_engine_t *e = &platen_engine_pandoc;
    const char            *html = "<div id=\"page1\"><h2>Big</h2>"
                                  "<p>Some text of the document, with exam- ple words.</p>"
                                  "<p><b>1.1 Bold line</b></p>"
                                  "<p>More text, much more than there is of anything else.</p>"
                                  "<p>\xe2\x80\xa2 one</p></div>"
                                  "<div id=\"page2\"><p>\xe2\x80\xa2 two \xe2\x80\xa2 three</p>"
                                  "<p>Chapter 1 . . . . . . 5</p><h1> </h1></div>";

    (void) state;
    engine_require(&fixture, e);
    engine_converts(&fixture, e, "html", "md", html,
                    "# Big\n\nSome text of the document, with example words.\n\n"
                    "## 1.1 Bold line\n\nMore text");
    engine_converts(&fixture, e, "html", "md", html,
                    items("- one\n- two\n- three\n\nChapter 1 . ."));
    /* All in large letters: then that is the text. */
    engine_converts(&fixture, e, "html", "md",
                    "<div id=page1><h1>A</h1><h1>Long enough</h1></div>", "A\n\nLong enough\n");
}

/* A document names files; none of them is read, and it is converted. */
static void
test_pandoc_reads_nothing(void **state)
{
    const platen_engine_t *e = &platen_engine_pandoc;
    const char             rst[] = "Hi\n\n.. include:: /etc/passwd\n\n.. image:: /etc/passwd\n";
    const char             csv[] = "Hi\n\n.. csv-table::\n   :file: /etc/passwd\n";
    const char             md[] = "---\ntitle: Hi\ncss: /etc/passwd\ncover-image: /etc/passwd\n"
                                  "bibliography: /etc/passwd\n---\n\nHi\n";
    static const char *const names[] = { "html", "docx", "epub" };
    size_t                   i, len;
    char                    *out;

    (void) state;
    engine_require(&fixture, e);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        engine_run_t run = RUN;

        out = engine_result(&run, e, "rst", names[i], rst, strlen(rst), &len);
        assert_false(engine_has(out, len, "root:"));
        free(out);
        out = engine_result(&run, e, "md", names[i], md, strlen(md), &len);
        assert_false(engine_has(out, len, "root:"));
        assert_false(engine_has(out, len, "/etc/passwd"));
        free(out);
        engine_ends(&fixture, e, "rst", names[i], csv, strlen(csv), PLATEN_EXIT_FAILED);
    }
}

static void
test_pandoc_ends(void **state)
{
    const platen_engine_t *e = &platen_engine_pandoc;
    char                   bytes[ENGINE_NOISE], *large;
    size_t                 i, len = 1 << 20;

    (void) state;
    engine_require(&fixture, e);
    engine_noise(bytes);
    engine_ends(&fixture, e, "docx", "md", bytes, sizeof(bytes), PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "docx", "md", "", 0, PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "odt", "md", bytes, sizeof(bytes), PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "epub", "md", bytes, sizeof(bytes), PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "md", "html", bytes, sizeof(bytes), PLATEN_EXIT_DONE);
    engine_ends(&fixture, e, "md", "html", "", 0, PLATEN_EXIT_DONE);
    assert_int_equal(platen_engine_exit(e, 97, ""), PLATEN_EXIT_SETUP);

    large = malloc(len);
    assert_non_null(large);
    for (i = 0; i < len; i++) {
        large[i] = "*a* "[i % 4];
    }
    fixture.config.memory = 64 << 20;
    engine_ends(&fixture, e, "md", "html", large, len, PLATEN_EXIT_MEMORY);
    fixture.config.memory = 0;
    free(large);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pandoc_text),  cmocka_unit_test(test_pandoc_flavour),
        cmocka_unit_test(test_pandoc_pages), cmocka_unit_test(test_pandoc_packages),
        cmocka_unit_test(test_epub_pdf),     cmocka_unit_test(test_pandoc_reads_nothing),
        cmocka_unit_test(test_pandoc_ends),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
