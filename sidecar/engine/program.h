/*
 * What the engines that execute an installed program have in common: whether it
 * is there, how files are named to it, and what its last words say.
 */

#ifndef PLATEN_PROGRAM_H
#define PLATEN_PROGRAM_H

#include "engine/engine.h"

/*
 * PLATEN_OK if the engine is switched on and all `programs` (NULL-terminated,
 * absolute paths) can be executed; otherwise PLATEN_NOT_FOUND, and `err` has
 * the reason.
 */
int platen_program_probe(const char *engine, uint64_t enabled, const char *const *programs,
                         char *err, size_t errlen);

/*
 * A file of the run as the program names it, relative to its working directory:
 * what it says of the file, in messages and in titles that it makes up, then
 * tells nobody where this machine keeps its files.  Points into `path`.
 */
const char *platen_program_local(const platen_run_t *run, const char *path);

/*
 * The client's name for the document with the extension of what it is, for a program
 * that shows the one and goes by the other.  "" if it has none, or one that is none of a
 * file, or does not fit.
 */
const char *platen_program_name(const platen_run_t *run, char *name, size_t size);

#endif
