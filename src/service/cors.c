/* The answers that a browser asks for before it lets a page of another origin see ours. What is
 * allowed is the same for every path, so that a preflight needs no route. */
#include "service/cors.h"

#include "base/text.h"
#include "service/common_fields.h"
#include "service/service.h"
#include "wire/answer.h"
#include "wire/authority.h"
#include "wire/field.h"

static const char allow_headers[] =
    "Authorization, Content-Type, Origin, X-Requested-With, X-Request-ID, X-HTTP-Method-Override, "
    "Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Defer-Length, "
    "Upload-Concat, Upload-Checksum, Upload-Complete, Upload-Draft-Interop-Version, "
    "Content-Disposition, Content-Digest, Repr-Digest, Want-Repr-Digest, X-File-Name, "
    "Sluice-Expires, Max-Days, Max-Downloads, Range, If-Range, If-Match, If-None-Match";

#define EXPOSE_HEADERS                                                                             \
    "Location, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Defer-Length, "               \
    "Upload-Concat, Upload-Expires, Upload-Complete, Upload-Limit, "                               \
    "Upload-Draft-Interop-Version, Tus-Version, Tus-Resumable, Tus-Max-Size, Tus-Extension, "      \
    "Tus-Checksum-Algorithm, Retry-After, Content-Digest, Repr-Digest, Sluice-Link, Sluice-Key, "  \
    "Sluice-State, Sluice-Expires, Max-Days, Max-Downloads, ETag, Content-Range, Accept-Ranges, "  \
    "Content-Disposition"

/* ---- Configuration ---- */

/* An origin's scheme without "://"; the whole of it when there is none. */
static struct slice scheme_of(struct slice origin)
{
    return slice_head(origin, slice_find(origin, ':'));
}

/* What stands behind "://"; .ptr is NULL when that isn't there. */
static struct slice authority_of(struct slice origin)
{
    struct slice rest = slice_skip(origin, scheme_of(origin).len);
    return slice_has_prefix(rest, SLICE("://")) ? slice_skip(rest, 3) : SLICE_NONE;
}

/* Browsers leave the usual port out (RFC 6454 section 6.2). */
static struct slice without_usual_port(struct slice origin)
{
    struct slice scheme = scheme_of(origin);
    struct slice port = slice_is_same_word(scheme, SLICE("https"))  ? SLICE(":443")
                        : slice_is_same_word(scheme, SLICE("http")) ? SLICE(":80")
                                                                    : SLICE("");
    struct slice end = slice_skip(origin, origin.len - size_min(port.len, origin.len));
    return port.len > 0 && slice_is_equal(end, port) ? slice_head(origin, origin.len - port.len)
                                                     : origin;
}

int cors_add(struct cors *cors, struct slice origin)
{
    if (slice_is_equal(origin, SLICE("*"))) {
        cors->is_open = true;
        return 0;
    }
    if (slice_is_equal(origin, SLICE("none")))
        return 0;
    bool is_sound = field_is_token(scheme_of(origin)) && authority_is_valid(authority_of(origin));
    if (!is_sound || cors->len == ARRAY_LEN(cors->origins))
        return -EINVAL;
    cors->origins[cors->len++] = without_usual_port(origin);
    return 0;
}

/* ---- Requests ---- */

static bool is_listed(const struct cors *cors, struct slice origin)
{
    for (size_t i = 0; i < cors->len; i++)
        if (slice_is_same_word(cors->origins[i], origin))
            return true;
    return false;
}

/* An origin from the front of our own base URL, whose path does not belong to it. */
static struct slice origin_of_url(struct slice url)
{
    struct slice authority = authority_of(url);
    size_t scheme_len = url.len - authority.len;
    return slice_head(url, scheme_len + slice_find(authority, '/'));
}

static bool is_own(const struct request *req, struct slice origin)
{
    /* Pages can't set this field. It also tells that a form of ours is ours where a browser hides
     * its Origin ("null"). */
    if (slice_is_same_word(request_header(req, SLICE("sec-fetch-site")), SLICE("same-origin")))
        return true;
    if (req->wire->base_url[0] != '\0') {
        struct slice own = origin_of_url(slice_of(req->wire->base_url));
        if (slice_is_same_word(without_usual_port(own), origin))
            return true;
    }
    bool is_scheme_equal =
        slice_is_same_word(scheme_of(origin), req->is_https ? SLICE("https") : SLICE("http"));
    struct slice authority = req->head.authority;
    struct slice usual = req->is_https ? SLICE(":443") : SLICE(":80");
    struct slice end = slice_skip(authority, authority.len - size_min(usual.len, authority.len));
    if (slice_is_equal(end, usual))
        authority = slice_head(authority, authority.len - usual.len);
    return is_scheme_equal && authority.len > 0 &&
           slice_is_same_word(authority_of(origin), authority);
}

bool cors_is_allowed(const struct cors *cors, const struct request *req)
{
    struct slice origin = request_header(req, SLICE("origin"));
    return origin.ptr == NULL || cors->is_open || is_listed(cors, origin) || is_own(req, origin);
}

/* Lets a page see the answer. Credentials go with a named origin only: then "*" would mean nothing
 * (Fetch standard, "CORS protocol and credentials"). */
int cors_apply(const struct cors *cors, struct request *req)
{
    struct slice origin = request_header(req, SLICE("origin"));
    if (origin.ptr != NULL && cors->is_open)
        return common_fields_add(req,
                                 SLICE("Access-Control-Allow-Origin: *\r\n"
                                       "Access-Control-Expose-Headers: " EXPOSE_HEADERS "\r\n"));
    if (origin.ptr != NULL && is_listed(cors, origin)) {
        struct slice lines = arena_format(&req->arena,
                                          "Access-Control-Allow-Origin: %.*s\r\n"
                                          "Access-Control-Allow-Credentials: true\r\n"
                                          "Access-Control-Expose-Headers: " EXPOSE_HEADERS "\r\n"
                                          "Vary: Origin\r\n",
                                          (int)origin.len, (const char *)origin.ptr);
        return common_fields_add(req, lines);
    }
    bool is_answer_of_origin = !cors->is_open && cors->len > 0;
    return is_answer_of_origin ? common_fields_add(req, SLICE("Vary: Origin\r\n")) : 0;
}

bool cors_is_preflight(const struct request *req)
{
    return req->head.method == HTTP_OPTIONS && request_header(req, SLICE("origin")).ptr != NULL &&
           request_header(req, SLICE("access-control-request-method")).ptr != NULL;
}

awaits int cors_answer_refused(struct request *req)
{
    return answer_problem(req, 403,
                          "Pages of this origin may not use this server; its operator can allow "
                          "them by --cors-origin.");
}

awaits int cors_answer_preflight(struct request *req)
{
    if (!cors_is_allowed(service_of(req)->cors, req))
        return cors_answer_refused(req);
    int err = answer_begin(req, 204);
    if (err < 0)
        return err;
    answer_field(req, "Access-Control-Allow-Methods",
                 SLICE("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    answer_field(req, "Access-Control-Allow-Headers", slice_of(allow_headers));
    answer_field(req, "Access-Control-Max-Age", SLICE("86400"));
    return answer_empty(req);
}
