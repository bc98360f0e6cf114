/*
 * An engine that does what the document tells it, for t/fault/engines.t: put in
 * an engine's place it is that engine gone wrong.  The document has a line
 * "EVIL:<what> <number>"; one without is converted, to a few bytes that are of the
 * target's kind.  Its last two arguments are the document and the result.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PDF                                                                                    \
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"                                   \
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"                                       \
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n"     \
    "%%EOF\n"

static const char *output;

static int
is_pdf(void)
{
    size_t n = strlen(output);

    return n > 4 && strcmp(output + n - 4, ".pdf") == 0;
}

static void
put(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0) {
        _exit(1);
    }
}

static int
create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0) {
        _exit(1);
    }
    return fd;
}

static void
convert(void)
{
    int fd = create(output);

    put(fd, is_pdf() ? PDF : "[{\"a\":1}]\n");
    close(fd);
}

static void
flood(int fd)
{
    static char block[65536];

    memset(block, 'x', sizeof(block));
    while (write(fd, block, sizeof(block)) > 0) {
    }
    _exit(1); /* the limit was no signal */
}

static void
sparse(long megabytes)
{
    int fd = create(output);

    if (ftruncate(fd, (off_t) megabytes << 20) != 0) {
        _exit(1);
    }
    close(fd);
}

/* A child that keeps everything open, in a session of its own if it may. */
static void
leave_child(void)
{
    if (fork() == 0) {
        (void) setsid();
        for (;;) {
            pause();
        }
    }
}

static void
do_as_told(const char *what, long number)
{
    if (strcmp(what, "nothing") == 0) {
        _exit(0);
    } else if (strcmp(what, "exit") == 0) {
        _exit((int) number);
    } else if (strcmp(what, "convert_exit") == 0) {
        convert();
        _exit((int) number);
    } else if (strcmp(what, "signal") == 0) {
        (void) signal((int) number, SIG_DFL);
        (void) raise((int) number);
        _exit(3); /* it was one that does not end a process */
    } else if (strcmp(what, "much") == 0) {
        flood(create(output));
    } else if (strcmp(what, "talk") == 0) {
        flood(STDERR_FILENO);
    } else if (strcmp(what, "fifo") == 0) {
        _exit(mkfifo(output, 0600) != 0);
    } else if (strcmp(what, "socket") == 0) {
        _exit(mknod(output, S_IFSOCK | 0600, 0) != 0);
    } else if (strcmp(what, "symlink") == 0) {
        _exit(symlink("/etc/passwd", output) != 0);
    } else if (strcmp(what, "loop") == 0) {
        _exit(symlink(strrchr(output, '/') + 1, output) != 0);
    } else if (strcmp(what, "twice") == 0) {
        convert();
        _exit(link(output, "out/other") != 0);
    } else if (strcmp(what, "directory") == 0) {
        _exit(mkdir(output, 0700) != 0);
    } else if (strcmp(what, "closed") == 0) {
        convert();
        _exit(chmod(output, 0) != 0 || chmod("out", 0) != 0 || chmod(".", 0) != 0);
    } else if (strcmp(what, "gone") == 0) {
        _exit(rmdir("out") != 0);
    } else if (strcmp(what, "log") == 0) {
        _exit(unlink("log") != 0 || mkfifo("log", 0600) != 0);
    } else if (strcmp(what, "sparse") == 0) {
        sparse(number);
    } else if (strcmp(what, "silent") == 0) {
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
        convert();
    } else if (strcmp(what, "hang") == 0) {
        for (;;) {
            pause();
        }
    } else if (strcmp(what, "spin") == 0) {
        for (;;) {
        }
    } else if (strcmp(what, "fork") == 0) {
        leave_child();
        convert();
    } else if (strcmp(what, "fork_hang") == 0) {
        leave_child();
        for (;;) {
            pause();
        }
    } else {
        _exit(1);
    }
    _exit(0);
}

int
main(int argc, char **argv)
{
    static char text[65536];
    char        what[32], *at;
    ssize_t     n;
    long        number;
    int         in;

    if (argc < 3) {
        return 1;
    }
    output = argv[argc - 1];
    in = open(argv[argc - 2], O_RDONLY);
    n = in < 0 ? -1 : read(in, text, sizeof(text) - 1);
    if (n < 0) {
        return 1;
    }
    text[n] = '\0';
    at = memmem(text, (size_t) n, "EVIL:", 5);
    if (at == NULL) {
        convert();
        return 0;
    }
    number = 0;
    if (sscanf(at, "EVIL:%31[a-z_] %ld", what, &number) < 1) {
        return 1;
    }
    do_as_told(what, number);
}
