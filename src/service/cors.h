/* Which pages of other origins may speak to this server (the CORS protocol of the Fetch standard).
 *
 * Nothing here depends on cookies, so any origin may be allowed without harm to a user who is
 * logged in somewhere; who wants to narrow it names origins. */
#pragma once

#include "wire/request.h"

enum { CORS_ORIGINS_MAX = 32 };

struct cors {
    bool is_open; /* "*": every origin */
    size_t len;
    struct slice origins[CORS_ORIGINS_MAX]; /* "https://app.example.org" */
};

/* Adds what stands in a configuration: "*", an origin, which must live as long, or "none", which
 * adds nothing. Returns 0 or -EINVAL. */
must_use int cors_add(struct cors *cors, struct slice origin);

/* Whether a request comes from a page that may see its answer: no Origin, this server's own (its
 * scheme and authority are the request's or the configured ones, or the browser says that it is
 * the same), or an allowed one. */
bool cors_is_allowed(const struct cors *cors, const struct request *req);

/* The lines of an answer's head for this request, to be added to req->common_fields: none without
 * an Origin field, but that caches are told where a list decides. Returns 0 or -ENOMEM. */
must_use int cors_apply(const struct cors *cors, struct request *req);

/* Whether this is a preflight (OPTIONS with Origin and Access-Control-Request-Method). */
bool cors_is_preflight(const struct request *req);
/* Answers a preflight: 204 with what is allowed, or 403. */
awaits must_use int cors_answer_preflight(struct request *req);
/* Answers 403: the request's origin is not allowed. */
awaits must_use int cors_answer_refused(struct request *req);
