/* The fields of a download's head: what keeps strangers' files harmless, and what lets clients come
 * back for the rest. */
#include "service/download.h"
#include "service/hosts.h"
#include "wire/answer.h"
#include "wire/digest_field.h"
#include "wire/disposition.h"
#include "wire/http_date.h"
#include "wire/media_type.h"

/* One tag for one sequence of bytes: an object never changes, and while it is arriving it is the
 * beginning of what it will be. The first part of its name, which says nothing but which start of
 * the program made it, is left out. */
void download_make_tag(struct download *download)
{
    struct text text = text_over((struct span){(uint8_t *)download->tag, sizeof download->tag - 1});
    text_put_byte(&text, '"');
    text_put(&text, slice_skip(slice_of(download_row(download)->object.name), 8));
    text_put_byte(&text, '"');
    download->tag[text.len] = '\0';
}

bool download_is_wanted(const struct request *req)
{
    struct slice query = req->head.query, word;
    while (query.len > 0 && slice_next(&query, '&', &word))
        if (slice_is_equal(slice_head(word, slice_find(word, '=')), SLICE("download")))
            return true;
    return false;
}

static void put_digest(struct download *download)
{
    struct request *req = download->req;
    const struct object_row *object = &download_row(download)->object;
    if (!object->has_sha256 ||
        !digest_field_is_wanted(request_header(req, SLICE("want-repr-digest"))))
        return;
    struct text text = answer_field_begin(req, "Repr-Digest");
    digest_field_put(&text, object->sha256);
    answer_field_end(req, &text);
}

void download_put_validators(struct download *download)
{
    struct request *req = download->req;
    answer_field(req, "ETag", slice_of(download->tag));
    if (download->source.arrival == NULL) { /* else it isn't over */
        struct text text = answer_field_begin(req, "Last-Modified");
        http_date_put(&text, download_row(download)->created_ms);
        answer_field_end(req, &text);
    }
    /* A link may end at any time, so what it names is asked for again each time. */
    answer_field(req, "Cache-Control", SLICE("private, no-cache"));
    /* Under /LINK alone a browser gets a page. */
    if (req->head.path.len == 1 + LINK_CHARS)
        answer_field(req, "Vary", SLICE("Accept"));
}

void download_put_headers(struct download *download)
{
    struct request *req = download->req;
    const struct link_row *row = download_row(download);
    download_put_validators(download);
    put_digest(download);
    answer_field(req, "Accept-Ranges", SLICE("bytes"));
    struct slice type = slice_of(row->media_type);
    bool is_inline =
        media_type_is_inline_safe(type) && !download_is_wanted(req) && hosts_may_show(req);
    struct text text = answer_field_begin(req, "Content-Disposition");
    disposition_put(&text, is_inline, slice_of(row->file_name));
    answer_field_end(req, &text);
    answer_field(req, "Sluice-State", slice_of(download->state));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    answer_field(req, "Content-Security-Policy",
                 SLICE("sandbox; default-src 'none'; img-src 'self'; media-src 'self'; "
                       "style-src 'unsafe-inline'"));
    /* The page that shows a file from a host of its own may be of another site. */
    answer_field(req, "Cross-Origin-Resource-Policy",
                 hosts_is_download(req) ? SLICE("cross-origin") : SLICE("same-site"));
    answer_field(req, "Referrer-Policy", SLICE("no-referrer"));
    answer_field(req, "X-Robots-Tag", SLICE("noindex"));
}
