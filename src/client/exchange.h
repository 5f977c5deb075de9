/* One request and its answer, by libcurl; several go on at once in one thread. */
#pragma once

#include "client/input.h"
#include "client/reply.h"

#include <curl/curl.h>

struct exchange {
    CURLM *multi;
    CURL *easy; /* NULL: never used */
    struct curl_slist *fields;
    bool is_short_of_memory; /* a field is missing */
    bool is_running, is_paused;
    struct reply reply;
    char complaint[CURL_ERROR_SIZE];
    /* The body: `at` moves from `from` to `end`. */
    struct input *input;
    uint64_t from, at, end;
    size_t buffer_bytes;  /* how much is handed over at once */
    uint64_t *sent_bytes; /* counts up with each byte that leaves */
};

struct exchange_request {
    const char *method, *url;
    bool has_body;
    uint64_t from, len; /* of the input; len INPUT_BYTES_UNKNOWN: what comes from a pipe */
    void *owner;        /* found again by exchange_owner() */
};

/* Adds a field to the next request. */
void exchange_add(struct exchange *exchange, const char *format, ...) format_like(2, 3);
/* Starts it. Returns 0, -ENOMEM. */
must_use int exchange_start(struct exchange *exchange, const struct exchange_request *request);
/* Ends it, whether it is over or not; the answer stays. Harmless when none is running. */
void exchange_stop(struct exchange *exchange);
/* Gives all back. */
void exchange_close(struct exchange *exchange);
void *exchange_owner(CURL *easy);

/* What came of a request that ended with `code`. */
enum reply_verdict exchange_verdict(const struct exchange *exchange, CURLcode code);
/* Says why it wasn't fine. */
void exchange_put_sentence(const struct exchange *exchange, CURLcode code, struct text *into);

/* Goes on with a body that had to wait for a pipe. */
void exchange_resume(struct exchange *exchange);
/* Bytes a second; 0: as fast as it can. */
void exchange_limit(struct exchange *exchange, uint64_t rate);
