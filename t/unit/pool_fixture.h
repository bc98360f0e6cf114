/*
 * What tests of platen_pool share: a pool of one worker, engines that are a shell
 * in the sandbox, and routes of scripts for them.  What a run and its judgement
 * came to is in `fixture`.
 *
 * The pool and its directory live as long as the group of tests; a task is the
 * pool's until pool_on_done().
 */

#ifndef PLATEN_TEST_POOL_FIXTURE_H
#define PLATEN_TEST_POOL_FIXTURE_H

#include "sidecar_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "schedule/finish.h"
#include "run/pool.h"

#define POOL_BIT(o) PLATEN_OPTION_BIT(PLATEN_OPTION_##o)

static struct {
    char                root[32];
    platen_config_t     config;
    platen_confine_t   *confine;
    platen_crew_t      *crew;
    platen_pool_t      *pool;
    platen_edge_t       edges[PLATEN_ROUTE_STEPS]; /* of the last route made */
    platen_run_result_t ended;
    platen_verdict_t    verdict;
    int                 nended;
    int                 starts; /* of commands, in this run */
} fixture = { .root = "/tmp/test_pool.XXXXXX" };

/* The edge's filter is the script; what it does with the options is its affair. */
static inline int
pool_prepare(const platen_engine_t *engine, const platen_config_t *c, const platen_run_t *run,
             platen_command_t *command)
{
    static const char *const programs[] = { "/usr", "/bin", "/lib", "/lib64" };
    const char              *pages = platen_options_get(run->options, PLATEN_OPTION_PAGES);
    const char              *pdfa = platen_options_get(run->options, PLATEN_OPTION_PDFA);
    size_t                   i;

    (void) engine;
    (void) c;
    platen_command_arg(command, "/bin/sh");
    platen_command_arg(command, "-c");
    platen_command_arg(command, "%s", run->edge->export_filter);
    platen_command_env(command, "OUT=%s", run->output_dir);
    platen_command_env(command, "IN=%s", run->input);
    platen_command_env(command, "START=%d", ++fixture.starts);
    platen_command_env(command, "OPTIONS=%s/%s", pages == NULL ? "" : pages,
                       pdfa == NULL ? "" : pdfa);
    for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        platen_command_allow(command, PLATEN_SANDBOX_R | PLATEN_SANDBOX_X, "%s", programs[i]);
    }
    command->policy = platen_policy_find("command-fork");
    return 0;
}

/* 100 and more: the meanings in their order. */
static inline platen_exit_t
pool_exited(int code, const char *stderr_tail)
{
    (void) stderr_tail;
    return code == 81                                       ? PLATEN_EXIT_AGAIN
           : code == 79                                     ? PLATEN_EXIT_CRASHED
           : code >= 100 && code <= 100 + PLATEN_EXIT_SETUP ? (platen_exit_t) (code - 100)
                                                            : PLATEN_EXIT_DONE;
}

static const platen_engine_t pool_shell = { .name = "shell",
                                            .prepare = pool_prepare,
                                            .exited = pool_exited };
static const platen_engine_t pool_second = { .name = "second",
                                             .prepare = pool_prepare,
                                             .exited = pool_exited };

static inline void
pool_on_done(void *data, unsigned n, platen_task_t *task, const platen_run_result_t *result)
{
    (void) data;
    fixture.ended = *result;
    fixture.nended++;
    platen_finish_judge(&fixture.config, task, result, &fixture.verdict);
    platen_task_destroy(&task);
    assert_int_equal(platen_pool_idle(fixture.pool), 0);
    platen_pool_clear(fixture.pool, n);
    platen_pool_free(fixture.pool, n);
}

static inline int
pool_setup(void **state)
{
    char err[512];

    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    if (mkdtemp(fixture.root) == NULL || platen_layout_prepare(fixture.root) != 0) {
        return -1;
    }
    fixture.config = fixture_config(fixture.root);
    fixture.config.workers = 1;
    fixture.config.output_size = 64 * 1024;
    fixture.confine = platen_confine_new(&fixture.config, err, sizeof(err));
    fixture.crew = platen_crew_new(2);
    fixture.pool = fixture.confine == NULL || fixture.crew == NULL
                       ? NULL
                       : platen_pool_new(&fixture.config, fixture.confine, fixture.crew,
                                         pool_on_done, NULL);
    return fixture.pool == NULL ? -1 : 0;
}

