/* The catalog's calls, handed to the backend that was opened. */
#include "catalog/catalog.h"

#include "base/counters.h"

awaits int catalog_insert(struct catalog *catalog, const struct link_row *row)
{
    assert(row->state == LINK_READY);
    assert(row->link[0] != '\0' && row->object.name[0] != '\0' && !row->is_collection);
    return catalog->ops->insert(catalog, row);
}

awaits int catalog_find(struct catalog *catalog, const char *link, struct link_row *ret_row)
{
    counter_add(COUNTER_catalog_finds_total, 1);
    return catalog->ops->find(catalog, link, ret_row);
}

awaits int catalog_edit(struct catalog *catalog, const char *link, const struct link_edit *edit,
                        struct link_row *ret_row)
{
    return catalog->ops->edit(catalog, link, edit, ret_row);
}

awaits int catalog_remove(struct catalog *catalog, const char *link, struct object_names *ret_gone)
{
    return catalog->ops->remove(catalog, link, ret_gone);
}

awaits int catalog_retire(struct catalog *catalog, const char *link, enum link_state state,
                          struct object_names *ret_gone)
{
    assert(state == LINK_EXPIRED || state == LINK_USED_UP);
    return catalog->ops->retire(catalog, link, state, ret_gone);
}

awaits int catalog_expire(struct catalog *catalog, int64_t now_ms, struct object_names *ret_gone)
{
    return catalog->ops->expire(catalog, now_ms, ret_gone);
}

awaits int catalog_count_downloads(struct catalog *catalog, struct link_count *counts, size_t count)
{
    assert(count > 0 && count <= LINK_COUNTS_MAX);
    return catalog->ops->count_downloads(catalog, counts, count);
}

awaits int catalog_keep_digests(struct catalog *catalog, const char *object, uint32_t crc32,
                                const uint8_t sha256[SHA256_BYTES])
{
    return catalog->ops->keep_digests(catalog, object, crc32, sha256);
}

awaits int catalog_known(struct catalog *catalog, const char (*names)[STORE_NAME_CHARS + 1],
                         size_t count, bool *ret_known)
{
    return catalog->ops->known(catalog, names, count, ret_known);
}

awaits int catalog_list(struct catalog *catalog, const char *after, struct object_row *ret_rows,
                        size_t rows_max, size_t *ret_count)
{
    assert(rows_max > 0);
    return catalog->ops->list(catalog, after, ret_rows, rows_max, ret_count);
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are what an upload begins with */
awaits int catalog_begin_upload(struct catalog *catalog, const struct upload_row *row,
                                const struct link_row *link, const char (*parts)[LINK_CHARS + 1],
                                size_t parts_len, bool *ret_is_complete)
{
    assert(row->upload[0] != '\0' && row->object.name[0] != '\0');
    assert((row->kind == UPLOAD_PART) == (link == NULL));
    assert((row->kind == UPLOAD_JOINED) == (parts_len > 0) && parts_len <= UPLOAD_PARTS_MAX);
    return catalog->ops->begin_upload(catalog, row, link, parts, parts_len, ret_is_complete);
}

awaits int catalog_find_upload(struct catalog *catalog, const char *name,
                               struct upload_row *ret_row)
{
    counter_add(COUNTER_catalog_finds_total, 1);
    return catalog->ops->find_upload(catalog, name, ret_row);
}

awaits int catalog_edit_upload(struct catalog *catalog, const char *upload,
                               const struct upload_edit *edit)
{
    return catalog->ops->edit_upload(catalog, upload, edit);
}

awaits int catalog_finish_upload(struct catalog *catalog, const char *upload,
                                 const struct object_row *object, int64_t now_ms,
                                 struct link_names *ret_ready)
{
    return catalog->ops->finish_upload(catalog, upload, object, now_ms, ret_ready);
}

awaits int catalog_drop_upload(struct catalog *catalog, const char *upload,
                               struct object_names *ret_gone, struct link_names *ret_ended)
{
    return catalog->ops->drop_upload(catalog, upload, ret_gone, ret_ended);
}

awaits int catalog_old_uploads(struct catalog *catalog, int64_t now_ms,
                               struct old_uploads *ret_uploads)
{
    return catalog->ops->old_uploads(catalog, now_ms, ret_uploads);
}

awaits int catalog_forget_upload(struct catalog *catalog, const char *upload,
                                 struct object_names *ret_gone)
{
    return catalog->ops->forget_upload(catalog, upload, ret_gone);
}

/* NOLINTNEXTLINE(readability-function-size): an object, the place in it, and room for the answer */
awaits int catalog_parts(struct catalog *catalog, const char *object, unsigned first,
                         struct object_row *ret_rows, size_t rows_max, size_t *ret_count)
{
    assert(rows_max > 0);
    return catalog->ops->parts(catalog, object, first, ret_rows, rows_max, ret_count);
}

awaits int catalog_collect(struct catalog *catalog, const struct link_row *row,
                           const char (*links)[LINK_CHARS + 1], size_t len)
{
    assert(row->is_collection && row->state == LINK_READY && row->link[0] != '\0');
    assert(len > 0 && len <= COLLECTION_FILES_MAX);
    return catalog->ops->collect(catalog, row, links, len);
}

/* NOLINTNEXTLINE(readability-function-size): a link, the place in it, and room for the answer */
awaits int catalog_entries(struct catalog *catalog, const char *link, unsigned first,
                           struct entry_row *ret_rows, size_t rows_max, size_t *ret_count)
{
    assert(rows_max > 0);
    counter_add(COUNTER_catalog_finds_total, 1);
    return catalog->ops->entries(catalog, link, first, ret_rows, rows_max, ret_count);
}

awaits int catalog_ping(struct catalog *catalog)
{
    return catalog->ops->ping(catalog);
}

void catalog_close(struct catalog *catalog)
{
    if (catalog != NULL)
        catalog->ops->close(catalog);
}
