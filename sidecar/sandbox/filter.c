/*
 * The system-call layer of the sandbox; see sandbox/sandbox.h.  A filter is
 * built once, by libseccomp in the parent, and is only bytes from then on; a
 * child loads a copy.
 *
 * It is a list of what is refused, since an office suite uses most of the rest
 * in one version or another.  A refusal is EPERM, so that a library which only
 * tries (gpg, a name service) goes on without; what no document needs and an
 * attacker does kills the process.  clone3() hides its flags from a filter and
 * so does not exist: the C library then uses clone().
 *
 * The list was made for the calls of Linux 6.1.  Whatever came after does not
 * exist here (ENOSYS), so that no new kernel opens a door by having one.  Of
 * ioctl(2), which is as many calls as there are drivers, a few are let through.
 * Both are in front of what libseccomp makes, in instructions of our own.
 *
 * A process may signal itself, as abort() does, and nobody else.  Its id is not
 * known when the filter is built: the child puts it where SELF stands.
 */

#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#define INSTRUCTIONS_MAX 2048
#define SELF 0x7e1f5e1fU /* no process has such an id: the kernel's limit is 2^22 */

struct platen_sandbox_filter_s {
    size_t             n;
    struct sock_filter code[];
};

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define OTHER_ABI 0x40000000U /* x32: libseccomp's part kills it */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define OTHER_ABI UINT32_MAX
#else
#error "the order of the calls of this architecture is not known here"
#endif

#define DENY SCMP_ACT_ERRNO(EPERM)
#define ABSENT SCMP_ACT_ERRNO(ENOSYS)
#define KILL SCMP_ACT_KILL_PROCESS
#define NOTHING SCMP_ACT_ERRNO(0) /* it succeeds, and has no effect */

typedef struct {
    int      call;
    uint32_t action;
    unsigned unless; /* PLATEN_SANDBOX_MAY_* */
} rule_t;

