/* platen_config: defaults, every kind of value, and that mistakes are named. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

static char err[1024];

/* Loads a configuration of that text. */
static platen_config_t *
load(const char *text)
{
    platen_config_t *config;
    char             path[] = "/tmp/test_config.XXXXXX";
    FILE            *out;
    int              fd;

    fd = mkstemp(path);
    assert_true(fd >= 0);
    out = fdopen(fd, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);

    config = platen_config_load(path, err, sizeof(err));
    unlink(path);
    return config;
}

static void
assert_refused(const char *text, const char *key, const char *why)
{
    platen_config_t *config = load(text);

    assert_null(config);
    if (strstr(err, key) == NULL || strstr(err, why) == NULL) {
        fail_msg("\"%s\" names neither %s nor: %s", err, key, why);
    }
}

static void
test_defaults(void **state)
{
    platen_config_t *c = load("#   nothing\n");

    (void) state;
    assert_non_null(c);
    assert_string_equal(c->user, "");
    assert_string_equal(c->store_path, "/var/lib/platen/store");
    assert_string_equal(c->data_path, "/var/lib/platen/data");
    assert_string_equal(platen_config_socket(c), "/run/platen/platend.sock");
    assert_string_equal(c->events_endpoint, "ipc:///run/platen/events.sock");
    assert_int_equal(c->queue_mode, 0660);
    assert_int_equal(c->map_size, 0);
    assert_true(c->workers >= 1 && c->workers <= (uint64_t) sysconf(_SC_NPROCESSORS_ONLN));
    assert_int_equal(c->wall_clock, 120);
    assert_int_equal(c->grace, 20);
    assert_int_equal(c->output_size, 1 << 30);
    assert_int_equal(c->attempts, 2);
    assert_int_equal(c->soffice_enabled, 1);
    assert_int_equal(c->lok_enabled, 1);
    assert_int_equal(c->sandbox, PLATEN_SANDBOX_REQUIRED);
    assert_string_equal(c->cgroup_path, "auto");
    assert_true(c->address_space == UINT64_C(2) << 30);
    assert_true(c->memory == UINT64_C(1) << 30);
    assert_int_equal(c->ncommands, 0);
    assert_int_equal(c->log_level, PLATEN_LOG_INFO);
    platen_config_destroy(&c);
    assert_null(c);
}

/* As many workers as processors, and those are the ones that this process may use. */
static void
test_processors(void **state)
{
    platen_config_t *c;
    cpu_set_t        all, one;
    int              i;

    (void) state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    CPU_ZERO(&one);
    for (i = 0; !CPU_ISSET(i, &all); i++) {
    }
    CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    c = load("");
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(c->workers, 1);
    platen_config_destroy(&c);
}

static void
test_values(void **state)
{
    platen_config_t *c = load("user = \"www-data\"\n"
                              "workers = 7\n"
                              "store\n    path = \"/srv/a b\"\n    map_size = 16M\n"
                              "queue\n    mode = 0600\n    endpoint = \"ipc:///tmp/x\"\n"
                              "sandbox = available\ncgroup = \"/sys/fs/cgroup/platen\"\n"
                              "limits\n    output_size = 3k\n    address_space = 0\n"
                              "engines\n    soffice\n        enabled = 0\n"
                              "log\n    level = warn\n");

    (void) state;
    assert_non_null(c);
    assert_string_equal(c->user, "www-data");
    assert_int_equal(c->workers, 7);
    assert_string_equal(c->store_path, "/srv/a b");
    assert_int_equal(c->map_size, 16 << 20);
    assert_int_equal(c->queue_mode, 0600);
    assert_string_equal(platen_config_socket(c), "/tmp/x");
    assert_string_equal(c->events_endpoint, "ipc:///tmp/events.sock");
    assert_int_equal(c->output_size, 3072);
    assert_int_equal(c->address_space, 0);
    assert_int_equal(c->sandbox, PLATEN_SANDBOX_AVAILABLE);
    assert_string_equal(c->cgroup_path, "/sys/fs/cgroup/platen");
    assert_int_equal(c->soffice_enabled, 0);
    assert_int_equal(c->log_level, PLATEN_LOG_WARN);
    platen_config_destroy(&c);
}

