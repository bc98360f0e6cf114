/* Entries of an archive that are read whole. */

#ifndef PLATEN_ZIP_ENTRY_H
#define PLATEN_ZIP_ENTRY_H

#include <stdlib.h>
#include <zip.h>

/*
 * The bytes of an entry, with a NUL behind them, to be freed, and how many there are; NULL:
 * there is none at that index (-1 of zip_name_locate() among them), it has more than `max`,
 * is not whole, or there is no memory.
 */
static inline char *
platen_zip_entry(zip_t *zip, zip_int64_t at, size_t max, size_t *len)
{
    zip_stat_t  st;
    zip_file_t *file;
    char       *text;

    if (at < 0 || zip_stat_index(zip, (zip_uint64_t) at, 0, &st) != 0
        || (st.valid & ZIP_STAT_SIZE) == 0 || st.size > max) {
        return NULL;
    }
    *len = (size_t) st.size;
    text = malloc(*len + 1);
    file = text == NULL ? NULL : zip_fopen_index(zip, (zip_uint64_t) at, 0);
    if (file == NULL || zip_fread(file, text, *len) != (zip_int64_t) *len) {
        free(text);
        text = NULL;
    } else {
        text[*len] = '\0';
    }
    if (file != NULL) {
        zip_fclose(file);
    }
    return text;
}

#endif
