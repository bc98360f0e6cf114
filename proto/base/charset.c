/* Charsets; see base/charset.h. */

#include "base/charset.h"

#include <ctype.h>
#include <strings.h>

#define DECLARED_WITHIN 4096 /* bytes; browsers look at 1024 */

typedef struct {
    const char *name;    /* the usual one, lower case */
    const char *iconv;   /* NULL: as it is */
    const char *aliases; /* folded: no blanks, `-` and `_`, lower case; a space between */
} charset_t;

static const charset_t charsets[] = {
    { "utf-8", NULL, "utf8 unicode11utf8 cp65001 65001" },
    { "utf-16", NULL, "utf16 unicode ucs2 iso10646ucs2 csunicode" },
    { "utf-16le", NULL, "utf16le ucs2le unicodelittle cp1200 1200" },
    { "utf-16be", NULL, "utf16be ucs2be unicodebig unicodefffe cp1201 1201" },
    { "utf-32", NULL, "utf32 ucs4 iso10646ucs4" },
    { "utf-32le", NULL, "utf32le ucs4le cp12000" },
    { "utf-32be", NULL, "utf32be ucs4be cp12001" },
    { "utf-7", NULL, "utf7 unicode11utf7" },
    { "us-ascii", "windows-1252",
      "usascii ascii ansix341968 ansix34 iso646us iso646 646 cp367 ibm367 us" },
    { "iso-8859-1", "windows-1252",
      "iso88591 iso885911987 88591 latin1 l1 isoir100 cp819 ibm819 819 isolatin1" },
    { "iso-8859-2", NULL, "iso88592 iso885921987 88592 latin2 l2 isoir101 cp912 28592" },
    { "iso-8859-3", NULL, "iso88593 iso885931988 88593 latin3 l3 isoir109 cp913" },
    { "iso-8859-4", NULL, "iso88594 iso885941988 88594 latin4 l4 isoir110 cp914" },
    { "iso-8859-5", NULL, "iso88595 iso885951988 88595 cyrillic isoir144 cp915" },
    { "iso-8859-6", NULL,
      "iso88596 iso885961987 88596 arabic isoir127 ecma114 asmo708 cp1089" },
    { "iso-8859-7", NULL, "iso88597 iso885972003 88597 greek greek8 isoir126 ecma118 elot928" },
    { "iso-8859-8", NULL,
      "iso88598 iso885981988 iso88598i 88598 hebrew isoir138 cp916 logical" },
    { "iso-8859-9", "windows-1254",
      "iso88599 iso885991989 88599 latin5 l5 isoir148 cp920 turkish" },
    { "iso-8859-10", NULL, "iso885910 885910 latin6 l6 isoir157" },
    { "iso-8859-11", "cp874", "iso885911 885911" },
    { "iso-8859-13", NULL, "iso885913 885913 latin7 l7 isoir179 cp921" },
    { "iso-8859-14", NULL, "iso885914 885914 latin8 l8 isoir199 isoceltic" },
    { "iso-8859-15", NULL, "iso885915 885915 latin9 latin0 l9 isoir203 cp923" },
    { "iso-8859-16", NULL, "iso885916 885916 latin10 l10 isoir226" },
    { "windows-1250", NULL, "windows1250 cp1250 xcp1250 mseeu 1250 win1250" },
    { "windows-1251", NULL, "windows1251 cp1251 xcp1251 mscyrl 1251 win1251" },
    { "windows-1252", NULL, "windows1252 cp1252 xcp1252 msansi ansi 1252 win1252" },
    { "windows-1253", NULL, "windows1253 cp1253 xcp1253 msgreek 1253 win1253" },
    { "windows-1254", NULL, "windows1254 cp1254 xcp1254 msturk 1254 win1254" },
    { "windows-1255", NULL, "windows1255 cp1255 xcp1255 mshebr 1255 win1255" },
    { "windows-1256", NULL, "windows1256 cp1256 xcp1256 msarab 1256 win1256" },
    { "windows-1257", NULL, "windows1257 cp1257 xcp1257 winbaltrim 1257 win1257" },
    { "windows-1258", NULL, "windows1258 cp1258 xcp1258 1258 win1258" },
    { "windows-874", "cp874", "windows874 cp874 ibm874 874 dos874" },
    { "tis-620", "cp874", "tis620 tis6202533 tis6200 tis620.25330 isoir166 thai" },
    { "koi8-r", NULL, "koi8r koi8 koi cskoi8r cp878 20866" },
    { "koi8-u", NULL, "koi8u koi8ru cp21866 21866" },
    { "macintosh", NULL, "macintosh mac macroman xmacroman 10000" },
    { "mac-cyrillic", "mac-cyrillic", "maccyrillic xmaccyrillic xmacukrainian 10007" },
    { "ibm437", NULL, "ibm437 cp437 437 oem" },
    { "ibm737", "cp737", "ibm737 cp737 737" },
    { "ibm775", "cp775", "ibm775 cp775 775" },
    { "ibm850", NULL, "ibm850 cp850 850" },
    { "ibm852", NULL, "ibm852 cp852 852" },
    { "ibm855", NULL, "ibm855 cp855 855" },
    { "ibm857", NULL, "ibm857 cp857 857" },
    { "ibm858", "cp858", "ibm858 cp858 858 ibm00858" },
    { "ibm860", NULL, "ibm860 cp860 860" },
    { "ibm861", NULL, "ibm861 cp861 861" },
    { "ibm862", NULL, "ibm862 cp862 862" },
    { "ibm863", NULL, "ibm863 cp863 863" },
    { "ibm864", NULL, "ibm864 cp864 864" },
    { "ibm865", NULL, "ibm865 cp865 865" },
    { "ibm866", NULL, "ibm866 cp866 866 csibm866" },
    { "ibm869", NULL, "ibm869 cp869 869" },
    { "ibm037", NULL, "ibm037 cp037 037 ebcdiccpus" },
    { "ibm500", NULL, "ibm500 cp500 500" },
    { "ibm1047", NULL, "ibm1047 cp1047 1047" },
    { "shift_jis", "cp932",
      "shiftjis sjis mskanji csshiftjis cp932 ms932 windows31j windows932 932 ibm943 cp943 "
      "xsjis" },
    { "euc-jp", NULL, "eucjp xeucjp ujis eucjpms 51932" },
    { "iso-2022-jp", NULL, "iso2022jp csiso2022jp jis 50220 50221" },
    { "gb18030", NULL, "gb18030 gb180302005 54936" },
    { "gbk", "gb18030", "gbk xgbk cp936 ms936 windows936 936" },
    { "gb2312", "gb18030", "gb2312 gb231280 euccn chinese gb csgb2312 isoir58 hz20936 20936" },
    { "big5", "big5-hkscs", "big5 bigfive xxbig5 cnbig5 csbig5 cp950 ms950 windows950 950" },
    { "big5-hkscs", NULL, "big5hkscs" },
    { "euc-tw", NULL, "euctw" },
    { "euc-kr", "cp949",
      "euckr cseuckr ksc5601 ksc56011987 ksc56011989 korean isoir149 uhc windows949 cp949 "
      "949" },
    { "iso-2022-kr", NULL, "iso2022kr csiso2022kr" },
    { "johab", NULL, "johab cp1361" },
    { "viscii", NULL, "viscii csviscii viscii1.11" },
    { "tcvn", NULL, "tcvn tcvn5712 tcvn57121" },
    { "georgian-ps", NULL, "georgianps" },
    { "armscii-8", NULL, "armscii8" },
};

