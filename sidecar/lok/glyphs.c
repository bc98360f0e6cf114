/*
 * Characters without a font; see lok/glyphs.h.  Used by the main thread alone.
 *
 * Where the font of a text lacks characters, LibreOffice asks fontconfig for one that has
 * them, and puts them into a set for that.  Its libraries find the function that does so
 * in this program first, which exports it (LOK_EXPORT in the Makefile): what is put into
 * a set is noted, and when all is done it is looked for in each font.  Text that its own
 * fonts have costs nothing.
 */

#include "lok/glyphs.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/warning.h"

#define NOTED_MAX 4096
#define SHOWN_MAX 8 /* characters in a sentence */

/* Of fontconfig, whose ABI this is; its headers are not needed for anything else. */
typedef struct FcCharSet FcCharSet;
typedef struct FcPattern FcPattern;
typedef struct {
    int         nfont, sfont;
    FcPattern **fonts;
} FcFontSet;

typedef int        add_char_t(FcCharSet *set, uint32_t character);
typedef int        has_char_t(const FcCharSet *set, uint32_t character);
typedef FcFontSet *get_fonts_t(void *config, int which);
typedef int get_charset_t(const FcPattern *font, const char *object, int n, FcCharSet **set);

int FcCharSetAddChar(FcCharSet *set, uint32_t character);

static struct {
    add_char_t    *add_char;
    has_char_t    *has_char;
    get_fonts_t   *get_fonts;
    get_charset_t *get_charset;
    uint32_t       noted[NOTED_MAX];
    size_t         n;
} glyphs;

/* Ranges in order; what is in none of them is of no script that is known here. */
static const struct {
    uint32_t    first, last;
    const char *script;
    const char *package;
} scripts[] = {
    { 0x0000, 0x036f, "Latin", "fonts-dejavu-core" },
    { 0x0370, 0x03ff, "Greek", "fonts-dejavu-core" },
    { 0x0400, 0x052f, "Cyrillic", "fonts-dejavu-core" },
    { 0x0530, 0x058f, "Armenian", "fonts-noto-core" },
    { 0x0590, 0x05ff, "Hebrew", "fonts-noto-core" },
    { 0x0600, 0x06ff, "Arabic", "fonts-noto-core" },
    { 0x0700, 0x074f, "Syriac", "fonts-noto-core" },
    { 0x0750, 0x077f, "Arabic", "fonts-noto-core" },
    { 0x0780, 0x07bf, "Thaana", "fonts-noto-core" },
    { 0x07c0, 0x07ff, "N'Ko", "fonts-noto-core" },
    { 0x0870, 0x08ff, "Arabic", "fonts-noto-core" },
    { 0x0900, 0x097f, "Devanagari", "fonts-noto-core" },
    { 0x0980, 0x09ff, "Bengali", "fonts-noto-core" },
    { 0x0a00, 0x0a7f, "Gurmukhi", "fonts-noto-core" },
    { 0x0a80, 0x0aff, "Gujarati", "fonts-noto-core" },
    { 0x0b00, 0x0b7f, "Odia", "fonts-noto-core" },
    { 0x0b80, 0x0bff, "Tamil", "fonts-noto-core" },
    { 0x0c00, 0x0c7f, "Telugu", "fonts-noto-core" },
    { 0x0c80, 0x0cff, "Kannada", "fonts-noto-core" },
    { 0x0d00, 0x0d7f, "Malayalam", "fonts-noto-core" },
    { 0x0d80, 0x0dff, "Sinhala", "fonts-noto-core" },
    { 0x0e00, 0x0e7f, "Thai", "fonts-noto-core" },
    { 0x0e80, 0x0eff, "Lao", "fonts-noto-core" },
    { 0x0f00, 0x0fff, "Tibetan", "fonts-noto-core" },
    { 0x1000, 0x109f, "Burmese", "fonts-noto-core" },
    { 0x10a0, 0x10ff, "Georgian", "fonts-noto-core" },
    { 0x1100, 0x11ff, "Korean", "fonts-noto-cjk" },
    { 0x1200, 0x139f, "Ethiopic", "fonts-noto-core" },
    { 0x13a0, 0x13ff, "Cherokee", "fonts-noto-core" },
    { 0x1400, 0x167f, "Canadian syllabics", "fonts-noto-core" },
    { 0x1780, 0x17ff, "Khmer", "fonts-noto-core" },
    { 0x1800, 0x18af, "Mongolian", "fonts-noto-core" },
    { 0x1e00, 0x1eff, "Latin", "fonts-dejavu-core" },
    { 0x1f00, 0x1fff, "Greek", "fonts-dejavu-core" },
    { 0x2000, 0x2bff, "symbols", "fonts-noto-core" },
    { 0x2e80, 0x9fff, "Chinese, Japanese or Korean", "fonts-noto-cjk" },
    { 0xac00, 0xd7ff, "Korean", "fonts-noto-cjk" },
    { 0xe000, 0xf8ff, "private use", NULL },
    { 0xf900, 0xfaff, "Chinese, Japanese or Korean", "fonts-noto-cjk" },
    { 0xfb1d, 0xfb4f, "Hebrew", "fonts-noto-core" },
    { 0xfb50, 0xfdff, "Arabic", "fonts-noto-core" },
    { 0xfe30, 0xfe4f, "Chinese, Japanese or Korean", "fonts-noto-cjk" },
    { 0xfe70, 0xfefe, "Arabic", "fonts-noto-core" },
    { 0xff00, 0xffef, "Chinese, Japanese or Korean", "fonts-noto-cjk" },
    { 0x10000, 0x1bfff, "old scripts", "fonts-noto-core" },
    { 0x1d000, 0x1d3ff, "symbols", "fonts-noto-core" },
    { 0x1d400, 0x1d7ff, "mathematics", "fonts-noto-core" },
    { 0x1f000, 0x1faff, "emoji", "fonts-noto-color-emoji" },
    { 0x20000, 0x3ffff, "rare Chinese", "fonts-hanazono" },
    { 0xf0000, 0x10ffff, "private use", NULL },
};

