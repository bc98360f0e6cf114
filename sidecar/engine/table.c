/* The engines that Platen brings along; see engine/engine.h. */

#include "engine/engine.h"

#include <string.h>

/* Of two ways that cost the same, the one of the earlier engine is taken. */
const platen_engine_t *const platen_engine_table[PLATEN_ENGINES] = {
    &platen_engine_lok,    &platen_engine_soffice, &platen_engine_tables,
    &platen_engine_pandoc, &platen_engine_poppler, &platen_engine_mupdf,
    &platen_engine_qpdf,   &platen_engine_image,   &platen_engine_text,
};

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
