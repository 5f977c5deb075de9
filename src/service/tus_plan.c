/* The fields of a creation, tus 1.0.0 "Creation", "Concatenation": checked before anything is done,
 * so that what is refused leaves nothing behind. */
#include "service/tus_plan.h"

#include "base/text.h"
#include "service/tus_fields.h"
#include "service/upload_name.h"
#include "service/url.h"
#include "wire/body.h"
#include "wire/tus_field.h"

static_assert(UPLOAD_PARTS_MAX == 512 && UPLOAD_METADATA_BYTES_MAX == 4096 &&
                  UPLOAD_CONCAT_BYTES_MAX == 12288,
              "the sentences below tell the bounds");

static int refuse(struct tus_plan *plan, unsigned status, const char *reason)
{
    plan->refusal = (struct parse_refusal){status, reason};
    return -EINVAL;
}

/* ---- Parts ---- */

/* Cuts the last segment off a path. */
static struct slice cut_segment(struct slice *path)
{
    size_t start = path->len;
    while (start > 0 && path->ptr[start - 1] != '/')
        start--;
    struct slice segment = slice_skip(*path, start);
    *path = slice_head(*path, start > 0 ? start - 1 : 0);
    return segment;
}

/* The name of the upload that a URL leads to: absolute, or relative to /files/. By which host, and
 * below which path a proxy shows us, the client knows better. */
static int read_url(struct slice url, char ret_name[LINK_CHARS + 1])
{
    struct slice path = url;
    struct slice name = cut_segment(&path);
    if (!url_is_name(name))
        return -EINVAL;
    bool is_alone = name.len == url.len;
    if (!is_alone && !slice_is_equal(cut_segment(&path), SLICE("files")))
        return -EINVAL;
    memcpy(ret_name, name.ptr, LINK_CHARS);
    ret_name[LINK_CHARS] = '\0';
    return 0;
}

