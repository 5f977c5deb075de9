/* Writes of a draft that are under way while it receives more. Each owns its chunk and keeps the
 * draft alive: a draft that was dropped meanwhile ends with the last of them. */
#include "store/disk_draft.h"

#include "runtime/fiber.h"

#include <fcntl.h>
#include <stdlib.h>

/* Somebody may wait for the end of a write; a dropped draft waits for all of them to end. */
static void one_ended(struct disk_draft *draft)
{
    assert(draft->writing > 0);
    draft->writing--;
    if (draft->waiter != NULL)
        fiber_wake(draft->waiter);
    else if (draft->is_dropped && draft->writing == 0)
        disk_draft_close(draft);
}

static void write_done(struct io_op *op)
{
    struct disk_write *write = container_of(op, struct disk_write, op);
    struct disk_draft *draft = write->draft;
    size_t written = op->result > 0 ? (size_t)op->result : 0;
    if (op->result > 0 && written < op->length) {
        /* Cut short: go on from the last whole block. A full disk then says so. */
        size_t whole = draft->is_direct ? written - written % DIRECT_ALIGN_BYTES : written;
        if (whole > 0 && !draft->is_dropped) {
            op->buffer = (uint8_t *)op->buffer + whole;
            op->length -= whole;
            op->offset += whole;
            io_start(op);
            return;
        }
        op->result = -ENOSPC;
    }
    if (op->result <= 0 && draft->err == 0)
        draft->err = op->result < 0 ? (int)op->result : -EIO;
    chunk_drop(write->chunk);
    write->chunk = NULL;
    disk_write_advance(draft);
    one_ended(draft);
}

awaits int disk_write_wait(struct disk_draft *draft, unsigned most)
{
    draft->waiter = fiber_self();
    while (draft->writing - draft->is_syncing > most)
        fiber_park_deaf();
    draft->waiter = NULL;
    return draft->err;
}

awaits int disk_write_settle(struct disk_draft *draft)
{
    draft->waiter = fiber_self();
    while (draft->writing > 0)
        fiber_park_deaf();
    draft->waiter = NULL;
    return draft->err;
}

static struct disk_write *free_write(struct disk_draft *draft)
{
    if (draft->writes == NULL)
        draft->writes = calloc(STORE_WRITES_MAX, sizeof *draft->writes);
    for (size_t i = 0; draft->writes != NULL && i < STORE_WRITES_MAX; i++)
        if (!draft->writes[i].op.is_under_way && draft->writes[i].chunk == NULL)
            return &draft->writes[i];
    return NULL;
}

int disk_write_start(struct disk_draft *draft, struct chunk **chunk, size_t len)
{
    struct disk_write *write = free_write(draft);
    if (write == NULL)
        return -ENOMEM;
    *write = (struct disk_write){
        .op = {.kind = IO_WRITE,
               .fd = draft->fd,
               .buffer = (*chunk)->room.ptr,
               .length = len,
               .offset = draft->base.received_bytes,
               .done = write_done},
        .draft = draft,
        .chunk = *chunk,
        .begin = draft->base.received_bytes,
    };
    *chunk = NULL;
    draft->writing++;
    io_start(&write->op);
    return 0;
}

/* ---- In the background ---- */

static void sync_done(struct io_op *op)
{
    struct disk_draft *draft = container_of(op, struct disk_draft, sync);
    if (op->result == 0 && !draft->is_name_durable && op->kind == IO_FDATASYNC) {
        *op = (struct io_op){.kind = IO_FSYNC, .fd = disk_draft_folder(draft), .done = sync_done};
        io_start(op);
        return;
    }
    draft->is_syncing = false;
    atomic_fetch_sub(&draft->store->syncing, 1);
    if (op->result < 0) {
        if (draft->err == 0)
            draft->err = (int)op->result;
    } else {
        draft->is_name_durable = true;
        if (draft->syncing_bytes > draft->base.durable_bytes) {
            draft->base.durable_bytes = draft->syncing_bytes;
            if (draft->base.advanced != NULL && !draft->is_dropped)
                draft->base.advanced(&draft->base);
        }
    }
    one_ended(draft);
}

void disk_write_sync(struct draft *base)
{
    struct disk_draft *draft = container_of(base, struct disk_draft, base);
    bool is_due = worker_now_ms() - draft->sync_began_ms >= STORE_SYNC_MS;
    if (!is_due || draft->is_syncing || draft->fd < 0 || draft->err < 0 ||
        base->durable_bytes == base->written_bytes)
        return;
    if (atomic_fetch_add(&draft->store->syncing, 1) >= STORE_SYNCS_MAX) {
        atomic_fetch_sub(&draft->store->syncing, 1);
        return;
    }
    draft->sync_began_ms = worker_now_ms();
    draft->syncing_bytes = draft->base.written_bytes;
    draft->is_syncing = true;
    draft->writing++;
    draft->sync = (struct io_op){.kind = IO_FDATASYNC, .fd = draft->fd, .done = sync_done};
    io_start(&draft->sync);
}

void disk_write_advance(struct disk_draft *draft)
{
    if (draft->err < 0 || draft->is_dropped)
        return;
    uint64_t front = draft->base.received_bytes;
    for (size_t i = 0; draft->writes != NULL && i < STORE_WRITES_MAX; i++)
        if (draft->writes[i].chunk != NULL)
            front = u64_min(front, draft->writes[i].begin);
    if (front <= draft->base.written_bytes)
        return;
    draft->base.written_bytes = front;
    if (draft->base.advanced != NULL) {
        draft->base.advanced(&draft->base);
        disk_write_sync(&draft->base);
    }
}

static void write_out_done(struct io_op *op)
{
    struct disk_draft *draft = container_of(op, struct disk_draft, write_out);
    draft->is_writing_out = false;
    one_ended(draft);
}

void disk_write_out(struct disk_draft *draft)
{
    uint64_t begin = draft->written_out_bytes;
    uint64_t bytes = draft->base.received_bytes - begin;
    if (draft->fd < 0 || draft->is_direct || draft->is_writing_out || bytes < STORE_WRITE_OUT_BYTES)
        return;
    draft->written_out_bytes = draft->base.received_bytes;
    draft->is_writing_out = true;
    draft->writing++;
    draft->write_out = (struct io_op){.kind = IO_SYNC_RANGE,
                                      .fd = draft->fd,
                                      .offset = begin,
                                      .length = bytes,
                                      .flags = SYNC_FILE_RANGE_WRITE,
                                      .done = write_out_done};
    io_start(&draft->write_out);
}
