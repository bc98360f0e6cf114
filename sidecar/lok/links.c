/*
 * Files that LibreOffice may open; see lok/links.h.  Its libraries find
 * osl_openFile(), osl_copyFile() and osl_loadModule() here before those of its sal (LOK_EXPORT
 * in the Makefile; LD_PRELOAD for a LibreOffice of its own).  Any thread calls them; the table
 * is constant from platen_lok_links_cut() on.
 *
 * What cannot be told is refused: a name that is no path, a path that leads
 * elsewhere, a file that is not there.
 */

#include "lok/links.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"

/* rtl_uString, oslFileError and flags of sal/osl/file.h, the same since OpenOffice.org. */
typedef struct {
    int32_t  references;
    int32_t  length;
    uint16_t text[];
} string_t;

#define ERROR_NOT_THERE 2
#define ERROR_ACCESS 13
#define FLAG_WRITE 2
#define FLAG_CREATE 4

typedef int   open_t(string_t *url, void *handle, uint32_t flags);
typedef int   copy_t(string_t *from, string_t *to);
typedef int   path_t(string_t *url, string_t **path);
typedef void  release_t(string_t *string);
typedef void *load_t(string_t *url, int32_t mode);

open_t osl_openFile;
copy_t osl_copyFile;
load_t osl_loadModule;

/*
 * What a document's LibreOffice reads of its own by this way: no picture and no
 * document is among it.  Directories are meant with all that is in them.
 */
static const char *const own[] = {
    "program/bootstraprc",
    "program/fundamentalrc",
    "program/lounorc",
    "program/pythonloader.unorc",
    "program/redirectrc",
    "program/setuprc",
    "program/sofficerc",
    "program/unorc",
    "program/versionrc",
    "program/services.rdb",
    "program/types.rdb",
    "program/services",
    "program/types",
    "share/calc/styles.xml",
    "share/config/soffice.cfg",
    "share/filter/oox-drawingml-adj-names",
    "share/filter/oox-drawingml-cs-presets",
    "share/filter/vml-shape-types",
    "share/palette",
    "share/psprint",
    "share/registry",
    "share/registry/main.xcd", /* on Debian 13 a link of its own, to /etc */
};

#define OWN_MAX (sizeof(own) / sizeof(own[0]))

static struct {
    int      met; /* LibreOffice has asked here */
    int      cut;
    char    *paths[OWN_MAX + PLATEN_LOK_LINKS_ROOMS]; /* real ones; directories with a slash */
    unsigned n;
} allowed;

static struct {
    open_t    *open;
    copy_t    *copy;
    load_t    *load;
    path_t    *path;
    release_t *release;
} sal;

static const char *icons; /* as platen_lok_links_icons() was told */

/* ISO C has no cast from an object's address to a function's. */
static void
find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    memcpy(function, &address, sizeof(address));
}

/* LibreOffice's own functions; its libraries are there, as one of them calls. */
static int
find_sal(void)
{
    void *library;

    if (sal.open == NULL) {
        library = dlopen("libuno_sal.so.3", RTLD_LAZY | RTLD_NOLOAD);
        if (library == NULL) {
            return -1;
        }
        find(library, "osl_copyFile", &sal.copy);
        find(library, "osl_getSystemPathFromFileURL", &sal.path);
        find(library, "rtl_uString_release", &sal.release);
        find(library, "osl_loadModule", &sal.load);
        find(library, "osl_openFile", &sal.open);
    }
    return sal.open == NULL || sal.copy == NULL || sal.load == NULL || sal.path == NULL
                   || sal.release == NULL
               ? -1
               : 0;
}

/* A string as UTF-8, which is what LibreOffice has paths in here; -1: it is none. */
static int
octets(const string_t *s, char out[PATH_MAX])
{
    uint32_t c;
    size_t   n = 0;
    int32_t  i;

    for (i = 0; i < s->length; i++) {
        c = s->text[i];
        if (c >= 0xd800 && c < 0xdc00 && i + 1 < s->length
            && (s->text[i + 1] & 0xfc00) == 0xdc00) {
            c = 0x10000 + ((c & 0x3ff) << 10) + (s->text[++i] & 0x3ff);
        }
        if (c == 0 || (c >= 0xd800 && c < 0xe000) || n + 5 > PATH_MAX) {
            return -1;
        }
        n += platen_utf8_encode(c, out + n);
    }
    out[n] = '\0';
    return 0;
}

