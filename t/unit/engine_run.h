/*
 * One run of an engine as the pool would do it: a directory, the document in
 * it, the engine's command in the sandbox, and what its end means.  For the
 * tests of t/unit/.
 */

#ifndef PLATEN_TEST_ENGINE_RUN_H
#define PLATEN_TEST_ENGINE_RUN_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/spawn.h"
#include "sandbox/confine.h"
#include "engine/engine.h"
#include "run/tree.h"
#include "scratch.h"

#define ENGINE_SAID 1024

typedef struct {
    platen_config_t   config;
    platen_confine_t *confine;
    char              root[SCRATCH_MAX];
    char              libexec[SCRATCH_MAX + 16];
    char              duckdb[4096]; /* if it has been fetched */
} engine_fixture_t;

typedef struct {
    const engine_fixture_t *fixture;
    platen_options_t        options;
    char                    dir[SCRATCH_MAX + 16];
    char                    input[SCRATCH_MAX + 32];
    char                    output[SCRATCH_MAX + 32];
    char                    output_dir[SCRATCH_MAX + 32];
    char                    argv[2048]; /* its words, with a line feed after each */
    char                    said[ENGINE_SAID + 1];
    int                     wstatus;
} engine_run_t;

/* Platen's own programs, those that have been built, where one directory has them. */
static inline int
engine_fixture_link(engine_fixture_t *f)
{
    static const char *const programs[][2] = {
        { "build/platen-docx", "platen-docx" },
        { "build/platen-tables", "platen-tables" },
        { "build/platen-text", "platen-text" },
        { "build/platen-zip", "platen-zip" },
        { "sidecar/mupdf/platen_mupdf.js", "platen-mupdf.js" },
        { "sidecar/pandoc/platen_pandoc.lua", "platen-pandoc.lua" },
    };
    char   target[4096], path[sizeof(f->libexec) + 32];
    size_t i;

    snprintf(f->libexec, sizeof(f->libexec), "%s/libexec", f->root);
    if (mkdir(f->libexec, 0700) != 0) {
        return -1;
    }
    for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", f->libexec, programs[i][1]);
        if (realpath(programs[i][0], target) != NULL && symlink(target, path) != 0) {
            return -1;
        }
    }
    return 0;
}

static inline int
engine_fixture_open(engine_fixture_t *f)
{
    char err[512];

    memset(f, 0, sizeof(*f));
    if (scratch_make(f->root) != 0 || engine_fixture_link(f) != 0) {
        return -1;
    }
    if (realpath("build/duckdb/libduckdb.so", f->duckdb) == NULL) {
        f->duckdb[0] = '\0';
    }
    f->config = (platen_config_t){
        .data_path = f->root,
        .libexec_path = f->libexec,
        .duckdb_path = f->duckdb,
        .cgroup_path = "",
        .output_size = 64 << 20,
        .address_space = 1500 << 20,
        .wall_clock = 60,
        .sandbox = PLATEN_SANDBOX_AVAILABLE,
        .tables_enabled = 1,
        .pandoc_enabled = 1,
        .poppler_enabled = 1,
        .mupdf_enabled = 1,
        .qpdf_enabled = 1,
        .image_enabled = 1,
    };
    platen_log_set_level(PLATEN_LOG_ERROR);
    f->confine = platen_confine_new(&f->config, err, sizeof(err));
    return f->confine == NULL ? -1 : 0;
}

static inline void
engine_fixture_close(engine_fixture_t *f)
{
    platen_confine_destroy(&f->confine);
    scratch_remove(f->root);
}

/* Skips the test if the machine lacks the engine. */
static inline void
engine_require(const engine_fixture_t *f, const platen_engine_t *engine)
{
    char err[512] = "";

    if (engine->probe(engine, &f->config, err, sizeof(err)) != PLATEN_OK) {
        print_message("%s is not here: %s\n", engine->name, err);
        skip();
    }
}