static const rule_t rules[] = {
    /* The network, local sockets included. */
    { SCMP_SYS(socket), DENY, PLATEN_SANDBOX_MAY_BIND },
    { SCMP_SYS(socketpair), DENY, PLATEN_SANDBOX_MAY_FORK },
    { SCMP_SYS(connect), DENY, 0 },
    { SCMP_SYS(bind), DENY, PLATEN_SANDBOX_MAY_BIND },
    { SCMP_SYS(listen), DENY, PLATEN_SANDBOX_MAY_BIND },
    { SCMP_SYS(accept), DENY, PLATEN_SANDBOX_MAY_BIND },
    { SCMP_SYS(accept4), DENY, PLATEN_SANDBOX_MAY_BIND },

    /* Programs and processes. */
    { SCMP_SYS(execve), DENY, PLATEN_SANDBOX_MAY_EXEC },
    { SCMP_SYS(execveat), DENY, 0 },
    { SCMP_SYS(fork), DENY, PLATEN_SANDBOX_MAY_FORK },
    { SCMP_SYS(vfork), DENY, PLATEN_SANDBOX_MAY_FORK },
    { SCMP_SYS(clone3), ABSENT, 0 },
    { SCMP_SYS(unshare), DENY, 0 },
    { SCMP_SYS(setsid), DENY, 0 }, /* nobody leaves the group, which is killed as one */
    { SCMP_SYS(setpgid), DENY, 0 },
    { SCMP_SYS(setns), DENY, 0 },

    /* Other processes of the same user. */
    { SCMP_SYS(tkill), DENY, 0 },
    { SCMP_SYS(rt_sigqueueinfo), DENY, 0 },
    { SCMP_SYS(rt_tgsigqueueinfo), DENY, 0 },
    { SCMP_SYS(pidfd_open), DENY, 0 },
    { SCMP_SYS(pidfd_getfd), DENY, 0 },
    { SCMP_SYS(pidfd_send_signal), DENY, 0 },
    { SCMP_SYS(ptrace), KILL, 0 },
    { SCMP_SYS(process_vm_readv), KILL, 0 },
    { SCMP_SYS(process_vm_writev), KILL, 0 },
    { SCMP_SYS(process_madvise), DENY, 0 },
    { SCMP_SYS(process_mrelease), DENY, 0 },
    { SCMP_SYS(kcmp), DENY, 0 },
    { SCMP_SYS(setpriority), DENY, 0 },
    { SCMP_SYS(ioprio_set), DENY, 0 },
    { SCMP_SYS(sched_setscheduler), DENY, 0 },
    { SCMP_SYS(sched_setparam), DENY, 0 },
    { SCMP_SYS(sched_setattr), DENY, 0 },
    { SCMP_SYS(migrate_pages), DENY, 0 },
    { SCMP_SYS(move_pages), DENY, 0 },

    /* What outlives the process or is shared with others. */
    { SCMP_SYS(shmget), DENY, 0 },
    { SCMP_SYS(shmat), DENY, 0 },
    { SCMP_SYS(shmctl), DENY, 0 },
    { SCMP_SYS(shmdt), DENY, 0 },
    { SCMP_SYS(msgget), DENY, 0 }, /* and the rest, by an id that was guessed */
    { SCMP_SYS(msgsnd), DENY, 0 },
    { SCMP_SYS(msgrcv), DENY, 0 },
    { SCMP_SYS(msgctl), DENY, 0 },
    { SCMP_SYS(semget), DENY, 0 },
    { SCMP_SYS(semop), DENY, 0 },
    { SCMP_SYS(semtimedop), DENY, 0 },
    { SCMP_SYS(semctl), DENY, 0 },
    { SCMP_SYS(mq_open), DENY, 0 },
    { SCMP_SYS(mq_unlink), DENY, 0 },
    { SCMP_SYS(mq_timedsend), DENY, 0 },
    { SCMP_SYS(mq_timedreceive), DENY, 0 },
    { SCMP_SYS(mq_notify), DENY, 0 },
    { SCMP_SYS(mq_getsetattr), DENY, 0 },
    { SCMP_SYS(io_setup), ABSENT, 0 }, /* of fs.aio-max-nr, which the machine has once */
    /* Of fs.epoll.max_user_watches, which a user has once: without, platend's would fail. */
    { SCMP_SYS(epoll_create), DENY, PLATEN_SANDBOX_MAY_POLL },
    { SCMP_SYS(epoll_create1), DENY, PLATEN_SANDBOX_MAY_POLL },

    /* Memory that no limit of a process counts. */
    { SCMP_SYS(memfd_create), DENY, 0 },
    { SCMP_SYS(memfd_secret), DENY, 0 },
    { SCMP_SYS(add_key), DENY, 0 },
    { SCMP_SYS(request_key), DENY, 0 },
    { SCMP_SYS(keyctl), DENY, 0 },

    /* Files by ways that Landlock does not see, and its other gaps. */
    { SCMP_SYS(open_by_handle_at), DENY, 0 },
    { SCMP_SYS(name_to_handle_at), DENY, 0 },
    { SCMP_SYS(chroot), DENY, 0 },
    { SCMP_SYS(pivot_root), DENY, 0 },
    { SCMP_SYS(mknod), DENY, 0 },
    { SCMP_SYS(mknodat), DENY, 0 },
    { SCMP_SYS(fanotify_init), DENY, 0 },
    { SCMP_SYS(inotify_init), DENY, 0 }, /* shows names below what cannot be read */
    { SCMP_SYS(inotify_init1), DENY, 0 },
    { SCMP_SYS(chmod), DENY, 0 },
    { SCMP_SYS(fchmod), DENY, 0 }, /* of what is open to be read, and its user's */
    { SCMP_SYS(fchmodat), DENY, 0 },
    { SCMP_SYS(truncate), DENY, 0 },  /* Landlock sees it from ABI 3 on */
    { SCMP_SYS(openat2), ABSENT, 0 }, /* hides its flags: see add_truncation() */
    { SCMP_SYS(utime), DENY, 0 },
    { SCMP_SYS(utimes), DENY, 0 },
    { SCMP_SYS(futimesat), DENY, 0 },
    { SCMP_SYS(chown), DENY, 0 },
    { SCMP_SYS(fchown), DENY, 0 },
    { SCMP_SYS(lchown), DENY, 0 },
    { SCMP_SYS(fchownat), DENY, 0 },
    { SCMP_SYS(setxattr), DENY, 0 },
    { SCMP_SYS(lsetxattr), DENY, 0 },
    { SCMP_SYS(fsetxattr), DENY, 0 },
    { SCMP_SYS(getxattr), DENY, 0 },
    { SCMP_SYS(lgetxattr), DENY, 0 },
    { SCMP_SYS(fgetxattr), DENY, 0 },
    { SCMP_SYS(listxattr), DENY, 0 },
    { SCMP_SYS(llistxattr), DENY, 0 },
    { SCMP_SYS(flistxattr), DENY, 0 },
    { SCMP_SYS(removexattr), DENY, 0 },
    { SCMP_SYS(lremovexattr), DENY, 0 },
    { SCMP_SYS(fremovexattr), DENY, 0 },
    { SCMP_SYS(sync), DENY, 0 }, /* of all that the machine has to write */
    { SCMP_SYS(syncfs), DENY, 0 },
    { SCMP_SYS(mount), KILL, 0 },
    { SCMP_SYS(umount2), KILL, 0 },
    { SCMP_SYS(open_tree), KILL, 0 },
    { SCMP_SYS(move_mount), KILL, 0 },
    { SCMP_SYS(mount_setattr), KILL, 0 },
    { SCMP_SYS(fsopen), KILL, 0 },
    { SCMP_SYS(fsmount), KILL, 0 },
    { SCMP_SYS(fsconfig), KILL, 0 },
    { SCMP_SYS(fspick), KILL, 0 },
    { SCMP_SYS(swapon), KILL, 0 },
    { SCMP_SYS(swapoff), KILL, 0 },
    { SCMP_SYS(quotactl), DENY, 0 },
    { SCMP_SYS(quotactl_fd), DENY, 0 },

    /* The kernel's own doors. */
    { SCMP_SYS(bpf), KILL, 0 },
    { SCMP_SYS(perf_event_open), DENY, 0 },
    { SCMP_SYS(userfaultfd), DENY, 0 },
    { SCMP_SYS(io_uring_setup), ABSENT, 0 },
    { SCMP_SYS(io_uring_enter), ABSENT, 0 },
    { SCMP_SYS(io_uring_register), ABSENT, 0 },
    { SCMP_SYS(personality), DENY, 0 },
    { SCMP_SYS(modify_ldt), DENY, 0 },
    { SCMP_SYS(syslog), DENY, 0 },
    { SCMP_SYS(acct), DENY, 0 },
    { SCMP_SYS(sethostname), DENY, 0 },
    { SCMP_SYS(setdomainname), DENY, 0 },
    { SCMP_SYS(settimeofday), DENY, 0 },
    { SCMP_SYS(clock_settime), DENY, 0 },
    { SCMP_SYS(clock_adjtime), DENY, 0 },
    { SCMP_SYS(adjtimex), DENY, 0 },
    { SCMP_SYS(vhangup), DENY, 0 },
    { SCMP_SYS(lookup_dcookie), DENY, 0 },
    { SCMP_SYS(iopl), KILL, 0 },
    { SCMP_SYS(ioperm), KILL, 0 },
    { SCMP_SYS(reboot), KILL, 0 },
    { SCMP_SYS(kexec_load), KILL, 0 },
    { SCMP_SYS(kexec_file_load), KILL, 0 },
    { SCMP_SYS(init_module), KILL, 0 },
    { SCMP_SYS(finit_module), KILL, 0 },
    { SCMP_SYS(delete_module), KILL, 0 },
};

