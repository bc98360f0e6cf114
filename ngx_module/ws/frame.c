/* Frames of a WebSocket; see ws/frame.h. */

#include "ws/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#include <wslay/wslay.h>


static unsigned platen_ws_frame_payload(platen_ws_frame_t *f,
    const struct wslay_frame_iocb *io, size_t n);
static platen_ws_frame_got_t platen_ws_frame_complete(platen_ws_frame_t *f);
static unsigned platen_ws_frame_answer(const platen_ws_frame_t *f);
static platen_ws_frame_got_t platen_ws_frame_close(platen_ws_frame_t *f,
    unsigned code);
static ssize_t platen_ws_frame_recv(uint8_t *buf, size_t len, int flags,
    void *data);


platen_ws_frame_got_t
platen_ws_frame_read(platen_ws_frame_t *f)
{
    ssize_t                  n;
    unsigned                 code;
    struct wslay_frame_iocb  io;

    static const struct wslay_frame_callbacks  callbacks = {
        .recv_callback = platen_ws_frame_recv
    };

    if (f->context == NULL
        && wslay_frame_context_init((wslay_frame_context_ptr *) &f->context,
                                    &callbacks, f)
           != 0)
    {
        return platen_ws_frame_close(f, PLATEN_WS_INTERNAL);
    }

    do {
        memset(&io, 0, sizeof(io));
        n = wslay_frame_recv(f->context, &io);

        if (n == WSLAY_ERR_WANT_READ) {
            if (f->came == f->used && f->left == 0) {
                wslay_frame_context_free(f->context);
                f->context = NULL;
            }

            return PLATEN_WS_FRAME_AGAIN;
        }

        if (n < 0) {
            return platen_ws_frame_close(f, n == WSLAY_ERR_PROTO
                                            ? PLATEN_WS_PROTOCOL
                                            : PLATEN_WS_INTERNAL);
        }

        if (f->left == 0) {
            /* the first of a frame: section 5.2 */

            f->opcode = io.opcode;
            f->final = io.fin;
            f->left = io.payload_length;
            f->control_len = 0;
            f->alive = 1;
            f->used += 6 + (io.payload_length > 65535 ? 8
                             : io.payload_length > 125 ? 2 : 0);

            /* sections 5.1, 5.2 */

            if (!io.mask || io.rsv) {
                return platen_ws_frame_close(f, PLATEN_WS_PROTOCOL);
            }
        }

        f->used += n;
        f->left -= n;

        code = platen_ws_frame_payload(f, &io, n);

        if (code) {
            return platen_ws_frame_close(f, code);
        }

    } while (f->left);

    return platen_ws_frame_complete(f);
}


/* Keeps what belongs to a message or a control frame.  0, or why to close. */

static unsigned
platen_ws_frame_payload(platen_ws_frame_t *f,
    const struct wslay_frame_iocb *io, size_t n)
{
    switch (f->opcode) {

    case PLATEN_WS_CLOSE:
    case PLATEN_WS_PING:
    case PLATEN_WS_PONG:
        if (n > sizeof(f->control) - f->control_len) {
            return PLATEN_WS_PROTOCOL;
        }

        if (n) {
            memcpy(f->control + f->control_len, io->data, n);
            f->control_len += n;
        }
        return 0;

    case PLATEN_WS_MORE:
    case PLATEN_WS_TEXT:
        if ((f->opcode == PLATEN_WS_MORE) != f->partial) {
            /* section 5.4 */
            return PLATEN_WS_PROTOCOL;
        }
        break;

    case PLATEN_WS_BINARY:
        return PLATEN_WS_UNSUPPORTED;

    default:
        return PLATEN_WS_PROTOCOL;
    }

    if (f->len + n + f->left > PLATEN_WS_MESSAGE) {
        return PLATEN_WS_TOO_BIG;
    }

    if (f->text == NULL) {
        f->text = malloc(PLATEN_WS_MESSAGE);
        if (f->text == NULL) {
            return PLATEN_WS_INTERNAL;
        }
    }

    if (n) {
        memcpy(f->text + f->len, io->data, n);
        f->len += n;
    }

    return 0;
}


static platen_ws_frame_got_t
platen_ws_frame_complete(platen_ws_frame_t *f)
{
    switch (f->opcode) {

    case PLATEN_WS_CLOSE:
        return platen_ws_frame_close(f, platen_ws_frame_answer(f));

    case PLATEN_WS_PING:
        return PLATEN_WS_FRAME_PING;

    case PLATEN_WS_PONG:
        return PLATEN_WS_FRAME_NOTHING;

    default:
        break;
    }

    f->partial = !f->final;

    if (f->partial) {
        return PLATEN_WS_FRAME_NOTHING;
    }

    if (!platen_utf8_valid((char *) f->text, f->len)) {
        return platen_ws_frame_close(f, PLATEN_WS_INVALID);
    }

    return PLATEN_WS_FRAME_MESSAGE;
}


unsigned char *
platen_ws_frame_take(platen_ws_frame_t *f, size_t *len)
{
    unsigned char  *text;

    text = f->text;
    *len = f->len;

    f->text = NULL;
    f->len = 0;

    return text;
}


/* Section 5.5.1: its code comes back, if it may be in a frame (7.4.1). */

static unsigned
platen_ws_frame_answer(const platen_ws_frame_t *f)
{
    unsigned  code;

    if (f->control_len == 0) {
        return PLATEN_WS_NORMAL;
    }

    code = f->control_len >= 2 ? f->control[0] << 8 | f->control[1] : 0;

    if (code < 1000 || code > 4999 || (code > 1014 && code < 3000)
        || (code >= 1004 && code <= 1006))
    {
        return PLATEN_WS_PROTOCOL;
    }

    return platen_utf8_valid((const char *) f->control + 2,
                             f->control_len - 2)
           ? code : PLATEN_WS_INVALID;
}


static platen_ws_frame_got_t
platen_ws_frame_close(platen_ws_frame_t *f, unsigned code)
{
    f->code = code;

    return PLATEN_WS_FRAME_CLOSE;
}


/* For wslay. */

static ssize_t
platen_ws_frame_recv(uint8_t *buf, size_t len, int flags, void *data)
{
    platen_ws_frame_t *f = data;

    ssize_t  n;

    (void) flags;

    n = f->recv(buf, len, f->data);

    if (n > 0) {
        f->came += n;
    }

    return n;
}


void
platen_ws_frame_free(platen_ws_frame_t *f)
{
    if (f->context) {
        wslay_frame_context_free(f->context);
        f->context = NULL;
    }

    free(f->text);
    f->text = NULL;
}


unsigned char *
platen_ws_frame_head(unsigned char *p, size_t len)
{
    unsigned  i;

    *p++ = PLATEN_WS_FIN | PLATEN_WS_TEXT;

    if (len < 126) {
        *p++ = (unsigned char) len;

    } else if (len < 65536) {
        *p++ = 126;
        *p++ = (unsigned char) (len >> 8);
        *p++ = (unsigned char) len;

    } else {
        *p++ = 127;

        for (i = 0; i < 8; i++) {
            *p++ = (unsigned char) ((uint64_t) len >> (56 - 8 * i));
        }
    }

    return p;
}
