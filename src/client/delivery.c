/* Bytes are sent only when the whole has its link, so that whoever gets the link
 * can follow it from the first byte. */
#include "client/delivery.h"

#include "base/clock.h"
#include "base/random.h"
#include "client/file_title.h"

#include <stdarg.h>
#include <stdio.h>

uint64_t delivery_bytes(const struct delivery *delivery)
{
    return input_bytes(&delivery->sending.input);
}

static void stop_all(struct delivery *delivery)
{
    for (size_t i = 0; i <= delivery->parts_len; i++)
        transfer_cut(&delivery->transfers[i]);
}

/* ---- Ends ---- */

static void end(struct delivery *delivery, enum delivery_state state, const char *format, ...)
    format_like(3, 4);

static void end(struct delivery *delivery, enum delivery_state state, const char *format, ...)
{
    char words[PUT_SENTENCE_BYTES_MAX * 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    stop_all(delivery);
    delivery->state = state;
    display_complain(&delivery->office->display, "%s: %s", delivery->title, words);
}

/* What was sent is not the file: whoever has the link must not take it for that. */
static void take_back(struct delivery *delivery)
{
    end(delivery, DELIVERY_TAKING_BACK,
        "the file changed while it was sent; its link is taken back");
    record_file_remove(&delivery->record_file);
    delivery->main->due_ms = 0;
    if (delivery->main->url[0] != 0)
        delivery->main->state = TRANSFER_DOOMED;
    else
        delivery->state = DELIVERY_FAILED;
}

static void finish(struct delivery *delivery)
{
    if (input_is_changed(&delivery->sending.input)) {
        take_back(delivery);
        return;
    }
    record_file_remove(&delivery->record_file);
    delivery->state = DELIVERY_DONE;
}

static void fail_reading(struct delivery *delivery)
{
    int err = delivery->sending.input.err;
    if (err == -ESTALE)
        take_back(delivery);
    else
        end(delivery, DELIVERY_FAILED, "it can't be read: %s", strerrordesc_np(-err));
}

/* ---- Events ---- */

static void tell_link(struct delivery *delivery)
{
    if (delivery->is_link_told || delivery->sending.record.link[0] == 0)
        return;
    delivery->is_link_told = true;
    display_say(&delivery->office->display, "%s: %s", delivery->title,
                delivery->sending.record.link);
}

static void on_created(struct delivery *delivery, struct transfer *transfer)
{
    retry_reset(&transfer->retry);
    delivery->status[0] = 0;
    if (transfer != delivery->main)
        return;
    if (transfer->state == TRANSFER_DONE) {
        tell_link(delivery);
        finish(delivery);
        return;
    }
    if (delivery->record_file.lock_fd >= 0) {
        int err = record_file_save(&delivery->record_file, &delivery->sending.record);
        if (err < 0)
            display_complain(&delivery->office->display,
                             "%s: it can't be resumed when this command is killed: %s",
                             delivery->title, strerrordesc_np(-err));
    }
    tell_link(delivery);
}

/* The server has told where a transfer stands. */
static void on_told(struct delivery *delivery, struct transfer *transfer, bool is_more)
{
    struct progress progress = delivery_progress(delivery, clock_ms());
    if (is_more) {
        delivery->anew = 0;
        retry_reset(&transfer->retry);
        for (size_t i = 0; i <= delivery->parts_len; i++)
            delivery->transfers[i].retry.stuck_since_ms = clock_ms();
    }
    if (delivery->status[0] != 0) {
        uint8_t room[64];
        struct text done = text_over((struct span){room, sizeof room});
        /* Of several parts only the first that answers is known to be there again. */
        if (delivery->parts_len == 0) {
            text_put(&done, SLICE(" at "));
            progress_line_put_bytes(&done, progress.done_bytes);
        }
        display_say(&delivery->office->display, "%s: going on%.*s", delivery->title, (int)done.len,
                    (const char *)done.ptr);
        delivery->status[0] = 0;
    }
    if (delivery->main->state == TRANSFER_DONE)
        finish(delivery);
}

static void put_time(struct text *into, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(units) && (ms < units[i].ms || ms % units[i].ms != 0))
        i++;
    text_format(into, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
}

/* Gives up when nothing was stored for too long. */
static void check_patience(struct delivery *delivery, const struct transfer *transfer,
                           const char *sentence)
{
    uint8_t room[32];
    struct text time = text_over((struct span){room, sizeof room});
    int64_t patience_ms = delivery->office->options->retry_for_ms;
    put_time(&time, patience_ms);
    if (!retry_is_over(&transfer->retry, clock_ms(), patience_ms))
        return;
    end(delivery, DELIVERY_GAVE_UP, "gave up: nothing could be stored for %.*s (%s)%s",
        (int)time.len, (const char *)time.ptr, sentence,
        delivery->record_file.lock_fd >= 0 && delivery->sending.record.upload[0] != 0
            ? "; the same command goes on with it"
            : "");
}

/* Puts a transfer off after a failure. */
static void put_off(struct delivery *delivery, struct transfer *transfer, const char *sentence)
{
    uint32_t random;
    curl_off_t after_s = 0;
    random_fill((struct span){(uint8_t *)&random, sizeof random});
    curl_easy_getinfo(transfer->exchange.easy, CURLINFO_RETRY_AFTER, &after_s);
    after_s = i64_min(after_s, PUT_RETRY_AFTER_MAX_MS / 1000);
    transfer->due_ms = retry_due_ms(&transfer->retry, clock_ms(), after_s * 1000, random);
    streams_disturb(&delivery->streams);
    if (delivery->status[0] == 0)
        display_say(&delivery->office->display, "%s: %s; trying again", delivery->title, sentence);
    (void)snprintf(delivery->status, sizeof delivery->status, "waiting: %s", sentence);
}

/* The server has forgotten the upload. */
static void begin_anew(struct delivery *delivery)
{
    struct record *record = &delivery->sending.record;
    record_file_remove(&delivery->record_file);
    if (delivery->sending.input.kept_from > 0) {
        end(delivery, DELIVERY_FAILED,
            "the server has forgotten the upload, and what was read can't be read again");
        return;
    }
    if (delivery->anew++ == PUT_ANEW_MAX) {
        end(delivery, DELIVERY_FAILED, "the server forgets the upload again and again");
        return;
    }
    stop_all(delivery);
    display_say(&delivery->office->display,
                "%s: the server does not have this upload any more; beginning anew",
                delivery->title);
    record->upload[0] = record->link[0] = record->key[0] = 0;
    delivery->is_link_told = false;
    for (size_t i = 0; i <= delivery->parts_len; i++) {
        struct transfer *transfer = &delivery->transfers[i];
        transfer->state = TRANSFER_NEW;
        transfer->stored = 0;
        transfer->is_length_told = false;
        transfer->due_ms = clock_ms() + PUT_RETRY_FIRST_MS * (int64_t)(delivery->anew - 1);
    }
}

/* All parts are there and the whole is not: the parts are asked again. */
static void doubt_parts(struct delivery *delivery)
{
    for (size_t i = 0; i <= delivery->parts_len; i++)
        delivery->transfers[i].state = TRANSFER_UNSURE;
    put_off(delivery, delivery->main, "the server has not joined the parts yet");
    check_patience(delivery, delivery->main, "the server does not join the parts");
}

void delivery_ended(struct delivery *delivery, struct transfer *transfer, CURLcode code)
{
    uint8_t room[PUT_SENTENCE_BYTES_MAX];
    struct text text = text_over((struct span){room, sizeof room - 1});
    bool is_asking = transfer->state != TRANSFER_READY;
    enum transfer_event event = transfer_ended(transfer, code, &text);
    const char *sentence = (const char *)room, *nothing = "the server stores nothing";
    room[text.len] = 0;
    if (delivery->state == DELIVERY_TAKING_BACK) {
        delivery->state = DELIVERY_FAILED;
        return;
    }
    bool is_first_word = !delivery->office->is_reached && !delivery->is_resumed;
    delivery->office->is_reached |= code == CURLE_OK;
    switch (event) {
    case TRANSFER_CREATED:
        on_created(delivery, transfer);
        break;
    case TRANSFER_STORED:
    case TRANSFER_SAME:
        if (transfer == delivery->main && delivery->parts_len > 0 &&
            transfer->state != TRANSFER_DONE) {
            doubt_parts(delivery);
            break;
        }
        if (event == TRANSFER_STORED || is_asking)
            on_told(delivery, transfer, event == TRANSFER_STORED);
        else
            put_off(delivery, transfer, nothing);
        if (event == TRANSFER_SAME)
            check_patience(delivery, transfer, nothing);
        break;
    case TRANSFER_LATER:
        /* A name that nobody knows, or TLS with who doesn't speak it, is a mistake, unless the
         * server was there before. */
        if (is_first_word &&
            (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_SSL_CONNECT_ERROR)) {
            end(delivery, DELIVERY_FAILED, "%s", sentence);
            break;
        }
        put_off(delivery, transfer, sentence);
        if (is_asking)
            check_patience(delivery, transfer, sentence);
        break;
    case TRANSFER_GONE:
        begin_anew(delivery);
        break;
    case TRANSFER_REFUSED:
        end(delivery, DELIVERY_FAILED, "%s", sentence);
        break;
    case TRANSFER_UNREADABLE:
        fail_reading(delivery);
        break;
    }
}

/* ---- Steps ---- */

static void start(struct delivery *delivery, struct transfer *transfer, int64_t now_ms)
{
    if (delivery->state > DELIVERY_TAKING_BACK || !transfer_is_due(transfer, now_ms))
        return;
    if (transfer_start(transfer) < 0)
        end(delivery, DELIVERY_FAILED, "there is not enough memory");
}

static size_t count_state(const struct delivery *delivery, enum transfer_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < delivery->parts_len; i++)
        count += delivery->transfers[i].state == state ? 1 : 0;
    return count;
}

