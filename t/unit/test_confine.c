/*
 * platen_confine: what a command may do in its sandbox, seen from inside by
 * this program executed as a command; and what is said of layers.
 */

#include "sidecar_fixture.h"

#include <errno.h>
#include <asm/ioctls.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "run/spawn.h"

static char              root[] = "/var/tmp/test_confine.XXXXXX";
static char              self[PLATEN_PATH_MAX];
static char              dir[64], beside[64], document[64], outside[64], unix_socket[64];
static char              log_path[80], network[64];
static platen_config_t   config;
static platen_confine_t *confine;
static int               listener;

static void
spew(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int) strlen(text));
    close(fd);
}

static int
listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int                fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, path, strlen(path));
    return fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0
                   && listen(fd, 4) == 0
               ? fd
               : -1;
}

static int
setup(void **state)
{
    char    err[1024];
    ssize_t n;

    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0 || mkdtemp(root) == NULL) {
        return -1;
    }
    self[n] = '\0';
    snprintf(dir, sizeof(dir), "%s/dir", root);
    snprintf(log_path, sizeof(log_path), "%s/log", dir);
    snprintf(beside, sizeof(beside), "%s/beside", root);
    snprintf(document, sizeof(document), "%s/document", root);
    snprintf(outside, sizeof(outside), "%s/beside/outside", root);
    snprintf(unix_socket, sizeof(unix_socket), "%s/dir/socket", root);
    n = readlink("/proc/self/ns/net", network, sizeof(network) - 1);
    if (mkdir(dir, 0700) != 0 || mkdir(beside, 0700) != 0 || n < 0) {
        return -1;
    }
    network[n] = '\0';
    spew(document, "document");
    spew(outside, "outside");
    listener = listen_at(unix_socket);

    config = fixture_config(root);
    config.wall_clock = 5;
    config.output_size = 4096;
    confine = platen_confine_new(&config, err, sizeof(err));
    return confine == NULL || listener < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
    (void) state;
    close(listener);
    platen_confine_destroy(&confine);
    assert_null(confine);
    return platen_tree_clear(root) == 0 ? rmdir(root) : -1;
}

/* Whether a process is there whose first word is that program's, and second that. */
static int
is_there(const char *word)
{
    struct dirent *entry;
    char           path[300], words[PLATEN_PATH_MAX + 64];
    ssize_t        n;
    DIR           *proc = opendir("/proc");
    int            fd, found = 0;

    assert_non_null(proc);
    while (!found && (entry = readdir(proc)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        fd = open(path, O_RDONLY);
        if (fd < 0) {
            continue;
        }
        n = read(fd, words, sizeof(words) - 1);
        close(fd);
        words[n < 0 ? 0 : n] = '\0';
        found = strcmp(words, self) == 0 && strcmp(words + strlen(words) + 1, word) == 0;
    }
    closedir(proc);
    return found;
}

static void
wait_until(int there, const char *word)
{
    const struct timespec pause = { .tv_nsec = 10000000 };
    int                   i;

    for (i = 0; is_there(word) != there; i++) {
        assert_true(i < 1000);
        (void) nanosleep(&pause, NULL);
    }
}

/* What the last command said. */
static const char *
said(void)
{
    static char text[1024];
    ssize_t     n;
    int         fd = open(log_path, O_RDONLY);

    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    text[n < 0 ? 0 : n] = '\0';
    if (fd >= 0) {
        close(fd);
    }
    return text;
}

static unsigned without; /* layers that this machine is not to have */

/* Executes the command in its sandbox; takes it.  Its wait status. */
static int
execute(platen_command_t *command)
{
    platen_confinement_t c;
    platen_child_spec_t  spec = { .argv = command->argv,
                                  .envp = command->envp,
                                  .dir = dir,
                                  .log = log_path,
                                  .sandbox = &c.sandbox };
    unsigned             layer;
    int                  status, wstatus, error;
    pid_t                pid;

    (void) unlink(log_path);
    platen_command_env(command, "ASAN_OPTIONS=detect_leaks=0");
    platen_command_allow(command, PLATEN_SANDBOX_R, "%s", document);
    assert_false(command->failed);
    assert_int_equal(platen_confine_command(confine, command, dir, 0, &c), 0);
    c.sandbox.layers &= ~without;
    pid = platen_child_start(&spec, &status);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &wstatus, 0), pid);
    error = platen_child_error(status, &layer, &wstatus);
    close(status);
    platen_confine_end(&c);
    platen_command_clear(command);
    if (error != 0) {
        fail_msg("not executed: %s (layer %x)", strerror(error), layer);
    }
    return wstatus;
}

