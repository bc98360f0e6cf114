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

#define LOK_USE_UNSTABLE_API 1

#include "lok/office.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <LibreOfficeKit/LibreOfficeKit.h>

#include "format/format.h"
#include "lok/chunks.h"
#include "lok/cells.h"
#include "lok/embed.h"
#include "lok/fonts.h"
#include "lok/functions.h"
#include "lok/glyphs.h"
#include "lok/narrow.h"
#include "lok/package.h"
#include "lok/pages.h"
#include "lok/sheets.h"
#include "lok/update.h"
#include "format/ole.h"
#include "engine/lo_profile.h"
#include "engine/lo_url.h"
#include "engine/warning.h"

/* From LibreOfficeKitEnums.h, which is not C in 7.4. */
#define LOK_FEATURE_DOCUMENT_PASSWORD (1ULL << 0)
#define LOK_FEATURE_DOCUMENT_PASSWORD_TO_MODIFY (1ULL << 1)
#define LOK_CALLBACK_DOCUMENT_PASSWORD 20
#define LOK_CALLBACK_DOCUMENT_PASSWORD_TO_MODIFY 21
#define LOK_DOCTYPE_TEXT 0
#define LOK_DOCTYPE_SPREADSHEET 1

/* Of vcl's enum DialogCancelMode: LOKSilent. */
#define DIALOGS_CANCELLED 2

#define PATH_LEN 4200
#define URL_MAX (3 * PATH_LEN + 16)

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

/*
 * Whether a file that is named as a package is one, or an encrypted one in an OLE
 * container: LibreOffice takes anything else of that name for a text.
 */
static int
is_as_named(const char *path)
{
    const char            *extension = strrchr(path, '.');
    const platen_format_t *format =
        extension == NULL ? NULL : platen_format_find(extension + 1, strlen(extension + 1));
    char   head[PLATEN_OLE_MAGIC_LEN];
    FILE  *in;
    size_t n;

    if (format == NULL
        || (format->family != PLATEN_FAMILY_OOXML && format->family != PLATEN_FAMILY_ZIP)) {
        return 1;
    }
    in = fopen(path, "re");
    if (in == NULL) {
        return 0;
    }
    n = fread(head, 1, sizeof(head), in);
    fclose(in);
    return n == sizeof(head)
           && (memcmp(head, "PK", 2) == 0 || memcmp(head, PLATEN_OLE_MAGIC, sizeof(head)) == 0);
}

