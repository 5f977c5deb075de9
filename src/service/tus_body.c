/* A sender's network may end at any byte. What came until then is kept and no mistake of the
 * sender, so the answer is never one that makes clients give up (they do at 4xx). */
#include "service/tus_body.h"

#include "runtime/fiber.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/connection.h"
#include "wire/field.h"
#include "wire/tus_field.h"

static int refuse(struct tus_body *body, unsigned status, const char *reason)
{
    body->refusal = (struct parse_refusal){status, reason};
    return -EINVAL;
}

/* ---- Checksums ---- */

static int read_claim(struct slice field, struct tus_body *body)
{
    switch (tus_checksum_read(field, &body->claim)) {
    case 0:
        body->has_claim = true;
        return 0;
    case -ENOTSUP:
        return refuse(body, 400,
                      "The algorithm of Upload-Checksum is not known here; there are sha1, sha256, "
                      "sha512, md5 and crc32c.");
    default:
        return refuse(body, 400,
                      "Upload-Checksum is malformed; it looks like sha1 BASE64, with a digest of "
                      "the algorithm's length.");
    }
}

int tus_body_read(struct request *req, struct tus_body *ret_body)
{
    *ret_body = (struct tus_body){0};
    struct slice field = request_header(req, SLICE("upload-checksum"));
    if (field.ptr != NULL)
        return read_claim(field, ret_body);
    struct slice trailer = request_header(req, SLICE("trailer"));
    if (!field_has_word(trailer, SLICE("upload-checksum")))
        return 0;
    if (req->head.framing != BODY_CHUNKED)
        return refuse(ret_body, 400,
                      "Trailer announces Upload-Checksum, but only a chunked body has trailers.");
    ret_body->has_claim = ret_body->is_claim_behind = true;
    req->keeps_trailer = true;
    return 0;
}

/* Takes the checksum out of the trailer section. */
static int read_trailer(struct request *req, struct tus_body *body)
{
    struct slice field = body_trailer(req, SLICE("upload-checksum"));
    if (field.ptr == NULL)
        return refuse(body, 400,
                      "The body came without the Upload-Checksum that Trailer announced.");
    return read_claim(field, body);
}

static awaits int verify(struct tus_body *body, struct upload *upload)
{
    int err = body->is_claim_behind ? read_trailer(upload->req, body) : 0;
    if (err < 0)
        return err;
    err = upload_verify(upload, &body->claim);
    if (err == -EBADMSG)
        return refuse(body, 460,
                      "The bytes do not have the checksum that Upload-Checksum tells; none of them "
                      "was kept, send them again.");
    return err;
}

/* ---- Receiving ---- */

static awaits int receive(struct tus_body *body, struct upload *upload)
{
    /* Which one a trailer will tell is not known before the last byte. */
    enum checksum_algorithm algorithm =
        body->is_claim_behind ? CHECKSUM_ALGORITHMS : body->claim.algorithm;
    int err = body->has_claim ? upload_expect(upload, algorithm) : 0;
    if (err == 0)
        err = upload_receive(upload);
    if (err == 0 && body->has_claim)
        err = verify(body, upload);
    return err;
}

/* Makes durable what came, or all of the upload. */
static awaits int settle(struct upload *upload, uint64_t *ret_offset)
{
    uint64_t size_bytes = arrival_progress(upload->arrival).size_bytes;
    if (draft_mark(upload->draft).offset != size_bytes)
        return upload_pause(upload, ret_offset);
    int err = upload_finish(upload);
    if (err == 0)
        *ret_offset = size_bytes;
    return err;
}

/* Whether the sender, or the way to it, has failed, or the server goes down: then the sender comes
 * back. */
static bool is_cut_by(const struct request *req, int err)
{
    bool is_late = err == -ETIMEDOUT && req->is_body_late;
    bool is_stopping = err == -ECANCELED && wire_is_draining();
    return err == -ECONNRESET || err == -EPROTO || is_late || is_stopping;
}

awaits int tus_body_receive(struct tus_body *body, struct upload *upload, uint64_t *ret_offset)
{
    struct request *req = upload->req;
    scoped(arrival) arrival = arrival_share(upload->arrival);
    int err = receive(body, upload);
    if (err == 0)
        err = settle(upload, ret_offset);
    else
        body->is_cut = is_cut_by(req, err);
    upload_end(upload);
    if (!body->is_cut || req->stream->is_broken)
        return err;
    if (err == -ECANCELED) { /* there is still time for a word */
        fiber_uncancel();
        req->stream->send_idle_ms = LAST_WORD_MS;
    }
    req->is_last = true;
    *ret_offset = arrival_progress(arrival).stored_bytes;
    return 0;
}

awaits int tus_body_answer_error(struct request *req, const struct tus_body *body, int err)
{
    bool is_superseded = err == -ECANCELED && !wire_is_draining();
    if (is_superseded || req->stream->is_broken)
        return err;
    if (body->refusal.status != 0)
        return answer_problem(req, body->refusal.status, "%s", body->refusal.reason);
    if (err == -EFBIG)
        return answer_problem(req, 413,
                              "The body is longer than what is left of the upload by its "
                              "Upload-Length.");
    if (err == -EBUSY)
        return answer_problem(req, 423,
                              "An older connection of this upload does not end; try again "
                              "in a while.");
    return upload_answer_error(req, err);
}
