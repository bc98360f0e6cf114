/*
 * The engines that execute a program: their tables; those for images and for
 * tables of data, executed in the sandbox that they get; those of the
 * operator's; and the program that packs pages.  What is not installed is
 * skipped, with a message.  pandoc and the PDF tools have tests of their own.
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

static void
test_edges(void **state)
{
    static const platen_engine_t *const engines[] = {
        &platen_engine_pandoc, &platen_engine_poppler, &platen_engine_mupdf,
        &platen_engine_qpdf,   &platen_engine_image,   &platen_engine_tables,
    };
    const platen_engine_t *e;
    const platen_format_t *from, *to;
    size_t                 i, j, k;

    (void) state;
    for (k = 0; k < sizeof(engines) / sizeof(engines[0]); k++) {
        e = engines[k];
        assert_true(strlen(e->name) <= PLATEN_ENGINE_NAME_MAX);
        for (i = 0; i < e->nedges; i++) {
            from = platen_format_find(e->edges[i].from, strlen(e->edges[i].from));
            to = platen_format_find(e->edges[i].to, strlen(e->edges[i].to));
            assert_non_null(from);
            assert_non_null(to);
            assert_string_equal(from->name, e->edges[i].from);
            assert_string_equal(to->name, e->edges[i].to);
            assert_true(from != to || e->edges[i].options != 0
                        || e == &platen_engine_mupdf); /* which repairs a PDF */
            assert_true(e->edges[i].cost > 0);
            for (j = 0; j < i; j++) {
                assert_false(strcmp(e->edges[i].from, e->edges[j].from) == 0
                             && strcmp(e->edges[i].to, e->edges[j].to) == 0
                             && e->edges[i].rules == e->edges[j].rules);
            }
        }
    }
}

/* Switched off is missing, and the reason says by what. */
static void
test_switched_off(void **state)
{
    static const platen_engine_t *const engines[] = {
        &platen_engine_pandoc, &platen_engine_poppler, &platen_engine_mupdf,
        &platen_engine_qpdf,   &platen_engine_image,   &platen_engine_tables,
    };
    platen_config_t off = { .libexec_path = "/nonexistent" };
    char            err[256], key[64];
    size_t          k;

    (void) state;
    for (k = 0; k < sizeof(engines) / sizeof(engines[0]); k++) {
        assert_int_not_equal(engines[k]->probe(engines[k], &off, err, sizeof(err)), PLATEN_OK);
        snprintf(key, sizeof(key), "engines/%s/enabled", engines[k]->name);
        assert_non_null(strstr(err, key));
    }
    off.tables_enabled = 1;
    assert_int_not_equal(
        platen_engine_tables.probe(&platen_engine_tables, &off, err, sizeof(err)), PLATEN_OK);
    assert_non_null(strstr(err, "/nonexistent/platen-tables"));
}

static unsigned
count(const char *bytes, size_t len, const char *what)
{
    const char *p = bytes;
    unsigned    n = 0;

    while ((p = memmem(p, len - (size_t) (p - bytes), what, strlen(what))) != NULL) {
        n++;
        p += strlen(what);
    }
    return n;
}

