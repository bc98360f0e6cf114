/*
 * The sandbox of a conversion: layers that a child process puts on before it
 * touches a document, each of which holds if another one fails.  Meant for any
 * engine, whether the child executes a program or goes on in its own code.
 *
 *   filter = platen_sandbox_filter_new(...)      once, in the parent
 *   platen_sandbox_fork(layers, ...)
 *   platen_sandbox_enter(&sandbox, &failed)      in the child; or _exit()
 *
 * Entering takes 0.3 ms, and some 0.5 ms more for a network namespace of its
 * own.  It fails closed: a layer that was asked for and does not hold is an
 * error, and the child must not go on.
 */

#ifndef PLATEN_SANDBOX_H
#define PLATEN_SANDBOX_H

#include <sys/types.h>

#include "base/platen.h"
#include "sandbox/filter.h"

/* The layers; a mask of them. */
#define PLATEN_SANDBOX_PARENT 0x001       /* killed when its parent's thread ends */
#define PLATEN_SANDBOX_LIMITS 0x002       /* rlimits */
#define PLATEN_SANDBOX_NO_NEW_PRIVS 0x004 /* no set-uid program helps it */
#define PLATEN_SANDBOX_LANDLOCK 0x008     /* only the listed files; no TCP, no signals */
#define PLATEN_SANDBOX_SECCOMP 0x010      /* no socket, exec, fork, ptrace, mount, ... */
#define PLATEN_SANDBOX_CAPABILITIES 0x020 /* none, even as root */
#define PLATEN_SANDBOX_NETWORK                                                                 \
    0x040                           /* a network namespace with nothing in it, and one of IPC */
#define PLATEN_SANDBOX_USER 0x080   /* another user: needs root */
#define PLATEN_SANDBOX_CGROUP 0x100 /* a memory limit by cgroup v2 */
#define PLATEN_SANDBOX_PIDS 0x200   /* a PID namespace: platen_sandbox_fork() */

#define PLATEN_SANDBOX_LAYERS 10

/* Without these a hostile document reaches files or the network. */
#define PLATEN_SANDBOX_CORE                                                                    \
    (PLATEN_SANDBOX_PARENT | PLATEN_SANDBOX_LIMITS | PLATEN_SANDBOX_NO_NEW_PRIVS               \
     | PLATEN_SANDBOX_LANDLOCK | PLATEN_SANDBOX_SECCOMP)

/* What may be done below a path; a mask. */
#define PLATEN_SANDBOX_R 1    /* read files, list directories */
#define PLATEN_SANDBOX_W 2    /* write, make and remove files and directories */
#define PLATEN_SANDBOX_X 4    /* execute, the program's loader included */
#define PLATEN_SANDBOX_S 8    /* bind local sockets */
#define PLATEN_SANDBOX_O 32   /* write to files that are there, and no more */
#define PLATEN_SANDBOX_OWN 16 /* of its own: an error if it is a link, or not there */

/* Signals that wait, those of timers among them: of what a user has once. */
#define PLATEN_SANDBOX_SIGNALS 128

typedef struct {
    const char *path;
    unsigned    access;
} platen_sandbox_path_t;

/* Of those: what resolves names and checks certificates, for a program with libcurl. */
#define PLATEN_SANDBOX_NETWORK_PATHS                                                           \
    { "/etc", PLATEN_SANDBOX_R }, { "/usr", PLATEN_SANDBOX_R }, { "/lib", PLATEN_SANDBOX_R },  \
        { "/lib64", PLATEN_SANDBOX_R }, { "/run/systemd/resolve", PLATEN_SANDBOX_R },          \
        { "/run/resolvconf", PLATEN_SANDBOX_R }, { "/run/NetworkManager", PLATEN_SANDBOX_R },  \
    {                                                                                          \
        "/dev/urandom", PLATEN_SANDBOX_R                                                       \
    }

typedef struct {
    unsigned layers; /* wanted, all of them */

    /*
     * PARENT: the child is killed at once if this is not its parent any more; 0 for the
     * first process of a PID namespace, which does not see its parent.
     */
    pid_t parent;

    /*
     * LANDLOCK: files and directories that may be used; everything else is
     * refused.  A path that does not exist is left out.
     */
    const platen_sandbox_path_t *paths;
    size_t                       npaths;

    /* SECCOMP */
    const platen_sandbox_filter_t *filter;

    /* NETWORK: this directory as /tmp, for programs that insist on it; or NULL. */
    const char *tmp;

    /* LIMITS; 0 for none.  Core files are always off. */
    uint64_t address_space; /* bytes */
    uint64_t file_size;     /* bytes, of each file */
    uint64_t cpu_seconds;
    uint64_t files;         /* open descriptors */
    uint64_t processes;     /* of this user, threads included; not for root */
    int      counted_apart; /* in a user namespace of its own, which is made for that */

    /* USER */
    uid_t uid;
    gid_t gid;

    /* CGROUP: made by platen_sandbox_cgroup_make(). */
    const char *cgroup;
} platen_sandbox_t;

