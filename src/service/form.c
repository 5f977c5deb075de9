/* POST of a form: its files stream into the store one after the other, nothing is spooled.
 *
 * The answer comes when the whole form has been read, so a form that breaks off leaves nothing:
 * files of it that had been published are taken back. */
#include "service/early.h"
#include "service/receipts.h"
#include "service/upload.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/file_name.h"
#include "wire/multipart.h"

/* A form being read; it lies in the request's arena. */
struct form {
    struct request *req;
    struct multipart multipart;
    struct terms terms;
    struct receipts receipts;
    struct upload upload;   /* of the part being read, when it is a file */
    struct receipt receipt; /* of the same */
    bool is_file;
    const char *complaint; /* the form is refused */
    unsigned complaint_status;
    char file_name[FILE_NAME_BYTES_MAX + 1];
    char declared_type[MEDIA_TYPE_BYTES_MAX + 1];
};

/* A part without file name is a field and is ignored; a browser sends an empty name for a file
 * input in which nothing was chosen. */
static awaits int begin_part(struct form *form, const struct multipart_event *event)
{
    form->is_file = event->has_file_name && event->file_name.len > 0;
    if (!form->is_file)
        return 0;
    int len = file_name_clean(event->file_name, form->file_name);
    if (len < 0) {
        form->complaint_status = 400;
        form->complaint = len == -ENAMETOOLONG
                              ? "The name of a file in the form is longer than 255 bytes."
                              : "The name of a file in the form has control characters or is not "
                                "valid UTF-8.";
        return -EPROTO;
    }
    size_t type_len = size_min(event->content_type.len, sizeof form->declared_type - 1);
    if (type_len > 0)
        memcpy(form->declared_type, event->content_type.ptr, type_len);
    form->declared_type[type_len] = '\0';
    int err = upload_begin(&form->upload, form->req, &form->terms, BYTES_UNKNOWN);
    if (err == 0)
        err = early_tell(&form->upload, slice_of(form->file_name), slice_of(form->declared_type),
                         BYTES_UNKNOWN, &form->receipt);
    return err;
}

static awaits int end_part(struct form *form)
{
    if (!form->is_file)
        return 0;
    int err = upload_publish(&form->upload, slice_of(form->file_name),
                             slice_of(form->declared_type), &form->receipt);
    upload_end(&form->upload);
    return err < 0 ? err : receipts_add(&form->receipts, &form->receipt);
}

static awaits int handle_event(struct form *form, const struct multipart_event *event)
{
    switch (event->kind) {
    case MULTIPART_PART:
        return begin_part(form, event);
    case MULTIPART_DATA:
        return form->is_file ? upload_append(&form->upload, event->data) : 0;
    case MULTIPART_PART_END:
        return end_part(form);
    case MULTIPART_MORE:
    case MULTIPART_END:
        break;
    }
    return 0;
}

/* Feeds what was received, event by event. */
static awaits int feed(struct form *form, struct slice bytes)
{
    struct multipart_event event;
    do {
        ssize_t used = multipart_feed(&form->multipart, bytes, &event);
        if (used < 0) {
            form->complaint = event.refusal.reason;
            form->complaint_status = event.refusal.status;
            return (int)used;
        }
        bytes = slice_skip(bytes, (size_t)used);
        int err = handle_event(form, &event);
        if (err < 0)
            return err;
    } while (event.kind != MULTIPART_MORE);
    return 0;
}

/* A sender that pauses in the middle of a file holds no chunk meanwhile. */
static awaits int wait_body(struct form *form)
{
    int more = body_wait_ms(form->req, UPLOAD_FILL_MS);
    if (more != -ETIMEDOUT)
        return more;
    int err = upload_flush(&form->upload);
    return err < 0 ? err : body_wait(form->req);
}

static awaits int read_form(struct form *form)
{
    struct request *req = form->req;
    int more;
    while ((more = wait_body(form)) > 0) {
        scoped(chunk) chunk = NULL;
        int64_t deadline_ms = worker_now_ms() + req->wire->body_idle_ms;
        int err = chunk_take_small(&chunk, deadline_ms);
        if (err < 0)
            return err;
        ssize_t got = body_recv(req, chunk->room);
        if (got < 0)
            return (int)got;
        err = feed(form, (struct slice){chunk->room.ptr, (size_t)got});
        if (err < 0)
            return err;
    }
    struct parse_refusal refusal;
    if (more == 0 && multipart_end(&form->multipart, &refusal) < 0) {
        form->complaint = refusal.reason;
        form->complaint_status = refusal.status;
        return -EPROTO;
    }
    return more;
}

static awaits int answer_form(struct form *form, int err)
{
    struct request *req = form->req;
    if (err == 0 && form->receipts.count == 0) {
        return answer_problem(req, 400,
                              "The form has no file; send one with a file name, as curl -F "
                              "file=@NAME does.");
    }
    if (err == 0)
        return receipts_answer(&form->receipts);
    receipts_undo(&form->receipts);
    if (form->complaint != NULL && !req->stream->is_broken)
        return answer_problem(req, form->complaint_status, "%s", form->complaint);
    return upload_answer_error(req, err);
}

awaits int form_handle(struct request *req)
{
    struct form *form = arena_alloc(&req->arena, sizeof *form);
    if (form == NULL)
        return answer_error(req, -ENOMEM);
    form->req = req;
    if (multipart_begin(&form->multipart, request_header(req, SLICE("content-type"))) < 0)
        return answer_problem(req, 400, "The form's Content-Type has no sound boundary.");
    const char *complaint = terms_read(req, &form->terms);
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);
    int err = receipts_begin(&form->receipts, req, true);
    if (err == 0)
        err = read_form(form);
    upload_end(&form->upload);
    err = answer_form(form, err);
    receipts_end(&form->receipts);
    return err;
}
