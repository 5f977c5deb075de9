/* Answers: a head built in one small chunk, then a body, of known length or in pieces.
 *
 * answer_begin(), any number of answer_field…(), then exactly one of answer_empty(),
 * answer_body(), answer_stream() (followed by answer_send…() of just so many bytes) or
 * answer_stream_open() (followed by answer_send…() and answer_end()). For HEAD the same calls are
 * made and no body is sent. All return 0, or -errno when the client can't be
 * answered any more: then the connection ends. */
#pragma once

#include "wire/request.h"

/* A length that stands for "no Content-Length at all" (204, 304). */
#define LENGTH_NONE UINT64_MAX

/* Begins the head: status line, Date and the request's common fields. Decides whether the
 * connection can live on. */
awaits must_use int answer_begin(struct request *req, unsigned status);
/* Adds a field. What does not fit into the chunk is a bug, and asserted. */
void answer_field(struct request *req, const char *name, struct slice value);
void answer_field_format(struct request *req, const char *name, const char *format, ...)
    format_like(3, 4);
/* Room for a field's value that is made by functions of text.h; answer_field_end() closes it. */
struct text answer_field_begin(struct request *req, const char *name);
void answer_field_end(struct request *req, const struct text *value);

/* Ends an answer without body: `Content-Length: 0`, or none where the status forbids it. */
awaits must_use int answer_empty(struct request *req);
/* Ends an answer with this body, its type given by a field before. */
awaits must_use int answer_body(struct request *req, struct slice body);
/* Sends the head of an answer whose `length` bytes follow by the calls below. */
awaits must_use int answer_stream(struct request *req, uint64_t length);
awaits must_use int answer_send(struct request *req, struct slice bytes);
awaits must_use int answer_send_file(struct request *req, int file, uint64_t offset,
                                     uint64_t length);
/* Sends the head of an answer whose length nobody knows yet: its body goes out in pieces by
 * answer_send() and answer_send_file(), as chunks (RFC 9112 section 7.1) or, to an HTTP/1.0 client,
 * until the connection closes. answer_end() ends it; without it the connection is cut, so that no
 * client mistakes a part for the whole. */
awaits must_use int answer_stream_open(struct request *req);
awaits must_use int answer_end(struct request *req);
/* Head and a whole small file in one send, when it fits into the chunk; -EFBIG when it doesn't
 * (nothing was done). */
awaits must_use int answer_small_file(struct request *req, int file, uint64_t offset,
                                      uint64_t length);

/* Sends an informational answer (103, 104) before the final one; `fields` are whole lines, each
 * with its CRLF. An HTTP/1.0 client gets none (RFC 9110 section 15.2). */
awaits must_use int answer_interim(struct request *req, unsigned status, struct slice fields);

/* Says what went wrong, in the form the client prefers: a problem document (RFC 9457), a page, or
 * one plain sentence ending in a newline. `detail`: what was wrong, which limit, what to do. */
awaits must_use int answer_problem(struct request *req, unsigned status, const char *detail, ...)
    format_like(3, 4);
/* The same, begun by the caller's own answer_begin() and fields (Allow, Retry-After …). */
awaits must_use int answer_problem_body(struct request *req, const char *detail);

/* The same, always as a problem document, of a registered type: `type` is its URI, `title` what it
 * is called there, `members` are more members of the JSON, each with a comma before it, or empty.
 */
awaits must_use int answer_problem_typed(struct request *req, const char *type, const char *title,
                                         struct slice members, const char *detail);

/* Answers what became of an error: the request is refused with the status that fits, or, when the
 * stream is broken, nothing can be said and `err` is returned. */
awaits must_use int answer_error(struct request *req, int err);

/* The beginning of all links in answers: "https://host" or --base-url, without '/' at the end.
 * The text lies in the request's arena; .ptr is NULL when there is no memory. */
struct slice answer_base_url(struct request *req);
