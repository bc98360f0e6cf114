/* The engines that Platen brings along; see engine/engine.h. */

#include "engine/engine.h"

#include <string.h>

#define ROW(name) &platen_engine_##name,

const platen_engine_t *const platen_engine_table[PLATEN_ENGINES] = { PLATEN_ENGINE_LIST(ROW) };

int
platen_engine_is_built_in(const char *name)
{
    size_t i;

    for (i = 0; i < PLATEN_ENGINES; i++) {
        if (strcmp(name, platen_engine_table[i]->name) == 0) {
            return 1;
        }
    }
    return 0;
}
