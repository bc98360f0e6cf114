
/*
 * JSON into a chain of buffers, with memory from a pool; see base/json.h.
 */

#ifndef _PLATEN_JSON_CHAIN_H_INCLUDED_
#define _PLATEN_JSON_CHAIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "base/json.h"


/* `chunk`: bytes of a new buffer. */
void platen_json_chain_init(platen_json_t *j, ngx_pool_t *pool, size_t chunk);

/*
 * What was written, and with `len` its bytes; NULL: memory ran out on the way.
 * Harmless twice.
 */
ngx_chain_t *platen_json_chain(platen_json_t *j, off_t *len);


#endif /* _PLATEN_JSON_CHAIN_H_INCLUDED_ */
