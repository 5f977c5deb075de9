/* One policy for all documents: only scripts and styles of this server, none of them inside the
 * document, no address from which text becomes code. */
#include "service/document.h"

#include "service/assets.h"
#include "service/hosts.h"
#include "service/service.h"
#include "wire/answer.h"

enum { DOCUMENT_VALUES_MAX = 8 };

/* Sources of what the browser loads: this server, and the host of files where that is another. */
static void put_sources(struct text *policy, const char *directive, struct slice downloads)
{
    text_format(policy, "; %s 'self'", directive);
    if (downloads.len > 0) {
        text_put_byte(policy, ' ');
        text_put(policy, downloads);
    }
}

static void put_policy(struct request *req, struct slice base_url, struct slice download_url)
{
    struct slice origin = hosts_origin_of(base_url);
    struct slice downloads =
        slice_is_equal(base_url, download_url) ? SLICE_NONE : hosts_origin_of(download_url);
    struct text policy = answer_field_begin(req, "Content-Security-Policy");
    text_put(&policy, SLICE("default-src 'none'; script-src 'self'; style-src 'self'"));
    put_sources(&policy, "img-src", downloads);
    text_put(&policy, SLICE(" data: blob:"));
    put_sources(&policy, "media-src", downloads);
    put_sources(&policy, "frame-src", downloads);
    text_put(&policy, SLICE("; connect-src 'self'"));
    /* Not every browser takes 'self' for WebSockets as well. A policy has no way to write an IPv6
     * address. */
    if (slice_find(origin, '[') == origin.len) {
        text_put(&policy, SLICE(" ws"));
        text_put(&policy, slice_skip(origin, SLICE("http").len));
    }
    text_put(&policy, SLICE("; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
                            "require-trusted-types-for 'script'; trusted-types 'none'"));
    answer_field_end(req, &policy);
}

static awaits int answer_filled(struct request *req, struct slice base_url, struct slice html)
{
    struct slice download_url = hosts_download_url(req);
    if (download_url.ptr == NULL)
        return answer_error(req, -ENOMEM);
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    answer_field(req, "Content-Type", SLICE("text/html; charset=utf-8"));
    put_policy(req, base_url, download_url);
    answer_field(req, "Cross-Origin-Opener-Policy", SLICE("same-origin"));
    answer_field(req, "Referrer-Policy", SLICE("same-origin"));
    answer_field(req, "Vary", SLICE("Accept"));
    answer_field(req, "Cache-Control",
                 service_of(req)->web_folder[0] != '\0' ? SLICE("no-store") : SLICE("no-cache"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_body(req, html);
}

static awaits int fill_and_answer(struct request *req, struct slice document,
                                  const struct template_value *values, size_t len)
{
    struct template_value all[DOCUMENT_VALUES_MAX];
    struct slice base_url = answer_base_url(req);
    if (base_url.ptr == NULL)
        return answer_error(req, -ENOMEM);
    assert(len < ARRAY_LEN(all));
    all[0] = (struct template_value){SLICE("base"), hosts_path_of(base_url)};
    for (size_t i = 0; i < len; i++)
        all[1 + i] = values[i];
    struct buffer html = BUFFER_EMPTY(DOCUMENT_BYTES_MAX);
    int err = template_fill(document, all, 1 + len, &html);
    err = err < 0 ? answer_error(req, err) : answer_filled(req, base_url, buffer_slice(&html));
    buffer_clear(&html);
    return err;
}

awaits int document_answer(struct request *req, const char *path,
                           const struct template_value *values, size_t len)
{
    struct buffer room = BUFFER_EMPTY(ASSET_BYTES_MAX);
    struct slice document = SLICE_NONE;
    int err = assets_document(req, path, &room, &document);
    if (err == 0)
        err = fill_and_answer(req, document, values, len);
    else if (err != -ENOENT)
        err = answer_error(req, err);
    buffer_clear(&room);
    return err;
}
