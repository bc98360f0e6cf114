/*
 * A platen-lok that has no LibreOffice, for tests of what holds one: the test's
 * own program, executed under that name.  How it starts is in the file "mode" of
 * its -i directory; what becomes of a run is the export filter's name:
 *
 *     a number           it exits with that
 *     which, password    it exits with the last character of -s; with the
 *                        password's length
 *     refuse             it is not started
 *     hang               it does not end until it is killed
 *     die, garbage       it hangs, and platen-lok dies, or says what is no message
 *
 * That process owns what is here.  Whatever fails in it is the end of it.
 */

#ifndef PLATEN_TEST_FAKE_OFFICE_H
#define PLATEN_TEST_FAKE_OFFICE_H

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk/layout.h"
#include "office/wire.h"

#define FAKE_OFFICE_HUNG 16

/* The runs that do not end by themselves. */
static struct {
    pid_t    pid;
    uint32_t tag;
} fake_office_hung[FAKE_OFFICE_HUNG];

static inline void
fake_office_say(platen_lok_message_t message)
{
    static uint8_t packet[PLATEN_LOK_WIRE_MAX];
    size_t         len = platen_lok_wire_encode(&message, packet);

    if (len == 0 || send(PLATEN_LOK_WIRE_FD, packet, len, MSG_NOSIGNAL) != (ssize_t) len) {
        _exit(0);
    }
}

/* A child in a group of its own, as each run has; it lives on without its parent. */
static inline pid_t
fake_office_child(int code, int hangs)
{
    pid_t pid = fork();

    if (pid == 0) {
        setpgid(0, 0);
        close(PLATEN_LOK_WIRE_FD); /* it has no part in this */
        while (hangs) {
            pause();
        }
        _exit(code);
    }
    setpgid(pid, pid);
    return pid;
}

static inline void
fake_office_say_exited(uint32_t tag, pid_t pid, int error)
{
    int status = 0;

    waitpid(pid, &status, 0);
    fake_office_say((platen_lok_message_t){ .kind = PLATEN_LOK_EXITED,
                                            .tag = tag,
                                            .error = (uint32_t) error,
                                            .wait_status = (uint32_t) status,
                                            .max_rss = 4096 });
}

static inline void
fake_office_convert(const platen_lok_message_t *m, const char *state)
{
    char  what[32];
    pid_t pid;
    int   i, code, hangs = 0;

    snprintf(what, sizeof(what), "%.*s", (int) m->export_filter.len, m->export_filter.data);
    if (strcmp(what, "refuse") == 0) {
        fake_office_say((platen_lok_message_t){
            .kind = PLATEN_LOK_REFUSED, .tag = m->tag, .error = EAGAIN });
        return;
    }
    code = strcmp(what, "password") == 0 ? (int) m->password.len
           : strcmp(what, "which") == 0  ? state[strlen(state) - 1]
                                         : atoi(what);
    hangs =
        strcmp(what, "hang") == 0 || strcmp(what, "die") == 0 || strcmp(what, "garbage") == 0;
    pid = fake_office_child(code, hangs);
    fake_office_say((platen_lok_message_t){
        .kind = PLATEN_LOK_STARTED, .tag = m->tag, .pid = (uint32_t) pid });
    if (!hangs) {
        fake_office_say_exited(m->tag, pid, strcmp(what, "unset") == 0 ? ENOMEM : 0);
        return;
    }
    for (i = 0; fake_office_hung[i].pid != 0; i++) {
    }
    fake_office_hung[i].pid = pid;
    fake_office_hung[i].tag = m->tag;
    if (strcmp(what, "die") == 0) {
        kill(getpid(), SIGKILL);
    }
    if (strcmp(what, "garbage") == 0) {
        (void) !send(PLATEN_LOK_WIRE_FD, "garbage", 7, MSG_NOSIGNAL);
    }
}

static inline void
fake_office_end(uint32_t tag)
{
    int i;

    for (i = 0; i < FAKE_OFFICE_HUNG; i++) {
        if (fake_office_hung[i].pid != 0 && fake_office_hung[i].tag == tag) {
            kill(-fake_office_hung[i].pid, SIGKILL);
            fake_office_say_exited(tag, fake_office_hung[i].pid, 0);
            fake_office_hung[i].pid = 0;
        }
    }
}

