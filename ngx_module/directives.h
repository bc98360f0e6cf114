
/* The directives of the module, and what sets their values. */

#ifndef _PLATEN_DIRECTIVES_H_INCLUDED_
#define _PLATEN_DIRECTIVES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


extern ngx_command_t  platen_directives[];


#endif /* _PLATEN_DIRECTIVES_H_INCLUDED_ */
