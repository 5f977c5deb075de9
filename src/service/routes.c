/* Which request is for whom: one table, read from top to bottom. */
#include "base/text.h"
#include "service/service.h"
#include "wire/answer.h"

#define METHOD(name) (1U << HTTP_##name)
#define READS (METHOD(GET) | METHOD(HEAD))

/* What a path has been cut into. */
struct route_match {
    char link[LINK_CHARS + 1];
    struct slice name; /* decoded; of PUT /NAME */
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
    struct slice type = request_header(req, SLICE("content-type"));
    struct slice essence = slice_trim(slice_head(type, slice_find(type, ';')));
    if (slice_is_same_word(essence, SLICE("multipart/form-data")))
        return form_handle(req);
    return upload_handle(req, SLICE_NONE);
}

static awaits int serve_put(struct request *req, const struct route_match *match)
{
    return upload_handle(req, match->name);
}

static awaits int serve_download(struct request *req, const struct route_match *match)
{
    return download_handle(req, match->link);
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
    PATH_HOME,    /* / */
    PATH_HEALTH,  /* /healthz */
    PATH_METRICS, /* /metrics */
    PATH_FILES,   /* /api/files/LINK */
    PATH_LINK,    /* /LINK and /LINK/NAME */
    PATH_NAME,    /* anything else: a name to PUT */
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
    {PATH_FILES, READS, serve_files_get},
    {PATH_FILES, METHOD(PATCH), serve_files_edit},
    {PATH_FILES, METHOD(DELETE), serve_files_delete},
    {PATH_LINK, READS, serve_download},
    {PATH_LINK, METHOD(DELETE), serve_files_delete},
    {PATH_NAME, METHOD(PUT), serve_put},
};

static bool is_link(struct slice segment)
{
    if (segment.len != LINK_CHARS)
        return false;
    for (size_t i = 0; i < segment.len; i++) {
        uint8_t c = segment.ptr[i];
        bool is_base64url = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!is_base64url)
            return false;
    }
    return true;
}

/* A path of 22 base64url characters is a link, unless something is put there: then it is a name,
 * as PUT never addresses a link. */
static enum path_kind classify(const struct request *req, struct slice path,
                               struct route_match *match)
{
    if (slice_is_equal(path, SLICE("/")))
        return PATH_HOME;
    if (slice_is_equal(path, SLICE("/healthz")))
        return PATH_HEALTH;
    if (slice_is_equal(path, SLICE("/metrics")))
        return PATH_METRICS;
    bool is_api = slice_has_prefix(path, SLICE("/api/files/"));
    struct slice rest = slice_skip(path, is_api ? SLICE("/api/files/").len : 1);
    struct slice first = slice_head(rest, slice_find(rest, '/'));
    bool is_whole = first.len == rest.len;
    if (is_link(first) && (!is_api || is_whole) && req->head.method != HTTP_PUT) {
        memcpy(match->link, first.ptr, LINK_CHARS);
        return is_api ? PATH_FILES : PATH_LINK;
    }
    match->name = rest;
    return PATH_NAME;
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

static awaits int answer_options(struct request *req, enum path_kind path)
{
    int err = answer_begin(req, 204);
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

awaits int service_handle(struct request *req)
{
    if (req->head.is_asterisk)
        return answer_options(req, PATH_HOME);
    struct slice path = decode_path(req);
    if (path.ptr == NULL)
        return answer_problem(req, 400, "The path has a broken percent-escape or a NUL.");
    struct route_match match = {0};
    enum path_kind kind = classify(req, path, &match);
    if (req->head.method == HTTP_OPTIONS)
        return answer_options(req, kind);
    const struct route *route = find_route(kind, req->head.method);
    return route == NULL ? answer_not_allowed(req, kind) : route->serve(req, &match);
}
