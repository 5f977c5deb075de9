/* Every bound of Sluice, in one place, each with its reason. */
#pragma once

#include <assert.h>

/* ---- Memory ---- */
enum {
    /* One stream is saturated by 512 KiB × 2 in flight; more only adds latency (measured). */
    CHUNK_BYTES = 512 * 1024,
    /* A whole request head, or a small file with its headers, or one gulp of a slow upload. */
    CHUNK_SMALL_BYTES = 16 * 1024,
    /* Fewest large chunks of a worker: two transfers at full speed. */
    CHUNKS_MIN = 8,
    /* Small chunks of a worker: address space until they are used. */
    CHUNKS_SMALL = 8192,
    /* So many in use at once is usual; what was taken beyond gives its pages back. */
    CHUNKS_SMALL_WARM = 256,
    /* Direct I/O needs 512 on most disks; 4096 is right on all of them. */
    DIRECT_ALIGN_BYTES = 4096,
    /* First block of a request's arena: what a usual request copies fits. */
    ARENA_BLOCK_BYTES = 1024,
    /* Most memory that one request may copy: its head twice and some names. */
    ARENA_BYTES_MAX = 64 * 1024,
    /* Lines of the log that wait for a slow reader. */
    LOG_RING_BYTES = 1024 * 1024,
    /* One line; longer values are cut. */
    LOG_LINE_BYTES_MAX = 2048,
    /* A path in it. */
    LOG_PATH_BYTES_MAX = 256,
};

/* ---- Fibers ---- */
enum {
    /* Deepest use measured below 10 KiB; libraries with deep stacks run on helper threads. */
    FIBER_STACK_BYTES = 64 * 1024,
    /* As large as a stack, so that a missing probe in a library can't jump over it. */
    FIBER_GUARD_BYTES = 64 * 1024,
    /* A stack that was used deeper gives its pages back when its fiber ends. */
    FIBER_STACK_KEEP_BYTES = 16 * 1024,
    /* Free stacks of a worker that keep their pages; the rest gives them back. */
    FIBER_STACKS_KEPT_MAX = 1024,
    /* A fiber that computes for longer makes everybody wait; debug builds report it. */
    FIBER_STALL_MS = 10,
};

/* ---- Input and output ---- */
enum {
    RING_ENTRIES = 1024,
    /* Completions that may wait: more than operations in flight of a full house. */
    RING_COMPLETIONS = 16384,
    /* Threads for calls that block (names, allocation, and all disk I/O with epoll). Measured with
     * durable 16 KiB files on ext4: 8 threads 8800 a second, 16 10800, 32 11400 with twice the
     * p99 and 64 half of it all with ten times the p99. */
    HELPER_THREADS_MAX = 16,
    /* Calls that wait for a helper thread; more than fibers can wait. */
    HELPER_QUEUE_MAX = 65536,
    /* Events of epoll taken in one look. */
    EPOLL_EVENTS_MAX = 256,
    /* Turns of a worker without a look at epoll while operations complete by themselves. */
    EPOLL_BLIND_TURNS_MAX = 8,
    /* Waits that rely on an earlier registration until the worker is idle; others check at once. */
    EPOLL_DOUBTED_MAX = 256,
    /* Looks after which a worker that is never idle checks those all the same. */
    EPOLL_BUSY_LOOKS_MAX = 64,
    /* One pass of a download through a pipe (the largest pipe an unprivileged user gets). */
    PIPE_BYTES = 1024 * 1024,
    /* Pipes of a worker: two for each download that moves at full speed. */
    PIPES_MAX = 32,
};

