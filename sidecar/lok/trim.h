/*
 * Memory that the zygote holds for nothing while no documents come.
 */

#ifndef PLATEN_LOK_TRIM_H
#define PLATEN_LOK_TRIM_H

/*
 * Lets go of the pages of libraries that nobody has written to, and notes which
 * they were.  One thread; all of it is advice.
 */
void platen_lok_trim(void);

/* Maps them again, so that children share them with the zygote. */
void platen_lok_untrim(void);

#endif