/* That of any command, with more that it may. */
static const platen_policy_t *
allowing(unsigned may)
{
    static platen_policy_t policy;

    policy = *platen_policy_find("command");
    policy.may |= may;
    return &policy;
}

/* This program with that word, in the sandbox of an engine that may so much. */
static int
probe(const char *what, unsigned may)
{
    platen_command_t command = { .policy = allowing(may) };

    platen_command_arg(&command, "%s", self);
    platen_command_arg(&command, "%s", what);
    platen_command_arg(&command, "%s", root);
    platen_command_arg(&command, "%s", network);
    return execute(&command);
}

#define HOLDS(layers) ((platen_confine_layers(confine) & (layers)) == (layers))

static void
assert_probe(const char *what, unsigned may)
{
    int wstatus = probe(what, may);

    if (!WIFEXITED(wstatus) || WEXITSTATUS(wstatus) != 0) {
        fail_msg("%s: exit %d, signal %d: %s", what,
                 WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : -1,
                 WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : 0, said());
    }
}

/* --- in the sandbox: the line of the first thing that is not as it should be --- */

static int
refused(int rc, int error)
{
    return rc < 0 && errno == error;
}

#define MUST(condition)                                                                        \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "line %d: %s\n", __LINE__, strerror(errno));                       \
            return 1;                                                                          \
        }                                                                                      \
    } while (0)

static int
probe_files(void)
{
    MUST(refused(open("/etc/passwd", O_RDONLY), EACCES));
    MUST(refused(open("/etc", O_RDONLY | O_DIRECTORY), EACCES));
    MUST(refused(open("/root", O_RDONLY | O_DIRECTORY), EACCES));
    MUST(refused(open("/proc/1/environ", O_RDONLY), EACCES));
    MUST(refused(open("/sys/kernel/notes", O_RDONLY), EACCES));
    MUST(refused(open("../beside", O_RDONLY | O_DIRECTORY), EACCES));
    MUST(refused(open("../beside/outside", O_RDONLY), EACCES));
    MUST(refused(open("../beside/outside", O_WRONLY), EACCES));
    MUST(refused(open("../beside/new", O_WRONLY | O_CREAT, 0600), EACCES));
    MUST(refused(open("../new", O_WRONLY | O_CREAT, 0600), EACCES));
    MUST(refused(mkdir("../new", 0700), EACCES));
    MUST(refused(unlink("../beside/outside"), EACCES));
    MUST(rename("log", "../beside/log") < 0 && (errno == EACCES || errno == EXDEV));
    MUST(link("../beside/outside", "linked") < 0 && (errno == EACCES || errno == EXDEV));
    MUST(refused(open("/tmp/test_confine.new", O_WRONLY | O_CREAT, 0600), EACCES));
    MUST(refused(open("/usr/test_confine.new", O_WRONLY | O_CREAT, 0600), EACCES));

    /* A link of its own leads nowhere else. */
    MUST(symlink("../beside/outside", "link") == 0);
    MUST(refused(open("link", O_RDONLY), EACCES));
    MUST(unlink("link") == 0);

    /* The document: to be read, and no more. */
    MUST(open("../document", O_RDONLY) >= 0);
    MUST(refused(open("../document", O_WRONLY), EACCES));
    MUST(refused(open("../document", O_RDWR | O_APPEND), EACCES));
    MUST(refused(truncate("../document", 0), EPERM));
    MUST(refused(unlink("../document"), EACCES));
    return 0;
}

static void *
in_thread(void *arg)
{
    *(int *) arg = 1;
    return NULL;
}

/* What every program needs. */
static int
probe_needs(void)
{
    pthread_t thread;
    char      byte;
    int       fd, ran = 0;

    fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0600);
    MUST(fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0);
    MUST(mkdir("sub", 0700) == 0 && rename("file", "sub/file") == 0);
    MUST(symlink("sub/file", "link") == 0 && open("link", O_RDONLY) >= 0);
    MUST(unlink("link") == 0 && unlink("sub/file") == 0 && rmdir("sub") == 0);
    MUST(open("/usr/bin", O_RDONLY | O_DIRECTORY) >= 0);
    MUST(open("/proc/self/status", O_RDONLY) >= 0);
    MUST(open("/dev/null", O_RDWR) >= 0);
    fd = open("/dev/urandom", O_RDONLY);
    MUST(fd >= 0 && read(fd, &byte, 1) == 1);
    MUST(pthread_create(&thread, NULL, in_thread, &ran) == 0);
    MUST(pthread_join(thread, NULL) == 0 && ran == 1);
    return 0;
}

