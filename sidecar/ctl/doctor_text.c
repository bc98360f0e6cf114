/*
 * The doctor's reading and writing of text: pure functions, but for the file
 * that platen_ctl_doctor_version() reads.
 */

#include "ctl/doctor.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define WHAT "@(#)platen "

/* Not in linux/magic.h of every kernel. */
#define NFS_MAGIC 0x6969
#define CIFS_MAGIC 0xff534d42
#define SMB2_MAGIC 0xfe534d42
#define CEPH_MAGIC 0x00c36400
#define LUSTRE_MAGIC 0x0bd00bd0
#define FUSE_MAGIC 0x65735546
#define ZFS_MAGIC 0x2fc12fc1
#define V9FS_MAGIC_ 0x01021997

const char *
platen_ctl_doctor_size(uint64_t bytes, char out[32])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double                   size = (double) bytes;
    size_t                   unit = 0;

    while (size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        size /= 1024;
        unit++;
    }
    snprintf(out, 32, unit == 0 || size >= 100 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return out;
}

const char *
platen_ctl_doctor_duration(uint64_t seconds, char out[32])
{
    unsigned long long s = seconds;

    if (s >= 86400) {
        snprintf(out, 32, "%llu %s %llu h", s / 86400, s / 86400 == 1 ? "day" : "days",
                 s % 86400 / 3600);
    } else if (s >= 3600) {
        snprintf(out, 32, "%llu h %llu min", s / 3600, s % 3600 / 60);
    } else if (s >= 60) {
        snprintf(out, 32, "%llu min %llu s", s / 60, s % 60);
    } else {
        snprintf(out, 32, "%llu s", s);
    }
    return out;
}

/* By the file's name, or by a directory in its path, which ends with a slash. */
static const struct {
    const char *part;
    const char *package;
} packages[] = {
    { "pandoc", "pandoc" },
    { "/share/pandoc/", "pandoc-data" },
    { "pdftotext", "poppler-utils" },
    { "pdftoppm", "poppler-utils" },
    { "pdftohtml", "poppler-utils" },
    { "pdfimages", "poppler-utils" },
    { "mutool", "mupdf-tools" },
    { "qpdf", "qpdf" },
    { "rsvg-convert", "librsvg2-bin" },
    { "libswlo.so", "libreoffice-writer" },
    { "libsclo.so", "libreoffice-calc" },
    { "libsdlo.so", "libreoffice-impress libreoffice-draw" },
    { "fc-list", "fontconfig" },
    { "nginx", "nginx" },
    { "soffice.bin", "libreoffice-core libreoffice-writer libreoffice-calc libreoffice-impress"
                     " libreoffice-draw" },
    { "/libreoffice/", "libreoffice-core libreoffice-writer libreoffice-calc"
                       " libreoffice-impress libreoffice-draw" },
};

const char *
platen_ctl_doctor_package(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
    size_t      i;

    if (strncmp(base, "platen-", strlen("platen-")) == 0) {
        return "platen";
    }
    for (i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        if (packages[i].part[0] == '/' ? strstr(path, packages[i].part) != NULL
                                       : strcmp(packages[i].part, base) == 0) {
            return packages[i].package;
        }
    }
    return NULL;
}

void
platen_ctl_doctor_culprit(const char *reason, char *path, size_t size)
{
    const char *end = strstr(reason, ": ");

    if (reason[0] != '/' || end == NULL) {
        end = reason;
    }
    snprintf(path, size, "%.*s", (int) (end - reason), reason);
}

void
platen_ctl_doctor_ini(const char *text, const char *key, char *out, size_t size)
{
    size_t n = strlen(key);

    while (*text != '\0' && (strncmp(text, key, n) != 0 || text[n] != '=')) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    text += *text == '\0' ? 0 : n + 1;
    snprintf(out, size, "%.*s", (int) strcspn(text, "\r\n"), text);
}

void
platen_ctl_doctor_version_in(const char *bytes, size_t len, char *out, size_t size)
{
    const char *what = memmem(bytes, len, WHAT, strlen(WHAT));
    size_t      n = 0;

    if (what != NULL) {
        for (what += strlen(WHAT);
             n + 1 < size && what + n < bytes + len
             && (isalnum((unsigned char) what[n]) || strchr(".+~-", what[n]) != NULL)
             && what[n] != '\0';
             n++) {
            out[n] = what[n];
        }
    }
    out[n] = '\0';
}

