/*
 * platenctl fsck: whether the store agrees with itself and with the disk, and
 * what can be done about it.  The records are the truth: indexes are made from
 * them again, a result that is gone makes its job FAILED, and a file that no
 * record names goes.  Runs in a process of its own, as a damaged map may kill
 * who reads it; no transaction is open for long, so it may run beside a server.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "ctl/file.h"
#include "ctl/store.h"
#include "schedule/orphans.h"
#include "disk/upload_file.h"

#define SLICE 1024   /* entries or records in one transaction */
#define SHOWN_MAX 50 /* of one kind, for people */

typedef enum { INDEX, RECORD, INPUT, RESULT, ORPHAN, UPLOAD, STRANGER, KINDS } kind_t;

static const char *const kinds[KINDS] = {
    [INDEX] = "index",   [RECORD] = "record", [INPUT] = "input",       [RESULT] = "result",
    [ORPHAN] = "orphan", [UPLOAD] = "upload", [STRANGER] = "stranger",
};

typedef struct {
    platen_ctl_store_t s;
    int                json;
    int                repair;
    int                restored; /* it is the end of a restore */
    int                deep;
    uint64_t           jobs, files;
    uint64_t           found[KINDS];
    uint64_t           repaired[KINDS];
} fsck_t;

/* One finding; "subject" is an id, a path, or a key in hex. */
static void
tell(fsck_t *f, kind_t kind, const char *subject, const char *what, int repaired)
{
    json_t *line;

    f->found[kind]++;
    f->repaired[kind] += repaired != 0;
    if (f->json) {
        line = json_pack("{s:s, s:s, s:s, s:b}", "kind", kinds[kind], "subject", subject,
                         "finding", what, "repaired", repaired);
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else if (f->found[kind] <= SHOWN_MAX) {
        printf("%-8s %s %s%s\n", kinds[kind], subject, what, repaired ? ": repaired" : "");
    } else if (f->found[kind] == SHOWN_MAX + 1) {
        printf("%-8s ... and more\n", kinds[kind]);
    }
}

static void
on_damage(void *data, const platen_damage_t *damage)
{
    static const char *const words[] = {
        [PLATEN_DAMAGE_MISSING] = "has an entry too few",
        [PLATEN_DAMAGE_SURPLUS] = "has an entry too many",
        [PLATEN_DAMAGE_WRONG] = "has a wrong entry",
        [PLATEN_DAMAGE_UNREADABLE] = "cannot be read",
    };
    fsck_t *f = data;
    char    subject[128];
    size_t  n, most;

    n = (size_t) snprintf(subject, sizeof(subject), "%s ", damage->db);
    most = (sizeof(subject) - 1 - n) / 2;
    platen_bytes_hex(damage->key, damage->len < most ? damage->len : most, subject + n);
    /* Indexes are made again all at once, or not at all. */
    if (damage->kind == PLATEN_DAMAGE_UNREADABLE) {
        tell(f, RECORD, subject, words[damage->kind], 0);
    } else {
        tell(f, INDEX, subject, words[damage->kind], f->repair);
    }
}

static int
check_indexes(fsck_t *f)
{
    platen_check_t check = { .found = on_damage, .data = f };
    platen_txn_t   txn;
    int            rc;

    do {
        rc = platen_txn_read(f->s.store, &txn);
        if (rc == PLATEN_OK) {
            rc = platen_store_check(&txn, &check, SLICE);
        }
        platen_txn_abort(&txn);
    } while (rc == 1);
    return rc;
}

static int
rebuild(fsck_t *f)
{
    platen_txn_t txn;
    int          rc;

    rc = platen_txn_write(f->s.store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_rebuild(&txn, NULL);
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* What is needed of a record to look at its files without a transaction. */
typedef struct {
    platen_job_t job; /* without strings but: */
    char         input_sha256[PLATEN_SHA256_LEN];
    char         output_sha256[PLATEN_SHA256_LEN];
} snapshot_t;

static platen_str_t
keep_digest(platen_str_t from, char to[PLATEN_SHA256_LEN])
{
    if (from.len != PLATEN_SHA256_LEN) {
        return (platen_str_t){ NULL, 0 };
    }
    memcpy(to, from.data, from.len);
    return (platen_str_t){ to, from.len };
}

static int
keep(fsck_t *f, const platen_id_t *id, snapshot_t *kept)
{
    platen_txn_t txn;
    platen_job_t job;
    int          rc;

    rc = platen_txn_read(f->s.store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_get(&txn, id, &job);
    }
    if (rc == PLATEN_OK) {
        kept->job = (platen_job_t){ .id = *id,
                                    .state = job.state,
                                    .epoch = job.epoch,
                                    .input_size = job.input_size,
                                    .output_size = job.output_size };
        kept->job.input_sha256 = keep_digest(job.input_sha256, kept->input_sha256);
        kept->job.output_sha256 = keep_digest(job.output_sha256, kept->output_sha256);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* Its result is gone: it has failed, and can be retried.  PLATEN_STALE: it is another now. */
static int
fail_job(fsck_t *f, const platen_job_t *seen)
{
    platen_txn_t txn;
    platen_job_t job;
    int          rc;

    rc = platen_txn_write(f->s.store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_get(&txn, &seen->id, &job);
    }
    if (rc == PLATEN_OK && (job.epoch != seen->epoch || job.state != seen->state)) {
        rc = PLATEN_STALE;
    }
    if (rc == PLATEN_OK) {
        job.output_size = 0;
        job.output_sha256 = (platen_str_t){ NULL, 0 };
        job.output_format = (platen_str_t){ NULL, 0 };
        job.engines = (platen_str_t){ NULL, 0 };
        job.cached = 0;
        job.error_code = PLATEN_STR("result_missing");
        job.error =
            PLATEN_STR("The result was lost or damaged on this server's disk. Retry the job.");
        rc = platen_store_transition(&txn, &job, PLATEN_STATE_FAILED, platen_now_us());
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

static void
check_file(fsck_t *f, platen_dir_t dir, const snapshot_t *kept)
{
    platen_ctl_file_found_t found;
    snapshot_t              now;
    char                    what[160];
    int                     repaired = 0;

    platen_ctl_file_look(f->s.config->data_path, dir, &kept->job, f->deep, &found);
    f->files += found.is != PLATEN_CTL_FILE_NONE;
    if (found.is == PLATEN_CTL_FILE_NONE || found.is == PLATEN_CTL_FILE_SAME) {
        return;
    }
    snprintf(what, sizeof(what), "%s%s%s", platen_ctl_file_words(found.is),
             found.is == PLATEN_CTL_FILE_UNREADABLE ? ": " : "",
             found.is == PLATEN_CTL_FILE_UNREADABLE ? strerror(errno) : "");
    /* It may have been removed, or converted again, since its record was read. */
    if (keep(f, &kept->job.id, &now) != PLATEN_OK || now.job.epoch != kept->job.epoch
        || now.job.state != kept->job.state) {
        return;
    }
    if (f->repair && dir == PLATEN_DIR_OUTPUT && found.is != PLATEN_CTL_FILE_UNREADABLE) {
        repaired = fail_job(f, &kept->job) == PLATEN_OK;
    }
    tell(f, dir == PLATEN_DIR_INPUT ? INPUT : RESULT, found.path, what, repaired);
}

static int
check_jobs(fsck_t *f)
{
    platen_txn_t txn;
    platen_id_t  ids[SLICE], after;
    snapshot_t   kept;
    int          rc, i, n = 0;

    do {
        rc = platen_txn_read(f->s.store, &txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
        n = platen_store_jobs(&txn, n == 0 ? NULL : &after, 0, ids, SLICE);
        platen_txn_abort(&txn);
        for (i = 0; i < n; i++) {
            after = ids[i];
            f->jobs++;
            rc = keep(f, &ids[i], &kept);
            if (rc == PLATEN_OK) {
                check_file(f, PLATEN_DIR_INPUT, &kept);
                check_file(f, PLATEN_DIR_OUTPUT, &kept);
            } else if (rc == PLATEN_ERROR) {
                return rc;
            }
        }
    } while (n == SLICE);
    return n < 0 ? n : PLATEN_OK;
}

/* Whether nothing has happened to the file for as long as configured: what is newer may be part
 * of a submission under way. */
static int
is_old(const fsck_t *f, const struct stat *st)
{
    time_t last = st->st_ctime > st->st_mtime ? st->st_ctime : st->st_mtime;

    return time(NULL) - last > (time_t) f->s.config->orphan_age;
}

static void
check_name(fsck_t *f, platen_dir_t dir, int bucket, const char *path, const char *name)
{
    struct stat  st;
    platen_txn_t txn;
    platen_id_t  id;
    uint32_t     epoch = 0;
    char         whole[PATH_MAX];
    int          orphan = 0, repaired = 0;

    if (fstatat(bucket, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    snprintf(whole, sizeof(whole), "%s/%s", path, name);
    if (!S_ISREG(st.st_mode) || platen_layout_parse(dir, name, &id, &epoch) != PLATEN_OK) {
        tell(f, STRANGER, whole, "is no file of Platen's, and is left alone", 0);
        return;
    }
    if (!is_old(f, &st)) {
        return;
    }
    /* A transaction that writes keeps others from naming it meanwhile. */
    if ((f->repair ? platen_txn_write : platen_txn_read)(f->s.store, &txn) == PLATEN_OK) {
        orphan = platen_orphans_is(&txn, dir, &id, epoch);
        if (orphan && f->repair) {
            repaired = platen_layout_remove_free(bucket, name) == 0;
            orphan = repaired || errno != EBUSY;
        }
        platen_txn_abort(&txn);
    }
    if (orphan) {
        tell(f, ORPHAN, whole, "is named by no job", repaired);
    }
}

/* Calls `each` for the entries of a directory.  Returns 0, or -1 having told. */
static int
walk(fsck_t *f, platen_dir_t dir, const char *path,
     void (*each)(fsck_t *, platen_dir_t, int, const char *, const char *))
{
    struct dirent *entry;
    DIR           *open = opendir(path);

    if (open == NULL) {
        fprintf(stderr, "platenctl: %s: %s\n", path, strerror(errno));
        return -1;
    }
    while ((entry = readdir(open)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            each(f, dir, dirfd(open), path, entry->d_name);
        }
    }
    closedir(open);
    return 0;
}

static void
check_bucket(fsck_t *f, platen_dir_t dir, int top, const char *path, const char *name)
{
    struct stat st;
    char        bucket[PATH_MAX];

    snprintf(bucket, sizeof(bucket), "%s/%s", path, name);
    if (fstatat(top, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
        (void) walk(f, dir, bucket, check_name);
    } else {
        tell(f, STRANGER, bucket, "is no directory of Platen's, and is left alone", 0);
    }
}

static int
check_names(fsck_t *f)
{
    char path[PLATEN_PATH_MAX];
    int  rc;

    snprintf(path, sizeof(path), "%s/input", f->s.config->data_path);
    rc = walk(f, PLATEN_DIR_INPUT, path, check_bucket);
    snprintf(path, sizeof(path), "%s/output", f->s.config->data_path);
    return walk(f, PLATEN_DIR_OUTPUT, path, check_bucket) != 0 ? -1 : rc;
}

/* Takes the room of one away.  PLATEN_STALE: it has been made meanwhile. */
static int
give_back(fsck_t *f, const platen_reservation_t *kept)
{
    platen_txn_t txn;
    int          rc;

    rc = platen_txn_write(f->s.store, &txn);
    if (rc == PLATEN_OK && platen_upload_file_written(f->s.config->data_path, &kept->id) != 0) {
        rc = PLATEN_STALE;
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_unreserve(&txn, (platen_str_t){ kept->client, kept->client_len },
                                    &kept->id);
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* Room that is kept for uploads that are not there; platend gives it back, if it runs. */
static int
check_uploads(fsck_t *f)
{
    platen_reservation_t kept[SLICE / 4], after;
    platen_txn_t         txn;
    char                 text[PLATEN_ID_TEXT + 1];
    uint64_t             now = platen_now_us() / 1000;
    int                  rc, i, n = 0;

    do {
        rc = platen_txn_read(f->s.store, &txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
        n = platen_store_reservations(&txn, n == 0 ? NULL : &after, kept, SLICE / 4);
        platen_txn_abort(&txn);
        for (i = 0; i < n; i++) {
            after = kept[i];
            if (platen_id_ms(&kept[i].id) + f->s.config->orphan_age * 1000 >= now
                || platen_upload_file_written(f->s.config->data_path, &kept[i].id) != 0) {
                continue;
            }
            platen_id_format(&kept[i].id, text);
            tell(f, UPLOAD, text, "is not there, and takes room of its client's quota",
                 f->repair && give_back(f, &kept[i]) == PLATEN_OK);
        }
    } while (n == SLICE / 4);
    return n < 0 ? n : PLATEN_OK;
}

static int
sum_up(const fsck_t *f)
{
    uint64_t left = 0, repaired = 0, help;
    int      i;

    for (i = 0; i < KINDS; i++) {
        left += f->found[i] - f->repaired[i];
        repaired += f->repaired[i];
    }
    left -= f->found[STRANGER]; /* no harm */
    help = left - (f->found[INPUT] - f->repaired[INPUT])
           - (f->found[RECORD] - f->repaired[RECORD]);
    if (!f->json) {
        printf("%llu jobs, %llu files%s: %llu repaired, %llu wrong\n",
               (unsigned long long) f->jobs, (unsigned long long) f->files,
               f->deep ? " read" : "", (unsigned long long) repaired,
               (unsigned long long) left);
    }
    if (help > 0 && !f->repair) {
        fputs("platenctl: stop platend, then: platenctl fsck --repair\n", stderr);
    }
    if (f->found[RECORD] > 0) {
        fputs("platenctl: records that cannot be read stay as they are; a backup may have"
              " them (platenctl restore)\n",
              stderr);
    }
    if (f->found[INPUT] > f->repaired[INPUT]) {
        fputs("platenctl: an upload that is gone cannot be repaired: a result stays as it is,"
              " and the job fails (input_missing) if it is tried again\n",
              stderr);
    }
    /* What the backup lacked is not what has become of it. */
    if (f->restored && left == f->found[INPUT] - f->repaired[INPUT]) {
        return PLATEN_CTL_DONE;
    }
    return left == 0 ? PLATEN_CTL_DONE : PLATEN_CTL_FAILED;
}

/* In the child. */
static int
check(const platen_ctl_t *ctl, fsck_t *f)
{
    int code, rc;

    code = platen_ctl_store_open(ctl, &f->s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    if (f->repair && platen_ctl_store_lock(&f->s, "it, and repair then") != 0) {
        platen_ctl_store_close(&f->s);
        return PLATEN_CTL_FAILED;
    }

    rc = check_indexes(f);
    if (rc == PLATEN_OK && f->repair && f->found[INDEX] > 0) {
        rc = rebuild(f);
    }
    if (rc == PLATEN_OK) {
        rc = check_jobs(f);
    }
    /* Uploads under way are in no backup; platend will find that. */
    if (rc == PLATEN_OK && !f->restored) {
        rc = check_uploads(f);
    }
    code = PLATEN_CTL_FAILED;
    if (rc != PLATEN_OK) {
        (void) platen_ctl_store_failed("the store cannot be checked", rc);
    } else if (check_names(f) == 0) {
        code = sum_up(f);
    }
    platen_ctl_store_close(&f->s);
    return code;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    fsck_t                    f = { .json = 0 };
    const platen_ctl_option_t options[] = {
        { "repair", 'r', NULL, NULL, &f.repair, "repair it; platend must not run" },
        { "deep", 'd', NULL, NULL, &f.deep, "read every file, to compare its SHA-256" },
    };
    int   first, code, status;
    pid_t pid;

    first = platen_ctl_parse(ctl, argc, argv, options, 2, &code);
    if (first < 0) {
        return code;
    }
    if (first != argc) {
        fputs("platenctl: fsck takes no operands\n", stderr);
        return PLATEN_CTL_USAGE;
    }
    f.json = ctl->json;
    f.restored = ctl->restored;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        code = check(ctl, &f);
        if (fflush(stdout) != 0) {
            code = PLATEN_CTL_FAILED;
        }
        _exit(code);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        fprintf(stderr, "platenctl: %s\n", strerror(errno));
        return PLATEN_CTL_FAILED;
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr,
                "platenctl: the store is damaged so that it cannot be read (%s): restore a"
                " backup (platenctl help restore)\n",
                strsignal(WTERMSIG(status)));
        return PLATEN_CTL_FAILED;
    }
    return WEXITSTATUS(status);
}

const platen_ctl_command_t platen_ctl_fsck = {
    .name = "fsck",
    .operands = "",
    .summary = "whether store and disk agree, and repair",
    .text =
        "Compares the records with the store's indexes, and with the files on the disk.  It\n"
        "may run at any time, and changes nothing without --repair, which needs platend\n"
        "stopped (the web server may run) and then\n"
        "  - makes the indexes again from the records,\n"
        "  - ends jobs whose result is gone as FAILED (result_missing): platenctl retry\n"
        "    converts them again,\n"
        "  - removes files that no job names, if older than reaper/orphan_age,\n"
        "  - gives back room that is kept for resumable uploads which are not there.\n"
        "An upload that is gone, and a record that cannot be read, cannot be repaired.\n"
        "\n"
        "With --json, a line to a finding: {\"kind\", \"subject\", \"finding\", "
        "\"repaired\"}.\n"
        "\n"
        "Exit status: 0 if nothing is wrong or all was repaired, else 1.",
    .run = run,
};
