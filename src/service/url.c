/* Addresses are absolute, so that whoever gets one can pass it on as it is. */
#include "service/url.h"

#include "wire/answer.h"

/* Room for "/LINK/NAME", every byte of the name percent-encoded. */
enum { URL_PATH_BYTES_MAX = LINK_CHARS + 3 * FILE_NAME_BYTES_MAX + 2 };

bool url_is_name(struct slice segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        uint8_t c = segment.ptr[i];
        bool is_base64url = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!is_base64url)
            return false;
    }
    return segment.len == LINK_CHARS;
}

void url_put_path(struct text *text, const struct link_row *row)
{
    text_format(text, "/%s/", row->link);
    text_put_percent(text, slice_of(row->file_name));
}

struct slice url_of_link(struct request *req, const struct link_row *row)
{
    struct slice base_url = answer_base_url(req);
    size_t room_len = base_url.len + URL_PATH_BYTES_MAX;
    uint8_t *room = base_url.ptr == NULL ? NULL : arena_alloc(&req->arena, room_len);
    if (room == NULL)
        return SLICE_NONE;
    struct text text = text_over((struct span){room, room_len});
    text_put(&text, base_url);
    url_put_path(&text, row);
    assert(!text.is_full);
    return text_slice(&text);
}

struct slice url_of_upload(struct request *req, const char *upload)
{
    struct slice base_url = answer_base_url(req);
    if (base_url.ptr == NULL)
        return SLICE_NONE;
    return arena_format(&req->arena, "%.*s/files/%s", (int)base_url.len, (const char *)base_url.ptr,
                        upload);
}
