
/*
 * GET /openapi.json: the contract, as it stands in conf/openapi.json.  The
 * assembler copies the file into the module, so that it cannot go missing or
 * differ from the code that it was built with.
 */


#include "http/openapi.h"

#include "http/respond.h"


__asm__ (
    "    .section .rodata\n"
    "platen_openapi_start:\n"
    "    .incbin \"" NGX_PLATEN_OPENAPI "\"\n"
    "platen_openapi_end:\n"
    "    .byte 0\n"
    "    .previous\n"
);

extern const u_char  platen_openapi_start[]
    __attribute__((visibility("hidden")));
extern const u_char  platen_openapi_end[]
    __attribute__((visibility("hidden")));


ngx_int_t
platen_static_openapi(ngx_http_request_t *r)
{
    ngx_buf_t    *b;
    ngx_chain_t  *out;

    out = ngx_alloc_chain_link(r->pool);
    b = ngx_calloc_buf(r->pool);
    if (out == NULL || b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = (u_char *) platen_openapi_start;
    b->last = (u_char *) platen_openapi_end;
    b->memory = 1;
    out->buf = b;
    out->next = NULL;

    return platen_respond_send(r, NGX_HTTP_OK, "application/json", out,
                               b->last - b->pos);
}
