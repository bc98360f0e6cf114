/*
 * Chunks; see lok/chunks.h.  In a child, in its own directory.  A chunk is as
 * hostile as the document: it is read by LibreOffice, in the same sandbox, and what it
 * is, is told from its bytes.  Chunks of chunks are settled to a depth; below that, and
 * where there are too many, they are taken out, with a warning.
 */

#include "lok/chunks.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zip.h>

#include "lok/package.h"
#include "base/utf8.h"
#include "engine/warning.h"

#define DEPTH_MAX 3
#define CHUNKS_MAX 64 /* of one document, in all depths */
#define CHUNK_MAX (64u << 20)
#define PATH_LEN 64 /* in the working directory */
#define RELATIONSHIPS "word/_rels/document.xml.rels"

typedef struct {
    platen_lok_convert_t *convert;
    unsigned              mend;
    unsigned              met, done;
    int                   lost;
} chunks_t;

typedef struct {
    char  *bytes;
    size_t len;
} bytes_t;

static int settle(chunks_t *chunks, const char *path, int depth);

static bytes_t
read_part(zip_t *zip, zip_int64_t at)
{
    bytes_t     part = { NULL, 0 };
    zip_stat_t  st;
    zip_file_t *file;

    if (at < 0 || zip_stat_index(zip, (zip_uint64_t) at, 0, &st) != 0 || st.size > CHUNK_MAX) {
        return part;
    }
    part.len = (size_t) st.size;
    part.bytes = malloc(part.len + 1);
    file = part.bytes == NULL ? NULL : zip_fopen_index(zip, (zip_uint64_t) at, 0);
    if (file == NULL || zip_fread(file, part.bytes, part.len) != (zip_int64_t) part.len) {
        free(part.bytes);
        part = (bytes_t){ NULL, 0 };
    } else {
        part.bytes[part.len] = '\0';
    }
    if (file != NULL) {
        zip_fclose(file);
    }
    return part;
}

static int
write_file(const char *path, const char *before, const char *bytes, size_t len)
{
    FILE *out = fopen(path, "wxe");
    int   failed;

    if (out == NULL) {
        return -1;
    }
    fputs(before, out);
    fwrite(bytes, 1, len, out);
    failed = ferror(out);
    return fclose(out) != 0 || failed ? -1 : 0;
}

static bytes_t
read_file(const char *path)
{
    bytes_t file = { NULL, 0 };
    FILE   *in = fopen(path, "re");
    long    len;

    if (in == NULL) {
        return file;
    }
    if (fseek(in, 0, SEEK_END) == 0 && (len = ftell(in)) > 0 && len <= (long) CHUNK_MAX
        && fseek(in, 0, SEEK_SET) == 0) {
        file.bytes = malloc((size_t) len);
        file.len = file.bytes == NULL ? 0 : fread(file.bytes, 1, (size_t) len, in);
        if (file.len != (size_t) len) {
            free(file.bytes);
            file = (bytes_t){ NULL, 0 };
        }
    }
    fclose(in);
    return file;
}

/* A header of a part of a message (RFC 2045): its value, or NULL. */
static const char *
header(const char *from, const char *end, const char *name)
{
    size_t n = strlen(name);

    while (from != NULL && from + n < end) {
        if (strncasecmp(from, name, n) == 0 && from[n] == ':') {
            from += n + 1;
            return from + strspn(from, " \t");
        }
        from = memchr(from, '\n', (size_t) (end - from));
        from = from == NULL ? NULL : from + 1;
    }
    return NULL;
}

static int
digit(char c)
{
    return isdigit((unsigned char) c)    ? c - '0'
           : isxdigit((unsigned char) c) ? tolower((unsigned char) c) - 'a' + 10
                                         : -1;
}

/* In place; returns the length. */
static size_t
decode_quoted(char *p, size_t len)
{
    size_t i, n = 0;

    for (i = 0; i < len; i++) {
        if (p[i] != '=') {
            p[n++] = p[i];
        } else if (i + 1 < len && p[i + 1] == '\n') {
            i++;
        } else if (i + 2 < len && p[i + 1] == '\r' && p[i + 2] == '\n') {
            i += 2;
        } else if (i + 2 < len && digit(p[i + 1]) >= 0 && digit(p[i + 2]) >= 0) {
            p[n++] = (char) (digit(p[i + 1]) * 16 + digit(p[i + 2]));
            i += 2;
        } else {
            p[n++] = '=';
        }
    }
    return n;
}

