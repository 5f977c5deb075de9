/* What libcurl calls back, how a request is set up, and what its end means. */
#include "client/exchange.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void exchange_add(struct exchange *exchange, const char *format, ...)
{
    va_list arguments;
    char *field = NULL;
    va_start(arguments, format);
    int len = vasprintf(&field, format, arguments);
    va_end(arguments);
    struct curl_slist *longer = len >= 0 ? curl_slist_append(exchange->fields, field) : NULL;
    if (len >= 0)
        free(field);
    if (longer != NULL)
        exchange->fields = longer;
    else
        exchange->is_short_of_memory = true;
}

/* ---- What libcurl calls ---- */

static size_t on_line(char *bytes, size_t size, size_t count, void *user)
{
    struct exchange *exchange = user;
    reply_take_line(&exchange->reply, slice_from(bytes, size * count));
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct exchange *exchange = user;
    reply_take_body(&exchange->reply, slice_from(bytes, size * count));
    return size * count;
}

/* A pipe has nothing more now: wait, or end the request so that what came is acknowledged. */
static size_t pause_or_end(struct exchange *exchange)
{
    const struct input *input = exchange->input;
    if (input->err != 0)
        return CURL_READFUNC_ABORT;
    if (input->is_ended || (exchange->at > exchange->from && input_is_quiet(input, clock_ms())))
        return 0;
    exchange->is_paused = true;
    return CURL_READFUNC_PAUSE;
}

static size_t on_read(char *room, size_t size, size_t count, void *user)
{
    struct exchange *exchange = user;
    struct input *input = exchange->input;
    size_t len = (size_t)u64_min(size * count, exchange->end - exchange->at);
    if (len == 0)
        return 0;
    ssize_t got = input_read(input, exchange->at, (struct span){(uint8_t *)room, len});
    if (got == 0)
        return pause_or_end(exchange);
    if (got < 0)
        return CURL_READFUNC_ABORT;
    /* Asked before the last byte leaves, so that a file that changed is never complete. */
    if (exchange->at + (uint64_t)got == exchange->end && input_is_changed(input)) {
        input->err = -ESTALE;
        return CURL_READFUNC_ABORT;
    }
    exchange->at += (uint64_t)got;
    *exchange->sent_bytes += (uint64_t)got;
    return (size_t)got;
}

/* A kept connection that had died: libcurl makes a new one and begins again. */
static int on_seek(void *user, curl_off_t offset, int origin)
{
    struct exchange *exchange = user;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > exchange->at - exchange->from)
        return CURL_SEEKFUNC_CANTSEEK;
    exchange->at = exchange->from + (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* ---- Setting up ---- */

static void set_common(struct exchange *exchange, const struct exchange_request *request)
{
    CURL *easy = exchange->easy;
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice/" SLUICE_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)PUT_CONNECT_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)PUT_SILENCE_S);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->complaint);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request->owner);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->fields);
}

static void set_body(struct exchange *exchange, const struct exchange_request *request)
{
    CURL *easy = exchange->easy;
    bool is_known = request->len != INPUT_BYTES_UNKNOWN;
    exchange->from = exchange->at = request->from;
    exchange->end = request->from + (is_known ? request->len : PUT_WINDOW_BYTES / 2);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, is_known ? (curl_off_t)request->len : -1);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)exchange->buffer_bytes);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
}

int exchange_start(struct exchange *exchange, const struct exchange_request *request)
{
    assert(!exchange->is_running);
    if (exchange->easy == NULL)
        exchange->easy = curl_easy_init();
    if (exchange->easy == NULL || exchange->is_short_of_memory)
        return -ENOMEM;
    curl_easy_reset(exchange->easy);
    exchange->reply = (struct reply){0};
    exchange->complaint[0] = 0;
    exchange->from = exchange->at = exchange->end = 0;
    set_common(exchange, request);
    if (request->has_body)
        set_body(exchange, request);
    else if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(exchange->easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(exchange->easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (curl_multi_add_handle(exchange->multi, exchange->easy) != CURLM_OK)
        return -ENOMEM;
    exchange->is_running = true;
    return 0;
}

void exchange_stop(struct exchange *exchange)
{
    if (exchange->is_running)
        curl_multi_remove_handle(exchange->multi, exchange->easy);
    exchange->is_running = exchange->is_paused = false;
    curl_slist_free_all(exchange->fields);
    exchange->fields = NULL;
    exchange->is_short_of_memory = false;
}

void exchange_close(struct exchange *exchange)
{
    exchange_stop(exchange);
    curl_easy_cleanup(exchange->easy);
    exchange->easy = NULL;
}

void *exchange_owner(CURL *easy)
{
    char *owner = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    assert(owner != NULL);
    return owner;
}

/* ---- What came of it ---- */

/* Errors that stay when it is tried again. */
static bool is_final(CURLcode code)
{
    static const CURLcode finals[] = {
        CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT,
        CURLE_OUT_OF_MEMORY,        CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CACERT_BADFILE,   CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_CIPHER,           CURLE_ABORTED_BY_CALLBACK,
    };
    for (size_t i = 0; i < ARRAY_LEN(finals); i++)
        if (finals[i] == code)
            return true;
    return false;
}

enum reply_verdict exchange_verdict(const struct exchange *exchange, CURLcode code)
{
    /* A server that refuses a body may cut it short: what it said counts, not that it cut. */
    if (code == CURLE_OK || (exchange->reply.status >= 300 && code != CURLE_ABORTED_BY_CALLBACK))
        return reply_verdict(&exchange->reply);
    return is_final(code) ? REPLY_REFUSED : REPLY_LATER;
}

void exchange_put_sentence(const struct exchange *exchange, CURLcode code, struct text *into)
{
    if (exchange->reply.status >= 200 && (code == CURLE_OK || exchange->reply.status >= 300))
        reply_put_sentence(&exchange->reply, into);
    else if (exchange->complaint[0] != 0)
        text_put_json(into, slice_of(exchange->complaint));
    else
        text_put(into, slice_of(curl_easy_strerror(code)));
}

void exchange_resume(struct exchange *exchange)
{
    if (!exchange->is_paused)
        return;
    exchange->is_paused = false;
    curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
}

void exchange_limit(struct exchange *exchange, uint64_t rate)
{
    if (exchange->is_running)
        curl_easy_setopt(exchange->easy, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)rate);
}
