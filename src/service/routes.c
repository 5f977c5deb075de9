/* Which request is for whom: one table, read from top to bottom. */
#include "base/text.h"
#include "service/assets.h"
#include "service/cors.h"
#include "service/hosts.h"
#include "service/resumable_body.h"
#include "service/service.h"
#include "service/tus_fields.h"
#include "service/url.h"
#include "wire/answer.h"
#include "wire/media_type.h"

#define METHOD(name) (1U << HTTP_##name)
#define READS (METHOD(GET) | METHOD(HEAD))

/* What a path has been cut into. */
struct route_match {
    char link[LINK_CHARS + 1]; /* or the name of an upload; "" when it has another form */
    struct slice name;         /* decoded; of PUT /NAME and /assets/NAME; behind /LINK the rest */
};

static awaits int serve_home(struct request *req, const struct route_match *match)
{
    (void)match;
    return page_home(req);
}

static awaits int serve_health(struct request *req, const struct route_match *match)
{
    (void)match;
    return page_health(req);
}

static awaits int serve_metrics(struct request *req, const struct route_match *match)
{
    (void)match;
    return page_metrics(req);
}

static awaits int serve_post(struct request *req, const struct route_match *match)
{
    (void)match;
    if (media_type_is(request_header(req, SLICE("content-type")), SLICE("multipart/form-data")))
        return form_handle(req);
    return resumable_is_asked(req) ? resumable_create(req, SLICE_NONE)
                                   : upload_handle(req, SLICE_NONE);
}

static awaits int serve_put(struct request *req, const struct route_match *match)
{
    return resumable_is_asked(req) ? resumable_create(req, match->name)
                                   : upload_handle(req, match->name);
}

/* Two protocols share the uploads; each request tells which it speaks. */

static awaits int serve_creation(struct request *req, const struct route_match *match)
{
    (void)match;
    bool is_tus = request_header(req, SLICE("tus-resumable")).ptr != NULL;
    return is_tus || !resumable_is_asked(req) ? tus_create(req) : resumable_create(req, SLICE_NONE);
}

static awaits int serve_upload(struct request *req, const struct route_match *match)
{
    bool is_tus = request_header(req, SLICE("tus-resumable")).ptr != NULL ||
                  req->head.method == HTTP_POST ||
                  (req->head.method == HTTP_PATCH && tus_is_chunk(req));
    return is_tus || match->link[0] == '\0' ? tus_handle(req, match->link)
                                            : resumable_handle(req, match->link);
}

static awaits int serve_asset(struct request *req, const struct route_match *match)
{
    return assets_handle(req, match->name);
}

static awaits int serve_collection(struct request *req, const struct route_match *match)
{
    (void)match;
    return collection_create(req);
}

static awaits int serve_link(struct request *req, const struct route_match *match)
{
    return link_handle(req, match->link, match->name);
}

static awaits int serve_progress(struct request *req, const struct route_match *match)
{
    return progress_handle(req, match->link);
}

static awaits int serve_files_get(struct request *req, const struct route_match *match)
{
    return files_get(req, match->link);
}

static awaits int serve_files_edit(struct request *req, const struct route_match *match)
{
    return files_edit(req, match->link);
}

static awaits int serve_files_delete(struct request *req, const struct route_match *match)
{
    return files_delete(req, match->link);
}

/* Kinds of path, told apart by their first segments. */
enum path_kind {
    PATH_HOME,     /* / */
    PATH_HEALTH,   /* /healthz */
    PATH_METRICS,  /* /metrics */
    PATH_ASSET,    /* /assets/NAME */
    PATH_COLLECT,  /* /api/collections */
    PATH_FILES,    /* /api/files/LINK */
    PATH_PROGRESS, /* /api/files/LINK/progress */
    PATH_CREATION, /* /files and /files/ */
    PATH_UPLOAD,   /* /files/UPLOAD */
    PATH_LINK,     /* /LINK and /LINK/NAME */
    PATH_NAME,     /* anything else: a name to PUT */
};

