/* The words of HTTP that every version shares: methods, statuses, header fields, a request head. */
#pragma once

#include "base/base.h"
#include "limits.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHODS, /* how many we know */
};

struct http_header {
    struct slice name, value; /* value without white space at its ends */
};

enum body_framing {
    BODY_NONE,
    BODY_LENGTH,  /* Content-Length */
    BODY_CHUNKED, /* Transfer-Encoding: chunked */
};

/* A request's head. All slices lie in the buffer that was parsed. */
struct http_head {
    enum http_method method;
    uint8_t version_minor; /* of HTTP/1.x */
    bool is_asterisk;      /* OPTIONS * */
    bool has_host;
    bool expects_continue; /* Expect: 100-continue of an HTTP/1.1 client */
    bool is_keep_alive;    /* by version and Connection */
    enum body_framing framing;
    uint64_t content_length; /* with BODY_LENGTH */
    struct slice path;       /* undecoded, begins with '/', without query; "*" for asterisk form */
    struct slice query;      /* undecoded, without '?' */
    struct slice authority;  /* of an absolute-form target, else of Host; may be empty */
    size_t headers_len;
    struct http_header headers[HTTP_HEADERS_MAX];
};

/* The value of the first field of this name (ASCII case ignored); .ptr is NULL when absent. */
struct slice http_header_find(const struct http_head *head, struct slice name);
/* How many fields of this name there are. */
size_t http_header_count(const struct http_head *head, struct slice name);

const char *http_method_name(enum http_method method);
/* "Not Found" and the like; "Status" for an unknown one. */
const char *http_status_text(unsigned status);
