/* PUT and raw POST: one request body becomes one stored object with one link.
 *
 * The whole life of such an upload is upload_handle(), read from top to bottom. Nothing is visible
 * to others before the catalog has the row; whatever fails earlier, upload_end() gives the bytes
 * back, and a crash leaves only an object without a row, which the sweeper removes. */
#include "service/early.h"
#include "service/receipts.h"
#include "service/upload_name.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/disposition.h"
#include "wire/file_name.h"

const char *upload_choose_name(struct request *req, struct slice from_path,
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

awaits int upload_answer_created(struct request *req, const struct receipt *receipt)
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
    const char *complaint = upload_choose_name(req, name, file_name);
    if (complaint == NULL)
        complaint = terms_read(req, &terms);
    if (complaint == NULL && request_header(req, SLICE("content-range")).ptr != NULL)
        complaint = "Content-Range is not supported with an upload; send the whole file.";
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);

    struct upload upload = {0};
    struct receipt receipt;
    struct slice type = request_header(req, SLICE("content-type"));
    uint64_t size_bytes = body_length(req);
    int err = upload_begin(&upload, req, &terms, size_bytes);
    if (err == 0)
        err = early_tell(&upload, slice_of(file_name), type, size_bytes, &receipt);
    if (err == 0)
        err = upload_receive(&upload);
    if (err == 0)
        err = upload_publish(&upload, slice_of(file_name), type, &receipt);
    upload_end(&upload);
    return err < 0 ? upload_answer_error(req, err) : upload_answer_created(req, &receipt);
}
