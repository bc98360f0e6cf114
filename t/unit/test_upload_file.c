/* platen_upload_file: the steps of an upload's life, and what crashes leave of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "disk/upload_file.h"
#include "scratch.h"

static char         root[SCRATCH_MAX];
static platen_str_t alice = { "alice", 5 };
static platen_id_t  id;

/* Two writers of one process: the lock is of the open file, not the process's. */
static platen_upload_file_t p, q;

static int
setup(void **state)
{
    (void) state;
    if (scratch_make(root) != 0 || platen_layout_prepare(root) != 0) {
        return -1;
    }
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    scratch_remove(root);
    return 0;
}

static void
create(uint64_t length)
{
    platen_upload_file_meta_t meta = { alice, PLATEN_STR("filename YQ=="), length, length == 0,
                                       60 };

    assert_int_equal(platen_id_new(&id), PLATEN_OK);
    platen_upload_file_init(&p, root, &id, 0);
    assert_int_equal(platen_upload_file_create(&p, &meta), PLATEN_OK);
}

static void
reopen(void)
{
    platen_upload_file_close(&p);
    platen_upload_file_init(&p, root, &id, 0);
    assert_int_equal(platen_upload_file_open(&p, alice), PLATEN_OK);
}

static void
append(const char *text, int checked)
{
    assert_int_equal(platen_upload_file_begin(&p, checked), PLATEN_OK);
    assert_int_equal(platen_upload_file_write(&p, (const unsigned char *) text, strlen(text)),
                     PLATEN_OK);
}

static void
digest_is(const char *text)
{
    uint8_t  got[PLATEN_SHA256_LEN], expected[EVP_MAX_MD_SIZE];
    unsigned n;

    while (platen_upload_file_hash(&p, 3) == 1) {
        /* in small steps */
    }
    assert_int_equal(platen_upload_file_digest(&p, got), PLATEN_OK);
    assert_int_equal(EVP_Digest(text, strlen(text), expected, &n, EVP_sha256(), NULL), 1);
    assert_memory_equal(got, expected, sizeof(got));
}

static void
test_life(void **state)
{
    char path[PLATEN_PATH_MAX];

    (void) state;
    create(12);
    assert_false(platen_upload_file_whole(&p));
    append("hello ", 0);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    reopen();
    assert_int_equal(p.offset, 6);
    assert_int_equal(p.hashed, 6); /* and need not be hashed again */
    assert_int_equal(p.meta.length, 12);
    assert_memory_equal(p.meta.metadata.data, "filename YQ==", 13);
    append("world!", 0);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    assert_true(platen_upload_file_whole(&p));
    assert_int_equal(p.hashed, 12);
    digest_is("hello world!");

    platen_upload_file_remove(root, &id);
    platen_upload_file_path(root, &id, path);
    assert_int_equal(access(path, F_OK), -1);
    platen_upload_file_close(&p);
    platen_upload_file_close(&p);
    assert_int_equal(platen_upload_file_open(&p, alice), PLATEN_NOT_FOUND);
}

static void
test_lock_and_owner(void **state)
{
    (void) state;
    create(5);
    platen_upload_file_init(&q, root, &id, 0);
    assert_int_equal(platen_upload_file_open(&q, alice), PLATEN_LOCKED);
    assert_int_equal(platen_upload_file_open(&q, PLATEN_STR("bob")), PLATEN_NOT_FOUND);
    platen_upload_file_close(&p);
    assert_int_equal(platen_upload_file_open(&q, PLATEN_STR("bob")), PLATEN_NOT_FOUND);
    assert_int_equal(platen_upload_file_open(&q, alice), PLATEN_OK);
    platen_upload_file_close(&q);
}

/* What a writer had not ended when it died is there, and is hashed when needed. */
static void
test_cut_short(void **state)
{
    (void) state;
    create(8);
    append("abc", 0);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    append("def", 0);
    reopen();
    assert_int_equal(p.offset, 6);
    assert_int_equal(p.hashed, 3);
    append("gh", 0);
    assert_int_equal(p.hashed, 3);
    digest_is("abcdefgh");
    platen_upload_file_close(&p);
}

