/*
 * Fonts that were replaced; see lok/fonts.h.  Used by the main thread
 * alone.
 *
 * Fontconfig is not asked for each of them (LibreOffice has a table of its own
 * for the commonest, and remembers answers), but OutputDevice can keep a list of
 * the font that each piece of text asked for and of those that it was set in,
 * the first for the font itself and others for glyphs that it lacks.  That list
 * is C++, a vector of structures of strings and vectors: their layout is that of
 * the Itanium ABI, and of LibreOffice 7.3 and later.
 *
 * Names come out of documents and are hostile.
 */

#include "lok/fonts.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/utf8.h"

/* rtl_uString */
typedef struct {
    int32_t  references;
    int32_t  length;
    uint16_t text[];
} string_t;

/* std::vector<rtl::OUString> */
typedef struct {
    string_t **begin, **end, **limit;
} strings_t;

/* OutputDevice::FontMappingUseItem; names are "Family" or "Family/Style". */
typedef struct {
    string_t *requested;
    strings_t used;
    int       count;
} use_t;

/* OutputDevice::FontMappingUseData */
typedef struct {
    use_t *begin, *end, *limit;
} uses_t;

typedef void   start_t(void);
typedef uses_t finish_t(void);

typedef struct {
    char requested[PLATEN_LOK_FONT_MAX + 1];
    char used[PLATEN_LOK_FONT_MAX + 1];
} replaced_t;

static start_t  *start;
static finish_t *finish;

/* Of CSS: not fonts that could be there or not. */
static const char *const generic[] = {
    "serif",      "sans-serif",   "sans",          "monospace",     "mono",
    "cursive",    "fantasy",      "system-ui",     "ui-sans-serif", "ui-serif",
    "ui-rounded", "ui-monospace", "-apple-system", "default",
};

/* Fonts of symbols; their text is set in another one glyph by glyph, as meant. */
static const char symbols[] = "OpenSymbol";

/* ISO C has no cast from an object's address to a function's. */
static int
find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    memcpy(function, &address, sizeof(address));
    return address != NULL;
}

int
platen_lok_fonts_open(void *library)
{
    if (!find(library, "_ZN12OutputDevice27StartTrackingFontMappingUseEv", &start)
        || !find(library, "_ZN12OutputDevice28FinishTrackingFontMappingUseEv", &finish)) {
        start = NULL;
        finish = NULL;
        return -1;
    }
    return 0;
}

void
platen_lok_fonts_begin(void)
{
    if (start != NULL) {
        start();
    }
}

/* Whether a name should not have it: controls, and marks that turn text around. */
static int
unwanted(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f)
           || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff
           || c >= 0xfff9;
}

/*
 * The first family of a list that `;` separates, without the style, as UTF-8.
 * No family has characters outside the basic plane: surrogates are dropped.
 * Returns where the list goes on, or the string's length.
 */
static int32_t
family(const string_t *name, int32_t from, char out[PLATEN_LOK_FONT_MAX + 1])
{
    size_t   n = 0, len;
    uint32_t c;
    int32_t  i;
    char     octets[4];
    int      style = 0, full = 0;

    for (i = from; i < name->length && name->text[i] != ';'; i++) {
        c = name->text[i];
        style |= c == '/';
        if (style || full || unwanted(c) || (c >= 0xd800 && c <= 0xdfff)
            || (c == ' ' && n == 0)) {
            continue;
        }
        len = platen_utf8_encode(c, octets);
        full = len > PLATEN_LOK_FONT_MAX - n;
        if (!full) {
            memcpy(out + n, octets, len);
            n += len;
        }
    }
    while (n != 0 && out[n - 1] == ' ') {
        n--;
    }
    out[n] = '\0';
    return i < name->length ? i + 1 : name->length;
}

static int
is_generic(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(generic) / sizeof(generic[0]); i++) {
        if (strcasecmp(name, generic[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether it is a replacement; then `pair` is filled. */
static int
is_replaced(const use_t *use, replaced_t *pair)
{
    char    name[PLATEN_LOK_FONT_MAX + 1];
    int32_t at;

    if (use->requested == NULL || use->used.begin == use->used.end) {
        return 0;
    }
    (void) family(use->used.begin[0], 0, pair->used);
    at = family(use->requested, 0, pair->requested);
    if (pair->used[0] == '\0' || pair->requested[0] == '\0'
        || pair->requested[0] == '+' /* "+mn-lt": of a theme that is not there */
        || is_generic(pair->requested) || strcasecmp(pair->used, pair->requested) == 0
        || strcasecmp(pair->used, symbols) == 0) {
        return 0;
    }
    while (at < use->requested->length) {
        at = family(use->requested, at, name);
        if (strcasecmp(pair->used, name) == 0) {
            return 0; /* the document names it as good enough */
        }
    }
    return 1;
}

int
platen_lok_fonts_end(const char *path)
{
    static replaced_t pairs[PLATEN_LOK_FONTS_MAX];
    uses_t            uses;
    use_t            *use;
    size_t            n = 0, i;
    FILE             *out;
    int               fd, failed;

    if (finish == NULL) {
        return 0;
    }
    uses = finish(); /* and leaves it to the process's end to free them */
    for (use = uses.begin; use != uses.end && n < PLATEN_LOK_FONTS_MAX; use++) {
        if (!is_replaced(use, &pairs[n])) {
            continue;
        }
        for (i = 0; i < n && strcasecmp(pairs[i].requested, pairs[n].requested) != 0; i++) {
        }
        n += i == n;
    }
    if (n == 0) {
        return 0;
    }

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    out = fdopen(fd, "w");
    if (out == NULL) {
        close(fd);
        return -1;
    }
    for (i = 0; i < n; i++) {
        fprintf(out, "%s\t%s\n", pairs[i].requested, pairs[i].used);
    }
    failed = ferror(out);
    return fclose(out) != 0 || failed ? -1 : 0;
}
