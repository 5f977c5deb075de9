/* What a request of tus wants to be created. */
#pragma once

#include "service/tus_body.h"

struct tus_plan {
    struct upload_plan upload;
    struct tus_body body;
    bool has_body; /* its body begins the upload; else it is ignored */
    char file_name[FILE_NAME_BYTES_MAX + 1];
    struct parse_refusal refusal;
};

/* Reads it from the request's fields, into the request's arena. Returns 0; -EINVAL with the
 * refusal; -ENOMEM. */
must_use int tus_plan_read(struct request *req, struct tus_plan *ret_plan);
