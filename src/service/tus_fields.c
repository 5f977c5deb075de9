/* The rules of tus that hold for every request, tus 1.0.0 "Core Protocol". */
#include "service/tus_fields.h"

#include "base/text.h"
#include "service/common_fields.h"
#include "wire/answer.h"
#include "wire/http_date.h"
#include "wire/media_type.h"

/* Fields of which there can be one in a request. */
static const struct slice single_fields[] = {
    {(const uint8_t *)"tus-resumable", 13},       {(const uint8_t *)"upload-length", 13},
    {(const uint8_t *)"upload-defer-length", 19}, {(const uint8_t *)"upload-offset", 13},
    {(const uint8_t *)"upload-metadata", 15},     {(const uint8_t *)"upload-concat", 13},
    {(const uint8_t *)"upload-checksum", 15},     {(const uint8_t *)"content-type", 12},
};

int tus_mark(struct request *req)
{
    return common_fields_add(req, SLICE("Tus-Resumable: 1.0.0\r\n"));
}

static awaits int answer_version(struct request *req)
{
    int err = answer_begin(req, 412);
    if (err < 0)
        return err;
    answer_field(req, "Tus-Version", SLICE("1.0.0"));
    return answer_problem_body(req, "This is for clients of tus 1.0.0, which send Tus-Resumable: "
                                    "1.0.0 with each request.");
}

awaits int tus_enter(struct request *req, bool asks)
{
    int err = tus_mark(req);
    if (err < 0)
        return answer_error(req, err);
    struct slice version = request_header(req, SLICE("tus-resumable"));
    if (!asks && !slice_is_equal(version, SLICE("1.0.0")))
        return answer_version(req);
    for (size_t i = 0; i < ARRAY_LEN(single_fields); i++)
        if (http_header_count(&req->head, single_fields[i]) > 1)
            return answer_problem(req, 400, "The request has %.*s more than once.",
                                  (int)single_fields[i].len, (const char *)single_fields[i].ptr);
    return 0;
}

bool tus_is_chunk(const struct request *req)
{
    return media_type_is(request_header(req, SLICE("content-type")),
                         SLICE("application/offset+octet-stream"));
}

int tus_read_bytes(const struct request *req, struct slice name, uint64_t *ret_bytes)
{
    struct slice field = request_header(req, name);
    if (field.ptr == NULL)
        return -ENOENT;
    uint64_t bytes;
    int err = parse_u64(field, &bytes);
    if (err == -ERANGE || (err == 0 && bytes > INT64_MAX))
        return -E2BIG;
    if (err == 0)
        *ret_bytes = bytes;
    return err;
}

awaits int tus_answer_gone(struct request *req)
{
    return answer_problem(req, 404,
                          "There is no such upload; it may have expired or been deleted.");
}

/* The link of a file finds its upload as well, but who knows only the link isn't its sender. */
static bool is_of_sender(const struct arrival *arrival, const char *upload)
{
    return strcmp(arrival_upload(arrival), upload) == 0;
}

awaits int tus_find(struct request *req, const char *upload, struct arrival **ret_arrival)
{
    scoped(arrival) arrival = NULL;
    if (upload[0] == '\0')
        return tus_answer_gone(req);
    int err = arrivals_find(service_of(req), upload, &arrival);
    if (err == -ENOENT || (err == 0 && !is_of_sender(arrival, upload)))
        return tus_answer_gone(req);
    if (err < 0)
        return answer_error(req, err);
    const struct arrival_progress progress = arrival_progress(arrival);
    if (progress.state == ARRIVAL_DELETED)
        return tus_answer_gone(req);
    if (progress.state == ARRIVAL_FAILED)
        return answer_problem(req, 410, "The upload has failed for good: %s.", progress.reason);
    *ret_arrival = arrival;
    arrival = NULL;
    return 0;
}

void tus_put_expires(struct request *req, const struct arrival_progress *progress)
{
    if (progress->state == ARRIVAL_READY || progress->expires_ms == 0)
        return;
    struct text text = answer_field_begin(req, "Upload-Expires");
    http_date_put(&text, progress->expires_ms);
    answer_field_end(req, &text);
}

void tus_put_u64(struct request *req, const char *name, uint64_t value)
{
    answer_field_format(req, name, "%" PRIu64, value);
}
