/* Requests on their way between fibers and the catalog's threads.
 *
 * Going there: a stack that workers push onto without a lock and the thread takes whole. Coming
 * back: a post to the fiber's worker. Who frees a request is decided once, by whoever changes its
 * state first: the fiber that gives up, or the thread that answers. */
#include "catalog/catalog_sqlite_internal.h"

#include "base/clock.h"
#include "base/counters.h"

#include <stdlib.h>
#include <time.h>

struct sqlite_request *sqlite_request_new(int (*run)(struct sqlite_session *session,
                                                     struct sqlite_request *request),
                                          size_t size)
{
    assert(size >= sizeof(struct sqlite_request));
    struct sqlite_request *request = calloc(1, size);
    if (request != NULL)
        request->run = run;
    return request;
}

void sqlite_request_drop(struct sqlite_request *request)
{
    free(request);
}

bool sqlite_request_is_abandoned(const struct sqlite_request *request)
{
    return atomic_load(&request->state) == REQUEST_ABANDONED;
}

void sqlite_request_run(struct sqlite_request *request, struct sqlite_session *session)
{
    error_clear();
    request->note.text[0] = '\0';
    request->result = request->run(session, request);
    if (request->result < 0)
        sqlite_request_fail(request, request->result);
}

void sqlite_request_fail(struct sqlite_request *request, int err)
{
    assert(err < 0);
    request->result = err;
    const char *text = error_text();
    size_t len = strnlen(text, sizeof(request->note.text) - 1);
    memcpy(request->note.text, text, len);
    request->note.text[len] = '\0';
}

/* On the fiber's worker. */
static void come_back(struct post *post)
{
    struct sqlite_request *request = container_of(post, struct sqlite_request, post);
    request->is_back = true;
    fiber_wake(request->fiber);
}

void sqlite_request_answer(struct sqlite_request *request)
{
    int expected = REQUEST_WAITED_FOR;
    if (atomic_compare_exchange_strong(&request->state, &expected, REQUEST_ANSWERED)) {
        worker_post(request->worker, &request->post);
        return;
    }
    assert(expected == REQUEST_ABANDONED);
    sqlite_request_drop(request);
}

void sqlite_inbox_open(struct sqlite_inbox *inbox)
{
    int err = sem_init(&inbox->filled, 0, 0);
    assert(err == 0); /* it fails only for a value too large */
    (void)err;
}

void sqlite_inbox_close(struct sqlite_inbox *inbox)
{
    assert(atomic_load(&inbox->count) == 0);
    sem_destroy(&inbox->filled);
}

void sqlite_inbox_finish(struct sqlite_inbox *inbox)
{
    atomic_store(&inbox->is_closing, true);
    sem_post(&inbox->filled);
}

static int put(struct sqlite_inbox *inbox, struct sqlite_request *request)
{
    if (atomic_fetch_add(&inbox->count, 1) >= CATALOG_QUEUE_MAX) {
        atomic_fetch_sub(&inbox->count, 1);
        return fail(-EAGAIN, "catalog: the queue is full");
    }
    counter_add(COUNTER_catalog_queue, 1);

    struct sqlite_request *newest = atomic_load(&inbox->newest);
    do
        request->next = newest;
    while (!atomic_compare_exchange_weak(&inbox->newest, &newest, request));
    if (newest == NULL)
        sem_post(&inbox->filled);
    return 0;
}

awaits int sqlite_inbox_ask(struct sqlite_inbox *inbox, struct sqlite_request **request_at)
{
    struct sqlite_request *request = *request_at;
    request->post.run = come_back;
    request->worker = worker_self();
    request->fiber = fiber_self();
    assert(request->worker != NULL && request->fiber != NULL);
    int err = put(inbox, request);
    if (err < 0)
        return err;

    int64_t deadline_ms = worker_now_ms() + CATALOG_WAIT_MS;
    while (!request->is_back) {
        err = fiber_park(deadline_ms);
        if (err == 0 || request->is_back)
            continue;
        int expected = REQUEST_WAITED_FOR;
        if (atomic_compare_exchange_strong(&request->state, &expected, REQUEST_ABANDONED)) {
            *request_at = NULL;
            return fail(err, "catalog: no answer was awaited any longer");
        }
        while (!request->is_back) /* the answer is on its way and will be here at once */
            fiber_park_deaf();
    }
    if (request->result < 0 && request->note.text[0] != '\0')
        return fail(request->result, "%s", request->note.text);
    return request->result;
}

/* Waits until the inbox stops being empty. Returns false when it didn't in time. */
static bool wait_filled(struct sqlite_inbox *inbox, int64_t idle_ms)
{
    int64_t until_ms = clock_ms() + idle_ms;
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
    int got;
    do
        got = idle_ms < 0 ? sem_wait(&inbox->filled)
                          : sem_clockwait(&inbox->filled, CLOCK_MONOTONIC, &until);
    while (got < 0 && errno == EINTR);
    return got == 0;
}

/* Takes all that was put, behind what is there already, oldest first. */
static void take_all(struct sqlite_inbox *inbox)
{
    struct sqlite_request *newest = atomic_exchange(&inbox->newest, NULL);
    struct sqlite_request *oldest = NULL;
    while (newest != NULL) {
        struct sqlite_request *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    struct sqlite_request **end = &inbox->oldest;
    while (*end != NULL)
        end = &(*end)->next;
    *end = oldest;
}

struct sqlite_request *sqlite_inbox_take(struct sqlite_inbox *inbox, int64_t idle_ms,
                                         bool *ret_is_over)
{
    /* Exactly one take_all() for each post of the semaphore, so that it can't add up. Whoever sees
     * that the inbox is closing sees all that was put before. */
    bool is_closing = atomic_load(&inbox->is_closing);
    bool is_filled = is_closing || (inbox->oldest == NULL ? wait_filled(inbox, idle_ms)
                                                          : sem_trywait(&inbox->filled) == 0);
    if (is_filled)
        take_all(inbox);

    struct sqlite_request *first = inbox->oldest;
    struct sqlite_request **end = &inbox->oldest;
    size_t count = 0;
    while (*end != NULL && count < CATALOG_COMMIT_ROWS_MAX) {
        end = &(*end)->next;
        count++;
    }
    *ret_is_over = is_closing && count == 0;
    if (count == 0)
        return NULL;
    inbox->oldest = *end;
    *end = NULL;
    atomic_fetch_sub(&inbox->count, count);
    counter_add(COUNTER_catalog_queue, -(int64_t)count);
    return first;
}
