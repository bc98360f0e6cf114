/*
 * libFuzzer target of proto/format/filename.h.
 *
 * The first byte is a buffer size, the rest a client's file name.  Whatever
 * it holds, the clean name is valid UTF-8 of at most 255 bytes without
 * control character or path, and the Content-Disposition stays one header
 * with one quoted-string.  Buffers are blocks of their exact size; a broken
 * promise aborts, which libFuzzer reports with its input.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/filename.h"
#include "base/utf8.h"

#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                    \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

#define ATTACHMENT "attachment; filename=\""
#define EXTENDED "; filename*=UTF-8''"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *
block(size_t size)
{
    void *p = malloc(size > 0 ? size : 1);

    CHECK(p != NULL);
    return p;
}

static void
check_clean(const char *name, size_t n)
{
    size_t i;

    CHECK(n <= PLATEN_FILENAME_MAX);
    CHECK(strlen(name) == n);
    CHECK(platen_utf8_valid(name, n));

    for (i = 0; i < n; i++) {
        CHECK((unsigned char) name[i] >= ' ' && name[i] != 0x7f);
        CHECK(name[i] != '/' && name[i] != '\\');
        /* C1 is C2 80 to C2 9F */
        CHECK((unsigned char) name[i] != 0xc2 || (unsigned char) name[i + 1] >= 0xa0);
    }

    CHECK(strstr(name, "\xe2\x80\xae") == NULL);
    CHECK(strstr(name, "\xef\xbb\xbf") == NULL);

    if (n > 0) {
        CHECK(name[0] != '.' && name[0] != ' ');
        CHECK(name[n - 1] != '.' && name[n - 1] != ' ');
    }
}

static void
check_disposition(const char *value, size_t n)
{
    const char *p;

    CHECK(n > 0 && n < PLATEN_FILENAME_DISPOSITION_MAX);
    CHECK(strlen(value) == n);
    CHECK(strncmp(value, ATTACHMENT, strlen(ATTACHMENT)) == 0);

    for (p = value; *p != '\0'; p++)
        CHECK(*p >= ' ' && *p <= '~');

    p = value + strlen(ATTACHMENT);
    p += strcspn(p, "\"\\%");
    CHECK(*p++ == '"');

    if (*p == '\0')
        return;

    CHECK(strncmp(p, EXTENDED, strlen(EXTENDED)) == 0);
    for (p += strlen(EXTENDED); *p != '\0'; p++) {
        if (*p == '%') {
            CHECK(strspn(p + 1, "0123456789ABCDEF") >= 2);
            p += 2;
        } else {
            CHECK(strchr("\"\\; '*()/,=", *p) == NULL);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char        name[PLATEN_FILENAME_MAX + 1], again[PLATEN_FILENAME_MAX + 1];
    char        value[PLATEN_FILENAME_DISPOSITION_MAX];
    char       *in, *small;
    size_t      len, n, m, ext_len;
    const char *ext;

    if (size == 0)
        return 0;

    len = size - 1;
    in = block(len);
    memcpy(in, data + 1, len);

    n = platen_filename_clean(in, len, name, sizeof(name));
    CHECK(n > 0);
    check_clean(name, n);
    CHECK(platen_filename_clean(name, n, again, sizeof(again)) == n);
    CHECK(strcmp(name, again) == 0);

    ext = platen_filename_ext(name, n, &ext_len);
    CHECK(ext == NULL || (ext + ext_len == name + n && ext[-1] == '.' && ext_len > 0));

    m = platen_filename_replace_ext(name, n, "pdf", again, sizeof(again));
    check_clean(again, m);
    CHECK(m > 4 && strcmp(again + m - 4, ".pdf") == 0);

    check_disposition(value, platen_filename_disposition(in, len, value, sizeof(value)));

    /* any size of buffer, and names that were not cleaned */
    m = data[0];
    small = block(m);
    n = platen_filename_clean(in, len, small, m);
    CHECK(m == 0 ? n == 0 : n < m);
    if (m > 0)
        check_clean(small, n);
    n = platen_filename_replace_ext(in, len, "docx", small, m);
    CHECK(m == 0 ? n == 0 : n < m && small[n] == '\0');
    n = platen_filename_disposition(in, len, small, m);
    CHECK(m == 0 ? n == 0 : n < m && strlen(small) == n);
    platen_filename_ext(in, len, &ext_len);

    free(small);
    free(in);
    return 0;
}