/* What add_truncation(), add_conditions() and write_front() make of calls, for people. */
static const struct {
    const char *text;
    unsigned    with; /* PLATEN_SANDBOX_MAY_*: only for who may that */
    unsigned    unless;
} partly[] = {
    { "kill and tgkill: itself alone", 0, 0 },
    { "clone: threads alone, with the process's descriptors", 0, PLATEN_SANDBOX_MAY_FORK },
    { "clone: no namespace, no thread with descriptors of its own, no child of its parent's",
      PLATEN_SANDBOX_MAY_FORK, 0 },
    { "socket: local streams alone", PLATEN_SANDBOX_MAY_BIND, 0 },
    { "socketpair: local, and no datagrams", PLATEN_SANDBOX_MAY_FORK, 0 },
    { "open and openat: O_TRUNC only to write", 0, 0 },
    { "fcntl: no F_SETOWN, F_SETOWN_EX, F_SETSIG, F_SETLEASE, F_NOTIFY, O_ASYNC", 0, 0 },
    { "ioctl: TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, FIOQSIZE, FICLONE,"
      " FICLONERANGE, FIGETBSZ alone",
      0, 0 },
    { "prctl: no PR_SET_PDEATHSIG, PR_SET_DUMPABLE", 0, 0 },
    { "prlimit64 and sched_setaffinity: itself alone", 0, 0 },
    { "utimensat: no file by its name, and no effect on open ones", 0, 0 },
    { "close_range: not to have descriptors of its own", 0, 0 },
    { "all calls that are newer than Linux 6.1: absent", 0, 0 },
};

