/* The table of conversion options; see job/option.h.  Pure functions, any thread. */

#include "job/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/charset.h"
#include "base/utf8.h"

#define PAGE_MAX 99999

typedef enum {
    KIND_SWITCH,
    KIND_NUMBER, /* from min to max */
    KIND_CHOICE, /* one of words */
    KIND_PAGES,
    KIND_TEXT,
    KIND_CHARSET,
    KIND_MARGINS,
    KIND_SECRET
} kind_t;

/* What is said, in either case, and what it means; "" takes the option away. */
typedef struct {
    const char *said;
    const char *word;
} word_t;

typedef struct {
    const char   *name;
    const char   *allowed;
    kind_t        kind;
    unsigned long min, max;
    const word_t *words;
} option_t;

static const word_t switches[] = {
    { "true", "true" }, { "1", "true" }, { "yes", "true" }, { "on", "true" }, { "false", "" },
    { "0", "" },        { "no", "" },    { "off", "" },     { NULL, NULL },
};

static const word_t pdfa[] = {
    { "1b", "1b" },       { "2b", "2b" },       { "3b", "3b" },      { "pdf/a-1b", "1b" },
    { "pdf/a-2b", "2b" }, { "pdf/a-3b", "3b" }, { "pdfa-1b", "1b" }, { "pdfa-2b", "2b" },
    { "pdfa-3b", "3b" },  { NULL, NULL },
};

static const word_t image_resolutions[] = {
    { "75", "75" },   { "150", "150" },   { "300", "300" },
    { "600", "600" }, { "1200", "1200" }, { NULL, NULL },
};

static const word_t delimiters[] = {
    { "comma", "comma" }, { ",", "comma" }, { "semicolon", "semicolon" },
    { ";", "semicolon" }, { "tab", "tab" }, { "\t", "tab" },
    { "pipe", "pipe" },   { "|", "pipe" },  { "space", "space" },
    { " ", "space" },     { NULL, NULL },
};

static const word_t flavours[] = {
    { "gfm", "gfm" },
    { "commonmark", "commonmark" },
    { "markdown", "markdown" },
    { NULL, NULL },
};

static const word_t layouts[] = {
    { "flow", "" },
    { "exact", "exact" },
    { NULL, NULL },
};

static const word_t headers[] = {
    { "true", "" },    { "1", "" },          { "yes", "" },
    { "on", "" },      { "false", "false" }, { "0", "false" },
    { "no", "false" }, { "off", "false" },   { NULL, NULL },
};

static const word_t values[] = {
    { "stored", "" },
    { "display", "display" },
    { NULL, NULL },
};

/* What "charset" was called, in records of then. */
static const char old_charset[] = "csv_encoding";

static const word_t changes[] = {
    { "final", "" },
    { "original", "original" },
    { "show", "show" },
    { NULL, NULL },
};

static const word_t comments[] = {
    { "none", "" },
    { "margin", "margin" },
    { "end", "end" },
    { NULL, NULL },
};

static const word_t fits[] = {
    { "width", "width" },
    { "page", "page" },
    { NULL, NULL },
};

static const word_t orientations[] = {
    { "portrait", "portrait" },
    { "landscape", "landscape" },
    { NULL, NULL },
};

static const word_t papers[] = {
    { "a3", "a3" },
    { "a4", "a4" },
    { "a5", "a5" },
    { "a6", "a6" },
    { "b4", "b4" },
    { "b5", "b5" },
    { "letter", "letter" },
    { "legal", "legal" },
    { "tabloid", "tabloid" },
    { "ledger", "tabloid" },
    { "executive", "executive" },
    { NULL, NULL },
};

/* Upright, in 1/100 mm (ISO 216; ANSI/ASME Y14.1). */
static const struct {
    const char *word;
    uint32_t    width, height;
} paper_sizes[] = {
    { "a3", 29700, 42000 },        { "a4", 21000, 29700 },    { "a5", 14800, 21000 },
    { "a6", 10500, 14800 },        { "b4", 25000, 35300 },    { "b5", 17600, 25000 },
    { "letter", 21590, 27940 },    { "legal", 21590, 35560 }, { "tabloid", 27940, 43180 },
    { "executive", 18415, 26670 },
};

