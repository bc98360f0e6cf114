/*
 * The table of the sandbox; see sandbox/policy.h.  Constant, and safe in a child
 * between fork and document.
 *
 * Below /usr an engine reads its own data and no more: what a document may name
 * there (pictures of other programs, say) can then not be drawn into a result.
 * Fonts are data of all engines that draw text, the administrator's in /usr/local
 * among them.
 */

#include "sandbox/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define R PLATEN_SANDBOX_R
#define W PLATEN_SANDBOX_W
#define X PLATEN_SANDBOX_X
#define S PLATEN_SANDBOX_S
#define OWN PLATEN_SANDBOX_OWN

#define PROCESSES 64 /* and two threads for each processor, as thread pools have */
#define OTHERS 1024  /* of the same user, where no namespace keeps them apart: nginx's */
#define THREADS 32   /* of what executes nothing: the warm LibreOffice's children need one */

/* Of every engine. */
static const platen_sandbox_path_t common[] = {
    { "{run}", R | W | OWN },
    { "{document}", R },
    { "{program}", R | X },
    { "/usr/lib/x86_64-linux-gnu", R },
    { "/usr/lib/aarch64-linux-gnu", R },
    { "/lib/x86_64-linux-gnu", R },
    { "/lib/aarch64-linux-gnu", R },
    { "/usr/lib/locale", R },
    { "/lib64/ld-linux-x86-64.so.2", R | X },
    { "/lib/ld-linux-aarch64.so.1", R | X },
    { "/etc/ld.so.cache", R },
    { "/etc/localtime", R },
    { "/usr/share/zoneinfo", R },
    { "/proc/self", R },
    { "/dev/null", R | W },
    { "/dev/zero", R },
    { "/dev/urandom", R },
};

#define FONTS                                                                                  \
    { "/etc/fonts", R }, { "/var/cache/fontconfig", R }, { "/usr/share/fontconfig", R },       \
        { "/usr/share/fonts", R }, { "/usr/local/share/fonts", R },                            \
        { "/usr/share/texmf/fonts", R },                                                       \
    {                                                                                          \
        "/usr/share/xml/fontconfig", R                                                         \
    }

/*
 * Of LibreOffice what conversions open: not its galleries, templates and wizards.  Dictionaries
 * and languages, by the packages' own directories.  {office}/share/registry is a link to
 * /etc/libreoffice, and pictures of its icons lie in /usr/share/libreoffice.
 */
#define OFFICE                                                                                 \
    { "{office}/program", R }, { "{office}/share/autocorr", R }, { "{office}/share/calc", R }, \
        { "{office}/share/config", R }, { "{office}/share/extensions", R },                    \
        { "{office}/share/filter", R }, { "{office}/share/fonts", R },                         \
        { "{office}/share/palette", R }, { "{office}/share/psprint", R },                      \
        { "{office}/share/registry", R }, { "{office}/share/wordbook", R },                    \
        { "/etc/libreoffice", R }, { "/usr/share/libreoffice/share/config", R },               \
        { "/usr/share/hunspell", R }, { "/usr/share/myspell", R }, { "/usr/share/hyphen", R }, \
        { "/usr/share/mythes", R }, { "/usr/share/liblangtag", R },                            \
        { "/usr/share/libexttextcat", R }, { "/usr/share/libnumbertext", R },                  \
        { "/usr/share/libthai", R }, { "/usr/share/icu", R }, FONTS

#define POPPLER { "/usr/share/poppler", R }, FONTS

/* An engine of platend.cfg is any program, with data anywhere that packages have it. */
#define ANY                                                                                    \
    { "/usr/bin", R }, { "/usr/lib", R }, { "/lib", R }, { "/usr/share", R },                  \
        { "/usr/libexec", R }, FONTS
#define ANY_X                                                                                  \
    { "/usr/bin", R | X }, { "/usr/lib", R | X }, { "/usr/libexec", R | X },                   \
        { "/bin", R | X }, { "/lib", R | X }, { "/lib64", R | X }, { "/usr/share", R | X },    \
        FONTS

