/*
 * One document; see lok/child.h.  The child has the zygote's memory and
 * none of its duties: it leaves the zygote's group, descriptors, directories
 * and signals behind, enters the sandbox, and only then opens the document.
 * What it may read besides is LibreOffice, fonts and its own input; what it may
 * write is its work directory.
 *
 * It ends by _exit(): what LibreOffice would do at its end (write its profile,
 * join threads that are only the zygote's) must not happen.
 */

#include "lok/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lok/links.h"
#include "lok/mark.h"
#include "lok/convert.h"
#include "lok/office.h"
#include "lok/populate.h"
#include "sandbox/child_setup.h"
#include "sandbox/policy.h"

static char *volatile nowhere; /* to be written to by who is deaf to signals of his own */
static int *excuse;            /* of this run, in the memory that is shared with the zygote */

static void
say(const char *what)
{
    dprintf(STDERR_FILENO, "platen-lok: %s: %s\n", what, strerror(errno));
}

/* The end of a set-up that has failed: no document has been opened. */
static _Noreturn void
fail(const char *what, platen_lok_exit_t code)
{
    *excuse = errno;
    say(what);
    _exit((int) code);
}

/*
 * A crash near the address-space limit is LibreOffice not looking at what
 * malloc() returned.  What is left of the limit decides, read by system calls
 * alone; if the crash is a crash, the instruction is tried again, now without a
 * handler.  (A signal of its own would not end the first process of a namespace.)
 */
static void
crashed(int signal, siginfo_t *info, void *context)
{
    static const unsigned long page = 4096;
    struct rlimit              limit;
    unsigned long              pages = 0;
    char                       text[64];
    ssize_t                    n = 0, i;
    int                        fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    (void) context;
    if (fd >= 0) {
        n = read(fd, text, sizeof(text));
    }
    for (i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
        pages = 10 * pages + (unsigned long) (text[i] - '0');
    }
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
        && pages > limit.rlim_cur / page / 10 * 9) {
        _exit(PLATEN_LOK_EXIT_MEMORY);
    }
    if (info->si_code <= 0) {
        (void) raise(signal); /* somebody has sent it */
        *nowhere = 0;
    }
}

/* The same for the end of its CPU time. */
static _Noreturn void
spent(int signal)
{
    (void) signal;
    _exit(PLATEN_LOK_EXIT_TIME);
}

/* And of a file that would become larger than it may be (fill.c). */
static _Noreturn void
large(int signal)
{
    (void) signal;
    _exit(PLATEN_LOK_EXIT_LARGE);
}