static int
probe_sockets(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
    int                pair[2];

    /* There is something to connect to, and no way of asking for it. */
    MUST(access("socket", F_OK) == 0);
    MUST(refused(socket(AF_UNIX, SOCK_STREAM, 0), EPERM));
    MUST(refused(socket(AF_INET, SOCK_STREAM, 0), EPERM));
    MUST(refused(socket(AF_INET6, SOCK_DGRAM, 0), EPERM));
    MUST(refused(socket(AF_NETLINK, SOCK_RAW, 0), EPERM));
    MUST(refused(connect(0, (struct sockaddr *) &address, sizeof(address)), EPERM));
    MUST(refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), EPERM));
    return 0;
}

/* A program that insists on /tmp, and on a socket there: it has them to itself. */
static int
probe_tmp(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/tmp/test_confine" };
    struct sockaddr_un other = { .sun_family = AF_UNIX, .sun_path = "socket" };
    int                fd;

    MUST(open("/tmp/test_confine.new", O_WRONLY | O_CREAT | O_EXCL, 0600) >= 0);
    MUST(access("tmp/test_confine.new", F_OK) == 0);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0);
    MUST(listen(fd, 1) == 0);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(fd >= 0 && refused(connect(fd, (struct sockaddr *) &other, sizeof(other)), EPERM));
    MUST(refused(socket(AF_INET, SOCK_STREAM, 0), EPERM));
    return 0;
}

static int
probe_alone(void)
{
    char *const argv[] = { "/bin/true", NULL };

    MUST(refused(fork(), EPERM));
#ifdef SYS_vfork /* arm64 has none: there it is clone() */
    MUST(refused((int) syscall(SYS_vfork), EPERM));
#endif
    MUST(refused((int) syscall(SYS_clone3, NULL, 0), ENOSYS));
    MUST(refused(execv(argv[0], argv), EACCES));
    MUST(refused(kill(getppid(), 0), EPERM));
    MUST(refused(mkfifo("fifo", 0600), EPERM));
    MUST(refused(mknod("device", S_IFCHR | 0600, 0x105), EPERM));
    return 0;
}

static int
probe_family(void)
{
    int   status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(7);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    /* The same sandbox: nothing of it is left behind by starting a process. */
    pid = fork();
    if (pid == 0) {
        _exit(open("/etc/passwd", O_RDONLY) < 0 && socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? 7 : 1);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    /* Signals, to its own. */
    MUST(kill(getpid(), 0) == 0);
    return 0;
}

/* Signals by way of a descriptor, which Landlock sees from ABI 6 on. */
static int
probe_signals(void)
{
    struct f_owner_ex owner = { F_OWNER_PID, getppid() };
    int               pid = getppid(), on = 1, ends[2];

    MUST(pipe(ends) == 0);
    MUST(refused(fcntl(ends[0], F_SETOWN, pid), EPERM));
    MUST(refused(fcntl(ends[0], F_SETOWN_EX, &owner), EPERM));
    MUST(refused(fcntl(ends[0], F_SETSIG, SIGKILL), EPERM));
    MUST(refused(fcntl(ends[0], F_SETFL, O_ASYNC), EPERM));
    MUST(refused(fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK), EPERM));
    MUST(refused(ioctl(ends[0], FIOASYNC, &on), EPERM));
    MUST(refused(ioctl(ends[0], FIOSETOWN, &pid), EPERM));
    MUST(refused(ioctl(ends[0], SIOCSPGRP, &pid), EPERM));
    MUST(refused(kill(pid, 0), EPERM));
    MUST(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    return 0;
}

static int
probe_trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 1 : 2;
}