int
platen_ctl_doctor_version(const char *path, char *out, size_t size)
{
    struct stat st;
    void       *map = MAP_FAILED;
    int         fd, saved;

    *out = '\0';
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        map = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    } else {
        errno = EINVAL;
    }
    saved = errno;
    close(fd);
    errno = saved;
    if (map == MAP_FAILED) {
        return -1;
    }
    platen_ctl_doctor_version_in(map, (size_t) st.st_size, out, size);
    munmap(map, (size_t) st.st_size);
    return 0;
}

uint64_t
platen_ctl_doctor_limit(const char *limits, const char *name)
{
    const char *line = strstr(limits, name);

    if (line == NULL) {
        return UINT64_MAX;
    }
    line += strlen(name);
    line += strspn(line, " ");
    return *line >= '0' && *line <= '9' ? strtoull(line, NULL, 10) : UINT64_MAX;
}

uint64_t
platen_ctl_doctor_stat(const char *stat, unsigned n)
{
    /* The second field is the program's name, in brackets and of any bytes. */
    const char *p = strrchr(stat, ')');
    unsigned    field = 2;

    while (p != NULL && field < n) {
        p = strchr(p, ' ');
        p = p == NULL ? NULL : p + 1;
        field++;
    }
    return p == NULL ? 0 : strtoull(p, NULL, 10);
}

platen_ctl_fs_t
platen_ctl_doctor_fs(uint64_t type, const char **name)
{
    static const struct {
        uint32_t        type;
        const char     *name;
        platen_ctl_fs_t kind;
    } known[] = {
        { EXT4_SUPER_MAGIC, "ext4", PLATEN_CTL_FS_LOCAL },
        { 0x58465342, "xfs", PLATEN_CTL_FS_LOCAL },
        { BTRFS_SUPER_MAGIC, "btrfs", PLATEN_CTL_FS_LOCAL },
        { ZFS_MAGIC, "zfs", PLATEN_CTL_FS_LOCAL },
        { F2FS_SUPER_MAGIC, "f2fs", PLATEN_CTL_FS_LOCAL },
        { OVERLAYFS_SUPER_MAGIC, "overlay", PLATEN_CTL_FS_VOLATILE },
        { TMPFS_MAGIC, "tmpfs", PLATEN_CTL_FS_VOLATILE },
        { RAMFS_MAGIC, "ramfs", PLATEN_CTL_FS_VOLATILE },
        { NFS_MAGIC, "nfs", PLATEN_CTL_FS_REMOTE },
        { CIFS_MAGIC, "cifs", PLATEN_CTL_FS_REMOTE },
        { SMB2_MAGIC, "smb", PLATEN_CTL_FS_REMOTE },
        { CEPH_MAGIC, "ceph", PLATEN_CTL_FS_REMOTE },
        { LUSTRE_MAGIC, "lustre", PLATEN_CTL_FS_REMOTE },
        { V9FS_MAGIC_, "9p", PLATEN_CTL_FS_REMOTE },
        { FUSE_MAGIC, "fuse", PLATEN_CTL_FS_REMOTE },
    };
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].type == (uint32_t) type) {
            *name = known[i].name;
            return known[i].kind;
        }
    }
    *name = "another local one";
    return PLATEN_CTL_FS_LOCAL;
}

/* Whether `word` is one of those in [list, end) between `separator`s. */
static int
has_word(const char *list, const char *end, char separator, const char *word)
{
    const char *next;
    size_t      n = strlen(word);

    for (; list < end; list = next + 1) {
        next = memchr(list, separator, (size_t) (end - list));
        next = next == NULL ? end : next;
        if ((size_t) (next - list) == n && strncasecmp(list, word, n) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether a line of the list has the word, before its tab or after it. */
static int
listed(const char *list, int after, char separator, const char *word)
{
    const char *end, *tab;

    for (; *list != '\0'; list = end + (*end == '\n')) {
        end = list + strcspn(list, "\n");
        tab = memchr(list, '\t', (size_t) (end - list));
        tab = tab == NULL ? end : tab;
        if (after ? tab < end && has_word(tab + 1, end, separator, word)
                  : has_word(list, tab, separator, word)) {
            return 1;
        }
    }
    return 0;
}

int
platen_ctl_doctor_family(const char *list, const char *family)
{
    return listed(list, 0, ',', family);
}

int
platen_ctl_doctor_language(const char *list, const char *language)
{
    return listed(list, 1, '|', language);
}
