/* What went wrong, told in the form that the client prefers. See answer.h. */
#include "base/error.h"
#include "base/text.h"
#include "runtime/fiber.h"
#include "wire/accept.h"
#include "wire/answer.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    DETAIL_BYTES_MAX = 512,
    /* A typed problem document without its words; what one of their bytes may become in JSON. */
    PROBLEM_FRAME_BYTES = 64,
    JSON_BYTES_A_BYTE = 6,
};

/* Which status an error of the store, the catalog or the body is. */
static const struct {
    int err;
    uint16_t status;
    const char *detail;
} problems[] = {
    {-ENOENT, 404, "There is nothing under this link."},
    {-EEXIST, 409, "This already exists."},
    {-E2BIG, 413, "The body is larger than this server accepts."},
    {-ENOSPC, 507, "There is not enough free space on this server for the upload."},
    {-EDQUOT, 507, "There is not enough free space on this server for the upload."},
    {-EFBIG, 507, "The file is larger than this server's disk can hold."},
    {-ETIMEDOUT, 503, "The server is too busy to do this in time; try again in a while."},
    {-EAGAIN, 503, "The server is too busy to do this now; try again in a while."},
    {-ECANCELED, 503, "The server is shutting down; try again in a while."},
    {-EMFILE, 503, "The server has too many files open; try again in a while."},
    {-ENFILE, 503, "The server has too many files open; try again in a while."},
    {-ENOMEM, 503, "The server is short of memory; try again in a while."},
};

static void put_html(struct text *text, unsigned status, struct slice detail)
{
    text_format(text,
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width\">"
                "<title>%u %s</title><h1>%s</h1><p>",
                status, http_status_text(status), http_status_text(status));
    text_put_html(text, detail);
    text_put(text, SLICE("</p></html>\n"));
}

static void put_json(struct text *text, unsigned status, struct slice detail)
{
    text_format(text, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"",
                http_status_text(status), status);
    text_put_json(text, detail);
    text_put(text, SLICE("\"}\n"));
}

/* Sends what went wrong; no cache may keep it, no client may take it for something else. */
static awaits int send_problem(struct request *req, struct slice type, struct slice body)
{
    answer_field(req, "Content-Type", type);
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_body(req, body);
}

awaits int answer_problem_body(struct request *req, const char *detail)
{
    uint8_t room[DETAIL_BYTES_MAX * 2 + 256];
    struct text text = text_over((struct span){room, sizeof room});
    struct slice type = SLICE("text/plain; charset=utf-8");
    switch (accept_preferred(request_header(req, SLICE("accept")))) {
    case ACCEPT_JSON:
        type = SLICE("application/problem+json");
        put_json(&text, req->status, slice_of(detail));
        break;
    case ACCEPT_HTML:
        type = SLICE("text/html; charset=utf-8");
        put_html(&text, req->status, slice_of(detail));
        break;
    case ACCEPT_ANY:
        text_put(&text, slice_of(detail));
        text_put(&text, SLICE("\n"));
        break;
    }
    answer_field(req, "Vary", SLICE("Accept"));
    return send_problem(req, type, text_slice(&text));
}

awaits int answer_problem_typed(struct request *req, const char *type, const char *title,
                                struct slice members, const char *detail)
{
    size_t words = strlen(type) + strlen(title) + strlen(detail);
    size_t room = words * JSON_BYTES_A_BYTE + members.len + PROBLEM_FRAME_BYTES;
    struct text text = text_over((struct span){arena_alloc(&req->arena, room), room});
    if (text.ptr == NULL) {
        req->stream->is_broken = true; /* the answer has begun */
        return -ENOMEM;
    }
    text_put(&text, SLICE("{\"type\":\""));
    text_put_json(&text, slice_of(type));
    text_put(&text, SLICE("\",\"title\":\""));
    text_put_json(&text, slice_of(title));
    text_format(&text, "\",\"status\":%u,\"detail\":\"", req->status);
    text_put_json(&text, slice_of(detail));
    text_put_byte(&text, '"');
    text_put(&text, members);
    text_put(&text, SLICE("}\n"));
    assert(!text.is_full);
    return send_problem(req, SLICE("application/problem+json"), text_slice(&text));
}

awaits int answer_problem(struct request *req, unsigned status, const char *detail, ...)
{
    char words[DETAIL_BYTES_MAX];
    va_list arguments;
    va_start(arguments, detail);
    (void)vsnprintf(words, sizeof words, detail, arguments);
    va_end(arguments);
    int err = answer_begin(req, status);
    if (err < 0)
        return err;
    if (status == 503 || status == 429)
        answer_field(req, "Retry-After", SLICE("5"));
    return answer_problem_body(req, words);
}

awaits int answer_error(struct request *req, int err)
{
    assert(err < 0);
    if (req->stream->is_broken || req->status != 0)
        return err;
    if (err == -ECANCELED) { /* the server goes down: there is still time for a word */
        fiber_uncancel();
        req->stream->send_idle_ms = LAST_WORD_MS;
        req->is_last = true;
    }
    if (err == -ETIMEDOUT && req->is_body_late) {
        req->is_last = true;
        return answer_problem(req, 408, "Nothing was received for too long; send it again.");
    }
    if (err == -ECONNRESET) { /* it can still read: only its own side has ended */
        req->is_last = true;
        return answer_problem(req, 400, "The body ended before all of it had come; send it again.");
    }
    if (err == -EPROTO) {
        req->is_last = true;
        unsigned status = req->body_refusal.status != 0 ? req->body_refusal.status : 400;
        return answer_problem(req, status, "%s",
                              req->body_refusal.reason != NULL ? req->body_refusal.reason
                                                               : "The body is malformed.");
    }
    for (size_t i = 0; i < ARRAY_LEN(problems); i++)
        if (problems[i].err == err)
            return answer_problem(req, problems[i].status, "%s", problems[i].detail);
    return answer_problem(req, 500, "The server could not do this; its log tells why.");
}
