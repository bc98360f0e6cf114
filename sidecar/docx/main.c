/*
 * platen-docx: a DOCX as a program reads it that passes over much of what Word has.
 * It looks at the document, writes a copy in which that is plain text, says what is
 * in neither, and becomes that program: one process, in one sandbox.
 *
 *   platen-docx [--settled] [--pictures] [--comments] INPUT COPY PROGRAM ARGUMENT ...
 *
 * COPY is among the arguments: it is a link to INPUT where nothing is to be changed.
 * --settled: LibreOffice has written it, or cannot; --pictures: the result could have
 * pictures, and has none; --comments: they are put behind the text.  Exits with
 * PLATEN_DOCX_DECLINED where LibreOffice has to write the document anew first, else as the
 * program does.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lok/package.h"
#include "base/platen.h"
#include "engine/exit_code.h"
#include "engine/warning.h"

#define CHUNKS                                                                                 \
    "A part of the document is a file of another format inside of it (altChunk), which is "    \
    "not in the result."

#define MEND                                                                                   \
    (PLATEN_LOK_MEND_BOXES | PLATEN_LOK_MEND_HIDDEN | PLATEN_LOK_MEND_GRIDS                    \
     | PLATEN_LOK_MEND_RUNS | PLATEN_LOK_MEND_SYMBOLS | PLATEN_LOK_MEND_RUBY)

static void
warn(unsigned found, int pictures)
{
    platen_lok_package_warn(found, pictures);
    if (found & PLATEN_LOK_CHUNKS) {
        platen_warning_add(PLATEN_WARNINGS_FILE, CHUNKS);
    }
    if (found & PLATEN_LOK_COMMENTED) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "Comments are not in the result; with comments=end they are.");
    }
}

int
main(int argc, char **argv)
{
    const char *input, *copy;
    unsigned    found;
    int         at = 1, settled = 0, pictures = 0, comments = 0;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("platen-docx " PLATEN_VERSION);
        return 0;
    }
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        settled |= strcmp(argv[at], "--settled") == 0;
        pictures |= strcmp(argv[at], "--pictures") == 0;
        comments |= strcmp(argv[at], "--comments") == 0;
    }
    if (argc - at < 3) {
        fputs("usage: platen-docx [--settled] [--pictures] [--comments] INPUT COPY PROGRAM "
              "ARGUMENT ...\n",
              stderr);
        return PLATEN_DOCX_SETUP;
    }
    input = argv[at];
    copy = argv[at + 1];

    found = platen_lok_package_look(input);
    if (found & PLATEN_LOK_CHUNKS && !settled) {
        return PLATEN_DOCX_DECLINED;
    }
    if (!(found & PLATEN_LOK_PACKAGE)
        || platen_lok_package_mend(input, copy, MEND | (comments ? PLATEN_LOK_MEND_END : 0))
               <= 0) {
        (void) unlink(copy);
        if (symlink(input, copy) != 0) {
            perror(copy);
            return PLATEN_DOCX_SETUP;
        }
    }
    warn(comments ? found & ~(unsigned) PLATEN_LOK_COMMENTED : found, pictures);
    execv(argv[at + 2], &argv[at + 2]);
    perror(argv[at + 2]);
    return PLATEN_DOCX_SETUP;
}