static inline const platen_edge_t *
engine_edge(const platen_engine_t *engine, const char *from, const char *to)
{
    size_t i;

    for (i = 0; i < engine->nedges; i++) {
        if (strcmp(engine->edges[i].from, from) == 0 && strcmp(engine->edges[i].to, to) == 0) {
            return &engine->edges[i];
        }
    }
    fail_msg("%s has no edge from %s to %s", engine->name, from, to);
    return NULL;
}

static inline void
engine_option(engine_run_t *run, platen_option_t option, const char *value)
{
    assert_int_equal(platen_options_set(&run->options, option, value, strlen(value)),
                     PLATEN_OK);
}

static inline void
engine_write(const char *path, const void *bytes, size_t len)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

/* The whole file, NUL-terminated; the caller frees it.  NULL if it is not there. */
static inline char *
engine_read(const char *path, size_t *len)
{
    FILE  *in = fopen(path, "r");
    char  *text = NULL;
    size_t size = 0, n;

    *len = 0;
    if (in == NULL) {
        return NULL;
    }
    do {
        size += 65536;
        text = realloc(text, size + 1);
        assert_non_null(text);
        n = fread(text + *len, 1, size - *len, in);
        *len += n;
    } while (*len == size);
    fclose(in);
    text[*len] = '\0';
    return text;
}

static inline void
engine_said(engine_run_t *run, const char *log)
{
    char  *text;
    size_t len, n;

    text = engine_read(log, &len);
    n = text == NULL ? 0 : len > ENGINE_SAID ? ENGINE_SAID : len;
    if (n > 0) {
        memcpy(run->said, text + len - n, n);
    }
    run->said[n] = '\0';
    free(text);
}

static inline void
engine_words(engine_run_t *run, const platen_command_t *command)
{
    size_t n = 0;
    int    i;

    for (i = 0; i < command->argc; i++) {
        n += (size_t) snprintf(run->argv + n, sizeof(run->argv) - n, "%s\n", command->argv[i]);
        assert_true(n < sizeof(run->argv));
    }
}

/* Executes a command in run->dir, in the sandbox, until its end. */
static inline void
engine_execute(engine_run_t *run, const platen_command_t *command)
{
    static platen_confinement_t confinement;
    platen_child_spec_t         spec;
    char                        log[sizeof(run->dir) + 8];
    unsigned                    layer;
    pid_t                       pid;
    int                         status;

    assert_int_equal(
        platen_confine_command(run->fixture->confine, command, run->dir, 0, &confinement), 0);
    snprintf(log, sizeof(log), "%s/log", run->dir);
    spec = (platen_child_spec_t){
        .argv = command->argv,
        .envp = command->envp,
        .dir = run->dir,
        .log = log,
        .sandbox = &confinement.sandbox,
    };
    pid = platen_child_start(&spec, &status);
    assert_true(pid > 0);
    while (platen_child_reap(pid, &run->wstatus) == 0) {
        usleep(1000);
    }
    assert_int_equal(platen_child_error(status, &layer, &run->wstatus), 0);
    close(status);
    platen_confine_end(&confinement);
    engine_said(run, log);
}

/* A fresh directory for a document with these bytes. */
static inline void
engine_prepare(engine_run_t *run, const platen_edge_t *edge, const void *bytes, size_t len)
{
    char tmp[sizeof(run->dir) + 8];

    snprintf(run->dir, sizeof(run->dir), "%s/run", run->fixture->root);
    snprintf(run->input, sizeof(run->input), "%s/in.%s", run->dir, edge->from);
    snprintf(run->output_dir, sizeof(run->output_dir), "%s/out", run->dir);
    snprintf(run->output, sizeof(run->output), "%s/out/in.%s", run->dir, edge->to);
    snprintf(tmp, sizeof(tmp), "%s/tmp", run->dir);
    assert_int_equal(platen_tree_reset(run->dir), 0);
    assert_int_equal(mkdir(run->output_dir, 0700), 0);
    assert_int_equal(mkdir(tmp, 0700), 0);
    engine_write(run->input, bytes, len);
}

