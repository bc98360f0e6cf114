/*
 * Fuzzes platen_ws_frame: what a client sends, whole and in chunks of the size that its first
 * byte says, gives the same messages, pings and close; and each is what it is said to be.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ws/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *p;
    size_t         left;
    size_t         chunk; /* bytes of one call; 0: as many as are asked for */
    int            empty; /* every other call has none */
};

static ssize_t
come(unsigned char *buf, size_t len, void *data)
{
    struct input *in = data;

    if (in->chunk) {
        in->empty = !in->empty;
        if (in->empty) {
            return -1;
        }
        len = len < in->chunk ? len : in->chunk;
    }
    len = len < in->left ? len : in->left;
    if (len == 0) {
        return -1;
    }

    memcpy(buf, in->p, len);
    in->p += len;
    in->left -= len;
    return (ssize_t) len;
}

/* FNV-1a of all that was told. */
static uint64_t
note(uint64_t sum, const void *data, size_t len)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return (sum ^ len) * UINT64_C(0x100000001b3);
}

static uint64_t
run(const uint8_t *data, size_t size, size_t chunk)
{
    struct input          in = { data, size, chunk, 0 };
    platen_ws_frame_t     f = { .recv = come, .data = &in };
    platen_ws_frame_got_t got;
    unsigned char        *text;
    uint64_t              sum = UINT64_C(0xcbf29ce484222325);
    size_t                len;

    do {
        got = platen_ws_frame_read(&f);
        switch (got) {
        case PLATEN_WS_FRAME_MESSAGE:
            text = platen_ws_frame_take(&f, &len);
            if (len > PLATEN_WS_MESSAGE || !platen_utf8_valid((char *) text, len)) {
                abort();
            }
            sum = note(note(sum, "m", 1), text, len);
            free(text);
            break;
        case PLATEN_WS_FRAME_PING:
            if (f.control_len > sizeof(f.control)) {
                abort();
            }
            sum = note(note(sum, "p", 1), f.control, f.control_len);
            break;
        case PLATEN_WS_FRAME_CLOSE:
            if (f.code < 1000 || f.code > 4999 || (f.code >= 1004 && f.code <= 1006)) {
                abort();
            }
            sum = note(note(sum, "c", 1), &f.code, sizeof(f.code));
            break;
        case PLATEN_WS_FRAME_NOTHING:
        case PLATEN_WS_FRAME_AGAIN:
            break;
        }
    } while (got != PLATEN_WS_FRAME_CLOSE && (got != PLATEN_WS_FRAME_AGAIN || in.left > 0));

    platen_ws_frame_free(&f);
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && run(data + 1, size - 1, 0) != run(data + 1, size - 1, 1 + data[0] % 16)) {
        abort();
    }
    return 0;
}
