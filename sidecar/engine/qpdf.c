/*
 * qpdf: what is done to a PDF and leaves it a PDF: pages taken out, a password
 * taken off or put on.  Prepares in the loop's thread and owns nothing.
 *
 * A word of a command can be read by every user of the machine, so all that
 * qpdf is told is in a job file of the run's directory, which only this user
 * can read and which is removed with it.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "engine/program.h"

#define QPDF "/usr/bin/qpdf"
#define JOB "job.json"

#define OPTIONS                                                                                \
    (PLATEN_OPTION_BIT(PLATEN_OPTION_PAGES) | PLATEN_OPTION_BIT(PLATEN_OPTION_PASSWORD)        \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_OUTPUT_PASSWORD))

static const platen_edge_t edges[] = {
    { "pdf", "pdf", 20, OPTIONS, PLATEN_EDGE_RASTER | PLATEN_EDGE_REPAIRED, NULL, NULL },
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    static const char *const programs[] = { QPDF, NULL };

    return platen_program_probe(engine->name, config->qpdf_enabled, programs, err, errlen);
}

/* "7-" is "7-z" to qpdf; the rest is the same. */
static json_t *
pages(const char *range)
{
    const char *open = range[0] != '\0' && range[strlen(range) - 1] == '-' ? "z" : "";
    char        text[PLATEN_OPTION_VALUE_MAX + 2];

    snprintf(text, sizeof(text), "%s%s", range, open);
    return json_pack("[{s:s, s:s}]", "file", ".", "range", text);
}

/*
 * The job.  A password that opens the document is not on the result: whoever
 * knew it asked for that, and the next step could not read it.  The password of
 * the result is both its user's and its owner's: who can open it may do all.
 */
static json_t *
job(const platen_run_t *run)
{
    const char *range = platen_options_get(run->options, PLATEN_OPTION_PAGES);
    const char *password = platen_options_get(run->options, PLATEN_OPTION_PASSWORD);
    const char *output = platen_options_get(run->options, PLATEN_OPTION_OUTPUT_PASSWORD);
    json_t     *job;
    int         rc = 0;

    job = json_pack("{s:s, s:s}", "inputFile", platen_program_local(run, run->input),
                    "outputFile", platen_program_local(run, run->output));
    if (job == NULL) {
        return NULL;
    }
    if (range != NULL) {
        rc |= json_object_set_new(job, "pages", pages(range));
    }
    if (password != NULL) {
        rc |= json_object_set_new(job, "password", json_string(password));
    }
    if (output != NULL) {
        rc |= json_object_set_new(job, "encrypt",
                                  json_pack("{s:s, s:s, s:{}}", "userPassword", output,
                                            "ownerPassword", output, "256bit"));
    } else if (password != NULL) {
        rc |= json_object_set_new(job, "decrypt", json_string(""));
    }
    if (rc != 0) {
        json_decref(job);
        return NULL;
    }
    return job;
}

static int
write_job(const char *path, const json_t *job)
{
    int fd, rc, saved;

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    rc = json_dumpfd(job, fd, JSON_COMPACT);
    saved = errno;
    if (close(fd) != 0) {
        return -1;
    }
    errno = saved;
    return rc;
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    char    path[PATH_MAX];
    json_t *text;
    int     rc, saved;

    (void) engine;
    (void) config;

    if (snprintf(path, sizeof(path), "%s/" JOB, run->dir) >= (int) sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    text = job(run);
    if (text == NULL) {
        errno = EINVAL; /* no memory, or a value that is not UTF-8 */
        return -1;
    }
    rc = write_job(path, text);
    saved = errno;
    json_decref(text);
    errno = saved;
    if (rc != 0) {
        return -1;
    }

    platen_command_arg(command, QPDF);
    platen_command_arg(command, "--job-json-file=" JOB);
    return 0;
}

/* A wrong password and none at all are the same to it: the caller knows which. */
static const platen_program_rule_t rules[] = {
    /* Also on the way to a result that then lacks something. */
    { PLATEN_PROGRAM_ANY, "bad_alloc", PLATEN_EXIT_MEMORY },
    { 0, NULL, PLATEN_EXIT_DONE },
    { 3, NULL, PLATEN_EXIT_DONE }, /* with warnings: the document was damaged */
    { PLATEN_PROGRAM_ANY, "invalid password", PLATEN_EXIT_PASSWORD },
    { PLATEN_PROGRAM_ANY, "out of range", PLATEN_EXIT_EMPTY },
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_CORRUPT },
};

static const char *const repairs[] = { "file is damaged", NULL };

const platen_engine_t platen_engine_qpdf = {
    .name = "qpdf",
    .packages = "qpdf",
    .optional = 1,
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .prepare = prepare,
    .rules = rules,
    .repairs = repairs,
};
