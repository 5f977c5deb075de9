/* Resumable Uploads for HTTP: asking an upload where it stands, appending to it, taking it back.
 *
 * Source: draft-ietf-httpbis-resumable-upload; what its versions do differently is in
 * resumable_fields.h. An upload is known to its sender by its own name only: who has just its link
 * can't reach it here. */
#include "service/resumable_body.h"
#include "service/tus_fields.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/connection.h"
#include "wire/media_type.h"

/* Finds an upload by its own name; one that is no more isn't found. */
static awaits int find(struct request *req, const char *upload, struct arrival **ret_arrival)
{
    scoped(arrival) arrival = NULL;
    int err = arrivals_find(service_of(req), upload, &arrival);
    if (err < 0)
        return err;
    enum arrival_state state = arrival_progress(arrival).state;
    if (state == ARRIVAL_FAILED || state == ARRIVAL_DELETED ||
        strcmp(arrival_upload(arrival), upload) != 0)
        return -ENOENT;
    *ret_arrival = arrival;
    arrival = NULL;
    return 0;
}

static awaits int answer_not_found(struct request *req, int err)
{
    if (err == -ENOENT)
        return answer_problem(req, 404,
                              "There is no such upload: it was taken back, it has failed, or its "
                              "time is over.");
    if (err == -EBUSY)
        return answer_problem(req, 503, "An older request to this upload does not end; try again.");
    if (err == -ECANCELED && !wire_is_draining())
        return answer_problem(req, 503, "A newer request to this upload took over; ask again.");
    return answer_error(req, err);
}

/* ---- Asking ---- */

/* In the words of both protocols: who asks without a version may speak either. */
static awaits int answer_offset(struct request *req, const struct arrival_progress *progress,
                                uint64_t offset)
{
    struct resumable_fields fields;
    resumable_fields_read(&req->head, &fields);
    bool is_complete = progress->state == ARRIVAL_READY;
    int err = resumable_add_progress(req, offset, is_complete);
    if (err == 0)
        err = resumable_add_limit(req, fields.dialect, resumable_life_ms(progress));
    if (err < 0)
        return answer_error(req, err);
    err = answer_begin(req, 204);
    if (err < 0)
        return err;
    if (progress->size_bytes != BYTES_UNKNOWN && fields.dialect->has_length)
        answer_field_format(req, "Upload-Length", "%" PRIu64, progress->size_bytes);
    tus_put_expires(req, progress);
    answer_field(req, "Tus-Resumable", SLICE("1.0.0"));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    return answer_empty(req);
}

/* HEAD tells where to go on, so it ends an older request; GET only looks. */
static awaits int ask(struct request *req, struct arrival *arrival)
{
    uint64_t offset = arrival_progress(arrival).stored_bytes;
    if (req->head.method == HTTP_HEAD) {
        int err = upload_settle(arrival, &offset);
        if (err < 0)
            return answer_not_found(req, err);
    }
    struct arrival_progress progress = arrival_progress(arrival);
    return answer_offset(req, &progress, offset);
}

/* ---- Appending ---- */

/* Returns NULL or one sentence. */
static const char *check_fields(const struct resumable_fields *fields)
{
    if (!fields->has_offset)
        return "Upload-Offset is missing or malformed; it is the number of bytes that are there.";
    if (!fields->has_complete)
        return "Upload-Complete is missing or malformed; it is ?1 with the last bytes, else ?0.";
    return NULL;
}

static bool is_type_right(const struct request *req, const struct resumable_fields *fields)
{
    return !fields->dialect->has_media_type ||
           media_type_is(request_header(req, SLICE("content-type")),
                         SLICE("application/partial-upload"));
}

static awaits int answer_mismatch(struct request *req, uint64_t expected, uint64_t provided)
{
    int err = resumable_add_progress(req, expected, false);
    struct slice members =
        arena_format(&req->arena, ",\"expected-offset\":%" PRIu64 ",\"provided-offset\":%" PRIu64,
                     expected, provided);
    if (err < 0 || members.ptr == NULL)
        return answer_error(req, -ENOMEM);
    err = answer_begin(req, 409);
    return err < 0 ? err
                   : answer_problem_typed(
                         req,
                         "https://iana.org/assignments/http-problem-types"
                         "#mismatching-upload-offset",
                         "offset from request does not match offset of resource", members,
                         "The upload stands elsewhere; go on at the offset that is told.");
}

