/*
 * The header syntax of multipart/form-data; ingest/multipart_header.h has
 * the contract, with who owns what, where it runs and what a failure means.
 */

#include <string.h>

#include "base/utf8.h"
#include "ingest/multipart_header.h"


typedef int (*platen_multipart_header_field_pt)(platen_multipart_part_t *part,
    char *value, size_t len);


static int platen_multipart_header_disposition(platen_multipart_part_t *part,
    char *value, size_t len);
static int platen_multipart_header_type(platen_multipart_part_t *part,
    char *value, size_t len);
static int platen_multipart_header_encoding(platen_multipart_part_t *part,
    char *value, size_t len);
static size_t platen_multipart_header_unquote(char *dst, const char *src,
    size_t len);
static int platen_multipart_header_ext_value(char *dst, const char *src,
    size_t len, size_t *out_len);
static int platen_multipart_header_hex(unsigned char c);


/* RFC 7578, section 4.8: a part's other headers are to be ignored. */

static const struct {
    const char                        *name;
    platen_multipart_header_field_pt   parse;
} platen_multipart_header_fields[] = {
    { "Content-Disposition", platen_multipart_header_disposition },
    { "Content-Type", platen_multipart_header_type },
    { "Content-Transfer-Encoding", platen_multipart_header_encoding }
};

#define PLATEN_MULTIPART_HEADER_NFIELDS                                       \
    (sizeof(platen_multipart_header_fields)                                   \
     / sizeof(platen_multipart_header_fields[0]))


int
platen_multipart_header_parse(char *block, size_t len,
    platen_multipart_part_t *part)
{
    int         rc;
    char       *p, *last, *eol, *colon, *value;
    size_t      i;
    unsigned    seen;

    seen = 0;
    last = block + len;

    memset(part, 0, sizeof(*part));

    for (p = block; p < last; p = eol + 2) {

        eol = memchr(p, '\n', (size_t) (last - p));
        eol--;

        if (memchr(p, '\r', (size_t) (eol - p))) {
            return PLATEN_MULTIPART_BAD_SYNTAX;
        }

        /* a folded line; said before half a header is misunderstood */

        if (eol + 2 < last && (eol[2] == ' ' || eol[2] == '\t')) {
            return PLATEN_MULTIPART_BAD_HEADER;
        }

        for (colon = p; colon < eol; colon++) {
            if (!platen_multipart_header_is_token((unsigned char) *colon)) {
                break;
            }
        }

        if (colon == p || colon == eol || *colon != ':'
            || memchr(p, '\0', (size_t) (eol - p)))
        {
            return PLATEN_MULTIPART_BAD_HEADER;
        }

        for (i = 0; i < PLATEN_MULTIPART_HEADER_NFIELDS; i++) {
            if (platen_multipart_header_equal(p, (size_t) (colon - p),
                                    platen_multipart_header_fields[i].name))
            {
                break;
            }
        }

        if (i == PLATEN_MULTIPART_HEADER_NFIELDS) {
            continue;
        }

        if (seen & (1u << i)) {
            return PLATEN_MULTIPART_DUPLICATE_HEADER;
        }

        seen |= 1u << i;

        value = colon + 1;

        while (value < eol && (*value == ' ' || *value == '\t')) {
            value++;
        }

        len = (size_t) (eol - value);

        while (len && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
            len--;
        }

        rc = platen_multipart_header_fields[i].parse(part, value, len);

        if (rc != PLATEN_MULTIPART_OK) {
            return rc;
        }
    }

    /* Content-Disposition is the first of the fields */

    return (seen & 1u) ? PLATEN_MULTIPART_OK
                       : PLATEN_MULTIPART_BAD_DISPOSITION;
}


static int
platen_multipart_header_disposition(platen_multipart_part_t *part,
    char *value, size_t len)
{
    int                               rc, has_ext, has_plain;
    char                             *dst;
    size_t                            n, ext_len;
    const char                       *p, *end, *ext;
    platen_multipart_header_param_t   param;

    has_ext = 0;
    has_plain = 0;
    ext = NULL;
    ext_len = 0;
    end = value + len;

    for (p = value; p < end; p++) {
        if (!platen_multipart_header_is_token((unsigned char) *p)) {
            break;
        }
    }

    if (!platen_multipart_header_equal(value, (size_t) (p - value),
                                       "form-data"))
    {
        return PLATEN_MULTIPART_BAD_DISPOSITION;
    }

    while ((rc = platen_multipart_header_param(&p, end, &param)) > 0) {

        /* a decoded value is never longer, so it replaces its source */

        dst = value + (param.value - value);
        n = param.value_len;

        if (platen_multipart_header_equal(param.name, param.name_len,
                                          "filename*"))
        {
            if (has_ext++) {
                return PLATEN_MULTIPART_BAD_DISPOSITION;
            }

            if (!param.quoted
                && platen_multipart_header_ext_value(dst, param.value, n,
                                                     &ext_len) == 0)
            {
                ext = dst;
            }

            continue;
        }

        if (param.quoted) {
            n = platen_multipart_header_unquote(dst, param.value, n);
        }

        if (platen_multipart_header_equal(param.name, param.name_len,
                                          "name"))
        {
            if (part->name) {
                return PLATEN_MULTIPART_BAD_DISPOSITION;
            }

            part->name = dst;
            part->name_len = n;

        } else if (platen_multipart_header_equal(param.name, param.name_len,
                                                 "filename"))
        {
            if (has_plain++) {
                return PLATEN_MULTIPART_BAD_DISPOSITION;
            }

            part->filename = dst;
            part->filename_len = n;
        }
    }

    if (rc < 0) {
        return PLATEN_MULTIPART_BAD_DISPOSITION;
    }

    if (part->name == NULL) {
        return PLATEN_MULTIPART_NO_NAME;
    }

    part->has_filename = has_plain || has_ext;

    if (ext) {
        part->filename = ext;
        part->filename_len = ext_len;

    } else if (has_ext && !has_plain) {
        part->filename = "";
    }

    return PLATEN_MULTIPART_OK;
}


