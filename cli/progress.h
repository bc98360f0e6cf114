/*
 * What is told while documents are converted: on a terminal a bar to each that is in work,
 * and a line of all; else a line to each that has ended.  From any thread.
 */

#ifndef PLATEN_CLI_PROGRESS_H
#define PLATEN_CLI_PROGRESS_H

#include <stdint.h>

#define PLATEN_PROGRESS_SLOTS 64

typedef enum {
    PLATEN_PROGRESS_NONE,
    PLATEN_PROGRESS_UPLOAD,
    PLATEN_PROGRESS_WAIT,
    PLATEN_PROGRESS_CONVERT,
    PLATEN_PROGRESS_DOWNLOAD,
} platen_progress_phase_t;

/* `bars`: standard error is a terminal, and nobody has asked for silence. */
void platen_progress_start(int bars, int quiet);

/* One more document is to be done. */
void platen_progress_expect(void);

/* What slot `n` does, 0 to PLATEN_PROGRESS_SLOTS - 1; `part` of a thousand, or -1: unknown. */
void platen_progress_set(int n, const char *name, platen_progress_phase_t phase, int part);

/* Its document has ended, well or not; `line` stays, above the bars ("": nothing to say). */
void platen_progress_end(int n, int ok, const char *line);

/* A line that stays, whatever has been asked for. */
void platen_progress_say(const char *line);

/* Draws what has changed: ten times a second, by one thread. */
void platen_progress_draw(void);

/* The bars go. */
void platen_progress_stop(void);

#endif
