/* Workers: what other threads post to them, and one another. */
#include "fiber_scene.h"

#include <pthread.h>
#include <stdatomic.h>

enum { POSTERS = 4, POSTS = 5000 };

struct letter {
    struct post post;
    unsigned poster, number;
};

static struct {
    struct letter letters[POSTERS][POSTS];
    unsigned next[POSTERS]; /* touched by the worker only */
    unsigned arrived;
    struct worker *worker;
    struct fiber *reader;
} mail;

static void receive(struct post *post)
{
    const struct letter *letter = container_of(post, struct letter, post);
    assert(worker_self() == mail.worker && fiber_self() == NULL);
    assert(letter->number == mail.next[letter->poster]++); /* each poster's in its order */
    if (++mail.arrived == POSTERS * POSTS)
        fiber_wake(mail.reader);
}

static void *post_all(void *arg)
{
    struct letter *letters = arg;
    assert(worker_self() == NULL);
    for (unsigned i = 0; i < POSTS; i++)
        worker_post(mail.worker, &letters[i].post);
    return NULL;
}

FIBER_TEST(post__from_many_threads__all_run_on_the_worker_in_order, 64)
{
    pthread_t threads[POSTERS];
    memset(&mail, 0, sizeof mail);
    mail.worker = worker_self();
    mail.reader = fiber_self();
    for (unsigned i = 0; i < POSTERS; i++) {
        for (unsigned k = 0; k < POSTS; k++)
            mail.letters[i][k] = (struct letter){{.run = receive}, i, k};
        assert(pthread_create(&threads[i], NULL, post_all, mail.letters[i]) == 0);
    }
    assert(fiber_park(DEADLINE_NONE) == 0); /* asleep in the kernel: a post must end that */
    assert(mail.arrived == POSTERS * POSTS);
    for (unsigned i = 0; i < POSTERS; i++)
        assert(pthread_join(threads[i], NULL) == 0);
}

/* ---- From worker to worker ---- */

struct ball {
    struct post post;
    unsigned throws_left;
    struct fiber *owner;
};

static void throw_on(struct post *post)
{
    struct ball *ball = container_of(post, struct ball, post);
    if (ball->throws_left > 0) {
        ball->throws_left--;
        unsigned next = (worker_index(worker_self()) + 1) % workers_count();
        worker_post(worker_at(next), post);
    } else if (worker_index(worker_self()) == 0) {
        fiber_wake(ball->owner);
    } else {
        worker_post(worker_at(0), post);
    }
}

static awaits void play_ball(void)
{
    assert(workers_count() == 3);
    struct ball ball = {{.run = throw_on}, 5000, fiber_self()};
    worker_post(worker_self(), &ball.post);
    assert(fiber_park(DEADLINE_NONE) == 0 && ball.throws_left == 0);
}

TEST(post__from_worker_to_worker__arrives_each_time)
{
    on_workers(3, 64, play_ball);
}

/* ---- Birth in answer to a post, timers, the end ---- */

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static bool flag;

static void spawn_from_post(struct post *post)
{
    (void)post;
    spawn(set_flag, &flag);
}

FIBER_TEST(spawn__from_a_post__runs, 64)
{
    struct post post = {.run = spawn_from_post};
    flag = false;
    worker_post(worker_self(), &post);
    assert(fiber_sleep(soon(10)) == 0);
    assert(flag);
}

struct bell {
    struct timer timer;
    struct fiber *owner;
};

static void ring(struct timer *timer)
{
    assert(fiber_self() == NULL);
    fiber_wake(container_of(timer, struct bell, timer)->owner);
}

FIBER_TEST(timer__of_the_worker__fires_in_time_and_not_when_disarmed, 64)
{
    struct bell bell = {{.at_ms = soon(20), .fire = ring}, fiber_self()};
    assert(worker_timer_add(&bell.timer) == 0);
    assert(fiber_park(DEADLINE_NONE) == 0);
    assert(clock_ms() >= bell.timer.at_ms && worker_now_ms() >= bell.timer.at_ms);
    bell.timer.at_ms = soon(5);
    assert(worker_timer_add(&bell.timer) == 0);
    worker_timer_remove(&bell.timer);
    assert(fiber_park(soon(20)) == -ETIMEDOUT);
}

static awaits void end_at_once(void)
{
}

TEST(start_and_join__many_times__leaves_nothing_behind)
{
    for (unsigned i = 0; i < 20; i++)
        on_workers(1 + i % 3, 8, end_at_once);
    assert_int_equal(workers_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(post__from_many_threads__all_run_on_the_worker_in_order),
        cmocka_unit_test(post__from_worker_to_worker__arrives_each_time),
        cmocka_unit_test(spawn__from_a_post__runs),
        cmocka_unit_test(timer__of_the_worker__fires_in_time_and_not_when_disarmed),
        cmocka_unit_test(start_and_join__many_times__leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