static const struct route {
    enum path_kind path;
    unsigned methods;
    awaits int (*serve)(struct request *req, const struct route_match *match);
} routes[] = {
    {PATH_HOME, READS, serve_home},
    {PATH_HOME, METHOD(POST), serve_post},
    {PATH_HOME, METHOD(PUT), serve_put},
    {PATH_HEALTH, READS, serve_health},
    {PATH_METRICS, READS, serve_metrics},
    {PATH_ASSET, READS, serve_asset},
    {PATH_COLLECT, METHOD(POST), serve_collection},
    {PATH_FILES, READS, serve_files_get},
    {PATH_FILES, METHOD(PATCH), serve_files_edit},
    {PATH_FILES, METHOD(DELETE), serve_files_delete},
    {PATH_PROGRESS, READS, serve_progress},
    {PATH_CREATION, METHOD(POST), serve_creation},
    {PATH_UPLOAD, READS | METHOD(POST) | METHOD(PATCH) | METHOD(DELETE), serve_upload},
    {PATH_LINK, READS, serve_link},
    {PATH_LINK, METHOD(DELETE), serve_files_delete},
    {PATH_NAME, METHOD(PUT), serve_put},
};

/* Takes the link at the front of `rest`; false when something else stands there. */
static bool take_link(struct slice *rest, struct route_match *match)
{
    struct slice first = slice_head(*rest, slice_find(*rest, '/'));
    if (!url_is_name(first))
        return false;
    memcpy(match->link, first.ptr, LINK_CHARS);
    *rest = slice_skip(*rest, LINK_CHARS);
    return true;
}

static enum path_kind classify_uploads(struct slice rest, struct route_match *match)
{
    if (rest.len == 0)
        return PATH_CREATION;
    if (!take_link(&rest, match) || rest.len > 0)
        match->link[0] = '\0';
    return PATH_UPLOAD;
}

static enum path_kind classify_api(struct slice rest, struct route_match *match)
{
    if (slice_is_equal(rest, SLICE("collections")))
        return PATH_COLLECT;
    if (!slice_has_prefix(rest, SLICE("files/")))
        return PATH_NAME;
    rest = slice_skip(rest, SLICE("files/").len);
    if (take_link(&rest, match) && slice_is_equal(rest, SLICE("/progress")))
        return PATH_PROGRESS;
    return match->link[0] != '\0' && rest.len == 0 ? PATH_FILES : PATH_NAME;
}

/* A path of 22 base64url characters is a link, unless something is put there: then it is a name,
 * as PUT never addresses what is there already. */
static enum path_kind classify(const struct request *req, struct slice path,
                               struct route_match *match)
{
    if (slice_is_equal(path, SLICE("/")))
        return PATH_HOME;
    if (slice_is_equal(path, SLICE("/healthz")))
        return PATH_HEALTH;
    if (slice_is_equal(path, SLICE("/metrics")))
        return PATH_METRICS;
    struct slice rest = slice_skip(path, 1);
    match->name = rest;
    if (req->head.method == HTTP_PUT)
        return PATH_NAME;
    if (slice_is_equal(path, SLICE("/files")))
        return PATH_CREATION;
    if (slice_has_prefix(path, SLICE("/files/")))
        return classify_uploads(slice_skip(path, SLICE("/files/").len), match);
    if (slice_has_prefix(path, SLICE("/assets/"))) {
        match->name = slice_skip(path, SLICE("/assets/").len);
        return PATH_ASSET;
    }
    if (slice_has_prefix(path, SLICE("/api/")))
        return classify_api(slice_skip(path, SLICE("/api/").len), match);
    if (!take_link(&rest, match))
        return PATH_NAME;
    match->name = rest;
    return PATH_LINK;
}