#define NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS   \
     | CLONE_NEWCGROUP)

/*
 * Emptying a file by opening it, which Landlock sees from ABI 3 on.  Before, it asks for
 * the right to write if the file is opened to be written; with O_RDONLY it does not, and
 * in the fourth access mode, which is for ioctl(2), it asks for no right at all.
 */
static int
add_truncation(scmp_filter_ctx ctx)
{
    const struct {
        int      call;
        unsigned flags; /* which argument they are */
    } calls[] = { { SCMP_SYS(open), 1 }, { SCMP_SYS(openat), 2 } };
    size_t i;
    int    rc = 0;

    for (i = 0; rc == 0 && i < sizeof(calls) / sizeof(calls[0]); i++) {
        rc = seccomp_rule_add(
            ctx, DENY, calls[i].call, 1,
            SCMP_CMP64(calls[i].flags, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_ACCMODE));
        if (rc == 0) {
            rc = seccomp_rule_add(ctx, DENY, calls[i].call, 1,
                                  SCMP_CMP64(calls[i].flags, SCMP_CMP_MASKED_EQ,
                                             O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC));
        }
    }
    return rc;
}

/* A call that makes sockets: of the local family alone, and not of these types. */
static int
add_local(scmp_filter_ctx ctx, int call, const int *types, size_t n)
{
    size_t i;
    int    rc = seccomp_rule_add(ctx, DENY, call, 1, SCMP_A0_64(SCMP_CMP_NE, AF_UNIX, 0));

    for (i = 0; rc == 0 && i < n; i++) {
        rc =
            seccomp_rule_add(ctx, DENY, call, 1, SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0xf, types[i]));
    }
    return rc;
}

