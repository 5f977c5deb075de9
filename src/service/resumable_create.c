/* Creating an upload by sending it: a PUT or POST as ever, of which what came is not lost when the
 * connection is.
 *
 * Who speaks a version that we know is told the upload's URL, its link and its key before the body
 * is read. Others learn them with the final answer; until then theirs is like a plain upload: when
 * it breaks off nobody could ever go on with it, so nothing stays. */
#include "base/clock.h"
#include "service/resumable_body.h"
#include "service/upload_name.h"
#include "service/url.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/media_type.h"
#include "wire/tus_field.h"

/* Fields that tell where the upload, its link and its key are. */
struct announcement {
    struct slice location; /* of the upload */
    struct slice link;
    bool is_told; /* before the body */
};

bool resumable_is_asked(const struct request *req)
{
    struct resumable_fields fields;
    resumable_fields_read(&req->head, &fields);
    return fields.has_complete;
}

/* ---- What is asked for ---- */

/* tus-js-client tells a name only in tus' own field, whichever protocol it speaks. */
static struct slice find_tus_name(struct request *req)
{
    struct slice field = request_header(req, SLICE("upload-metadata"));
    if (field.len == 0 || tus_metadata_check(field) < 0)
        return SLICE_NONE;
    uint8_t *room = arena_alloc(&req->arena, field.len);
    if (room == NULL)
        return SLICE_NONE;
    ssize_t len = tus_metadata_find_name(field, (struct span){room, field.len});
    return len < 0 ? SLICE_NONE : slice_from(room, (size_t)len);
}

/* Content-Type is that of the file, but for clients that already call their first request a part.
 */
static struct slice find_type(const struct request *req)
{
    struct slice type = request_header(req, SLICE("content-type"));
    return media_type_is(type, SLICE("application/partial-upload")) ? SLICE_NONE : type;
}

/* Returns NULL, or one sentence about what is wrong. */
static const char *read_plan(struct request *req, struct slice name, struct upload_plan *ret_plan)
{
    struct upload_plan plan = {.kind = UPLOAD_WHOLE, .declared_type = find_type(req)};
    char *file_name = arena_alloc(&req->arena, FILE_NAME_BYTES_MAX + 1);
    if (file_name == NULL)
        return "There is no memory for the file's name.";
    bool is_named = name.len > 0 || request_header(req, SLICE("content-disposition")).ptr != NULL ||
                    request_header(req, SLICE("x-file-name")).ptr != NULL;
    const char *complaint =
        upload_choose_name(req, is_named ? name : find_tus_name(req), file_name);
    if (complaint == NULL)
        complaint = terms_read(req, &plan.terms);
    if (complaint == NULL && request_header(req, SLICE("content-range")).ptr != NULL)
        complaint = "Content-Range is not supported with an upload; see Upload-Offset.";
    plan.file_name = slice_of(file_name);
    *ret_plan = plan;
    return complaint;
}

/* ---- Telling where it is ---- */

/* Tells it all before the body is read, to those who understand. */
static awaits int announce(struct resumable_body *body, const struct receipt *receipt,
                           struct announcement *ret_announcement)
{
    struct request *req = body->req;
    const struct resumable_dialect *dialect = body->fields.dialect;
    struct announcement announcement = {.location =
                                            url_of_upload(req, arrival_upload(body->arrival)),
                                        .link = url_of_link(req, &receipt->row)};
    if (announcement.location.ptr == NULL || announcement.link.ptr == NULL)
        return -ENOMEM;
    *ret_announcement = announcement;
    if (dialect->version == 0 || req->head.version_minor == 0)
        return 0;
    struct slice limit = SLICE("");
    uint8_t room[96];
    if (dialect->age_key != NULL) {
        struct text text = text_over((struct span){room, sizeof room});
        text_put(&text, SLICE("Upload-Limit: "));
        resumable_limit_put(&text, dialect, service_of(req)->size_max,
                            service_of(req)->upload_life_ms);
        text_put(&text, SLICE("\r\n"));
        limit = text_slice(&text);
    }
    struct slice fields = arena_format(
        &req->arena,
        "Upload-Draft-Interop-Version: %u\r\nLocation: %.*s\r\n%.*sSluice-Link: %.*s\r\n"
        "Sluice-Key: %s\r\n",
        dialect->version, (int)announcement.location.len, (const char *)announcement.location.ptr,
        (int)limit.len, (const char *)limit.ptr, (int)announcement.link.len,
        (const char *)announcement.link.ptr, receipt->key);
    if (fields.ptr == NULL)
        return -ENOMEM;
    int err = answer_interim(req, 104, fields);
    ret_announcement->is_told = err == 0;
    return err;
}

/* The request was not the last of its upload: where to send the next. */
static awaits int answer_begun(struct resumable_body *body, const struct receipt *receipt,
                               const struct announcement *announcement)
{
    struct request *req = body->req;
    int err = resumable_add_standing(body);
    if (err < 0)
        return answer_error(req, err);
    err = answer_begin(req, 201);
    if (err < 0)
        return err;
    answer_field(req, "Location", announcement->location);
    answer_field(req, "Sluice-Link", announcement->link);
    answer_field(req, "Sluice-Key", slice_of(receipt->key));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    return answer_empty(req);
}

/* ---- The request ---- */

static awaits int answer(struct resumable_body *body, struct receipt *receipt,
                         const struct announcement *announcement, enum resumable_outcome outcome)
{
    struct request *req = body->req;
    if (outcome == RESUMABLE_COMPLETE)
        return resumable_answer_complete(req, body->arrival, receipt);
    if (outcome == RESUMABLE_STORED)
        return answer_begun(body, receipt, announcement);
    if (!announcement->is_told) {
        int err = upload_remove(service_of(req), body->arrival);
        (void)err; /* what can't be removed now expires */
    } else if (outcome != RESUMABLE_WHOLE_DIFFERS) {
        int err = resumable_add_field(req, "Location", announcement->location);
        if (err < 0)
            return answer_error(req, err);
    }
    return resumable_answer_failure(body, outcome);
}

static awaits int create(struct resumable_body *body, const struct upload_plan *plan)
{
    struct request *req = body->req;
    struct receipt receipt;
    struct announcement announcement = {0};
    int err = upload_create(&body->upload, req, plan, &receipt);
    if (err < 0) {
        upload_end(&body->upload);
        if (err == -E2BIG && resumable_add_limit(req, body->fields.dialect, 0) < 0)
            err = -ENOMEM;
        return upload_answer_error(req, err);
    }
    scoped(arrival) arrival = arrival_share(body->upload.arrival);
    body->arrival = arrival;
    body->err = announce(body, &receipt, &announcement);
    enum resumable_outcome outcome = resumable_body_receive(body);
    return answer(body, &receipt, &announcement, outcome);
}

awaits int resumable_create(struct request *req, struct slice name)
{
    struct resumable_body body;
    struct upload_plan plan;
    const char *complaint = resumable_body_begin(&body, req);
    if (complaint == NULL)
        complaint = read_plan(req, name, &plan);
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);
    if (resumable_total(&body.fields, 0, body_length(req), &plan.size_bytes) < 0)
        return resumable_answer_lengths(req);
    return create(&body, &plan);
}
