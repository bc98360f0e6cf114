
/*
 * The page for people, and the reference: files of web/.
 */

#ifndef _PLATEN_VIEW_PAGE_H_INCLUDED_
#define _PLATEN_VIEW_PAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* GET /: the page for who takes HTML, a word that all is well for others. */
ngx_int_t platen_page_root(ngx_http_request_t *r);

/* GET /docs */
ngx_int_t platen_page_docs(ngx_http_request_t *r);

/* GET /web/{name} */
ngx_int_t platen_page_file(ngx_http_request_t *r);


#endif /* _PLATEN_VIEW_PAGE_H_INCLUDED_ */
