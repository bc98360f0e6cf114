/*
 * Links in documents lead to no file.  LibreOffice has a setting for that
 * (BlockUntrustedRefererLinks), which some of its filters ask and others do not: a
 * picture that RTF includes, one in a fill, a bullet or a group, a page's background.
 * Whichever of them it is, the file is opened by osl_openFile() of its library sal,
 * and that is this program's.
 *
 * Neither do they lead to the pictures of its own icons, which lie in archives: where one of
 * those is asked for, be it by a zygote, it is another one that is opened, or none
 * (lok/icons.h).
 *
 * Nor is there anything that plays films and sounds, which would open what a document names
 * in ways of its own: osl_loadModule(), which is this program's, too, does not find it.
 *
 * What LibreOffice itself reads otherwise, libraries and fonts, is not asked for here;
 * the sandbox decides (sandbox/policy.c).
 */

#ifndef PLATEN_LOK_LINKS_H
#define PLATEN_LOK_LINKS_H

#include <stddef.h>

/*
 * Notes which of LibreOffice's own files conversions need; `program` is its directory.
 * Returns 0, or -1 with errno.
 */
int platen_lok_links_open(const char *program);

/*
 * Where the archives of icons are that it opens; NULL: nowhere.  A path of letters, digits and
 * /._- that lasts.
 */
void platen_lok_links_icons(const char *dir);

/* Whether LibreOffice has opened any file by way of this. */
int platen_lok_links_met(void);

#define PLATEN_LOK_LINKS_ROOMS 3

/*
 * From now on, in this process, LibreOffice opens for reading only these and what lies
 * in the rooms, of which each may be a file; there are at most PLATEN_LOK_LINKS_ROOMS.
 * With one thread, and once.  Returns 0, or -1 with errno.
 */
int platen_lok_links_cut(const char *const *rooms, size_t n);

#endif
