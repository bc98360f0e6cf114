/* platen_engine: the tables are sound, and what is missing promises nothing. */

#include "sidecar_fixture.h"

#include "engine/engine.h"

static const platen_engine_t *const all[] = {
    &platen_engine_lok,    &platen_engine_soffice, &platen_engine_tables,
    &platen_engine_pandoc, &platen_engine_poppler, &platen_engine_mupdf,
    &platen_engine_qpdf,   &platen_engine_image,
};

#define NALL (sizeof(all) / sizeof(all[0]))

static char            shell[] = "/bin/sh";
static platen_config_t config;
static char            programs[] = "/tmp/platen_test.XXXXXX"; /* of Platen's own */

/* A program that is there, and that nobody starts. */
static void
put_program(const char *dir, const char *name)
{
    char  path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0755), 0);
    fclose(file);
}

static int
setup(void **state)
{
    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    config = fixture_config(fixture_nowhere);
    config.soffice_enabled = 1;
    config.soffice_path = shell;
    assert_non_null(mkdtemp(programs));
    put_program(programs, "platen-soffice.so");
    config.libexec_path = programs;
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    assert_int_equal(platen_tree_clear(programs), 0);
    return rmdir(programs);
}

static void
assert_edge(const platen_engine_t *e, size_t i)
{
    const platen_edge_t *edge = &e->edges[i];
    const uint32_t       known = (UINT32_C(1) << PLATEN_OPTIONS) - 1;
    size_t               j;

    /* By their own names: an alias would name no file that anyone looks for. */
    assert_string_equal(fixture_format(edge->from)->name, edge->from);
    assert_string_equal(fixture_format(edge->to)->name, edge->to);
    assert_true(edge->cost > 0);
    assert_true((edge->options & ~known) == 0);
    assert_true((edge->rules
                 & ~(unsigned) (PLATEN_EDGE_PICTURE | PLATEN_EDGE_RASTER | PLATEN_EDGE_PAGES
                                | PLATEN_EDGE_INPUT | PLATEN_EDGE_FIRST | PLATEN_EDGE_ASKED
                                | PLATEN_EDGE_DECLINES | PLATEN_EDGE_REPAIRED))
                == 0);
    if (e->request != NULL) {
        assert_non_null(edge->export_filter);
    }
    for (j = 0; j < i; j++) {
        if (strcmp(edge->from, e->edges[j].from) == 0 && strcmp(edge->to, e->edges[j].to) == 0
            && edge->options == e->edges[j].options) {
            fail_msg("%s: %s to %s is there twice", e->name, edge->from, edge->to);
        }
    }
}

static void
test_tables(void **state)
{
    size_t i, j;

    (void) state;
    for (i = 0; i < NALL; i++) {
        assert_true(strlen(all[i]->name) <= PLATEN_ENGINE_NAME_MAX);
        assert_non_null(all[i]->probe);
        assert_true(all[i]->exited != NULL || all[i]->rules != NULL);
        assert_true((all[i]->prepare == NULL) != (all[i]->request == NULL));
        for (j = 0; j < all[i]->nedges; j++) {
            assert_edge(all[i], j);
        }
        for (j = 0; j < i; j++) {
            assert_string_not_equal(all[i]->name, all[j]->name);
        }
    }
}

