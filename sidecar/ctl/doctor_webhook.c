/*
 * The doctor on webhooks: the secret, the process that delivers, and what it could
 * not deliver.  It reads the store for itself, as ctl/doctor_store.c does.
 */

#include "ctl/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"
#include "webhook/event.h"
#include "webhook/webhooks.h"

/* Entries of two databases; 0 where there is none. */
typedef struct {
    size_t pending, dead;
} counts_t;

static size_t
entries(MDB_txn *txn, const char *name)
{
    MDB_stat stat;
    MDB_dbi  dbi;

    return mdb_dbi_open(txn, name, 0, &dbi) == MDB_SUCCESS
                   && mdb_stat(txn, dbi, &stat) == MDB_SUCCESS
               ? stat.ms_entries
               : 0;
}

static counts_t
count(const platen_config_t *config)
{
    counts_t counts = { 0, 0 };
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    unsigned flags = MDB_RDONLY | MDB_NOTLS | MDB_NORDAHEAD
                     | (platen_ctl_doctor_in_use(config) ? 0 : MDB_NOLOCK);

    if (mdb_env_create(&env) != MDB_SUCCESS) {
        return counts;
    }
    mdb_env_set_maxdbs(env, 4);
    mdb_env_set_maxreaders(env, PLATEN_STORE_READERS);
    if (mdb_env_open(env, config->store_path, flags, 0660) == MDB_SUCCESS
        && mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == MDB_SUCCESS) {
        counts.pending = entries(txn, "hook");
        counts.dead = entries(txn, "hook_dead");
        mdb_txn_abort(txn);
    }
    return counts; /* the environment stays: see ctl/doctor_store.c */
}

/* Who else may read a secret could sign in its name. */
static void
check_modes(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    const char *p = d->config->webhook_secret;
    char        path[PATH_MAX];
    struct stat st;
    size_t      n;

    for (p += strspn(p, " \t"); *p != '\0'; p += strspn(p, " \t")) {
        n = strcspn(p, " \t");
        snprintf(path, sizeof(path), "%.*s", (int) n, p);
        p += n;
        if (stat(path, &st) == 0 && (st.st_mode & 07) != 0) {
            platen_ctl_report_add(report, PLATEN_CTL_WARN, "webhook.secret",
                                  "%s can be read by every user of this machine", path);
            platen_ctl_report_advice(report, "chown root:%u %s; chmod 640 %s",
                                     (unsigned) d->user.gid, path, path);
        }
    }
}

/* Returns 0 if webhooks can be sent. */
static int
check_secret(const platen_ctl_doctor_t *d, size_t pending, platen_ctl_report_t *report)
{
    platen_sign_keys_t keys;
    char               err[PATH_MAX + 256];

    if (!platen_webhooks_configured(d->config)) {
        if (pending == 0) {
            platen_ctl_report_add(report, PLATEN_CTL_OK, "webhook",
                                  "webhooks are not configured");
            return -1;
        }
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "webhook",
                              "%zu webhooks wait, and none is sent: there is no secret to sign"
                              " them with",
                              pending);
        platen_ctl_report_advice(report,
                                 "openssl rand -hex 32 > /etc/platen/webhook-secret; set"
                                 " webhook/secret in %s, and restart platend",
                                 d->file);
        return -1;
    }
    if (platen_webhook_event_secrets(d->config->webhook_secret, &keys, err, sizeof(err)) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "webhook.secret", "%s", err);
        platen_ctl_report_advice(report, "let %s read it: see webhook/secret in %s",
                                 d->user.name, d->file);
        return -1;
    }
    if (keys.n == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "webhook.secret",
                              "webhooks are sent without a signature: whoever knows their URL"
                              " can send others");
        platen_ctl_report_advice(report, "set webhook/secret in %s, and restart platend",
                                 d->file);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "webhook.secret",
                              "webhooks are signed, with %zu secret%s", keys.n,
                              keys.n == 1 ? "" : "s");
    }
    check_modes(d, report);
    return 0;
}

/* The process holds a lock; asked for, and not taken. */
static void
check_process(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char         path[PATH_MAX];
    int          fd, held;

    if (platen_ctl_doctor_holder(d->config) == 0) {
        return; /* without platend there is none, and that has been told */
    }
    snprintf(path, sizeof(path), "%s/webhook.lock", d->config->store_path);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0) {
        close(fd);
    }
    if (held) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "webhook.process",
                              "webhooks are delivered");
        return;
    }
    platen_ctl_report_add(report, PLATEN_CTL_FAIL, "webhook.process",
                          "platend runs, but its process that delivers webhooks does not");
    platen_ctl_report_advice(report, "look for \"no webhooks\" in platend's log; if webhook was"
                                     " configured since it began, restart platend");
}

void
platen_ctl_doctor_webhook(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    struct stat st;
    counts_t    counts = { 0, 0 };
    char        path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/data.mdb", d->config->store_path);
    if (stat(path, &st) == 0 && st.st_size > 0) {
        counts = count(d->config);
    }
    if (check_secret(d, counts.pending, report) != 0) {
        return;
    }
    check_process(d, report);
    if (counts.dead > 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "webhook.dead",
                              "%zu webhooks could not be delivered and were given up",
                              counts.dead);
        platen_ctl_report_advice(report,
                                 "platenctl -c %s webhooks --dead says why; --retry"
                                 " sends them once more",
                                 d->file);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "webhook.dead",
                              "webhooks: %zu to be delivered, none was given up",
                              counts.pending);
    }
}