#define COUNT (sizeof(charsets) / sizeof(charsets[0]))

const char *
platen_charset_find(const char *name, size_t len)
{
    char   folded[40];
    size_t i, n = 0;

    for (i = 0; i < len; i++) {
        if (name[i] == '-' || name[i] == '_' || name[i] == ' ' || name[i] == ':'
            || name[i] == '(' || name[i] == ')') {
            continue;
        }
        if (n == sizeof(folded) || (unsigned char) name[i] <= ' ') {
            return NULL;
        }
        folded[n++] = (char) tolower((unsigned char) name[i]);
    }
    for (i = 0; n > 0 && i < COUNT; i++) {
        if (platen_words_have(charsets[i].aliases, folded, n)) {
            return charsets[i].name;
        }
    }
    return NULL;
}

const char *
platen_charset_iconv(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (strcmp(charsets[i].name, name) == 0) {
            return charsets[i].iconv == NULL ? name : charsets[i].iconv;
        }
    }
    return name;
}

const char *
platen_charset_iconv_to(const char *name)
{
    static const char exact[] = "us-ascii iso-8859-1 iso-8859-9 iso-8859-11 tis-620";

    return platen_words_have(exact, name, strlen(name)) ? name : platen_charset_iconv(name);
}

const char *
platen_charset_mark(const void *data, size_t len, size_t *mark)
{
    static const struct {
        const char *name, *bytes;
        size_t      len;
    } marks[] = {
        { "utf-8", "\xef\xbb\xbf", 3 },    { "utf-32le", "\xff\xfe\0\0", 4 },
        { "utf-32be", "\0\0\xfe\xff", 4 }, { "utf-16le", "\xff\xfe", 2 },
        { "utf-16be", "\xfe\xff", 2 },     { "gb18030", "\x84\x31\x95\x33", 4 },
    };
    size_t i;

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (len >= marks[i].len && memcmp(data, marks[i].bytes, marks[i].len) == 0) {
            *mark = marks[i].len;
            return marks[i].name;
        }
    }
    *mark = 0;
    return NULL;
}

