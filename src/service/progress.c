/* GET /api/files/LINK/progress: how an upload stands, told until it is at its end.
 *
 * Whether a link is known is answered before anything is opened. Then the first message goes out
 * at once, later ones when something has changed, and always the last. */
#include "runtime/fiber.h"
#include "service/collection.h"
#include "service/cors.h"
#include "service/links.h"
#include "service/progress_form.h"
#include "wire/answer.h"

/* ---- Finding ---- */

/* An upload that is under way in memory; NULL when it isn't: then its row decides. */
static struct arrival *find_in_memory(const char *link)
{
    scoped(arrival) arrival = arrivals_known(link);
    if (arrival == NULL || !arrival_state_is_open(arrival_progress(arrival).state))
        return NULL;
    return arrival_share(arrival);
}

/* How the files of a collection stand, or that it is gone. Returns 1 or -errno. */
static awaits int ask_collection(struct request *req, const char *link,
                                 struct arrival_progress *ret_progress)
{
    scoped(link_entry) entry = NULL;
    int err = links_find(service_of(req), link, &entry);
    bool is_gone = err == -ENOENT || (err == 0 && links_state(entry) != LINK_READY);
    if (is_gone) {
        *ret_progress = (struct arrival_progress){.state = ARRIVAL_DELETED};
        return 1;
    }
    if (err == 0)
        err = collection_progress(req, link, ret_progress);
    return err < 0 ? err : 1;
}

/* Looks once. Returns 1 when the link was found (`*ret_arrival` stays NULL when it is complete or a
 * collection), 0 when it must be looked for again, -ENOENT, the catalog's or the store's error;
 * `*ret_state` is set when the link is gone. */
static awaits int look(struct request *req, const char *link, struct arrival **ret_arrival,
                       struct arrival_progress *ret_progress, enum link_state *ret_state)
{
    *ret_arrival = find_in_memory(link);
    if (*ret_arrival != NULL)
        return 1;
    scoped(link_entry) entry = NULL;
    int err = links_find(service_of(req), link, &entry);
    if (err < 0)
        return err;
    *ret_state = links_state(entry);
    if (*ret_state == LINK_READY && entry->row.is_collection)
        return ask_collection(req, link, ret_progress);
    if (*ret_state == LINK_READY)
        *ret_progress = arrival_all_there(entry->row.object.size_bytes);
    if (*ret_state != LINK_ARRIVING)
        return 1;
    err = arrivals_find(service_of(req), link, ret_arrival);
    if (err != -ENOENT)
        return err < 0 ? err : 1;
    links_forget(link); /* it has ended since the row was read */
    return 0;
}

/* ---- Telling ---- */

static awaits int tell(struct watcher *watcher, const struct arrival_progress *progress)
{
    uint8_t room[PROGRESS_MESSAGE_BYTES_MAX];
    struct text text = text_over((struct span){room, sizeof room});
    watcher->form->put(&text, watcher->link, progress);
    assert(!text.is_full);
    watcher->told = *progress;
    int err = watcher->form->send(watcher, text_slice(&text));
    watcher->told_ms = worker_now_ms();
    return err;
}

static awaits int look_again(struct watcher *watcher, struct arrival_progress *ret_progress)
{
    if (watcher->arrival == NULL)
        return ask_collection(watcher->req, watcher->link, ret_progress);
    *ret_progress = arrival_progress(watcher->arrival);
    return 1;
}

static awaits int tell_newest(struct watcher *watcher)
{
    struct arrival_progress progress = {0};
    int err = look_again(watcher, &progress);
    return err < 0 ? err : tell(watcher, &progress);
}

/* Nobody says when a collection has changed: it is only told when it has. */
static awaits int tell_change(struct watcher *watcher)
{
    struct arrival_progress progress = {0};
    const struct arrival_progress *told = &watcher->told;
    int err = look_again(watcher, &progress);
    if (err < 0)
        return err;
    watcher->told_ms = worker_now_ms();
    bool is_same = watcher->arrival == NULL && progress.state == told->state &&
                   progress.received_bytes == told->received_bytes &&
                   progress.stored_bytes == told->stored_bytes &&
                   progress.size_bytes == told->size_bytes && progress.rate == told->rate;
    return is_same ? 0 : tell(watcher, &progress);
}