static size_t streams_now(struct delivery *delivery, int64_t now_ms, bool is_alone)
{
    if (delivery->office->options->parts > 0)
        return delivery->parts_len;
    /* Files that are sent at once are streams enough, and would spoil the measure. */
    if (!is_alone)
        streams_disturb(&delivery->streams);
    return is_alone ? streams_wanted(&delivery->streams, now_ms, delivery->sending.sent_bytes) : 1;
}

/* Sends so many parts at once, from the front; those behind are cut when it is to be fewer. */
static void step_parts(struct delivery *delivery, int64_t now_ms, size_t streams)
{
    for (size_t i = 0; i < delivery->parts_len; i++) {
        struct transfer *part = &delivery->transfers[i];
        if (streams == 0)
            transfer_cut(part);
        else
            start(delivery, part, now_ms);
        if (part->exchange.is_running)
            streams--;
    }
}

void delivery_step(struct delivery *delivery, int64_t now_ms, bool is_alone)
{
    struct transfer *main = delivery->main;
    rate_add(&delivery->rate, now_ms, delivery->sending.sent_bytes);
    if (delivery->is_resumed)
        tell_link(delivery);
    if (delivery->sending.input.err != 0 && delivery->state == DELIVERY_RUNNING &&
        delivery_requests(delivery) == 0) {
        fail_reading(delivery);
        return;
    }
    size_t uncreated = count_state(delivery, TRANSFER_NEW);
    if (delivery->parts_len == 0 || delivery->state == DELIVERY_TAKING_BACK ||
        (uncreated == 0 && main->state == TRANSFER_NEW)) {
        start(delivery, main, now_ms);
    } else if (uncreated > 0) {
        for (size_t i = 0; i < delivery->parts_len; i++)
            if (delivery->transfers[i].state == TRANSFER_NEW)
                start(delivery, &delivery->transfers[i], now_ms);
    } else if (count_state(delivery, TRANSFER_DONE) < delivery->parts_len) {
        step_parts(delivery, now_ms, streams_now(delivery, now_ms, is_alone));
    } else {
        main->state = main->state == TRANSFER_READY ? TRANSFER_UNSURE : main->state;
        start(delivery, main, now_ms);
    }
}

/* ---- Looking ---- */

struct progress delivery_progress(const struct delivery *delivery, int64_t now_ms)
{
    struct progress progress = {.title = delivery->title,
                                .status = delivery->status,
                                .size_bytes = delivery_bytes(delivery),
                                .rate = rate_get(&delivery->rate, now_ms)};
    for (size_t i = 0; i <= delivery->parts_len; i++)
        if (delivery->transfers[i].kind != TRANSFER_JOINED)
            progress.done_bytes += transfer_bytes(&delivery->transfers[i]);
    return progress;
}

size_t delivery_requests(const struct delivery *delivery)
{
    size_t count = 0;
    for (size_t i = 0; i <= delivery->parts_len; i++)
        count += delivery->transfers[i].exchange.is_running ? 1 : 0;
    return count;
}

void delivery_limit(struct delivery *delivery, uint64_t rate)
{
    for (size_t i = 0; i <= delivery->parts_len; i++)
        exchange_limit(&delivery->transfers[i].exchange, rate);
}