static int
platen_multipart_header_type(platen_multipart_part_t *part, char *value,
    size_t len)
{
    if (len >= 10 && platen_multipart_header_equal(value, 10, "multipart/")) {
        return PLATEN_MULTIPART_NESTED;
    }

    part->content_type = value;
    part->content_type_len = len;

    return PLATEN_MULTIPART_OK;
}


static int
platen_multipart_header_encoding(platen_multipart_part_t *part,
    char *value, size_t len)
{
    (void) part;

    if (platen_multipart_header_equal(value, len, "7bit")
        || platen_multipart_header_equal(value, len, "8bit")
        || platen_multipart_header_equal(value, len, "binary"))
    {
        return PLATEN_MULTIPART_OK;
    }

    return PLATEN_MULTIPART_BAD_ENCODING;
}


int
platen_multipart_header_param(const char **pp, const char *end,
    platen_multipart_header_param_t *param)
{
    const char  *p;

    p = platen_multipart_header_skip_space(*pp, end);

    if (p < end && *p != ';') {
        return -1;
    }

    while (p < end && *p == ';') {
        p = platen_multipart_header_skip_space(p + 1, end);
    }

    if (p == end) {
        *pp = p;
        return 0;
    }

    param->name = p;

    while (p < end && platen_multipart_header_is_token((unsigned char) *p)) {
        p++;
    }

    param->name_len = (size_t) (p - param->name);

    if (param->name_len == 0 || p == end || *p++ != '=') {
        return -1;
    }

    param->quoted = p < end && *p == '"';

    if (param->quoted) {

        for (param->value = ++p; p < end && *p != '"'; p++) {
            if (*p == '\\' && ++p == end) {
                return -1;
            }
        }

        if (p == end) {
            return -1;
        }

        param->value_len = (size_t) (p++ - param->value);

    } else {

        for (param->value = p; p < end; p++) {
            if ((unsigned char) *p <= ' ' || *p == ';' || *p == '"') {
                break;
            }
        }

        param->value_len = (size_t) (p - param->value);
    }

    *pp = p;

    return 1;
}


/* Resolves what the header file says of the quoted form; dst may be src. */

static size_t
platen_multipart_header_unquote(char *dst, const char *src, size_t len)
{
    char    c;
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {
        c = src[i];

        if (c == '\\' && i + 1 < len
            && (src[i + 1] == '"' || src[i + 1] == '\\'))
        {
            c = src[++i];

        } else if (c == '%' && len - i >= 3) {

            if (memcmp(src + i, "%22", 3) == 0) {
                c = '"';
                i += 2;

            } else if (memcmp(src + i, "%0D", 3) == 0) {
                c = '\r';
                i += 2;

            } else if (memcmp(src + i, "%0A", 3) == 0) {
                c = '\n';
                i += 2;
            }
        }

        dst[n++] = c;
    }

    return n;
}


/*
 * RFC 8187, section 3.2: ext-value = "UTF-8" "'" [ language ] "'"
 * value-chars; dst may be src.  Returns 0, or -1 for anything malformed,
 * empty, with a NUL, or not UTF-8 once decoded.
 */

static int
platen_multipart_header_ext_value(char *dst, const char *src, size_t len,
    size_t *out_len)
{
    int            high, low;
    size_t         i, n;
    unsigned char  c;

    if (len < 7 || !platen_multipart_header_equal(src, 6, "UTF-8'")) {
        return -1;
    }

    for (i = 6; i < len && src[i] != '\''; i++) {
        if (!platen_multipart_header_is_alnum((unsigned char) src[i])
            && src[i] != '-')
        {
            return -1;
        }
    }

    n = 0;

    for (i++; i < len; i++) {
        c = (unsigned char) src[i];

        if (c == '%') {

            if (len - i < 3) {
                return -1;
            }

            high = platen_multipart_header_hex((unsigned char) src[i + 1]);
            low = platen_multipart_header_hex((unsigned char) src[i + 2]);
            i += 2;

            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return -1;
            }

            c = (unsigned char) (high * 16 + low);

        } else if (!platen_multipart_header_is_token(c)
                   || c == '*' || c == '\'')
        {
            /* attr-char is token without these and "%" */
            return -1;
        }

        dst[n++] = (char) c;
    }

    if (n == 0 || !platen_utf8_valid(dst, n)) {
        return -1;
    }

    *out_len = n;

    return 0;
}


const char *
platen_multipart_header_skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p;
}


int
platen_multipart_header_equal(const char *p, size_t len, const char *s)
{
    char    a, b;
    size_t  i;

    for (i = 0; i < len && s[i] != '\0'; i++) {
        a = p[i];
        b = s[i];

        a = (char) (a >= 'A' && a <= 'Z' ? a | 0x20 : a);
        b = (char) (b >= 'A' && b <= 'Z' ? b | 0x20 : b);

        if (a != b) {
            return 0;
        }
    }

    return i == len && s[i] == '\0';
}


int
platen_multipart_header_is_token(unsigned char c)
{
    return platen_multipart_header_is_alnum(c)
           || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}


int
platen_multipart_header_is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z');
}


static int
platen_multipart_header_hex(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
