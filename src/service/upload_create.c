/* Creating an upload that its sender can come back to: space, then rows, then the answer may tell
 * its name. A crash in between leaves a draft without a row, which the sweeper removes. */
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "service/arrival.h"
#include "service/upload_inside.h"

static void copy_text(char *ret_text, size_t room, struct slice text)
{
    assert(text.len < room);
    if (text.len > 0)
        memcpy(ret_text, text.ptr, text.len);
    ret_text[text.len] = '\0';
}

/* A name for an object that has no bytes of its own. */
static void name_joined(char ret_name[STORE_NAME_CHARS + 1])
{
    uint8_t bytes[STORE_NAME_CHARS / 2];
    random_fill((struct span){bytes, sizeof bytes});
    struct text text = text_over((struct span){(uint8_t *)ret_name, STORE_NAME_CHARS});
    text_put_hex(&text, slice_from(bytes, sizeof bytes));
    ret_name[STORE_NAME_CHARS] = '\0';
}

static struct upload_row *make_row(const struct upload *upload, const struct upload_plan *plan,
                                   const struct receipt *receipt)
{
    struct upload_row *row = arena_alloc(&upload->req->arena, sizeof *row);
    if (row == NULL)
        return NULL;
    random_token(row->upload);
    memcpy(row->link, receipt->row.link, sizeof row->link);
    row->kind = plan->kind;
    row->size_bytes = plan->size_bytes;
    row->offset_max = UINT64_MAX;
    row->created_ms = clock_wall_ms();
    row->expires_ms = row->created_ms + upload->service->upload_life_ms;
    row->has_sha256 = plan->terms.has_sha256;
    memcpy(row->sha256, plan->terms.sha256, sizeof row->sha256);
    copy_text(row->metadata, sizeof row->metadata, plan->metadata);
    copy_text(row->concat, sizeof row->concat, plan->concat);
    if (upload->draft != NULL)
        memcpy(row->object.name, upload->draft->name, sizeof row->object.name);
    else
        name_joined(row->object.name);
    return row;
}

/* Makes the arrival of a new row, and lists it. */
static awaits int make_arrival(struct upload *upload, const struct upload_row *row)
{
    scoped(arrival) arrival = arrival_new(upload->service);
    if (arrival == NULL)
        return -ENOMEM;
    int err = arrival_keep_facts(arrival, row);
    if (err == 0 && row->kind == UPLOAD_JOINED)
        err = arrival_load_parts(arrival);
    if (err < 0)
        return err;
    arrival->wants_sha256 = upload->terms.has_sha256 || upload->terms.wants_sha256;
    arrival->mark.has_crc32 = true;
    arrival_set_offset(arrival, 0);
    upload->arrival = arrival_share(arrival);
    arrivals_list(arrival);
    /* The last part may have come to its end before it could find what is joined from it. */
    enum arrival_state state = arrival_progress(arrival).state;
    if (state != ARRIVAL_ARRIVING && state != ARRIVAL_WAITING)
        arrivals_unlist(arrival);
    return 0;
}

/* Prepares this request to write what was just created. */
static awaits int begin_writing(struct upload *upload)
{
    struct arrival *arrival = upload->arrival;
    int err = arrival_claim(arrival, false, &upload->writer);
    if (err == 0 && arrival->wants_sha256) {
        upload->sha256 = sha256_new();
        err = upload->sha256 == NULL ? -ENOMEM : 0;
    }
    if (err == 0)
        upload_follow_draft(upload);
    return err;
}

static awaits int insert(struct upload *upload, const struct upload_plan *plan,
                         const struct upload_row *row, struct receipt *receipt)
{
    receipt->row.state = LINK_ARRIVING;
    bool is_complete = false;
    const struct link_row *link = plan->kind == UPLOAD_PART ? NULL : &receipt->row;
    int err = catalog_begin_upload(upload->service->catalog, row, link, plan->parts,
                                   plan->parts_len, &is_complete);
    if (err < 0)
        return fail(err, "insert the upload");
    return is_complete ? arrivals_find(upload->service, row->upload, &upload->arrival)
                       : make_arrival(upload, row);
}

/* Takes back what a creation that failed has made. A row that may be there keeps its bytes: the
 * sweeper asks the catalog. */
static void undo(struct upload *upload, int err)
{
    bool is_refused = err == -EEXIST || err == -ENOENT || err == -EINVAL || err == -ENOSPC ||
                      err == -EAGAIN || err == -ENOMEM;
    if (upload->draft == NULL || upload->arrival != NULL)
        return;
    if (is_refused)
        store_remove(upload->service->store, upload->draft->name);
    upload_drop_draft(upload);
}

/* Whether the parts of a joined one are more together than a file may have. */
static awaits int check_parts(const struct upload *upload, const struct upload_plan *plan)
{
    struct service *service = upload->service;
    uint64_t sum = 0;
    for (size_t i = 0; service->size_max > 0 && i < plan->parts_len; i++) {
        scoped(arrival) part = NULL;
        int err = arrivals_find(service, plan->parts[i], &part);
        if (err < 0)
            return err;
        uint64_t size = arrival_progress(part).size_bytes;
        sum += size == BYTES_UNKNOWN ? 0 : size;
        if (sum > service->size_max)
            return -E2BIG;
    }
    return 0;
}

static awaits int create(struct upload *upload, const struct upload_plan *plan,
                         struct receipt *receipt)
{
    int err = upload_admit(upload, plan->size_bytes);
    if (err < 0)
        return err;
    counter_add(COUNTER_uploads_total, 1);
    if (plan->kind == UPLOAD_JOINED)
        err = check_parts(upload, plan);
    else
        err = store_begin_kept(upload->service->store, plan->size_bytes, &upload->draft);
    *receipt = (struct receipt){0};
    if (err == 0 && plan->kind != UPLOAD_PART)
        err = upload_describe(upload, plan->file_name, plan->declared_type, receipt);
    if (err < 0)
        return err;
    struct upload_row *row = make_row(upload, plan, receipt);
    err = row == NULL ? -ENOMEM : insert(upload, plan, row, receipt);
    if (err == 0 && plan->kind != UPLOAD_JOINED)
        err = begin_writing(upload);
    return err;
}

awaits int upload_create(struct upload *ret_upload, struct request *req,
                         const struct upload_plan *plan, struct receipt *ret_receipt)
{
    *ret_upload = (struct upload){.service = service_of(req), .req = req, .terms = plan->terms};
    int err = create(ret_upload, plan, ret_receipt);
    if (err < 0)
        undo(ret_upload, err);
    return err;
}
