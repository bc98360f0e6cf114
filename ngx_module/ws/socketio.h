
/*
 * Socket.IO, over a WebSocket.
 */

#ifndef _PLATEN_WS_SOCKETIO_H_INCLUDED_
#define _PLATEN_WS_SOCKETIO_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* GET /socket.io. */
ngx_int_t platen_ws_io_open(ngx_http_request_t *r);


#endif /* _PLATEN_WS_SOCKETIO_H_INCLUDED_ */
