/* Bytes that are all there. Parts are opened one after the other as a download comes to them, so
 * that a file of many parts costs no more descriptors than any other. */
#include "service/source.h"

#include "service/follow.h"
#include "wire/answer.h"

void source_close(struct source *source)
{
    blob_drop(source->piece);
    source->piece = NULL;
}

/* The part that the byte at `offset` is in; the first ones for a file without bytes. */
static size_t part_at(const struct link_entry *entry, uint64_t offset)
{
    size_t low = 0, high = entry->row.object.parts - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry->parts[middle].end > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static awaits int open_part(struct source *source, size_t index)
{
    if (source->piece != NULL && source->piece_index == index)
        return 0;
    source_close(source);
    source->piece_index = index;
    source->piece_begin = links_part_begin(source->entry, index);
    return links_open_part(source->service, source->entry, index, &source->piece);
}

awaits int source_open(struct source *source, uint64_t first)
{
    bool is_joined = source->arrival == NULL && source->entry->parts != NULL;
    return is_joined ? open_part(source, part_at(source->entry, first)) : 0;
}

static awaits int send_parts(struct source *source, struct request *req, uint64_t first,
                             uint64_t end)
{
    while (first < end) {
        size_t index = part_at(source->entry, first);
        int err = open_part(source, index);
        if (err < 0) {
            req->stream->is_broken = true; /* the head can't be taken back */
            return err;
        }
        uint64_t stop = u64_min(end, source->entry->parts[index].end);
        err = answer_send_file(req, source->piece->fd, first - source->piece_begin, stop - first);
        if (err < 0)
            return err;
        first = stop;
    }
    return 0;
}

awaits int source_send(struct source *source, struct request *req, uint64_t first, uint64_t length)
{
    if (req->head.method == HTTP_HEAD)
        return 0;
    if (source->arrival != NULL)
        return follow_send(source, req, first, length);
    if (source->entry->parts != NULL)
        return send_parts(source, req, first, first + length);
    return answer_send_file(req, source->entry->blob->fd, first, length);
}
