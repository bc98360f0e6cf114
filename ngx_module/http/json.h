
/*
 * A JSON writer into a chain of buffers (RFC 8259), for the event loop: no
 * tree, no copy, memory from the request's pool.  The first failed allocation
 * sticks; what was written then is not to be sent.
 */

#ifndef _PLATEN_JSON_H_INCLUDED_
#define _PLATEN_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_pool_t    *pool;
    size_t         chunk;   /* bytes of a new buffer */
    ngx_chain_t   *out;     /* NULL until the first write */
    ngx_chain_t  **last;
    ngx_buf_t     *buf;
    off_t          len;     /* bytes written, once platen_json_end() is called */
    unsigned       failed:1;
    unsigned       comma:1; /* something stands before the next element */
} platen_json_t;


void platen_json_init(platen_json_t *j, ngx_pool_t *pool, size_t chunk);

/* '{', '[' and their ends; `name` NULL inside an array or at the top. */
void platen_json_open(platen_json_t *j, const char *name, u_char bracket);
void platen_json_close(platen_json_t *j, u_char bracket);

/*
 * A member (name) or an element (name NULL).  Names are literals that need no
 * escape.  A string is taken to be UTF-8; data NULL gives null.  A word is a
 * string that is known to need no escape: an id, a state, a format.
 */
void platen_json_string(platen_json_t *j, const char *name, const void *data,
    size_t len);
void platen_json_word(platen_json_t *j, const char *name, const void *data,
    size_t len);
void platen_json_uint(platen_json_t *j, const char *name, uint64_t value);
void platen_json_null(platen_json_t *j, const char *name);

/* Verbatim, such as a number or true. */
void platen_json_raw(platen_json_t *j, const char *name, const char *literal);

/* RFC 3339 in UTC with microseconds; 0 gives null. */
void platen_json_time(platen_json_t *j, const char *name, uint64_t us);

/* Ends the text.  NGX_OK, or NGX_ERROR if memory ran out on the way. */
ngx_int_t platen_json_end(platen_json_t *j);


#endif /* _PLATEN_JSON_H_INCLUDED_ */
