/* Source of the protocol: tus 1.0.0 (https://tus.io/protocols/resumable-upload). */
#include "client/transfer.h"

#include "base/buffer.h"

#include <stdlib.h>

static bool is_pipe(const struct transfer *transfer)
{
    return transfer->kind == TRANSFER_WHOLE && transfer->sending->input.is_pipe;
}

/* A small file is created and sent in one request. */
static bool is_sent_at_once(const struct transfer *transfer)
{
    return transfer->kind == TRANSFER_WHOLE && !is_pipe(transfer) &&
           transfer->len <= PUT_ONCE_BYTES_MAX;
}

bool transfer_is_due(const struct transfer *transfer, int64_t now_ms)
{
    const struct input *input = &transfer->sending->input;
    if (transfer->exchange.is_running || transfer->state == TRANSFER_DONE ||
        now_ms < transfer->due_ms)
        return false;
    if (transfer->state != TRANSFER_READY || !is_pipe(transfer))
        return true;
    return input->is_ended || input->filled > transfer->stored;
}

/* ---- Requests ---- */

static void add_options(struct transfer *transfer)
{
    const struct sending *sending = transfer->sending;
    struct exchange *exchange = &transfer->exchange;
    uint8_t room[FILE_NAME_BYTES_MAX * 4];
    struct text name = text_over((struct span){room, sizeof room});
    text_put_base64(&name, slice_of(sending->title));
    if (sending->title[0] != 0 && !name.is_full)
        exchange_add(exchange, "Upload-Metadata: filename %.*s", (int)name.len, name.ptr);
    if (sending->options->expires != NULL)
        exchange_add(exchange, "Sluice-Expires: %s", sending->options->expires);
    if (sending->options->max_downloads != NULL)
        exchange_add(exchange, "Max-Downloads: %s", sending->options->max_downloads);
}

/* Upload-Concat with the addresses of all parts. */
static void add_parts(struct transfer *transfer)
{
    const struct record *record = &transfer->sending->record;
    struct buffer urls = BUFFER_EMPTY(PUT_RECORD_BYTES_MAX);
    struct text text;
    for (size_t i = 0; i < record->parts_len; i++) {
        if (buffer_room(&urls, PUT_URL_BYTES_MAX + 1, &text) < 0) {
            transfer->exchange.is_short_of_memory = true;
            break;
        }
        text_format(&text, "%s%s", i > 0 ? " " : "", record->parts[i].url);
        buffer_added(&urls, &text);
    }
    exchange_add(&transfer->exchange, "Upload-Concat: final;%.*s", (int)urls.len,
                 (const char *)urls.ptr);
    buffer_clear(&urls);
}

static int start_creation(struct transfer *transfer)
{
    struct exchange *exchange = &transfer->exchange;
    struct exchange_request request = {
        .method = "POST", .url = transfer->sending->creation_url, .owner = transfer};
    if (transfer->kind == TRANSFER_JOINED)
        add_parts(transfer);
    else if (is_pipe(transfer))
        exchange_add(exchange, "Upload-Defer-Length: 1");
    else
        exchange_add(exchange, "Upload-Length: %" PRIu64, transfer->len);
    if (transfer->kind == TRANSFER_PART)
        exchange_add(exchange, "Upload-Concat: partial");
    else
        add_options(transfer);
    if (is_sent_at_once(transfer) && transfer->len > 0) {
        exchange_add(exchange, "Content-Type: application/offset+octet-stream");
        request.has_body = true;
        request.len = transfer->len;
    } else {
        exchange_add(exchange, "Content-Length: 0");
    }
    return exchange_start(exchange, &request);
}

static int start_bytes(struct transfer *transfer)
{
    struct exchange *exchange = &transfer->exchange;
    const struct input *input = &transfer->sending->input;
    struct exchange_request request = {.method = "PATCH",
                                       .url = transfer->url,
                                       .has_body = true,
                                       .from = transfer->begin + transfer->stored,
                                       .owner = transfer};
    exchange_add(exchange, "Content-Type: application/offset+octet-stream");
    exchange_add(exchange, "Upload-Offset: %" PRIu64, transfer->stored);
    if (!is_pipe(transfer)) {
        request.len = transfer->len - transfer->stored;
    } else if (input->is_ended) {
        request.len = input->filled - transfer->stored;
        transfer->is_telling_length = true;
        exchange_add(exchange, "Upload-Length: %" PRIu64, input->filled);
    } else {
        request.len = INPUT_BYTES_UNKNOWN;
    }
    return exchange_start(exchange, &request);
}

/* Little at once where it is to be slow, so that it is slow steadily. */
static size_t buffer_bytes(const struct put_options *options)
{
    uint64_t wanted = options->limit_rate == 0 ? PUT_BUFFER_BYTES : options->limit_rate / 8;
    wanted = wanted < PUT_BUFFER_BYTES_MIN ? PUT_BUFFER_BYTES_MIN : wanted;
    return (size_t)u64_min(wanted, PUT_BUFFER_BYTES);
}

int transfer_start(struct transfer *transfer)
{
    struct exchange *exchange = &transfer->exchange;
    exchange->input = &transfer->sending->input;
    exchange->sent_bytes = &transfer->sending->sent_bytes;
    exchange->buffer_bytes = buffer_bytes(transfer->sending->options);
    transfer->is_telling_length = false;
    exchange_add(exchange, "Tus-Resumable: 1.0.0");
    if (transfer->state == TRANSFER_NEW)
        return start_creation(transfer);
    if (transfer->state == TRANSFER_READY && transfer->kind != TRANSFER_JOINED)
        return start_bytes(transfer);
    assert(transfer->state != TRANSFER_DONE);
    const struct exchange_request request = {
        .method = transfer->state == TRANSFER_DOOMED ? "DELETE" : "HEAD",
        .url = transfer->url,
        .owner = transfer,
    };
    return exchange_start(exchange, &request);
}

