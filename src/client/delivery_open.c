/* How a delivery begins: the file, its name, its record, its parts. */
#include "client/delivery.h"

#include "base/buffer.h"
#include "base/error.h"
#include "client/file_title.h"

#include <stdlib.h>

static void set_title(struct delivery *delivery)
{
    const char *name = delivery->office->options->name;
    bool is_input = strcmp(delivery->path, "-") == 0;
    struct text title = text_over((struct span){(uint8_t *)delivery->title, FILE_NAME_BYTES_MAX});
    file_title_put(&title, name != NULL ? name : is_input ? "standard input" : delivery->path);
    delivery->sending.title = name != NULL ? name : is_input ? "" : delivery->title;
}

/* What makes two calls mean the same upload. */
static int put_identity(const struct delivery *delivery, struct buffer *into)
{
    const struct put_options *options = delivery->office->options;
    const struct stat *file = &delivery->sending.input.begun;
    struct text text;
    char *path = realpath(delivery->path, NULL);
    if (path == NULL)
        return -errno;
    const char *const facts[] = {delivery->office->creation_url, path, options->expires,
                                 options->max_downloads, options->name};
    int err = buffer_room(into, into->len_max, &text);
    for (size_t i = 0; err == 0 && i < ARRAY_LEN(facts); i++) {
        text_put(&text, slice_of(facts[i] != NULL ? facts[i] : ""));
        text_put_byte(&text, 0);
    }
    if (err == 0) {
        text_format(&text, "%jd %jd.%09ld", (intmax_t)file->st_size, (intmax_t)file->st_mtim.tv_sec,
                    file->st_mtim.tv_nsec);
        buffer_added(into, &text);
        err = text.is_full ? -ENAMETOOLONG : 0;
    }
    free(path);
    return err;
}

/* Finds the record of an earlier call. Returns 0, with or without one; -EBUSY. */
static int find_record(struct delivery *delivery)
{
    enum { IDENTITY_BYTES_MAX = 32 * 1024 };
    const struct office *office = delivery->office;
    const struct input *input = &delivery->sending.input;
    struct buffer identity = BUFFER_EMPTY(IDENTITY_BYTES_MAX);
    if (input->is_pipe || input_bytes(input) <= PUT_ONCE_BYTES_MAX || office->record_folder[0] == 0)
        return 0;
    int err = put_identity(delivery, &identity);
    if (err == 0)
        err = record_file_open(&delivery->record_file, office->record_folder,
                               buffer_slice(&identity), delivery->path);
    buffer_clear(&identity);
    if (err == -EBUSY)
        return err;
    if (err < 0)
        display_complain(&delivery->office->display,
                         "%s: it can't be resumed when this command is killed: %s", delivery->title,
                         strerrordesc_np(-err));
    else if (record_file_load(&delivery->record_file, &delivery->sending.record) == 0)
        delivery->is_resumed = delivery->sending.record.size_bytes == input_bytes(input);
    return 0;
}

static uint64_t parts_wanted(const struct delivery *delivery)
{
    const struct input *input = &delivery->sending.input;
    uint64_t asked = delivery->office->options->parts;
    if (input->is_pipe)
        return 1;
    if (asked > 0)
        return asked;
    return input_bytes(input) >= PUT_SPLIT_BYTES_MIN ? PUT_PARTS_AUTO : 1;
}

static struct transfer *add_transfer(struct delivery *delivery, size_t index, char *url)
{
    struct transfer *transfer = &delivery->transfers[index];
    transfer->owner = delivery;
    transfer->sending = &delivery->sending;
    transfer->url = url;
    transfer->len = input_bytes(&delivery->sending.input);
    transfer->exchange.multi = delivery->office->multi;
    transfer->state = delivery->is_resumed ? TRANSFER_UNSURE : TRANSFER_NEW;
    return transfer;
}

static void set_transfers(struct delivery *delivery)
{
    struct record *record = &delivery->sending.record;
    if (!delivery->is_resumed)
        record_split(record, input_bytes(&delivery->sending.input), parts_wanted(delivery));
    delivery->parts_len = record->parts_len;
    for (size_t i = 0; i < record->parts_len; i++) {
        struct transfer *part = add_transfer(delivery, i, record->parts[i].url);
        part->kind = TRANSFER_PART;
        part->begin = record->parts[i].offset;
        part->len = record->parts[i].len;
    }
    delivery->main = add_transfer(delivery, record->parts_len, record->upload);
    delivery->main->kind = record->parts_len > 0 ? TRANSFER_JOINED : TRANSFER_WHOLE;
}

int delivery_open(struct office *office, const char *path, struct delivery **ret_delivery)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (delivery == NULL)
        return -ENOMEM;
    delivery->office = office;
    delivery->path = path;
    delivery->sending.options = office->options;
    delivery->sending.creation_url = office->creation_url;
    delivery->sending.input.fd = delivery->record_file.lock_fd = -1;
    set_title(delivery);
    int err = input_open(&delivery->sending.input, path);
    if (err < 0) {
        display_complain(&office->display, "%s: %s", delivery->title, error_text());
    } else {
        err = find_record(delivery);
        if (err < 0)
            display_complain(&office->display, "%s: another sluice put is sending this file",
                             delivery->title);
    }
    if (err < 0)
        delivery->state = DELIVERY_FAILED;
    set_transfers(delivery);
    *ret_delivery = delivery;
    return 0;
}

void delivery_drop(struct delivery *delivery)
{
    if (delivery == NULL)
        return;
    for (size_t i = 0; i <= delivery->parts_len; i++)
        exchange_close(&delivery->transfers[i].exchange);
    input_close(&delivery->sending.input);
    record_file_close(&delivery->record_file);
    free(delivery);
}
