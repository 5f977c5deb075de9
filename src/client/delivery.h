/* One file on its way: its bytes, its transfers (one, or parts and what joins them), its record.
 *
 * A delivery is driven: delivery_step() starts what is to be started now, delivery_ended() takes
 * what libcurl has finished. It tells the user what changes. */
#pragma once

#include "client/display.h"
#include "client/record_file.h"
#include "client/streams.h"
#include "client/transfer.h"

enum delivery_state {
    DELIVERY_RUNNING,
    DELIVERY_TAKING_BACK, /* failed; the server is told */
    DELIVERY_DONE,
    DELIVERY_FAILED,
    DELIVERY_GAVE_UP,
};

/* What all deliveries share. */
struct office {
    CURLM *multi;
    const struct put_options *options;
    char creation_url[PUT_URL_BYTES_MAX];
    char record_folder[PUT_RECORD_PATH_BYTES_MAX]; /* "": nothing is recorded */
    struct display display;
    bool is_reached; /* the server has answered once */
};

struct delivery {
    struct office *office;
    const char *path; /* as it was given */
    enum delivery_state state;
    struct sending sending;
    struct record_file record_file;
    char title[FILE_NAME_BYTES_MAX + 1]; /* shown; the same is sent unless it is empty */
    char status[PUT_SENTENCE_BYTES_MAX]; /* why nothing moves; "" */
    struct transfer transfers[PUT_PARTS_MAX + 1];
    size_t parts_len;
    struct transfer *main; /* the one that has the link */
    bool is_link_told, is_resumed;
    unsigned anew; /* begun again since a byte was stored */
    struct streams streams;
    struct rate rate;
};

/* Opens the file and finds its record. Returns 0, with a delivery that has memory and is running or
 * has failed already (and said so); -ENOMEM. */
must_use int delivery_open(struct office *office, const char *path, struct delivery **ret_delivery);
void delivery_drop(struct delivery *delivery);
SCOPED_TYPE(delivery)

/* Starts what is to be started; `is_alone`: no other file is on its way. */
void delivery_step(struct delivery *delivery, int64_t now_ms, bool is_alone);
/* One of its transfers' requests ended. */
void delivery_ended(struct delivery *delivery, struct transfer *transfer, CURLcode code);

/* How it stands. */
struct progress delivery_progress(const struct delivery *delivery, int64_t now_ms);
/* Its requests under way, and how fast each of them may be. */
size_t delivery_requests(const struct delivery *delivery);
void delivery_limit(struct delivery *delivery, uint64_t rate);
/* The bytes of the file; of a pipe what came until its end. */
uint64_t delivery_bytes(const struct delivery *delivery);
