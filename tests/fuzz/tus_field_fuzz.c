/* The fields of tus: what is accepted can be found, told again and read the same. */
#include "fuzz.h"

#include "wire/field.h"
#include "wire/tus_field.h"

/* A field that passed the check: the value of each key is found under it, and it can stand in an
 * answer. */
static void walk_metadata(struct slice field)
{
    static uint8_t room[1 << 16];
    struct slice rest = field, element;
    size_t pairs = 0;
    assert(field_is_value(field));
    while (slice_next(&rest, ',', &element)) {
        struct slice key = slice_head(element, slice_find(element, ' '));
        struct span into = {room, sizeof(room)};
        ssize_t len = tus_metadata_find(field, &key, 1, into);
        assert(key.len > 0 && len >= 0 && (size_t)len <= field.len);
        /* Exactly as much room as it needs is enough; less is not. */
        assert(tus_metadata_find(field, &key, 1, (struct span){room, (size_t)len}) == len);
        if (len > 0)
            assert(tus_metadata_find(field, &key, 1, (struct span){room, (size_t)len - 1}) ==
                   -ENOSPC);
        pairs++;
    }
    assert(pairs <= UPLOAD_METADATA_PAIRS_MAX);
}

static void walk_concat(struct slice field)
{
    enum tus_concat concat = TUS_CONCAT_NONE;
    struct slice urls = SLICE_NONE, url;
    size_t count = 0;
    if (tus_concat_read(field, &concat, &urls) < 0)
        return;
    assert(is_inside(urls, field));
    while (tus_concat_next(&urls, &url)) {
        assert(url.len > 0 && is_inside(url, field) && slice_find(url, ' ') == url.len);
        count++;
    }
    assert((count > 0) == (concat == TUS_CONCAT_FINAL) && count <= field.len);
}

static void walk_checksum(struct slice field)
{
    uint8_t room[128];
    struct checksum_claim claim, back;
    int err = tus_checksum_read(field, &claim);
    assert(err == 0 || err == -EINVAL || err == -ENOTSUP);
    if (err < 0)
        return;
    struct text text = text_over((struct span){room, sizeof(room)});
    text_format(&text, "%s ", checksum_name(claim.algorithm));
    text_put_base64(&text, slice_from(claim.digest, checksum_bytes(claim.algorithm)));
    assert(!text.is_full && slice_is_equal(text_slice(&text), field));
    assert(tus_checksum_read(text_slice(&text), &back) == 0);
    assert(back.algorithm == claim.algorithm);
    assert(memcmp(back.digest, claim.digest, sizeof(claim.digest)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice field = copy_of(slice_from(bytes, size_min(len, HTTP_HEAD_BYTES_MAX)));
    uint8_t room[8];
    struct slice key = SLICE("filename");
    ssize_t found = tus_metadata_find(field, &key, 1, (struct span){room, sizeof(room)});
    assert(found <= (ssize_t)sizeof(room));
    if (tus_metadata_check(field) == 0)
        walk_metadata(field);
    walk_concat(field);
    walk_checksum(field);
    copy_free(field);
    return 0;
}
