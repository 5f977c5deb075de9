/* The documents of the page, filled and answered with the policy that keeps them harmless. */
#pragma once

#include "service/template.h"
#include "wire/request.h"

/* Answers with a document ("home.html"), {{base}} and the given values in their places. Returns
 * -ENOENT, with nothing answered, when the program has no such document. */
awaits must_use int document_answer(struct request *req, const char *path,
                                    const struct template_value *values, size_t len);