/* The document, or NULL with the reason in `result`. */
static LibreOfficeKitDocument *
load(const char *path, const char *options, platen_lok_exit_t *result)
{
    LibreOfficeKitDocument *loaded;

    if (platen_lo_url(path, office.url, sizeof(office.url)) != 0) {
        *result = PLATEN_LOK_EXIT_SETUP;
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

static platen_lok_exit_t
save(LibreOfficeKitDocument *loaded, const char *path, const char *filter, const char *options)
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

/* The directory that a document and its result lie in, as LibreOffice sees it. */
#define CWD "/proc/self/cwd/"
#define NAMED CWD "named/"

/*
 * A path for the document that has its client's name, in a directory of its own; 0 or -1.
 * Fields and formulas (FILENAME, CELL) show all of it, links in the document that begin
 * nowhere begin there, and where this machine has its files is nobody's business.
 */
static int
named(const char *name, char path[PATH_LEN])
{
    if (mkdir("named", 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    snprintf(path, PATH_LEN, NAMED "%s", name);
    (void) unlink(path);
    return 0;
}

static const char *
name_of(const platen_lok_document_t *document)
{
    return document->name[0] == '\0' ? strrchr(document->input, '/') + 1 : document->name;
}

/*
 * A path for the result and what it is made by way of: beside the document, so that a link
 * from there to another file is in the result as it was.  It has not the document's name,
 * whatever that is; 0 or -1.
 */
static int
place_result(const platen_lok_document_t *document, char path[PATH_LEN])
{
    const char *dot = strrchr(document->output, '.');
    char        name[NAME_MAX + 1];

    snprintf(name, sizeof(name), "%s%s",
             strncmp(name_of(document), "in.", 3) == 0 ? "out" : "in", dot == NULL ? "" : dot);
    return named(name, path);
}

/*
 * Where a copy of the document in another format is loaded from.  A field of it shows the
 * name, so that it is the client's; but what is named as a text is read as one, whatever
 * it is, and so is a DOCX that is named as ODF.  0 or -1.
 */
static int
place_for_copy(const platen_lok_document_t *document, const char *format, char path[PATH_LEN])
{
    const char            *dot = strrchr(document->name, '.');
    const platen_format_t *own =
        dot == NULL ? NULL : platen_format_find(dot + 1, strlen(dot + 1));
    char name[NAME_MAX + 1];

    if (own == NULL) {
        snprintf(path, PATH_LEN, "%s.copy.%s", document->output, format);
        return 0;
    }
    if (own->family == PLATEN_FAMILY_OOXML || own->family == PLATEN_FAMILY_OLE
        || (own->family == PLATEN_FAMILY_ZIP && strcmp(format, "docx") != 0)) {
        return named(document->name, path);
    }
    snprintf(name, sizeof(name), "%.*s.%s", (int) (dot - document->name), document->name,
             format);
    return named(name, path);
}

/*
 * Texts and spreadsheets with other pages; a slide is a picture, which has its own
 * form.  Returns the document, which may be another one, or NULL.
 */
static LibreOfficeKitDocument *
lay_out(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document, int shown,
        platen_lok_exit_t *result)
{
    platen_lok_pages_t edit = { .page = &document->page, .shown = shown };
    char               was[PATH_LEN], is[PATH_LEN];
    int                type = loaded->pClass->getDocumentType(loaded);
    const char        *format = type == LOK_DOCTYPE_TEXT ? "fodt" : "fods";

    if (type != LOK_DOCTYPE_TEXT && type != LOK_DOCTYPE_SPREADSHEET) {
        return loaded;
    }
    snprintf(was, sizeof(was), "%s.was", document->output);
    *result = place_for_copy(document, format, is) != 0 ? PLATEN_LOK_EXIT_SETUP
                                                        : save(loaded, was, format, "");
    loaded->pClass->destroy(loaded);
    if (*result != PLATEN_LOK_EXIT_DONE) {
        return NULL;
    }

    /* LibreOffice does not read back each embedded document that it has written. */
    loaded = NULL;
    for (; loaded == NULL && edit.flat <= 1; edit.flat++) {
        if (platen_lok_pages(was, is, &edit) == 0) {
            loaded = load(is, "", result);
        } else {
            *result = PLATEN_LOK_EXIT_SAVE;
        }
        (void) unlink(is);
    }
    (void) unlink(was);
    return loaded;
}

/* What the client is told of the result. */
#define warn(sentence) platen_warning_add(PLATEN_WARNINGS_FILE, sentence)

static void
post(LibreOfficeKitDocument *loaded, const char *command, const char *arguments)
{
    loaded->pClass->postUnoCommand(loaded, command, arguments, 0);
}

/* Whether the answer to a command lists something: {"redlines":[{...}]}. */
static int
lists(LibreOfficeKitDocument *loaded, const char *command)
{
    char *answer = loaded->pClass->getCommandValues(loaded, command);
    char *list = answer == NULL ? NULL : strchr(answer, '[');
    int   any = list != NULL && list[1 + strspn(list + 1, " \r\n\t")] == '{';

    free(answer);
    return any;
}

/* Whether the result is a text and nothing else. */
static int
is_plain(const platen_lok_document_t *document)
{
    return strcmp(document->export_filter, "txt") == 0;
}

/* Whether whoever reads the result sees all that is in its file. */
static int
is_open(const platen_lok_document_t *document)
{
    return is_plain(document) || strcmp(document->export_filter, "html") == 0;
}

/* Whether nobody will update fields of the result. */
static int
is_final(const platen_lok_document_t *document)
{
    return is_open(document) || strcmp(document->export_filter, "pdf") == 0;
}

/* Whether comments become text: a result of some formats has no other place for them. */
static int
puts_at_end(const platen_lok_document_t *document)
{
    return document->comments == PLATEN_LOK_COMMENTS_END
           || (document->comments && is_open(document));
}

/* What of a text is not in the result, by what is known of it. */
static void
warn_of_text(const platen_lok_document_t *document, unsigned found)
{
    if (found & PLATEN_LOK_DIRTY
        || (found & PLATEN_LOK_UPDATES && !(is_final(document) && platen_lok_update_can()))) {
        warn("A table of contents that wants to be updated when the document is opened is in "
             "the result as it was saved.");
    }
    if (found & PLATEN_LOK_COMMENTED && !document->comments) {
        warn("Comments are not in the result; with comments=margin or comments=end they are.");
    }
    if (is_plain(document)) {
        platen_lok_package_warn(found, 0);
    }
}

/* What of an OOXML document is taken out of it before it is loaded. */
static unsigned
to_mend(const platen_lok_document_t *document, unsigned found)
{
    unsigned what = 0;

    if (found & PLATEN_LOK_TRACKED) {
        what |= document->tracked == PLATEN_LOK_CHANGES_FINAL      ? PLATEN_LOK_MEND_FINAL
                : document->tracked == PLATEN_LOK_CHANGES_ORIGINAL ? PLATEN_LOK_MEND_ORIGINAL
                                                                   : 0;
    }
    if (found & PLATEN_LOK_COMMENTED && !document->comments) {
        what |= PLATEN_LOK_MEND_COMMENTS;
    }
    if (found & PLATEN_LOK_COMMENTED && puts_at_end(document)) {
        what |= PLATEN_LOK_MEND_END;
    }
    if (found & PLATEN_LOK_BOXES && is_plain(document)) {
        what |= PLATEN_LOK_MEND_BOXES;
    }
    if (found & PLATEN_LOK_NOTES && is_plain(document)) {
        what |= PLATEN_LOK_MEND_NOTES;
    }
    if (found & PLATEN_LOK_HIDDEN && is_open(document)) {
        what |= PLATEN_LOK_MEND_HIDDEN;
    }
    if (found & PLATEN_LOK_SYMBOLS && is_open(document)) {
        what |= PLATEN_LOK_MEND_SYMBOLS;
    }
    if (found & PLATEN_LOK_FIELDS && is_final(document)) {
        what |= PLATEN_LOK_MEND_FIELDS;
    }
    if (found & PLATEN_LOK_UPDATES && is_final(document) && platen_lok_update_can()) {
        what |= PLATEN_LOK_MEND_INDEXES;
    }
    if (found & PLATEN_LOK_CHUNKS) {
        what |= PLATEN_LOK_MEND_CHUNKS;
    }
    if (found & PLATEN_LOK_PACKAGE && document->sheets) {
        what |= PLATEN_LOK_MEND_SCROLL;
    }
    return what;
}

/* Whether it is a text of a word processor, but none that can be mended as it is. */
static int
is_foreign(const platen_lok_document_t *document)
{
    static const char *const foreign[] = { ".odt", ".doc", ".rtf" };
    const char              *end = strrchr(document->input, '.');
    size_t                   i;

    for (i = 0; end != NULL && i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strcmp(end, foreign[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What LibreOffice itself has put into the DOCX that it wrote. */
#define OWN (PLATEN_LOK_DIRTY | PLATEN_LOK_UPDATES | PLATEN_LOK_FIELDS)

/*
 * Texts of other formats than DOCX, with something that is to be mended: a copy of them is
 * mended and loaded in their place.  ODF has all that LibreOffice knows of a text, so
 * that nothing else of it changes; some of it DOCX alone can tell.  PDF needs no copy for
 * comments, as they are not among its pages.  Returns the document, or NULL.
 */
static LibreOfficeKitDocument *
settle_text(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document,
            platen_lok_exit_t *result)
{
    char        path[PATH_LEN], mended[PATH_LEN];
    const char *format;
    unsigned    found = PLATEN_LOK_PACKAGE, what;

    if (document->tracked != PLATEN_LOK_CHANGES_SHOW
        && lists(loaded, ".uno:AcceptTrackedChanges")) {
        found |= PLATEN_LOK_TRACKED;
    }
    if ((puts_at_end(document)
         || (!document->comments && strcmp(document->export_filter, "pdf") != 0))
        && lists(loaded, ".uno:ViewAnnotations")) {
        found |= PLATEN_LOK_COMMENTED;
    }
    snprintf(path, sizeof(path), "%s.tracked.docx", document->output);
    if (is_open(document) && is_foreign(document)) {
        if (save(loaded, path, "docx", "") == PLATEN_LOK_EXIT_DONE) {
            found |= platen_lok_package_look(path) & ~(unsigned) OWN;
        }
        (void) unlink(path);
    }
    warn_of_text(document, found);
    what = to_mend(document, found);
    if (what == 0) {
        return loaded;
    }
    format = what & PLATEN_LOK_MEND_OOXML ? "docx" : "odt";
    snprintf(path, sizeof(path), "%s.tracked.%s", document->output, format);
    *result = place_for_copy(document, format, mended) != 0 ? PLATEN_LOK_EXIT_SETUP
                                                            : save(loaded, path, format, "");
    loaded->pClass->destroy(loaded);
    loaded = NULL;
    if (*result == PLATEN_LOK_EXIT_DONE) {
        if (platen_lok_package_mend(path, mended, what) >= 0) {
            loaded = load(mended, "", result);
        } else {
            *result = PLATEN_LOK_EXIT_SAVE;
        }
    }
    (void) unlink(path);
    (void) unlink(mended);
    return loaded;
}

/* Whether the result shows what cells come to, and has no formulas. */
static int
shows_values(const platen_lok_document_t *document)
{
    static const char *const books[] = { "xlsx", "xls", "ods", "fods" };
    size_t                   i;

    for (i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
        if (strcmp(document->export_filter, books[i]) == 0) {
            return 0;
        }
    }
    return 1;
}

/*
 * Which formulas of a workbook are taken out of it before it is loaded, so that what
 * Excel computed is believed; and what is to be said of those that LibreOffice lacks.
 */
static unsigned
to_believe(const platen_lok_document_t *document, const platen_lok_sheets_t *book,
           unsigned found)
{
    const platen_lok_cells_t *lacking = &book->lacking, *empty = &book->empty;
    int                       all = shows_values(document) && !(found & PLATEN_LOK_CALCULATE);

    if (lacking->n > 0 && !all) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "%u %s (%s%s) a function that this LibreOffice lacks (%s): the "
                           "result has the values that were saved with the workbook.",
                           lacking->n, lacking->n == 1 ? "formula uses" : "formulas use",
                           lacking->names, lacking->n > 1 ? " …" : "", lacking->function);
    }
    if (empty->n > 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "%u %s (%s) a function that this LibreOffice lacks (%s), and no "
                           "saved value: the result has an error in its place.",
                           empty->n, empty->n == 1 ? "formula uses" : "formulas use",
                           empty->names, empty->function);
    }
    return all && book->formulas > 0 ? PLATEN_LOK_MEND_FORMULAS
           : lacking->n > 0          ? PLATEN_LOK_MEND_LACKING
                                     : 0;
}

/* Its name is a string of JSON (RFC 8259, 7): LibreOffice ends at one that is none. */
static void
hide_sheet(LibreOfficeKitDocument *loaded, const char *name)
{
    char  *arguments;
    size_t len;
    FILE  *out = open_memstream(&arguments, &len);

    if (out == NULL) {
        return;
    }
    fputs("{\"aTableName\":{\"type\":\"string\",\"value\":\"", out);
    for (; *name != '\0'; name++) {
        if ((unsigned char) *name < ' ') {
            fprintf(out, "\\u%04x", (unsigned) *name);
        } else {
            fprintf(out, "%s%c", *name == '"' || *name == '\\' ? "\\" : "", *name);
        }
    }
    fputs("\"}}", out);
    if (fclose(out) == 0) {
        post(loaded, ".uno:Hide", arguments);
    }
    free(arguments);
}

/*
 * What Excel does when it opens a workbook: a hidden sheet stays hidden although it is
 * the active one, and rows that have no height of their own are as high as their text.
 */
static void
open_as_excel(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document,
              const platen_lok_sheets_t *book)
{
    int                      parts = loaded->pClass->getParts(loaded);
    int                      active = loaded->pClass->getPart(loaded);
    const platen_lok_rows_t *rows;
    char                     arguments[96], *info;
    size_t                   i;
    unsigned                 k;

    for (i = 0; i < book->n && (int) i < parts; i++) {
        info = loaded->pClass->getPartInfo(loaded, (int) i);
        if (book->sheet[i].hidden && info != NULL
            && strstr(info, "\"visible\": \"1\"") != NULL) {
            hide_sheet(loaded, book->sheet[i].name);
        }
        free(info);
    }
    if (strcmp(document->export_filter, "pdf") != 0) {
        return;
    }
    for (i = 0; i < book->n && (int) i < parts; i++) {
        for (k = 0; !book->sheet[i].hidden && k < book->sheet[i].nrows; k++) {
            rows = &book->sheet[i].rows[k];
            if (k == 0) {
                loaded->pClass->setPart(loaded, (int) i);
            }
            snprintf(arguments, sizeof(arguments),
                     "{\"ToPoint\":{\"type\":\"string\",\"value\":\"A%u:A%u\"}}", rows->first,
                     rows->last);
            post(loaded, ".uno:GoToCell", arguments);
            post(loaded, ".uno:SetOptimalRowHeight",
                 "{\"aExtraHeight\":{\"type\":\"unsigned short\",\"value\":\"0\"}}");
        }
    }
    loaded->pClass->setPart(loaded, active);
}

/* Whether a sheet is hidden, which with a page to each sheet would have one. */
static int
hides_sheets(LibreOfficeKitDocument *loaded)
{
    char *info;
    int   i, hidden = 0;

    for (i = 0; !hidden && i < loaded->pClass->getParts(loaded); i++) {
        info = loaded->pClass->getPartInfo(loaded, i);
        hidden = info != NULL && strstr(info, "\"visible\": \"0\"") != NULL;
        free(info);
    }
    return hidden;
}

/* A platen_lok_convert_t: what is in the working directory. */
static int
convert_chunk(const char *from, const char *to)
{
    LibreOfficeKitDocument *loaded;
    platen_lok_exit_t       result = PLATEN_LOK_EXIT_DONE;
    char                    path[PATH_LEN];

    snprintf(path, sizeof(path), CWD "%s", from);
    loaded = load(path, "", &result);
    if (loaded == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), CWD "%s", to);
    result = save(loaded, path, "docx", "");
    loaded->pClass->destroy(loaded);
    return result == PLATEN_LOK_EXIT_DONE ? 0 : -1;
}

/* Whether it is a page that becomes a workbook. */
static int
is_table(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && strcmp(dot + 1, PLATEN_REGISTRY_HTML_TABLE) == 0;
}

/*
 * What is to be loaded: the document, or a copy of it without what is not to be in
 * the result, under the name that it has for the client, which a field of it shows.
 * `mended` says whether it is without anything.
 */
static const char *
ready(const platen_lok_document_t *document, unsigned what, char path[PATH_LEN], int *mended)
{
    int    tables = is_table(document->input);
    size_t formulas;

    *mended = 0;
    if (!document->last || named(name_of(document), path) != 0) {
        return document->input;
    }
    if (what != 0) {
        *mended = platen_lok_package_mend(document->input, path, what);
        if (*mended >= 0 && what & PLATEN_LOK_MEND_CHUNKS) {
            *mended = platen_lok_chunks_settle(path, what, convert_chunk) == 0 ? 1 : -1;
        }
        if (*mended >= 0) {
            return path;
        }
        (void) unlink(path);
    }
    if (!tables) {
        return symlink(document->input, path) == 0 ? path : document->input;
    }
    if (platen_lok_cells_copy(document->input, path, &formulas) != 0) {
        return document->input;
    }
    if (formulas > 0) {
        warn("Text outside of the tables of the page that begins with = was taken for a "
             "formula.");
    }
    return path;
}

static LibreOfficeKitDocument *
load_document(const platen_lok_document_t *document, unsigned found, unsigned more,
              platen_lok_exit_t *result)
{
    LibreOfficeKitDocument *loaded;
    char                    at[PATH_LEN];
    const char             *path;
    unsigned                what = to_mend(document, found) | more;
    int                     mended;

    if (!is_as_named(document->input)) {
        *result = PLATEN_LOK_EXIT_LOAD;
        return NULL;
    }
    if (found & PLATEN_LOK_LACKING) {
        what |= PLATEN_LOK_MEND_LACKING;
    }
    path = ready(document, what, at, &mended);
    if (mended > 0 && found & PLATEN_LOK_LACKING && !shows_values(document)) {
        warn("Formulas with functions that this LibreOffice lacks are in the result as the "
             "values that were saved with them.");
    }
    loaded = load(path, document->load_options, result);
    if (loaded == NULL && *result == PLATEN_LOK_EXIT_LOAD && found & PLATEN_LOK_PACKAGE
        && !(what & PLATEN_LOK_MEND_COMMENTS)) {
        path = ready(document, what | PLATEN_LOK_MEND_COMMENTS, at, &mended);
        if (mended > 0) {
            loaded = load(path, document->load_options, result);
        }
    }
    return loaded;
}

/* A page of HTML of a spreadsheet. */
static platen_lok_exit_t
finish_page(const char *page)
{
    unsigned comments;

    if (platen_lok_embed(page, &comments) != 0) {
        return PLATEN_LOK_EXIT_SAVE;
    }
    if (comments > 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE, "%u %s not in the result.", comments,
                           comments == 1 ? "comment of a cell is" : "comments of cells are");
    }
    return PLATEN_LOK_EXIT_DONE;
}

/* Of the pages of a spreadsheet, which show ### for a number that is too wide. */
static void
warn_of_narrow(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document)
{
    char   path[PATH_LEN], names[PLATEN_LOK_NARROW_NAMES];
    size_t n = 0;
    int    literal = 0;

    snprintf(path, sizeof(path), "%s.was", document->output);
    if (save(loaded, path, "fods", "") == PLATEN_LOK_EXIT_DONE) {
        n = platen_lok_narrow_cells(path, names, &literal);
    }
    (void) unlink(path);
    if (n == 0 && literal) {
        return;
    }
    if (n == 0) {
        warn("Numbers that are wider than their columns are shown as ###, as in Excel; wider "
             "columns in the workbook show them.");
        return;
    }
    platen_warning_add(PLATEN_WARNINGS_FILE,
                       "Numbers that are wider than their columns are shown as ###, as in "
                       "Excel: about %zu (%s); wider columns in the workbook show them.",
                       n, names);
}

static platen_lok_exit_t
convert(const platen_lok_document_t *document)
{
    LibreOfficeKitDocument *loaded;
    platen_lok_exit_t       result = PLATEN_LOK_EXIT_DONE;
    unsigned                found = 0;
    platen_lok_sheets_t    *book = NULL;
    int                     shown = 0;

    office.asked = 0;
    office.password = document->password;
    office.out_of_memory = 0;
    if (office.set_new_handler != NULL) {
        (void) office.set_new_handler(allocation_failed);
    }

    platen_lok_glyphs_begin();
    platen_lok_narrow_begin();
    if (document->last) {
        found = platen_lok_package_look(document->input);
    }
    if (found & PLATEN_LOK_BOOK) {
        book = platen_lok_sheets_new(document->input);
    }
    loaded = load_document(document, found,
                           book == NULL ? 0 : to_believe(document, book, found), &result);
    if (loaded != NULL && document->last) {
        switch (loaded->pClass->getDocumentType(loaded)) {
        case LOK_DOCTYPE_TEXT:
            if (found & PLATEN_LOK_UPDATES && is_final(document)) {
                platen_lok_update(loaded);
            }
            if (found & PLATEN_LOK_PACKAGE) {
                warn_of_text(document, found);
            } else {
                loaded = settle_text(loaded, document, &result);
            }
            break;
        case LOK_DOCTYPE_SPREADSHEET:
            if (found & PLATEN_LOK_CALCULATE) {
                post(loaded, ".uno:CalculateHard", NULL);
            }
            if (book != NULL) {
                open_as_excel(loaded, document, book);
            }
            shown = document->sheets && hides_sheets(loaded);
            break;
        default:
            break;
        }
    }
    platen_lok_sheets_destroy(&book);
    if (loaded != NULL && (shown || platen_lok_pages_asked(&document->page))) {
        loaded = lay_out(loaded, document, shown, &result);
    }
    if (loaded == NULL) {
        return result;
    }

    /* Only what the result shows: loading asks for fonts that no text is set in. */
    if (document->fonts[0] != '\0') {
        platen_lok_fonts_begin();
    }
    result = save(loaded, document->output, document->export_filter, document->export_options);
    if (result == PLATEN_LOK_EXIT_DONE && strcmp(document->export_filter, "html") == 0
        && loaded->pClass->getDocumentType(loaded) == LOK_DOCTYPE_SPREADSHEET) {
        result = finish_page(document->output);
    }
    if (document->fonts[0] != '\0' && platen_lok_fonts_end(document->fonts) != 0) {
        fputs("platen-lok: cannot write which fonts were replaced\n", stderr);
    }
    if (document->fonts[0] != '\0') {
        platen_lok_glyphs_end();
    }
    if (result == PLATEN_LOK_EXIT_DONE && platen_lok_narrow_seen()
        && loaded->pClass->getDocumentType(loaded) == LOK_DOCTYPE_SPREADSHEET) {
        warn_of_narrow(loaded, document);
    }
    if (!document->last) {
        loaded->pClass->destroy(loaded);
    }
    return result;
}

platen_lok_exit_t
platen_lok_office_convert(const platen_lok_document_t *document)
{
    platen_lok_document_t at_home = *document;
    platen_lok_exit_t     result;
    char                  output[PATH_LEN];

    if (!document->last) {
        return convert(document);
    }
    if (place_result(document, output) != 0) {
        return PLATEN_LOK_EXIT_SETUP;
    }
    at_home.output = output;
    result = convert(&at_home);
    return result == PLATEN_LOK_EXIT_DONE && rename(output, document->output) != 0
               ? PLATEN_LOK_EXIT_SAVE
               : result;
}
