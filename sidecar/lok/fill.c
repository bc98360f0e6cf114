/*
 * Writes that are cut short are gone on with.  At the largest size that a file may have
 * the kernel first writes what still fits, and says why there is no more (SIGXFSZ, which
 * child.c catches) to who comes again; LibreOffice 25.2 does not, and removes the file.
 * The C library's functions are replaced for the whole process.
 */

#include <sys/syscall.h>
#include <unistd.h>

ssize_t
pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
    ssize_t done = syscall(SYS_pwrite64, fd, buf, n, at), more;

    if (done <= 0 || (size_t) done >= n) {
        return done;
    }
    more = syscall(SYS_pwrite64, fd, (const char *) buf + done, n - (size_t) done, at + done);
    return more < 0 ? done : done + more;
}

ssize_t
pwrite(int fd, const void *buf, size_t n, off_t at)
{
    return pwrite64(fd, buf, n, at);
}
