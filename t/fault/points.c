/* points: prints the crash points, a line each: name, who, what has happened. */

#include <stdio.h>

#include "base/crash.h"

int
main(void)
{
    int i;

    for (i = PLATEN_CRASH_NONE + 1; i < PLATEN_CRASH_POINTS; i++) {
        const platen_crash_info_t *info = platen_crash_info((platen_crash_t) i);

        printf("%s\t%s\t%s\n", info->name, info->who, info->what);
    }
    return 0;
}
