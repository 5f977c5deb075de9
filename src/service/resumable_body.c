/* Nothing that came is given up without need: whatever ends a body, the bytes before count, and the
 * answer tells how many there are. Only what contradicts its own digest or length is refused. */
#include "service/resumable_body.h"

#include "base/clock.h"
#include "service/common_fields.h"
#include "service/links.h"
#include "service/upload_name.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/connection.h"
#include "wire/digest_field.h"

/* ---- Fields of the answer ---- */

int resumable_add_field(struct request *req, const char *name, struct slice value)
{
    return common_fields_add(req, arena_format(&req->arena, "%s: %.*s\r\n", name, (int)value.len,
                                               (const char *)value.ptr));
}

int resumable_add_limit(struct request *req, const struct resumable_dialect *dialect,
                        int64_t life_ms)
{
    if (dialect->age_key == NULL)
        return 0;
    uint8_t room[96];
    struct text text = text_over((struct span){room, sizeof room});
    resumable_limit_put(&text, dialect, service_of(req)->size_max, life_ms);
    return resumable_add_field(req, "Upload-Limit", text_slice(&text));
}

int resumable_add_progress(struct request *req, uint64_t offset, bool is_complete)
{
    uint8_t room[24];
    struct text text = text_over((struct span){room, sizeof room});
    text_put_u64(&text, offset);
    int err = resumable_add_field(req, "Upload-Complete", is_complete ? SLICE("?1") : SLICE("?0"));
    return err < 0 ? err : resumable_add_field(req, "Upload-Offset", text_slice(&text));
}

int resumable_add_standing(const struct resumable_body *body)
{
    struct arrival_progress progress = arrival_progress(body->arrival);
    int err = resumable_add_progress(body->req, progress.stored_bytes, false);
    return err < 0
               ? err
               : resumable_add_limit(body->req, body->fields.dialect, resumable_life_ms(&progress));
}

int64_t resumable_life_ms(const struct arrival_progress *progress)
{
    int64_t life_ms = progress->expires_ms - clock_wall_ms();
    return life_ms > 0 ? life_ms : 0;
}

/* ---- The body ---- */

const char *resumable_body_begin(struct resumable_body *ret_body, struct request *req)
{
    struct resumable_body body = {.req = req};
    resumable_fields_read(&req->head, &body.fields);
    struct slice digest = request_header(req, SLICE("content-digest"));
    if (digest.ptr != NULL) {
        int has = digest_field_claim(digest, &body.claim);
        if (has < 0)
            return "Content-Digest is malformed; it looks like sha-256=:BASE64:";
        body.has_claim = has == 1;
    }
    *ret_body = body;
    return NULL;
}

/* The bytes were received: makes them count. */
static awaits enum resumable_outcome keep(struct resumable_body *body)
{
    struct upload *upload = &body->upload;
    uint64_t offset;
    if (body->has_claim)
        body->err = upload_verify(upload, &body->claim);
    if (body->err == -EBADMSG)
        return RESUMABLE_BODY_DIFFERS;
    uint64_t size = arrival_progress(body->arrival).size_bytes;
    bool is_short = size != BYTES_UNKNOWN && upload->draft->received_bytes < size;
    if (body->err == 0 && (is_short || !body->fields.is_complete))
        body->err = upload_pause(upload, &offset);
    if (body->err < 0)
        return RESUMABLE_INTERRUPTED;
    if (!body->fields.is_complete)
        return RESUMABLE_STORED;
    if (is_short)
        return RESUMABLE_LENGTH_DIFFERS;
    body->err = upload_finish(upload);
    if (body->err == -EBADMSG)
        return RESUMABLE_WHOLE_DIFFERS;
    return body->err < 0 ? RESUMABLE_INTERRUPTED : RESUMABLE_COMPLETE;
}

static awaits enum resumable_outcome receive(struct resumable_body *body)
{
    struct upload *upload = &body->upload;
    if (body->err == -EINVAL)
        return RESUMABLE_LENGTH_DIFFERS;
    if (body->err == 0 && body->has_claim)
        body->err = upload_expect(upload, body->claim.algorithm);
    if (body->err == 0)
        body->err = upload_receive(upload);
    if (body->err == 0)
        return keep(body);
    if (body->err == -EFBIG)
        return RESUMABLE_TOO_LONG;
    return body->err == -E2BIG ? RESUMABLE_OVER_LIMIT : RESUMABLE_INTERRUPTED;
}

