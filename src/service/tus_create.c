/* POST /files/: an upload is created, perhaps with its first bytes. What is answered with anything
 * but 201 has left nothing behind, since its sender couldn't name it. */
#include "base/error.h"
#include "base/log.h"
#include "service/tus_fields.h"
#include "service/tus_plan.h"
#include "service/url.h"
#include "wire/answer.h"

/* The fields that tell where the upload and its link are. */
static awaits int answer_created(struct request *req, const struct tus_plan *plan,
                                 struct arrival *arrival, const struct receipt *receipt,
                                 uint64_t offset)
{
    const struct arrival_progress progress = arrival_progress(arrival);
    bool has_link = plan->upload.kind != UPLOAD_PART;
    struct slice link = has_link ? url_of_link(req, &receipt->row) : SLICE_NONE;
    struct slice location = url_of_upload(req, arrival_upload(arrival));
    if (location.ptr == NULL || (has_link && link.ptr == NULL))
        return answer_error(req, -ENOMEM);
    int err = answer_begin(req, 201);
    if (err < 0)
        return err;
    answer_field(req, "Location", location);
    tus_put_expires(req, &progress);
    if (plan->has_body)
        tus_put_u64(req, "Upload-Offset", offset);
    if (has_link) {
        answer_field(req, "Sluice-Link", link);
        answer_field(req, "Sluice-Key", slice_of(receipt->key));
    }
    answer_field(req, "Cache-Control", SLICE("no-store"));
    return answer_empty(req);
}

static awaits int answer_parts(struct request *req, int err)
{
    if (err == -ENOENT)
        return answer_problem(req, 404,
                              "A part that Upload-Concat names is not there; it may have "
                              "expired or been deleted.");
    return answer_problem(req, 400,
                          "Upload-Concat names an upload that was not created as "
                          "partial.");
}

/* Receives what the request carries, and completes an empty upload at once. */
static awaits int fill(struct upload *upload, struct tus_plan *plan, uint64_t *ret_offset)
{
    if (plan->has_body || plan->upload.size_bytes == 0)
        return tus_body_receive(&plan->body, upload, ret_offset);
    upload_end(upload);
    return 0;
}

/* Removes what its sender will never know of. */
static awaits void take_back(struct service *service, struct arrival *arrival)
{
    int err = upload_remove(service, arrival);
    if (err < 0 && err != -ENOENT) /* then it stays until its time is over */
        log_event(LOG_WARN, "an upload that failed is not removed yet",
                  log_text("reason", slice_of(error_text())));
}

static awaits int create(struct request *req, struct tus_plan *plan)
{
    struct upload upload = {0};
    struct receipt receipt;
    uint64_t offset = 0;
    int err = upload_create(&upload, req, &plan->upload, &receipt);
    if (err < 0) {
        upload_end(&upload);
        bool is_about_parts =
            plan->upload.kind == UPLOAD_JOINED && (err == -ENOENT || err == -EINVAL);
        return is_about_parts ? answer_parts(req, err)
                              : tus_body_answer_error(req, &plan->body, err);
    }
    scoped(arrival) arrival = arrival_share(upload.arrival);
    err = fill(&upload, plan, &offset);
    if (err == 0)
        return answer_created(req, plan, arrival, &receipt, offset);
    take_back(service_of(req), arrival);
    return tus_body_answer_error(req, &plan->body, err);
}

awaits int tus_create(struct request *req)
{
    int err = tus_enter(req, false);
    if (err < 0 || req->status != 0)
        return err;
    struct tus_plan plan;
    err = tus_plan_read(req, &plan);
    if (err == -EINVAL)
        return answer_problem(req, plan.refusal.status, "%s", plan.refusal.reason);
    return err < 0 ? answer_error(req, err) : create(req, &plan);
}
