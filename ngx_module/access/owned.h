
/*
 * A job that is the client's.
 */

#ifndef _PLATEN_ACCESS_OWNED_H_INCLUDED_
#define _PLATEN_ACCESS_OWNED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/id.h"
#include "base/platen.h"
#include "job/job.h"
#include "store/store.h"


/*
 * The job of that id, if it is that client's: PLATEN_OK, PLATEN_NOT_FOUND, or
 * why it cannot be read.
 */
int platen_owned_get(platen_txn_t *txn, const platen_id_t *id,
    platen_str_t client, platen_job_t *job);

/* The same for the job of the path, and whoever asks for it. */
int platen_owned_of_request(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *job);

/*
 * Begins a read and finds the job of the path, if it is the client's.  NGX_OK:
 * end *txn with platen_txn_abort().  Else a problem was sent, see *status.
 */
ngx_int_t platen_owned_read(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *job, ngx_int_t *status);


#endif /* _PLATEN_ACCESS_OWNED_H_INCLUDED_ */