const platen_policy_t platen_policies[] = {
    /* A fork: it executes nothing, and the libraries are in its memory. */
    { "lok", "the warm LibreOffice's children", 0, 0, { { "{profile}", R }, OFFICE } },
    { "soffice",
      "LibreOffice as a process for each document",
      PLATEN_SANDBOX_MAY_EXEC | PLATEN_SANDBOX_MAY_BIND,
      1,
      { { "{tmp}", R | W | S },
        { "{libexec}/platen-soffice.so", R },
        { "/var/lib/libreoffice", R },
        OFFICE } },
    { "soffice-pdf",
      "the same for PDF, whose import is a program of its own",
      PLATEN_SANDBOX_MAY_EXEC | PLATEN_SANDBOX_MAY_BIND | PLATEN_SANDBOX_MAY_FORK,
      1,
      { { "{tmp}", R | W | S },
        { "{libexec}/platen-soffice.so", R },
        { "/var/lib/libreoffice", R },
        { "{office}/program/xpdfimport", R | X },
        POPPLER,
        OFFICE } },
    { "tables",
      "platen-tables: CSV, JSON, XLSX, Parquet",
      PLATEN_SANDBOX_MAY_EXEC,
      0,
      { { NULL, 0 } } },
    { "text", "platen-text: charsets", PLATEN_SANDBOX_MAY_EXEC, 0, { { NULL, 0 } } },
    { "pandoc",
      "pandoc, which platen-docx and platen-text become",
      PLATEN_SANDBOX_MAY_EXEC | PLATEN_SANDBOX_MAY_POLL, /* GHC's threads wait by it */
      0,
      { { "/usr/share/pandoc/data", R },
        { "{libexec}/platen-pandoc.lua", R },
        { "/usr/bin/pandoc", R | X } } },
    { "poppler",
      "pdftotext, pdftoppm, pdftohtml and so on",
      PLATEN_SANDBOX_MAY_EXEC,
      0,
      { POPPLER } },
    { "mupdf",
      "mutool, which platen-text becomes for a book",
      PLATEN_SANDBOX_MAY_EXEC,
      0,
      { { "/usr/bin/mutool", R | X }, { "{libexec}/platen-mupdf.js", R }, FONTS } },
    { "qpdf", "qpdf", PLATEN_SANDBOX_MAY_EXEC, 0, { { NULL, 0 } } },
    { "image",
      "mutool, and rsvg-convert, which platen-text becomes",
      PLATEN_SANDBOX_MAY_EXEC,
      0,
      { { "/usr/bin/rsvg-convert", R | X }, FONTS } },
    { "zip", "platen-zip: batches, and pages", PLATEN_SANDBOX_MAY_EXEC, 0, { { NULL, 0 } } },
    { "command",
      "an engine of platend.cfg, with what its `read` adds",
      PLATEN_SANDBOX_MAY_EXEC | PLATEN_SANDBOX_MAY_POLL,
      0,
      { ANY } },
    { "command-fork",
      "the same with `fork = 1`",
      PLATEN_SANDBOX_MAY_EXEC | PLATEN_SANDBOX_MAY_FORK | PLATEN_SANDBOX_MAY_POLL,
      0,
      { ANY_X } },
};

const size_t platen_npolicies = sizeof(platen_policies) / sizeof(platen_policies[0]);

const platen_policy_t *
platen_policy_find(const char *engine)
{
    size_t i;

    if (strcmp(engine, "pack") == 0 || strcmp(engine, "unpack") == 0) {
        engine = "zip"; /* the program of both */
    }
    for (i = 0; i < platen_npolicies; i++) {
        if (strcmp(platen_policies[i].engine, engine) == 0) {
            return &platen_policies[i];
        }
    }
    return NULL;
}

/* What stands for the word that a path begins with, and what follows it. */
static const char *
value(const platen_policy_words_t *words, const char *path, const char **rest)
{
    const struct {
        const char *word;
        const char *value;
    } values[] = {
        { "{run}", words->run },         { "{document}", words->document },
        { "{program}", words->program }, { "{office}", words->office },
        { "{profile}", words->profile }, { "{libexec}", words->libexec },
        { "{tmp}", words->tmp },
    };
    size_t i, n;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        n = strlen(values[i].word);
        if (strncmp(path, values[i].word, n) == 0) {
            *rest = path + n;
            return values[i].value;
        }
    }
    return NULL;
}

typedef struct {
    platen_sandbox_path_t *paths;
    size_t                 n;
    size_t                 limit;
    char                  *text;
    size_t                 left;
} out_t;

