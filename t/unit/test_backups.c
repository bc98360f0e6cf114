/* platen_backups: one is started when it is due, and the next after the interval. */

#include "sidecar_fixture.h"

#include <limits.h>
#include <sys/wait.h>
#include <time.h>

#include "backup/backups.h"

/* As "platend -bc FILE" it fails: what it leaves is for the test to reap. */
static int
as_platend(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "-bc") == 0 ? 1 : -1;
}

/* Ticks for so many seconds, or until so many were started; returns how many were. */
static int
tick(platen_backups_t *backups, int seconds, int enough)
{
    int i, n = 0;

    for (i = 0; i < seconds * 20 && n < enough; i++) {
        platen_backups_tick(backups);
        usleep(50000);
        n += waitpid(-1, NULL, WNOHANG) > 0;
    }
    return n;
}

static void
test_interval(void **state)
{
    fixture_t         f;
    char              path[80], name[128], text[24];
    platen_backups_t *backups;
    time_t            now = time(NULL);
    struct tm         tm;

    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    assert_int_equal(fixture_open(&f), 0);
    snprintf(path, sizeof(path), "%s/backups", f.root);
    f.config.backup_path = path;
    f.config.backup_interval = 1;
    backups = platen_backups_new(&f.config, "platend.cfg");
    assert_non_null(backups);

    /* An interval below that between tries after a failure is kept, too. */
    assert_int_equal(tick(backups, 30, 3), 3);

    /* One that is there is not yet old enough. */
    assert_int_equal(mkdir(path, 0700), 0);
    strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    snprintf(name, sizeof(name), "%s/%s", path, text);
    assert_int_equal(mkdir(name, 0700), 0);
    f.config.backup_interval = 3600;
    (void) tick(backups, 1, INT_MAX);
    assert_int_equal(tick(backups, 2, INT_MAX), 0);

    /* None are asked for. */
    f.config.backup_path = fixture_none;
    f.config.backup_interval = 1;
    assert_int_equal(tick(backups, 2, INT_MAX), 0);

    platen_backups_destroy(&backups);
    assert_int_equal(fixture_close(&f), 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval),
    };
    int code = as_platend(argc, argv);

    return code >= 0 ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