static int read_parts(struct request *req, struct slice urls, struct tus_plan *plan)
{
    struct slice rest = urls, url;
    size_t count = 0;
    while (tus_concat_next(&rest, &url))
        count++;
    if (count > UPLOAD_PARTS_MAX)
        return refuse(plan, 400,
                      "Upload-Concat names too many parts; a file is made of at most "
                      "512.");
    char(*names)[LINK_CHARS + 1] = arena_alloc(&req->arena, count * sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    for (size_t i = 0; tus_concat_next(&urls, &url); i++)
        if (read_url(url, names[i]) < 0)
            return refuse(plan, 400,
                          "Upload-Concat names a part that is no upload of this server; each looks "
                          "like /files/ID.");
    plan->upload.parts = (const char(*)[LINK_CHARS + 1]) names;
    plan->upload.parts_len = count;
    return 0;
}

static int read_concat(struct request *req, struct tus_plan *plan)
{
    struct slice field = request_header(req, SLICE("upload-concat"));
    enum tus_concat concat;
    struct slice urls;
    if (field.len > UPLOAD_CONCAT_BYTES_MAX)
        return refuse(plan, 431, "Upload-Concat takes at most 12288 bytes.");
    if (tus_concat_read(field, &concat, &urls) < 0)
        return refuse(plan, 400, "Upload-Concat takes \"partial\" or \"final;URL URL ...\".");
    plan->upload.concat = field;
    switch (concat) {
    case TUS_CONCAT_PARTIAL:
        plan->upload.kind = UPLOAD_PART;
        break;
    case TUS_CONCAT_FINAL:
        plan->upload.kind = UPLOAD_JOINED;
        return read_parts(req, urls, plan);
    case TUS_CONCAT_NONE:
        plan->upload.kind = UPLOAD_WHOLE;
        break;
    }
    return 0;
}

/* ---- Length and body ---- */

static int read_size(struct request *req, struct tus_plan *plan)
{
    struct slice defer = request_header(req, SLICE("upload-defer-length"));
    uint64_t *size_bytes = &plan->upload.size_bytes;
    *size_bytes = BYTES_UNKNOWN;
    int err = tus_read_bytes(req, SLICE("upload-length"), size_bytes);
    bool has_length = err != -ENOENT;
    if (plan->upload.kind == UPLOAD_JOINED)
        return has_length || defer.ptr != NULL
                   ? refuse(plan, 400,
                            "The length of a file made of parts is that of its parts; "
                            "send neither Upload-Length nor Upload-Defer-Length.")
                   : 0;
    if (has_length == (defer.ptr != NULL))
        return refuse(plan, 400, "Exactly one of Upload-Length and Upload-Defer-Length is needed.");
    if (err == -E2BIG)
        return refuse(plan, 413, "No file is as large as this Upload-Length.");
    if (err == -EINVAL)
        return refuse(plan, 400, "Upload-Length takes a whole number of bytes.");
    if (!has_length && !slice_is_equal(defer, SLICE("1")))
        return refuse(plan, 400, "Upload-Defer-Length takes 1 only.");
    return 0;
}

static int read_body(struct request *req, struct tus_plan *plan)
{
    if (plan->upload.kind == UPLOAD_JOINED)
        return req->has_body_ended
                   ? 0
                   : refuse(plan, 403, "A file made of parts takes no bytes of its own.");
    plan->has_body = tus_is_chunk(req);
    if (!plan->has_body)
        return 0;
    int err = tus_body_read(req, &plan->body);
    plan->refusal = plan->body.refusal;
    uint64_t length = body_length(req);
    if (err == 0 && length != UINT64_MAX && length > plan->upload.size_bytes)
        return refuse(plan, 413, "The body is longer than the upload's Upload-Length.");
    return err;
}

/* ---- Metadata ---- */

/* Values of Upload-Metadata, decoded one behind the other. */
struct metadata {
    struct slice field;
    struct span room;
};

/* Keeps a value of this length, which was decoded into the room; .ptr is NULL for an error. */
static struct slice keep_value(struct metadata *metadata, ssize_t len)
{
    if (len < 0)
        return SLICE_NONE;
    struct slice value = slice_from(metadata->room.ptr, (size_t)len);
    metadata->room = (struct span){metadata->room.ptr + len, metadata->room.len - (size_t)len};
    return value;
}

/* The value of the first of these keys; .ptr is NULL when it isn't there. */
static struct slice find_value(struct metadata *metadata, const struct slice *keys, size_t keys_len)
{
    return keep_value(metadata, tus_metadata_find(metadata->field, keys, keys_len, metadata->room));
}

static void fill_word(struct metadata *metadata, struct slice key, struct slice *word)
{
    if (word->ptr == NULL)
        *word = find_value(metadata, &key, 1);
}

/* Fields of the request stand before keys of the metadata. */
static int read_terms(struct request *req, struct metadata *metadata, struct tus_plan *plan)
{
    struct terms_words words = terms_words_of(req);
    if (words.expires.ptr == NULL && words.max_days.ptr == NULL) {
        fill_word(metadata, SLICE("sluice-expires"), &words.expires);
        fill_word(metadata, SLICE("max-days"), &words.max_days);
    }
    fill_word(metadata, SLICE("max-downloads"), &words.downloads);
    fill_word(metadata, SLICE("repr-digest"), &words.digest);
    const char *complaint = terms_read_words(service_of(req), &words, &plan->upload.terms);
    return complaint == NULL ? 0 : refuse(plan, 400, complaint);
}

static int read_name(struct request *req, struct metadata *metadata, struct tus_plan *plan)
{
    static const struct slice type_keys[] = {{(const uint8_t *)"filetype", 8},
                                             {(const uint8_t *)"type", 4},
                                             {(const uint8_t *)"contentType", 11}};
    struct slice name =
        keep_value(metadata, tus_metadata_find_name(metadata->field, metadata->room));
    const char *complaint = upload_choose_name(req, name, plan->file_name);
    if (complaint != NULL)
        return refuse(plan, 400, complaint);
    plan->upload.file_name = slice_of(plan->file_name);
    plan->upload.declared_type = find_value(metadata, type_keys, ARRAY_LEN(type_keys));
    return 0;
}

static int read_metadata(struct request *req, struct tus_plan *plan)
{
    struct metadata metadata = {.field = request_header(req, SLICE("upload-metadata"))};
    size_t len = metadata.field.len;
    /* Both are told again, in one head that has other fields, too. */
    if (len > UPLOAD_METADATA_BYTES_MAX || len + plan->upload.concat.len > UPLOAD_CONCAT_BYTES_MAX)
        return refuse(plan, 431,
                      "Upload-Metadata takes at most 4096 bytes, and together with "
                      "Upload-Concat 12288.");
    if (tus_metadata_check(metadata.field) < 0)
        return refuse(plan, 400,
                      "Upload-Metadata is malformed; it looks like \"filename BASE64,filetype "
                      "BASE64\", each key once.");
    plan->upload.metadata = metadata.field;
    metadata.room = (struct span){arena_alloc(&req->arena, len + 1), len};
    if (metadata.room.ptr == NULL)
        return -ENOMEM;
    int err = read_name(req, &metadata, plan);
    return err < 0 ? err : read_terms(req, &metadata, plan);
}

int tus_plan_read(struct request *req, struct tus_plan *ret_plan)
{
    *ret_plan = (struct tus_plan){0};
    int err = read_concat(req, ret_plan);
    if (err == 0)
        err = read_size(req, ret_plan);
    if (err == 0)
        err = read_metadata(req, ret_plan);
    return err < 0 ? err : read_body(req, ret_plan);
}
