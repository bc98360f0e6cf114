/*
 * The warm LibreOffice as platend sees it: starts platen-lok, asks it for a
 * child per document, hears how each ended, and replaces it when it dies, has
 * grown, has served its time, or LibreOffice was upgraded under it.
 *
 * A replacement is warmed beside the one that serves and takes over when it is
 * ready, so that a renewal costs no document any time.
 */

#ifndef PLATEN_ZYGOTE_H
#define PLATEN_ZYGOTE_H

#include "config.h"
#include "office/wire.h"

typedef struct platen_zygote_s platen_zygote_t;

/* How a run ended that was asked for. */
typedef enum {
    PLATEN_ZYGOTE_EXITED,  /* wait_status and max_rss are set */
    PLATEN_ZYGOTE_REFUSED, /* it never opened the document; `error` says why */
    PLATEN_ZYGOTE_LOST     /* the zygote died and took it along */
} platen_zygote_end_t;

typedef struct {
    platen_zygote_end_t end;
    int                 wait_status; /* as waitpid(2) */
    uint64_t            max_rss;     /* bytes; 0: not known */
    int                 error;       /* an errno */
} platen_zygote_result_t;

/* What it is doing. */
typedef enum {
    PLATEN_ZYGOTE_WARMING, /* it will be ready in a few seconds */
    PLATEN_ZYGOTE_READY,
    PLATEN_ZYGOTE_BROKEN /* it does not get ready; tried again from time to time */
} platen_zygote_state_t;

/* Told of each run's end, once; no process of the run does anything any more by then. */
typedef void
platen_zygote_ended_t(void *data, uint32_t tag, const platen_zygote_result_t *result);

/* Told whenever platen_zygote_state() has changed. */
typedef void platen_zygote_changed_t(void *data);

/*
 * `required`: layers of the sandbox without which platen-lok does not start.
 * `config` must outlive it.  Starts nothing yet.  NULL: no memory.
 */
platen_zygote_t *
platen_zygote_new(const platen_config_t *config, unsigned required,
                  platen_zygote_ended_t *ended, platen_zygote_changed_t *changed, void *data);

/*
 * Kills it and its children, and waits for them.  To be called by the thread
 * that has started it.
 */
void platen_zygote_destroy(platen_zygote_t **zygote);

/*
 * Starts the first one, which reports itself later.  Must run in the thread
 * that lives as long as the process: the kernel kills it with that.
 * Returns 0, or -1 with a sentence in `err`.
 */
int platen_zygote_start(platen_zygote_t *zygote, char *err, size_t errlen);

platen_zygote_state_t platen_zygote_state(const platen_zygote_t *zygote);

/* Why the last one ended before it was ready; "" if none did. */
const char *platen_zygote_reason(const platen_zygote_t *zygote);

/* Whether this process is one of its zygotes, which nobody else may reap. */
int platen_zygote_owns(const platen_zygote_t *zygote, pid_t pid);

/*
 * Asks for a run.  `message` is a CONVERT without its kind; tags of running
 * ones must differ.  Returns 0; or -1 with errno, and nobody is told of it.
 */
int platen_zygote_convert(platen_zygote_t *zygote, platen_lok_message_t *message);

/* Kills a run, at once; its end is told as usual. */
void platen_zygote_kill(platen_zygote_t *zygote, uint32_t tag);

/* The process of a run, as platen-lok has told; 0 if it has none yet. */
pid_t platen_zygote_pid(const platen_zygote_t *zygote, uint32_t tag);

/* A descriptor that is readable when platen_zygote_read() has something to do. */
int  platen_zygote_fd(const platen_zygote_t *zygote);
void platen_zygote_read(platen_zygote_t *zygote);

/* Restarts and renewals: call about once a second. */
void platen_zygote_tick(platen_zygote_t *zygote);

#endif
