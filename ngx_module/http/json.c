
/* The JSON writer; see http/json.h. */


#include "http/json.h"

#include "base/timestamp.h"


static u_char *platen_json_reserve(platen_json_t *j, size_t size);
static u_char *platen_json_name(platen_json_t *j, const char *name,
    size_t size);


void
platen_json_init(platen_json_t *j, ngx_pool_t *pool, size_t chunk)
{
    ngx_memzero(j, sizeof(platen_json_t));
    j->pool = pool;
    j->chunk = chunk;
    j->last = &j->out;
}


/* Room for `size` bytes in one piece; NULL once an allocation has failed. */

static u_char *
platen_json_reserve(platen_json_t *j, size_t size)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (j->buf && (size_t) (j->buf->end - j->buf->last) >= size) {
        return j->buf->last;
    }

    if (j->failed) {
        return NULL;
    }

    b = ngx_create_temp_buf(j->pool, ngx_max(size, j->chunk));
    cl = ngx_alloc_chain_link(j->pool);

    if (b == NULL || cl == NULL) {
        j->failed = 1;
        j->buf = NULL;
        return NULL;
    }

    if (j->buf) {
        j->len += j->buf->last - j->buf->pos;
    }

    cl->buf = b;
    cl->next = NULL;
    *j->last = cl;
    j->last = &cl->next;
    j->buf = b;

    return b->last;
}


/* The comma and the name, and room for `size` bytes behind them. */

static u_char *
platen_json_name(platen_json_t *j, const char *name, size_t size)
{
    size_t   len;
    u_char  *p;

    len = name ? ngx_strlen(name) : 0;

    p = platen_json_reserve(j, len + 4 + size);
    if (p == NULL) {
        return NULL;
    }

    if (j->comma) {
        *p++ = ',';
    }
    j->comma = 1;

    if (name) {
        *p++ = '"';
        p = ngx_cpymem(p, name, len);
        *p++ = '"';
        *p++ = ':';
    }

    return p;
}


void
platen_json_open(platen_json_t *j, const char *name, u_char bracket)
{
    u_char  *p;

    p = platen_json_name(j, name, 1);
    if (p) {
        *p++ = bracket;
        j->buf->last = p;
        j->comma = 0;
    }
}


void
platen_json_close(platen_json_t *j, u_char bracket)
{
    u_char  *p;

    p = platen_json_reserve(j, 1);
    if (p) {
        *p++ = bracket;
        j->buf->last = p;
        j->comma = 1;
    }
}


void
platen_json_string(platen_json_t *j, const char *name, const void *data,
    size_t len)
{
    size_t   escape;
    u_char  *p;

    escape = data ? ngx_escape_json(NULL, (u_char *) data, len) : 0;

    if (escape == 0) {
        platen_json_word(j, name, data, len);
        return;
    }

    p = platen_json_name(j, name, len + escape + 2);
    if (p) {
        *p++ = '"';
        p = (u_char *) ngx_escape_json(p, (u_char *) data, len);
        *p++ = '"';
        j->buf->last = p;
    }
}


void
platen_json_word(platen_json_t *j, const char *name, const void *data,
    size_t len)
{
    u_char  *p;

    if (data == NULL) {
        platen_json_null(j, name);
        return;
    }

    p = platen_json_name(j, name, len + 2);
    if (p) {
        *p++ = '"';
        p = ngx_cpymem(p, data, len);
        *p++ = '"';
        j->buf->last = p;
    }
}


void
platen_json_uint(platen_json_t *j, const char *name, uint64_t value)
{
    u_char  *p;
    u_char   digits[NGX_INT64_LEN], *d;

    d = digits + sizeof(digits);

    do {
        *--d = (u_char) ('0' + value % 10);
        value /= 10;
    } while (value);

    p = platen_json_name(j, name, NGX_INT64_LEN);
    if (p) {
        j->buf->last = ngx_cpymem(p, d, digits + sizeof(digits) - d);
    }
}


void
platen_json_null(platen_json_t *j, const char *name)
{
    platen_json_raw(j, name, "null");
}


void
platen_json_raw(platen_json_t *j, const char *name, const char *literal)
{
    size_t   len;
    u_char  *p;

    len = ngx_strlen(literal);

    p = platen_json_name(j, name, len);
    if (p) {
        j->buf->last = ngx_cpymem(p, literal, len);
    }
}


void
platen_json_time(platen_json_t *j, const char *name, uint64_t us)
{
    char     text[PLATEN_TIMESTAMP_LEN + 1];
    u_char  *p;

    if (us == 0) {
        platen_json_null(j, name);
        return;
    }

    p = platen_json_name(j, name, PLATEN_TIMESTAMP_LEN + 2);
    if (p == NULL) {
        return;
    }

    *p++ = '"';
    p = ngx_cpymem(p, platen_timestamp(us, text), PLATEN_TIMESTAMP_LEN);
    *p++ = '"';

    j->buf->last = p;
}


ngx_int_t
platen_json_end(platen_json_t *j)
{
    if (j->failed || j->buf == NULL) {
        return NGX_ERROR;
    }

    j->len += j->buf->last - j->buf->pos;

    return NGX_OK;
}