static void
test_image_pdf(void **state)
{
    static const struct {
        const char *from, *path;
        unsigned    pages;
        const char *box; /* in points, by the image's resolution */
    } cases[] = {
        { "png", "t/data/red-300dpi.png", 1, "/MediaBox[0 0 7.2 4.8]" },
        { "jpeg", "t/data/red.jpeg", 1, "/MediaBox[0 0 7.2 4.8]" },
        { "tiff", "t/data/two-pages.tiff", 2, "/MediaBox[0 0 10 5]" },
    };
    const platen_engine_t *e = &platen_engine_image;
    size_t                 i, len, outlen;
    char                   bytes[ENGINE_NOISE], *image, *out;

    (void) state;
    engine_require(&fixture, e);
    engine_noise(bytes);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        engine_run_t run = RUN;

        image = engine_read(cases[i].path, &len);
        assert_non_null(image);
        out = engine_result(&run, e, cases[i].from, "pdf", image, len, &outlen);
        assert_int_equal(count(out, outlen, cases[i].box), cases[i].pages);
        free(out);
        engine_ends(&fixture, e, cases[i].from, "pdf", bytes, sizeof(bytes),
                    PLATEN_EXIT_CORRUPT);
        engine_ends(&fixture, e, cases[i].from, "pdf", "", 0, PLATEN_EXIT_CORRUPT);

        /* Larger than memory: the size stands where PNG has its first. */
        if (i == 0) {
            memcpy(image + 16, "\0\0\x75\x30\0\0\x75\x30", 8);
            engine_ends(&fixture, e, "png", "pdf", image, len, PLATEN_EXIT_TOO_LARGE);
        }
        free(image);
    }
}

#define SVG "<svg xmlns=\"http://www.w3.org/2000/svg\""

static void
test_image_svg(void **state)
{
    static const char ok[] = SVG " width=\"300\" height=\"100\"><text y=\"20\">hi</text></svg>";
    static const char huge[] = SVG " width=\"200000\" height=\"200000\"></svg>";
    static const char none[] = SVG "></svg>";
    static const char entity[] =
        "<!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" SVG
        " width=\"99\" height=\"99\"><text>&x;</text></svg>";
    static const char loop[] =
        "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\">"
        "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">"
        "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\">"
        "<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\"><!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;\">]>" SVG
        " width=\"99\" height=\"99\"><text>&g;&g;&g;</text></svg>";
    static const char far[] =
        SVG " width=\"99\" height=\"99\"><image href=\"http://127.0.0.1:9/x.png\" width=\"9\" "
            "height=\"9\"/><image href=\"file:///etc/passwd\" width=\"9\" height=\"9\"/></svg>";
    const platen_engine_t *e = &platen_engine_image;
    engine_run_t           run = RUN;
    char                   bytes[ENGINE_NOISE];

    (void) state;
    engine_require(&fixture, e);
    engine_noise(bytes);
    engine_converts(&fixture, e, "svg", "pdf", ok, "%PDF-");
    engine_converts(&fixture, e, "svg", "pdf", far, "%PDF-");
    engine_option(&run, PLATEN_OPTION_WIDTH, "120");
    assert_int_equal(engine_convert(&run, e, "svg", "png", ok, strlen(ok)), PLATEN_EXIT_DONE);
    assert_int_equal(engine_png_width(&run, "in.png"), 120);
    engine_ends(&fixture, e, "svg", "png", huge, strlen(huge), PLATEN_EXIT_TOO_LARGE);
    engine_ends(&fixture, e, "svg", "pdf", none, strlen(none), PLATEN_EXIT_EMPTY);
    engine_ends(&fixture, e, "svg", "pdf", entity, strlen(entity), PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "svg", "pdf", loop, strlen(loop), PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "svg", "pdf", bytes, sizeof(bytes), PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "svg", "pdf", "", 0, PLATEN_EXIT_CORRUPT);
}

