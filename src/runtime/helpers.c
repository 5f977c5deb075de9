/* The pool of helper threads. One lock guards all of it: it is held for a few instructions, and the
 * calls that come here cost microseconds at least. */
#include "runtime/helpers.h"

#include "limits.h"
#include "runtime/io_internal.h"

#include <pthread.h>
#include <signal.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    struct io_op *first, **end;
    unsigned queued, idle, threads;
    bool is_stopping;
    pthread_t thread[HELPER_THREADS_MAX];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .has_work = PTHREAD_COND_INITIALIZER};

/* Runs on the op's worker. */
static void come_home(struct post *post)
{
    io_complete(container_of(post, struct io_op, post));
}

static void send_home(struct io_op *op)
{
    op->post.run = come_home;
    worker_post(op->backend_state, &op->post);
}

/* The oldest op, waited for; NULL when there will be none. Called with the lock held. */
static struct io_op *take_op(void)
{
    while (pool.first == NULL && !pool.is_stopping) {
        pool.idle++;
        (void)pthread_cond_wait(&pool.has_work, &pool.lock);
        pool.idle--;
    }
    struct io_op *op = pool.first;
    if (op == NULL)
        return NULL;
    assert(pool.queued > 0);
    pool.queued--;
    pool.first = op->next;
    if (pool.first == NULL)
        pool.end = &pool.first;
    return op;
}

static void *helper_thread(void *arg)
{
    (void)arg;
    (void)pthread_setname_np(pthread_self(), "helper");
    (void)pthread_mutex_lock(&pool.lock);
    struct io_op *op;
    while ((op = take_op()) != NULL) {
        (void)pthread_mutex_unlock(&pool.lock);
        op->call(op);
        send_home(op);
        (void)pthread_mutex_lock(&pool.lock);
    }
    (void)pthread_mutex_unlock(&pool.lock);
    return NULL;
}

/* Called with the lock held. Returns 0 or -errno. */
static int start_thread(void)
{
    assert(pool.threads < HELPER_THREADS_MAX);
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* a new thread inherits this */
    int err = pthread_create(&pool.thread[pool.threads], NULL, helper_thread, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err == 0)
        pool.threads++;
    return -err;
}

int helpers_start(void)
{
    (void)pthread_mutex_lock(&pool.lock);
    assert(pool.threads == 0 && pool.queued == 0);
    pool.first = NULL;
    pool.end = &pool.first;
    pool.is_stopping = false;
    int err = start_thread();
    (void)pthread_mutex_unlock(&pool.lock);
    return err;
}

void helpers_stop(void)
{
    (void)pthread_mutex_lock(&pool.lock);
    pool.is_stopping = true;
    (void)pthread_cond_broadcast(&pool.has_work);
    unsigned threads = pool.threads;
    (void)pthread_mutex_unlock(&pool.lock);
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(pool.thread[i], NULL);
    assert(pool.first == NULL && pool.queued == 0);
    pool.threads = 0;
}

void helpers_run(struct worker *home, struct io_op *op, void (*work)(struct io_op *op))
{
    assert(home != NULL && work != NULL);
    op->call = work;
    op->backend_state = home;
    op->next = NULL;
    (void)pthread_mutex_lock(&pool.lock);
    assert(pool.threads > 0 && !pool.is_stopping);
    bool is_full = pool.queued == HELPER_QUEUE_MAX;
    if (!is_full) {
        *pool.end = op;
        pool.end = &op->next;
        pool.queued++;
        /* Those who were woken but don't run yet still count as idle, so compare with the queue.
         * A thread that can't be had now is no harm: those there are do the work. */
        if (pool.queued > pool.idle && pool.threads < HELPER_THREADS_MAX)
            (void)start_thread();
        if (pool.idle > 0)
            (void)pthread_cond_signal(&pool.has_work);
    }
    (void)pthread_mutex_unlock(&pool.lock);
    if (is_full) {
        op->result = -EAGAIN;
        send_home(op);
    }
}
