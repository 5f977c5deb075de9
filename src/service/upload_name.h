/* What all uploads that are one request's body share: the name of their file, and the answer when
 * the file has its link. */
#pragma once

#include "service/upload.h"

/* The file's name: from the path, else from the fields that clients use for it. Returns NULL, or
 * one sentence about what is wrong with it. */
must_use const char *upload_choose_name(struct request *req, struct slice from_path,
                                        char ret_name[FILE_NAME_BYTES_MAX + 1]);

/* Answers 201 with one link, in the form that the client prefers. */
awaits must_use int upload_answer_created(struct request *req, const struct receipt *receipt);
