/* All of a body before any of it is read: what is malformed changes nothing. */
#include "service/json_body.h"

#include "base/text.h"
#include "wire/answer.h"
#include "wire/body.h"

bool json_body_is_sent(const struct request *req)
{
    struct slice field = request_header(req, SLICE("content-type"));
    struct slice type = slice_trim(slice_head(field, slice_find(field, ';')));
    return slice_is_same_word(type, SLICE("application/json")) ||
           slice_is_same_word(type, SLICE("application/merge-patch+json"));
}

awaits int json_body_answer_unsupported(struct request *req, const char *what)
{
    int err = answer_begin(req, 415);
    if (err < 0)
        return err;
    if (req->head.method == HTTP_PATCH) /* RFC 5789 section 2.2 */
        answer_field(req, "Accept-Patch", SLICE("application/merge-patch+json, application/json"));
    return answer_problem_body(req, what);
}

awaits int json_body_receive(struct request *req, struct buffer *into)
{
    uint64_t length = body_length(req);
    if (length != UINT64_MAX && length > into->len_max - into->len)
        return -E2BIG;
    struct text text;
    int err = buffer_room(into, into->len_max - into->len, &text);
    ssize_t got = 1;
    while (err == 0 && got > 0 && text.len < text.room) {
        got = body_recv(req, (struct span){text.ptr + text.len, text.room - text.len});
        if (got < 0)
            err = (int)got;
        else
            text.len += (size_t)got;
    }
    if (err == 0 && got > 0) {
        uint8_t more;
        got = body_recv(req, (struct span){&more, 1});
        err = got > 0 ? -E2BIG : (int)got;
    }
    if (err == 0)
        buffer_added(into, &text);
    return err;
}

awaits int json_body_answer_error(struct request *req, const struct buffer *into, int err)
{
    if (err == -E2BIG)
        return answer_problem(req, 413, "This JSON may have at most %zu bytes.", into->len_max);
    return answer_error(req, err);
}
