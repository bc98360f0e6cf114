/* A set of names, each with a number: a hash table, for the keys of JSON objects. */

#ifndef PLATEN_TABLES_NAMES_H
#define PLATEN_TABLES_NAMES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name; /* the caller's; has to stay */
    size_t      len;
    uint64_t    hash;
    size_t      value;
} platen_tables_name_t;

typedef struct {
    platen_tables_name_t *slots;
    size_t                size; /* a power of two, or 0 */
    size_t                n;
    uint64_t              seed; /* so that no document knows which names collide */
} platen_tables_names_t;

void platen_tables_names_init(platen_tables_names_t *names);
void platen_tables_names_free(platen_tables_names_t *names);

/* Where the name's number is, valid until the next _add(); NULL if it is not there. */
size_t *
platen_tables_names_find(const platen_tables_names_t *names, const char *name, size_t len);

/* Adds a name that is not there. */
void platen_tables_names_add(platen_tables_names_t *names, const char *name, size_t len,
                             size_t value);

#endif
