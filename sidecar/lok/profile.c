/*
 * The profile; see lok/profile.h.  Main thread of the zygote, before and
 * just after LibreOffice is there.
 *
 * LibreOffice silently does without settings that it does not find, so it is
 * not enough to write them: a watch on the file sees LibreOffice read it, and
 * the warm-up proves that a link in a document stays unfollowed.
 *
 * The list of configuration layers is the distribution's without extensions,
 * and with the user layer marked as one that is never written ("user:*"): no
 * run changes what the next one finds, and LibreOffice has no writer thread.
 */

#include "lok/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/lo_profile.h"
#include "run/tree.h"

#define SETTINGS "profile/user/registrymodifications.xcu"

#define MODULES "profile/user/config/soffice.cfg/modules"

#define OFFICE "org.openoffice.Office."

/* Besides what every profile has (engine/lo_profile.c): path, name and attributes, value. */
static const char *const settings[][3] = {
    /* No compatibility check. */
    { "org.openoffice.Setup/Office", "MigrationCompleted", "true" },

    /* Paper as the system has it: LibreOfficeKit would make it American. */
    { "org.openoffice.Setup/L10N", "ooSetupSystemLocale\" oor:finalized=\"true", "" },

    /* One thread, one device. */
    { OFFICE "Calc/Formula/Calculation", "UseThreadedCalculationForFormulaGroups", "false" },
    { OFFICE "Common/Misc", "UseOpenCL", "false" },

    /* No picture of the first page in OpenDocument: it takes longer than the rest. */
    { OFFICE "Common/Save/Document", "GenerateThumbnail", "false" },

    /* Nothing beside the document. */
    { OFFICE "Common/Misc", "UseLocking", "false" },
    { OFFICE "Common/Misc", "UseDocumentSystemFileLocking", "false" },
    { OFFICE "Common/Misc", "UseDocumentOOoLockFile", "false" },
    { OFFICE "Recovery/RecoveryInfo", "Enabled", "false" },
};

/*
 * PATH: LibreOffice would start gpg.  TMPDIR: LibreOffice makes its directory
 * for temporary files once, in the zygote; through the working directory each
 * child has another one under the same name.  NSS: its module refuses to work
 * in a forked process, and documents with a password need it; what a child
 * draws from its generator is no secret to its siblings, so nothing is
 * encrypted with it.  SC_IMPORT_THREADS, MAX_CONCURRENCY: a document is one
 * thread's work; others have the other cores.
 */
static const char *const environment[][2] = {
    { "PATH", "/nonexistent" },         { "LC_ALL", "C.UTF-8" },
    { "TMPDIR", "/proc/self/cwd/tmp" }, { "SAL_USE_VCLPLUGIN", "svp" },
    { "SAL_LOK_OPTIONS", "unipoll" },   { "MAX_CONCURRENCY", "1" },
    { "SC_IMPORT_THREADS", "0" },       { "NSS_STRICT_NOFORK", "DISABLED" },
};

static int         watch = -1;
static struct stat written;