awaits enum resumable_outcome resumable_body_receive(struct resumable_body *body)
{
    enum resumable_outcome outcome = receive(body);
    struct service *service = service_of(body->req);
    upload_end(&body->upload);
    if (outcome == RESUMABLE_TOO_LONG)
        upload_fail(service, body->arrival, "its sender sent more than it had told");
    if (outcome == RESUMABLE_OVER_LIMIT)
        upload_fail(service, body->arrival, "it is larger than this server takes");
    return outcome;
}

/* ---- Answers to what failed ---- */

awaits int resumable_answer_lengths(struct request *req)
{
    int err = answer_begin(req, 400);
    return err < 0 ? err
                   : answer_problem_typed(
                         req,
                         "https://iana.org/assignments/http-problem-types"
                         "#inconsistent-upload-length",
                         "inconsistent length values for upload", SLICE_NONE,
                         "The lengths that were told of this upload, by Upload-Length or by the "
                         "length of its last request, contradict each other or its bytes.");
}

/* A client that fell silent, or whose network did, comes back: that is no mistake of its own. */
static awaits int answer_interrupted(struct request *req, int err)
{
    bool is_superseded = err == -ECANCELED && !wire_is_draining();
    if (is_superseded || req->stream->is_broken)
        return err;
    bool is_late = err == -ETIMEDOUT && req->is_body_late;
    if (err != -ECONNRESET && !is_late)
        return upload_answer_error(req, err);
    req->is_last = true;
    return answer_problem(
        req, 503, "The body ended before all of it had come; ask with HEAD where to go on.");
}

awaits int resumable_answer_failure(struct resumable_body *body, enum resumable_outcome outcome)
{
    struct request *req = body->req;
    struct arrival_progress progress = arrival_progress(body->arrival);
    bool is_gone = progress.state == ARRIVAL_FAILED || progress.state == ARRIVAL_DELETED;
    int err = 0;
    if (outcome == RESUMABLE_WHOLE_DIFFERS)
        err = resumable_add_field(req, "Upload-Complete", SLICE("?1"));
    else if (!is_gone)
        err = resumable_add_progress(req, progress.stored_bytes, false);
    if (err == 0 && (outcome == RESUMABLE_OVER_LIMIT || body->err == -E2BIG))
        err = resumable_add_limit(req, body->fields.dialect, 0);
    if (err < 0)
        return answer_error(req, err);
    switch (outcome) {
    case RESUMABLE_LENGTH_DIFFERS:
    case RESUMABLE_TOO_LONG:
        return resumable_answer_lengths(req);
    case RESUMABLE_BODY_DIFFERS:
        return answer_problem(req, 400,
                              "The body does not have the digest that Content-Digest tells; "
                              "nothing of it was kept, send it again.");
    case RESUMABLE_WHOLE_DIFFERS:
    case RESUMABLE_OVER_LIMIT:
        return upload_answer_error(req, body->err);
    case RESUMABLE_STORED:
    case RESUMABLE_COMPLETE:
    case RESUMABLE_INTERRUPTED:
        break;
    }
    return answer_interrupted(req, body->err);
}

/* ---- The answer to what is complete ---- */

awaits int resumable_answer_complete(struct request *req, struct arrival *arrival,
                                     struct receipt *receipt)
{
    struct service *service = service_of(req);
    scoped(link_entry) entry = NULL;
    int err = resumable_add_progress(req, arrival_progress(arrival).size_bytes, true);
    if (err == 0 && arrival_kind(arrival) == UPLOAD_PART) {
        err = answer_begin(req, 204);
        return err < 0 ? err : answer_empty(req);
    }
    if (err == 0)
        err = links_find(service, arrival_link(arrival), &entry);
    if (err < 0)
        return answer_error(req, err);
    if (links_state(entry) != LINK_READY)
        return links_answer_gone(req, links_state(entry));
    struct receipt repeat = {0};
    if (receipt == NULL)
        receipt = &repeat;
    receipt->row = entry->row;
    return upload_answer_created(req, receipt);
}