/* A sender whose last answer was lost sends nothing more and is told it again. */
static awaits int answer_completed(struct resumable_body *body, uint64_t offset)
{
    struct request *req = body->req;
    const struct resumable_fields *fields = &body->fields;
    bool is_repeat = fields->is_complete && fields->offset == offset;
    int more = is_repeat ? body_wait(req) : 1;
    if (more < 0)
        return answer_error(req, more);
    if (more == 0)
        return resumable_answer_complete(req, body->arrival, NULL);
    int err = resumable_add_progress(req, offset, true);
    if (err < 0)
        return answer_error(req, err);
    err = answer_begin(req, 400);
    return err < 0 ? err
                   : answer_problem_typed(
                         req, "https://iana.org/assignments/http-problem-types#completed-upload",
                         "upload is already completed", SLICE_NONE,
                         "The upload is complete; nothing can be appended to it.");
}

static awaits int answer_refused(struct resumable_body *body, uint64_t offset, int err)
{
    if (err == -ESTALE)
        return answer_mismatch(body->req, offset, body->fields.offset);
    if (err == -EALREADY)
        return answer_completed(body, offset);
    if (err == -EPERM)
        return answer_problem(body->req, 403, "This upload is joined of parts; append to those.");
    if (err == -ENOENT || err == -EBUSY)
        return answer_not_found(body->req, err);
    body->err = err;
    return resumable_answer_failure(body, RESUMABLE_INTERRUPTED);
}

/* Takes down the length that this request tells. Returns 0, -EINVAL, -EFBIG, -E2BIG … */
static awaits int check_length(struct resumable_body *body)
{
    uint64_t total;
    uint64_t size = arrival_progress(body->arrival).size_bytes;
    uint64_t body_bytes = body_length(body->req);
    const struct resumable_fields *fields = &body->fields;
    int err = resumable_total(fields, fields->offset, body_bytes, &total);
    if (err == 0 && total != BYTES_UNKNOWN)
        return upload_set_size(&body->upload, total);
    bool is_beyond =
        size != BYTES_UNKNOWN && body_bytes != UINT64_MAX && body_bytes > size - fields->offset;
    return err == 0 && is_beyond ? -EFBIG : err;
}

static awaits int answer_appended(struct resumable_body *body)
{
    struct request *req = body->req;
    int err = resumable_add_standing(body);
    if (err < 0)
        return answer_error(req, err);
    err = answer_begin(req, 204);
    return err < 0 ? err : answer_empty(req);
}

static awaits int append(struct resumable_body *body, struct arrival *arrival)
{
    uint64_t offset = 0;
    body->arrival = arrival;
    int err = upload_resume(&body->upload, body->req, arrival, body->fields.offset, &offset);
    if (err < 0) {
        upload_end(&body->upload);
        return answer_refused(body, offset, err);
    }
    body->err = check_length(body);
    enum resumable_outcome outcome = resumable_body_receive(body);
    if (outcome == RESUMABLE_COMPLETE)
        return resumable_answer_complete(body->req, arrival, NULL);
    if (outcome == RESUMABLE_STORED)
        return answer_appended(body);
    return resumable_answer_failure(body, outcome);
}

static awaits int handle_append(struct request *req, const char *upload)
{
    struct resumable_body body;
    scoped(arrival) arrival = NULL;
    const char *complaint = resumable_body_begin(&body, req);
    if (complaint == NULL && !is_type_right(req, &body.fields))
        return answer_problem(req, 415,
                              "What is appended to an upload has the type "
                              "application/partial-upload.");
    if (complaint == NULL)
        complaint = check_fields(&body.fields);
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);
    int err = find(req, upload, &arrival);
    return err < 0 ? answer_not_found(req, err) : append(&body, arrival);
}

/* ---- The request ---- */

static awaits int handle_ask(struct request *req, const char *upload)
{
    scoped(arrival) arrival = NULL;
    int err = find(req, upload, &arrival);
    return err < 0 ? answer_not_found(req, err) : ask(req, arrival);
}

static awaits int handle_delete(struct request *req, const char *upload)
{
    scoped(arrival) arrival = NULL;
    int err = find(req, upload, &arrival);
    if (err == 0)
        err = upload_remove(service_of(req), arrival);
    if (err < 0)
        return answer_not_found(req, err);
    err = answer_begin(req, 204);
    return err < 0 ? err : answer_empty(req);
}

awaits int resumable_handle(struct request *req, const char *upload)
{
    if (req->head.method == HTTP_PATCH)
        return handle_append(req, upload);
    if (req->head.method == HTTP_DELETE)
        return handle_delete(req, upload);
    assert(req->head.method == HTTP_GET || req->head.method == HTTP_HEAD);
    return handle_ask(req, upload);
}