static void
test_matrix(void **state)
{
    platen_engines_t            *engines = platen_engines_new(&config);
    const platen_format_t       *docx = fixture_format("docx"), *pdf = fixture_format("pdf");
    const platen_format_t       *odt = fixture_format("odt"), *xlsx = fixture_format("xlsx");
    const platen_matrix_route_t *cell;
    platen_route_t               route;

    (void) state;
    assert_non_null(engines);
    assert_int_equal(platen_engines_count(engines), 1);
    assert_string_equal(platen_engines_name(engines, 0), "soffice");
    assert_true(platen_engines_has(engines, &platen_engine_soffice));
    assert_false(platen_engines_has(engines, &platen_engine_lok));

    cell = platen_matrix_route(platen_engines_matrix(engines), docx, pdf);
    assert_non_null(cell);
    assert_string_equal(cell->engines, "soffice");
    assert_string_equal(cell->via, "");
    assert_true(cell->options & PLATEN_OPTION_BIT(PLATEN_OPTION_PAGES));
    assert_false(cell->options & PLATEN_OPTION_BIT(PLATEN_OPTION_CSV_DELIMITER));

    /* Two steps of the same engine, which the matrix shows as such. */
    cell = platen_matrix_route(platen_engines_matrix(engines), pdf, odt);
    assert_non_null(cell);
    assert_string_equal(cell->engines, "soffice+soffice");
    assert_string_equal(cell->via, "docx");
    assert_null(platen_matrix_route(platen_engines_matrix(engines), pdf, xlsx));

    assert_int_equal(
        platen_engines_route(engines, docx, pdf, PLATEN_OPTION_BIT(PLATEN_OPTION_PDFA), &route),
        PLATEN_OK);
    assert_int_equal(route.nsteps, 1);
    assert_ptr_equal(route.steps[0].engine, &platen_engine_soffice);
    assert_string_equal(route.steps[0].edge->to, "pdf");
    assert_true(route.steps[0].options == PLATEN_OPTION_BIT(PLATEN_OPTION_PDFA));
    assert_int_equal(platen_engines_route(engines, docx, pdf,
                                          PLATEN_OPTION_BIT(PLATEN_OPTION_CSV_DELIMITER),
                                          &route),
                     PLATEN_NOT_FOUND);
    assert_int_equal(platen_engines_route(engines, docx, docx, 0, &route), PLATEN_NOT_FOUND);

    /* What is suspended for a while stays in the matrix, and in no route. */
    platen_engines_suspend(engines, &platen_engine_soffice);
    assert_int_equal(platen_engines_route(engines, docx, pdf, 0, &route), PLATEN_LATER);
    assert_non_null(platen_matrix_route(platen_engines_matrix(engines), docx, pdf));
    platen_engines_suspend(engines, NULL);
    assert_int_equal(platen_engines_route(engines, docx, pdf, 0, &route), PLATEN_OK);
    platen_engines_destroy(&engines);
    assert_null(engines);
}

/*
 * What LibreOffice does best waits for it, and is not made by others in its place;
 * but the one in a process of its own may stand in for the warm one.
 */
