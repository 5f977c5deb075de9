/* The head grows in req->out, a small chunk that is taken when an answer begins and given back
 * when it has been sent; what is left of it carries a small body in the same send. */
#include "wire/answer.h"

#include "base/clock.h"
#include "base/text.h"
#include "limits.h"
#include "wire/body.h"
#include "wire/http_date.h"
#include "wire/wire.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    /* Room that the last lines of a head need, whatever was added before. */
    HEAD_END_BYTES = 128,
    CHUNK_LINE_BYTES = 24,   /* 16 digits at most */
    INTERIM_LINE_BYTES = 64, /* with the longest of our words */
};

static const struct iovec line_end = {(void *)(uintptr_t) "\r\n", 2};

static struct text out_room(struct request *req)
{
    return text_over(
        (struct span){req->out->room.ptr + req->out_len, req->out->room.len - req->out_len});
}

static void out_add(struct request *req, const struct text *text)
{
    assert(!text->is_full && "an answer's head fits into its chunk");
    req->out_len += text->len;
}

/* The Date field's value, made once a second. */
static struct slice date_now(void)
{
    static _Thread_local char kept[32];
    static _Thread_local size_t kept_len;
    static _Thread_local int64_t kept_s = -1;
    int64_t now_ms = clock_wall_ms();
    if (now_ms / 1000 != kept_s) {
        struct text text = text_over((struct span){(uint8_t *)kept, sizeof kept});
        http_date_put(&text, now_ms);
        kept_len = text.len;
        kept_s = now_ms / 1000;
    }
    return slice_from(kept, kept_len);
}

awaits int answer_begin(struct request *req, unsigned status)
{
    assert(req->out == NULL && req->status == 0);
    int err = chunk_take_small(&req->out, worker_now_ms() + req->wire->send_idle_ms);
    if (err < 0) {
        req->stream->is_broken = true;
        return err;
    }
    req->status = status;
    req->is_last = req->is_last || !req->head.is_keep_alive || !body_is_drainable(req);
    struct text text = out_room(req);
    text_format(&text, "HTTP/1.1 %u %s\r\nDate: ", status, http_status_text(status));
    text_put(&text, date_now());
    text_put(&text, SLICE("\r\n"));
    text_put(&text, req->common_fields);
    out_add(req, &text);
    assert(req->out_len + HEAD_END_BYTES < req->out->room.len);
    return 0;
}

struct text answer_field_begin(struct request *req, const char *name)
{
    struct text text = out_room(req);
    text_put(&text, slice_of(name));
    text_put(&text, SLICE(": "));
    return text;
}

void answer_field_end(struct request *req, const struct text *value)
{
    struct text text = *value;
    text_put(&text, SLICE("\r\n"));
    out_add(req, &text);
    assert(req->out_len + HEAD_END_BYTES < req->out->room.len);
}

void answer_field(struct request *req, const char *name, struct slice value)
{
    struct text text = answer_field_begin(req, name);
    text_put(&text, value);
    answer_field_end(req, &text);
}

void answer_field_format(struct request *req, const char *name, const char *format, ...)
{
    struct text text = answer_field_begin(req, name);
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf((char *)text.ptr + text.len, text.room - text.len, format, arguments);
    va_end(arguments);
    assert(len >= 0 && (size_t)len < text.room - text.len);
    text.len += (size_t)len;
    answer_field_end(req, &text);
}

/* Ends the head. RFC 9110 section 8.6: no Content-Length with 1xx, 204 and 304. */
static void end_head(struct request *req, uint64_t length)
{
    struct text text = out_room(req);
    if (req->is_last)
        text_put(&text, SLICE("Connection: close\r\n"));
    else if (req->head.version_minor == 0)
        text_put(&text, SLICE("Connection: keep-alive\r\n"));
    if (req->is_chunked)
        text_put(&text, SLICE("Transfer-Encoding: chunked\r\n"));
    if (length != LENGTH_NONE) {
        text_put(&text, SLICE("Content-Length: "));
        text_put_u64(&text, length);
        text_put(&text, SLICE("\r\n"));
    }
    text_put(&text, SLICE("\r\n"));
    out_add(req, &text);
}

/* Sends what lies in the chunk, `body` behind it, and gives the chunk back. */
static awaits int send_out(struct request *req, struct slice body, bool is_more)
{
    struct iovec iov[] = {{req->out->room.ptr, req->out_len},
                          {(void *)(uintptr_t)body.ptr, body.len}};
    int err = stream_send(req->stream, iov, ARRAY_LEN(iov), is_more);
    chunk_drop(req->out);
    req->out = NULL;
    req->out_len = 0;
    return err;
}

/* RFC 9110 section 6.4.1. */
static bool can_have_body(unsigned status)
{
    return status >= 200 && status != 204 && status != 304;
}

awaits int answer_empty(struct request *req)
{
    end_head(req, can_have_body(req->status) ? 0 : LENGTH_NONE);
    return send_out(req, SLICE_NONE, false);
}

awaits int answer_body(struct request *req, struct slice body)
{
    end_head(req, body.len);
    return send_out(req, req->head.method == HTTP_HEAD ? SLICE_NONE : body, false);
}

