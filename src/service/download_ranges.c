/* Answers to Range (RFC 9110 section 14): one range, several as multipart/byteranges, none that can
 * be satisfied. */
#include "base/random.h"
#include "service/download.h"
#include "wire/answer.h"
#include "wire/media_type.h"

enum { PART_HEAD_BYTES = 384 };

/* RFC 9110 section 14.4: "*" stands for a size that nobody knows. */
static void put_content_range(struct download *download, struct byte_range range)
{
    struct text text = answer_field_begin(download->req, "Content-Range");
    text_format(&text, "bytes %" PRIu64 "-%" PRIu64 "/", range.first, range.last);
    if (download->size_bytes == BYTES_UNKNOWN)
        text_put_byte(&text, '*');
    else
        text_put_u64(&text, download->size_bytes);
    answer_field_end(download->req, &text);
}

awaits int download_answer_one_range(struct download *download)
{
    struct request *req = download->req;
    struct byte_range range = download->ranges[0];
    int err = answer_begin(req, 206);
    if (err < 0)
        return err;
    download_put_headers(download);
    answer_field(req, "Content-Type", media_type_to_send(download->media_type));
    put_content_range(download, range);
    err = answer_stream(req, range.last - range.first + 1);
    return err < 0 ? err : download_send_range(download, range);
}

/* ---- Several ranges: RFC 9110 section 15.3.7.2 ---- */

static struct slice part_head(const struct download *download, const char *boundary, size_t index,
                              struct span room)
{
    struct text text = text_over(room);
    struct byte_range range = download->ranges[index];
    struct slice type = media_type_to_send(download->media_type);
    text_format(&text, "\r\n--%s\r\nContent-Type: ", boundary);
    text_put(&text, type);
    text_format(&text, "\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
                range.first, range.last, download->size_bytes);
    assert(!text.is_full);
    return text_slice(&text);
}

static uint64_t parts_length(const struct download *download, const char *boundary)
{
    uint8_t room[PART_HEAD_BYTES];
    uint64_t length = strlen("\r\n--") + strlen(boundary) + strlen("--\r\n");
    for (size_t i = 0; i < download->ranges_len; i++) {
        length += part_head(download, boundary, i, (struct span){room, sizeof room}).len;
        length += download->ranges[i].last - download->ranges[i].first + 1;
    }
    return length;
}

static awaits int send_part(struct download *download, const char *boundary, size_t index)
{
    uint8_t room[PART_HEAD_BYTES];
    struct slice head = part_head(download, boundary, index, (struct span){room, sizeof room});
    int err = answer_send(download->req, head);
    return err < 0 ? err : download_send_range(download, download->ranges[index]);
}

awaits int download_answer_ranges(struct download *download)
{
    struct request *req = download->req;
    char boundary[23];
    random_token(boundary);
    int err = answer_begin(req, 206);
    if (err < 0)
        return err;
    download_put_headers(download);
    answer_field_format(req, "Content-Type", "multipart/byteranges; boundary=%s", boundary);
    err = answer_stream(req, parts_length(download, boundary));
    for (size_t i = 0; err == 0 && i < download->ranges_len; i++)
        err = send_part(download, boundary, i);
    if (err < 0)
        return err;
    uint8_t room[64];
    struct text end = text_over((struct span){room, sizeof room});
    text_format(&end, "\r\n--%s--\r\n", boundary);
    return answer_send(req, text_slice(&end));
}

awaits int download_answer_unsatisfiable(struct download *download)
{
    struct request *req = download->req;
    int err = answer_begin(req, 416);
    if (err < 0)
        return err;
    answer_field_format(req, "Content-Range", "bytes */%" PRIu64, download->size_bytes);
    return answer_problem_body(req, "The range asked for lies outside the file.");
}
