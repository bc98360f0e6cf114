
/*
 * The context of a request for a resumable upload; see tus/context.h.
 */


#include "tus/context.h"


void
platen_tus_release(platen_tus_t *tus)
{
    platen_upload_file_close(&tus->file);
}


/* The most bytes of an upload, those of a file unless said otherwise. */

uint64_t
platen_tus_max(ngx_http_platen_loc_conf_t *plcf)
{
    return plcf->upload_max_size ? plcf->upload_max_size : plcf->max_file_size;
}