static void
test_out_of_order(void **state)
{
    const platen_format_t *docx = fixture_format("docx"), *pdf = fixture_format("pdf");
    const platen_format_t *html = fixture_format("html"), *csv = fixture_format("csv");
    const platen_format_t *json = fixture_format("json");
    char                   libexec[] = "/tmp/platen_test.XXXXXX";
    platen_config_t        c = config;
    platen_engines_t      *engines;
    platen_route_t         route;

    (void) state;
    assert_non_null(mkdtemp(libexec));
    put_program(libexec, "platen-tables");
    put_program(libexec, "platen-soffice.so");
    c.libexec_path = libexec;
    c.lok_enabled = 1; /* and not there */
    c.tables_enabled = 1;
    c.mupdf_enabled = 1;

    engines = platen_engines_new(&c);
    assert_non_null(engines);
    assert_int_equal(platen_engines_route(engines, docx, pdf, 0, &route), PLATEN_OK);
    assert_int_equal(route.nsteps, 1);
    assert_ptr_equal(route.steps[0].engine, &platen_engine_soffice);
    assert_int_equal(platen_engines_route(engines, docx, html, 0, &route), PLATEN_OK);
    assert_ptr_equal(route.steps[0].engine, &platen_engine_soffice);
    assert_int_equal(platen_engines_route(engines, docx, pdf,
                                          PLATEN_OPTION_BIT(PLATEN_OPTION_LANDSCAPE), &route),
                     PLATEN_LATER); /* that only the warm one can do */
    platen_engines_suspend(engines, &platen_engine_soffice);
    assert_int_equal(platen_engines_route(engines, docx, pdf, 0, &route), PLATEN_LATER);
    assert_int_equal(platen_engines_route(engines, csv, json, 0, &route), PLATEN_OK);
    platen_engines_destroy(&engines);

    /* Neither of them is there: nobody is promised what only they do well. */
    c.soffice_path = fixture_nowhere;
    engines = platen_engines_new(&c);
    assert_non_null(engines);
    assert_null(platen_matrix_route(platen_engines_matrix(engines), docx, pdf));
    assert_non_null(platen_matrix_route(platen_engines_matrix(engines), csv, json));
    assert_int_equal(platen_engines_route(engines, docx, pdf, 0, &route), PLATEN_LATER);
    platen_engines_destroy(&engines);

    /* Without it by choice, its absence is no disorder. */
    c.lok_enabled = c.soffice_enabled = 0;
    engines = platen_engines_new(&c);
    assert_non_null(engines);
    assert_int_not_equal(platen_engines_route(engines, docx, pdf, 0, &route), PLATEN_LATER);
    platen_engines_destroy(&engines);
    assert_int_equal(platen_tree_clear(libexec), 0);
    assert_int_equal(rmdir(libexec), 0);
}

/* One way that is cheaper than LibreOffice, and another that no machine has. */
static void
test_configured(void **state)
{
    static char             name[] = "mine", from[] = "docx", to[] = "pdf", none[] = "";
    static char             command[] = "/bin/sh {input} {output}", other[] = "gone";
    static char             absent[] = "/nonexistent/program {input}", rtf[] = "parquet";
    platen_config_command_t blocks[] = {
        { .name = name, .from = from, .to = to, .command = command, .cost = 1 },
        { .name = other, .from = from, .to = rtf, .command = absent, .cost = 1 },
    };
    platen_config_t   c = config;
    platen_engines_t *engines;
    platen_route_t    route;
    size_t            i;

    (void) state;
    for (i = 0; i < 2; i++) {
        blocks[i].options = none;
        blocks[i].read = none;
    }
    c.commands = blocks;
    c.ncommands = 2;
    engines = platen_engines_new(&c);
    assert_non_null(engines);
    assert_int_equal(platen_engines_count(engines), 2);
    assert_string_equal(platen_engines_name(engines, 1), "mine");
    assert_int_equal(
        platen_engines_route(engines, fixture_format("docx"), fixture_format("pdf"), 0, &route),
        PLATEN_OK);
    assert_string_equal(route.steps[0].engine->name, "mine");
    assert_null(platen_matrix_route(platen_engines_matrix(engines), fixture_format("docx"),
                                    fixture_format("parquet")));
    platen_engines_destroy(&engines);
}

static void
assert_nothing(const platen_config_t *c)
{
    platen_engines_t *engines = platen_engines_new(c);
    char             *text;
    size_t            len;

    assert_non_null(engines);
    assert_int_equal(platen_engines_count(engines), 0);
    text = platen_matrix_text(platen_engines_matrix(engines), &len);
    assert_non_null(text);
    assert_int_equal(len, 0);
    free(text);
    platen_engines_destroy(&engines);
}

static void
test_missing(void **state)
{
    platen_config_t off = config, absent = config;

    (void) state;
    off.soffice_enabled = 0;
    assert_nothing(&off);
    absent.soffice_path = fixture_nowhere;
    absent.lok_enabled = 1;
    assert_nothing(&absent);
}

static const char *
word(char *const *words, const char *prefix)
{
    for (; *words != NULL; words++) {
        if (strncmp(*words, prefix, strlen(prefix)) == 0) {
            return *words;
        }
    }
    return "";
}

