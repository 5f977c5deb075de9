/* PUT and raw POST: one request body becomes one stored object with one link.
 *
 * The whole life of such an upload is upload_handle(), read from top to bottom. Nothing is visible
 * to others before the catalog has the row; whatever fails earlier, upload_end() gives the bytes
 * back, and a crash leaves only an object without a row, which the sweeper removes. */
#include "service/receipts.h"
#include "service/upload.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/disposition.h"
#include "wire/file_name.h"

/* Moves the body into the upload. A fast sender fills large chunks, one of which is on its way to
 * the disk while the next fills; a slow one gets a small chunk for a moment when bytes are there.
 * While nothing comes, nothing is held. */
static awaits int receive_body(struct request *req, struct upload *upload)
{
    bool is_fast = body_length(req) >= UPLOAD_LARGE_BYTES;
    for (;;) {
        scoped(chunk) chunk = NULL;
        int more = body_wait(req);
        if (more <= 0)
            return more;
        int64_t deadline_ms = worker_now_ms() + req->wire->body_idle_ms;
        int err = is_fast ? chunk_take(&chunk, deadline_ms) : chunk_take_small(&chunk, deadline_ms);
        if (err < 0)
            return err;
        struct span room = {chunk->room.ptr,
                            size_min(chunk->room.len, draft_wanted(upload->draft))};
        ssize_t got = is_fast ? body_fill(req, room, UPLOAD_FILL_MS) : body_recv(req, room);
        if (got <= 0)
            return (int)got;
        is_fast = (size_t)got == room.len;
        err = upload_append_chunk(upload, &chunk, (size_t)got);
        if (err < 0)
            return err;
    }
}

/* The file's name: from the path, else from the fields that clients use for it. Returns NULL or
 * one sentence about what is wrong with it. */
static const char *choose_name(struct request *req, struct slice from_path,
                               char ret_name[FILE_NAME_BYTES_MAX + 1])
{
    struct slice raw = from_path;
    struct slice field = request_header(req, SLICE("content-disposition"));
    if (raw.len == 0 && field.ptr != NULL) {
        uint8_t *room = arena_alloc(&req->arena, field.len + 1);
        struct disposition disposition = {0};
        if (room != NULL &&
            disposition_read(field, (struct span){room, field.len}, &disposition) == 0)
            raw = disposition.file_name;
    }
    if (raw.len == 0)
        raw = request_header(req, SLICE("x-file-name"));
    if (raw.len == 0)
        raw = SLICE("file");
    switch (file_name_clean(raw, ret_name)) {
    case -EILSEQ:
        return "The file's name is not valid UTF-8.";
    case -EINVAL:
        return "The file's name has control characters.";
    case -ENAMETOOLONG:
        return "The file's name is longer than 255 bytes.";
    default:
        return NULL;
    }
}

static awaits int answer_created(struct request *req, const struct receipt *receipt)
{
    struct receipts receipts;
    int err = receipts_begin(&receipts, req, false);
    if (err == 0)
        err = receipts_add(&receipts, receipt);
    err = err < 0 ? answer_error(req, err) : receipts_answer(&receipts);
    receipts_end(&receipts);
    return err;
}

awaits int upload_handle(struct request *req, struct slice name)
{
    char file_name[FILE_NAME_BYTES_MAX + 1];
    struct terms terms;
    const char *complaint = choose_name(req, name, file_name);
    if (complaint == NULL)
        complaint = terms_read(req, &terms);
    if (complaint == NULL && request_header(req, SLICE("content-range")).ptr != NULL)
        complaint = "Content-Range is not supported with an upload; send the whole file.";
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);

    struct upload upload = {0};
    struct receipt receipt;
    int err = upload_begin(&upload, req, &terms, body_length(req));
    if (err == 0)
        err = receive_body(req, &upload);
    if (err == 0)
        err = upload_publish(&upload, slice_of(file_name),
                             request_header(req, SLICE("content-type")), &receipt);
    upload_end(&upload);
    return err < 0 ? upload_answer_error(req, err) : answer_created(req, &receipt);
}