/* ---- HTTP ---- */
enum {
    /* Addresses to listen on; worker threads: more than anybody needs, so that tables are fixed. */
    LISTEN_MAX = 16,
    WORKERS_MAX = 256,
    /* A peer that is silent for so long is asked whether it is there, so often, so many times. */
    PEER_SILENT_S = 60,
    PEER_ASK_S = 15,
    PEER_ASKS_MAX = 4,
    /* Without descriptors or memory, accepting is tried again after so long. */
    ACCEPT_PAUSE_MS = 100,
    /* RFC 9112 section 3 recommends at least 8000 for the request line. */
    HTTP_TARGET_BYTES_MAX = 8192,
    /* The head is parsed in one small chunk. */
    HTTP_HEAD_BYTES_MAX = CHUNK_SMALL_BYTES,
    HTTP_HEADERS_MAX = 64,
    /* Chunk-size line with its extensions; all the extensions of a body together. */
    HTTP_CHUNK_LINE_BYTES_MAX = 1024,
    HTTP_CHUNK_EXTENSIONS_BYTES_MAX = 16 * 1024,
    HTTP_TRAILER_BYTES_MAX = 8192,
    /* Ranges in one request; more is an attack (Apache killer) or a mistake. */
    HTTP_RANGES_MAX = 16,
    /* Received in one turn of an upload: copying it takes some 30 microseconds. */
    BODY_BITE_BYTES = 128 * 1024,
    /* Unread body that is worth reading to keep a connection. */
    HTTP_DRAIN_BYTES_MAX = 64 * 1024,
    /* How long a connection may still be read after its answer: a closing one, so that the answer
     * isn't reset away, or one that lives on once the rest of its body has come. */
    HTTP_LINGER_MS = 2000,
    /* Time to tell a client that the server goes down. */
    LAST_WORD_MS = 300,
    /* A fiber and its buffer stay with a connection this long after an answer. */
    HTTP_HOT_MS = 1000,
    /* A head that comes in pieces holds no chunk between pieces further apart than this. */
    HTTP_HEAD_HOLD_MS = 100,
    /* Nor does the framing of a chunked body. */
    HTTP_FRAMING_HOLD_MS = 100,
    /* A reader for whose room we waited longer than this gets no pipe. */
    SEND_SLOW_MS = 200,
    MULTIPART_PARTS_MAX = 4096,
    MULTIPART_PART_HEAD_BYTES_MAX = 4096,
    MULTIPART_BOUNDARY_BYTES_MAX = 70, /* RFC 2046 section 5.1.1 */
    /* Keys of a form's files in one header field. */
    RECEIPTS_KEYS_BYTES_MAX = 8 * 1024,
    /* The answer to a form: a line or so for each of its files. */
    RECEIPTS_BYTES_MAX = 8 * 1024 * 1024,
    JSON_BODY_BYTES_MAX = 4096,
    /* Members of such a body; more than there are to set. */
    JSON_MEMBERS_MAX = 16,
    /* POST /api/collections: its files with links, keys and JSON around them, and a name. */
    COLLECTION_BODY_BYTES_MAX = 32 * 1024,
    /* Files of a collection: as many as a page shows well; each is asked for by itself. */
    COLLECTION_FILES_MAX = 256,
    /* Its entries that are asked of the catalog at once. */
    COLLECTION_ENTRIES_ASKED = 16,
    /* What is known of it as JSON, each name of its files as long as can be and escaped. */
    FACTS_BYTES_MAX = 2 * 1024 * 1024,
    /* A document with such facts in it, escaped once more. */
    DOCUMENT_BYTES_MAX = 8 * 1024 * 1024,
    /* A file of the page that is read from a folder (--web-dev), its source map perhaps. */
    ASSET_BYTES_MAX = 8 * 1024 * 1024,
    /* Networks of proxies that are believed; looked through for each connection. */
    TRUSTED_PROXIES_MAX = 32,
    /* Proxies in a row, counted from ours: real chains have three. */
    FORWARDED_HOPS_MAX = 32,
};

/* ---- Names ---- */
enum {
    FILE_NAME_BYTES_MAX = 255,  /* what filesystems of clients can hold */
    MEDIA_TYPE_BYTES_MAX = 127, /* RFC 6838 section 4.2 */
    LINK_CHARS = 22,            /* 128 bits of base64url */
    STORE_NAME_CHARS = 32,      /* 8 of the start's number, 24 random: 96 bits */
};

