/*
 * The file layer of the sandbox; see sandbox/sandbox.h.  Runs in the child.
 *
 * All rights that the running kernel knows are handled, so all are refused but
 * for the paths of the list; from ABI 4 on TCP is refused too, from ABI 6 on
 * abstract Unix sockets of, and signals to, processes outside the sandbox.  The
 * kernel's header may be older than the kernel, so what it lacks is defined
 * here (Documentation/userspace-api/landlock.rst).
 */

#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FS_EXECUTE LANDLOCK_ACCESS_FS_EXECUTE
#define FS_WRITE_FILE LANDLOCK_ACCESS_FS_WRITE_FILE
#define FS_READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define FS_READ_DIR LANDLOCK_ACCESS_FS_READ_DIR
#define FS_REFER (1ULL << 13)     /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NET_TCP 3ULL              /* ABI 4: bind and connect */
#define SCOPE_ALL 3ULL            /* ABI 6: abstract Unix sockets, signals */

#define FS_ABI_1 ((1ULL << 13) - 1)
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_WRITE                                                                               \
    (FS_WRITE_FILE | FS_TRUNCATE | FS_REFER | LANDLOCK_ACCESS_FS_REMOVE_DIR                    \
     | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR                            \
     | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* struct landlock_ruleset_attr of ABI 6; older kernels take it if the rest is zero. */
typedef struct {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
} ruleset_t;

static unsigned most; /* the newest ABI to use, 0: any */

void
platen_sandbox_landlock_as(unsigned abi)
{
    most = abi;
}

unsigned
platen_sandbox_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return abi < 1 ? 0 : (unsigned) abi;
}

static uint64_t
rights(unsigned access)
{
    uint64_t fs = 0;

    if (access & PLATEN_SANDBOX_R) {
        fs |= FS_READ_FILE | FS_READ_DIR;
    }
    if (access & PLATEN_SANDBOX_W) {
        fs |= FS_WRITE;
    }
    if (access & PLATEN_SANDBOX_O) {
        fs |= FS_WRITE_FILE;
    }
    if (access & PLATEN_SANDBOX_X) {
        fs |= FS_EXECUTE;
    }
    if (access & PLATEN_SANDBOX_S) {
        fs |= LANDLOCK_ACCESS_FS_MAKE_SOCK;
    }
    return fs;
}

static int
allow(int ruleset, const ruleset_t *attr, const platen_sandbox_path_t *path)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = rights(path->access) };
    struct stat                       st;
    int                               own = (path->access & PLATEN_SANDBOX_OWN) != 0;
    int                               rc = -1, saved;

    /* What lies where a prisoner has written may be a link to anywhere. */
    rule.parent_fd = open(path->path, O_PATH | O_CLOEXEC | (own ? O_NOFOLLOW : 0));
    if (rule.parent_fd < 0) {
        return !own && (errno == ENOENT || errno == ENOTDIR) ? 0 : -1;
    }
    if (fstat(rule.parent_fd, &st) != 0) {
    } else if (S_ISLNK(st.st_mode)) {
        errno = ELOOP;
    } else {
        rule.allowed_access &= attr->handled_access_fs;
        if (!S_ISDIR(st.st_mode)) {
            rule.allowed_access &= FS_OF_FILES;
        }
        rc =
            (int) syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }

    saved = errno;
    close(rule.parent_fd);
    errno = saved;
    return rc;
}

static int
restrict_self(const platen_sandbox_path_t *paths, size_t n, int network)
{
    ruleset_t attr = { .handled_access_fs = FS_ABI_1 };
    long      abi;
    size_t    i;
    int       ruleset, rc = 0, saved;

    abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) {
        return -1;
    }
    abi = most != 0 && abi > (long) most ? (long) most : abi;
    attr.handled_access_fs |= abi >= 2 ? FS_REFER : 0;
    attr.handled_access_fs |= abi >= 3 ? FS_TRUNCATE : 0;
    attr.handled_access_fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
    attr.handled_access_net = abi >= 4 && !network ? NET_TCP : 0;
    attr.scoped = abi >= 6 ? SCOPE_ALL : 0;

    ruleset = (int) syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0) {
        return -1;
    }
    for (i = 0; i < n && rc == 0; i++) {
        rc = allow(ruleset, &attr, &paths[i]);
    }
    if (rc == 0) {
        rc = (int) syscall(SYS_landlock_restrict_self, ruleset, 0);
    }

    saved = errno;
    close(ruleset);
    errno = saved;
    return rc;
}

int
platen_sandbox_landlock(const platen_sandbox_path_t *paths, size_t n)
{
    return restrict_self(paths, n, 0);
}

int
platen_sandbox_landlock_files(const platen_sandbox_path_t *paths, size_t n)
{
    return restrict_self(paths, n, 1);
}