static int
probe_state(void)
{
    char  line[256];
    FILE *in;
    int   fd, seen = 0;

    for (fd = 3; fd < 256; fd++) {
        MUST(refused(fcntl(fd, F_GETFD), EBADF));
    }
    MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    in = fopen("/proc/self/status", "re");
    MUST(in != NULL);
    while (fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, "CapEff:", 7) == 0 || strncmp(line, "CapPrm:", 7) == 0
            || strncmp(line, "CapBnd:", 7) == 0) {
            seen += strtoull(line + 7, NULL, 16) == 0;
        }
    }
    fclose(in);
    MUST(seen == 3);
    MUST(umask(0) == 077);
    return 0;
}

/* argv[3] is the network namespace of the one that started us. */
static int
probe_network(const char *other)
{
    char    own[64];
    ssize_t n = readlink("/proc/self/ns/net", own, sizeof(own) - 1);

    MUST(n > 0);
    own[n] = '\0';
    MUST(strcmp(own, other) != 0);
    return 0;
}

/* Starts one more, and both wait for ever; the second says so in the file `name`. */
static int
probe_linger(const char *name)
{
    pid_t pid = fork();

    MUST(pid >= 0);
    if (pid == 0) {
        close(open(name, O_WRONLY | O_CREAT, 0600));
    }
    for (;;) {
        pause();
    }
}

/* Starts one that waits for ever, and ends. */
static int
probe_leave(void)
{
    pid_t pid = fork();

    MUST(pid >= 0);
    while (pid == 0) {
        pause();
    }
    return 0;
}

static int
probe_abort(void)
{
    abort();
}

/* Whoever is alone there sees nobody else, and is not the first, whom signals do not end. */
static int
probe_unseen(void)
{
    MUST(getpid() == 2 && getppid() == 1);
    MUST(getpgid(1) == 1 && getpgid(0) == 1);
    MUST(getpgid(3) < 0 && errno == ESRCH);
    MUST(getsid(0) == 0); /* of nobody here */
    return 0;
}

static int
inside(char **argv)
{
    const char *what = argv[1];

    return strcmp(what, "files") == 0     ? probe_files()
           : strcmp(what, "needs") == 0   ? probe_needs()
           : strcmp(what, "sockets") == 0 ? probe_sockets()
           : strcmp(what, "alone") == 0   ? probe_alone()
           : strcmp(what, "family") == 0  ? probe_family()
           : strcmp(what, "tmp") == 0     ? probe_tmp()
           : strcmp(what, "signals") == 0 ? probe_signals()
           : strcmp(what, "trace") == 0   ? probe_trace()
           : strcmp(what, "state") == 0   ? probe_state()
           : strcmp(what, "unseen") == 0  ? probe_unseen()
           : strcmp(what, "abort") == 0   ? probe_abort()
           : strcmp(what, "linger") == 0  ? probe_linger("lingers")
           : strcmp(what, "leave") == 0   ? probe_leave()
           : strcmp(what, "network") == 0 ? probe_network(argv[3])
                                          : 99;
}

/* --- outside --- */

#define FAMILY (PLATEN_SANDBOX_MAY_FORK | PLATEN_SANDBOX_MAY_EXEC)

static void
test_files(void **state)
{
    (void) state;
    if (!HOLDS(PLATEN_SANDBOX_LANDLOCK)) {
        return;
    }
    assert_probe("files", 0);
    assert_probe("files", FAMILY);
    assert_int_equal(access(outside, F_OK), 0);
}

/* On each Landlock that there has been: what it lacks, seccomp does. */
static void
test_landlocks(void **state)
{
    unsigned abi, newest = platen_sandbox_landlock_abi();

    (void) state;
    if (!HOLDS(PLATEN_SANDBOX_LANDLOCK | PLATEN_SANDBOX_SECCOMP)) {
        return;
    }
    for (abi = 1; abi <= newest; abi++) {
        platen_sandbox_landlock_as(abi);
        assert_probe("files", 0);
        assert_probe("files", FAMILY);
        assert_probe("signals", 0);
        assert_probe("signals", FAMILY);
    }
    platen_sandbox_landlock_as(0);
}

static void
test_needs(void **state)
{
    (void) state;
    assert_probe("needs", 0);
    assert_probe("needs", FAMILY);
}

static void
test_calls(void **state)
{
    int wstatus;

    (void) state;
    if (!HOLDS(PLATEN_SANDBOX_SECCOMP | PLATEN_SANDBOX_LANDLOCK)) {
        return;
    }
    assert_probe("sockets", 0);
    assert_probe("alone", 0);
    assert_probe("family", FAMILY);
    wstatus = probe("trace", FAMILY);
    assert_true(WIFSIGNALED(wstatus));
    assert_int_equal(WTERMSIG(wstatus), SIGSYS);
}