/* No margin is wider, in 1/100 mm. */
#define MARGIN_MAX 50000

#define SWITCH(n)                                                                              \
    {                                                                                          \
        n, "true or false", KIND_SWITCH, 0, 0, switches                                        \
    }
#define NUMBER(n, lo, hi)                                                                      \
    {                                                                                          \
        n, "a number from " #lo " to " #hi, KIND_NUMBER, lo, hi, NULL                          \
    }
#define CHOICE(n, allowed, words)                                                              \
    {                                                                                          \
        n, allowed, KIND_CHOICE, 0, 0, words                                                   \
    }
#define SECRET(n)                                                                              \
    {                                                                                          \
        n, "1 to 127 bytes of UTF-8 without control characters", KIND_SECRET, 0, 0, NULL       \
    }

static const option_t options_table[PLATEN_OPTIONS] = {
    [PLATEN_OPTION_PAGES] = { "pages", "pages and ranges of pages from 1, such as 1-3,5 or 7-",
                              KIND_PAGES, 1, PAGE_MAX, NULL },
    [PLATEN_OPTION_PASSWORD] = SECRET("password"),
    [PLATEN_OPTION_OUTPUT_PASSWORD] = SECRET("output_password"),
    [PLATEN_OPTION_PDFA] = CHOICE("pdfa", "1b, 2b or 3b", pdfa),
    [PLATEN_OPTION_PDFUA] = SWITCH("pdfua"),
    [PLATEN_OPTION_LANDSCAPE] = SWITCH("landscape"),
    [PLATEN_OPTION_IMAGE_QUALITY] = NUMBER("image_quality", 1, 100),
    [PLATEN_OPTION_IMAGE_RESOLUTION] =
        CHOICE("image_resolution", "75, 150, 300, 600 or 1200", image_resolutions),
    [PLATEN_OPTION_SINGLE_PAGE_SHEETS] = SWITCH("single_page_sheets"),
    [PLATEN_OPTION_CSV_DELIMITER] =
        CHOICE("csv_delimiter", "comma, semicolon, tab, pipe or space", delimiters),
    [PLATEN_OPTION_CHARSET] = { "charset",
                                "the name of a charset, such as utf-8, windows-1252 or "
                                "shift_jis",
                                KIND_CHARSET, 0, 0, NULL },
    [PLATEN_OPTION_MARKDOWN_FLAVOUR] =
        CHOICE("markdown_flavour", "gfm, commonmark or markdown", flavours),
    [PLATEN_OPTION_WIDTH] = NUMBER("width", 16, 4096),
    [PLATEN_OPTION_RESOLUTION] = NUMBER("resolution", 36, 600),
    [PLATEN_OPTION_LAYOUT] = CHOICE("layout", "flow or exact", layouts),
    [PLATEN_OPTION_SHEET] = { "sheet", "the name of a sheet, its number from 1, or all",
                              KIND_TEXT, 0, 0, NULL },
    [PLATEN_OPTION_HEADER] = CHOICE("header", "true or false", headers),
    [PLATEN_OPTION_VALUES] = CHOICE("values", "stored or display", values),
    [PLATEN_OPTION_TRACK_CHANGES] = CHOICE("track_changes", "final, original or show", changes),
    [PLATEN_OPTION_COMMENTS] = CHOICE("comments", "none, margin or end", comments),
    [PLATEN_OPTION_FIT] = CHOICE("fit", "width or page", fits),
    [PLATEN_OPTION_ORIENTATION] = CHOICE("orientation", "portrait or landscape", orientations),
    [PLATEN_OPTION_PAPER] = CHOICE("paper",
                                   "A3, A4, A5, A6, B4, B5, Letter, Legal, Tabloid or "
                                   "Executive",
                                   papers),
    [PLATEN_OPTION_MARGINS] = { "margins",
                                "one to four lengths up to 500 mm, in mm, cm, in or pt, as "
                                "CSS has them: 20mm, or 1in 2cm",
                                KIND_MARGINS, 0, 0, NULL },
};

_Static_assert(PLATEN_OPTIONS <= 32, "a mask has 32 bits");

const char *
platen_option_name(platen_option_t option)
{
    return options_table[option].name;
}

