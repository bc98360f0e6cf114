/* Bars on a terminal; see progress.h.  One lock; drawing is one write. */

#include "progress.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"

#define WIDTH 24 /* of a bar */
#define ROWS_MAX 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
    char                    name[PLATEN_OUTPUT_NAME];
    platen_progress_phase_t phase;
    int                     part;
} slots[PLATEN_PROGRESS_SLOTS];

static int    has_bars, is_quiet, drawn;
static size_t expected, ended, failed;

static const char *const phases[] = {
    [PLATEN_PROGRESS_NONE] = "",
    [PLATEN_PROGRESS_UPLOAD] = "sends",
    [PLATEN_PROGRESS_WAIT] = "waits",
    [PLATEN_PROGRESS_CONVERT] = "converts",
    [PLATEN_PROGRESS_DOWNLOAD] = "fetches",
};

void
platen_progress_start(int bars, int quiet)
{
    has_bars = bars && !quiet;
    is_quiet = quiet;
}

void
platen_progress_expect(void)
{
    pthread_mutex_lock(&lock);
    expected++;
    pthread_mutex_unlock(&lock);
}

/* With the lock: the cursor to where the bars begin, and they are gone. */
static void
wipe(void)
{
    if (drawn > 0) {
        fprintf(stderr, "\r\033[%dA\033[J", drawn);
        drawn = 0;
    }
}

static void
bar(int part, char out[WIDTH + 1])
{
    int i, full = part < 0 ? 0 : part * WIDTH / 1000;

    for (i = 0; i < WIDTH; i++) {
        out[i] = i < full ? '#' : '.';
    }
    out[WIDTH] = '\0';
}

static void
draw(void)
{
    struct winsize size;
    char           line[WIDTH + 1];
    int            i, columns = 80, rows = 24, room;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        columns = size.ws_col;
        rows = size.ws_row;
    }
    rows = rows - 2 > ROWS_MAX ? ROWS_MAX : rows - 2;
    room = columns - WIDTH - 20;
    wipe();
    for (i = 0; i < PLATEN_PROGRESS_SLOTS && drawn < rows; i++) {
        if (slots[i].phase != PLATEN_PROGRESS_NONE) {
            bar(slots[i].part, line);
            fprintf(stderr, "  %-8s [%s] %.*s\n", phases[slots[i].phase], line,
                    room < 8 ? 8 : room, slots[i].name);
            drawn++;
        }
    }
    bar(expected == 0 ? 0 : (int) (ended * 1000 / expected), line);
    fprintf(stderr, "  %-8s [%s] %zu of %zu", "all", line, ended, expected);
    if (failed > 0) {
        fprintf(stderr, ", %zu failed", failed);
    }
    fputc('\n', stderr);
    drawn++;
    fflush(stderr);
}

void
platen_progress_set(int n, const char *name, platen_progress_phase_t phase, int part)
{
    pthread_mutex_lock(&lock);
    if (name != NULL) {
        (void) platen_output_text(name, slots[n].name, sizeof(slots[n].name));
    }
    slots[n].phase = phase;
    slots[n].part = part;
    pthread_mutex_unlock(&lock);
}

static void
say(const char *line)
{
    wipe();
    fprintf(stderr, "%s\n", line);
    fflush(stderr);
}

void
platen_progress_end(int n, int ok, const char *line)
{
    pthread_mutex_lock(&lock);
    slots[n].phase = PLATEN_PROGRESS_NONE;
    ended++;
    failed += !ok;
    if (*line != '\0' && (!ok || !is_quiet)) {
        say(line);
    }
    pthread_mutex_unlock(&lock);
}

void
platen_progress_say(const char *line)
{
    pthread_mutex_lock(&lock);
    say(line);
    pthread_mutex_unlock(&lock);
}

void
platen_progress_draw(void)
{
    pthread_mutex_lock(&lock);
    if (has_bars) {
        draw();
    }
    pthread_mutex_unlock(&lock);
}

void
platen_progress_stop(void)
{
    pthread_mutex_lock(&lock);
    if (has_bars && drawn > 0) {
        draw();
        drawn = 0; /* the last ones stay */
    }
    has_bars = 0;
    pthread_mutex_unlock(&lock);
}
