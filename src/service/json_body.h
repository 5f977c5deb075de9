/* The JSON body of a request: whether there is one, and receiving it. */
#pragma once

#include "base/buffer.h"
#include "wire/request.h"

/* Whether the request says that its body is JSON; a JSON merge patch (RFC 7396) of a flat object is
 * the same. */
bool json_body_is_sent(const struct request *req);
/* Answers 415 where it isn't: `what`, one sentence, tells what JSON is for here. */
awaits must_use int json_body_answer_unsupported(struct request *req, const char *what);
/* Receives all of it behind what `into` holds. Returns 0, -E2BIG when it doesn't fit the buffer's
 * bound, -ENOMEM, or what body_recv() returns. */
awaits must_use int json_body_receive(struct request *req, struct buffer *into);
/* Answers the error of it. */
awaits must_use int json_body_answer_error(struct request *req, const struct buffer *into, int err);
