/*
 * The crew; see crew.h.  Owns the threads and the lists; works are their owners'.
 * A thread is made when a work has none to wait for, and stays.  Where there can be no
 * more of them, work waits for those that there are.
 *
 * Children are forked by the loop's thread alone, for which PR_SET_PDEATHSIG asks.
 * All signals are blocked before the first thread is made.
 */

#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct {
    platen_work_t  *first;
    platen_work_t **last;
} list_t;

typedef struct {
    platen_crew_t *crew;
    pthread_cond_t more;
    list_t         waiting;
    unsigned       nwaiting;
    unsigned       idle; /* threads */
    unsigned       nthreads;
    unsigned       max;
    pthread_t     *threads;
} kind_t;

struct platen_crew_s {
    pthread_mutex_t lock; /* of all that follows */
    kind_t          kinds[PLATEN_CREW_KINDS];
    list_t          done;
    int             stopping;
    int             fd; /* an eventfd: there is something in `done` */
};

static void
append(list_t *list, platen_work_t *work)
{
    work->next = NULL;
    *list->last = work;
    list->last = &work->next;
}

static platen_work_t *
take(list_t *list)
{
    platen_work_t *work = list->first;

    list->first = work->next;
    if (list->first == NULL) {
        list->last = &list->first;
    }
    return work;
}

static void
wake(const platen_crew_t *crew)
{
    uint64_t one = 1;

    /* Its only failure is to be full, and then the loop is awake. */
    (void) !write(crew->fd, &one, sizeof(one));
}

static void *
serve(void *arg)
{
    kind_t        *kind = arg;
    platen_crew_t *crew = kind->crew;
    platen_work_t *work;
    int            first;

    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (!crew->stopping && kind->waiting.first == NULL) {
            kind->idle++;
            pthread_cond_wait(&kind->more, &crew->lock);
            kind->idle--;
        }
        if (crew->stopping) {
            break;
        }
        work = take(&kind->waiting);
        kind->nwaiting--;
        pthread_mutex_unlock(&crew->lock);

        work->run(work->data);

        pthread_mutex_lock(&crew->lock);
        append(&crew->done, work);
        first = crew->done.first == work;
        pthread_mutex_unlock(&crew->lock);
        if (first) {
            wake(crew);
        }
        pthread_mutex_lock(&crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* Makes one more thread of a kind, with the lock held.  0, or an errno. */
static int
grow(kind_t *kind)
{
    int rc;

    if (kind->nthreads == kind->max) {
        return EAGAIN;
    }
    rc = pthread_create(&kind->threads[kind->nthreads], NULL, serve, kind);
    kind->nthreads += rc == 0;
    return rc;
}

/* Who has it while the loop wants it goes on with the loop's priority, should that have one. */
static void
init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    (void) pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

platen_crew_t *
platen_crew_new(unsigned disk)
{
    platen_crew_t *crew;
    kind_t        *kind;
    int            i, rc = 0;

    crew = calloc(1, sizeof(*crew));
    if (crew == NULL) {
        return NULL;
    }
    init_lock(&crew->lock);
    crew->done.last = &crew->done.first;
    for (i = 0; i < PLATEN_CREW_KINDS; i++) {
        kind = &crew->kinds[i];
        kind->crew = crew;
        pthread_cond_init(&kind->more, NULL);
        kind->waiting.last = &kind->waiting.first;
        kind->max = i == PLATEN_CREW_DISK ? disk : 1;
        kind->threads = calloc(kind->max, sizeof(*kind->threads));
        rc = rc != 0 ? rc : kind->threads == NULL ? ENOMEM : grow(kind);
    }
    crew->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (rc == 0 && crew->fd < 0) {
        rc = errno;
    }
    if (rc != 0) {
        platen_crew_destroy(&crew);
        errno = rc;
    }
    return crew;
}

void
platen_crew_stop(platen_crew_t *crew)
{
    kind_t *kind;
    int     i;

    pthread_mutex_lock(&crew->lock);
    crew->stopping = 1;
    for (i = 0; i < PLATEN_CREW_KINDS; i++) {
        pthread_cond_broadcast(&crew->kinds[i].more);
    }
    pthread_mutex_unlock(&crew->lock);
    for (i = 0; i < PLATEN_CREW_KINDS; i++) {
        kind = &crew->kinds[i];
        while (kind->nthreads > 0) {
            (void) pthread_join(kind->threads[--kind->nthreads], NULL);
        }
    }
}

void
platen_crew_destroy(platen_crew_t **self)
{
    platen_crew_t *crew = *self;
    int            i;

    if (crew == NULL) {
        return;
    }
    platen_crew_stop(crew);
    for (i = 0; i < PLATEN_CREW_KINDS; i++) {
        pthread_cond_destroy(&crew->kinds[i].more);
        free(crew->kinds[i].threads);
    }
    pthread_mutex_destroy(&crew->lock);
    if (crew->fd >= 0) {
        close(crew->fd);
    }
    free(crew);
    *self = NULL;
}

void
platen_crew_do(platen_crew_t *crew, platen_crew_kind_t k, platen_work_t *work)
{
    kind_t *kind = &crew->kinds[k];

    pthread_mutex_lock(&crew->lock);
    append(&kind->waiting, work);
    kind->nwaiting++;
    if (kind->nwaiting > kind->idle) {
        (void) grow(kind); /* or it waits for one that there is */
    }
    pthread_mutex_unlock(&crew->lock);
    pthread_cond_signal(&kind->more);
}

int
platen_crew_fd(const platen_crew_t *crew)
{
    return crew->fd;
}

void
platen_crew_read(platen_crew_t *crew)
{
    platen_work_t *work, *next;
    uint64_t       n;

    (void) !read(crew->fd, &n, sizeof(n));
    pthread_mutex_lock(&crew->lock);
    work = crew->done.first;
    crew->done.first = NULL;
    crew->done.last = &crew->done.first;
    pthread_mutex_unlock(&crew->lock);

    /* What is done by now, and nothing that comes meanwhile: other events have their turn. */
    for (; work != NULL; work = next) {
        next = work->next;
        work->done(work->data);
    }
}