static void
test_tables(void **state)
{
    const platen_engine_t *e = &platen_engine_tables;
    const char             json[] = "[{\"a\":\"\xc3\xa9\",\"b\":\"z\"}]";
    platen_config_t        without = { .duckdb_path = (char *) "" };
    engine_run_t           in = RUN, out = RUN;
    size_t                 len;
    char                  *text;

    (void) state;
    assert_int_equal(e->can(e, &without, engine_edge(e, "csv", "json")), 1);
    assert_int_equal(e->can(e, &without, engine_edge(e, "csv", "parquet")), 0);
    assert_int_equal(e->can(e, &without, engine_edge(e, "parquet", "xlsx")), 0);

    engine_require(&fixture, e);
    engine_option(&in, PLATEN_OPTION_CSV_DELIMITER, "pipe");
    text = engine_result(&in, e, "csv", "json", "a|b\nx,y|z\n", 10, &len);
    assert_true(engine_has(text, len, "\"x,y\""));
    free(text);
    engine_option(&out, PLATEN_OPTION_CSV_DELIMITER, "tab");
    engine_option(&out, PLATEN_OPTION_CHARSET, "iso-8859-1");
    text = engine_result(&out, e, "json", "csv", json, strlen(json), &len);
    assert_true(engine_has(text, len, "\xe9\tz"));
    free(text);
    text = engine_result(&(engine_run_t) RUN, e, "csv", "xlsx", "a,b\n1,2\n", 8, &len);
    assert_memory_equal(text, "PK", 2);
    free(text);
    engine_ends(&fixture, e, "json", "csv", "{", 1, PLATEN_EXIT_CORRUPT);
    engine_ends(&fixture, e, "csv", "json", "", 0, PLATEN_EXIT_EMPTY);
}

/* There and back again, with DuckDB. */
static void
test_parquet(void **state)
{
    const platen_engine_t *e = &platen_engine_tables;
    engine_run_t           run = RUN;
    size_t                 len, len2;
    char                  *parquet, *csv;

    (void) state;
    engine_require(&fixture, e);
    if (!e->can(e, &fixture.config, engine_edge(e, "csv", "parquet"))) {
        print_message("DuckDB's library is not here: make duckdb\n");
        skip();
    }
    parquet = engine_result(&run, e, "csv", "parquet", "a,b\n1,x\n", 8, &len);
    assert_memory_equal(parquet, "PAR1", 4);
    csv = engine_result(&run, e, "parquet", "csv", parquet, len, &len2);
    assert_string_equal(csv, "a,b\n1,x\n");
    free(csv);
    csv = engine_result(&run, e, "parquet", "xlsx", parquet, len, &len2);
    assert_memory_equal(csv, "PK", 2);
    free(csv);
    engine_ends(&fixture, e, "parquet", "csv", parquet, len / 2, PLATEN_EXIT_CORRUPT);
    free(parquet);
}

/* The operator's engines that this block gives; NULL, with err. */
static platen_engine_t **
commands(platen_config_t *config, platen_config_command_t *blocks, size_t n, char err[256])
{
    *config = fixture.config;
    config->commands = blocks;
    config->ncommands = n;
    return platen_engine_commands_new(config, err, 256);
}

static void
test_command_runs(void **state)
{
    platen_config_command_t blocks[] = {
        { .name = (char *) "copy",
          .from = (char *) "txt",
          .to = (char *) "md text rst",
          .command = (char *) "/usr/bin/cp  {input}\t'{output}' --context={layout} \"-v\"",
          .options = (char *) "layout",
          .cost = 7 },
        { .name = (char *) "shell-2_x",
          .from = (char *) "txt",
          .to = (char *) "md",
          .command = (char *) "/bin/sh -c 'echo $(/bin/cat \"$1\") \"$2\" >{dir}/out/in.md;"
                              " exit $3' sh {input} 'a  b' 0",
          .read = (char *) "/opt /srv",
          .fork = 1 },
        { .name = (char *) "fails",
          .from = (char *) "txt",
          .to = (char *) "md",
          .command = (char *) "/bin/sh -c 'exit 65'" },
    };
    platen_config_t   config;
    platen_engine_t **engines;
    engine_run_t      run = RUN, option = RUN;
    size_t            len;
    char              err[256], *out;

    (void) state;
    engines = commands(&config, blocks, 3, err);
    assert_non_null(engines);
    assert_null(engines[3]);
    assert_string_equal(engines[0]->name, "copy");
    assert_int_equal(engines[0]->nedges, 3); /* txt to itself applies the option */
    assert_int_equal(engine_edge(engines[0], "txt", "rst")->cost, 7);
    assert_int_equal(engines[0]->probe(engines[0], &config, err, sizeof(err)), PLATEN_OK);

    out = engine_result(&run, engines[0], "txt", "md", "hello\n", 6, &len);
    assert_string_equal(out, "hello\n");
    assert_non_null(strstr(run.argv, "/out/in.md\n-v\n"));
    free(out);
    engine_option(&option, PLATEN_OPTION_LAYOUT, "exact");
    (void) engine_convert(&option, engines[0], "txt", "md", "hello\n", 6);
    assert_non_null(strstr(option.argv, "\n--context=exact\n-v\n"));

    out = engine_result(&run, engines[1], "txt", "md", "hello\n", 6, &len);
    assert_string_equal(out, "hello a  b\n");
    free(out);

    engine_ends(&fixture, engines[2], "txt", "md", "", 0, PLATEN_EXIT_CORRUPT);
    assert_int_equal(platen_engine_exit(engines[2], 3, ""), PLATEN_EXIT_FAILED);
    platen_engine_commands_free(&engines);
    assert_null(engines);

    engines = commands(&config, NULL, 0, err);
    assert_non_null(engines);
    assert_null(engines[0]);
    platen_engine_commands_free(&engines);
}

