/*
 * platen-lok: the LibreOffice zygote.  A program of its own, which platend
 * executes with a socket (office/wire.h) as descriptor 3 and nothing else
 * open: LibreOffice, initialised and warm, that forks a process for each
 * document, so that no document pays for a start and none meets another.
 *
 *   platen-lok -i PROGRAM -s STATE [-r LAYERS] [-a N] [-p POPULATE]
 *
 *   -i  LibreOffice's program directory, /usr/lib/libreoffice/program
 *   -s  a directory of its own, emptied at start: profile, tmp, warm-up
 *   -r  mask of PLATEN_SANDBOX_* without which it does not start (0x1f)
 *   -a  children to keep forked ahead (0)
 *   -p  whether children have their pages made present in bulk: on, off, or auto, where that
 *       costs much less than the page faults do (auto)
 *
 * What it refuses to start for is said on standard error, in a sentence; the
 * exit status is then 1.  A stop, or platend's end, is 0.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lok/icons.h"
#include "lok/links.h"
#include "lok/office.h"
#include "lok/profile.h"
#include "lok/serve.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"

static platen_lok_serve_t serve = { .world.program = "/usr/lib/libreoffice/program",
                                    .populate = "auto" };

static int
fail(const char *err)
{
    fprintf(stderr, "platen-lok: %s\n", err);
    return EXIT_FAILURE;
}

/* Says which of the required layers do not hold; returns how many. */
static int
missing(unsigned required, unsigned holding)
{
    unsigned layer;
    int      i, n = 0;

    for (i = 0; i < PLATEN_SANDBOX_LAYERS; i++) {
        layer = 1U << i;
        if (required & ~holding & layer) {
            fprintf(stderr, "platen-lok: the sandbox's layer \"%s\" does not hold: %s\n",
                    platen_sandbox_name(layer), platen_sandbox_advice(layer));
            n++;
        }
    }
    return n;
}

/* Decides the children's layers; the network is left here, for all of them. */
static int
prepare_sandbox(unsigned required)
{
    unsigned holding = platen_sandbox_probe(NULL);

    if (missing(required, holding) != 0) {
        return -1;
    }
    if (holding & PLATEN_SANDBOX_NETWORK && platen_sandbox_leave_network(NULL) != 0) {
        fprintf(stderr, "platen-lok: cannot leave the network: %s\n", strerror(errno));
        return -1;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        fprintf(stderr, "platen-lok: no_new_privs: %s\n", strerror(errno));
        return -1;
    }
    serve.world.filter = platen_sandbox_filter_new(0);
    if (serve.world.filter == NULL) {
        fprintf(stderr, "platen-lok: cannot build the system-call filter: %s\n",
                strerror(errno));
        return -1;
    }
    serve.world.layers = holding & ~(PLATEN_SANDBOX_USER | PLATEN_SANDBOX_CGROUP);
    return 0;
}

int
main(int argc, char **argv)
{
    static char icons[4200];
    struct stat st;
    unsigned    required = PLATEN_SANDBOX_CORE;
    char        err[512];
    int         option;

    serve.start_ms = platen_boottime_ms();
    while ((option = getopt(argc, argv, "i:s:r:a:p:")) != -1) {
        switch (option) {
        case 'i':
            serve.world.program = optarg;
            break;
        case 's':
            serve.world.state = optarg;
            break;
        case 'r':
            required = (unsigned) strtoul(optarg, NULL, 0);
            break;
        case 'a':
            serve.ahead = (unsigned) strtoul(optarg, NULL, 10);
            break;
        case 'p':
            if (strcmp(optarg, "auto") != 0 && strcmp(optarg, "on") != 0
                && strcmp(optarg, "off") != 0) {
                return fail("-p takes auto, on or off");
            }
            serve.populate = optarg;
            break;
        default:
            return fail(
                "usage: platen-lok -i PROGRAM -s STATE [-r LAYERS] [-a N] [-p POPULATE]");
        }
    }
    if (serve.world.state != NULL
        && serve.world.state[strspn(serve.world.state, PLAIN)] != '\0') {
        return fail("the state directory's path must be of letters, digits and /._- only:"
                    " it becomes part of LibreOffice's URLs");
    }
    if (serve.world.state == NULL || serve.world.state[0] != '/'
        || serve.world.program[0] != '/' || optind != argc) {
        return fail("usage: platen-lok -i PROGRAM -s STATE [-r LAYERS] [-a N] [-p POPULATE]"
                    " (absolute paths)");
    }

    /* From here on platend's end is ours; before, its end of file says so. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || fstat(PLATEN_LOK_WIRE_FD, &st) != 0
        || !S_ISSOCK(st.st_mode)) {
        return fail("descriptor 3 is not platend's socket");
    }
    if (fcntl(PLATEN_LOK_WIRE_FD, F_SETFD, FD_CLOEXEC) != 0) {
        return fail(strerror(errno));
    }
    closefrom(PLATEN_LOK_WIRE_FD + 1);
    umask(077);

    if (platen_lok_profile_make(serve.world.state, serve.world.program, err, sizeof(err))
        != 0) {
        return fail(err);
    }
    if (platen_lok_profile_environ(serve.world.state) != 0) {
        return fail(strerror(errno));
    }
    if (prepare_sandbox(required) != 0) {
        return EXIT_FAILURE;
    }
    serve.world.zygote = getpid();

    if (platen_lok_links_open(serve.world.program) != 0
        || snprintf(icons, sizeof(icons), "%s/profile/icons", serve.world.state)
               >= (int) sizeof(icons)
        || platen_lok_icons_write(serve.world.program, icons) != 0) {
        return fail(strerror(errno));
    }
    platen_lok_links_icons(icons);
    if (platen_lok_profile_begin(serve.world.state, err, sizeof(err)) != 0
        || platen_lok_office_open(serve.world.program, err, sizeof(err)) != 0) {
        return fail(err);
    }
    platen_lok_office_run(platen_lok_serve, &serve);
    return fail("LibreOffice has left its event loop");
}