/* What platend gives to the program that it starts; a sentence if it is something else. */
static inline const char *
fake_office_check_start(int argc, char **argv, char **envp)
{
    int fd;

    if (argc != 11 || strcmp(argv[1], "-i") != 0 || strcmp(argv[3], "-s") != 0
        || strcmp(argv[5], "-r") != 0 || strcmp(argv[6], "0x1f") != 0
        || strcmp(argv[7], "-a") != 0 || strcmp(argv[8], "2") != 0 || strcmp(argv[9], "-p") != 0
        || strcmp(argv[10], "auto") != 0) {
        return "the words are wrong";
    }
    if (envp[0] == NULL || envp[1] == NULL || envp[2] != NULL) {
        return "the environment is wrong";
    }
    for (fd = PLATEN_LOK_WIRE_FD + 1; fd < 256; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            return "a descriptor is open";
        }
    }
    if (fcntl(PLATEN_LOK_WIRE_FD, F_GETFD) != 0
        || fcntl(PLATEN_LOK_WIRE_FD, F_GETFL) & O_NONBLOCK) {
        return "the socket is not as it should be";
    }
    return getpgid(0) == getpid() ? NULL : "the group is not its own";
}

/* Whole or not at all: it is read while this runs. */
static inline void
fake_office_note_pid(const char *state)
{
    char  file[PLATEN_PATH_MAX], tmp[PLATEN_PATH_MAX + 8];
    FILE *out;

    snprintf(file, sizeof(file), "%s.pid", state);
    snprintf(tmp, sizeof(tmp), "%s.new", file);
    out = fopen(tmp, "we");
    if (out != NULL) {
        fprintf(out, "%d", (int) getpid());
        fclose(out);
        (void) rename(tmp, file);
    }
}

static inline int
fake_office_main(int argc, char **argv, char **envp)
{
    static uint8_t       in[PLATEN_LOK_WIRE_MAX];
    platen_lok_message_t m;
    const char          *wrong = fake_office_check_start(argc, argv, envp);
    char                 path[PLATEN_PATH_MAX], mode[32] = "";
    FILE                *file;
    ssize_t              n;

    if (wrong != NULL) {
        fprintf(stderr, "platen-lok: %s\n", wrong);
        return 1;
    }
    fake_office_note_pid(argv[4]);
    snprintf(path, sizeof(path), "%s/mode", argv[2]);
    file = fopen(path, "re");
    if (file != NULL) {
        (void) !fgets(mode, sizeof(mode), file);
        fclose(file);
    }
    if (strcmp(mode, "exit") == 0) {
        fprintf(stderr, "a line\nplaten-lok: the last word\n\n");
        return 1;
    }
    if (strcmp(mode, "garbage") == 0) {
        (void) !send(PLATEN_LOK_WIRE_FD, "PLOKgarbage.", 12, MSG_NOSIGNAL);
    }
    if (*mode == '\0') {
        fake_office_say((platen_lok_message_t){ .kind = PLATEN_LOK_READY,
                                                .pid = (uint32_t) getpid(),
                                                .layers = 0x1f,
                                                .warm_ms = 7,
                                                .version = PLATEN_STR("LibreOffice 0") });
    }
    while ((n = recv(PLATEN_LOK_WIRE_FD, in, sizeof(in), 0)) > 0
           && platen_lok_wire_decode(in, (size_t) n, &m) == PLATEN_OK) {
        if (m.kind == PLATEN_LOK_CONVERT) {
            fake_office_convert(&m, argv[4]);
        } else if (m.kind == PLATEN_LOK_KILL) {
            fake_office_end(m.tag);
        } else {
            return 0;
        }
    }
    return 0;
}

/* First in main(): does not return if this program was executed as platen-lok. */
static inline void
fake_office(int argc, char **argv, char **envp)
{
    if (strcmp(basename(argv[0]), "platen-lok") == 0) {
        _exit(fake_office_main(argc, argv, envp));
    }
}

#endif
