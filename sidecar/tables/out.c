/* Encoding and writing; see tables/out.h. */

#include "tables/out.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tables/text.h"

#define ENOUGH 65536

int
platen_tables_out_open(platen_tables_out_t *out, const char *path, const char *encoding,
                       platen_tables_error_t *err)
{
    const char *charset = encoding != NULL ? platen_tables_text_charset(encoding, 1) : "UTF-8";
    iconv_t     cd;

    memset(out, 0, sizeof(*out));
    out->encoding = encoding;
    out->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out->fd < 0) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write %s: %s", path,
                                  strerror(errno));
    }
    if (strcmp(charset, "UTF-8") == 0) {
        return 0;
    }
    cd = iconv_open(charset, "UTF-8");
    if (cd == (iconv_t) -1) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "iconv cannot write %s here",
                                  charset);
    }
    out->cd = cd;
    if (strcmp(charset, "UTF-16LE") == 0) {
        platen_tables_buffer_text(&out->text, "\xef\xbb\xbf"); /* becomes FF FE */
    }
    return 0;
}

static int
write_bytes(platen_tables_out_t *out, const char *p, size_t left, platen_tables_error_t *err)
{
    if (platen_bytes_write(out->fd, p, left) != 0) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write the result: %s",
                                  strerror(errno));
    }
    out->bytes += (uint64_t) left;
    return 0;
}

static int
write_coded(platen_tables_out_t *out, platen_tables_error_t *err)
{
    char   coded[ENOUGH], character[5] = "";
    char  *p = out->text.data, *q;
    size_t left = out->text.len, room;
    int    rc = 0;

    while (rc == 0 && left > 0) {
        q = coded;
        room = sizeof(coded);
        if (iconv(out->cd, &p, &left, &q, &room) == (size_t) -1 && errno != E2BIG) {
            memcpy(character, p, left < 4 ? left : 4);
            character[character[0] & 0x20 ? (character[0] & 0x10 ? 4 : 3) : 2] = '\0';
            return platen_tables_fail(err, PLATEN_TABLES_WRITE,
                                      "the document has the character %s, which %s does not",
                                      character, out->encoding);
        }
        rc = write_bytes(out, coded, (size_t) (q - coded), err);
    }
    return rc;
}

int
platen_tables_out_write(platen_tables_out_t *out, int all, platen_tables_error_t *err)
{
    int rc;

    if (out->text.len == 0 || (!all && out->text.len < ENOUGH)) {
        return 0;
    }
    rc = out->cd != NULL ? write_coded(out, err)
                         : write_bytes(out, out->text.data, out->text.len, err);
    out->text.len = 0;
    return rc;
}

int
platen_tables_out_end(platen_tables_out_t *out, platen_tables_error_t *err)
{
    int rc = platen_tables_out_write(out, 1, err);

    if (close(out->fd) != 0 && rc == 0) {
        rc = platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write the result: %s",
                                strerror(errno));
    }
    out->fd = -1;
    return rc;
}

void
platen_tables_out_free(platen_tables_out_t *out)
{
    if (out->fd >= 0) {
        close(out->fd);
    }
    if (out->cd != NULL) {
        iconv_close(out->cd);
    }
    platen_tables_buffer_free(&out->text);
}