/* ---- Uploads ---- */
enum {
    /* A chunk that isn't full by then is written as it is, and the upload counts as slow. */
    UPLOAD_FILL_MS = 100,
    /* Declared at least this large: starts with large chunks. */
    UPLOAD_LARGE_BYTES = 256 * 1024,
    /* Space is allocated ahead in such steps where the length is unknown. */
    STORE_ALLOCATE_STEP_BYTES = 64 * 1024 * 1024,
    /* Files smaller than this are not allocated ahead: one write allocates as well. */
    STORE_ALLOCATE_MIN_BYTES = 1024 * 1024,
    /* Writes of one upload under way while it receives the next chunk. */
    STORE_WRITES_MAX = 2,
    /* Where direct I/O can't be had, write-out is begun after so many bytes, so that the last sync
     * is short and the page cache isn't flooded. */
    STORE_WRITE_OUT_BYTES = 8 * 1024 * 1024,
    /* Past this part of all descriptors, slow uploads give theirs back between two writes. */
    STORE_DESCRIPTORS_DIVISOR = 4,
    /* Who finds none waits so long at most, and asks so often. */
    STORE_DESCRIPTOR_WAIT_MS = 10 * 1000,
    STORE_DESCRIPTOR_ASK_MS = 20,
    /* Free space is asked of the filesystem at most so often. */
    STORE_SPACE_AGE_MS = 1000,
    /* Of a small filesystem no more than this part is kept free. */
    STORE_RESERVE_DIVISOR = 20,
    /* Bytes of an upload that somebody follows are made durable so often while they come. */
    STORE_SYNC_MS = 500,
    /* So many of them at a time: thousands of slow uploads must not keep the disk syncing. */
    STORE_SYNCS_MAX = 4,
    /* Names found in one of 256 folders at once; a folder with more is swept in several rounds. */
    STORE_LIST_MAX = 65536,
};

/* ---- Uploads that are resumed ---- */
enum {
    /* Upload-Metadata: names and types; what it holds is sent in one request's head. */
    UPLOAD_METADATA_BYTES_MAX = 4096,
    /* Keys in it; clients send some five, and each is compared with all others. */
    UPLOAD_METADATA_PAIRS_MAX = 64,
    /* Upload-Concat: with the other fields it must fit into one request's head. */
    UPLOAD_CONCAT_BYTES_MAX = 12 * 1024,
    /* Parts of one file; as many as the shortest paths fit into that field. */
    UPLOAD_PARTS_MAX = 512,
    /* Uploads that are known in memory while nobody sends or watches them (their running CRC-32),
     * with the parts of each: of more, those that were idle longest are forgotten and read again
     * when asked for. */
    ARRIVALS_IDLE_MAX = 16384,
    /* A newer connection waits so long for the writes of the older one to end. */
    ARRIVAL_CLAIM_MS = 20 * 1000,
    /* The rate of an upload is measured over steps of this length. */
    ARRIVAL_RATE_STEP_MS = 250,
    /* Uploads whose time is over are looked for so often. */
    SWEEP_UPLOADS_MS = 60 * 1000,
};

/* ---- Progress ---- */
enum {
    /* Messages to one watcher; with many watchers they come less often, so that together they
     * don't take more than a few percent of a worker. */
    PROGRESS_STEP_MS = 100,
    PROGRESS_STEP_OF_WATCHERS = 50, /* so many watchers of a worker share one step */
    /* How the files of a collection stand is asked so often: up to hundreds of look-ups. */
    PROGRESS_COLLECTION_MS = 1000,
    /* A sign of life on a connection that has nothing to tell. */
    PROGRESS_PING_MS = 25 * 1000,
    /* A sender that was silent for so long has a lower rate than was last told. */
    PROGRESS_DOUBT_MS = 2500,
    /* Watchers notice so late at most that the server goes down. */
    PROGRESS_DRAIN_ASK_MS = 100,
    /* Watchers of all uploads together; each holds a fiber and a connection. */
    PROGRESS_WATCHERS_MAX = 8192,
    /* Longest message that a watcher may send; there is nothing to say. */
    WEBSOCKET_MESSAGE_BYTES_MAX = 4096,
    /* How long the other side may take to answer our close. */
    WEBSOCKET_CLOSE_MS = 2000,
};

