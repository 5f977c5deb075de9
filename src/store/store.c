/* Thin dispatchers to the backend. */
#include "store/store.h"

#include <stdlib.h>

awaits int store_begin(struct store *store, uint64_t size_bytes, struct draft **ret_draft)
{
    return store->ops->begin(store, size_bytes, ret_draft);
}

awaits int store_begin_kept(struct store *store, uint64_t size_bytes, struct draft **ret_draft)
{
    return store->ops->begin_kept(store, size_bytes, ret_draft);
}

awaits int store_resume(struct store *store, const char *name, uint64_t size_bytes,
                        const struct draft_mark *mark, struct draft **ret_draft)
{
    return store->ops->resume(store, name, size_bytes, mark, ret_draft);
}

awaits int store_measure(struct store *store, const char *name, uint64_t *ret_offset,
                         int64_t *ret_written_ms)
{
    return store->ops->measure(store, name, ret_offset, ret_written_ms);
}

awaits int draft_append(struct draft *draft, struct chunk **chunk, size_t len)
{
    assert(len > 0 && len <= (*chunk)->room.len);
    return draft->ops->append(draft, chunk, len);
}

size_t draft_wanted(const struct draft *draft)
{
    return CHUNK_BYTES - (size_t)(draft->received_bytes % DIRECT_ALIGN_BYTES);
}

awaits int draft_sync(struct draft *draft)
{
    return draft->ops->sync(draft);
}

void draft_sync_begin(struct draft *draft)
{
    draft->ops->sync_begin(draft);
}

struct draft_mark draft_mark(const struct draft *draft)
{
    return draft->ops->mark(draft);
}

awaits int draft_rewind(struct draft *draft, const struct draft_mark *mark)
{
    assert(mark->offset <= draft->received_bytes);
    return draft->ops->rewind(draft, mark);
}

awaits int draft_publish(struct draft *draft, struct stored_object *ret_object)
{
    return draft->ops->publish(draft, ret_object);
}

void draft_drop(struct draft *draft)
{
    if (draft != NULL)
        draft->ops->drop(draft);
}

awaits int blob_open(struct store *store, const char *name, struct blob **ret_blob)
{
    return store->ops->open_blob(store, name, ret_blob);
}

struct blob *blob_share(struct blob *blob)
{
    assert(blob->references > 0);
    blob->references++;
    return blob;
}

void blob_drop(struct blob *blob)
{
    if (blob == NULL)
        return;
    assert(blob->references > 0);
    if (--blob->references == 0)
        blob->store->ops->close_blob(blob);
}

void store_remove(struct store *store, const char *name)
{
    store->ops->remove(store, name);
}

awaits int store_list(struct store *store, unsigned folder, struct store_names *ret_names)
{
    assert(folder < store->folders);
    return store->ops->list(store, folder, ret_names);
}

void store_names_drop(struct store_names *names)
{
    free(names->names);
    *names = (struct store_names){0};
}

bool store_is_leftover(struct store *store, const char *name)
{
    return store->ops->is_leftover(store, name);
}

awaits int store_ping(struct store *store)
{
    return store->ops->ping(store);
}

void store_close(struct store *store)
{
    if (store != NULL)
        store->ops->close(store);
}
