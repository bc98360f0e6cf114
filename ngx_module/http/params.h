/*
 * What a submission says besides its file: formats, a name, how long and how
 * urgently, whom to tell, and conversion options.  The names are one table, and it is the same for the query and for
 * fields of a form.  Free of nginx types; owned by the receiver.
 *
 * A field is a number: a platen_param_t, or PLATEN_PARAMS + a platen_option_t.
 */

#ifndef PLATEN_PARAMS_H
#define PLATEN_PARAMS_H

#include "job/job.h"
#include "job/option.h"
#include "job/webhook_url.h"

#define PLATEN_PARAMS_NOTES 1024 /* bytes of what there is to say */
#define PLATEN_PARAM_MAX 256 /* bytes of a value, */
#define PLATEN_PARAM_VALUE_MAX PLATEN_WEBHOOK_URL_MAX /* and of the longest */

typedef enum {
    PLATEN_PARAM_TARGET,
    PLATEN_PARAM_SOURCE,
    PLATEN_PARAM_FILENAME,
    PLATEN_PARAM_TTL,
    PLATEN_PARAM_PRIORITY,
    PLATEN_PARAM_WEBHOOK,
    PLATEN_PARAMS
} platen_param_t;

/* A zeroed one is empty. */
typedef struct {
    char             values[PLATEN_PARAMS][PLATEN_PARAM_MAX + 1];
    size_t           lens[PLATEN_PARAMS];
    uint64_t         ttl;       /* seconds; 0: not given */
    uint8_t          priority;  /* platen_priority_t */
    char             webhook[PLATEN_WEBHOOK_URL_MAX];
    size_t           webhook_len; /* 0: not given */
    platen_options_t options;
    char             notes[PLATEN_PARAMS_NOTES]; /* lines, each a sentence */
    size_t           notes_len;
} platen_params_t;

/*
 * The field of that name or alias, in any case, with `-`, `_` or as camelCase;
 * -1 if there is none.
 */
int platen_params_find(const char *name, size_t len);

/*
 * A name that is no field's.  A slip of one ("passwrod") is PLATEN_INVALID with
 * a sentence in `detail` that names it, since what was meant would be missing;
 * any other is PLATEN_OK and a note, which shows at most a word of it.
 */
int platen_params_unknown(platen_params_t *params, const char *name,
    size_t len, char *detail, size_t size);

/* Adds a line to the notes, unless there is no room left. */
void platen_params_note(platen_params_t *params, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The field's first name, as in the API. */
const char *platen_params_name(int field);

/* Whether its value is never to be shown: a password, or a URL that is as good as one. */
int platen_params_is_secret(int field);

/*
 * Takes a value; it replaces an earlier one.  Returns PLATEN_OK, or
 * PLATEN_INVALID with a sentence for the client in `detail`, which never
 * repeats the value.
 */
int platen_params_set(platen_params_t *params, int field, const char *value,
    size_t len, char *detail, size_t size);

/*
 * Whether all options that are given are among `allowed`; if not, `detail`
 * says which is not, and what the conversion takes.
 */
int platen_params_allowed(const platen_params_t *params, uint32_t allowed,
    const char *from, const char *to, char *detail, size_t size);

#endif