static void
test_command_mistakes(void **state)
{
#define OK_COMMAND "/bin/true {input} {output}"
    static const struct {
        const char *name, *from, *to, *command, *options, *read, *says;
    } cases[] = {
        { "", "txt", "md", OK_COMMAND, NULL, NULL, "a name has 1 to 15" },
        { "Upper", "txt", "md", OK_COMMAND, NULL, NULL, "a name has" },
        { "sixteen-letters_", "txt", "md", OK_COMMAND, NULL, NULL, "a name has" },
        { "pandoc", "txt", "md", OK_COMMAND, NULL, NULL, "built-in" },
        { "text", "txt", "md", OK_COMMAND, NULL, NULL, "built-in" },
        { "x", "", "md", OK_COMMAND, NULL, NULL, "from: names no format" },
        { "x", "txt", "md nope", OK_COMMAND, NULL, NULL, "to: there is no format \"nope\"" },
        { "x", "txt", "txt", OK_COMMAND, NULL, NULL, "no conversion" },
        { "x", "txt", "md", "", NULL, NULL, "absolute path" },
        { "x", "txt", "md", "true {input}", NULL, NULL, "absolute path" },
        { "x", "txt", "md", "/bin/{input}", NULL, NULL, "absolute path" },
        { "x", "txt", "md", "/bin/true 'a", NULL, NULL, "quote" },
        { "x", "txt", "md", "/bin/true {what}", NULL, NULL, "{what} is neither" },
        { "x", "txt", "md", "/bin/true {pages}", NULL, NULL, "{pages} is not among" },
        { "x", "txt", "md", "/bin/true", "pages", NULL, "no {pages}" },
        { "x", "txt", "md", "/bin/true", "nope", NULL, "no option \"nope\"" },
        { "x", "txt", "md", "/bin/true {password}", "password", NULL, "every user" },
        { "x", "txt", "md", OK_COMMAND, NULL, "/opt opt", "\"opt\" is not an absolute" },
    };
    platen_config_command_t block;
    platen_config_t         config;
    char                    err[256], name[32];
    size_t                  i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        block = (platen_config_command_t){
            .name = (char *) cases[i].name,
            .from = (char *) cases[i].from,
            .to = (char *) cases[i].to,
            .command = (char *) cases[i].command,
            .options = (char *) cases[i].options,
            .read = (char *) cases[i].read,
        };
        snprintf(name, sizeof(name), "engine/%s: ", cases[i].name);
        assert_null(commands(&config, &block, 1, err));
        if (strstr(err, cases[i].says) == NULL || strncmp(err, name, strlen(name)) != 0) {
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err, cases[i].says);
        }
    }
}