static int
add(out_t *out, const platen_policy_words_t *words, const platen_sandbox_path_t *path)
{
    const char *rest = "", *text = path->path, *by;
    int         n;

    if (*text == '{') {
        by = value(words, text, &rest);
        if (by == NULL) {
            return 0;
        }
        n = snprintf(out->text, out->left, "%s%s", by, rest);
        if (n < 0 || (size_t) n >= out->left) {
            errno = ENAMETOOLONG;
            return -1;
        }
        text = out->text;
        out->text += n + 1;
        out->left -= (size_t) n + 1;
    }
    if (out->n == out->limit) {
        errno = E2BIG;
        return -1;
    }
    out->paths[out->n++] = (platen_sandbox_path_t){ text, path->access };
    return 0;
}

int
platen_policy_paths(const platen_policy_t *policy, const platen_policy_words_t *words,
                    platen_sandbox_path_t *paths, size_t n, char *text, size_t size)
{
    out_t                 out = { .paths = paths, .limit = n, .text = text, .left = size };
    platen_sandbox_path_t path;
    size_t                i;

    for (i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        path = common[i];
        if (!(policy->may & PLATEN_SANDBOX_MAY_EXEC)) {
            path.access &= ~(unsigned) X;
        }
        if (add(&out, words, &path) != 0) {
            return -1;
        }
    }
    for (i = 0; i < PLATEN_POLICY_PATHS && policy->paths[i].path != NULL; i++) {
        if (add(&out, words, &policy->paths[i]) != 0) {
            return -1;
        }
    }
    return (int) out.n;
}

uint64_t
platen_policy_processes(const platen_policy_t *policy, unsigned layers)
{
    if (platen_policy_counts(layers)) {
        return platen_policy_threads(policy);
    }
    return policy->may & PLATEN_SANDBOX_MAY_FORK ? OTHERS + platen_policy_threads(policy) : 0;
}

int
platen_policy_counts(unsigned layers)
{
    return layers & (PLATEN_SANDBOX_NETWORK | PLATEN_SANDBOX_PIDS)
           && geteuid() != 0; /* root's are not counted */
}

uint64_t
platen_policy_threads(const platen_policy_t *policy)
{
    return policy->may & PLATEN_SANDBOX_MAY_EXEC
               ? PROCESSES + 2 * (uint64_t) sysconf(_SC_NPROCESSORS_ONLN)
               : THREADS;
}

/* Whether a file system begins with this directory. */
static int
is_mounted(const char *dir)
{
    char        above[4096];
    struct stat here, there;

    return snprintf(above, sizeof(above), "%s/..", dir) < (int) sizeof(above)
           && stat(dir, &here) == 0 && stat(above, &there) == 0 && here.st_dev != there.st_dev;
}

const char *
platen_policy_limit(platen_policy_limit_t limit, unsigned layers, const char *data)
{
    switch (limit) {
    case PLATEN_POLICY_THREADS:
        return platen_policy_counts(layers)
                   ? "threads: counted by the kernel for each run, in a user namespace of its "
                     "own"
                   : "threads: no user namespace to count them in, so platend looks five times"
                     " a second, and ends a run with too many";
    case PLATEN_POLICY_MEMORY:
        return layers & PLATEN_SANDBOX_CGROUP
                   ? "memory: a cgroup for each run (limits/memory), and the address space of"
                     " each process"
                   : "memory: no cgroup, so the address space of each process alone"
                     " (limits/address_space)";
    case PLATEN_POLICY_DISK:
#define LOOKS                                                                                  \
    "; platend looks five times a second at all files of a run, at unlinked ones that it has"  \
    " open and at the free space, and ends the run that takes too much"
        return is_mounted(data)
                   ? "disk: the kernel limits each file (limits/output_size), and all of them "
                     "by"
                     " the size of data/path, which is a file system of its own" LOOKS
                   : "disk: the kernel limits each file (limits/output_size), and not all of"
                     " them, as data/path is no file system of its own" LOOKS;
    default:
        return layers & PLATEN_SANDBOX_PIDS
                   ? "processes: a PID namespace for each run, which ends as a whole"
                   : "processes: no PID namespace, so a run's group is killed by its keeper,"
                     " when platend ends too";
    }
}
