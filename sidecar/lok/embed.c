/* See lok/embed.h.  In a child, after its result has been written. */

#include "lok/embed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lok/tag.h"

#define PATH_LEN 4200
#define TAG_MAX 4096

typedef struct {
    const char *page;
    FILE       *in;
    FILE       *out;
    int         comment; /* the reader is in one */
    int         mark;    /* the end of a comment's mark is to come */
    unsigned    comments;
    char      **pictures; /* whose files go when all tags have had what is in them */
    size_t      npictures;
} reading_t;

static const char *
type_of(const char *name)
{
    static const char *const types[][2] = {
        { ".png", "image/png" }, { ".jpg", "image/jpeg" },    { ".jpeg", "image/jpeg" },
        { ".gif", "image/gif" }, { ".svg", "image/svg+xml" },
    };
    const char *dot = strrchr(name, '.');
    size_t      i;

    for (i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(dot, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return NULL;
}

static void
put_base64(FILE *in, FILE *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char bytes[3];
    uint32_t      bits;
    size_t        n, i;

    while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0) {
        memset(bytes + n, 0, sizeof(bytes) - n);
        bits = (uint32_t) bytes[0] << 16 | (uint32_t) bytes[1] << 8 | bytes[2];
        for (i = 0; i < 4; i++) {
            putc_unlocked(i > n ? '=' : digits[bits >> (18 - 6 * i) & 63], out);
        }
    }
}

static void
add_picture(reading_t *r, const char *path)
{
    char **pictures = realloc(r->pictures, (r->npictures + 1) * sizeof(*pictures));

    if (pictures != NULL) {
        r->pictures = pictures;
        pictures[r->npictures] = strdup(path);
        r->npictures += pictures[r->npictures] != NULL;
    }
}

static void
remove_pictures(reading_t *r)
{
    while (r->npictures > 0) {
        (void) unlink(r->pictures[--r->npictures]);
        free(r->pictures[r->npictures]);
    }
    free(r->pictures);
}

/* A picture's tag, with what is in the file that its src names: of equal ones there is one. */
static void
put_picture(reading_t *r, const char *tag)
{
    static const char src[] = " src=\"";
    const char       *at = strstr(tag, src), *slash = strrchr(r->page, '/');
    const char       *type;
    char              name[256], path[PATH_LEN];
    size_t            len;
    FILE             *picture = NULL;
    int               fd;

    if (at != NULL) {
        at += sizeof(src) - 1;
        len = strcspn(at, "\"");
        snprintf(name, sizeof(name), "%.*s", (int) len, at);
        type = type_of(name);
        if (len < sizeof(name) && strpbrk(name, "/:") == NULL && type != NULL) {
            snprintf(path, sizeof(path), "%.*s%s",
                     slash == NULL ? 0 : (int) (slash - r->page) + 1, r->page, name);
            fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
            picture = fd < 0 ? NULL : fdopen(fd, "r");
        }
    }
    putc_unlocked('<', r->out);
    if (picture == NULL) {
        fputs(tag, r->out);
        return;
    }
    fprintf(r->out, "%.*sdata:%s;base64,", (int) (at - tag), tag, type);
    put_base64(picture, r->out);
    fputs(at + len, r->out);
    fclose(picture);
    add_picture(r, path);
}

static void
take_tag(reading_t *r, const char *tag)
{
    static const char mark[] = "a class=\"comment-indicator\">";

    if (strncmp(tag, "comment>", 8) == 0) {
        r->comment = 1;
        r->comments++;
    } else if (strncmp(tag, "/comment>", 9) == 0) {
        r->comment = 0;
    } else if (r->comment) {
        return;
    } else if (strcmp(tag, mark) == 0) {
        r->mark = 1;
    } else if (r->mark && strcmp(tag, "/a>") == 0) {
        r->mark = 0;
    } else if (strncasecmp(tag, "img ", 4) == 0) {
        put_picture(r, tag);
    } else {
        putc_unlocked('<', r->out);
        fputs(tag, r->out);
    }
}

int
platen_lok_embed(const char *page, unsigned *comments)
{
    static char tag[TAG_MAX];
    char        path[PATH_LEN];
    reading_t   r = { .page = page };
    int         c, fd, failed;

    *comments = 0;
    snprintf(path, sizeof(path), "%s.whole", page);
    r.in = fopen(page, "re");
    if (r.in == NULL) {
        return -1;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    r.out = fd < 0 ? NULL : fdopen(fd, "w");
    if (r.out == NULL) {
        fclose(r.in);
        return -1;
    }
    while ((c = getc_unlocked(r.in)) != EOF) {
        if (c == '<') {
            (void) platen_lok_tag_read(r.in, tag, sizeof(tag));
            take_tag(&r, tag);
        } else if (!r.comment) {
            putc_unlocked(c, r.out);
        }
    }
    failed = ferror(r.in) || ferror(r.out);
    fclose(r.in);
    failed |= fclose(r.out) != 0;
    remove_pictures(&r);
    if (failed || rename(path, page) != 0) {
        (void) unlink(path);
        return -1;
    }
    *comments = r.comments;
    return 0;
}
