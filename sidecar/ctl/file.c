/* Files beside records; see ctl/file.h.  Reads only; no state. */

#include "ctl/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

static int
expects(platen_dir_t dir, const platen_job_t *job)
{
    return dir == PLATEN_DIR_INPUT ? platen_job_has_input(job)
                                   : platen_state_has_result((platen_state_t) job->state);
}

static platen_ctl_file_t
compare(int fd, const struct stat *st, uint64_t size, platen_str_t sha256, int deep)
{
    uint8_t sum[PLATEN_SHA256_LEN];

    if (!S_ISREG(st->st_mode) || (uint64_t) st->st_size != size) {
        return PLATEN_CTL_FILE_SIZE;
    }
    if (!deep || sha256.len != sizeof(sum)) {
        return PLATEN_CTL_FILE_SAME;
    }
    if (platen_digest_file(fd, sum) != 0) {
        return PLATEN_CTL_FILE_UNREADABLE;
    }
    return memcmp(sum, sha256.data, sizeof(sum)) == 0 ? PLATEN_CTL_FILE_SAME
                                                      : PLATEN_CTL_FILE_DIGEST;
}

void
platen_ctl_file_look(const char *root, platen_dir_t dir, const platen_job_t *job, int deep,
                     platen_ctl_file_found_t *found)
{
    struct stat st;
    int         fd, saved;

    *found = (platen_ctl_file_found_t){ .is = PLATEN_CTL_FILE_NONE };
    if (!expects(dir, job)) {
        return;
    }
    platen_layout_path(root, dir, &job->id, job->epoch, found->path);
    fd = open(found->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        found->is = errno == ENOENT  ? PLATEN_CTL_FILE_ABSENT
                    : errno == ELOOP ? PLATEN_CTL_FILE_SIZE
                                     : PLATEN_CTL_FILE_UNREADABLE;
        return;
    }
    if (fstat(fd, &st) != 0) {
        found->is = PLATEN_CTL_FILE_UNREADABLE;
    } else {
        found->size = (uint64_t) st.st_size;
        found->is = dir == PLATEN_DIR_INPUT
                        ? compare(fd, &st, job->input_size, job->input_sha256, deep)
                        : compare(fd, &st, job->output_size, job->output_sha256, deep);
    }
    saved = errno;
    close(fd);
    errno = saved;
}

const char *
platen_ctl_file_words(platen_ctl_file_t is)
{
    static const char *const words[] = {
        [PLATEN_CTL_FILE_NONE] = "none",
        [PLATEN_CTL_FILE_SAME] = "is as recorded",
        [PLATEN_CTL_FILE_ABSENT] = "is missing",
        [PLATEN_CTL_FILE_SIZE] = "has another size",
        [PLATEN_CTL_FILE_DIGEST] = "has other bytes",
        [PLATEN_CTL_FILE_UNREADABLE] = "cannot be read",
    };

    return words[is];
}
