/*
 * LibreOfficeKit; see lok/office.h.  Used by the main thread alone.
 *
 * LibreOffice runs in its "unipoll" mode: there is no thread of its own for the
 * event loop; runLoop() runs it in ours and calls poll() when it has nothing to
 * do.  The first poll() is where the zygote lives, and it forks there: with the
 * Solar mutex released and nothing half done.  Some filters (Calc's) run the
 * event loop while they load; those calls are nested ones, which wait for the
 * event as poll() should.  The condition that wake() signals is this process's
 * memory, so a child's is its own.
 *
 * A failure to allocate is an exception of C++: most filters catch it and say
 * that they cannot read the file, so it is noted here when it happens.
 */

#include "lok/kit.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lok/fonts.h"
#include "lok/functions.h"
#include "lok/glyphs.h"
#include "lok/update.h"
#include "engine/lo_profile.h"
#include "engine/lo_url.h"
#include "format/ole.h"

/* From LibreOfficeKitEnums.h, which is not C in 7.4. */
#define LOK_FEATURE_DOCUMENT_PASSWORD (1ULL << 0)
#define LOK_FEATURE_DOCUMENT_PASSWORD_TO_MODIFY (1ULL << 1)
#define LOK_CALLBACK_DOCUMENT_PASSWORD 20
#define LOK_CALLBACK_DOCUMENT_PASSWORD_TO_MODIFY 21

/* Of vcl's enum DialogCancelMode: LOKSilent. */
#define DIALOGS_CANCELLED 2

#define URL_MAX (3 * PLATEN_LOK_PATH + 16)

typedef LibreOfficeKit *hook_t(const char *program, const char *profile);
typedef void            handler_t(void);
typedef handler_t      *set_handler_t(handler_t *handler);
typedef void           *exception_type_t(void);
typedef void            set_active_t(bool on);
typedef void            set_dialogs_t(int mode);

static struct {
    LibreOfficeKit *kit;
    char            version[64];
    char           *error; /* LibreOffice's, or NULL */
    void (*serve)(void *data);
    void             *data;
    int               serving;
    set_handler_t    *set_new_handler;
    exception_type_t *exception_type;
    set_active_t     *set_active;
    set_dialogs_t    *set_dialogs;
    void             *bad_alloc;     /* its type_info */
    int               out_of_memory; /* an allocation failed during this conversion */
    const char       *password;      /* to give when asked; "" for none */
    char              url[URL_MAX];  /* of the input */
    unsigned          asked;         /* for the password to open */
} office;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  event = PTHREAD_COND_INITIALIZER;
static int             woken;

static void
wake(void *data)
{
    (void) data;
    pthread_mutex_lock(&mutex);
    woken = 1;
    pthread_cond_signal(&event);
    pthread_mutex_unlock(&mutex);
}

static int
wait_event(int timeout_us)
{
    struct timespec until;
    int             was;

    /* A clock that somebody sets back would make a load wait for as long. */
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_us / 1000000;
    until.tv_nsec += timeout_us % 1000000 * 1000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }

    pthread_mutex_lock(&mutex);
    while (!woken && pthread_cond_clockwait(&event, &mutex, CLOCK_MONOTONIC, &until) == 0) {
    }
    was = woken;
    woken = 0;
    pthread_mutex_unlock(&mutex);
    return was;
}

static int
poll_event(void *data, int timeout_us)
{
    (void) data;
    if (office.serving) {
        /* Never for ever: an event that was not announced costs 50 ms at most. */
        return wait_event(timeout_us < 0 || timeout_us > 50000 ? 50000 : timeout_us);
    }
    office.serving = 1;
    /*
     * Nobody is there to answer a dialog: whether a broken package is to be mended, or a
     * text whose author recommends it opened to be read only.  Each is cancelled, as in
     * soffice --headless, which means no and as usual.  runLoop() has set it otherwise.
     */
    if (office.set_dialogs != NULL) {
        office.set_dialogs(DIALOGS_CANCELLED);
    }
    office.serve(office.data);
    return 0;
}

/* Called by operator new before it gives up: now it will throw. */
static void
allocation_failed(void)
{
    office.out_of_memory = 1;
    office.set_new_handler(NULL);
}

static void
uncaught(void)
{
    if (office.exception_type != NULL && office.bad_alloc != NULL
        && office.exception_type() == office.bad_alloc) {
        _exit(PLATEN_LOK_EXIT_MEMORY);
    }
    abort();
}