const char *
platen_option_allowed(platen_option_t option)
{
    return options_table[option].allowed;
}

uint32_t
platen_option_secrets(void)
{
    uint32_t mask = 0;
    int      i;

    for (i = 0; i < PLATEN_OPTIONS; i++) {
        if (options_table[i].kind == KIND_SECRET) {
            mask |= PLATEN_OPTION_BIT(i);
        }
    }
    return mask;
}

int
platen_option_find(const char *name, size_t len)
{
    char   lower[PLATEN_OPTION_NAME_MAX];
    size_t i;
    int    option;

    if (len == 0 || len > sizeof(lower)) {
        return -1;
    }
    for (i = 0; i < len; i++) {
        lower[i] = name[i];
        if (name[i] >= 'A' && name[i] <= 'Z') {
            lower[i] = (char) (name[i] - 'A' + 'a');
        } else if (name[i] == '-') {
            lower[i] = '_';
        }
    }

    for (option = 0; option < PLATEN_OPTIONS; option++) {
        if (strlen(options_table[option].name) == len
            && memcmp(options_table[option].name, lower, len) == 0) {
            return option;
        }
    }
    return len == sizeof(old_charset) - 1 && memcmp(lower, old_charset, len) == 0
               ? PLATEN_OPTION_CHARSET
               : -1;
}

/* The rest write the canonical value into `out` and return PLATEN_OK or _INVALID. */

static int
take_word(const word_t *words, const char *value, size_t len, char *out)
{
    for (; words->said != NULL; words++) {
        if (strlen(words->said) == len && strncasecmp(words->said, value, len) == 0) {
            strcpy(out, words->word);
            return PLATEN_OK;
        }
    }
    return PLATEN_INVALID;
}

/* Digits at *p, at most `max`; moves *p behind them. */
static int
take_digits(const char **p, const char *end, unsigned long max, unsigned long *number)
{
    const char *start = *p;

    for (*number = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        *number = *number * 10 + (unsigned long) (**p - '0');
        if (*number > max) {
            return PLATEN_INVALID;
        }
    }
    return *p == start ? PLATEN_INVALID : PLATEN_OK;
}

static int
take_number(const option_t *o, const char *value, size_t len, char *out)
{
    const char   *end = value + len;
    unsigned long n;

    if (take_digits(&value, end, o->max, &n) != PLATEN_OK || value != end || n < o->min) {
        return PLATEN_INVALID;
    }
    sprintf(out, "%lu", n);
    return PLATEN_OK;
}

static void
skip_blanks(const char **p, const char *end)
{
    while (*p < end && (**p == ' ' || **p == '\t')) {
        (*p)++;
    }
}

/*
 * pages = range *("," range)
 * range = number ["-" [number]]
 * Blanks may stand around all of them.
 */
static int
take_pages(const char *value, size_t len, char *out)
{
    const char   *end = value + len;
    char          text[48]; /* of any two numbers */
    unsigned long first, last;
    size_t        n, used = 0;
    int           open;

    for (;;) {
        skip_blanks(&value, end);
        if (take_digits(&value, end, PAGE_MAX, &first) != PLATEN_OK || first == 0) {
            return PLATEN_INVALID;
        }
        skip_blanks(&value, end);

        last = first;
        open = 0;
        if (value < end && *value == '-') {
            value++;
            skip_blanks(&value, end);
            open = value == end || *value == ',';
            if (!open
                && (take_digits(&value, end, PAGE_MAX, &last) != PLATEN_OK || last < first)) {
                return PLATEN_INVALID;
            }
            skip_blanks(&value, end);
        }

        n = (size_t) (open            ? sprintf(text, "%lu-", first)
                      : last == first ? sprintf(text, "%lu", first)
                                      : sprintf(text, "%lu-%lu", first, last));
        if (used + (used > 0) + n > PLATEN_OPTION_VALUE_MAX) {
            return PLATEN_INVALID;
        }
        if (used > 0) {
            out[used++] = ',';
        }
        memcpy(out + used, text, n);
        used += n;

        if (value == end) {
            out[used] = '\0';
            return PLATEN_OK;
        }
        if (*value++ != ',') {
            return PLATEN_INVALID;
        }
    }
}