static const struct route *find_route(enum path_kind path, enum http_method method)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (routes[i].path == path && (routes[i].methods & (1U << method)))
            return &routes[i];
    return NULL;
}

/* The methods of a path, as the Allow field tells them. OPTIONS is always there. */
static void put_allow(struct request *req, enum path_kind path)
{
    unsigned methods = METHOD(OPTIONS);
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (routes[i].path == path)
            methods |= routes[i].methods;
    struct text text = answer_field_begin(req, "Allow");
    const char *comma = "";
    for (unsigned method = 0; method < HTTP_METHODS; method++) {
        if (!(methods & (1U << method)))
            continue;
        text_format(&text, "%s%s", comma, http_method_name((enum http_method)method));
        comma = ", ";
    }
    answer_field_end(req, &text);
}

/* Where something can be created, clients of resumable uploads learn the limits
 * (draft-ietf-httpbis-resumable-upload, "Upload-Limit"). */
static int add_limit(struct request *req)
{
    struct resumable_fields fields;
    resumable_fields_read(&req->head, &fields);
    return resumable_add_limit(req, fields.dialect, 0);
}

static awaits int answer_options(struct request *req, enum path_kind path)
{
    bool creates = path == PATH_HOME || path == PATH_CREATION || path == PATH_NAME;
    int err = creates ? add_limit(req) : 0;
    if (err < 0)
        return answer_error(req, err);
    if (path == PATH_CREATION || path == PATH_UPLOAD)
        return tus_options(req);
    err = answer_begin(req, 204);
    if (err < 0)
        return err;
    put_allow(req, path);
    return answer_empty(req);
}

static awaits int answer_not_allowed(struct request *req, enum path_kind path)
{
    bool is_nothing =
        path == PATH_NAME && (req->head.method == HTTP_GET || req->head.method == HTTP_HEAD);
    if (is_nothing)
        return answer_problem(req, 404, "There is nothing under this path.");
    int err = answer_begin(req, 405);
    if (err < 0)
        return err;
    put_allow(req, path);
    return answer_problem_body(req, "This method is not for this path; see Allow.");
}

/* Decodes the path into the request's arena; .ptr is NULL when it is malformed. */
static struct slice decode_path(struct request *req)
{
    uint8_t *room = arena_alloc(&req->arena, req->head.path.len + 1);
    if (room == NULL)
        return SLICE_NONE;
    ssize_t len = parse_percent(req->head.path, (struct span){room, req->head.path.len});
    if (len <= 0 || memchr(room, 0, (size_t)len) != NULL)
        return SLICE_NONE;
    return slice_from(room, (size_t)len);
}

static awaits int route(struct request *req)
{
    if (req->head.is_asterisk && !hosts_is_download(req))
        return answer_options(req, PATH_HOME);
    struct slice path = decode_path(req);
    if (path.ptr == NULL)
        return answer_problem(req, 400, "The path has a broken percent-escape or a NUL.");
    struct route_match match = {0};
    enum path_kind kind = classify(req, path, &match);
    bool is_read = (READS & (1U << req->head.method)) != 0;
    if (hosts_is_download(req) && (kind != PATH_LINK || !is_read))
        return answer_problem(req, 404, "On this host there is nothing but the files of links.");
    if (req->head.method == HTTP_OPTIONS)
        return answer_options(req, kind);
    const struct route *route = find_route(kind, req->head.method);
    return route == NULL ? answer_not_allowed(req, kind) : route->serve(req, &match);
}

awaits int service_handle(struct request *req)
{
    const struct cors *cors = service_of(req)->cors;
    int err = cors_apply(cors, req);
    if (err < 0)
        return answer_error(req, err);
    if (cors_is_preflight(req))
        return cors_answer_preflight(req);
    bool changes = !((READS | METHOD(OPTIONS)) & (1U << req->head.method));
    if (changes && !cors_is_allowed(cors, req))
        return cors_answer_refused(req);
    return route(req);
}