/* ---- Answers ---- */

/* Puts the address that `location` means when the creation's address answered with it. */
static bool resolve(const struct transfer *transfer, const char *location, char *ret_url)
{
    char *url = NULL;
    CURLU *parser = curl_url();
    bool is_right =
        parser != NULL &&
        curl_url_set(parser, CURLUPART_URL, transfer->sending->creation_url, 0) == CURLUE_OK &&
        curl_url_set(parser, CURLUPART_URL, location, 0) == CURLUE_OK &&
        curl_url_get(parser, CURLUPART_URL, &url, 0) == CURLUE_OK;
    is_right = is_right && strlen(url) < PUT_URL_BYTES_MAX && strpbrk(url, " \n") == NULL;
    if (is_right)
        memcpy(ret_url, url, strlen(url) + 1);
    curl_free(url);
    curl_url_cleanup(parser);
    return is_right;
}

/* Takes where the server says that the upload stands. */
static enum transfer_event take_offset(struct transfer *transfer, struct text *sentence)
{
    const struct reply *reply = &transfer->exchange.reply;
    struct input *input = &transfer->sending->input;
    uint64_t most = is_pipe(transfer) ? input->filled : transfer->len;
    if (!reply->has_offset || reply->offset > most) {
        text_format(sentence,
                    "the server's answer does not tell how far the upload is "
                    "(status %u)",
                    reply->status);
        return TRANSFER_REFUSED;
    }
    if (is_pipe(transfer) && reply->offset < input->kept_from) {
        text_put(sentence, SLICE("the server has lost bytes that it had acknowledged, and they "
                                 "can't be read again"));
        return TRANSFER_REFUSED;
    }
    bool is_more = reply->offset > transfer->stored;
    transfer->stored = reply->offset;
    transfer->state = TRANSFER_READY;
    if (is_pipe(transfer)) {
        input_release(input, reply->offset);
        if (transfer->is_length_told && reply->offset == input->filled)
            transfer->state = TRANSFER_DONE;
    } else if (reply->offset == transfer->len) {
        transfer->state = TRANSFER_DONE;
    }
    return is_more || transfer->state == TRANSFER_DONE ? TRANSFER_STORED : TRANSFER_SAME;
}

static enum transfer_event take_creation(struct transfer *transfer, struct text *sentence)
{
    struct record *record = &transfer->sending->record;
    const struct reply *reply = &transfer->exchange.reply;
    if (reply->status != 201 || !resolve(transfer, reply->location, transfer->url)) {
        text_format(sentence, "no upload was created; is there a Sluice at %s? (status %u)",
                    transfer->sending->creation_url, reply->status);
        return TRANSFER_REFUSED;
    }
    if (transfer->kind != TRANSFER_PART) {
        /* Servers of plain tus have no links: the upload's address is what there is. */
        memcpy(record->link, reply->link[0] != 0 ? reply->link : transfer->url,
               sizeof record->link);
        memcpy(record->key, reply->key, sizeof record->key);
        record->expires_ms = reply->expires_ms;
    }
    transfer->state = TRANSFER_READY;
    transfer->stored = reply->has_offset ? u64_min(reply->offset, transfer->len) : 0;
    if (transfer->kind != TRANSFER_JOINED && transfer->stored == transfer->len)
        transfer->state = TRANSFER_DONE;
    return TRANSFER_CREATED;
}

static enum transfer_event take_failure(struct transfer *transfer, enum reply_verdict verdict)
{
    switch (verdict) {
    case REPLY_GONE:
        return transfer->state == TRANSFER_NEW ? TRANSFER_REFUSED : TRANSFER_GONE;
    case REPLY_MOVED:
    case REPLY_LATER:
        if (transfer->state == TRANSFER_READY)
            transfer->state = TRANSFER_UNSURE;
        return TRANSFER_LATER;
    case REPLY_FINE:
    case REPLY_REFUSED:
        break;
    }
    return TRANSFER_REFUSED;
}

enum transfer_event transfer_ended(struct transfer *transfer, CURLcode code, struct text *sentence)
{
    struct exchange *exchange = &transfer->exchange;
    const struct input *input = &transfer->sending->input;
    enum reply_verdict verdict = exchange_verdict(exchange, code);
    exchange_stop(exchange);
    if (input->err != 0)
        return TRANSFER_UNREADABLE;
    if (verdict != REPLY_FINE) {
        exchange_put_sentence(exchange, code, sentence);
        return take_failure(transfer, verdict);
    }
    if (transfer->state == TRANSFER_DOOMED) {
        transfer->state = TRANSFER_DONE;
        return TRANSFER_STORED;
    }
    if (transfer->state == TRANSFER_NEW)
        return take_creation(transfer, sentence);
    transfer->is_length_told |= transfer->is_telling_length || exchange->reply.has_length;
    return take_offset(transfer, sentence);
}

void transfer_cut(struct transfer *transfer)
{
    if (!transfer->exchange.is_running)
        return;
    exchange_stop(&transfer->exchange);
    if (transfer->state == TRANSFER_READY)
        transfer->state = TRANSFER_UNSURE;
}

uint64_t transfer_bytes(const struct transfer *transfer)
{
    const struct exchange *exchange = &transfer->exchange;
    uint64_t under_way = exchange->is_running ? exchange->at - exchange->from : 0;
    return transfer->stored + under_way;
}
