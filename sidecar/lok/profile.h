/*
 * The LibreOffice profile: Platen's own, made afresh by each zygote, never
 * written by LibreOffice.  What is in it keeps documents from fetching links,
 * running macros and starting threads.
 */

#ifndef PLATEN_LOK_PROFILE_H
#define PLATEN_LOK_PROFILE_H

#include <stddef.h>

/*
 * Makes the profile, for the LibreOffice in `program`, in the directory `state`,
 * which is emptied first and becomes the working directory.  Returns 0, or -1
 * with a sentence in `err`.
 */
int platen_lok_profile_make(const char *state, const char *program, char *err, size_t errlen);

/* Replaces the environment by what LibreOffice needs.  0, or -1 with errno. */
int platen_lok_profile_environ(const char *state);

/*
 * Around the initialisation of LibreOffice: begin, initialise, end.  The latter
 * returns 0 if LibreOffice has read the profile's settings and they are still
 * what was written; else -1 with a sentence in `err`.
 */
int platen_lok_profile_begin(const char *state, char *err, size_t errlen);
int platen_lok_profile_end(const char *state, char *err, size_t errlen);

#endif
