/* platen_backup: whole or not there; what is the same takes no room; old ones go. */

#include "sidecar_fixture.h"

#include <sys/file.h>
#include <fcntl.h>

#include "backup/backup.h"
#include "storeadmin/check.h"

static fixture_t f;
static char      dir[80];

static int
setup(void **state)
{
    (void) state;
    if (fixture_open(&f) != 0) {
        return -1;
    }
    snprintf(dir, sizeof(dir), "%s/backups", f.root);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    return fixture_close(&f);
}

static platen_backup_t
back_up(unsigned keep)
{
    platen_backup_t made;
    char            err[512] = "";

    if (platen_backup_make(f.store, f.data, dir, keep, &made, err, sizeof(err)) != PLATEN_OK) {
        fail_msg("%s", err);
    }
    return made;
}

/* The inode of a job's file below a data directory; 0 if there is none. */
static ino_t
inode(const char *data, const platen_id_t *id)
{
    char        path[PLATEN_PATH_MAX];
    struct stat st;

    platen_layout_path(data, PLATEN_DIR_INPUT, id, 0, path);
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void
test_whole(void **state)
{
    platen_id_t     id = fixture_submit(&f, "text", "pdf", 0), found;
    platen_backup_t made = back_up(0);
    platen_store_t *copy;
    platen_txn_t    txn;
    char            path[PATH_MAX + 16], err[256], name[PLATEN_BACKUP_NAME + 1];

    (void) state;
    assert_int_equal(made.linked, 1);
    assert_int_equal(made.copied, 0);
    snprintf(path, sizeof(path), "%s/data", made.path);
    assert_true(inode(path, &id) != 0);
    assert_true(inode(path, &id) == inode(f.data, &id));

    snprintf(path, sizeof(path), "%s/store", made.path);
    assert_int_equal(platen_store_open(&copy, path, 16 << 20, err, sizeof(err)), PLATEN_OK);
    assert_int_equal(platen_txn_read(copy, &txn), PLATEN_OK);
    assert_int_equal(platen_store_jobs(&txn, NULL, 0, &found, 1), 1);
    assert_memory_equal(&found, &id, sizeof(id));
    platen_txn_abort(&txn);
    platen_store_close(&copy);

    assert_true(time(NULL) - platen_backup_newest(dir, name) < 60);
    assert_string_equal(strrchr(made.path, '/') + 1, name);
}

/* What has gone since is in it all the same, and what is under way is not. */
static void
test_files(void **state)
{
    platen_id_t     first = fixture_submit(&f, "1", "pdf", 0);
    platen_backup_t made;
    platen_tmp_t    tmp;
    char            path[PATH_MAX + 32], data[PATH_MAX + 16];

    (void) state;
    assert_int_equal(platen_layout_tmp(f.data, &tmp), 0);
    made = back_up(0);
    assert_int_equal(made.linked, 1);
    snprintf(data, sizeof(data), "%s/data", made.path);
    platen_layout_remove(f.data, &first, 0);
    assert_true(inode(data, &first) != 0);
    snprintf(path, sizeof(path), "%s/tmp", data);
    assert_int_not_equal(access(path, F_OK), 0);
    platen_layout_tmp_discard(&tmp);
}

/* Jobs that are removed between the copy of the store and that of their files are not in it;
 * one that is there and whose file is lost stays, to be seen. */
static void
test_removed_meanwhile(void **state)
{
    platen_id_t     stays = fixture_submit(&f, "1", "pdf", 0), lost, gone;
    platen_store_t *copy;
    platen_txn_t    txn;
    platen_job_t    job;
    char            part[PATH_MAX], path[PATH_MAX + 32], err[512] = "";

    (void) state;
    lost = fixture_submit(&f, "2", "pdf", 0);
    gone = fixture_submit(&f, "3", "pdf", 0);
    snprintf(part, sizeof(part), "%s/part", f.root);
    snprintf(path, sizeof(path), "%s/data", part);
    assert_int_equal(mkdir(part, 0700) | mkdir(path, 0700), 0);
    platen_layout_remove(f.data, &lost, 0);
    snprintf(path, sizeof(path), "%s/store", part);
    assert_int_equal(mkdir(path, 0700), 0);
    /* As platen_backup_make() goes: the store first, then the files. */
    assert_int_equal(platen_store_copy(f.store, path, err, sizeof(err)), PLATEN_OK);

    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_remove(&txn, &gone, NULL, platen_now_us(), NULL), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    platen_layout_remove(f.data, &gone, 0);

    snprintf(path, sizeof(path), "%s/data", part);
    {
        platen_backup_t made = { .path = "" };

        assert_int_equal(platen_backup_files(f.data, NULL, path, &made, err, sizeof(err)), 0);
        assert_int_equal(made.linked, 1);
    }
    assert_int_equal(platen_backup_settle(f.store, part, err, sizeof(err)), 0);

    snprintf(path, sizeof(path), "%s/store/lock.mdb", part);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof(path), "%s/store", part);
    assert_int_equal(platen_store_open(&copy, path, 16 << 20, err, sizeof(err)), PLATEN_OK);
    assert_int_equal(platen_txn_read(copy, &txn), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &stays, &job), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &lost, &job), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &gone, &job), PLATEN_NOT_FOUND);
    platen_txn_abort(&txn);
    platen_store_close(&copy);
}

static void
test_keep(void **state)
{
    char            name[PLATEN_BACKUP_NAME + 1], path[256];
    platen_backup_t first = back_up(0), last;

    (void) state;
    /* Neither is a backup. */
    snprintf(path, sizeof(path), "%s/19990101T000000", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/20261399T000000Z", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    last = back_up(1);
    assert_int_equal(last.removed, 1);
    assert_int_not_equal(access(first.path, F_OK), 0);
    assert_int_equal(access(last.path, F_OK), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(platen_backup_newest(dir, name) != 0);
    assert_string_equal(strrchr(last.path, '/') + 1, name);
}

/* A half of one that was killed goes; while another works there, nothing is touched. */
static void
test_alone(void **state)
{
    platen_backup_t made;
    char            path[256], err[512];
    int             lock;

    (void) state;
    (void) back_up(0);
    snprintf(path, sizeof(path), "%s/.part/data", dir);
    assert_int_equal(platen_tree_reset(strcat(strcpy(err, dir), "/.part")), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/.lock", dir);
    lock = open(path, O_RDWR);
    assert_true(lock >= 0);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(platen_backup_make(f.store, f.data, dir, 0, &made, err, sizeof(err)),
                     PLATEN_STALE);
    assert_non_null(strstr(err, "another process"));
    snprintf(path, sizeof(path), "%s/.part/data", dir);
    assert_int_equal(access(path, F_OK), 0);
    close(lock);
    (void) back_up(0);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void
test_failures(void **state)
{
    platen_backup_t made;
    char            err[512], name[PLATEN_BACKUP_NAME + 1];

    (void) state;
    assert_int_equal(
        platen_backup_make(f.store, f.data, "/nonexistent/backups", 0, &made, err, sizeof(err)),
        PLATEN_ERROR);
    assert_non_null(strstr(err, "/nonexistent/backups: No such file"));
    assert_int_equal(
        platen_backup_make(f.store, "/nonexistent/data", dir, 0, &made, err, sizeof(err)),
        PLATEN_ERROR);
    assert_non_null(strstr(err, "/nonexistent/data: No such file"));
    assert_int_equal(platen_backup_newest(dir, name), 0);
    assert_string_equal(name, "");
    snprintf(err, sizeof(err), "%s/.part", dir);
    assert_int_not_equal(access(err, F_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keep, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
