/*
 * Frames of a WebSocket (RFC 6455, section 5): read by wslay, put together to
 * messages and control frames, and judged.  Free of nginx types; section
 * numbers are RFC 6455's.
 *
 * Owner: the connection that embeds it, zeroed and with `recv` set, before the
 * first read; platen_ws_frame_free() at its end.  wslay's context is there only
 * while a frame is on its way, so that an idle connection costs no buffer.
 *
 * Runs: in the event loop, one call at a time.
 *
 * On failure: whatever is wrong is the close that it is to be answered with.
 */

#ifndef PLATEN_WS_FRAME_H
#define PLATEN_WS_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>


#define PLATEN_WS_HEAD     10     /* bytes before a payload of ours, at most */
#define PLATEN_WS_MESSAGE  4096   /* bytes of a message of a client's */

/* Section 7.4.1 */
#define PLATEN_WS_NORMAL         1000
#define PLATEN_WS_PROTOCOL       1002
#define PLATEN_WS_UNSUPPORTED    1003
#define PLATEN_WS_INVALID        1007
#define PLATEN_WS_TOO_BIG        1009
#define PLATEN_WS_INTERNAL       1011
#define PLATEN_WS_RESTART        1012

/* Section 5.2 */
#define PLATEN_WS_FIN      0x80
#define PLATEN_WS_MORE     0     /* a continuation */
#define PLATEN_WS_TEXT     1
#define PLATEN_WS_BINARY   2
#define PLATEN_WS_CLOSE    8
#define PLATEN_WS_PING     9
#define PLATEN_WS_PONG     10


typedef enum {
    PLATEN_WS_FRAME_AGAIN,    /* more has to come */
    PLATEN_WS_FRAME_NOTHING,  /* there is nothing to be done for it */
    PLATEN_WS_FRAME_MESSAGE,  /* a text: platen_ws_frame_take() */
    PLATEN_WS_FRAME_PING,     /* a pong with `control` is due */
    PLATEN_WS_FRAME_CLOSE     /* a close with `code` is due, the last of all */
} platen_ws_frame_got_t;


typedef struct {
    /* Bytes that have come; -1: there are none now. */
    ssize_t         (*recv)(unsigned char *buf, size_t len, void *data);
    void             *data;

    /* results */
    unsigned          code;      /* CLOSE */
    unsigned char     control[125]; /* PING: its payload */
    size_t            control_len;
    int               alive;     /* set whenever a frame begins */

    /* the rest is ws/frame.c's */
    void             *context;   /* wslay's; NULL: between frames */
    uint64_t          came;      /* bytes that it has read, */
    uint64_t          used;      /* and that were of frames */
    uint64_t          left;      /* of the payload of this one */
    unsigned char    *text;      /* what there is of a message */
    size_t            len;
    unsigned          opcode;    /* of the frame that is being read */
    int               final;
    int               partial;   /* the message has more frames */
} platen_ws_frame_t;


/* Reads one frame, or what there is of it.  Not after CLOSE. */
platen_ws_frame_got_t platen_ws_frame_read(platen_ws_frame_t *f);

/* The text of a MESSAGE, which is valid UTF-8; free() it. */
unsigned char *platen_ws_frame_take(platen_ws_frame_t *f, size_t *len);

void platen_ws_frame_free(platen_ws_frame_t *f);

/* Writes what stands before a text of `len` bytes; returns its end. */
unsigned char *platen_ws_frame_head(unsigned char *p, size_t len);


#endif /* PLATEN_WS_FRAME_H */
