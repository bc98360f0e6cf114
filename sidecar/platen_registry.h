/*
 * LibreOffice's registrymodifications.xcu: the settings of a user profile.
 * Both ways of running LibreOffice write theirs with this.
 */

#ifndef PLATEN_REGISTRY_H
#define PLATEN_REGISTRY_H

#include <stddef.h>
#include <stdio.h>

/* One setting: path without the first slash, name, value; none needs an escape. */
typedef const char *const platen_setting_t[3];

/*
 * Writes the file's whole content: what keeps any document from fetching and
 * running things, and then these settings.  Errors are left to ferror().
 */
void platen_registry_write(FILE *out, platen_setting_t *settings, size_t n);

#endif
