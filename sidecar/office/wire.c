/*
 * The messages of platen-lok; see office/wire.h.  Pure functions, used by
 * platend and by platen-lok.  A packet is checked as if it were hostile and
 * refused as a whole: half a request is never run.
 */

#include "office/wire.h"

#include "base/codec.h"

#define HEADER 12

static const uint8_t magic[4] = { 'P', 'L', 'O', 'K' };

#define FIELD(number, type, member)                                                            \
    {                                                                                          \
        number, PLATEN_FIELD_##type, offsetof(platen_lok_message_t, member)                    \
    }

static const platen_field_t fields[] = {
    FIELD(1, STR, work),
    FIELD(2, STR, input),
    FIELD(3, STR, output),
    FIELD(4, STR, load_options),
    FIELD(5, STR, export_filter),
    FIELD(6, STR, export_options),
    FIELD(7, STR, password),
    FIELD(8, U64, address_space),
    FIELD(9, U64, file_size),
    FIELD(11, U32, cpu_seconds),
    FIELD(12, U8, page.orientation),
    FIELD(16, STR, version),
    FIELD(17, U32, layers),
    FIELD(18, U32, warm_ms),
    FIELD(19, U32, pid),
    FIELD(20, U32, error),
    FIELD(21, U32, wait_status),
    FIELD(22, U32, cpu_ms),
    FIELD(23, U64, max_rss),
    FIELD(24, STR, name),
    FIELD(25, U8, tracked),
    FIELD(26, U8, comments),
    FIELD(27, U8, sheets),
    FIELD(28, STR, cgroup),
    FIELD(29, U8, page.fit),
    FIELD(30, U32, page.width),
    FIELD(31, U32, page.height),
    FIELD(32, U32, page.margins[0]),
    FIELD(33, U32, page.margins[1]),
    FIELD(34, U32, page.margins[2]),
    FIELD(35, U32, page.margins[3]),
    FIELD(36, U8, populates),
    FIELD(37, U32, populated_pages),
    FIELD(38, U32, fault_ns),
    FIELD(39, U32, bulk_ns),
    FIELD(40, STR, sheet),
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

size_t
platen_lok_wire_encode(const platen_lok_message_t *message, uint8_t out[PLATEN_LOK_WIRE_MAX])
{
    size_t   size;
    unsigned i;

    size = platen_codec_write(fields, NFIELDS, message, out + HEADER,
                              PLATEN_LOK_WIRE_MAX - HEADER);
    if (size == 0) {
        return 0;
    }

    memset(out, 0, HEADER);
    memcpy(out, magic, sizeof(magic));
    out[4] = PLATEN_LOK_WIRE_VERSION;
    out[5] = (uint8_t) message->kind;
    for (i = 0; i < 4; i++) {
        out[8 + i] = (uint8_t) (message->tag >> (8 * i));
    }
    return HEADER + size;
}

static int
absolute(platen_str_t path)
{
    return path.len != 0 && path.data[0] == '/';
}

/* Strings become C strings, so none may end early. */
static int
strings_whole(const platen_lok_message_t *message)
{
    platen_str_t s;
    size_t       i;

    for (i = 0; i < NFIELDS; i++) {
        if (fields[i].type == PLATEN_FIELD_STR) {
            memcpy(&s, (const char *) message + fields[i].offset, sizeof(s));
            if (s.len != 0 && memchr(s.data, '\0', s.len) != NULL) {
                return 0;
            }
        }
    }
    return 1;
}

static int
page_valid(const platen_lok_page_t *page)
{
    unsigned i;

    for (i = 0; i < 4; i++) {
        if (page->margins[i] > PLATEN_LOK_PAGE_MAX) {
            return 0;
        }
    }
    return page->orientation <= PLATEN_LOK_PAGE_PORTRAIT
           && page->fit <= PLATEN_LOK_PAGE_FIT_PAGE && page->width <= PLATEN_LOK_PAGE_MAX
           && page->height <= PLATEN_LOK_PAGE_MAX && (page->width == 0) == (page->height == 0);
}

int
platen_lok_wire_decode(const uint8_t *in, size_t len, platen_lok_message_t *message)
{
    int      rc;
    unsigned i;

    if (len < HEADER || len > PLATEN_LOK_WIRE_MAX || memcmp(in, magic, sizeof(magic)) != 0) {
        return PLATEN_CORRUPT;
    }
    if (in[4] > PLATEN_LOK_WIRE_VERSION) {
        return PLATEN_TOO_NEW;
    }
    if (in[4] != PLATEN_LOK_WIRE_VERSION || in[5] < PLATEN_LOK_CONVERT
        || in[5] > PLATEN_LOK_EXITED || in[6] != 0 || in[7] != 0) {
        return PLATEN_CORRUPT;
    }

    memset(message, 0, sizeof(*message));
    rc = platen_codec_decode(fields, NFIELDS, message, in + HEADER, len - HEADER);
    if (rc != PLATEN_OK) {
        return rc;
    }

    message->kind = (platen_lok_kind_t) in[5];
    for (i = 0; i < 4; i++) {
        message->tag |= (uint32_t) in[8 + i] << (8 * i);
    }

    if (!strings_whole(message)) {
        return PLATEN_CORRUPT;
    }
    if (message->kind == PLATEN_LOK_CONVERT
        && (!absolute(message->work) || (message->cgroup.len != 0 && !absolute(message->cgroup))
            || !absolute(message->input) || !absolute(message->output)
            || message->export_filter.len == 0 || !page_valid(&message->page)
            || message->tracked > PLATEN_LOK_CHANGES_SHOW
            || message->comments > PLATEN_LOK_COMMENTS_END || message->sheets > 1
            || (message->name.len != 0
                && (memchr(message->name.data, '/', message->name.len) != NULL
                    || message->name.len > 255 || *message->name.data == '.')))) {
        return PLATEN_CORRUPT;
    }
    return PLATEN_OK;
}