static void
test_state(void **state)
{
    (void) state;
    if (HOLDS(PLATEN_SANDBOX_CAPABILITIES | PLATEN_SANDBOX_NO_NEW_PRIVS)) {
        assert_probe("state", 0);
    }
    if (HOLDS(PLATEN_SANDBOX_NETWORK)) {
        assert_probe("network", 0);
    }
}

static void
test_tmp(void **state)
{
    platen_command_t command = { .policy = platen_policy_find("soffice") };
    char             path[96];

    (void) state;
    /* What lies in the real one is out of sight, this program too. */
    if (!HOLDS(PLATEN_SANDBOX_SECCOMP | PLATEN_SANDBOX_LANDLOCK | PLATEN_SANDBOX_NETWORK)
        || strncmp(self, "/tmp/", 5) == 0) {
        return;
    }
    snprintf(path, sizeof(path), "%s/tmp", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    platen_command_arg(&command, "%s", self);
    platen_command_arg(&command, "tmp");
    platen_command_arg(&command, "%s", root);
    platen_command_arg(&command, "-");
    if (execute(&command) != 0) {
        fail_msg("%s", said());
    }
    assert_int_equal(access("/tmp/test_confine.new", F_OK), -1);
    assert_int_equal(access("/tmp/test_confine", F_OK), -1);
}

/* A program that is not on the list is not executed, nor is one in its directory. */
static void
test_programs(void **state)
{
    platen_command_t command = { .policy = allowing(FAMILY) };

    (void) state;
    if (!HOLDS(PLATEN_SANDBOX_LANDLOCK)) {
        return;
    }
    platen_command_arg(&command, "/bin/sh");
    platen_command_arg(&command, "-c");
    platen_command_arg(&command, "/bin/true; echo $?; echo '#!/bin/sh' > own; chmod 700 own; "
                                 "./own; echo $?");
    execute(&command);
    assert_non_null(strstr(said(), "126\n"));
    assert_null(strstr(said(), "\n0\n"));
    assert_int_not_equal(*said(), '0');

    command.policy = allowing(FAMILY);
    platen_command_arg(&command, "/bin/sh");
    platen_command_arg(&command, "-c");
    platen_command_arg(&command, "/bin/true; echo $?");
    platen_command_allow(&command, PLATEN_SANDBOX_R | PLATEN_SANDBOX_X, "/usr");
    execute(&command);
    assert_string_equal(said(), "0\n");
}

static void
test_limits(void **state)
{
    platen_command_t command = { .argc = 0 };
    int              wstatus;

    (void) state;
    /* fault 66 */
    platen_command_arg(&command, "/bin/dd");
    platen_command_arg(&command, "if=/dev/zero");
    platen_command_arg(&command, "of=%s/large", dir);
    platen_command_arg(&command, "bs=1k");
    platen_command_arg(&command, "count=64");
    wstatus = execute(&command);
    assert_true(WIFSIGNALED(wstatus));
    assert_int_equal(WTERMSIG(wstatus), SIGXFSZ);
    assert_true(platen_tree_largest(dir) == config.output_size);

    /* fault 65: the configured limit, and one of its own. */
    config.address_space = 64 << 20;
    platen_command_arg(&command, "/bin/dd");
    platen_command_arg(&command, "if=/dev/null");
    platen_command_arg(&command, "bs=128M");
    platen_command_arg(&command, "count=1");
    wstatus = execute(&command);
    assert_true(WIFEXITED(wstatus) && WEXITSTATUS(wstatus) != 0);
    assert_non_null(strstr(said(), "memory exhausted"));
    command.address_space = 1 << 30;
    platen_command_arg(&command, "/bin/dd");
    platen_command_arg(&command, "if=/dev/null");
    platen_command_arg(&command, "bs=128M");
    platen_command_arg(&command, "count=1");
    assert_int_equal(execute(&command), 0);
    config.address_space = 0;

    platen_command_arg(&command, "/bin/sh");
    platen_command_arg(&command, "-c");
    platen_command_arg(&command, "ulimit -t; ulimit -n; ulimit -c; ulimit -v; ulimit -f");
    assert_int_equal(execute(&command), 0);
    assert_string_equal(said(), "9\n256\n0\nunlimited\n8\n");
}

/* fault 63: seconds of the processor, for whoever computes for ever. */
static void
test_cpu(void **state)
{
    platen_command_t command = { .argc = 0 };
    int              wstatus;

    (void) state;
    config.wall_clock = 1;
    platen_command_arg(&command, "/bin/sh");
    platen_command_arg(&command, "-c");
    platen_command_arg(&command, "while :; do :; done");
    wstatus = execute(&command);
    config.wall_clock = 5;
    assert_true(WIFSIGNALED(wstatus));
    assert_int_equal(WTERMSIG(wstatus), SIGXCPU);
}

/* The words of the line that is logged: 1 if the layer is among "layers". */
static int
logged(json_t *line, const char *key, const char *name)
{
    json_t *list = json_object_get(line, key), *value;
    size_t  i;

    json_array_foreach(list, i, value)
    {
        if (strcmp(json_string_value(value), name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void
test_logged(void **state)
{
    platen_confine_t *other;
    char              path[80], err[1024];
    json_t           *line;
    unsigned          i, layer;
    int               fd, saved = dup(2);

    (void) state;
    snprintf(path, sizeof(path), "%s/stderr", root);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && saved >= 0);
    platen_log_set_level(PLATEN_LOG_INFO);
    dup2(fd, 2);
    other = platen_confine_new(&config, err, sizeof(err));
    dup2(saved, 2);
    close(saved);
    close(fd);
    platen_log_set_level(PLATEN_LOG_ERROR);
    assert_non_null(other);

    line = json_load_file(path, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "msg")), "sandbox");
    for (i = 0; i < PLATEN_SANDBOX_LAYERS; i++) {
        layer = 1U << i;
        assert_int_equal(logged(line, "layers", platen_sandbox_name(layer)),
                         (platen_confine_layers(other) & layer) != 0);
        if (layer == PLATEN_SANDBOX_USER || layer == PLATEN_SANDBOX_CGROUP) {
            continue; /* nobody has asked for them */
        }
        assert_int_equal(logged(line, "missing", platen_sandbox_name(layer)),
                         (platen_confine_layers(other) & layer) == 0);
    }
    json_decref(line);
    platen_confine_destroy(&other);
}

/* Required, and not there: it says which, and what to do. */
static void
test_required(void **state)
{
    platen_config_t   strict = config;
    platen_confine_t *other;
    char              err[2048], tiny[16];

    (void) state;
    assert_int_equal(platen_confine_required(&config), 0);
    strict.sandbox = PLATEN_SANDBOX_REQUIRED;
    assert_int_equal(platen_confine_required(&strict), PLATEN_SANDBOX_CORE);
    other = platen_confine_new(&strict, err, sizeof(err));
    assert_int_equal(other != NULL, HOLDS(PLATEN_SANDBOX_CORE));
    platen_confine_destroy(&other);

    strict.cgroup_path = fixture_nowhere;
    assert_null(platen_confine_new(&strict, err, sizeof(err)));
    assert_non_null(strstr(err, "\"cgroup\""));
    assert_non_null(strstr(err, platen_sandbox_advice(PLATEN_SANDBOX_CGROUP)));
    assert_null(platen_confine_new(&strict, tiny, sizeof(tiny)));
    assert_int_equal(strlen(tiny), sizeof(tiny) - 1);

    /* Only wanted: it goes on without. */
    strict.sandbox = PLATEN_SANDBOX_AVAILABLE;
    other = platen_confine_new(&strict, err, sizeof(err));
    assert_non_null(other);
    assert_false(platen_confine_layers(other) & PLATEN_SANDBOX_CGROUP);
    platen_confine_destroy(&other);
}

/* As many paths as a command may name are all there. */
static void
test_many_paths(void **state)
{
    platen_command_t     command = { .argc = 0 };
    platen_confinement_t c;
    int                  i;

    (void) state;
    platen_command_arg(&command, "/bin/true");
    for (i = 0; i < PLATEN_COMMAND_PATHS; i++) {
        platen_command_allow(&command, PLATEN_SANDBOX_R, "/path/%d", i);
    }
    assert_false(command.failed);
    assert_int_equal(platen_confine_command(confine, &command, dir, 0, &c), 0);
    assert_true(c.sandbox.npaths <= PLATEN_CONFINE_PATHS);
    assert_string_equal(c.paths[c.sandbox.npaths - 1].path, "/path/15");
    platen_confine_end(&c);
    platen_command_clear(&command);
}

static void
test_unseen(void **state)
{
    (void) state;
    if (!HOLDS(PLATEN_SANDBOX_PIDS)) {
        skip();
    }
    assert_probe("unseen", 0);
}

static const unsigned lacking[] = { 0, PLATEN_SANDBOX_PIDS,
                                    PLATEN_SANDBOX_PIDS | PLATEN_SANDBOX_NETWORK };

#define NLACKING (sizeof(lacking) / sizeof(lacking[0]))

/* A program that kills itself is seen to have been killed, as it is without namespaces. */
static void
test_killed(void **state)
{
    size_t i;
    int    wstatus;

    (void) state;
    for (i = 0; i < NLACKING; i++) {
        without = lacking[i];
        wstatus = probe("abort", 0);
        assert_true(WIFSIGNALED(wstatus));
        assert_int_equal(WTERMSIG(wstatus), SIGABRT);
    }
    without = 0;
}

/*
 * kill -9 of the sidecar: what an engine has started, and what that has, ends; with a PID
 * namespace or without one.
 */
static void
test_outlived(void **state)
{
    char   lingers[80];
    pid_t  sidecar;
    size_t i;
    int    wstatus;

    (void) state;
    snprintf(lingers, sizeof(lingers), "%s/lingers", dir);
    for (i = 0; i < NLACKING; i++) {
        (void) unlink(lingers);
        sidecar = fork();
        assert_int_not_equal(sidecar, -1);
        if (sidecar == 0) {
            without = lacking[i];
            (void) probe("linger", PLATEN_SANDBOX_MAY_FORK);
            _exit(0);
        }
        while (access(lingers, F_OK) != 0) {
            assert_int_equal(waitpid(sidecar, &wstatus, WNOHANG), 0);
            wait_until(1, "linger");
        }
        assert_int_equal(kill(sidecar, SIGKILL), 0);
        assert_int_equal(waitpid(sidecar, &wstatus, 0), sidecar);
        wait_until(0, "linger");
    }
}

/* A program that ends before what it has started: that ends as well, whoever else is gone. */
static void
test_left_behind(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < NLACKING; i++) {
        without = lacking[i];
        assert_int_equal(probe("leave", PLATEN_SANDBOX_MAY_FORK), 0);
        wait_until(0, "leave");
    }
    without = 0;
}

/* In a mount namespace of its own: what is said of a file system that is only Platen's. */
static int
says_of_mounted(const char *path)
{
    if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("tmpfs", path, "tmpfs", 0, "size=1m") != 0) {
        return 2;
    }
    return strstr(platen_policy_limit(PLATEN_POLICY_DISK, 0, path),
                  "which is a file system of its own")
           == NULL;
}

