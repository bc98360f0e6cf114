/*
 * Pages turned; see platen_lok_landscape.h.  In a child, after its document has
 * been loaded and written as flat OpenDocument: LibreOfficeKit has no call that
 * turns pages, its commands reach the page style at the cursor alone and none of
 * Calc's.  The edited file is loaded in the place of the document.
 *
 * LibreOffice writes no comments and no CDATA sections, and escapes `<` and `>`
 * in text and in attributes.
 */

#include "platen_lok_landscape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAYOUT "style:page-layout-properties"
#define OBJECT "draw:object"
#define WIDTH " fo:page-width=\""
#define HEIGHT " fo:page-height=\""
#define ORIENTATION " style:print-orientation=\""

/* Of a tag and its NUL; a longer one is copied as it is. */
#define TAG_MAX 8192

/* What a layout without a size of its own has: A4. */
#define A4_LANDSCAPE WIDTH "29.7cm\"" HEIGHT "21cm\"" ORIENTATION "landscape\""

/* The value of an attribute, up to its quote; NULL if there is none. */
static const char *
value(const char *tag, const char *attribute, size_t *len)
{
    const char *found = strstr(tag, attribute);

    if (found == NULL) {
        return NULL;
    }
    found += strlen(attribute);
    *len = strcspn(found, "\"");
    return found;
}

/* Copies attributes but those that are written anew. */
static void
copy_others(const char *attributes, FILE *out)
{
    static const char *const anew[] = { WIDTH, HEIGHT, ORIENTATION };
    const char              *end;
    size_t                   i;

    while (*attributes != '\0') {
        for (i = 0; i < sizeof(anew) / sizeof(anew[0]); i++) {
            if (strncmp(attributes, anew[i], strlen(anew[i])) == 0) {
                end = strchr(attributes + strlen(anew[i]), '"');
                if (end != NULL) {
                    attributes = end + 1;
                    break;
                }
            }
        }
        if (i == sizeof(anew) / sizeof(anew[0])) {
            putc_unlocked(*attributes++, out);
        }
    }
}

/* Writes the tag; `attributes` is all that follows its name. */
static void
turn(const char *attributes, FILE *out)
{
    const char *width, *height;
    size_t      wide = 0, high = 0;

    width = value(attributes, WIDTH, &wide);
    height = value(attributes, HEIGHT, &high);
    if (width == NULL || height == NULL) {
        fputs("<" LAYOUT A4_LANDSCAPE, out);
    } else if (atof(width) < atof(height)) { /* in the same unit */
        fprintf(out, "<" LAYOUT WIDTH "%.*s\"" HEIGHT "%.*s\"" ORIENTATION "landscape\"",
                (int) high, height, (int) wide, width);
    } else {
        fprintf(out, "<" LAYOUT "%s", attributes);
        return;
    }
    copy_others(attributes, out);
}

/*
 * A tag after its `<`, up to its `>` or to what there is room for.  Returns
 * whether it is whole.
 */
static int
read_tag(FILE *in, char tag[TAG_MAX])
{
    size_t n = 0;
    int    c;

    while (n < TAG_MAX - 1 && (c = getc_unlocked(in)) != EOF) {
        tag[n++] = (char) c;
        if (c == '>') {
            tag[n] = '\0';
            return 1;
        }
    }
    tag[n] = '\0';
    return 0;
}

static int
is(const char *tag, const char *name)
{
    size_t len = strlen(name);

    return strncmp(tag, name, len) == 0 && strchr(" />", tag[len]) != NULL && tag[len] != '\0';
}

/* Embedded documents have page layouts of their own, which stay as they are. */
static void
edit(FILE *in, FILE *out, int objects)
{
    static char tag[TAG_MAX];
    unsigned    depth = 0;
    int         c, whole, closes;

    while ((c = getc_unlocked(in)) != EOF) {
        if (c != '<') {
            if (objects || depth == 0) {
                putc_unlocked(c, out);
            }
            continue;
        }
        whole = read_tag(in, tag);
        closes = is(tag, "/" OBJECT);
        depth += is(tag, OBJECT) && strcmp(tag + strlen(tag) - 2, "/>") != 0;
        if (depth == 0 && whole && is(tag, LAYOUT)) {
            turn(tag + strlen(LAYOUT), out);
        } else if (objects || depth == 0) {
            putc_unlocked('<', out);
            fputs(tag, out);
        }
        depth -= closes && depth != 0;
    }
}

int
platen_lok_landscape(const char *from, const char *to, int objects)
{
    FILE *in, *out = NULL;
    int   fd, failed;

    in = fopen(from, "re");
    if (in == NULL) {
        return -1;
    }
    fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        out = fdopen(fd, "w");
        if (out == NULL) {
            close(fd);
        }
    }
    if (out == NULL) {
        fclose(in);
        return -1;
    }
    edit(in, out, objects);
    failed = ferror(in) || ferror(out);
    fclose(in);
    return fclose(out) != 0 || failed ? -1 : 0;
}
