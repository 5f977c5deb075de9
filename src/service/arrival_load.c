/* Reading an arrival back: its facts from the catalog, how far it got from the store. */
#include "base/arena.h"
#include "base/error.h"
#include "service/arrival.h"

#include <stdlib.h>

static int keep_text(char **place, const char *text)
{
    if (text[0] == '\0')
        return 0;
    size_t len = strlen(text);
    *place = malloc(len + 1);
    if (*place == NULL)
        return -ENOMEM;
    memcpy(*place, text, len + 1);
    return 0;
}

int arrival_keep_facts(struct arrival *arrival, const struct upload_row *row)
{
    memcpy(arrival->upload, row->upload, sizeof arrival->upload);
    memcpy(arrival->link, row->link, sizeof arrival->link);
    memcpy(arrival->object, row->object.name, sizeof arrival->object);
    arrival->kind = row->kind;
    arrival->has_sha256 = row->has_sha256;
    memcpy(arrival->sha256, row->sha256, sizeof arrival->sha256);
    arrival->size_bytes = row->size_bytes;
    arrival->offset_max = row->offset_max;
    atomic_store(&arrival->written_ms, row->created_ms);
    int err = keep_text(&arrival->metadata, row->metadata);
    return err < 0 ? err : keep_text(&arrival->concat, row->concat);
}

int arrival_keep_row(struct arrival *arrival, const struct link_row *row)
{
    arrival->row = malloc(sizeof *row);
    if (arrival->row == NULL)
        return -ENOMEM;
    *arrival->row = *row;
    memcpy(arrival->link, row->link, sizeof arrival->link);
    memcpy(arrival->object, row->object.name, sizeof arrival->object);
    return 0;
}

static void set_ready(struct arrival *arrival, const struct object_row *object)
{
    arrival->state = ARRIVAL_READY;
    arrival->size_bytes = object->size_bytes;
    arrival_set_offset(arrival, object->size_bytes);
}

awaits int arrival_measure(struct arrival *arrival)
{
    uint64_t offset = 0;
    int64_t written_ms = 0;
    int err = store_measure(arrival->service->store, arrival->object, &offset, &written_ms);
    if (err < 0 && err != -ENOENT) /* a power cut may have taken what was never written to */
        return err;
    if (err == 0)
        atomic_store(&arrival->written_ms, written_ms);
    offset = err < 0 ? 0 : u64_min(offset, arrival->offset_max);
    arrival->mark = (struct draft_mark){.offset = offset, .has_crc32 = offset == 0};
    arrival_set_offset(arrival, offset);
    return 0;
}

/* ---- Parts ---- */

/* A part whose upload is complete, and perhaps forgotten. */
static struct arrival *make_ready_part(struct service *service, const struct object_row *object)
{
    struct arrival *arrival = arrival_new(service);
    if (arrival == NULL)
        return NULL;
    memcpy(arrival->object, object->name, sizeof arrival->object);
    arrival->kind = UPLOAD_PART;
    set_ready(arrival, object);
    return arrival;
}

static awaits int load_part(struct service *service, const struct object_row *object,
                            struct arrival **ret_part)
{
    if (object->is_arriving)
        return arrivals_find(service, object->name, ret_part);
    *ret_part = make_ready_part(service, object);
    return *ret_part == NULL ? -ENOMEM : 0;
}

/* The parts of a joined one as they are loaded; what is left here is given back. */
struct part_list {
    size_t len;
    struct arrival *parts[UPLOAD_PARTS_MAX];
};

static awaits int load_list(struct arrival *arrival, struct part_list *list)
{
    struct service *service = arrival->service;
    size_t count;
    do {
        struct object_row rows[8];
        int err = catalog_parts(service->catalog, arrival->object, (unsigned)list->len, rows,
                                ARRAY_LEN(rows), &count);
        for (size_t i = 0; err == 0 && i < count; i++) {
            err = list->len < UPLOAD_PARTS_MAX
                      ? load_part(service, &rows[i], &list->parts[list->len])
                      : fail(-EIO, "a file has more parts than there can be");
            if (err == 0)
                list->len++;
        }
        if (err < 0)
            return err;
    } while (count > 0);
    return 0;
}

awaits int arrival_load_parts(struct arrival *arrival)
{
    struct part_list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return -ENOMEM;
    int err = load_list(arrival, list);
    if (err == 0)
        err = arrival_join(arrival, list->parts, list->len);
    for (size_t i = 0; err < 0 && i < list->len; i++)
        arrival_drop(list->parts[i]);
    free(list);
    return err;
}

/* ---- The whole ---- */

static awaits int load(struct service *service, const struct upload_row *row,
                       struct arrival **ret_arrival)
{
    scoped(arrival) arrival = arrival_new(service);
    if (arrival == NULL)
        return -ENOMEM;
    int err = arrival_keep_facts(arrival, row);
    if (err < 0)
        return err;
    if (row->is_complete)
        set_ready(arrival, &row->object);
    else if (row->kind == UPLOAD_JOINED)
        err = arrival_load_parts(arrival);
    else
        err = arrival_measure(arrival);
    if (err < 0)
        return err;
    /* What is complete doesn't change any more: nobody needs to share it. */
    *ret_arrival = row->is_complete ? arrival : arrivals_settle(arrival);
    arrival = NULL;
    return 0;
}

/* Somebody may have ended the upload while it was read, and couldn't find it listed: then it must
 * not be found from now on. `row` is only room. */
static awaits int confirm(struct service *service, struct upload_row *row, struct arrival **arrival)
{
    if (row->is_complete)
        return 0;
    int err = catalog_find_upload(service->catalog, (*arrival)->upload, row);
    if (err == 0 && !row->is_complete)
        return 0;
    bool is_ended = err == 0 || err == -ENOENT;
    if (is_ended) /* else somebody may be writing it, and must not get a second one beside him */
        arrivals_unlist(*arrival);
    if (err == -ENOENT)
        arrival_settle_state(*arrival, ARRIVAL_DELETED, NULL);
    arrival_drop(*arrival);
    *arrival = NULL;
    return err < 0 ? err : load(service, row, arrival);
}

awaits int arrivals_find(struct service *service, const char *name, struct arrival **ret_arrival)
{
    *ret_arrival = arrivals_known(name);
    if (*ret_arrival != NULL)
        return 0;
    struct upload_row *row = malloc(sizeof *row); /* too large for a stack */
    if (row == NULL)
        return -ENOMEM;
    int err = catalog_find_upload(service->catalog, name, row);
    if (err == 0)
        *ret_arrival = arrivals_known(row->upload); /* asked for by another of its names */
    if (err == 0 && *ret_arrival == NULL) {
        err = load(service, row, ret_arrival);
        if (err == 0)
            err = confirm(service, row, ret_arrival);
    }
    free(row);
    return err;
}

awaits int arrival_open(struct service *service, const struct arrival *arrival,
                        struct blob **ret_blob)
{
    assert(arrival->parts_len == 0);
    return blob_open(service->store, arrival->object, ret_blob);
}