#define NSCRIPTS (sizeof(scripts) / sizeof(scripts[0]))

/* What is not to be seen in any font: controls, selectors, marks of direction, tags. */
static int
is_seen(uint32_t c)
{
    return c > 0x20 && !platen_utf8_invisible(c) && c != 0xa0 && c != 0xad
           && !(c >= 0x2000 && c <= 0x206f && (c <= 0x200f || c >= 0x2028))
           && !(c >= 0x180b && c <= 0x180f) && c != 0x3000 && c != 0x034f
           && !(c >= 0xfe00 && c <= 0xfe0f) && c != 0xfeff && !(c >= 0xfff0 && c <= 0xffff)
           && !(c >= 0xe0000 && c <= 0xe0fff);
}

/* LibreOffice's libraries call this in the place of fontconfig's. */
int
FcCharSetAddChar(FcCharSet *set, uint32_t character)
{
    size_t i;

    for (i = 0; i < glyphs.n && glyphs.noted[i] != character; i++) {
    }
    if (i == glyphs.n && i < NOTED_MAX && is_seen(character)) {
        glyphs.noted[glyphs.n++] = character;
    }
    return glyphs.add_char == NULL ? 0 : glyphs.add_char(set, character);
}

/* ISO C has no cast from an object's address to a function's. */
static void
find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    memcpy(function, &address, sizeof(address));
}

void
platen_lok_glyphs_open(void *library)
{
    find(library, "FcCharSetAddChar", &glyphs.add_char);
    find(library, "FcCharSetHasChar", &glyphs.has_char);
    find(library, "FcConfigGetFonts", &glyphs.get_fonts);
    find(library, "FcPatternGetCharSet", &glyphs.get_charset);
}

void
platen_lok_glyphs_begin(void)
{
    glyphs.n = 0;
}

/* Takes out of the list what one of these fonts has. */
static void
look_through(FcFontSet *fonts)
{
    FcCharSet *set;
    size_t     j, left;
    int        i;

    for (i = 0; fonts != NULL && i < fonts->nfont && glyphs.n > 0; i++) {
        if (glyphs.get_charset(fonts->fonts[i], "charset", 0, &set) != 0) {
            continue;
        }
        for (j = 0, left = 0; j < glyphs.n; j++) {
            if (!glyphs.has_char(set, glyphs.noted[j])) {
                glyphs.noted[left++] = glyphs.noted[j];
            }
        }
        glyphs.n = left;
    }
}

static size_t
script_of(uint32_t c)
{
    size_t i;

    for (i = 0; i < NSCRIPTS && (c < scripts[i].first || c > scripts[i].last); i++) {
    }
    return i;
}

/* The place of the first range of the same script. */
static size_t
first_of(size_t script)
{
    size_t i;

    for (i = 0; i < script && script < NSCRIPTS; i++) {
        if (strcmp(scripts[i].script, scripts[script].script) == 0) {
            return i;
        }
    }
    return script;
}

static void
warn(size_t script, size_t count, const char *shown)
{
    char advice[128] = "";

    if (script < NSCRIPTS && scripts[script].package != NULL) {
        snprintf(advice, sizeof(advice), "; apt install %s", scripts[script].package);
    }
    platen_warning_add(PLATEN_WARNINGS_FILE,
                       "No font that is installed here has these characters, and boxes stand "
                       "for them: %s%s (%s, %zu of them)%s.",
                       shown, count > SHOWN_MAX ? "..." : "",
                       script == NSCRIPTS ? "others" : scripts[script].script, count, advice);
}

void
platen_lok_glyphs_end(void)
{
    static char   shown[NSCRIPTS + 1][SHOWN_MAX * 5 + 8];
    static size_t count[NSCRIPTS + 1];
    size_t        i, script, n;

    if (glyphs.n == 0 || glyphs.has_char == NULL || glyphs.get_fonts == NULL
        || glyphs.get_charset == NULL) {
        return;
    }
    look_through(glyphs.get_fonts(NULL, 0));
    look_through(glyphs.get_fonts(NULL, 1));
    for (i = 0; i < glyphs.n; i++) {
        script = first_of(script_of(glyphs.noted[i]));
        n = strlen(shown[script]);
        if (count[script]++ < SHOWN_MAX) {
            n += platen_utf8_encode(glyphs.noted[i], shown[script] + n);
            shown[script][n] = '\0';
        }
    }
    for (script = 0; script <= NSCRIPTS; script++) {
        if (count[script] > 0) {
            warn(script, count[script], shown[script]);
        }
    }
}
