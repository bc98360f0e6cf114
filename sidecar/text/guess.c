/*
 * The guess; see text/main.h.  libuchardet has seen many texts, but of short
 * ones it says odd things: a German letter is then Turkish or Chinese.  Where
 * few of the letters are not ASCII, it is one of the charsets of the West, or
 * what uchardet says if that makes words of them.
 */

#include "text/main.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <uchardet/uchardet.h>

#include "base/charset.h"

#define SAMPLE (256 * 1024)

/* The share of letters that are not ASCII, in per cent. */
static unsigned
foreign(const unsigned char *p, size_t len)
{
    size_t i, high = 0, plain = 0;

    for (i = 0; i < len; i++) {
        high += p[i] >= 0x80;
        plain += isalpha(p[i]) != 0;
    }
    return high + plain == 0 ? 0 : (unsigned) (100 * high / (high + plain));
}

/* Whether every byte is a character of that charset, and none a control. */
static int
reads(const char *charset, const char *p, size_t len)
{
    iconv_t  cd = iconv_open("UTF-32LE", platen_charset_iconv(charset));
    uint32_t buf[1024];
    char    *in = (char *) (uintptr_t) p, *out;
    size_t   room, n, i;
    int      good = 1;

    if (cd == (iconv_t) -1) {
        return 0;
    }
    while (good && len > 0) {
        out = (char *) buf;
        room = sizeof(buf);
        n = iconv(cd, &in, &len, &out, &room);
        for (i = 0; i < (sizeof(buf) - room) / 4; i++) {
            good = good && !(buf[i] >= 0x80 && buf[i] < 0xa0);
        }
        /* The end of a sample may be half a character. */
        if (n == (size_t) -1 && errno != E2BIG) {
            good = good && errno == EINVAL && len < 4;
            break;
        }
    }
    iconv_close(cd);
    return good;
}

static const char *
ask(const char *p, size_t len)
{
    uchardet_t  detector = uchardet_new();
    const char *said, *name = NULL;

    if (detector == NULL) {
        return NULL;
    }
    if (uchardet_handle_data(detector, p, len) == 0) {
        uchardet_data_end(detector);
        said = uchardet_get_charset(detector);
        name = platen_charset_find(said, strlen(said));
    }
    uchardet_delete(detector);
    return name;
}

static int
is_any(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/*
 * Whether what is not ASCII are the letters of Turkish, with some that no other language
 * has there: an Icelandic text has those bytes, too, and beside them others.
 */
static int
is_turkish(const unsigned char *p, size_t len)
{
    static const char own[] = "\xd0\xdd\xde\xf0\xfd\xfe";
    static const char shared[] = "\xc2\xc7\xce\xd6\xdb\xdc\xe2\xe7\xee\xf6\xfb\xfc";
    size_t            i, letters = 0, its = 0, dotless = 0, others = 0;

    for (i = 0; i < len; i++) {
        if (p[i] < 0xc0) {
            continue;
        }
        letters++;
        dotless += p[i] == 0xfd;
        its += strchr(own, p[i]) != NULL;
        others += strchr(own, p[i]) == NULL && strchr(shared, p[i]) == NULL;
    }
    return its >= 3 && dotless > 0 && its > dotless && others * 20 <= letters;
}

/* What Windows calls a charset with some more characters, which texts of it then have. */
static const char *
larger(const char *name)
{
    static const char *const of[][2] = {
        { "iso-8859-1", "windows-1252" }, { "iso-8859-15", "windows-1252" },
        { "iso-8859-2", "windows-1250" }, { "iso-8859-16", "windows-1250" },
        { "iso-8859-4", "windows-1257" }, { "iso-8859-13", "windows-1257" },
        { "iso-8859-7", "windows-1253" }, { "iso-8859-8", "windows-1255" },
        { "iso-8859-9", "windows-1254" },
    };
    size_t i;

    for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        if (strcmp(of[i][0], name) == 0) {
            return of[i][1];
        }
    }
    return NULL;
}

const char *
platen_text_coded(const char *text, size_t len)
{
    static const char *const coded[] = { "iso-2022-jp", "iso-2022-kr", NULL };
    const char              *said;

    if (len > SAMPLE) {
        len = SAMPLE;
    }
    said = memchr(text, 0x1b, len) == NULL ? NULL : ask(text, len);
    return said != NULL && is_any(said, coded) && reads(said, text, len) ? said : NULL;
}

const char *
platen_text_guess(const char *text, size_t len)
{
    /* Of Latin letters: a few of them, here and there, are what one expects. */
    static const char *const latin[] = { "windows-1250", "iso-8859-2",  "iso-8859-16",
                                         "windows-1257", "iso-8859-13", "iso-8859-4",
                                         "iso-8859-15",  "ibm852",      NULL };
    static const char *const turkish[] = { "iso-8859-9", "windows-1254", "iso-8859-3", NULL };
    static const char *const wide[] = { "shift_jis", "euc-jp", "gb18030", "big5",
                                        "euc-kr",    "euc-tw", NULL };
    /* Where nothing is said: what makes text of all bytes, the commonest first. */
    static const char *const others[] = { "shift_jis", "gb18030", "euc-kr", "windows-1251",
                                          NULL };
    const char              *said;
    unsigned                 share;
    size_t                   i;

    if (len > SAMPLE) {
        len = SAMPLE;
    }
    said = ask(text, len);
    if (said != NULL && strcmp(said, "iso-8859-1") == 0) {
        said = "windows-1252"; /* which is read, whatever the name */
    }
    if (said != NULL && strcmp(said, "utf-8") != 0 && !reads(said, text, len)) {
        said = larger(said);
    }
    if (said != NULL && (strcmp(said, "utf-8") == 0 || !reads(said, text, len))) {
        said = NULL;
    }
    if (said != NULL && is_any(said, turkish)
        && is_turkish((const unsigned char *) text, len)) {
        return "windows-1254";
    }
    share = foreign((const unsigned char *) text, len);
    if (share < 25) {
        return said != NULL && (is_any(said, latin) || (share >= 8 && is_any(said, wide)))
                   ? said
                   : "windows-1252";
    }
    if (said != NULL && strcmp(said, "us-ascii") != 0) {
        return said;
    }
    for (i = 0; share >= 40 && others[i] != NULL; i++) {
        if (reads(others[i], text, len)) {
            return others[i];
        }
    }
    return "windows-1252";
}
