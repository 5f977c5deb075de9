/* tus 1.0.0 (https://tus.io/protocols/resumable-upload): asking where an upload stands, appending
 * to it, ending it.
 *
 * Nobody waits for another connection of the same upload: whoever comes last takes over, and what
 * the older one has stored counts. */
#include "base/text.h"
#include "service/links.h"
#include "service/tus_body.h"
#include "service/tus_fields.h"
#include "service/url.h"
#include "wire/answer.h"
#include "wire/body.h"

/* ---- HEAD, GET ---- */

/* The file's link, for a sender that has kept nothing but the upload's name; .ptr is NULL when it
 * has none. */
static awaits struct slice link_of(struct request *req, const struct arrival *arrival)
{
    scoped(link_entry) entry = NULL;
    const char *link = arrival_link(arrival);
    if (link[0] == '\0' || links_find(service_of(req), link, &entry) < 0)
        return SLICE_NONE;
    return url_of_link(req, &entry->row);
}

static awaits int answer_offset(struct request *req, struct arrival *arrival, uint64_t offset)
{
    const struct arrival_progress progress = arrival_progress(arrival);
    struct slice metadata = slice_of(arrival_metadata(arrival));
    struct slice concat = slice_of(arrival_concat(arrival));
    struct slice link = link_of(req, arrival);
    bool is_joined = arrival_kind(arrival) == UPLOAD_JOINED;
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    /* A file that waits for its parts has no offset of its own ("Concatenation"). */
    if (!is_joined || progress.state == ARRIVAL_READY)
        tus_put_u64(req, "Upload-Offset", offset);
    if (progress.size_bytes != BYTES_UNKNOWN)
        tus_put_u64(req, "Upload-Length", progress.size_bytes);
    else if (!is_joined)
        answer_field(req, "Upload-Defer-Length", SLICE("1"));
    if (metadata.len > 0)
        answer_field(req, "Upload-Metadata", metadata);
    if (concat.len > 0)
        answer_field(req, "Upload-Concat", concat);
    if (link.ptr != NULL)
        answer_field(req, "Sluice-Link", link);
    tus_put_expires(req, &progress);
    answer_field(req, "Cache-Control", SLICE("no-store"));
    return answer_empty(req);
}

/* An upload whose bytes are all there, but which was not completed: the server went down between
 * the last byte and its row. It is completed now. */
static awaits int complete(struct request *req, struct arrival *arrival, uint64_t offset)
{
    struct upload upload = {0};
    int err = upload_resume(&upload, req, arrival, offset, &offset);
    if (err == 0)
        err = upload_finish(&upload);
    upload_end(&upload);
    return err == -EALREADY ? 0 : err;
}

static awaits int answer_error_of(struct request *req, int err)
{
    const struct tus_body body = {0};
    return err == -ENOENT ? tus_answer_gone(req) : tus_body_answer_error(req, &body, err);
}

/* Where the upload stands, so that the very next PATCH at this offset is accepted. */
static awaits int tell_settled(struct request *req, const char *name)
{
    scoped(arrival) arrival = NULL;
    int err = tus_find(req, name, &arrival);
    if (arrival == NULL)
        return err;
    uint64_t offset = 0;
    err = upload_settle(arrival, &offset);
    const struct arrival_progress progress = arrival_progress(arrival);
    bool is_whole = offset == progress.size_bytes && progress.state != ARRIVAL_READY;
    if (err == 0 && is_whole && arrival_kind(arrival) != UPLOAD_JOINED)
        err = complete(req, arrival, offset);
    return err < 0 ? answer_error_of(req, err) : answer_offset(req, arrival, offset);
}

/* The same, without disturbing whoever is sending. */
static awaits int tell(struct request *req, const char *name)
{
    scoped(arrival) arrival = NULL;
    int err = tus_find(req, name, &arrival);
    if (arrival == NULL)
        return err;
    return answer_offset(req, arrival, arrival_progress(arrival).stored_bytes);
}

