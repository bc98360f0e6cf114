/* platen_crew: what is handed over is done, one held work holds no other, and a stop waits. */

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crew.h"

#define WORKS 64

typedef struct {
    platen_work_t   work;
    platen_crew_t  *crew;
    pthread_t       thread;
    pthread_mutex_t held; /* locked: the work does not end */
    int             runs;
    int             done;
    int             again; /* times to be given again from `done` */
} work_t;

static void
run(void *data)
{
    work_t *w = data;

    w->thread = pthread_self();
    pthread_mutex_lock(&w->held);
    pthread_mutex_unlock(&w->held);
    w->runs++;
}

static void
done(void *data)
{
    work_t *w = data;

    w->done++;
    if (w->again > 0) {
        w->again--;
        platen_crew_do(w->crew, PLATEN_CREW_STORE, &w->work);
    }
}

static void
make(platen_crew_t *crew, work_t *works, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        works[i] =
            (work_t){ .work = { .run = run, .done = done, .data = &works[i] }, .crew = crew };
        pthread_mutex_init(&works[i].held, NULL);
    }
}

/* Reads until the work is done. */
static void
wait_for(platen_crew_t *crew, const work_t *w, int times)
{
    struct pollfd fd = { .fd = platen_crew_fd(crew), .events = POLLIN };

    while (w->done < times) {
        assert_int_equal(poll(&fd, 1, 10000), 1);
        platen_crew_read(crew);
    }
}

static void
test_all_are_done(void **state)
{
    platen_crew_t *crew = platen_crew_new(3);
    work_t         works[WORKS];
    int            i;

    (void) state;
    assert_non_null(crew);
    make(crew, works, WORKS);
    for (i = 0; i < WORKS; i++) {
        platen_crew_do(crew, i % 2 ? PLATEN_CREW_DISK : PLATEN_CREW_STORE, &works[i].work);
    }
    for (i = 0; i < WORKS; i++) {
        wait_for(crew, &works[i], 1);
        assert_int_equal(works[i].runs, 1);
        assert_false(pthread_equal(works[i].thread, pthread_self()));
    }
    /* Given again by what is called when it is done. */
    works[0].again = 2;
    platen_crew_do(crew, PLATEN_CREW_STORE, &works[0].work);
    wait_for(crew, &works[0], 4);
    assert_int_equal(works[0].runs, 4);
    platen_crew_destroy(&crew);
    assert_null(crew);
}

static void
test_held(void **state)
{
    platen_crew_t *crew = platen_crew_new(3);
    work_t         works[5];
    int            i;

    (void) state;
    assert_non_null(crew);
    make(crew, works, 5);
    /* Two of three, and the one of the store. */
    for (i = 0; i < 3; i++) {
        pthread_mutex_lock(&works[i].held);
        platen_crew_do(crew, i < 2 ? PLATEN_CREW_DISK : PLATEN_CREW_STORE, &works[i].work);
    }
    platen_crew_do(crew, PLATEN_CREW_DISK, &works[3].work);
    wait_for(crew, &works[3], 1);
    platen_crew_do(crew, PLATEN_CREW_DISK, &works[3].work);
    wait_for(crew, &works[3], 2);
    for (i = 0; i < 3; i++) {
        assert_int_equal(works[i].done, 0);
    }
    /* One at a time of the store's, in their order. */
    platen_crew_do(crew, PLATEN_CREW_STORE, &works[4].work);
    platen_crew_do(crew, PLATEN_CREW_DISK, &works[3].work);
    wait_for(crew, &works[3], 3);
    assert_int_equal(works[4].runs, 0);
    for (i = 0; i < 3; i++) {
        pthread_mutex_unlock(&works[i].held);
        wait_for(crew, &works[i], 1);
    }
    wait_for(crew, &works[4], 1);
    platen_crew_destroy(&crew);
}

static void
test_stop(void **state)
{
    platen_crew_t *crew = platen_crew_new(1);
    work_t         works[2];

    (void) state;
    assert_non_null(crew);
    make(crew, works, 2);
    pthread_mutex_lock(&works[0].held);
    platen_crew_do(crew, PLATEN_CREW_DISK, &works[0].work);
    platen_crew_do(crew, PLATEN_CREW_DISK, &works[1].work);
    pthread_mutex_unlock(&works[0].held);
    platen_crew_stop(crew);
    platen_crew_stop(crew);
    /* What was begun is over, and nobody is told. */
    assert_true(works[0].runs <= 1 && works[1].runs <= works[0].runs);
    assert_int_equal(works[0].done + works[1].done, 0);
    platen_crew_do(crew, PLATEN_CREW_DISK, &works[1].work);
    platen_crew_destroy(&crew);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_done),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