awaits int answer_stream(struct request *req, uint64_t length)
{
    end_head(req, length);
    return send_out(req, SLICE_NONE, length > 0 && req->head.method != HTTP_HEAD);
}

awaits int answer_stream_open(struct request *req)
{
    assert(can_have_body(req->status));
    /* RFC 9112 section 6.1: who speaks HTTP/1.0 may not know chunks. */
    req->is_chunked = req->head.version_minor > 0;
    req->is_last = req->is_last || !req->is_chunked;
    req->is_open = true;
    end_head(req, LENGTH_NONE);
    return send_out(req, SLICE_NONE, false);
}

awaits int answer_end(struct request *req)
{
    assert(req->is_open);
    req->is_open = false;
    if (req->head.method == HTTP_HEAD || !req->is_chunked)
        return 0;
    static const char last_chunk[] = "0\r\n\r\n";
    struct iovec iov = {(void *)(uintptr_t)last_chunk, sizeof last_chunk - 1};
    return stream_send(req->stream, &iov, 1, false);
}

/* The line before a chunk of data. */
static struct iovec chunk_line(uint64_t length, char room[CHUNK_LINE_BYTES])
{
    int len = snprintf(room, CHUNK_LINE_BYTES, "%" PRIx64 "\r\n", length);
    assert(len > 0 && len < CHUNK_LINE_BYTES);
    return (struct iovec){room, (size_t)len};
}

awaits int answer_send(struct request *req, struct slice bytes)
{
    /* A chunk without bytes would be the last one. */
    if (req->head.method == HTTP_HEAD || bytes.len == 0)
        return 0;
    struct iovec data = {(void *)(uintptr_t)bytes.ptr, bytes.len};
    if (!req->is_chunked)
        return stream_send(req->stream, &data, 1, false);
    char line[CHUNK_LINE_BYTES];
    struct iovec iov[] = {chunk_line(bytes.len, line), data, line_end};
    return stream_send(req->stream, iov, ARRAY_LEN(iov), false);
}

awaits int answer_send_file(struct request *req, int file, uint64_t offset, uint64_t length)
{
    if (req->head.method == HTTP_HEAD || length == 0)
        return 0;
    if (!req->is_chunked)
        return stream_send_file(req->stream, file, offset, length);
    char line[CHUNK_LINE_BYTES];
    struct iovec before = chunk_line(length, line), after = line_end;
    int err = stream_send(req->stream, &before, 1, true);
    if (err == 0)
        err = stream_send_file(req->stream, file, offset, length);
    return err == 0 ? stream_send(req->stream, &after, 1, false) : err;
}

awaits int answer_small_file(struct request *req, int file, uint64_t offset, uint64_t length)
{
    if (req->out_len + HEAD_END_BYTES + length > req->out->room.len)
        return -EFBIG;
    end_head(req, length);
    struct span room = {req->out->room.ptr + req->out_len, (size_t)length};
    while (room.len > 0 && req->head.method != HTTP_HEAD) {
        ssize_t got = io_read(file, room, offset);
        if (got <= 0) {
            req->stream->is_broken = true; /* the head can't be taken back */
            return got == 0 ? -EIO : (int)got;
        }
        req->out_len += (size_t)got;
        room = (struct span){room.ptr + got, room.len - (size_t)got};
        offset += (uint64_t)got;
    }
    return send_out(req, SLICE_NONE, false);
}

awaits int answer_interim(struct request *req, unsigned status, struct slice fields)
{
    assert(status > 101 && status < 200 && req->status == 0);
    if (req->head.version_minor == 0)
        return 0;
    char line[INTERIM_LINE_BYTES];
    int len = snprintf(line, sizeof line, "HTTP/1.1 %u %s\r\n", status, http_status_text(status));
    assert(len > 0 && len < INTERIM_LINE_BYTES);
    struct iovec iov[] = {
        {line, (size_t)len}, {(void *)(uintptr_t)fields.ptr, fields.len}, line_end};
    return stream_send(req->stream, iov, ARRAY_LEN(iov), false);
}

/* What a client reached us by, where it told no host. */
static struct slice local_name(struct request *req)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;
    char text[ADDRESS_TEXT_BYTES];
    (void)getsockname(req->stream->fd, (struct sockaddr *)&name, &len);
    struct address address = address_of(&name);
    address_text(&address, text);
    bool is_ipv6 = strchr(text, ':') != NULL;
    return arena_format(&req->arena, is_ipv6 ? "[%s]:%u" : "%s:%u", text, address_port(&name));
}

struct slice answer_base_url(struct request *req)
{
    if (req->wire->base_url[0] != '\0')
        return slice_of(req->wire->base_url);
    if (req->head.authority.len == 0) /* HTTP/1.0, or an empty Host: the address that was asked */
        req->head.authority = local_name(req);
    if (req->base_url.ptr == NULL)
        req->base_url =
            arena_format(&req->arena, "%s://%.*s", req->is_https ? "https" : "http",
                         (int)req->head.authority.len, (const char *)req->head.authority.ptr);
    return req->base_url;
}