/* ---- PATCH ---- */

static awaits int answer_appended(struct request *req, struct arrival *arrival, uint64_t offset)
{
    const struct arrival_progress progress = arrival_progress(arrival);
    int err = answer_begin(req, 204);
    if (err < 0)
        return err;
    tus_put_u64(req, "Upload-Offset", offset);
    tus_put_expires(req, &progress);
    return answer_empty(req);
}

/* What came is kept; clients ask for the offset and go on, as the status says. */
static awaits int answer_cut(struct request *req, const struct tus_body *body)
{
    return answer_problem(req, 503, "%s",
                          body->has_claim
                              ? "The body ended early, so it has no checksum and nothing of it was "
                                "kept; send it again."
                              : "The body ended early; what came of it was kept. Ask with HEAD "
                                "where to go on.");
}

static awaits int answer_elsewhere(struct request *req, uint64_t offset)
{
    int err = answer_begin(req, 409);
    if (err < 0)
        return err;
    tus_put_u64(req, "Upload-Offset", offset);
    return answer_problem_body(req, "The upload does not stand at this Upload-Offset; the answer's "
                                    "Upload-Offset tells where it stands.");
}

/* Upload-Length of a PATCH: of an upload that was created without. */
static awaits int set_size(struct upload *upload, struct tus_body *body)
{
    uint64_t size_bytes;
    int err = tus_read_bytes(upload->req, SLICE("upload-length"), &size_bytes);
    if (err == -ENOENT)
        return 0;
    if (err == 0)
        err = upload_set_size(upload, size_bytes);
    else if (err == -E2BIG)
        body->refusal = (struct parse_refusal){413, "No file is as large as this Upload-Length."};
    if (err == -EINVAL)
        body->refusal = (struct parse_refusal){
            400, "Upload-Length is not the length of this upload: it is told once, and not less "
                 "than what was sent."};
    return err;
}

/* Whether the body fits, as far as its length is known: before any of it is asked for. */
static int check_length(const struct upload *upload, uint64_t offset)
{
    uint64_t length = body_length(upload->req);
    uint64_t size_max = upload->service->size_max;
    uint64_t size_bytes = arrival_progress(upload->arrival).size_bytes;
    if (length == UINT64_MAX)
        return 0;
    if (size_bytes != BYTES_UNKNOWN)
        return length > size_bytes - offset ? -EFBIG : 0;
    return size_max > 0 && (offset > size_max || length > size_max - offset) ? -E2BIG : 0;
}

/* Appends the body where the upload stands. */
static awaits int append(struct request *req, struct arrival *arrival, struct tus_body *body,
                         uint64_t offset)
{
    struct upload upload = {0};
    uint64_t reached = offset;
    int err = upload_resume(&upload, req, arrival, offset, &reached);
    bool is_elsewhere = err == -ESTALE || (err == -EALREADY && reached != offset);
    bool is_complete = err == -EALREADY && reached == offset;
    if (err == 0)
        err = set_size(&upload, body);
    if (err == 0)
        err = check_length(&upload, offset);
    if (err == 0)
        err = tus_body_receive(body, &upload, &reached);
    upload_end(&upload);
    if (is_elsewhere)
        return answer_elsewhere(req, reached);
    if (err < 0 && !is_complete)
        return err == -ENOENT ? tus_answer_gone(req) : tus_body_answer_error(req, body, err);
    return body->is_cut ? answer_cut(req, body) : answer_appended(req, arrival, reached);
}

/* The order of the checks is that of the answers that clients expect. */
static awaits int serve_append(struct request *req, const char *name)
{
    struct tus_body body;
    uint64_t offset;
    if (!tus_is_chunk(req))
        return answer_problem(req, 415,
                              "Bytes of an upload come with Content-Type: "
                              "application/offset+octet-stream.");
    if (tus_read_bytes(req, SLICE("upload-offset"), &offset) < 0)
        return answer_problem(req, 400, "Upload-Offset is needed, a whole number of bytes.");
    if (tus_body_read(req, &body) < 0)
        return answer_problem(req, body.refusal.status, "%s", body.refusal.reason);
    scoped(arrival) arrival = NULL;
    int err = tus_find(req, name, &arrival);
    if (arrival == NULL)
        return err;
    if (arrival_kind(arrival) == UPLOAD_JOINED)
        return answer_problem(req, 403,
                              "A file made of parts takes no bytes of its own; send them "
                              "to its parts.");
    return append(req, arrival, &body, offset);
}

