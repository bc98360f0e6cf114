/* Open addressing; see tables/names.h. */

#include "tables/names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tables/buffer.h"

void
platen_tables_names_init(platen_tables_names_t *names)
{
    memset(names, 0, sizeof(*names));
    if (getrandom(&names->seed, sizeof(names->seed), GRND_NONBLOCK) < 0) {
        names->seed = (uint64_t) (uintptr_t) names;
    }
}

void
platen_tables_names_free(platen_tables_names_t *names)
{
    free(names->slots);
    memset(names, 0, sizeof(*names));
}

static uint64_t
mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

static uint64_t
hash(const platen_tables_names_t *names, const char *name, size_t len)
{
    uint64_t h = names->seed ^ len, word;

    for (; len >= sizeof(word); name += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, name, sizeof(word));
        h = mix(h ^ word) + names->seed;
    }
    word = 0;
    memcpy(&word, name, len);
    return mix(h ^ word);
}

/* The slot of that name, or the empty one where it would be. */
static platen_tables_name_t *
slot(const platen_tables_names_t *names, const char *name, size_t len, uint64_t h)
{
    platen_tables_name_t *s;
    size_t                i;

    for (i = h & (names->size - 1);; i = (i + 1) & (names->size - 1)) {
        s = &names->slots[i];
        if (s->name == NULL
            || (s->hash == h && s->len == len && memcmp(s->name, name, len) == 0)) {
            return s;
        }
    }
}

size_t *
platen_tables_names_find(const platen_tables_names_t *names, const char *name, size_t len)
{
    platen_tables_name_t *s;

    if (names->size == 0) {
        return NULL;
    }
    s = slot(names, name, len, hash(names, name, len));
    return s->name != NULL ? &s->value : NULL;
}

void
platen_tables_names_add(platen_tables_names_t *names, const char *name, size_t len,
                        size_t value)
{
    platen_tables_name_t *old = names->slots, *s;
    size_t                i, size = names->size;

    if (names->n >= size / 2) {
        names->size = size == 0 ? 64 : size * 2;
        names->slots = platen_tables_new(names->size, sizeof(*names->slots));
        for (i = 0; i < size; i++) {
            if (old[i].name != NULL) {
                *slot(names, old[i].name, old[i].len, old[i].hash) = old[i];
            }
        }
        free(old);
    }
    s = slot(names, name, len, hash(names, name, len));
    s->name = name;
    s->len = len;
    s->hash = hash(names, name, len);
    s->value = value;
    names->n++;
}