/* Rules on arguments.  Returns 0, or a negative errno as libseccomp does. */
static int
add_conditions(scmp_filter_ctx ctx, unsigned allow)
{
    int    rc = 0, bit;
    size_t i;

    static const int types[] = { SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET };
    static const int datagrams[] = { SOCK_DGRAM, SOCK_RAW, SOCK_RDM }; /* of pairs, too */
    /* Whom a descriptor signals, with what, and about whose doings. */
    static const int own[] = { PR_SET_PDEATHSIG, PR_SET_DUMPABLE };
    static const int owners[] = { F_SETOWN, F_SETOWN_EX, F_SETSIG, F_SETLEASE, F_NOTIFY };

    for (i = 0; rc == 0 && i < sizeof(owners) / sizeof(owners[0]); i++) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(fcntl), 1,
                              SCMP_A1_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, owners[i]));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(fcntl), 2,
                              SCMP_A1_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, F_SETFL),
                              SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ASYNC, O_ASYNC));
    }
    /* A process of its parent's, which the parent does not know of. */
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(clone), 1,
                              SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_PARENT, CLONE_PARENT));
    }
    /* Descriptors of one thread: platend watches those that a process's have in common. */
    if (rc == 0) {
        rc = seccomp_rule_add(
            ctx, DENY, SCMP_SYS(clone), 1,
            SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_FILES, CLONE_THREAD));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(
            ctx, DENY, SCMP_SYS(close_range), 1,
            SCMP_A2_64(SCMP_CMP_MASKED_EQ, CLOSE_RANGE_UNSHARE, CLOSE_RANGE_UNSHARE));
    }

    /* Limits and processors of other processes. */
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(prlimit64), 1, SCMP_A0_64(SCMP_CMP_NE, 0, 0));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(sched_setaffinity), 1,
                              SCMP_A0_64(SCMP_CMP_NE, 0, 0));
    }

    /*
     * Times of files by their names.  Nor of open ones, the document among them: what is
     * old is told by them.  Programs that unpack or copy take a refusal for a fault.
     */
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(utimensat), 1, SCMP_A1_64(SCMP_CMP_NE, 0, 0));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, NOTHING, SCMP_SYS(utimensat), 1,
                              SCMP_A1_64(SCMP_CMP_EQ, 0, 0));
    }

    /* It must not outlive its parent, nor hide in /proc what platend watches. */
    for (i = 0; rc == 0 && i < sizeof(own) / sizeof(own[0]); i++) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(prctl), 1,
                              SCMP_A0_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, own[i]));
    }

    /* Signals to the first process of the run and to no other, by id or by group. */
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(kill), 1, SCMP_A0_64(SCMP_CMP_NE, SELF, 0));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(tgkill), 1, SCMP_A0_64(SCMP_CMP_NE, SELF, 0));
    }

    /* Local streams alone: without connect(2) they reach nobody; datagrams would. */
    if (rc == 0 && allow & PLATEN_SANDBOX_MAY_BIND) {
        rc = add_local(ctx, SCMP_SYS(socket), types, sizeof(types) / sizeof(types[0]));
    }
    if (rc == 0 && allow & PLATEN_SANDBOX_MAY_FORK) {
        rc = add_local(ctx, SCMP_SYS(socketpair), datagrams,
                       sizeof(datagrams) / sizeof(datagrams[0]));
    }

    if (allow & PLATEN_SANDBOX_MAY_FORK) {
        for (bit = 0; rc == 0 && bit < 32; bit++) {
            if (NAMESPACES & 1ULL << bit) {
                rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(clone), 1,
                                      SCMP_A0_64(SCMP_CMP_MASKED_EQ, 1ULL << bit, 1ULL << bit));
            }
        }
        return rc;
    }

    if (rc == 0) {
        rc = seccomp_rule_add(ctx, DENY, SCMP_SYS(clone), 1,
                              SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    }
    return rc;
}

static int
add_rules(scmp_filter_ctx ctx, unsigned allow)
{
    size_t i;
    int    rc;

    rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (i = 0; rc == 0 && i < sizeof(rules) / sizeof(rules[0]); i++) {
        if ((rules[i].unless & allow) == 0) {
            rc = seccomp_rule_add(ctx, rules[i].action, rules[i].call, 0);
        }
    }
    if (rc == 0) {
        rc = add_truncation(ctx);
    }
    if (rc == 0) {
        rc = add_conditions(ctx, allow);
    }
    return rc;
}

/* What of ioctl(2) programs do with files and pipes that are theirs. */
static const uint32_t controls[] = {
    TCGETS,   TIOCGWINSZ, FIONREAD, FIONBIO,      FIOCLEX,
    FIONCLEX, FIOQSIZE,   FICLONE,  FICLONERANGE, FIGETBSZ,
};

#define NCONTROLS (sizeof(controls) / sizeof(controls[0]))
#define FRONT (9 + NCONTROLS)