/* ---- Downloads ---- */
enum {
    /* Clients that are downloading links with a limit, all workers together; of more, those that
     * paused longest ago are forgotten. */
    USES_MAX = 16384,
    /* Look-ups of a link that changes between them, in one request. */
    DOWNLOAD_LOOKUPS_MAX = 8,
    /* A client that broke off may come back for the rest of its use so long. */
    USE_IDLE_MS = 60 * 60 * 1000,
    /* Whoever follows an upload looks at its state again after so many bytes at the latest. */
    FOLLOW_STEP_BYTES = 16 * 1024 * 1024,
    /* While nothing comes, whether the client is still there is asked so often. */
    FOLLOW_ASK_MS = 2 * 1000,
    /* Whether the client has got the last bytes is asked so often. */
    DELIVERY_ASK_MS = 10,
};

/* ---- Catalog ---- */
enum {
    CATALOG_QUEUE_MAX = 65536,
    /* Changes that share one commit, look-ups that share one snapshot. */
    CATALOG_COMMIT_ROWS_MAX = 512,
    CATALOG_WAIT_MS = 30 * 1000,
    /* Pages that a connection to the catalog's file keeps; three of them. */
    CATALOG_PAGES_BYTES = 4 * 1024 * 1024,
    /* Disk space the file has ahead of what is in it; more than one commit adds. */
    CATALOG_GROW_BYTES = 1024 * 1024,
    /* Log written since it was last copied into the file, after which it is copied again. */
    CATALOG_LOG_COPY_BYTES = 4 * 1024 * 1024,
    /* A log of this size makes the next change wait until it is copied and begins anew. */
    CATALOG_LOG_BYTES_MAX = 12 * 1024 * 1024,
    /* Disk space the log owns from the start, so that a full disk can still delete. */
    CATALOG_LOG_ROOM_BYTES = 16 * 1024 * 1024,
    /* No change for so long: a good moment to copy the log. */
    CATALOG_IDLE_MS = 200,
    /* Links forgotten in one go; some ten milliseconds of the writer's time. */
    CATALOG_FORGET_ROWS_MAX = 4096,
    /* Links whose downloads are counted in one change. */
    LINK_COUNTS_MAX = 32,
    /* Links, each with its open object, that a worker keeps at hand. */
    CATALOG_CACHE_ENTRIES = 1024,
    /* A gone link is remembered for 30 days, so that 410 can say why. */
    LINK_GONE_DAYS = 30,
};

/* ---- Background work ---- */
enum {
    /* Each worker gives back what its cache holds in vain, and counts downloads, so often. */
    TEND_MS = 1000,
    /* An open object that nobody read for so long is closed. */
    LINK_IDLE_MS = 60 * 1000,
    /* Links whose downloads a worker counts between two rounds; more are counted at once. */
    TALLIES_MAX = 256,
    /* Links are ended so long after their time at most; until then they aren't served any more. */
    SWEEP_MS = 5000,
    /* Between two questions of the sweep at the start, so that it is in nobody's way. */
    SWEEP_PAUSE_MS = 10,
    /* Names in one such question: far less than a millisecond of the catalog's reader. */
    SWEEP_NAMES = 256,
    /* Removals handed over in one turn of the worker; each may wake a thread. */
    SWEEP_REMOVALS = 16,
    /* Objects whose SHA-256 somebody waits for, a worker; who finds no place asks again. */
    DIGEST_QUEUE_MAX = 64,
    /* The SHA-256 of so much is awaited by the download that asks for it: about 20 ms. */
    DIGEST_NOW_BYTES_MAX = 8 * 1024 * 1024,
    /* Objects that `check` asks the catalog for at once. */
    CHECK_ROWS = 256,
};