/* A function of the libraries that are loaded; ISO C has no cast for it. */
static void
symbol(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    memcpy(function, &address, sizeof(address));
}

static void
watch_allocations(void *library)
{
    set_handler_t *set_terminate;

    symbol(library, "_ZSt15set_new_handlerPFvvE", &office.set_new_handler);
    symbol(library, "_ZSt13set_terminatePFvvE", &set_terminate);
    symbol(library, "__cxa_current_exception_type", &office.exception_type);
    office.bad_alloc = dlsym(library, "_ZTISt9bad_alloc");
    if (set_terminate != NULL) {
        (void) set_terminate(uncaught);
    }
}

static void
callback(int type, const char *payload, void *data)
{
    (void) payload;
    (void) data;

    if (type == LOK_CALLBACK_DOCUMENT_PASSWORD) {
        /* It asks again after a wrong one, for ever. */
        office.asked++;
        office.kit->pClass->setDocumentPassword(
            office.kit, office.url,
            office.asked == 1 && office.password[0] != '\0' ? office.password : NULL);
    } else if (type == LOK_CALLBACK_DOCUMENT_PASSWORD_TO_MODIFY) {
        office.kit->pClass->setDocumentPassword(office.kit, office.url, NULL); /* read only */
    }
}

static void
read_version(void)
{
    char *json, *number, *build;

    json = office.kit->pClass->getVersionInfo(office.kit);
    number = json == NULL ? NULL : strstr(json, "\"ProductVersion\": \"");
    build = json == NULL ? NULL : strstr(json, "\"ProductExtension\": \"");
    snprintf(office.version, sizeof(office.version), "LibreOffice %.*s%.*s",
             number == NULL ? 1 : (int) strcspn(number + 19, "\""),
             number == NULL ? "?" : number + 19,
             build == NULL ? 0 : (int) strcspn(build + 21, "\""),
             build == NULL ? "" : build + 21);
    free(json);
}

int
platen_lok_office_open(const char *program, char *err, size_t errlen)
{
    static const char *const names[] = { "libmergedlo.so", "libsofficeapp.so" };
    char                     path[4096];
    void                    *library = NULL;
    hook_t                  *hook;
    struct stat              st;
    size_t                   i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]) && library == NULL; i++) {
        snprintf(path, sizeof(path), "%s/%s", program, names[i]);
        if (stat(path, &st) != 0) {
            continue;
        }
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            snprintf(err, errlen, "cannot load LibreOffice: %s", dlerror());
            return -1;
        }
    }
    if (library == NULL) {
        snprintf(err, errlen, "no LibreOffice in %s: install libreoffice-core", program);
        return -1;
    }

    symbol(library, "libreofficekit_hook_2", &hook);
    if (hook == NULL) {
        snprintf(err, errlen, "%s has no LibreOfficeKit", path);
        return -1;
    }
    office.kit = hook(program, getenv("UserInstallation"));
    if (office.kit == NULL) {
        snprintf(err, errlen, "LibreOffice in %s does not initialise", program);
        return -1;
    }
    if (!LIBREOFFICEKIT_HAS(office.kit, runLoop)) {
        snprintf(err, errlen, "LibreOffice in %s is too old: 6.3 or later is needed", program);
        return -1;
    }

    if (platen_lok_fonts_open(library) != 0) {
        fputs("platen-lok: this LibreOffice does not say which fonts it replaces\n", stderr);
    }
    platen_lok_update_open(library);
    platen_lok_glyphs_open(library);
    watch_allocations(library);
    symbol(library, "_ZN10comphelper14LibreOfficeKit9setActiveEb", &office.set_active);
    symbol(library, "_ZN11Application19SetDialogCancelModeE16DialogCancelMode",
           &office.set_dialogs);
    if (office.set_dialogs == NULL) {
        fputs("platen-lok: this LibreOffice cannot be told that nobody answers dialogs\n",
              stderr);
    }
    read_version();
    platen_lok_functions_of(office.version);
    office.kit->pClass->setOptionalFeatures(
        office.kit, LOK_FEATURE_DOCUMENT_PASSWORD | LOK_FEATURE_DOCUMENT_PASSWORD_TO_MODIFY);
    office.kit->pClass->registerCallback(office.kit, callback, NULL);
    return 0;
}

