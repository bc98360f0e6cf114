/*
 * The engines: what each can convert and how it is run.  An engine is a table
 * entry: edges of the graph of formats, and functions that say whether it is
 * there, how one document is converted, and what its exit status means.  The
 * pool runs that and knows nothing else about the engine.
 *
 * Most engines are programs: prepare() fills a command, which the pool executes
 * in the sandbox.  The warm LibreOffice is not started for a document: it has
 * request() instead, which fills what the zygote is asked for.
 */

#ifndef PLATEN_ENGINE_H
#define PLATEN_ENGINE_H

#include "sandbox/command.h"
#include "config.h"
#include "engine/edge.h"
#include "engine/exit.h"
#include "office/wire.h"
#include "job/matrix.h"
#include "job/option.h"

/* What an engine is told about one run; paths are absolute. */
typedef struct {
    const platen_edge_t    *edge;
    int                     mark;    /* texts: the next engine wants a byte order mark */
    int                     first;   /* the document is the client's, not an earlier step's */
    int                     settled; /* it is not to be declined */
    const char             *name;    /* of the document, for a person; "" if it has none */
    const platen_options_t *options; /* those that this step has to honour, no others */
    const char             *dir; /* the run's own, its working directory; emptied afterwards */
    const char             *input;      /* the document: <dir>/in.<from> */
    const char             *output_dir; /* <dir>/out */
    const char             *output;     /* the result has to be <dir>/out/in.<to> */
    const char             *files_dir;  /* a batch's results, or pages; else NULL */
} platen_run_t;

/* Debian's packages of it. */
#define PLATEN_ENGINE_LIBREOFFICE                                                              \
    "libreoffice-core libreoffice-writer libreoffice-calc libreoffice-impress "                \
    "libreoffice-draw"

typedef struct platen_engine_s platen_engine_t;

struct platen_engine_s {
    const char          *name;     /* at most PLATEN_ENGINE_NAME_MAX bytes */
    const char          *packages; /* of Debian that bring it; NULL: the operator's own */
    int                  optional; /* Platen is whole without it */
    const platen_edge_t *edges;
    size_t               nedges;
    const void          *data; /* the engine's own, or NULL */
    int                  mark; /* a plain text for it begins with a byte order mark */
    int                  own;  /* it may call its result anything: it is alone in output_dir */

    /* PLATEN_OK if this machine can run it; else `err` says what is missing. */
    int (*probe)(const platen_engine_t *engine, const platen_config_t *config, char *err,
                 size_t errlen);

    /* Whether it can do this edge here; NULL: all of them.  Called after probe(). */
    int (*can)(const platen_engine_t *engine, const platen_config_t *config,
               const platen_edge_t *edge);

    /*
     * Makes what the run needs and fills `command`.  Returns 0, or -1 with
     * errno.  NULL if the engine is the zygote.
     */
    int (*prepare)(const platen_engine_t *engine, const platen_config_t *config,
                   const platen_run_t *run, platen_command_t *command);

    /*
     * For the zygote: fills load_options, export_filter, export_options and
     * password of the message, from strings that last as long as the run or
     * lie in `scratch`.  Returns 0, or -1 with errno.
     */
    int (*request)(const platen_engine_t *engine, const platen_run_t *run,
                   platen_lok_message_t *message, char *scratch, size_t size);

    /* `stderr_tail` is the end of what the run wrote to its standard error, any bytes. */
    platen_exit_t (*exited)(int code, const char *stderr_tail);

    /* The same as a table, without that function: the first that fits; the last fits all. */
    const platen_program_rule_t *rules;

    /*
     * Parts of what it says there of a damaged document that it has read all the same;
     * ended by NULL.  NULL if it says nothing of it.
     */
    const char *const *repairs;
};

/* What an exit code of it says; see its `exited` and `rules`. */
platen_exit_t
platen_engine_exit(const platen_engine_t *engine, int code, const char *stderr_tail);

/* One step of a route, with the options that are its to honour. */
typedef struct {
    const platen_engine_t *engine;
    const platen_edge_t   *edge;
    uint32_t               options;
} platen_step_t;