static int
is_control(unsigned c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b)
           || (c >= 0x7f && c < 0xa0);
}

/* Four bytes to a character: nothing else has three NULs in a row, again and again. */
static int
is_utf32(const unsigned char *p, size_t len, int big)
{
    size_t   i;
    uint32_t c;
    int      plain = 0;

    if (len < 8 || len % 4 != 0) {
        return 0;
    }
    for (i = 0; i < len; i += 4) {
        c = big ? (uint32_t) p[i] << 24 | (uint32_t) p[i + 1] << 16 | (uint32_t) p[i + 2] << 8
                      | p[i + 3]
                : (uint32_t) p[i + 3] << 24 | (uint32_t) p[i + 2] << 16
                      | (uint32_t) p[i + 1] << 8 | p[i];
        if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0
            || (c < 0x80 && is_control(c))) {
            return 0;
        }
        plain |= c < 0x80;
    }
    return plain;
}

/*
 * How much of it is text as units of two bytes, in per cent; negative: it cannot be.
 * `asian` gets how much is text of East Asia.
 */
static long
utf16_score(const unsigned char *p, size_t len, int big, long *asian)
{
    unsigned blocks[256] = { 0 };
    unsigned c, high = 0, most = 0;
    size_t   i;
    long     plain = 0, units = 0;

    for (i = 0; i + 1 < len; i += 2) {
        c = big ? (unsigned) p[i] << 8 | p[i + 1] : (unsigned) p[i + 1] << 8 | p[i];
        units++;
        if (c == 0 || c == 0xfffe || c == 0xffff || (c < 0xa0 && is_control(c))) {
            return -1;
        }
        if (high != (c >= 0xdc00 && c < 0xe000)) {
            return -1; /* half of a pair */
        }
        high = c >= 0xd800 && c < 0xdc00;
        plain += c == ' ' || c == '\n' || c == '\r' || c == '\t' || (c > ' ' && c < 0x7f);
        *asian += (c >= 0x3000 && c < 0xa000) || (c >= 0xac00 && c < 0xe000) || c >= 0xff00;
        blocks[c >> 8] += (c & 0xff) != 0; /* not blanks with their halves swapped */
    }
    if (high) {
        return -1;
    }
    /* Letters of one script lie in a block or two; ideographs are many blocks. */
    for (i = 1; i < 0x30; i++) {
        most = blocks[i] > most ? blocks[i] : most;
    }
    if (units == 0) {
        return -1;
    }
    *asian = *asian * 100 / units;
    return (plain + (long) most) * 100 / units;
}