/*
 * For tests: as on a kernel whose Landlock is of this ABI; 0: as it is here.  Not more
 * than the kernel has.
 */
void platen_sandbox_landlock_as(unsigned abi);

/* The ABI of this kernel's Landlock; 0 if it has none. */
unsigned platen_sandbox_landlock_abi(void);

/*
 * fork(2), for a child that is to enter `layers`: with PLATEN_SANDBOX_PIDS it is the
 * first process of a PID namespace, and all that it starts ends with it; that may need
 * a user namespace, in which it keeps its user and has all capabilities until it drops
 * them.  The child gets `signal` when the thread that called this ends.  In the parent
 * the child's id, or -1 with errno; in the child 0, *error being 0 or the errno of what
 * kept it from all that: then it must not go on.  The child may call what is
 * async-signal-safe, or, of a process with one thread, anything.
 *
 * The first process of a namespace is not killed by signals that have their default
 * action, unless they come from outside or it is the kernel that has to: abort(3) ends
 * it by SIGSEGV, and it does not end by SIGXCPU or SIGXFSZ.
 */
pid_t platen_sandbox_fork(unsigned layers, int signal, int *error);

/*
 * Enters, in a process with one thread and no capability that it still needs.
 * Sets umask 077.  Returns 0; or -1 with errno and the layer in *failed, and
 * then some of the others may be on.  Async-signal-safe.
 */
int platen_sandbox_enter(const platen_sandbox_t *sandbox, unsigned *failed);

/*
 * For a program of Platen's own that has to use the network: from now on it may use
 * these files and no others, and TCP as before.  With PR_SET_NO_NEW_PRIVS set, and one
 * thread.  Returns 0, or -1 with errno.
 */
int platen_sandbox_landlock_files(const platen_sandbox_path_t *paths, size_t n);

/* Gives up all capabilities, the bounding set included.  0, or -1 with errno. */
int platen_sandbox_drop_capabilities(void);

/*
 * For a parent whose children shall inherit an empty network namespace instead
 * of making one each: moves this process into one, with root's privilege or in
 * a user namespace, where it keeps its user and loses all capabilities.  `tmp`,
 * if not NULL, becomes its /tmp.  To be called with one thread.  Returns 0, or
 * -1 with errno.
 */
int platen_sandbox_leave_network(const char *tmp);

/*
 * Makes the cgroup `parent`/`name` with a memory limit in bytes, swap included,
 * and writes its path to `path`.  `parent` is a directory of the cgroup v2 file
 * system that was delegated to this user with the memory controller on.  After
 * the child is gone the caller removes it with rmdir(2).  0, or -1 with errno.
 */
int platen_sandbox_cgroup_make(const char *parent, const char *name, uint64_t memory,
                               char *path, size_t size);

/* What the kernel has done in a cgroup for want of memory; 0 if that is not known. */
typedef struct {
    uint64_t limits; /* how often it came to its own limit, and nothing could be freed */
    uint64_t kills;  /* how often a process of it was killed, for that or another's limit */
} platen_sandbox_events_t;

platen_sandbox_events_t platen_sandbox_cgroup_events(const char *cgroup);

/*
 * How often the kernel has killed a process of this machine for want of memory, in a cgroup
 * or not; UINT64_MAX if that is not known.
 */
uint64_t platen_sandbox_kills(void);

/* Kills all processes of the cgroup, at once.  0, or -1 with errno: before Linux 5.14. */
int platen_sandbox_cgroup_kill(const char *cgroup);

/*
 * Which layers hold here, found by trying each in a child; `cgroup` is a parent
 * for platen_sandbox_cgroup_make(), or NULL.  Some 20 ms.
 */
unsigned platen_sandbox_probe(const char *cgroup);

/* The name of a layer ("landlock"), and what to do if it does not hold; static. */
const char *platen_sandbox_name(unsigned layer);
const char *platen_sandbox_advice(unsigned layer);

#endif