static void
test_events(void **state)
{
    platen_config_t *c = load("queue\n    events = \"ipc:///tmp/e\"\n");

    (void) state;
    assert_non_null(c);
    assert_string_equal(c->events_endpoint, "ipc:///tmp/e");
    platen_config_destroy(&c);

    c = load("queue\n    events = off\n");
    assert_non_null(c);
    assert_string_equal(c->events_endpoint, "");
    platen_config_destroy(&c);
}

static void
test_mistakes(void **state)
{
    (void) state;
    assert_refused("store\n    pth = \"/x\"\n", "\"store/pth\"", "not a key");
    assert_refused("stoer\n    path = \"/x\"\n", "\"stoer\"", "not a key");
    assert_refused("workers = 0\n", "\"workers\"", "range");
    assert_refused("workers = -1\n", "\"workers\"", "number");
    assert_refused("workers = 2x\n", "\"workers\"", "number");
    assert_refused("workers = 2\nworkers = 3\n", "\"workers\"", "twice");
    assert_refused("store = 1\n", "\"store\"", "section");
    assert_refused("workers = 2\n    more = 1\n", "\"workers\"", "no keys below");
    assert_refused("store\n    path = \"x\"\n", "\"store/path\"", "absolute");
    assert_refused("queue\n    endpoint = \"tcp://*:1\"\n", "\"queue/endpoint\"", "ipc://");
    assert_refused("queue\n    events = \"tcp://*:1\"\n", "\"queue/events\"", "ipc://");
    assert_refused("queue\n    events = \"ipc:///run/platen/platend.sock\"\n",
                   "\"queue/events\"", "same");
    assert_refused("queue\n    mode = 0888\n", "\"queue/mode\"", "octal");
    assert_refused("limits\n    output_size = 1t\n", "\"limits/output_size\"", "bytes");
    assert_refused("limits\n    output_size = 1gb\n", "\"limits/output_size\"", "bytes");
    assert_refused("limits\n    output_size = 99999999999g\n", "limits/output_size", "bytes");
    assert_refused("log\n    level = loud\n", "\"log/level\"", "debug");
    assert_refused("sandbox = off\n", "\"sandbox\"", "required, available");
    assert_refused("cgroup = \"platen\"\n", "\"cgroup\"", "absolute");
    assert_refused("cgroup = automatic\n", "\"cgroup\"", "auto, or");
    assert_refused("engines\n    libexec = \"\"\n", "\"engines/libexec\"", "absolute");
    assert_refused("engines\n    lok\n        ahead = 257\n", "engines/lok/ahead", "range");
    assert_refused("engines\n    soffice\n        enabled = 2\n", "enabled", "range");
}

static void
test_engines(void **state)
{
    platen_config_t *c = load("engine\n"
                              "    mine\n        from = \"md txt\"\n        to = pdf\n"
                              "        command = \"/usr/bin/x {input} {output}\"\n"
                              "    yours\n        from = csv\n        to = json\n"
                              "        command = \"/y\"\n        options = \"pages\"\n"
                              "        read = \"/a /b\"\n        cost = 7\n"
                              "        address_space = 3g\n        fork = 1\n"
                              "workers = 3\n");

    (void) state;
    assert_non_null(c);
    assert_int_equal(c->workers, 3);
    assert_int_equal(c->ncommands, 2);
    assert_string_equal(c->commands[0].name, "mine");
    assert_string_equal(c->commands[0].from, "md txt");
    assert_string_equal(c->commands[0].to, "pdf");
    assert_string_equal(c->commands[0].command, "/usr/bin/x {input} {output}");
    assert_string_equal(c->commands[0].options, "");
    assert_string_equal(c->commands[0].read, "");
    assert_int_equal(c->commands[0].cost, 1000);
    assert_int_equal(c->commands[0].address_space, 0);
    assert_int_equal(c->commands[0].fork, 0);
    assert_string_equal(c->commands[1].options, "pages");
    assert_string_equal(c->commands[1].read, "/a /b");
    assert_int_equal(c->commands[1].cost, 7);
    assert_true(c->commands[1].address_space == UINT64_C(3) << 30);
    assert_int_equal(c->commands[1].fork, 1);
    platen_config_destroy(&c);
}

