/* Files of the page, with the coding that the client takes. What is compressed was compressed when
 * the program was built, and is another representation with an entity tag of its own.
 *
 * With --web-dev nothing is remembered: a file is read on a helper thread at each request, by a
 * name that can't lead out of its folder. */
#include "service/assets.h"

#include "base/clock.h"
#include "runtime/file_load.h"
#include "service/service.h"
#include "wire/accept.h"
#include "wire/answer.h"
#include "wire/conditions.h"

/* ---- Those built in ---- */

static const struct asset *find_asset(struct slice path)
{
    for (size_t i = 0; i < web_assets_len; i++)
        if (slice_is_equal(slice_of(web_assets[i].path), path))
            return &web_assets[i];
    return NULL;
}

/* One of the forms of a file. */
struct form {
    struct slice bytes;
    const char *coding; /* NULL: as it is */
    const char *suffix; /* of its entity tag */
};

static struct form choose_form(const struct request *req, const struct asset *asset)
{
    unsigned taken = accept_codings(request_header(req, SLICE("accept-encoding")));
    if ((taken & ACCEPT_BROTLI) && asset->brotli.len > 0)
        return (struct form){asset->brotli, "br", "-br"};
    if ((taken & ACCEPT_GZIP) && asset->gzip.len > 0)
        return (struct form){asset->gzip, "gzip", "-gz"};
    return (struct form){asset->plain, NULL, ""};
}

/* The asset's tag with the form's suffix inside its quotes. */
static struct slice tag_of(struct request *req, const struct asset *asset, const struct form *form)
{
    size_t len = strlen(asset->entity_tag);
    assert(len >= 2 && asset->entity_tag[len - 1] == '"');
    return arena_format(&req->arena, "%.*s%s\"", (int)len - 1, asset->entity_tag, form->suffix);
}

static void put_validators(struct request *req, const struct asset *asset, struct slice tag)
{
    answer_field(req, "ETag", tag);
    answer_field(req, "Cache-Control",
                 asset->is_immutable ? SLICE("public, max-age=31536000, immutable")
                                     : SLICE("no-cache"));
    answer_field(req, "Vary", SLICE("Accept-Encoding"));
}

static void put_type(struct request *req, const char *media_type)
{
    answer_field(req, "Content-Type", slice_of(media_type));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    /* An image among them can be opened by itself, and could hold a script. */
    answer_field(req, "Content-Security-Policy", SLICE("default-src 'none'; style-src 'self'"));
    answer_field(req, "Cross-Origin-Resource-Policy", SLICE("same-origin"));
}

static awaits int answer_asset(struct request *req, const struct asset *asset)
{
    struct form form = choose_form(req, asset);
    struct slice tag = tag_of(req, asset, &form);
    if (tag.ptr == NULL)
        return answer_error(req, -ENOMEM);
    const struct condition_facts facts = {.entity_tag = tag, .now_ms = clock_wall_ms()};
    bool is_range_wanted;
    enum condition condition = conditions_check(&req->head, &facts, &is_range_wanted);
    if (condition == CONDITION_FAILED)
        return answer_problem(req, 412, "The file is not the one that the condition names.");
    int err = answer_begin(req, condition == CONDITION_PASS ? 200 : 304);
    if (err < 0)
        return err;
    put_validators(req, asset, tag);
    if (condition == CONDITION_NOT_MODIFIED)
        return answer_empty(req);
    put_type(req, asset->media_type);
    if (form.coding != NULL)
        answer_field(req, "Content-Encoding", slice_of(form.coding));
    return answer_body(req, form.bytes);
}

/* ---- Those of a folder ---- */

static const struct {
    const char *ending, *media_type;
} types[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
};

static const char *type_of(const char *path)
{
    struct slice whole = slice_of(path);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct slice ending = slice_of(types[i].ending);
        size_t before = whole.len - size_min(ending.len, whole.len);
        if (slice_is_equal(slice_skip(whole, before), ending))
            return types[i].media_type;
    }
    return "application/octet-stream";
}

static awaits int read_from_folder(struct request *req, const char *path, struct buffer *into)
{
    return file_load(service_of(req)->web_folder, path, into);
}

static awaits int answer_from_folder(struct request *req, const char *path)
{
    struct buffer bytes = BUFFER_EMPTY(ASSET_BYTES_MAX);
    int err = read_from_folder(req, path, &bytes);
    if (err < 0)
        err = err == -ENOENT ? answer_problem(req, 404, "There is no such file in the folder.")
                             : answer_error(req, err);
    else
        err = answer_begin(req, 200);
    if (err == 0 && req->out != NULL) {
        answer_field(req, "Cache-Control", SLICE("no-store"));
        put_type(req, type_of(path));
        err = answer_body(req, buffer_slice(&bytes));
    }
    buffer_clear(&bytes);
    return err;
}

/* ---- Both ---- */

/* Whether a name is one that the build gives: no folder, nothing hidden. */
static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && c != '-' && c != '_' && (c != '.' || i == 0))
            return false;
    }
    return name.len > 0 && name.len <= FILE_NAME_BYTES_MAX;
}

awaits int assets_handle(struct request *req, struct slice name)
{
    struct slice path = SLICE_NONE;
    if (is_name(name))
        path = arena_format(&req->arena, "assets/%.*s", (int)name.len, (const char *)name.ptr);
    if (path.ptr != NULL && service_of(req)->web_folder[0] != '\0')
        return answer_from_folder(req, (const char *)path.ptr);
    const struct asset *asset = path.ptr == NULL ? NULL : find_asset(path);
    return asset == NULL ? answer_problem(req, 404, "There is nothing under this path.")
                         : answer_asset(req, asset);
}

awaits int assets_document(struct request *req, const char *path, struct buffer *room,
                           struct slice *ret_text)
{
    if (service_of(req)->web_folder[0] != '\0') {
        int err = read_from_folder(req, path, room);
        if (err == 0)
            *ret_text = buffer_slice(room);
        return err;
    }
    const struct asset *asset = find_asset(slice_of(path));
    if (asset == NULL)
        return -ENOENT;
    *ret_text = asset->plain;
    return 0;
}