/* ---- DELETE, and all ---- */

static awaits int serve_removal(struct request *req, const char *name)
{
    scoped(arrival) arrival = NULL;
    int err = tus_find(req, name, &arrival);
    if (arrival == NULL)
        return err;
    err = upload_remove(service_of(req), arrival);
    if (err < 0)
        return answer_error_of(req, err);
    err = answer_begin(req, 204);
    return err < 0 ? err : answer_empty(req);
}

static const struct {
    enum http_method method;
    bool asks; /* changes nothing: browsers may ask without Tus-Resumable */
    awaits int (*serve)(struct request *req, const char *upload);
} methods[] = {
    {HTTP_HEAD, true, tell_settled},
    {HTTP_GET, true, tell},
    {HTTP_PATCH, false, serve_append},
    {HTTP_DELETE, false, serve_removal},
};

/* X-HTTP-Method-Override, for clients that can send nothing but GET and POST. A HEAD by this way is
 * still answered like a POST: whoever sent that waits for the body that a refusal has. */
static enum http_method method_of(struct request *req)
{
    struct slice word = request_header(req, SLICE("x-http-method-override"));
    if (req->head.method != HTTP_POST || word.ptr == NULL)
        return req->head.method;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        enum http_method method = methods[i].method;
        if (method == HTTP_GET || !slice_is_equal(word, slice_of(http_method_name(method))))
            continue;
        if (method != HTTP_HEAD)
            req->head.method = method;
        return method;
    }
    return HTTP_POST;
}

awaits int tus_handle(struct request *req, const char *upload)
{
    enum http_method method = method_of(req);
    size_t at = 0;
    while (at < ARRAY_LEN(methods) && methods[at].method != method)
        at++;
    int err = tus_enter(req, at < ARRAY_LEN(methods) && methods[at].asks);
    if (err < 0 || req->status != 0)
        return err;
    if (at < ARRAY_LEN(methods))
        return methods[at].serve(req, upload);
    err = answer_begin(req, 405);
    if (err < 0)
        return err;
    answer_field(req, "Allow", SLICE("GET, HEAD, POST, PATCH, DELETE, OPTIONS"));
    return answer_problem_body(req, "A POST to an upload needs X-HTTP-Method-Override: PATCH, "
                                    "DELETE or HEAD.");
}

/* ---- OPTIONS ---- */

awaits int tus_options(struct request *req)
{
    uint64_t size_max = service_of(req)->size_max;
    bool is_one = slice_has_prefix(req->head.path, SLICE("/files/")) &&
                  req->head.path.len > SLICE("/files/").len;
    int err = tus_mark(req);
    if (err < 0)
        return answer_error(req, err);
    err = answer_begin(req, 204);
    if (err < 0)
        return err;
    answer_field(req, "Tus-Version", SLICE("1.0.0"));
    answer_field(req, "Tus-Extension",
                 SLICE("creation,creation-with-upload,creation-defer-length,expiration,checksum,"
                       "checksum-trailer,termination,concatenation,concatenation-unfinished"));
    answer_field(req, "Tus-Checksum-Algorithm", SLICE("sha1,sha256,sha512,md5,crc32c"));
    if (size_max > 0)
        tus_put_u64(req, "Tus-Max-Size", size_max);
    answer_field(req, "Allow",
                 is_one ? SLICE("GET, HEAD, POST, PATCH, DELETE, OPTIONS")
                        : SLICE("POST, OPTIONS"));
    return answer_empty(req);
}