static void
assert_settings(const char *path)
{
    char   settings[4096];
    FILE  *in;
    size_t n;

    in = fopen(path, "r");
    assert_non_null(in);
    n = fread(settings, 1, sizeof(settings) - 1, in);
    fclose(in);
    settings[n] = '\0';
    assert_non_null(strstr(settings, "BlockUntrustedRefererLinks"));
    assert_non_null(strstr(settings, "</oor:items>"));
}

static void
test_soffice(void **state)
{
    platen_edge_t    edge = { .from = "html",
                              .to = "pdf",
                              .export_filter = "pdf:writer_pdf_Export",
                              .import_filter = "HTML (StarWriter)" };
    char             dir[] = "/tmp/test engine%.XXXXXX", path[128], to[128];
    ssize_t          n;
    platen_options_t options = { .given = 0 };
    platen_run_t     run = { .edge = &edge,
                             .options = &options,
                             .first = 1,
                             .name = "a 50%?.pages",
                             .dir = dir,
                             .input = "/w/in.html",
                             .output_dir = "/w/out",
                             .output = "/w/out/in.pdf" };
    platen_command_t command = { .argc = 0 };

    (void) state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(
        platen_engine_soffice.prepare(&platen_engine_soffice, &config, &run, &command), 0);
    assert_false(command.failed);
    assert_string_equal(command.argv[0], "/bin/sh");
    assert_string_equal(command.argv[command.argc - 1],
                        "file:///proc/self/cwd/named/a%2050%25%3F.html");
    snprintf(path, sizeof(path), "%s/named/a 50%%?.html", dir);
    n = readlink(path, to, sizeof(to) - 1);
    assert_true(n > 0);
    to[n] = '\0';
    assert_string_equal(to, "/w/in.html");
    assert_null(command.argv[command.argc]);
    assert_string_equal(word(command.argv, "--infilter"), "--infilter=HTML (StarWriter)");
    assert_string_equal(word(command.argv, "pdf"),
                        "pdf:writer_pdf_Export:"
                        "{\"ExportNotes\":{\"type\":\"boolean\",\"value\":false}}");
    assert_non_null(strstr(word(command.argv, "-env:"), "=file:///tmp/test%20engine%25."));
    assert_string_equal(word(command.envp, "SAL_USE"), "SAL_USE_VCLPLUGIN=svp");
    assert_null(command.policy); /* its own, which the pool sets */
    platen_command_clear(&command);
    snprintf(path, sizeof(path), "%s/profile/user/registrymodifications.xcu", dir);
    assert_settings(path);

    /* A profile that is there already is another document's, and not used. */
    assert_int_equal(
        platen_engine_soffice.prepare(&platen_engine_soffice, &config, &run, &command), -1);
    platen_command_clear(&command);
    assert_int_equal(platen_tree_clear(dir), 0);
    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_PAGES, "2", 1), PLATEN_OK);
    snprintf(path, sizeof(path), "%s/in.html", dir);
    run.input = path;
    run.name = "../a";
    assert_int_equal(
        platen_engine_soffice.prepare(&platen_engine_soffice, &config, &run, &command), 0);
    assert_string_equal(command.argv[command.argc - 1], "file:///proc/self/cwd/in.html");
    assert_string_equal(word(command.argv, "pdf:"),
                        "pdf:writer_pdf_Export:"
                        "{\"PageRange\":{\"type\":\"string\",\"value\":\"2\"},"
                        "\"ExportNotes\":{\"type\":\"boolean\",\"value\":false}}");
    platen_command_clear(&command);
    run.input = "/w/in.html";
    snprintf(path, sizeof(path), "%s/profile/user/registrymodifications.xcu", dir);
    assert_settings(path);
    assert_int_equal(platen_tree_clear(dir), 0);

    /* Its import of PDF is the one thing for which it starts another program. */
    options.given = 0;
    edge = (platen_edge_t){ .from = "pdf", .to = "docx", .export_filter = "docx:x" };
    assert_int_equal(
        platen_engine_soffice.prepare(&platen_engine_soffice, &config, &run, &command), 0);
    assert_string_equal(command.policy->engine, "soffice-pdf");
    assert_true(command.policy->may & PLATEN_SANDBOX_MAY_FORK);
    platen_command_clear(&command);

    assert_int_equal(platen_tree_clear(dir), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* What the zygote is asked for. */
static void
test_request(void **state)
{
    platen_options_t     options = { .given = 0 };
    platen_edge_t        edge = { .from = "docx", .to = "pdf", .export_filter = "pdf" };
    platen_run_t         run = { .edge = &edge, .options = &options };
    platen_lok_message_t m;
    char                 scratch[512], tiny[16];

    (void) state;
    memset(&m, 0, sizeof(m));
    assert_int_equal(
        platen_engine_lok.request(&platen_engine_lok, &run, &m, scratch, sizeof(scratch)), 0);
    assert_true(platen_str_eq(m.export_filter, PLATEN_STR("pdf")));
    assert_true(
        platen_str_eq(m.export_options,
                      PLATEN_STR("{\"ExportNotes\":{\"type\":\"boolean\",\"value\":false}}")));
    assert_int_equal(m.password.len, 0);

    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_PASSWORD, "s e c r e t", 11),
                     PLATEN_OK);
    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_PDFA, "2b", 2), PLATEN_OK);
    assert_int_equal(
        platen_engine_lok.request(&platen_engine_lok, &run, &m, scratch, sizeof(scratch)), 0);
    assert_true(platen_str_eq(m.password, PLATEN_STR("s e c r e t")));
    assert_non_null(strstr(scratch, "\"SelectPdfVersion\""));
    assert_null(strstr(scratch, "s e c"));
    assert_int_equal(
        platen_engine_lok.request(&platen_engine_lok, &run, &m, tiny, sizeof(tiny)), -1);

    edge = (platen_edge_t){ .from = "xlsx", .to = "csv", .export_filter = "csv" };
    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_LANDSCAPE, "true", 4),
                     PLATEN_OK);
    assert_int_equal(
        platen_engine_lok.request(&platen_engine_lok, &run, &m, scratch, sizeof(scratch)), 0);
    assert_true(platen_str_eq(m.export_options, PLATEN_STR("44,34,76")));
    assert_int_equal(m.page.orientation, PLATEN_LOK_PAGE_LANDSCAPE);
    assert_int_equal(m.page.margins[0], 0);
    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_ORIENTATION, "portrait", 8),
                     PLATEN_OK);
    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_PAPER, "Letter", 6), PLATEN_OK);
    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_MARGINS, "0 1in", 5),
                     PLATEN_OK);
    assert_int_equal(platen_options_set(&options, PLATEN_OPTION_FIT, "width", 5), PLATEN_OK);
    assert_int_equal(
        platen_engine_lok.request(&platen_engine_lok, &run, &m, scratch, sizeof(scratch)), 0);
    assert_int_equal(m.page.orientation, PLATEN_LOK_PAGE_PORTRAIT);
    assert_int_equal(m.page.width, 21590);
    assert_int_equal(m.page.height, 27940);
    assert_int_equal(m.page.margins[0], 1);
    assert_int_equal(m.page.margins[3], 2541);
    assert_int_equal(m.page.fit, PLATEN_LOK_PAGE_FIT_WIDTH);
}