#define BLOCK "engine\n    mine\n        from = md\n        to = pdf\n"
#define COMMAND "        command = \"/x\"\n"

static void
test_engine_mistakes(void **state)
{
    char text[8192];
    int  n, i;

    (void) state;
    assert_refused(BLOCK, "\"engine/mine\"", "command");
    assert_refused("engine\n    mine\n        from = md\n" COMMAND, "\"engine/mine\"",
                   "key to");
    assert_refused("engine\n    mine\n        to = md\n" COMMAND, "\"engine/mine\"", "from");
    assert_refused("engine\n    mine\n", "\"engine/mine\"", "needs");
    assert_refused(BLOCK COMMAND "        cots = 1\n", "\"engine/mine/cots\"", "not a key");
    assert_refused(BLOCK COMMAND "        cost = 0\n", "\"engine/mine/cost\"", "range");
    assert_refused(BLOCK COMMAND "        cost = dear\n", "\"engine/mine/cost\"", "number");
    assert_refused(BLOCK COMMAND "        fork = yes\n", "\"engine/mine/fork\"", "0 or 1");
    assert_refused(BLOCK COMMAND "        fork = 1\n            x = 1\n",
                   "\"engine/mine/fork\"", "no keys below");
    assert_refused(BLOCK COMMAND "    mine\n        from = md\n        to = pdf\n" COMMAND,
                   "\"engine/mine\"", "twice");
    assert_refused("engines\n    mine\n        from = md\n", "\"engines/mine\"", "not a key");

    n = snprintf(text, sizeof(text), "engine\n");
    for (i = 0; i <= PLATEN_COMMANDS_MAX; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t) n,
                      "    e%d\n        from = md\n        to = pdf\n" COMMAND, i);
    }
    assert_refused(text, "\"engine/e32\"", "too many");
}

/* A key with the name that it had sets what it has always set, and is told of. */
static void
test_old_names(void **state)
{
    platen_config_t *c = load("limits\n    setbacks = 7\n    losses = 8\n");

    (void) state;
    assert_non_null(c);
    assert_int_equal(c->host_failures, 7);
    assert_int_equal(c->lost_attempts, 8);
    assert_string_equal(c->old[0]->was, "limits/losses");
    assert_string_equal(c->old[0]->is, "limits/lost_attempts");
    assert_string_equal(c->old[1]->is, "limits/host_failures");
    assert_null(c->old[2]);
    platen_config_destroy(&c);

    c = load("limits\n    host_failures = 7\n");
    assert_non_null(c);
    assert_int_equal(c->host_failures, 7);
    assert_null(c->old[0]);
    assert_null(c->old[1]);
    platen_config_destroy(&c);

    assert_refused("limits\n    losses = 0\n", "\"limits/losses\"", "range");
    assert_refused("limits\n    losses = 1\n    lost_attempts = 1\n",
                   "\"limits/lost_attempts\"", "twice");
}

static void
test_no_file(void **state)
{
    (void) state;
    assert_null(platen_config_load("/nonexistent/platend.cfg", err, sizeof(err)));
    assert_non_null(strstr(err, "/nonexistent/platend.cfg"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_events),     cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_engines),    cmocka_unit_test(test_engine_mistakes),
        cmocka_unit_test(test_no_file),    cmocka_unit_test(test_old_names),
        cmocka_unit_test(test_processors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