static int
write_settings(const char *program)
{
    FILE *out;
    int   fd;

    fd = open(SETTINGS, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (fd < 0) {
        return -1;
    }
    out = fdopen(fd, "w");
    if (out == NULL) {
        close(fd);
        return -1;
    }

    platen_lo_profile_write(out, program, settings, sizeof(settings) / sizeof(settings[0]));

    if (ferror(out) != 0 || fflush(out) != 0 || fstat(fd, &written) != 0) {
        fclose(out);
        return -1;
    }
    return fclose(out);
}

/*
 * LibreOffice makes the menu bar of each document that it opens, of 600 commands with their
 * names and pictures, a quarter of the work of a small one, and nobody sees it.  A user may
 * have a menu bar of his own; here it has nothing in it.
 */
static int
write_menus(void)
{
    static const char *const modules[] = { "swriter", "sweb",     "sglobal",
                                           "scalc",   "simpress", "sdraw" };
    static const char        menu[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                      "<menu:menubar menu:id=\"menubar\""
                                      " xmlns:menu=\"http://openoffice.org/2001/menu\"/>\n";
    char                     path[128];
    size_t                   i;
    FILE                    *out;

    if (mkdir("profile/user/config", 0700) != 0
        || mkdir("profile/user/config/soffice.cfg", 0700) != 0 || mkdir(MODULES, 0700) != 0) {
        return -1;
    }
    for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        snprintf(path, sizeof(path), MODULES "/%s", modules[i]);
        if (mkdir(path, 0700) != 0) {
            return -1;
        }
        snprintf(path, sizeof(path), MODULES "/%s/menubar", modules[i]);
        if (mkdir(path, 0700) != 0) {
            return -1;
        }
        snprintf(path, sizeof(path), MODULES "/%s/menubar/menubar.xml", modules[i]);
        out = fopen(path, "wxe");
        if (out == NULL) {
            return -1;
        }
        fputs(menu, out);
        if (ferror(out) != 0) {
            fclose(out);
            return -1;
        }
        if (fclose(out) != 0) {
            return -1;
        }
    }
    return 0;
}

int
platen_lok_profile_make(const char *state, const char *program, char *err, size_t errlen)
{
    const char *step;

    if ((step = "reset", platen_tree_reset(state)) != 0 || (step = "enter", chdir(state)) != 0
        || (step = "make tmp in", mkdir("tmp", 0700)) != 0
        || (step = "make profile in", mkdir("profile", 0700)) != 0
        || mkdir("profile/user", 0700) != 0
        || (step = "write " SETTINGS " in", write_settings(program)) != 0
        || (step = "write the menus of", write_menus()) != 0) {
        snprintf(err, errlen, "cannot %s %s: %s", step, state, strerror(errno));
        return -1;
    }
    return 0;
}

int
platen_lok_profile_environ(const char *state)
{
    char   url[4200], shared[4300], layers[4600];
    size_t i;

    /*
     * "Shared" packages are looked for, and by root also made, in a directory of
     * the whole machine: one that root has made must not keep others out, and
     * what somebody installs there has no business here.
     */
    if (snprintf(url, sizeof(url), "file://%s/profile", state) >= (int) sizeof(url)
        || snprintf(shared, sizeof(shared), "%s/shared", url) >= (int) sizeof(shared)
        || snprintf(layers, sizeof(layers),
                    "xcsxcu:${BRAND_BASE_DIR}/share/registry"
                    " res:${BRAND_BASE_DIR}/share/registry user:*file://%s/" SETTINGS,
                    state)
               >= (int) sizeof(layers)) {
        errno = ENAMETOOLONG;
        return -1;
    }

    if (clearenv() != 0 || setenv("HOME", state, 1) != 0
        || setenv("UserInstallation", url, 1) != 0
        || setenv("UNO_SHARED_PACKAGES_CACHE", shared, 1) != 0
        || setenv("CONFIGURATION_LAYERS", layers, 1) != 0) {
        return -1;
    }
    for (i = 0; i < sizeof(environment) / sizeof(environment[0]); i++) {
        if (setenv(environment[i][0], environment[i][1], 1) != 0) {
            return -1;
        }
    }
    return 0;
}

int
platen_lok_profile_begin(const char *state, char *err, size_t errlen)
{
    watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0 || inotify_add_watch(watch, SETTINGS, IN_OPEN) < 0) {
        snprintf(err, errlen, "cannot watch %s/" SETTINGS ": %s", state, strerror(errno));
        return -1;
    }
    return 0;
}

int
platen_lok_profile_end(const char *state, char *err, size_t errlen)
{
    char        events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    struct stat now;
    ssize_t     n;

    n = read(watch, events, sizeof(events));
    close(watch);
    watch = -1;
    if (n <= 0) {
        snprintf(err, errlen,
                 "LibreOffice has not read %s/" SETTINGS
                 ": its protection against hostile documents is not in force",
                 state);
        return -1;
    }
    if (stat(SETTINGS, &now) != 0 || now.st_ino != written.st_ino
        || now.st_size != written.st_size || now.st_mtim.tv_sec != written.st_mtim.tv_sec
        || now.st_mtim.tv_nsec != written.st_mtim.tv_nsec) {
        snprintf(err, errlen, "LibreOffice has changed %s/" SETTINGS, state);
        return -1;
    }
    return 0;
}