/* By which means limits are kept is said as it is. */
static void
test_means(void **state)
{
    pid_t child;
    int   wstatus;

    (void) state;
    assert_non_null(strstr(platen_policy_limit(PLATEN_POLICY_DISK, 0, root), "no file system"));
    assert_non_null(
        strstr(platen_policy_limit(PLATEN_POLICY_DISK, 0, "/nonexistent"), "no file system"));
    assert_non_null(strstr(platen_policy_limit(PLATEN_POLICY_MEMORY, 0, root), "no cgroup"));
    assert_non_null(
        strstr(platen_policy_limit(PLATEN_POLICY_MEMORY, PLATEN_SANDBOX_CGROUP, root),
               "a cgroup for each run"));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(says_of_mounted(root));
    }
    assert_int_equal(waitpid(child, &wstatus, 0), child);
    if (WEXITSTATUS(wstatus) == 2) {
        skip();
    }
    assert_int_equal(wstatus, 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),       cmocka_unit_test(test_landlocks),
        cmocka_unit_test(test_needs),       cmocka_unit_test(test_calls),
        cmocka_unit_test(test_state),       cmocka_unit_test(test_programs),
        cmocka_unit_test(test_means),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_tmp),         cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_logged),      cmocka_unit_test(test_required),
        cmocka_unit_test(test_many_paths),  cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_killed),      cmocka_unit_test(test_outlived),
        cmocka_unit_test(test_left_behind),
    };

    if (argc == 4) {
        _exit(inside(argv));
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
