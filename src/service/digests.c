/* Small pieces only: a digest computed for one client never takes large chunks from transfers, nor
 * holds the worker for longer than a small answer takes.
 *
 * Bytes are only given a digest when their CRC-32 is still the one they were stored with, so that
 * damage is found and never becomes the truth. Those that were stored without one get theirs here.
 */
#include "service/digests.h"

#include "base/error.h"
#include "base/log.h"
#include "runtime/fiber.h"

/* The links whose objects wait, oldest at `first`; each worker has its own. */
static _Thread_local struct {
    bool is_running; /* a fiber is at it */
    size_t first, count;
    char links[DIGEST_QUEUE_MAX][LINK_CHARS + 1];
} queue;

/* Reads some bytes at `offset`. Returns how many. */
static awaits ssize_t read_piece(struct blob *blob, struct chunk *chunk, uint64_t offset)
{
    if (fiber_is_cancelled())
        return -ECANCELED;
    size_t wanted = (size_t)u64_min(chunk->room.len, blob->size_bytes - offset);
    ssize_t got = io_read(blob->fd, (struct span){chunk->room.ptr, wanted}, offset);
    return got == 0 ? fail(-EIO, "an object is shorter than it was when it was opened") : got;
}

/* The digests of what was read so far. */
struct running {
    uint32_t crc32;
    struct sha256 *sha256; /* NULL when not wanted */
};

static awaits int add_blob(struct blob *blob, struct chunk *chunk, struct running *running)
{
    for (uint64_t offset = 0; offset < blob->size_bytes;) {
        ssize_t got = read_piece(blob, chunk, offset);
        if (got < 0)
            return (int)got;
        struct slice piece = slice_from(chunk->room.ptr, (size_t)got);
        running->crc32 = crc32_add(running->crc32, piece);
        if (running->sha256 != NULL)
            sha256_add(running->sha256, piece);
        offset += piece.len;
        fiber_yield();
    }
    return 0;
}

awaits int blob_digest(struct blob *blob, struct chunk *chunk, bool wants_sha256,
                       struct blob_digests *ret_digests)
{
    scoped(sha256) sha256 = wants_sha256 ? sha256_new() : NULL;
    if (wants_sha256 && sha256 == NULL)
        return -ENOMEM;
    struct running running = {.sha256 = sha256};
    int err = add_blob(blob, chunk, &running);
    if (err < 0)
        return err;
    ret_digests->crc32 = running.crc32;
    if (sha256 != NULL)
        sha256_end(sha256, ret_digests->sha256);
    return 0;
}

/* Adds the parts of an object, one open at a time. */
static awaits int add_parts(struct service *service, const struct link_entry *entry,
                            struct chunk *chunk, struct running *running)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < entry->row.object.parts; i++) {
        scoped(blob) blob = NULL;
        err = links_open_part(service, entry, i, &blob);
        if (err == 0)
            err = add_blob(blob, chunk, running);
    }
    return err;
}

/* Reads all bytes of an entry, which is open. */
static awaits int digest_entry(struct service *service, const struct link_entry *entry,
                               struct chunk *chunk, struct blob_digests *ret_digests)
{
    if (entry->row.object.parts == 0) {
        scoped(blob) blob = blob_share(entry->blob);
        return blob_digest(blob, chunk, true, ret_digests);
    }
    scoped(sha256) sha256 = sha256_new();
    if (sha256 == NULL)
        return -ENOMEM;
    struct running running = {.sha256 = sha256};
    int err = add_parts(service, entry, chunk, &running);
    if (err < 0)
        return err;
    ret_digests->crc32 = running.crc32;
    sha256_end(sha256, ret_digests->sha256);
    return 0;
}

/* Computes the digest of an entry's object into the entry. */
static awaits int compute(struct service *service, struct link_entry *entry)
{
    scoped(chunk) chunk = NULL;
    struct blob_digests digests = {0};
    int err = links_open(service, entry);
    if (err == 0)
        err = chunk_take_small(&chunk, worker_now_ms() + CATALOG_WAIT_MS);
    if (err == 0)
        err = digest_entry(service, entry, chunk, &digests);
    if (err < 0)
        return err;
    struct object_row *object = &entry->row.object;
    if (object->has_crc32 && digests.crc32 != object->crc32)
        return fail(-EIO, "the bytes of object %s are not those that were stored", object->name);
    object->crc32 = digests.crc32;
    object->has_crc32 = true;
    memcpy(object->sha256, digests.sha256, SHA256_BYTES);
    object->has_sha256 = true;
    return 0;
}

/* Computes, then keeps. A digest that can't be kept is computed again when it is next asked for. */
static awaits int compute_and_keep(struct service *service, struct link_entry *entry)
{
    if (entry->row.object.has_sha256)
        return 0;
    int err = compute(service, entry);
    if (err < 0)
        return err;
    const struct object_row *object = &entry->row.object;
    err = catalog_keep_digests(service->catalog, object->name, object->crc32, object->sha256);
    links_forget(entry->row.link);
    if (err < 0 && err != -ENOENT && err != -ECANCELED)
        log_event(LOG_WARN, "digest not kept", log_text("reason", slice_of(error_text())),
                  log_text("error", slice_of(strerrorname_np(-err))));
    return 0;
}

awaits int digest_now(struct service *service, struct link_entry *entry)
{
    assert(entry->row.object.size_bytes <= DIGEST_NOW_BYTES_MAX);
    return compute_and_keep(service, entry);
}

static awaits void serve_oldest(struct service *service)
{
    scoped(link_entry) entry = NULL;
    int err = links_find(service, queue.links[queue.first], &entry);
    if (err == 0 && links_state(entry) == LINK_READY)
        err = compute_and_keep(service, entry);
    if (err < 0 && err != -ENOENT && err != -ECANCELED)
        log_event(LOG_ERROR, "digest failed", log_text("reason", slice_of(error_text())),
                  log_text("error", slice_of(strerrorname_np(-err))));
}

static awaits void serve_queue(void *arg)
{
    struct service *service = arg;
    while (queue.count > 0 && !fiber_is_cancelled()) {
        error_clear();
        /* It stays in the queue meanwhile, so that nobody puts it there again. */
        serve_oldest(service);
        queue.first = (queue.first + 1) % DIGEST_QUEUE_MAX;
        queue.count--;
    }
    queue.count = 0;
    queue.is_running = false;
}

static bool is_waiting(const char *link)
{
    for (size_t i = 0; i < queue.count; i++)
        if (strcmp(queue.links[(queue.first + i) % DIGEST_QUEUE_MAX], link) == 0)
            return true;
    return false;
}

void digests_want(struct service *service, const struct link_entry *entry)
{
    const char *link = entry->row.link;
    /* A file of a collection has no link by which it could be found again. */
    if (entry->row.is_collection || entry->row.object.has_sha256 ||
        queue.count == DIGEST_QUEUE_MAX || is_waiting(link))
        return;
    if (!queue.is_running && fiber_spawn("digests", serve_queue, service) < 0)
        return;
    queue.is_running = true;
    memcpy(queue.links[(queue.first + queue.count) % DIGEST_QUEUE_MAX], link, LINK_CHARS + 1);
    queue.count++;
}
