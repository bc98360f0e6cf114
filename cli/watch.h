/* A directory whose documents are to be converted as they come. */

#ifndef PLATEN_CLI_WATCH_H
#define PLATEN_CLI_WATCH_H

typedef struct {
    const char *dir;
    const char *out; /* where results go; may be `dir` */
    const char *to;  /* their format; or NULL */
    void (*found)(void *data, const char *path);
    void *data;
} platen_watch_t;

/*
 * Begins to watch, and tells of what is there already and has no result that is not older.
 * Returns a descriptor that can be read when something has come, or -1 having said why.
 */
int platen_watch_start(const platen_watch_t *w);

/* Tells of what has come since. */
void platen_watch_read(const platen_watch_t *w, int fd);

#endif