/* ---- The client (sluice put) ---- */
enum {
    /* Parts of one file: as many streams as ever make a line faster. */
    PUT_PARTS_MAX = 32,
    /* Parts of a big file, so that several can be sent at once when that is found to be faster. */
    PUT_PARTS_AUTO = 8,
    /* A file is big from here on: below, measuring would take longer than sending. */
    PUT_SPLIT_BYTES_MIN = 256 * 1024 * 1024,
    /* Parts begin at multiples of this, so that the server writes them in whole blocks. */
    PUT_PART_ALIGN_BYTES = 1024 * 1024,
    /* Up to here a file is created and sent in one request; sending it again costs little. */
    PUT_ONCE_BYTES_MAX = 1024 * 1024,
    /* Files at once when nobody says, and at most: each takes a descriptor and a connection. */
    PUT_PARALLEL = 3,
    PUT_PARALLEL_MAX = 32,
    /* An address: a base, and a name of 255 bytes with each percent-encoded. */
    PUT_URL_BYTES_MAX = 2048,
    /* A server's sentence about what was wrong; longer ones are cut. */
    PUT_SENTENCE_BYTES_MAX = 512,
    /* What was read from a pipe and isn't acknowledged yet; half of it goes into one request while
     * the other half is filled. */
    PUT_WINDOW_BYTES = 32 * 1024 * 1024,
    /* A pipe that is silent for so long gets its bytes acknowledged meanwhile. */
    PUT_QUIET_MS = 5000,
    /* libcurl's buffer of a request with a body; its own least one. */
    PUT_BUFFER_BYTES = 512 * 1024,
    PUT_BUFFER_BYTES_MIN = 16 * 1024,
    /* Pauses between attempts: doubled from the first to the longest; what a server may ask for. */
    PUT_RETRY_FIRST_MS = 500,
    PUT_RETRY_LONGEST_MS = 15 * 1000,
    PUT_RETRY_AFTER_MAX_MS = 60 * 60 * 1000,
    /* Beginning anew without one byte stored in between, because the server forgot the upload. */
    PUT_ANEW_MAX = 5,
    /* A connection on which nothing moves for so long is given up and made again. */
    PUT_SILENCE_S = 60,
    PUT_CONNECT_S = 20,
    /* A number of streams is measured so long, after a while that isn't. */
    PUT_MEASURE_MS = 2500,
    PUT_SETTLE_MS = 1000,
    /* Redrawing on a terminal, plain lines elsewhere, and the longest wait in between. */
    PUT_DRAW_MS = 200,
    PUT_PLAIN_MS = 10 * 1000,
    /* Files with a line of their own on a terminal; the others count in the last line. */
    PUT_LINES_MAX = 8,
    /* The record of one upload: its parts' addresses; and the path of a record. */
    PUT_RECORD_BYTES_MAX = 128 * 1024,
    PUT_RECORD_PATH_BYTES_MAX = 512,
    /* Records are kept so long after their upload has expired at the server, because sending makes
     * uploads live longer than was told at first. */
    PUT_RECORD_KEEP_DAYS = 7,
};

static_assert(HTTP_TARGET_BYTES_MAX < HTTP_HEAD_BYTES_MAX, "a head holds its request line");
static_assert(CHUNK_BYTES % DIRECT_ALIGN_BYTES == 0, "a large chunk is written direct");
static_assert(STORE_ALLOCATE_STEP_BYTES % CHUNK_BYTES == 0, "steps end at a chunk's end");
static_assert(CATALOG_LOG_COPY_BYTES < CATALOG_LOG_BYTES_MAX, "copying begins before it must");
static_assert(CATALOG_LOG_BYTES_MAX < CATALOG_LOG_ROOM_BYTES, "the log begins anew in its room");
static_assert(FIBER_STACK_KEEP_BYTES <= FIBER_STACK_BYTES, "kept depth is inside the stack");