static void
test_exit_codes(void **state)
{
    static const struct {
        int           code;
        platen_exit_t exit;
    } lok[] = {
        { PLATEN_LOK_EXIT_DONE, PLATEN_EXIT_DONE },
        { PLATEN_LOK_EXIT_LOAD, PLATEN_EXIT_CORRUPT },
        { PLATEN_LOK_EXIT_ENCRYPTED, PLATEN_EXIT_ENCRYPTED },
        { PLATEN_LOK_EXIT_PASSWORD, PLATEN_EXIT_PASSWORD },
        { PLATEN_LOK_EXIT_SAVE, PLATEN_EXIT_FAILED },
        { PLATEN_LOK_EXIT_MEMORY, PLATEN_EXIT_MEMORY },
        { PLATEN_LOK_EXIT_SANDBOX, PLATEN_EXIT_SETUP },
        { PLATEN_LOK_EXIT_SETUP, PLATEN_EXIT_SETUP },
        { 1, PLATEN_EXIT_CRASHED },
        { 255, PLATEN_EXIT_CRASHED },
    };
    size_t i;
    int    code;

    (void) state;
    assert_int_equal(platen_engine_soffice.exited(0, ""), PLATEN_EXIT_DONE);
    assert_int_equal(platen_engine_soffice.exited(1, ""), PLATEN_EXIT_DONE);
    assert_int_equal(platen_engine_soffice.exited(79, ""), PLATEN_EXIT_CRASHED);
    assert_int_equal(platen_engine_soffice.exited(81, ""), PLATEN_EXIT_AGAIN);
    for (i = 0; i < sizeof(lok) / sizeof(lok[0]); i++) {
        assert_int_equal(platen_engine_lok.exited(lok[i].code, ""), lok[i].exit);
    }

    /* Every engine has an answer to every code, whatever was said. */
    for (i = 0; i < NALL; i++) {
        for (code = 0; code < 256; code++) {
            assert_in_range(platen_engine_exit(all[i], code, "\xff\xfe %s\n"), PLATEN_EXIT_DONE,
                            PLATEN_EXIT_SETUP);
        }
    }
}

