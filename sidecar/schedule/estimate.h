/*
 * How long a conversion will take, by what others of the same formats and of about the same
 * size have taken since platend began: so that long ones can be told from short ones before
 * they run.  From any thread.
 */

#ifndef PLATEN_ESTIMATE_H
#define PLATEN_ESTIMATE_H

#include <stdint.h>

typedef struct platen_estimate_s platen_estimate_t;

/* NULL: no memory. */
platen_estimate_t *platen_estimate_new(void);
void               platen_estimate_destroy(platen_estimate_t **estimate);

/*
 * One of `bytes` took so many milliseconds.  `from` and `to` are what formats are told
 * apart by, and are only compared.
 */
void platen_estimate_learn(platen_estimate_t *estimate, const void *from, const void *to,
                           uint64_t bytes, uint64_t ms);

/* What one of `bytes` will take, in milliseconds; 0: nothing is known of such. */
uint64_t platen_estimate_ms(platen_estimate_t *estimate, const void *from, const void *to,
                            uint64_t bytes);

#endif
