/* The calls about uploads, as fibers make them; see catalog_sqlite.c. */
#include "catalog/catalog_sqlite_internal.h"

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of the catalog's call */
awaits int sqlite_ask_begin_upload(struct catalog *base, const struct upload_row *row,
                                   const struct link_row *link, const char (*parts)[LINK_CHARS + 1],
                                   size_t parts_len, bool *ret_is_complete)
{
    struct begin_upload_request *begin;
    scoped(sqlite_request) request = sqlite_request_new(
        sqlite_run_begin_upload, sizeof(*begin) + parts_len * sizeof(begin->parts[0]));
    if (request == NULL)
        return -ENOMEM;
    begin = container_of(request, struct begin_upload_request, base);
    begin->row = *row;
    /* Of an object that hasn't arrived only the name counts. */
    struct object_row *object = &begin->row.object;
    object->is_arriving = true;
    object->size_bytes = 0;
    object->has_crc32 = object->has_sha256 = false;
    begin->has_link = link != NULL;
    if (begin->has_link) {
        begin->link = *link;
        begin->link.state = LINK_ARRIVING;
    }
    begin->parts_len = parts_len;
    for (size_t i = 0; i < parts_len; i++)
        memcpy(begin->parts[i].upload, parts[i], sizeof(begin->parts[i].upload));
    int err = sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, &request);
    if (err == 0)
        *ret_is_complete = begin->is_complete;
    return err;
}

awaits int sqlite_ask_find_upload(struct catalog *base, const char *name,
                                  struct upload_row *ret_row)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_find_upload, sizeof(struct find_upload_request));
    if (request == NULL)
        return -ENOMEM;
    struct find_upload_request *find = container_of(request, struct find_upload_request, base);
    int err = sqlite_copy_name(find->name, sizeof(find->name), name);
    if (err == 0)
        err = sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
    if (err == 0)
        *ret_row = find->row;
    return err;
}

/* Asks for a change of an upload that is named. */
static awaits int ask_change(struct catalog *base, const char *upload,
                             struct sqlite_request **request)
{
    struct upload_request *change = container_of(*request, struct upload_request, base);
    int err = sqlite_copy_name(change->upload, sizeof(change->upload), upload);
    return err < 0 ? err : sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, request);
}

awaits int sqlite_ask_edit_upload(struct catalog *base, const char *upload,
                                  const struct upload_edit *edit)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_edit_upload, sizeof(struct upload_request));
    if (request == NULL)
        return -ENOMEM;
    container_of(request, struct upload_request, base)->edit = *edit;
    return ask_change(base, upload, &request);
}

awaits int sqlite_ask_finish_upload(struct catalog *base, const char *upload,
                                    const struct object_row *object, int64_t now_ms,
                                    struct link_names *ret_ready)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_finish_upload, sizeof(struct upload_request));
    if (request == NULL)
        return -ENOMEM;
    struct upload_request *finish = container_of(request, struct upload_request, base);
    finish->object = *object;
    finish->now_ms = now_ms;
    int err = ask_change(base, upload, &request);
    if (err == 0)
        *ret_ready = finish->links;
    return err;
}

awaits int sqlite_ask_drop_upload(struct catalog *base, const char *upload,
                                  struct object_names *ret_gone, struct link_names *ret_ended)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_drop_upload, sizeof(struct upload_request));
    if (request == NULL)
        return -ENOMEM;
    struct upload_request *drop = container_of(request, struct upload_request, base);
    int err = ask_change(base, upload, &request);
    if (err == 0) {
        *ret_gone = drop->gone;
        *ret_ended = drop->links;
    }
    return err;
}

awaits int sqlite_ask_forget_upload(struct catalog *base, const char *upload,
                                    struct object_names *ret_gone)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_forget_upload, sizeof(struct upload_request));
    if (request == NULL)
        return -ENOMEM;
    struct upload_request *forget = container_of(request, struct upload_request, base);
    int err = ask_change(base, upload, &request);
    if (err == 0)
        *ret_gone = forget->gone;
    return err;
}

awaits int sqlite_ask_old_uploads(struct catalog *base, int64_t now_ms,
                                  struct old_uploads *ret_uploads)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_old_uploads, sizeof(struct old_uploads_request));
    if (request == NULL)
        return -ENOMEM;
    struct old_uploads_request *old = container_of(request, struct old_uploads_request, base);
    old->now_ms = now_ms;
    int err = sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
    if (err == 0)
        *ret_uploads = old->uploads;
    return err;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of the catalog's call */
awaits int sqlite_ask_parts(struct catalog *base, const char *object, unsigned first,
                            struct object_row *ret_rows, size_t rows_max, size_t *ret_count)
{
    struct parts_request *parts;
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_parts, sizeof(*parts) + rows_max * sizeof(parts->rows[0]));
    if (request == NULL)
        return -ENOMEM;
    parts = container_of(request, struct parts_request, base);
    parts->first = first;
    parts->rows_max = rows_max;
    int err = sqlite_copy_name(parts->object, sizeof(parts->object), object);
    if (err == 0)
        err = sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
    if (err < 0)
        return err;
    memcpy(ret_rows, parts->rows, parts->count * sizeof(parts->rows[0]));
    *ret_count = parts->count;
    return 0;
}
