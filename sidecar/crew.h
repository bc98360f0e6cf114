/*
 * The crew: threads for what has to wait, be it for a disk, a hash, a document or
 * the store's lock, so that the loop never does.  Work is handed over, done by one
 * thread, and handed back in the loop's.
 *
 * There are two kinds of it.  On the disk each work has a thread of its own, as far
 * as there may be, so that none waits for another.  In the store one is done at a time:
 * there is one writer's lock, and what has come meanwhile can be written at once.
 */

#ifndef PLATEN_CREW_H
#define PLATEN_CREW_H

typedef enum { PLATEN_CREW_DISK, PLATEN_CREW_STORE, PLATEN_CREW_KINDS } platen_crew_kind_t;

/* A work; its owner's, and left alone from platen_crew_do() until `done` is called. */
typedef struct platen_work_s platen_work_t;

struct platen_work_s {
    void (*run)(void *data);  /* in a thread of the crew */
    void (*done)(void *data); /* in the loop's; the work may be given again, or freed */
    void          *data;
    platen_work_t *next; /* the crew's */
};

typedef struct platen_crew_s platen_crew_t;

/* With up to `disk` threads for the disk.  NULL with errno: not even one of each kind. */
platen_crew_t *platen_crew_new(unsigned disk);

/*
 * What is being done is waited for, and nothing is begun any more; of neither is `done`
 * called.  Before what works own is freed.
 */
void platen_crew_stop(platen_crew_t *crew);

/* The same, and frees it. */
void platen_crew_destroy(platen_crew_t **crew);

/* Hands the work over.  In the order in which they come, those of a kind are begun. */
void platen_crew_do(platen_crew_t *crew, platen_crew_kind_t kind, platen_work_t *work);

/* A descriptor for the loop: call _read() when it is readable. */
int  platen_crew_fd(const platen_crew_t *crew);
void platen_crew_read(platen_crew_t *crew);

#endif
