/* Three things wake a watcher's fiber: a poll of its connection that stays armed while it waits,
 * the upload's hub, and the deadline of its park. Each may wake it for nothing, so it looks again.
 *
 * A server that goes down has nobody to tell those who wait, so one timer a worker asks. */
#include "service/progress_watcher.h"

#include "base/clock.h"
#include "base/counters.h"
#include "runtime/fiber.h"
#include "service/progress_form.h"
#include "wire/connection.h"
#include "wire/inbox.h"

#include <poll.h>
#include <stdatomic.h>

/* Watchers of all workers together. */
static _Atomic unsigned watchers_open;

/* Those of the calling worker. */
static _Thread_local struct {
    struct list watchers; /* .next is NULL before the first */
    unsigned count;
    struct timer timer;
} mine;

/* ---- Coming and going ---- */

static void ask_for_drain(struct timer *timer)
{
    if (!wire_is_draining()) {
        timer->at_ms = worker_now_ms() + PROGRESS_DRAIN_ASK_MS;
        int err = worker_timer_add(timer);
        assert(err == 0 && "the place that it has just left");
        return;
    }
    for (struct list *node = mine.watchers.next; node != &mine.watchers; node = node->next)
        fiber_cancel(container_of(node, struct watcher, node)->fiber);
}

static int enter(struct watcher *watcher)
{
    if (mine.watchers.next == NULL)
        list_init(&mine.watchers);
    if (mine.count == 0) {
        mine.timer.fire = ask_for_drain;
        mine.timer.at_ms = worker_now_ms() + PROGRESS_DRAIN_ASK_MS;
        int err = worker_timer_add(&mine.timer);
        if (err < 0)
            return err;
    }
    list_push(&mine.watchers, &watcher->node);
    mine.count++;
    return 0;
}

int watcher_begin(struct watcher *watcher)
{
    if (wire_is_draining())
        return -EAGAIN;
    if (atomic_fetch_add(&watchers_open, 1) >= PROGRESS_WATCHERS_MAX) {
        atomic_fetch_sub(&watchers_open, 1);
        return -EAGAIN;
    }
    watcher->fiber = fiber_self();
    int err = enter(watcher);
    if (err < 0) {
        atomic_fetch_sub(&watchers_open, 1);
        return err;
    }
    counter_add(COUNTER_progress_watchers, 1);
    return 0;
}

awaits void watcher_end(struct watcher *watcher)
{
    io_cancel(&watcher->poll);
    (void)io_finish(&watcher->poll);
    list_remove(&watcher->node);
    if (--mine.count == 0)
        worker_timer_remove(&mine.timer);
    atomic_fetch_sub(&watchers_open, 1);
    counter_add(COUNTER_progress_watchers, -1);
}

/* ---- Waiting ---- */

/* When the next message may be sent: later where many want one. */
static int64_t due_ms(const struct watcher *watcher)
{
    int64_t step_ms = watcher->arrival != NULL ? PROGRESS_STEP_MS : PROGRESS_COLLECTION_MS;
    return watcher->told_ms + step_ms * (1 + mine.count / PROGRESS_STEP_OF_WATCHERS);
}

/* When the numbers are looked at although nobody said that they changed: a sender that falls silent
 * doesn't tell that its rate has fallen. */
static int64_t doubt_ms(const struct watcher *watcher)
{
    bool has_rate = watcher->told.state == ARRIVAL_ARRIVING && watcher->told.rate > 0;
    return has_rate ? watcher->told_ms + PROGRESS_DOUBT_MS : DEADLINE_NONE;
}

static bool has_changed(const struct watcher *watcher)
{
    if (watcher->arrival == NULL)
        return true; /* whether it has is asked elsewhere */
    struct arrival_progress now = arrival_progress(watcher->arrival);
    if (now.version != watcher->told.version)
        return true;
    return worker_now_ms() >= doubt_ms(watcher) && now.rate != watcher->told.rate;
}

/* Waits for whatever comes first. */
static awaits int park(struct watcher *watcher)
{
    int64_t now_ms = worker_now_ms(), doubted_ms = doubt_ms(watcher);
    if (watcher->arrival == NULL || now_ms < due_ms(watcher))
        return fiber_park(i64_min(watcher->ping_ms, due_ms(watcher)));
    int64_t until_ms =
        doubted_ms > now_ms ? i64_min(watcher->ping_ms, doubted_ms) : watcher->ping_ms;
    struct arrival_watch watch;
    int err = arrival_watch_begin(watcher->arrival, &watch);
    if (err < 0)
        return err;
    if (!has_changed(watcher))
        err = fiber_park(until_ms);
    arrival_watch_end(&watch);
    return err;
}

static void arm_poll(struct watcher *watcher)
{
    if (watcher->is_listening)
        return;
    watcher->poll = (struct io_op){
        .kind = IO_POLL, .fd = watcher->req->stream->fd, .flags = watcher->form->events};
    io_begin(&watcher->poll);
    watcher->is_listening = true;
}

/* Bytes of a client that came together with its head count as well. */
static bool has_bytes(const struct watcher *watcher)
{
    return (watcher->form->events & POLLIN) != 0 && !inbox_is_empty(watcher->req->inbox);
}

awaits int watcher_wait(struct watcher *watcher)
{
    for (;;) {
        if (fiber_is_cancelled())
            return -ECANCELED;
        if (watcher->is_listening && !watcher->poll.is_under_way) {
            watcher->is_listening = false;
            return watcher->poll.result < 0 ? (int)watcher->poll.result : WATCHER_SOCKET;
        }
        if (has_bytes(watcher))
            return WATCHER_SOCKET;
        int64_t now_ms = worker_now_ms();
        if (now_ms >= watcher->ping_ms)
            return WATCHER_PING;
        if (now_ms >= due_ms(watcher) && has_changed(watcher))
            return WATCHER_CHANGE;
        arm_poll(watcher);
        int err = park(watcher);
        if (err < 0 && err != -ETIMEDOUT)
            return err;
    }
}

void watcher_pinged(struct watcher *watcher)
{
    watcher->ping_ms = worker_now_ms() + PROGRESS_PING_MS;
}