static awaits int ping(struct watcher *watcher)
{
    int err = watcher->form->ping(watcher);
    watcher_pinged(watcher);
    return err > 0 ? tell_newest(watcher) : err;
}

static awaits int answer_news(struct watcher *watcher, enum watcher_news news)
{
    if (news == WATCHER_SOCKET)
        return watcher->form->receive(watcher);
    return news == WATCHER_PING ? ping(watcher) : tell_change(watcher);
}

/* Tells from the first message to the last. Returns 0, -ECONNRESET when the client left, -errno. */
static awaits int tell_all(struct watcher *watcher, const struct arrival_progress *first)
{
    watcher_pinged(watcher);
    int err = tell(watcher, first);
    while (err == 0 && arrival_state_is_open(watcher->told.state)) {
        int news = watcher_wait(watcher);
        err = news < 0 ? news : answer_news(watcher, (enum watcher_news)news);
    }
    return err < 0 ? err : watcher->form->close(watcher, true);
}

/* A client may leave at any time, and the server may: neither is an error of the request. */
static awaits int end(struct watcher *watcher, int err)
{
    bool is_left = watcher->req->stream->is_broken || err == -ECONNRESET;
    if (err == 0 || is_left)
        return 0;
    watcher->req->is_last = true;
    if (err == -ECANCELED) {
        fiber_uncancel();
        watcher->req->stream->send_idle_ms = LAST_WORD_MS;
        err = 0;
    }
    int close_err = watcher->form->close(watcher, false);
    return err < 0 ? err : close_err;
}

static awaits int serve(struct watcher *watcher, const struct arrival_progress *first)
{
    int opened = watcher->form->open(watcher);
    if (opened <= 0 || watcher->req->head.method == HTTP_HEAD)
        return opened < 0 ? opened : opened == 0 ? 0 : watcher->form->close(watcher, true);
    int err = tell_all(watcher, first);
    err = end(watcher, err);
    websocket_end(&watcher->websocket);
    return err;
}

/* A browser whose stream of events has ended asks again and again, until it is told that nothing
 * will follow (HTML, section 9.2.3). */
static bool has_had_last(const struct request *req)
{
    struct slice id = request_header(req, SLICE("last-event-id"));
    return slice_is_equal(id, SLICE(PROGRESS_LAST_ID));
}

static awaits int answer_nothing_more(struct request *req)
{
    int err = answer_begin(req, 204);
    if (err < 0)
        return err;
    answer_field(req, "Cache-Control", SLICE("no-store"));
    return answer_empty(req);
}

static awaits int watch(struct request *req, const char *link, struct arrival *arrival,
                        const struct arrival_progress *first)
{
    struct watcher *watcher = arena_alloc(&req->arena, sizeof *watcher);
    if (watcher == NULL)
        return answer_error(req, -ENOMEM);
    watcher->req = req;
    watcher->link = link;
    watcher->form = progress_form_of(req);
    watcher->arrival = arrival;
    if (!arrival_state_is_open(first->state) && has_had_last(req))
        return answer_nothing_more(req);
    int err = watcher_begin(watcher);
    if (err == -EAGAIN)
        return answer_problem(req, 503, "Too many are watching uploads now; try again soon.");
    if (err < 0)
        return answer_error(req, err);
    err = serve(watcher, first);
    watcher_end(watcher);
    return err;
}

awaits int progress_handle(struct request *req, const char *link)
{
    const struct service *service = service_of(req);
    bool is_websocket = progress_form_is_websocket(progress_form_of(req));
    if (is_websocket && !cors_is_allowed(service->cors, req))
        return cors_answer_refused(req);
    scoped(arrival) arrival = NULL;
    struct arrival_progress first = {0};
    enum link_state state = LINK_READY;
    int found = 0;
    for (unsigned i = 0; found == 0 && i < DOWNLOAD_LOOKUPS_MAX; i++)
        found = look(req, link, &arrival, &first, &state);
    if (found <= 0)
        return answer_error(req, found < 0 ? found : -EAGAIN);
    if (arrival == NULL && state != LINK_READY)
        return links_answer_gone(req, state);
    if (arrival != NULL)
        first = arrival_progress(arrival);
    return watch(req, link, arrival, &first);
}