static int
is_allowed(const char *real)
{
    size_t   len;
    unsigned i;

    for (i = 0; i < allowed.n; i++) {
        len = strlen(allowed.paths[i]);
        if (allowed.paths[i][len - 1] == '/' ? strncmp(real, allowed.paths[i], len) == 0
                                             : strcmp(real, allowed.paths[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The path that a URL stands for; -1: it stands for none. */
static int
path_of(string_t *url, char text[PATH_MAX])
{
    string_t *path = NULL;
    int       rc = sal.path(url, &path) == 0 ? octets(path, text) : -1;

    if (path != NULL) {
        sal.release(path);
    }
    return rc;
}

/* 0, or the error with which LibreOffice is told that it cannot have the file. */
static int
look(const char *path)
{
    char *real;
    int   error = ERROR_ACCESS;

    if (!allowed.cut) {
        return 0;
    }
    if (path != NULL) {
        real = realpath(path, NULL);
        error = real == NULL
                    ? errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_THERE : ERROR_ACCESS
                : is_allowed(real) ? 0
                                   : ERROR_ACCESS;
        free(real);
    }
    return error;
}

/*
 * What an archive of icons is called (share/config/images_colibre.zip); NULL: the file is
 * none.
 */
static const char *
icons_of(const char *path)
{
    const char *name = path == NULL ? NULL : strrchr(path, '/');
    size_t      n = name == NULL ? 0 : strlen(name);

    return n > 4 && strncmp(name, "/images_", 8) == 0 && strcmp(name + n - 4, ".zip") == 0
               ? name
               : NULL;
}

static int
open_icons(const char *name, void *handle, uint32_t flags)
{
    char      path[PATH_MAX];
    string_t *url;
    int       n, i, error;

    n = icons == NULL ? -1 : snprintf(path, sizeof(path), "file://%s%s", icons, name);
    if (n < 0 || n >= (int) sizeof(path)) {
        return ERROR_NOT_THERE;
    }
    url = calloc(1, sizeof(*url) + ((size_t) n + 1) * sizeof(url->text[0]));
    if (url == NULL) {
        return ERROR_ACCESS;
    }
    url->references = 1;
    url->length = n;
    for (i = 0; i < n; i++) {
        url->text[i] = (unsigned char) path[i];
    }
    error = sal.open(url, handle, flags);
    free(url);
    return error;
}

int
osl_openFile(string_t *url, void *handle, uint32_t flags)
{
    char        text[PATH_MAX];
    const char *path, *name;
    int         error;

    if (find_sal() != 0) {
        return ERROR_ACCESS;
    }
    allowed.met = 1;
    /* What it may write is its own, by the sandbox, and may not be there yet. */
    if (flags & (FLAG_WRITE | FLAG_CREATE)) {
        return sal.open(url, handle, flags);
    }
    path = path_of(url, text) == 0 ? text : NULL;
    name = icons_of(path);
    if (name != NULL) {
        return open_icons(name, handle, flags);
    }
    error = look(path);
    return error != 0 ? error : sal.open(url, handle, flags);
}

int
osl_copyFile(string_t *from, string_t *to)
{
    char text[PATH_MAX];
    int  error;

    if (find_sal() != 0) {
        return ERROR_ACCESS;
    }
    error = look(path_of(from, text) == 0 ? text : NULL);
    return error != 0 ? error : sal.copy(from, to);
}

/*
 * What plays films and sounds (libavmediagst.so, and what others of its kind are called).  A
 * document that names one would have it read by all that GStreamer has; what it names is not
 * there, and that is waited for until the run's time is over.  Without it there is a sign in
 * the film's place.
 */
static int
plays(const string_t *url)
{
    static const char media[] = "libavmedia", own_part[] = "lo.so";
    char              path[PATH_MAX];
    const char       *name;

    if (octets(url, path) != 0 || (name = strrchr(path, '/')) == NULL) {
        return 0;
    }
    name++;
    return strncmp(name, media, sizeof(media) - 1) == 0
           && strcmp(name + sizeof(media) - 1, own_part) != 0;
}

void *
osl_loadModule(string_t *url, int32_t mode)
{
    return find_sal() != 0 || plays(url) ? NULL : sal.load(url, mode);
}

/* Adds a path by where it leads; one that is not there is left out. */
static int
allow(const char *path)
{
    char       *real = realpath(path, NULL), *kept;
    struct stat st;
    size_t      size;

    if (allowed.n == sizeof(allowed.paths) / sizeof(allowed.paths[0])) {
        errno = E2BIG;
        return -1;
    }
    if (real == NULL) {
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    }
    size = strlen(real) + 2;
    kept = stat(real, &st) != 0 ? NULL : malloc(size);
    if (kept != NULL) {
        snprintf(kept, size, "%s%s", real, S_ISDIR(st.st_mode) ? "/" : "");
        allowed.paths[allowed.n++] = kept;
    }
    free(real);
    return kept == NULL ? -1 : 0;
}

int
platen_lok_links_open(const char *program)
{
    char   path[PATH_MAX];
    size_t i;

    for (i = 0; i < OWN_MAX; i++) {
        if (snprintf(path, sizeof(path), "%s/../%s", program, own[i]) >= (int) sizeof(path)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (allow(path) != 0) {
            return -1;
        }
    }
    return 0;
}

void
platen_lok_links_icons(const char *dir)
{
    icons = dir;
}

int
platen_lok_links_met(void)
{
    return allowed.met;
}

int
platen_lok_links_cut(const char *const *rooms, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (allow(rooms[i]) != 0) {
            return -1;
        }
    }
    allowed.cut = 1;
    return 0;
}