static size_t
decode_base64(char *p, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at;
    size_t      i, n = 0;
    unsigned    bits = 0, value = 0;

    for (i = 0; i < len && p[i] != '='; i++) {
        at = p[i] == '\0' ? NULL : strchr(alphabet, p[i]);
        if (at != NULL) {
            value = (value << 6 | (unsigned) (at - alphabet)) & 0xffffff;
            bits += 6;
            if (bits >= 8) {
                bits -= 8;
                p[n++] = (char) (value >> bits);
            }
        }
    }
    return n;
}

/*
 * The page in a message (MHTML, RFC 2557), decoded in place; the chunk itself if it is
 * none.  What the page refers to in the message is not in it.
 */
static bytes_t
page_of(bytes_t chunk)
{
    char       *at, *body, *end;
    const char *coding, *start;

    if (strncasecmp(chunk.bytes, "MIME-Version:", 13) != 0
        && strncasecmp(chunk.bytes, "From:", 5) != 0
        && strncasecmp(chunk.bytes, "Content-Type:", 13) != 0) {
        return chunk;
    }
    /* The type of a message names that of its page, too: the header of a part is meant. */
    at = strcasestr(chunk.bytes, "\nContent-Type: multipart/");
    at = strcasestr(at == NULL ? chunk.bytes : at + 1, "Content-Type: text/html");
    if (at == NULL) {
        return (bytes_t){ NULL, 0 };
    }
    body = strstr(at, "\r\n\r\n");
    end = strstr(at, "\n\n");
    if (body == NULL || (end != NULL && end < body)) {
        body = end;
    }
    if (body == NULL) {
        return (bytes_t){ NULL, 0 };
    }
    /* Headers of the part, some of which stand before its type. */
    for (start = at; start > chunk.bytes && strncmp(start, "\n--", 3) != 0; start--) {
    }
    coding = header(start + 1, body, "Content-Transfer-Encoding");
    body += strspn(body, "\r\n");
    end = strstr(body, "\n--");
    chunk.len = end == NULL ? chunk.len - (size_t) (body - chunk.bytes) : (size_t) (end - body);
    chunk.bytes = body;
    if (coding != NULL && strncasecmp(coding, "quoted-printable", 16) == 0) {
        chunk.len = decode_quoted(body, chunk.len);
    } else if (coding != NULL && strncasecmp(coding, "base64", 6) == 0) {
        chunk.len = decode_base64(body, chunk.len);
    }
    return chunk;
}

/* By what LibreOffice reads it as: its extension; NULL: nothing that it reads. */
static const char *
kind_of(const bytes_t *chunk)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t            at = chunk->len >= 3 && memcmp(chunk->bytes, mark, 3) == 0 ? 3 : 0;

    if (chunk->len >= 4 && memcmp(chunk->bytes, "PK\3\4", 4) == 0) {
        return "docx";
    }
    if (chunk->len >= 5 && memcmp(chunk->bytes, "{\\rtf", 5) == 0) {
        return "rtf";
    }
    while (at < chunk->len && isspace((unsigned char) chunk->bytes[at])) {
        at++;
    }
    return at == chunk->len                                 ? NULL
           : chunk->bytes[at] == '<'                        ? "html"
           : memchr(chunk->bytes, '\0', chunk->len) == NULL ? "txt"
                                                            : NULL;
}

/* LibreOffice has the order right of the chunks of one document, and not of theirs. */
static int
flatten(chunks_t *chunks, const char *free_name, const char *path, int depth)
{
    if (settle(chunks, path, depth + 1) != 0 || rename(path, free_name) != 0) {
        return -1;
    }
    return chunks->convert(free_name, path);
}

/* The chunk as DOCX, in a file; 0 or -1. */
static int
make_docx(chunks_t *chunks, bytes_t chunk, int depth, char path[PATH_LEN])
{
    char        from[PATH_LEN];
    const char *kind, *mark = "";
    int         rc;

    chunk = page_of(chunk);
    kind = chunk.bytes == NULL ? NULL : kind_of(&chunk);
    if (kind == NULL) {
        return -1;
    }
    if ((strcmp(kind, "html") == 0 || strcmp(kind, "txt") == 0)
        && strncmp(chunk.bytes, "\xef\xbb\xbf", 3) != 0
        && platen_utf8_valid(chunk.bytes, chunk.len)) {
        mark = "\xef\xbb\xbf";
    }
    snprintf(from, sizeof(from), "chunk%u.%s", chunks->met, kind);
    snprintf(path, PATH_LEN, "chunk%u.settled.docx", chunks->met);
    (void) unlink(from);
    (void) unlink(path);
    if (write_file(from, mark, chunk.bytes, chunk.len) != 0) {
        return -1;
    }
    if (strcmp(kind, "docx") == 0) {
        rc = platen_lok_package_mend(from, path, chunks->mend) < 0 ? -1 : 0;
        if (rc == 0 && platen_lok_package_look(path) & PLATEN_LOK_CHUNKS) {
            rc = flatten(chunks, from, path, depth);
        }
    } else {
        rc = chunks->convert(from, path);
    }
    (void) unlink(from);
    return rc;
}