static void
test_checked(void **state)
{
    (void) state;
    create(6);
    append("abc", 1);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    append("xyz", 1);
    assert_int_equal(platen_upload_file_rollback(&p), PLATEN_OK);
    assert_int_equal(p.offset, 3);

    /* Died before it could compare: not to be trusted. */
    append("xyz", 1);
    reopen();
    assert_int_equal(p.offset, 3);
    append("def", 1);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    reopen();
    assert_int_equal(p.offset, 6);
    digest_is("abcdef");
    platen_upload_file_close(&p);
}

/* The last byte is taken back, and another may come in its place. */
static void
test_settle(void **state)
{
    char to[PLATEN_PATH_MAX], from[PLATEN_PATH_MAX];

    (void) state;
    create(4);
    append("abcd", 0);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    digest_is("abcd");
    reopen();
    assert_true(platen_upload_file_whole(&p));
    assert_int_equal(platen_upload_file_settle(&p), PLATEN_OK);
    assert_int_equal(p.offset, 3);
    append("e", 0);
    reopen();
    digest_is("abce");

    /* A crash after the rename, and before the record. */
    platen_upload_file_path(root, &id, from);
    platen_layout_path(root, PLATEN_DIR_INPUT, &id, 0, to);
    assert_int_equal(platen_layout_publish(root, from, PLATEN_DIR_INPUT, &id, 0), 0);
    reopen();
    assert_true(p.placed && platen_upload_file_whole(&p));
    platen_upload_file_init(&q, root, &id, 0);
    assert_int_equal(platen_upload_file_open(&q, alice), PLATEN_LOCKED);
    assert_int_equal(platen_upload_file_settle(&p), PLATEN_OK);
    assert_int_equal(p.offset, 3);
    assert_int_equal(access(to, F_OK), -1);
    append("f", 0);
    digest_is("abcf");
    platen_upload_file_close(&p);
}

static void
test_deferred(void **state)
{
    (void) state;
    create(0);
    append("ab", 0);
    assert_false(platen_upload_file_whole(&p));
    assert_int_equal(platen_upload_file_set_length(&p, 2), PLATEN_OK);
    assert_true(platen_upload_file_whole(&p));
    reopen();
    assert_int_equal(p.meta.length, 2);
    assert_int_equal(p.meta.deferred, 0);
    platen_upload_file_close(&p);
}

static void
spoil(const char *ext, const char *bytes)
{
    char path[PLATEN_PATH_MAX], text[PLATEN_ID_TEXT + 1];
    int  fd;

    platen_id_format(&id, text);
    snprintf(path, sizeof(path), "%s/uploads/%s.%s", root, text, ext);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t) strlen(bytes));
    close(fd);
}

static void
test_damage(void **state)
{
    platen_upload_file_meta_t meta = { alice, { NULL, 0 }, 1, 0, 60 };
    static char               longest[PLATEN_UPLOAD_FILE_METADATA_MAX + 1];

    (void) state;
    create(6);
    append("abc", 0);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    spoil("sum", "no digest");
    reopen();
    assert_int_equal(p.offset, 3);
    assert_int_equal(p.hashed, 0);
    append("def", 0);
    digest_is("abcdef");
    platen_upload_file_close(&p);
    spoil("meta", "no record");
    assert_int_equal(platen_upload_file_open(&p, alice), PLATEN_CORRUPT);
    platen_upload_file_close(&p);

    memset(longest, 'a', sizeof(longest));
    meta.metadata = (platen_str_t){ longest, sizeof(longest) };
    assert_int_equal(platen_id_new(&id), PLATEN_OK);
    platen_upload_file_init(&p, root, &id, 0);
    assert_int_equal(platen_upload_file_create(&p, &meta), PLATEN_INVALID);
    assert_int_equal(platen_upload_file_open(&p, alice), PLATEN_NOT_FOUND);
}