/* Converts; a signal is a failure of the test.  Sets argv and said. */
static inline platen_exit_t
engine_convert(engine_run_t *run, const platen_engine_t *engine, const char *from,
               const char *to, const void *bytes, size_t len)
{
    const platen_edge_t *edge = engine_edge(engine, from, to);
    platen_command_t     command = { .argc = 0 };
    platen_run_t         spec = {
                .edge = edge,
                .first = 1,
                .options = &run->options,
                .dir = run->dir,
                .input = run->input,
                .output_dir = run->output_dir,
                .output = run->output,
    };

    assert_int_equal(run->options.given & ~edge->options, 0);
    engine_prepare(run, edge, bytes, len);
    command.policy = platen_policy_find(engine->name);
    platen_command_env(&command, "PATH=/nonexistent");
    platen_command_env(&command, "LANG=C.UTF-8");
    platen_command_env(&command, "HOME=%s", run->dir);
    platen_command_env(&command, "TMPDIR=%s/tmp", run->dir);
    assert_int_equal(engine->prepare(engine, &run->fixture->config, &spec, &command), 0);
    assert_false(command.failed);
    engine_words(run, &command);
    engine_execute(run, &command);
    platen_command_clear(&command);

    if (!WIFEXITED(run->wstatus)) {
        fail_msg("%s: signal %d: %s", engine->name, WTERMSIG(run->wstatus), run->said);
    }
    return platen_engine_exit(engine, WEXITSTATUS(run->wstatus), run->said);
}

/* As engine_convert(), and the result; the caller frees it. */
static inline char *
engine_result(engine_run_t *run, const platen_engine_t *engine, const char *from,
              const char *to, const void *bytes, size_t len, size_t *outlen)
{
    platen_exit_t end = engine_convert(run, engine, from, to, bytes, len);
    char         *out;

    if (end != PLATEN_EXIT_DONE) {
        fail_msg("%s: %s to %s: %d: %s", engine->name, from, to, (int) end, run->said);
    }
    out = engine_read(run->output, outlen);
    if (out == NULL || *outlen == 0) {
        fail_msg("%s: %s to %s: no result: %s", engine->name, from, to, run->said);
    }
    return out;
}

static inline int
engine_has(const char *bytes, size_t len, const char *what)
{
    return memmem(bytes, len, what, strlen(what)) != NULL;
}

/* From a text; the result has to contain `what`. */
static inline void
engine_converts(const engine_fixture_t *f, const platen_engine_t *engine, const char *from,
                const char *to, const char *text, const char *what)
{
    engine_run_t run = { .fixture = f };
    size_t       len;
    char        *out;

    out = engine_result(&run, engine, from, to, text, strlen(text), &len);
    if (!engine_has(out, len, what)) {
        fail_msg("%s: %s to %s: no \"%s\" in: %s", engine->name, from, to, what, out);
    }
    free(out);
}

static inline void
engine_ends(const engine_fixture_t *f, const platen_engine_t *engine, const char *from,
            const char *to, const void *bytes, size_t len, platen_exit_t expected)
{
    engine_run_t  run = { .fixture = f };
    platen_exit_t end;

    end = engine_convert(&run, engine, from, to, bytes, len);
    if (end != expected) {
        fail_msg("%s: %s to %s: %d, not %d: %s", engine->name, from, to, (int) end,
                 (int) expected, run.said);
    }
}

/* Bytes without meaning, the same each time. */
#define ENGINE_NOISE 3000

static inline void
engine_noise(char bytes[ENGINE_NOISE])
{
    unsigned seed = 12345, i;

    for (i = 0; i < ENGINE_NOISE; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = (char) (seed >> 16);
    }
}

/* The width of the PNG file out/<name>, 0 if there is none. */
static inline unsigned
engine_png_width(const engine_run_t *run, const char *name)
{
    char     path[sizeof(run->output_dir) + 32], *out;
    size_t   len;
    unsigned width = 0;

    snprintf(path, sizeof(path), "%s/%s", run->output_dir, name);
    out = engine_read(path, &len);
    if (out != NULL && len > 24 && memcmp(out, "\x89PNG", 4) == 0) {
        width = (unsigned) (uint8_t) out[18] << 8 | (uint8_t) out[19];
    }
    free(out);
    return width;
}

#endif