/*
 * In front of libseccomp's program, which they run into: calls that are newer than
 * the list, and ioctl(2).  The x32 ABI's numbers are left to libseccomp.
 */
static void
write_front(struct sock_filter out[FRONT])
{
#define OFFSET(member) ((uint32_t) offsetof(struct seccomp_data, member))
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET(member))
    const struct sock_filter head[8] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, FRONT - 2),
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_ABI, FRONT - 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, PLATEN_SANDBOX_LAST_CALL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, FRONT - 7),
        LOAD(args[1]), /* its lower half, which is all that the kernel looks at */
    };
    size_t i;

    memcpy(out, head, sizeof(head));
    for (i = 0; i < NCONTROLS; i++) {
        out[8 + i] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, controls[i],
                                                   NCONTROLS - i, 0);
    }
    out[8 + NCONTROLS] =
        (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
}

/* The program that libseccomp makes of the rules, with ours in front. */
static platen_sandbox_filter_t *export(scmp_filter_ctx ctx)
{
    platen_sandbox_filter_t *filter = NULL;
    struct stat              st;
    size_t                   size;
    int                      fd, rc;

    fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    rc = seccomp_export_bpf(ctx, fd);
    if (rc != 0) {
        errno = -rc;
        goto done;
    }
    if (fstat(fd, &st) != 0) {
        goto done;
    }
    size = (size_t) st.st_size;
    if (size == 0 || size % sizeof(struct sock_filter) != 0
        || FRONT + size / sizeof(struct sock_filter) > INSTRUCTIONS_MAX) {
        errno = E2BIG;
        goto done;
    }

    filter = malloc(sizeof(*filter) + FRONT * sizeof(filter->code[0]) + size);
    if (filter != NULL && pread(fd, filter->code + FRONT, size, 0) != (ssize_t) size) {
        free(filter);
        filter = NULL;
        errno = EIO;
    }
    if (filter != NULL) {
        write_front(filter->code);
        filter->n = FRONT + size / sizeof(struct sock_filter);
    }

done:
    rc = errno;
    close(fd);
    errno = rc;
    return filter;
}

size_t
platen_sandbox_calls(void)
{
    return sizeof(rules) / sizeof(rules[0]);
}

platen_sandbox_call_t
platen_sandbox_call(size_t n)
{
    const rule_t *rule = &rules[n];

    return (platen_sandbox_call_t){
        .number = rule->call,
        .unless = rule->unless,
        .error = rule->action == KILL     ? 0
                 : rule->action == ABSENT ? ENOSYS
                                          : EPERM,
    };
}

const char *
platen_sandbox_partly(size_t n, unsigned may)
{
    size_t i;

    for (i = 0; i < sizeof(partly) / sizeof(partly[0]); i++) {
        if ((partly[i].with & may) == partly[i].with && !(partly[i].unless & may) && n-- == 0) {
            return partly[i].text;
        }
    }
    return NULL;
}

platen_sandbox_filter_t *
platen_sandbox_filter_new(unsigned allow)
{
    platen_sandbox_filter_t *filter = NULL;
    scmp_filter_ctx          ctx;
    int                      rc, saved;

    ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (ctx == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    rc = add_rules(ctx, allow);
    if (rc == 0) {
        filter = export(ctx);
    } else {
        errno = -rc;
    }

    saved = errno;
    seccomp_release(ctx);
    errno = saved;
    return filter;
}

void
platen_sandbox_filter_destroy(platen_sandbox_filter_t **filter)
{
    free(*filter);
    *filter = NULL;
}

int
platen_sandbox_filter_load(const platen_sandbox_filter_t *filter)
{
    struct sock_filter code[INSTRUCTIONS_MAX];
    struct sock_fprog  program = { .len = (unsigned short) filter->n, .filter = code };
    size_t             i;

    memcpy(code, filter->code, filter->n * sizeof(code[0]));
    for (i = 0; i < filter->n; i++) {
        if (BPF_CLASS(code[i].code) == BPF_JMP && code[i].k == SELF) {
            code[i].k = (uint32_t) getpid();
        }
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