/* An upload that was begun before its digest had the form of today goes on. */
static void
test_older(void **state)
{
    struct {
        uint32_t version, checked;
        uint64_t trusted, hashed;
        uint8_t  sha[112];
        uint8_t  digest[PLATEN_SHA256_LEN];
    } sum = { .version = 1, .checked = 1, .trusted = 2, .hashed = 2, .sha = { 1, 2, 3 } };
    platen_str_t all = { (const char *) &sum, offsetof(__typeof__(sum), digest) };
    char         path[PLATEN_PATH_MAX], text[PLATEN_ID_TEXT + 1];
    int          fd;

    (void) state;
    create(6);
    append("abc", 0);
    assert_int_equal(platen_upload_file_end(&p), PLATEN_OK);
    assert_int_equal(platen_digest(&all, 1, sum.digest), PLATEN_OK);
    platen_id_format(&id, text);
    snprintf(path, sizeof(path), "%s/uploads/%s.sum", root, text);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, &sum, sizeof(sum)), sizeof(sum));
    close(fd);

    reopen();
    assert_int_equal(p.offset, 2); /* what was under a checksum is not trusted */
    assert_int_equal(p.hashed, 0);
    append("cdef", 0);
    digest_is("abcdef");
    platen_upload_file_close(&p);
}

static int
is_job(void *data, const platen_id_t *which)
{
    return data != NULL && memcmp(data, which, sizeof(*which)) == 0;
}

/* Makes its bytes an hour and more old. */
static void
age(platen_dir_t dir, int placed)
{
    struct timeval times[2] = { { 1000000, 0 }, { 1000000, 0 } };
    char           path[PLATEN_PATH_MAX];

    if (placed) {
        platen_layout_path(root, dir, &id, 0, path);
    } else {
        platen_upload_file_path(root, &id, path);
    }
    assert_int_equal(utimes(path, times), 0);
}

static void
test_sweep(void **state)
{
    char path[PLATEN_PATH_MAX], to[PLATEN_PATH_MAX];

    (void) state;
    platen_upload_file_sweep(root, is_job, NULL, NULL);
    create(5);
    assert_int_equal(platen_upload_file_sweep(root, is_job, NULL, NULL), 0); /* it is open */
    age(PLATEN_DIR_INPUT, 0);
    assert_int_equal(platen_upload_file_sweep(root, is_job, NULL, NULL), 0);
    platen_upload_file_close(&p);
    assert_int_equal(platen_upload_file_open(&p, alice), PLATEN_NOT_FOUND);
    assert_int_equal(platen_upload_file_sweep(root, is_job, NULL, NULL), 1);
    platen_upload_file_path(root, &id, path);
    assert_int_equal(access(path, F_OK), -1);

    /* A job's input stays; what no job has is an upload again, until it expires. */
    create(5);
    platen_upload_file_path(root, &id, path);
    platen_layout_path(root, PLATEN_DIR_INPUT, &id, 0, to);
    assert_int_equal(platen_layout_publish(root, path, PLATEN_DIR_INPUT, &id, 0), 0);
    platen_upload_file_close(&p);
    assert_int_equal(platen_upload_file_sweep(root, is_job, NULL, NULL), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(platen_layout_publish(root, path, PLATEN_DIR_INPUT, &id, 0), 0);
    assert_int_equal(platen_upload_file_sweep(root, is_job, NULL, &id), 1);
    assert_int_equal(access(to, F_OK), 0);

    create(5);
    platen_upload_file_path(root, &id, path);
    platen_layout_path(root, PLATEN_DIR_INPUT, &id, 0, to);
    assert_int_equal(platen_layout_publish(root, path, PLATEN_DIR_INPUT, &id, 0), 0);
    age(PLATEN_DIR_INPUT, 1);
    platen_upload_file_close(&p);
    assert_int_equal(platen_upload_file_sweep(root, is_job, NULL, NULL), 1);
    assert_int_equal(access(to, F_OK), -1);
    assert_int_equal(platen_upload_file_sweep(root, is_job, NULL, NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),    cmocka_unit_test(test_lock_and_owner),
        cmocka_unit_test(test_checked), cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_settle),  cmocka_unit_test(test_deferred),
        cmocka_unit_test(test_older),   cmocka_unit_test(test_damage),
        cmocka_unit_test(test_sweep),
    };

    return cmocka_run_group_tests_name("platen_upload_file", tests, setup, teardown);
}