/* Of secrets too, and of what is named in a document. */
static int
take_text(const char *value, size_t len, char *out)
{
    const char *p = value, *end = value + len;
    uint32_t    c;

    if (len > PLATEN_OPTION_VALUE_MAX) {
        return PLATEN_INVALID;
    }
    while (p < end) {
        p += platen_utf8_decode(p, (size_t) (end - p), &c);
        if (c == PLATEN_UTF8_MALFORMED || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            return PLATEN_INVALID;
        }
    }
    memcpy(out, value, len);
    out[len] = '\0';
    return PLATEN_OK;
}

static int
take_charset(const char *value, size_t len, char *out)
{
    const char *name = platen_charset_find(value, len);

    if (name == NULL) {
        return PLATEN_INVALID;
    }
    strcpy(out, name);
    return PLATEN_OK;
}

/* A length such as 12.5mm at *p, in 1/100 mm; moves *p behind it. */
static int
take_length(const char **p, const char *end, uint32_t *length)
{
    static const struct {
        const char *name;
        double      hundredths; /* of a millimetre */
    } units[] = { { "mm", 100 }, { "cm", 1000 }, { "in", 2540 }, { "pt", 2540 / 72.0 } };
    double whole = 0, scale = 1;
    int    digits = 0, fraction = 0;
    size_t i;

    for (; *p < end && ((**p >= '0' && **p <= '9') || (**p == '.' && !fraction)); (*p)++) {
        if (**p == '.') {
            fraction = 1;
            continue;
        }
        if (++digits > 9) {
            return PLATEN_INVALID;
        }
        whole = 10 * whole + (**p - '0');
        scale *= fraction ? 10 : 1;
    }
    if (digits == 0) {
        return PLATEN_INVALID;
    }
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (end - *p >= 2 && strncasecmp(*p, units[i].name, 2) == 0) {
            *p += 2;
            whole = whole / scale * units[i].hundredths + 0.5;
            *length = whole > MARGIN_MAX + 1 ? MARGIN_MAX + 1 : (uint32_t) whole;
            return *length > MARGIN_MAX ? PLATEN_INVALID : PLATEN_OK;
        }
    }
    *length = 0; /* which needs no unit */
    return whole == 0 ? PLATEN_OK : PLATEN_INVALID;
}

/*
 * margins = length *3(1*( " " / "," ) length)
 * One is that of all sides, two are top and bottom, right and left, as in CSS.
 */
static int
take_margins(const char *value, size_t len, char *out)
{
    /* Whose length a side has: by how many there are. */
    static const unsigned of[5][4] = {
        { 0 }, { 0, 0, 0, 0 }, { 0, 1, 0, 1 }, { 0, 1, 2, 1 }, { 0, 1, 2, 3 }
    };
    const char *end = value + len;
    uint32_t    lengths[4], side;
    unsigned    n = 0, i;
    int         used = 0;

    for (;;) {
        skip_blanks(&value, end);
        if (value == end && n > 0) {
            break;
        }
        if (n == 4 || take_length(&value, end, &lengths[n++]) != PLATEN_OK
            || (value < end && *value != ' ' && *value != ',' && *value != '\t')) {
            return PLATEN_INVALID;
        }
        skip_blanks(&value, end);
        if (value < end && *value == ',' && ++value == end) {
            return PLATEN_INVALID;
        }
    }
    for (i = 0; i < 4; i++) {
        side = lengths[of[n][i]];
        used += sprintf(out + used, side % 100 == 0 ? "%s%umm" : "%s%u.%02umm",
                        i == 0 ? "" : " ", side / 100, side % 100);
    }
    return PLATEN_OK;
}

static int
canonical(platen_option_t option, const char *value, size_t len, char *out)
{
    const option_t *o = &options_table[option];

    if (len == 0) {
        out[0] = '\0';
        return PLATEN_OK;
    }
    switch (o->kind) {
    case KIND_NUMBER:
        return take_number(o, value, len, out);
    case KIND_PAGES:
        return take_pages(value, len, out);
    case KIND_CHARSET:
        return take_charset(value, len, out);
    case KIND_MARGINS:
        return take_margins(value, len, out);
    case KIND_TEXT:
    case KIND_SECRET:
        return take_text(value, len, out);
    default:
        return take_word(o->words, value, len, out);
    }
}