const char *
platen_lok_office_version(void)
{
    return office.version;
}

void
platen_lok_office_run(void (*serve)(void *data), void *data)
{
    office.serve = serve;
    office.data = data;

    /* With NULL as data LibreOffice would never call poll. */
    office.kit->pClass->runLoop(office.kit, poll_event, wake, &office);
}

const char *
platen_lok_office_error(void)
{
    return office.error == NULL ? "" : office.error;
}

static void
keep_error(void)
{
    char *at;

    if (office.error != NULL) {
        office.kit->pClass->freeError(office.error);
    }
    office.error = office.kit->pClass->getError(office.kit);

    /* The document has its client's name, which is for no log. */
    at = office.error == NULL || *office.url == '\0' ? NULL : strstr(office.error, office.url);
    if (at != NULL) {
        memset(at, '*', strlen(office.url));
    }
}

static platen_lok_exit_t
load_failure(void)
{
    keep_error();
    return office.asked > 1       ? PLATEN_LOK_EXIT_PASSWORD
           : office.asked == 1    ? office.password[0] == '\0' ? PLATEN_LOK_EXIT_ENCRYPTED
                                                               : PLATEN_LOK_EXIT_PASSWORD
           : office.out_of_memory ? PLATEN_LOK_EXIT_MEMORY
                                  : PLATEN_LOK_EXIT_LOAD;
}

void
platen_lok_office_begin(const char *password)
{
    office.asked = 0;
    office.password = password;
    office.out_of_memory = 0;
    if (office.set_new_handler != NULL) {
        (void) office.set_new_handler(allocation_failed);
    }
}

static int
is_sealed(void *data, const char *name)
{
    int *sealed = data;

    if (strcasecmp(name, "EncryptedPackage") == 0) {
        *sealed = strcmp(name, "EncryptedPackage") != 0;
        return 1;
    }
    return 0;
}

/*
 * An encrypted document whose streams are named in other letters than Office names them:
 * names of such containers have no case ([MS-CFB] 2.6.4), LibreOffice does not find them, asks
 * for no password, and shows an empty page.
 */
static int
is_unread(const char *path)
{
    struct stat st;
    int         fd = open(path, O_RDONLY | O_CLOEXEC), sealed = 0;

    if (fd >= 0) {
        if (fstat(fd, &st) == 0) {
            (void) platen_ole_walk(fd, st.st_size, is_sealed, &sealed);
        }
        close(fd);
    }
    return sealed;
}

/* The document, or NULL with the reason in `result`. */
LibreOfficeKitDocument *
platen_lok_office_load(const char *path, const char *options, platen_lok_exit_t *result)
{
    LibreOfficeKitDocument *loaded;

    if (platen_lo_url(path, office.url, sizeof(office.url)) != 0) {
        *result = PLATEN_LOK_EXIT_SETUP;
        return NULL;
    }
    if (is_unread(path)) {
        *result = PLATEN_LOK_EXIT_LOAD;
        return NULL;
    }
    loaded = office.kit->pClass->documentLoadWithOptions(office.kit, office.url, options);
    if (loaded == NULL) {
        *result = load_failure();
    }
    return loaded;
}

/*
 * While it is on, LibreOffice draws for a client that has its own view of a document:
 * what lies across the end of a page of a sheet is drawn into the margin, for example.
 * A result is to be as on paper.
 */
static void
set_kit(bool on)
{
    if (office.set_active != NULL) {
        office.set_active(on);
    }
}

platen_lok_exit_t
platen_lok_office_save(LibreOfficeKitDocument *loaded, const char *path, const char *filter,
                       const char *options)
{
    char url[URL_MAX];
    int  saved;

    if (platen_lo_url(path, url, sizeof(url)) != 0) {
        return PLATEN_LOK_EXIT_SETUP;
    }
    set_kit(false);
    saved = loaded->pClass->saveAs(loaded, url, filter, options);
    set_kit(true);
    if (saved) {
        return PLATEN_LOK_EXIT_DONE;
    }
    keep_error();
    return office.out_of_memory ? PLATEN_LOK_EXIT_MEMORY : PLATEN_LOK_EXIT_SAVE;
}

void
platen_lok_office_post(LibreOfficeKitDocument *loaded, const char *command,
                       const char *arguments)
{
    loaded->pClass->postUnoCommand(loaded, command, arguments, 0);
}