const char *
platen_charset_wide(const void *data, size_t len)
{
    const unsigned char *p = data;
    long                 little, big, asian[2] = { 0, 0 };
    size_t               i, nuls[2] = { 0, 0 };

    if (is_utf32(p, len - len % 4, 0)) {
        return "utf-32le";
    }
    if (is_utf32(p, len - len % 4, 1)) {
        return "utf-32be";
    }
    if (len < 4 || len % 2 != 0) {
        return NULL;
    }
    for (i = 0; i < len; i++) {
        nuls[i % 2] += p[i] == 0;
    }
    /*
     * Without a blank or a line end there is no telling.  A few characters have a NUL
     * as their other half: U+4E00, which is Chinese for one, and many faces.
     */
    little = nuls[1] != 0 ? utf16_score(p, len, 0, &asian[0]) : -1;
    big = nuls[0] != 0 ? utf16_score(p, len, 1, &asian[1]) : -1;
    if (little < 60 && big < 60) {
        /* Ideographs, with some plain characters among them. */
        little = little >= 3 ? little + asian[0] : -1;
        big = big >= 3 ? big + asian[1] : -1;
    }
    return little > big ? "utf-16le" : big > little ? "utf-16be" : NULL;
}

int
platen_charset_is_wide(const char *name, const void *data, size_t len)
{
    const unsigned char *p = data;
    int                  big = strchr(name, 'b') != NULL;
    unsigned             c, high = 0;
    size_t               i;

    if (strncmp(name, "utf-32", 6) == 0) {
        return len < 8 ? len % 4 == 0 : is_utf32(p, len - len % 4, big);
    }
    for (i = 0; i + 1 < len; i += 2) {
        c = big ? (unsigned) p[i] << 8 | p[i + 1] : (unsigned) p[i + 1] << 8 | p[i];
        if (high != (c >= 0xdc00 && c < 0xe000) || c == 0) {
            return 0;
        }
        high = c >= 0xd800 && c < 0xdc00;
    }
    return 1;
}

static int
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* A value behind "name": blanks, "=", blanks, and perhaps a quote. */
static size_t
value_of(const char *data, size_t len, size_t from, size_t *at)
{
    size_t n;
    char   quote = 0;

    while (from < len && is_blank(data[from])) {
        from++;
    }
    if (from == len || data[from] != '=') {
        return 0;
    }
    for (from++; from < len && is_blank(data[from]); from++) {
    }
    if (from < len && (data[from] == '"' || data[from] == '\'')) {
        quote = data[from++];
    }
    while (from < len && is_blank(data[from])) {
        from++;
    }
    for (n = 0; from + n < len
                && (isalnum((unsigned char) data[from + n])
                    || (data[from + n] != '\0' && strchr("-_.:()", data[from + n]) != NULL));
         n++) {
    }
    if (from + n == len
        || (quote != 0 && data[from + n] != quote && !is_blank(data[from + n]))) {
        return 0;
    }
    *at = from;
    return n;
}

/* The first occurrence of `word` (lower case) from `from` to `to`; `to` if none. */
static size_t
find(const char *data, size_t from, size_t to, const char *word)
{
    size_t n = strlen(word);

    for (; from + n <= to; from++) {
        if (strncasecmp(data + from, word, n) == 0) {
            return from;
        }
    }
    return to;
}

/* In the XML declaration, which can only be at the beginning. */
static size_t
declared_xml(const char *data, size_t len, size_t *at)
{
    size_t from = 0, to;

    while (from < len && is_blank(data[from])) {
        from++;
    }
    if (from + 5 > len || memcmp(data + from, "<?xml", 5) != 0) {
        return 0;
    }
    to = find(data, from, len, "?>");
    from = find(data, from, to, "encoding");
    return from == to ? 0 : value_of(data, to, from + 8, at);
}

size_t
platen_charset_declared(const char *data, size_t len, size_t *at)
{
    size_t from = 0, to, word, n;

    if (len > DECLARED_WITHIN) {
        len = DECLARED_WITHIN;
    }
    n = declared_xml(data, len, at);
    if (n > 0) {
        return n;
    }
    while (from < len) {
        if (data[from] != '<') {
            from++;
            continue;
        }
        if (from + 4 <= len && memcmp(data + from, "<!--", 4) == 0) {
            from = find(data, from + 4, len, "-->");
            continue;
        }
        if (from + 6 > len || strncasecmp(data + from, "<meta", 5) != 0
            || !(is_blank(data[from + 5]) || data[from + 5] == '/')) {
            from++;
            continue;
        }
        to = find(data, from, len, ">");
        for (word = from; word < to; word += 7) {
            word = find(data, word, to, "charset");
            if (word == to) {
                break;
            }
            n = value_of(data, to + (to < len), word + 7, at);
            if (n > 0) {
                return n;
            }
        }
        from = to;
    }
    return 0;
}