int
platen_options_set(platen_options_t *options, platen_option_t option, const char *value,
                   size_t len)
{
    char out[PLATEN_OPTION_VALUE_MAX + 1];

    if (canonical(option, value, len, out) != PLATEN_OK) {
        return PLATEN_INVALID;
    }

    memset(options->value[option], 0, sizeof(options->value[option]));
    options->given &= ~PLATEN_OPTION_BIT(option);
    if (out[0] != '\0') {
        strcpy(options->value[option], out);
        options->given |= PLATEN_OPTION_BIT(option);
    }
    return PLATEN_OK;
}

const char *
platen_options_get(const platen_options_t *options, platen_option_t option)
{
    return options->given & PLATEN_OPTION_BIT(option) ? options->value[option] : NULL;
}

unsigned long
platen_options_number(const platen_options_t *options, platen_option_t option,
                      unsigned long otherwise)
{
    if (!(options->given & PLATEN_OPTION_BIT(option))) {
        return otherwise;
    }
    return options_table[option].kind == KIND_SWITCH
               ? 1
               : strtoul(options->value[option], NULL, 10);
}

int
platen_options_margins(const platen_options_t *options, uint32_t margins[4])
{
    const char *value = platen_options_get(options, PLATEN_OPTION_MARGINS);
    const char *end = value == NULL ? NULL : value + strlen(value);
    int         i;

    for (i = 0; value != NULL && i < 4; i++) {
        skip_blanks(&value, end);
        (void) take_length(&value, end, &margins[i]);
    }
    return value == NULL ? -1 : 0;
}

int
platen_options_paper(const platen_options_t *options, uint32_t *width, uint32_t *height)
{
    const char *value = platen_options_get(options, PLATEN_OPTION_PAPER);
    size_t      i;

    for (i = 0; value != NULL && i < sizeof(paper_sizes) / sizeof(paper_sizes[0]); i++) {
        if (strcmp(paper_sizes[i].word, value) == 0) {
            *width = paper_sizes[i].width;
            *height = paper_sizes[i].height;
            return 0;
        }
    }
    return -1;
}

size_t
platen_options_text(const platen_options_t *options, uint32_t mask,
                    char out[PLATEN_OPTIONS_TEXT_MAX])
{
    char  *p = out;
    size_t n;
    int    i;

    for (i = 0; i < PLATEN_OPTIONS; i++) {
        if (!(options->given & mask & PLATEN_OPTION_BIT(i))) {
            continue;
        }
        n = strlen(options_table[i].name);
        memcpy(p, options_table[i].name, n);
        p += n;
        *p++ = '=';
        n = strlen(options->value[i]);
        memcpy(p, options->value[i], n);
        p += n;
        *p++ = '\n';
    }
    return (size_t) (p - out);
}

/* Whether it could be an option's name, of this version or another. */
static int
is_name(const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if ((name[i] < 'a' || name[i] > 'z') && (name[i] < '0' || name[i] > '9')
            && name[i] != '_') {
            return 0;
        }
    }
    return len > 0;
}

int
platen_options_parse(platen_options_t *options, const char *text, size_t len)
{
    const char      *end = text + len, *eol, *value;
    platen_options_t read = *options;
    size_t           n;
    int              option, last = -1;

    for (; text < end; text = eol + 1) {
        eol = memchr(text, '\n', (size_t) (end - text));
        value = eol == NULL ? NULL : memchr(text, '=', (size_t) (eol - text));
        if (value == NULL || !is_name(text, (size_t) (value - text))) {
            return PLATEN_CORRUPT;
        }

        option = platen_option_find(text, (size_t) (value - text));
        if (option < 0) {
            return PLATEN_TOO_NEW;
        }
        value++;
        n = (size_t) (eol - value);
        if (option <= last || n == 0
            || platen_options_set(&read, (platen_option_t) option, value, n) != PLATEN_OK
            || strlen(read.value[option]) != n || memcmp(read.value[option], value, n) != 0) {
            return PLATEN_CORRUPT;
        }
        last = option;
    }

    *options = read;
    return PLATEN_OK;
}
