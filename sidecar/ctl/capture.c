/*
 * Output of other programs and of files; see ctl/capture.h.  The caller
 * owns what is returned.  A program that does not end is killed with the
 * section of the doctor that asked it (ctl/section.h).
 */

#include "ctl/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

/*
 * In the child.  Landlock keeps the promise that nothing is modified: fc-list,
 * for one, writes caches wherever it may.  A kernel without it has to do without,
 * but for programs that are known to make files.
 */
static void
become(const char *const *argv, unsigned which, int out)
{
    static const platen_sandbox_path_t paths[] = {
        { "/", PLATEN_SANDBOX_R | PLATEN_SANDBOX_X },
        { "/dev/null", PLATEN_SANDBOX_R | PLATEN_SANDBOX_W },
    };
    const platen_sandbox_t sandbox = {
        .layers = PLATEN_SANDBOX_NO_NEW_PRIVS | PLATEN_SANDBOX_LANDLOCK,
        .paths = paths,
        .npaths = sizeof(paths) / sizeof(paths[0]),
    };
    static const platen_sandbox_path_t open_too[] = {
        { "/", PLATEN_SANDBOX_R | PLATEN_SANDBOX_X | PLATEN_SANDBOX_O },
    };
    unsigned failed;
    int      null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0
        || dup2(which & PLATEN_CTL_CAPTURE_OUT ? out : null, STDOUT_FILENO) < 0
        || dup2(which & PLATEN_CTL_CAPTURE_ERR ? out : null, STDERR_FILENO) < 0
        || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        _exit(127);
    }
    if (which & PLATEN_CTL_CAPTURE_OPEN) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
            || platen_sandbox_landlock_files(open_too, 1) != 0) {
            dprintf(STDERR_FILENO, "it is not run without Landlock, as it may make files\n");
            _exit(127);
        }
    } else {
        (void) platen_sandbox_enter(&sandbox, &failed);
    }
    execv(argv[0], (char *const *) (const void *) argv);
    _exit(127);
}

/* Reads to the end of file; the rest beyond `max` is dropped.  NULL with errno. */
static char *
read_all(int fd, size_t max, size_t *len)
{
    size_t  room = 4096;
    char   *text = malloc(room + 1), *grown, drop[4096];
    ssize_t n = 1;

    *len = 0;
    while (text != NULL && n != 0) {
        if (*len == room && room < max) {
            room = room * 2 < max ? room * 2 : max;
            grown = realloc(text, room + 1);
            if (grown == NULL) {
                free(text);
                return NULL;
            }
            text = grown;
        }
        n = *len < room ? read(fd, text + *len, room - *len) : read(fd, drop, sizeof(drop));
        if (n < 0 && errno != EINTR) {
            free(text);
            return NULL;
        }
        *len += n > 0 && *len < room ? (size_t) n : 0;
    }
    if (text != NULL) {
        text[*len] = '\0';
    }
    return text;
}

int
platen_ctl_capture(const char *const *argv, unsigned which, char **text)
{
    size_t len;
    pid_t  pid;
    int    ends[2], status;

    *text = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        become(argv, which, ends[1]);
    }
    close(ends[1]);
    if (pid > 0) {
        *text = read_all(ends[0], PLATEN_CTL_CAPTURE_MAX, &len);
    }
    close(ends[0]);
    if (pid < 0) {
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            free(*text);
            *text = NULL;
            return -1;
        }
    }
    if (*text == NULL) {
        errno = ENOMEM;
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *
platen_ctl_capture_file(const char *path, size_t max, size_t *len)
{
    char  *text;
    size_t n;
    int    fd, saved;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    text = read_all(fd, max, len == NULL ? &n : len);
    saved = errno;
    close(fd);
    errno = saved;
    return text;
}

const char *
platen_ctl_capture_find(const char *const *paths)
{
    while (*paths != NULL && access(*paths, X_OK) != 0) {
        paths++;
    }
    return *paths;
}