static int
catch_crashes(void)
{
    static char      stack[16384];
    stack_t          other = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction action = { .sa_sigaction = crashed,
                                .sa_flags = SA_ONSTACK | SA_RESETHAND | SA_SIGINFO };
    struct sigaction time = { .sa_handler = spent, .sa_flags = SA_ONSTACK };
    struct sigaction size = { .sa_handler = large, .sa_flags = SA_ONSTACK };

    return sigaltstack(&other, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0
                   || sigaction(SIGXCPU, &time, NULL) != 0
                   || sigaction(SIGXFSZ, &size, NULL) != 0
               ? -1
               : 0;
}

/* The log as standard output and error; nothing as input. */
static int
open_log(void)
{
    int in, log;

    in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    log = open("log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (in < 0 || log < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0
        || dup2(log, STDERR_FILENO) < 0) {
        return -1;
    }
    close(in);
    close(log);
    return 0;
}

/* The directories that LibreOffice believes it has made. */
static int
make_temporary(const platen_lok_world_t *world)
{
    char     path[128];
    unsigned i;

    if (mkdir("tmp", 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    for (i = 0; i < world->ntemporary; i++) {
        snprintf(path, sizeof(path), "tmp/%s", world->temporary[i]);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return -1;
        }
    }
    return 0;
}

static char *
copy(platen_str_t s)
{
    char *p = strndup(s.len == 0 ? "" : s.data, s.len);

    if (p == NULL) {
        fail("set-up", PLATEN_LOK_EXIT_MEMORY);
    }
    return p;
}

static void
enter(const platen_lok_world_t *world, const platen_lok_message_t *request, const char *work,
      const char *input)
{
    const platen_policy_t      *policy = platen_policy_find("lok");
    char                        profile[4200], install[4200], text[16384];
    platen_sandbox_path_t       paths[PLATEN_POLICY_PATHS + 24];
    const platen_policy_words_t words = {
        .run = work, .document = input, .office = install, .profile = profile
    };
    platen_sandbox_t sandbox = {
        .layers = world->layers,
        .parent = world->layers & PLATEN_SANDBOX_PIDS ? 0 : world->zygote,
        .paths = paths,
        .filter = world->filter,
        .address_space = request->address_space,
        .file_size = request->file_size,
        .cpu_seconds = request->cpu_seconds,
        .files = PLATEN_POLICY_FILES,
        .processes = platen_policy_processes(policy, world->layers),
        .counted_apart = 1,
    };
    unsigned failed;
    int      n;

    if (request->cgroup.len != 0) {
        sandbox.cgroup = copy(request->cgroup);
        sandbox.layers |= PLATEN_SANDBOX_CGROUP;
    }
    snprintf(profile, sizeof(profile), "%s/profile", world->state);
    snprintf(install, sizeof(install), "%s/..", world->program);
    n = platen_policy_paths(policy, &words, paths, sizeof(paths) / sizeof(paths[0]), text,
                            sizeof(text));
    if (n < 0) {
        fail("the sandbox's paths", PLATEN_LOK_EXIT_SANDBOX);
    }
    sandbox.npaths = (size_t) n;
    if (platen_sandbox_enter(&sandbox, &failed) != 0) {
        fail(platen_sandbox_name(failed), PLATEN_LOK_EXIT_SANDBOX);
    }
}

/*
 * Whether a format shows text in the fonts that LibreOffice found.  In others
 * the names go on, and a replacement is but that of a preview.
 */
static int
shows_text(const char *format)
{
    static const char *const formats[] = { "pdf", "png", "svg" };
    size_t                   i;

    for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(format, formats[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void
set_up(const platen_lok_world_t *world, const platen_lok_message_t *request, const char *work,
       const char *input)
{
    const char *const rooms[] = { work, input };

    if (chdir(work) != 0 || platen_fork_signals() != 0 || catch_crashes() != 0
        || open_log() != 0 || platen_lok_inherit_renew(&world->inherit) != 0
        || make_temporary(world) != 0
        || platen_lok_links_cut(rooms, sizeof(rooms) / sizeof(rooms[0])) != 0) {
        fail("set-up", PLATEN_LOK_EXIT_SETUP);
    }
    enter(world, request, work, input);
}

_Noreturn void
platen_lok_child_run(const platen_lok_world_t *world, const platen_lok_message_t *request,
                     platen_lok_errors_t *errors, size_t run, int keeper)
{
    static const char     done = PLATEN_LOK_EXIT_DONE;
    char                 *work;
    platen_lok_document_t document;
    platen_lok_exit_t     result;

    excuse = &errors->of[run];
    work = copy(request->work);
    document = (platen_lok_document_t){
        .input = copy(request->input),
        .output = copy(request->output),
        .load_options = copy(request->load_options),
        .export_filter = copy(request->export_filter),
        .export_options = copy(request->export_options),
        .password = copy(request->password),
        .sheet = copy(request->sheet),
        .name = copy(request->name),
        .tracked = request->tracked,
        .comments = request->comments,
        .sheets = request->sheets,
        .page = request->page,
        .last = 1,
    };
    set_up(world, request, work, document.input);
    /* Within its limits, so that the pages are counted as its own. */
    platen_lok_populate(platen_lok_family(document.input));
    /* Whoever takes over this process has no say in whose fault its end was. */
    if (munmap(errors, sizeof(*errors)) != 0) {
        fail("set-up", PLATEN_LOK_EXIT_SETUP);
    }

    document.fonts = shows_text(document.export_filter) ? "fonts" : "";
    result = platen_lok_convert(&document);
    if (result == PLATEN_LOK_EXIT_DONE && strcmp(document.export_filter, "txt") == 0
        && platen_lok_mark_remove(document.output) != 0) {
        say(document.output);
        result = PLATEN_LOK_EXIT_SAVE;
    }
    /* It is the last line, unless this program has said itself what is wrong. */
    if (result != PLATEN_LOK_EXIT_DONE && *platen_lok_office_error() != '\0') {
        dprintf(STDERR_FILENO, "platen-lok: %s\n", platen_lok_office_error());
    }
    if (result == PLATEN_LOK_EXIT_DONE) {
        (void) !write(keeper, &done, sizeof(done));
    }
    _exit((int) result);
}
