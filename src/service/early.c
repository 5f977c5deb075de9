/* The lines are put together in memory of their own: a form tells of thousands of files, more than
 * one request's arena holds. */
#include "service/early.h"

#include "base/buffer.h"
#include "service/url.h"
#include "wire/answer.h"
#include "wire/structured.h"

static bool is_asked(const struct request *req)
{
    bool is_true = false;
    struct slice field = request_header(req, SLICE("sluice-early"));
    return field.ptr != NULL && structured_read_boolean(field, &is_true) == 0 && is_true;
}

/* Writes the lines into an empty buffer. Returns 0 or -ENOMEM. */
static int put_fields(struct buffer *fields, struct slice base_url, const struct receipt *receipt)
{
    struct text text;
    int err = buffer_room(fields, fields->len_max, &text);
    if (err < 0)
        return err;
    text_put(&text, SLICE("Sluice-Link: "));
    text_put(&text, base_url);
    url_put_path(&text, &receipt->row);
    text_format(&text, "\r\nSluice-Key: %s\r\n", receipt->key);
    assert(!text.is_full);
    buffer_added(fields, &text);
    return 0;
}

awaits int early_tell(struct upload *upload, struct slice file_name, struct slice declared_type,
                      uint64_t size_bytes, struct receipt *ret_receipt)
{
    struct request *req = upload->req;
    if (!is_asked(req))
        return 0;
    struct slice base_url = answer_base_url(req);
    if (base_url.ptr == NULL)
        return -ENOMEM;
    int err = upload_tell_early(upload, file_name, declared_type, size_bytes, ret_receipt);
    if (err < 0)
        return err;
    struct buffer fields =
        BUFFER_EMPTY(base_url.len + 3 * FILE_NAME_BYTES_MAX + 2 * LINK_CHARS + 64);
    err = put_fields(&fields, base_url, ret_receipt);
    if (err == 0)
        err = answer_interim(req, 103, buffer_slice(&fields));
    buffer_clear(&fields);
    return err;
}
