/* platenctl backup: the store and its files, while everything runs; see backup/backup.h. */

#include <stdio.h>
#include <stdlib.h>

#include "backup/backup.h"
#include "ctl/store.h"

static int
show(const platen_ctl_t *ctl, const platen_backup_t *made)
{
    json_t *object;

    if (!ctl->json) {
        printf("%s: %llu files linked, %llu copied (%llu bytes), %u older backups removed\n",
               made->path, (unsigned long long) made->linked, (unsigned long long) made->copied,
               (unsigned long long) made->bytes, made->removed);
        return PLATEN_CTL_DONE;
    }
    object = json_pack("{s:s, s:I, s:I, s:I, s:i}", "backup", made->path, "linked",
                       (json_int_t) made->linked, "copied", (json_int_t) made->copied, "bytes",
                       (json_int_t) made->bytes, "removed", (int) made->removed);
    if (object == NULL || json_dumpf(object, stdout, JSON_COMPACT) != 0) {
        json_decref(object);
        return PLATEN_CTL_FAILED;
    }
    putchar('\n');
    json_decref(object);
    return PLATEN_CTL_DONE;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    const char         *keep = NULL;
    char               *end = NULL, err[PATH_MAX + 256];
    int                 store_only = 0, first, code, rc;
    unsigned long       n = 0;
    platen_ctl_store_t  s;
    platen_backup_t     made;
    platen_ctl_option_t options[] = {
        { "keep", 'k', "N", &keep, NULL, "then remove older ones, but for the newest N" },
        { "store-only", 0, NULL, NULL, &store_only, "records, without documents and results" },
    };

    first = platen_ctl_parse(ctl, argc, argv, options, 2, &code);
    if (first < 0) {
        return code;
    }
    if (keep != NULL) {
        n = strtoul(keep, &end, 10);
    }
    if (keep != NULL && (*keep < '1' || *keep > '9' || *end != '\0' || n > 100000)) {
        fprintf(stderr, "platenctl: \"%s\" is no number of backups, 1 to 100000\n", keep);
        return PLATEN_CTL_USAGE;
    }
    if (argc - first > 1) {
        fputs("platenctl: backup takes one directory\n", stderr);
        return PLATEN_CTL_USAGE;
    }
    code = platen_ctl_store_open(ctl, &s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    if (first == argc && *s.config->backup_path == '\0') {
        fputs("platenctl: backup needs a directory, as backup/path is not set\n", stderr);
        platen_ctl_store_close(&s);
        return PLATEN_CTL_USAGE;
    }

    rc = platen_backup_make(s.store, store_only ? NULL : s.config->data_path,
                            first < argc ? argv[first] : s.config->backup_path, (unsigned) n,
                            &made, err, sizeof(err));
    platen_ctl_store_close(&s);
    if (rc != PLATEN_OK) {
        fprintf(stderr, "platenctl: no backup: %s\n", err);
        return PLATEN_CTL_FAILED;
    }
    return show(ctl, &made);
}

const platen_ctl_command_t platen_ctl_backup = {
    .name = "backup",
    .operands = "[DIR]",
    .summary = "a copy of store and files, while everything runs",
    .text = "Makes a directory below DIR (default: backup/path), called by its time, with a\n"
            "copy of the store as it is now and all of its documents and results.  On the\n"
            "file system of the data directory these are links and take no room, which helps\n"
            "against mistakes; against the loss of a disk, let DIR be on another, where only\n"
            "what the backup before has not is copied.\n"
            "\n"
            "DIR has to be writable by platend's user.  Uploads under way are not in it.",
    .run = run,
};