static void
test_command_limits(void **state)
{
    platen_config_command_t blocks[2] = {
        { .name = (char *) "x",
          .from = (char *) "txt",
          .to = (char *) "md",
          .command = (char *) "/nonexistent {input}" },
        { .name = (char *) "x",
          .from = (char *) "txt",
          .to = (char *) "md",
          .command = (char *) "/bin/true" },
    };
    platen_config_t   config;
    platen_engine_t **engines;
    char              err[256], words[3 * PLATEN_COMMAND_WORDS + 16] = "/a";
    int               i;

    (void) state;
    assert_null(commands(&config, blocks, 2, err));
    assert_non_null(strstr(err, "more than once"));

    engines = commands(&config, blocks, 1, err);
    assert_non_null(engines);
    assert_int_equal(engines[0]->probe(engines[0], &config, err, sizeof(err)),
                     PLATEN_NOT_FOUND);
    assert_non_null(strstr(err, "/nonexistent"));
    platen_engine_commands_free(&engines);

    for (i = 0; i < PLATEN_COMMAND_WORDS; i++) {
        strcat(words, " b");
    }
    blocks[0].command = words;
    assert_null(commands(&config, blocks, 1, err));
    assert_non_null(strstr(err, "words"));
}

/* Executes platen-zip in run->dir; returns its exit code. */
static int
zip(engine_run_t *run, const char *output, const char *what)
{
    platen_command_t command = { .argc = 0 };

    platen_command_arg(&command, "%s/platen-zip", fixture.libexec);
    platen_command_arg(&command, "%s", output);
    platen_command_arg(&command, "%s", what);
    engine_execute(run, &command);
    platen_command_clear(&command);
    return WEXITSTATUS(run->wstatus);
}

static void
test_zip(void **state)
{
    static const char  *names[] = { "in-10.png", "in-9.png", "in-1.png" };
    const platen_edge_t edge = { .from = "pdf", .to = "zip" };
    engine_run_t        run = RUN;
    char                path[sizeof(run.output_dir) + 32], *first, *second, *at;
    size_t              i, len, len2;

    (void) state;
    snprintf(path, sizeof(path), "%s/platen-zip", fixture.libexec);
    if (access(path, X_OK) != 0) {
        print_message("platen-zip has not been built\n");
        skip();
    }
    engine_prepare(&run, &edge, "", 0);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", run.output_dir, names[i]);
        engine_write(path, names[i], strlen(names[i]));
    }
    assert_int_equal(zip(&run, "1.zip", "out"), 0);
    usleep(2100000); /* ZIP counts in two seconds */
    engine_write(path, names[2], strlen(names[2]));
    assert_int_equal(zip(&run, "2.zip", "out"), 0);
    assert_int_equal(zip(&run, "2.zip", "out"), 13);
    assert_non_null(strstr(run.said, "2.zip"));
    assert_int_equal(zip(&run, "3.zip", "nothing"), 13);
    assert_int_equal(zip(&run, "3.zip", "tmp"), 13);

    snprintf(path, sizeof(path), "%s/1.zip", run.dir);
    first = engine_read(path, &len);
    snprintf(path, sizeof(path), "%s/2.zip", run.dir);
    second = engine_read(path, &len2);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(len, len2);
    assert_memory_equal(first, second, len);
    at = memmem(first, len, "PK\1\2", 4);
    assert_non_null(at);
    for (i = 3; i-- > 0;) {
        at = memmem(at, len - (size_t) (at - first), names[i], strlen(names[i]));
        assert_non_null(at);
    }
    snprintf(path, sizeof(path), "%s/3.zip", run.dir);
    assert_int_equal(access(path, F_OK), -1);
    free(first);
    free(second);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),          cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_image_pdf),      cmocka_unit_test(test_image_svg),
        cmocka_unit_test(test_tables),         cmocka_unit_test(test_parquet),
        cmocka_unit_test(test_command_runs),   cmocka_unit_test(test_command_mistakes),
        cmocka_unit_test(test_command_limits), cmocka_unit_test(test_zip),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