#define PLATEN_ROUTE_STEPS 4

typedef struct {
    platen_step_t steps[PLATEN_ROUTE_STEPS + 1]; /* one more makes a text UTF-8 first */
    unsigned      nsteps;
    uint32_t      cost;
} platen_route_t;

/* "pandoc+lok", with `between` between two; "" without a step. */
void platen_route_names(const platen_route_t *route, char between, char *out, size_t size);

/*
 * Those that Platen brings along, each in a file of its name; whether they work here is
 * another question.  Of two ways that cost the same, the one of the earlier engine is taken.
 */
#define PLATEN_ENGINE_LIST(e)                                                                  \
    e(lok) e(soffice) e(tables) e(pandoc) e(poppler) e(mupdf) e(qpdf) e(image) e(text)

#define PLATEN_ENGINE_NUMBER(name) PLATEN_ENGINE_NUMBER_##name,
#define PLATEN_ENGINE_ENTRY(name) extern const platen_engine_t platen_engine_##name;

enum { PLATEN_ENGINE_LIST(PLATEN_ENGINE_NUMBER) PLATEN_ENGINES };
PLATEN_ENGINE_LIST(PLATEN_ENGINE_ENTRY)

extern const platen_engine_t *const platen_engine_table[PLATEN_ENGINES];

/* Whether it is the name of an engine of the table, whether or not it works here. */
int platen_engine_is_built_in(const char *name);

typedef struct platen_engines_s platen_engines_t;

/*
 * Probes every engine, logs those that are missing, and builds the matrix.
 * `config` must outlive the result.  NULL: no memory.
 */
platen_engines_t *platen_engines_new(const platen_config_t *config);

void platen_engines_destroy(platen_engines_t **engines);

/* What this machine can do; valid as long as `engines`. */
const platen_matrix_t *platen_engines_matrix(const platen_engines_t *engines);

/* How many engines work, and the name of the n-th of them. */
size_t      platen_engines_count(const platen_engines_t *engines);
const char *platen_engines_name(const platen_engines_t *engines, size_t n);

/*
 * The cheapest way from one format to the other that honours every option of
 * the mask, each in one step, the first that can.  It is the way of an
 * installation in order: of what is not, LibreOffice in a process of its own may
 * stand in for the warm one, which makes the same, and nothing else for another.
 * PLATEN_OK; PLATEN_NOT_FOUND; or PLATEN_LATER: there is one, which is out of
 * order, and *route is it.
 */
int platen_engines_route(platen_engines_t *engines, const platen_format_t *from,
                         const platen_format_t *to, uint32_t options, platen_route_t *route);

/*
 * The step that writes a document anew in its own format: as LibreOffice would
 * have written it; a PDF as far as MuPDF can read it.  PLATEN_OK or PLATEN_NOT_FOUND.
 */
int platen_engines_renewal(const platen_engines_t *engines, const platen_format_t *format,
                           platen_step_t *step);

/* What ought to be there and is not, so that jobs wait for it: a sentence, or "". */
const char *platen_engines_missing(const platen_engines_t *engines);

/* Whether this engine works here. */
int platen_engines_has(const platen_engines_t *engines, const platen_engine_t *engine);

/* Says that an engine is out of order; NULL: none is.  The matrix stays as it is. */
void platen_engines_suspend(platen_engines_t *engines, const platen_engine_t *engine);

/* The step that makes a client's text UTF-8; NULL: it is no text. */
const platen_edge_t *platen_engine_text_input(const platen_format_t *format);

/* The pages of a last step become one archive; and of batches.  In no graph. */
extern const platen_engine_t platen_engine_pages;
extern const platen_engine_t platen_engine_unpack;
extern const platen_engine_t platen_engine_pack;

/*
 * The engines of the configuration ("engine" blocks); NULL-terminated, freed
 * with platen_engine_commands_free().  NULL: no memory, or `err`.
 */
platen_engine_t      **
platen_engine_commands_new(const platen_config_t *config, char *err, size_t errlen);
void platen_engine_commands_free(platen_engine_t ***commands);

#endif
