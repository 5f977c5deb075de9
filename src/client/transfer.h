/* One upload resource of a server, from its creation to its last byte: a whole file, a part of one,
 * or the whole that is joined from parts (which has no bytes of its own to send).
 *
 * A transfer makes one request at a time. transfer_start() makes the next, transfer_ended() tells
 * what came of it; in between, who owns it may do anything else. */
#pragma once

#include "client/exchange.h"
#include "client/put_options.h"
#include "client/record.h"
#include "client/retry.h"

enum transfer_kind { TRANSFER_WHOLE, TRANSFER_PART, TRANSFER_JOINED };

enum transfer_state {
    TRANSFER_NEW,    /* not created */
    TRANSFER_UNSURE, /* created; the server must be asked how far it is */
    TRANSFER_READY,  /* `stored` is right */
    TRANSFER_DONE,
    TRANSFER_DOOMED, /* to be deleted */
};

enum transfer_event {
    TRANSFER_CREATED,    /* now it has an address */
    TRANSFER_STORED,     /* more is stored than was known */
    TRANSFER_SAME,       /* the server was asked, and it is not more */
    TRANSFER_LATER,      /* failed, and may work later */
    TRANSFER_GONE,       /* the server has forgotten it */
    TRANSFER_REFUSED,    /* the server says no, for good */
    TRANSFER_UNREADABLE, /* the input failed: input.err */
};

/* What the transfers of one file share. */
struct sending {
    const struct put_options *options;
    const char *creation_url;
    const char *title; /* the file's name at the server; "" when it has none */
    struct input input;
    struct record record;
    uint64_t sent_bytes; /* all that left, also what left again */
};

struct transfer {
    void *owner;
    struct sending *sending;
    enum transfer_kind kind;
    enum transfer_state state;
    char *url;                              /* room of PUT_URL_BYTES_MAX in the record */
    uint64_t begin, len;                    /* in the input; of a pipe len is INPUT_BYTES_UNKNOWN */
    uint64_t stored;                        /* of them, as far as known */
    bool is_telling_length, is_length_told; /* of a pipe, once it has ended */
    struct retry retry;
    int64_t due_ms; /* nothing is to be done before */
    struct exchange exchange;
};

/* Whether there is something to request now. */
bool transfer_is_due(const struct transfer *transfer, int64_t now_ms);
/* Makes the next request. Returns 0, -ENOMEM. */
must_use int transfer_start(struct transfer *transfer);
/* What came of it; the sentence says why where the event is no success. */
enum transfer_event transfer_ended(struct transfer *transfer, CURLcode code, struct text *sentence);
/* Cuts its request short; where it stands has to be asked then. */
void transfer_cut(struct transfer *transfer);

/* Bytes that are stored or on their way. */
uint64_t transfer_bytes(const struct transfer *transfer);
