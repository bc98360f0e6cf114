
/*
 * What of a job is there to be had.
 */

#ifndef _PLATEN_VIEW_RESULT_H_INCLUDED_
#define _PLATEN_VIEW_RESULT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "job/job.h"


/* Whether there is something to download. */

static inline ngx_uint_t
platen_view_has_result(const platen_job_t *job)
{
    return job->state == PLATEN_STATE_SUCCESS
           || job->state == PLATEN_STATE_PARTIAL_SUCCESS;
}


#endif /* _PLATEN_VIEW_RESULT_H_INCLUDED_ */
