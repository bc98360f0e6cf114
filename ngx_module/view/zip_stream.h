
/*
 * GET /jobs/{id}/download; with ?partial=1, what there is of a batch that has
 * not ended.
 */

#ifndef _PLATEN_VIEW_ZIP_STREAM_H_INCLUDED_
#define _PLATEN_VIEW_ZIP_STREAM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t platen_zip_stream_download(ngx_http_request_t *r);


#endif /* _PLATEN_VIEW_ZIP_STREAM_H_INCLUDED_ */