static inline int
pool_teardown(void **state)
{
    (void) state;
    platen_crew_stop(fixture.crew);
    platen_pool_destroy(&fixture.pool);
    platen_crew_destroy(&fixture.crew);
    platen_confine_destroy(&fixture.confine);
    return platen_tree_clear(fixture.root) == 0 ? rmdir(fixture.root) : -1;
}

static inline void
pool_put_document(const platen_id_t *id, char path[PLATEN_PATH_MAX])
{
    platen_tmp_t tmp;

    assert_int_equal(platen_layout_tmp(fixture.root, &tmp), 0);
    assert_int_equal(write(tmp.fd, "document", 8), 8);
    close(tmp.fd);
    assert_int_equal(platen_layout_publish(fixture.root, tmp.path, PLATEN_DIR_INPUT, id, 0), 0);
    platen_layout_path(fixture.root, PLATEN_DIR_INPUT, id, 0, path);
}

/* A route from txt by way of these formats; NULL ends it. */
static inline platen_route_t
pool_route_of(const char *const (*steps)[2])
{
    platen_route_t route = { .nsteps = 0 };
    const char    *from = "txt";

    for (; (*steps)[0] != NULL; steps++) {
        fixture.edges[route.nsteps] =
            (platen_edge_t){ .from = from, .to = (*steps)[0], .export_filter = (*steps)[1] };
        route.steps[route.nsteps] =
            (platen_step_t){ .engine = route.nsteps == 0 ? &pool_shell : &pool_second,
                             .edge = &fixture.edges[route.nsteps] };
        route.nsteps++;
        from = (*steps)[0];
    }
    return route;
}

/* What the crew has done by then. */
static inline void
pool_read(int timeout_ms)
{
    struct pollfd fd = { .fd = platen_crew_fd(fixture.crew), .events = POLLIN };

    if (poll(&fd, 1, timeout_ms) > 0) {
        platen_crew_read(fixture.crew);
    }
}

/*
 * Starts that route, on a document of its own, whose path is told; it runs when this returns.
 * -1: it has ended.
 */
static inline int
pool_start_route(const platen_route_t *route, int with_input, char path[PLATEN_PATH_MAX])
{
    platen_job_t   job = { .epoch = 1,
                           .attempts = 1,
                           .options = PLATEN_STR("pages=1-2\npdfa=2b\n"),
                           .secrets = PLATEN_STR("password=x\n") };
    platen_task_t *task;

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    if (with_input) {
        pool_put_document(&job.id, path);
    }
    task = platen_task_new(&job);
    assert_non_null(task);
    task->route = *route;
    task->from = fixture_format("txt");
    task->to = fixture_format(route->steps[route->nsteps - 1].edge->to);

    fixture.nended = 0;
    fixture.starts = 0;
    memset(&fixture.verdict, 0, sizeof(fixture.verdict));
    assert_int_equal(platen_pool_start(fixture.pool, task), 0);
    pool_read(10000);
    return fixture.nended == 0 ? 0 : -1;
}

static inline int
pool_start(const platen_engine_t *engine, const char *script, int with_input)
{
    const char *const steps[][2] = { { "pdf", script }, { NULL, NULL } };
    platen_route_t    route = pool_route_of(steps);
    char              path[PLATEN_PATH_MAX];

    route.steps[0].engine = engine;
    return pool_start_route(&route, with_input, path);
}

static inline void
pool_wait_for_end(void)
{
    int i;

    for (i = 0; i < 6000 && fixture.nended == 0; i++) {
        pool_read(10);
        platen_pool_tick(fixture.pool);
        platen_pool_reap(fixture.pool);
    }
    assert_int_equal(fixture.nended, 1);
    assert_int_equal(platen_pool_idle(fixture.pool), 1);
}

static inline void
pool_run(const char *script)
{
    assert_int_equal(pool_start(&pool_shell, script, 1), 0);
    assert_int_equal(platen_pool_idle(fixture.pool), 0);
    pool_wait_for_end();
}

static inline void
pool_run_route(const platen_route_t *route)
{
    char path[PLATEN_PATH_MAX];

    assert_int_equal(pool_start_route(route, 1, path), 0);
    pool_wait_for_end();
}

static inline int
pool_exists(const char *name)
{
    char path[PLATEN_PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", fixture.root, name);
    return access(path, F_OK) == 0;
}

#endif