/* An attribute of a tag; "" if it is not there or too long. */
static const char *
attribute(const char *tag, const char *end, const char *name, char value[256])
{
    size_t      n = strlen(name), len;
    const char *at = tag;

    *value = '\0';
    while ((at = memmem(at, (size_t) (end - at), name, n)) != NULL) {
        at += n;
        if (isspace((unsigned char) at[-1 - (long) n]) && at + 2 < end && at[0] == '='
            && (at[1] == '"' || at[1] == '\'')) {
            len = strcspn(at + 2, at[1] == '"' ? "\"" : "'");
            if (len < 256 && at + 2 + len < end) {
                memcpy(value, at + 2, len);
                value[len] = '\0';
            }
            break;
        }
    }
    return value;
}

/* The part that a relationship of a chunk names, or -1. */
static zip_int64_t
part_of(zip_t *zip, const char *tag, const char *end)
{
    char        value[256], name[256 + 8];
    const char *type = attribute(tag, end, "Type", value);
    size_t      n = strlen("/aFChunk"), len = strlen(type);

    if (len < n || strcmp(type + len - n, "/aFChunk") != 0
        || strcmp(attribute(tag, end, "TargetMode", value), "External") == 0) {
        return -1;
    }
    (void) attribute(tag, end, "Target", value);
    snprintf(name, sizeof(name), "%s%s", value[0] == '/' ? "" : "word/",
             value + (value[0] == '/'));
    return zip_name_locate(zip, name, 0);
}

/* Puts the DOCX in its place, or nothing where there is none. */
static int
replace(zip_t *zip, zip_int64_t at, const char *docx)
{
    bytes_t       file = docx == NULL ? (bytes_t){ NULL, 0 } : read_file(docx);
    zip_source_t *source = zip_source_buffer(zip, file.bytes, file.len, 1);

    if (source == NULL) {
        free(file.bytes);
        return -1;
    }
    if (zip_file_replace(zip, (zip_uint64_t) at, source, 0) != 0) {
        zip_source_free(source);
        return -1;
    }
    return 0;
}

static int
settle_one(chunks_t *chunks, zip_t *zip, zip_int64_t at, int depth)
{
    bytes_t chunk;
    char    path[PATH_LEN];
    int     rc, good = 0;

    if (depth < DEPTH_MAX && chunks->met++ < CHUNKS_MAX) {
        chunk = read_part(zip, at);
        good = chunk.bytes != NULL && make_docx(chunks, chunk, depth, path) == 0;
        free(chunk.bytes);
    }
    rc = replace(zip, at, good ? path : NULL);
    if (good) {
        (void) unlink(path);
        chunks->done++;
    } else {
        chunks->lost = 1;
    }
    return rc;
}

static int
settle(chunks_t *chunks, const char *path, int depth)
{
    zip_t      *zip = zip_open(path, 0, NULL);
    bytes_t     relationships;
    const char *tag, *end;
    zip_int64_t at;
    int         rc = 0;

    if (zip == NULL) {
        return -1;
    }
    relationships = read_part(zip, zip_name_locate(zip, RELATIONSHIPS, 0));
    tag = relationships.bytes;
    while (rc == 0 && tag != NULL && (tag = strstr(tag, "Relationship")) != NULL) {
        end = tag + strcspn(tag, ">");
        at = part_of(zip, tag, end);
        if (at >= 0) {
            rc = settle_one(chunks, zip, at, depth);
        }
        tag = end;
    }
    free(relationships.bytes);
    if (rc != 0 || zip_close(zip) != 0) {
        zip_discard(zip);
        return -1;
    }
    return 0;
}

int
platen_lok_chunks_settle(const char *path, unsigned mend, platen_lok_convert_t *convert)
{
    chunks_t chunks = { .convert = convert, .mend = mend };
    int      rc = settle(&chunks, path, 0);

    if (chunks.done > 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "A part of the document is a file of another format inside of it "
                           "(altChunk): it is in its place as LibreOffice reads it by itself.");
    }
    if (chunks.lost || rc != 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "A part of the document is a file of another format inside of it "
                           "(altChunk) that cannot be read, and is not in the result.");
    }
    return rc;
}
