/*
 * Entries of a batch's archive: which of them can be documents, and what is said
 * of those that are not.  Names are any bytes; nothing here reads an archive.
 */

#ifndef PLATEN_BATCH_H
#define PLATEN_BATCH_H

#include <stddef.h>
#include <stdint.h>

/* Whether the entry is a folder, and so none at all. */
int platen_batch_folder(const char *name, size_t len);

/*
 * Why an entry of that name and size (bytes) is no document, as a stable code
 * ("hidden_file"); NULL: it may be one.
 */
const char *platen_batch_skip(const char *name, size_t len, uint64_t size);

/* What is told of an entry that was skipped for that reason; a sentence. */
const char *platen_batch_sentence(const char *code, size_t len);

/* The names of the codes, for the contract's test; NULL at the end. */
const char *platen_batch_code(size_t i);

#endif