/* A command that does not fit is kept as failed, and never executed cut short. */
static void
test_command(void **state)
{
    platen_command_t command = { .argc = 0 };
    int              i;

    (void) state;
    for (i = 0; i <= PLATEN_COMMAND_WORDS; i++) {
        assert_false(command.failed);
        platen_command_arg(&command, "%d", i);
    }
    assert_true(command.failed);
    platen_command_clear(&command);
    assert_false(command.failed);

    for (i = 0; i <= PLATEN_COMMAND_PATHS; i++) {
        assert_false(command.failed);
        platen_command_allow(&command, PLATEN_SANDBOX_R, "/%d", i);
    }
    assert_true(command.failed);
    platen_command_clear(&command);
    assert_int_equal(command.npaths, 0);
}

/* A row of its own in the sandbox's table, and not what any command may. */
static void
test_policies(void **state)
{
    static const platen_engine_t *const others[] = { &platen_engine_text, &platen_engine_pack,
                                                     &platen_engine_unpack };
    const platen_policy_t              *policy;
    const char                         *name;
    size_t                              i, n = sizeof(others) / sizeof(others[0]);

    (void) state;
    for (i = 0; i < NALL + n; i++) {
        name = i < NALL ? all[i]->name : others[i - NALL]->name;
        policy = platen_policy_find(name);
        if (policy == NULL || strncmp(policy->engine, "command", 7) == 0) {
            fail_msg("the sandbox has nothing for %s", name);
        }
    }
    assert_null(platen_policy_find("mine"));
}

/* What is not there is told with the packages that bring it. */
static void
test_packages(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < PLATEN_ENGINES; i++) {
        if (platen_engine_table[i]->packages == NULL) {
            fail_msg("%s is in no package", platen_engine_table[i]->name);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packages),   cmocka_unit_test(test_tables),
        cmocka_unit_test(test_matrix),     cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_configured), cmocka_unit_test(test_missing),
        cmocka_unit_test(test_soffice),    cmocka_unit_test(test_request),
        cmocka_unit_test(test_exit_codes), cmocka_unit_test(test_command),
        cmocka_unit_test(test_policies),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
