/* For curl one link a line and nothing else, so that $(curl -T f host/) works; JSON and a page for
 * those who ask for it. */
#include "service/receipts.h"

#include "base/text.h"
#include "runtime/fiber.h"
#include "service/files.h"
#include "service/links.h"
#include "service/url.h"
#include "wire/answer.h"
#include "wire/digest_field.h"

/* Most that one file adds to an answer besides the base URL, its name percent-encoded and escaped.
 */
enum { RECEIPT_BYTES_MAX = 9 * FILE_NAME_BYTES_MAX + 1024 };

static void put_url(struct text *text, const struct receipts *receipts, const struct link_row *row)
{
    text_put(text, receipts->base_url);
    url_put_path(text, row);
}

int receipts_begin(struct receipts *ret_receipts, struct request *req, bool is_list)
{
    *ret_receipts = (struct receipts){
        .req = req,
        .form = accept_preferred(request_header(req, SLICE("accept"))),
        .is_list = is_list,
        .base_url = answer_base_url(req),
        .text = BUFFER_EMPTY(RECEIPTS_BYTES_MAX),
        .keys = BUFFER_EMPTY(RECEIPTS_KEYS_BYTES_MAX),
        .links = BUFFER_EMPTY((size_t)MULTIPART_PARTS_MAX * LINK_CHARS),
    };
    return ret_receipts->base_url.ptr == NULL ? -ENOMEM : 0;
}

void receipts_end(struct receipts *receipts)
{
    buffer_clear(&receipts->text);
    buffer_clear(&receipts->links);
    buffer_clear(&receipts->keys);
}

static void put_json(struct text *text, const struct receipts *receipts,
                     const struct receipt *receipt)
{
    if (receipts->count > 0)
        text_put_byte(text, ',');
    files_put_json(text, &receipt->row, receipts->base_url);
    if (receipt->key[0] == '\0')
        return;
    text->len--; /* the closing brace gives way to one more member */
    text_format(text, ",\"key\":\"%s\"}", receipt->key);
}

static void put_html(struct text *text, const struct receipts *receipts,
                     const struct receipt *receipt)
{
    text_put(text, SLICE("<li><a href=\""));
    put_url(text, receipts, &receipt->row);
    text_put(text, SLICE("\">"));
    text_put_html(text, slice_of(receipt->row.file_name));
    text_put(text, SLICE("</a>"));
    if (receipt->key[0] != '\0')
        text_format(text, " (key to delete it: <code>%s</code>)", receipt->key);
    text_put(text, SLICE("</li>"));
}

/* A field has its bound: of a form with hundreds of files only JSON tells all the keys. */
static int add_key(struct receipts *receipts, const char *key)
{
    struct text text;
    if (key[0] == '\0')
        return 0;
    int err = buffer_room(&receipts->keys, 2 + LINK_CHARS, &text);
    if (err < 0)
        return err == -E2BIG ? 0 : err;
    if (receipts->keys.len > 0)
        text_put(&text, SLICE(", "));
    text_put(&text, slice_of(key));
    buffer_added(&receipts->keys, &text);
    return 0;
}

int receipts_add(struct receipts *receipts, const struct receipt *receipt)
{
    struct text links;
    int err = buffer_room(&receipts->links, LINK_CHARS, &links);
    if (err < 0)
        return err;
    text_put(&links, slice_of(receipt->row.link));
    buffer_added(&receipts->links, &links);

    err = add_key(receipts, receipt->key);
    if (err < 0)
        return err;
    struct text text;
    size_t most = RECEIPT_BYTES_MAX + 2 * receipts->base_url.len;
    err = buffer_room(&receipts->text, most, &text);
    if (err < 0)
        return err;
    switch (receipts->form) {
    case ACCEPT_JSON:
        put_json(&text, receipts, receipt);
        break;
    case ACCEPT_HTML:
        put_html(&text, receipts, receipt);
        break;
    case ACCEPT_ANY:
        put_url(&text, receipts, &receipt->row);
        text_put_byte(&text, '\n');
        break;
    }
    buffer_added(&receipts->text, &text);
    if (receipts->count++ == 0)
        receipts->first = *receipt;
    return 0;
}

/* What stands before and behind the list in each form. */
struct frame {
    struct slice type, before, after;
};

static struct frame frame_of(const struct receipts *receipts)
{
    switch (receipts->form) {
    case ACCEPT_JSON:
        return (struct frame){SLICE("application/json"), receipts->is_list ? SLICE("[") : SLICE(""),
                              receipts->is_list ? SLICE("]\n") : SLICE("\n")};
    case ACCEPT_HTML:
        return (struct frame){SLICE("text/html; charset=utf-8"),
                              SLICE("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                                    "<meta name=\"viewport\" content=\"width=device-width\">"
                                    "<title>Uploaded</title><h1>Uploaded</h1><ul>"),
                              SLICE("</ul><p><a href=\"./\">Upload more</a></p></html>\n")};
    case ACCEPT_ANY:
        break;
    }
    return (struct frame){SLICE("text/plain; charset=utf-8"), SLICE(""), SLICE("")};
}

/* The fields that tell about the one file. */
static void put_fields(struct request *req, const struct receipts *receipts)
{
    const struct receipt *receipt = &receipts->first;
    struct text location = answer_field_begin(req, "Location");
    put_url(&location, receipts, &receipt->row);
    answer_field_end(req, &location);
    const struct object_row *object = &receipt->row.object;
    if (object->has_sha256) {
        struct text digest = answer_field_begin(req, "Repr-Digest");
        digest_field_put(&digest, object->sha256);
        answer_field_end(req, &digest);
    }
}

awaits int receipts_answer(struct receipts *receipts)
{
    struct request *req = receipts->req;
    struct frame frame = frame_of(receipts);
    struct slice body = buffer_slice(&receipts->text);
    int err = answer_begin(req, 201);
    if (err < 0)
        return err;
    if (receipts->count == 1)
        put_fields(req, receipts);
    if (receipts->keys.len > 0)
        answer_field(req, "Sluice-Key", buffer_slice(&receipts->keys));
    answer_field(req, "Content-Type", frame.type);
    answer_field(req, "Content-Security-Policy", SLICE("default-src 'none'"));
    answer_field(req, "Vary", SLICE("Accept"));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    if (receipts->form == ACCEPT_ANY)
        return answer_body(req, body);
    err = answer_stream(req, frame.before.len + body.len + frame.after.len);
    if (err == 0)
        err = answer_send(req, frame.before);
    if (err == 0)
        err = answer_send(req, body);
    return err == 0 ? answer_send(req, frame.after) : err;
}

awaits void receipts_undo(struct receipts *receipts)
{
    struct service *service = service_of(receipts->req);
    fiber_uncancel(); /* also when the server goes down, nothing of a broken form stays */
    struct slice rest = buffer_slice(&receipts->links);
    while (rest.len >= LINK_CHARS) {
        char link[LINK_CHARS + 1] = {0};
        struct object_names gone = {0};
        memcpy(link, rest.ptr, LINK_CHARS);
        rest = slice_skip(rest, LINK_CHARS);
        if (catalog_remove(service->catalog, link, &gone) == 0)
            service_remove_objects(service, &gone);
        links_forget(link);
    }
}
