/*
 * Pictures of LibreOffice's own.  A document can ask for each by its name, as the image of a
 * button (private:graphicrepository/cmd/32/open.png), and has no business with any; but what
 * is drawn of a form, and how large that is, are pictures of check boxes and radio buttons.
 */

#ifndef PLATEN_LOK_ICONS_H
#define PLATEN_LOK_ICONS_H

/*
 * Makes the directory, with archives that have those alone, each under the name of the one
 * of the LibreOffice in `program`.  Returns 0, or -1 with errno.
 */
int platen_lok_icons_write(const char *program, const char *dir);

#endif
