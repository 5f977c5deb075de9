/* The inside of a download, for the files that make its answer. */
#pragma once

#include "base/text.h"
#include "service/source.h"
#include "service/uses.h"
#include "wire/ranges.h"

struct download {
    struct request *req;
    struct service *service;
    struct source source;
    struct use *use;     /* NULL where the link has no limit */
    uint64_t size_bytes; /* BYTES_UNKNOWN: will be known at the end */
    const char *state;   /* as Sluice-State tells it */
    struct slice media_type;
    char tag[STORE_NAME_CHARS + 3]; /* entity tag with its quotes */
    enum ranges_result ranges_result;
    size_t ranges_len;
    struct byte_range ranges[HTTP_RANGES_MAX];
};

static inline const struct link_row *download_row(const struct download *download)
{
    return &download->source.entry->row;
}

/* ---- download.c ---- */

/* Answers, once the source and what is known of it are set. Returns -ESTALE when nothing was
 * answered because the link has changed since it was looked up. */
awaits must_use int download_answer(struct download *download);
/* Answers with the bytes of an entry that is ready. Returns like download_answer(). */
awaits must_use int download_entry(struct request *req, struct link_entry *entry);
/* Reads which ranges are asked for, of a file of this size. */
void download_read_ranges(struct download *download);
/* Sends a range and counts the download when its end was delivered. */
awaits must_use int download_send_range(struct download *download, struct byte_range range);

/* ---- download_head.c ---- */

/* Whether the client asks to save the file rather than to see it: `?download`. */
bool download_is_wanted(const struct request *req);
void download_make_tag(struct download *download);
/* The fields of 200, 206 and 304 alike (RFC 9110 section 15.4.5). */
void download_put_validators(struct download *download);
/* All fields of 200 and 206 but Content-Type and those of ranges. */
void download_put_headers(struct download *download);

/* ---- download_ranges.c ---- */

awaits must_use int download_answer_one_range(struct download *download);
awaits must_use int download_answer_ranges(struct download *download);
awaits must_use int download_answer_unsatisfiable(struct download *download);
