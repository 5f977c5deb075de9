/* The header fields of tus 1.0.0; see tus_field.h. Whoever sends one is read strictly, but for
 * white space around commas, which clients do send. */
#include "wire/tus_field.h"

#include "base/text.h"
#include "limits.h"

/* One pair of Upload-Metadata; `value` is base64 and may be empty. */
struct metadata_pair {
    struct slice key, value;
};

/* Cuts the next pair off; false at the end. The space belongs to neither. */
static bool next_pair(struct slice *rest, struct metadata_pair *ret_pair)
{
    struct slice element;
    if (!slice_next(rest, ',', &element))
        return false;
    size_t key_len = slice_find(element, ' ');
    ret_pair->key = slice_head(element, key_len);
    ret_pair->value = slice_skip(element, key_len + 1);
    return true;
}

/* Of a key that was cut at a space and between commas: not empty, and nothing in it that could not
 * be told again in a header field. */
static bool is_key(struct slice key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] == 0x7f)
            return false;
    return key.len > 0;
}

/* Without room nothing is decoded: -ENOSPC then says that all of it could be. */
static bool is_base64(struct slice words)
{
    return parse_base64(words, (struct span){NULL, 0}) != -EINVAL;
}

static bool has_key(struct slice rest, struct slice key)
{
    struct metadata_pair pair;
    while (next_pair(&rest, &pair))
        if (slice_is_equal(pair.key, key))
            return true;
    return false;
}

int tus_metadata_check(struct slice field)
{
    struct slice rest = field;
    struct metadata_pair pair;
    size_t pairs = 0;
    /* slice_next() sees nothing behind a comma at the very end. */
    if (field.len > 0 && field.ptr[field.len - 1] == ',')
        return -EINVAL;
    while (next_pair(&rest, &pair)) {
        if (++pairs > UPLOAD_METADATA_PAIRS_MAX)
            return -EINVAL;
        if (!is_key(pair.key) || !is_base64(pair.value) || has_key(rest, pair.key))
            return -EINVAL;
    }
    return 0;
}

ssize_t tus_metadata_find(struct slice field, const struct slice *keys, size_t keys_len,
                          struct span into)
{
    for (size_t i = 0; i < keys_len; i++) {
        struct slice rest = field;
        struct metadata_pair pair;
        while (next_pair(&rest, &pair))
            if (slice_is_same_word(pair.key, keys[i]))
                return parse_base64(pair.value, into);
    }
    return -ENOENT;
}

ssize_t tus_metadata_find_name(struct slice field, struct span into)
{
    static const struct slice keys[] = {{(const uint8_t *)"filename", 8},
                                        {(const uint8_t *)"name", 4}};
    return tus_metadata_find(field, keys, ARRAY_LEN(keys), into);
}

int tus_concat_read(struct slice field, enum tus_concat *ret_concat, struct slice *ret_urls)
{
    static const struct slice final = {(const uint8_t *)"final;", 6};
    if (field.ptr == NULL) {
        *ret_concat = TUS_CONCAT_NONE;
        return 0;
    }
    if (slice_is_equal(field, SLICE("partial"))) {
        *ret_concat = TUS_CONCAT_PARTIAL;
        return 0;
    }
    if (!slice_has_prefix(field, final))
        return -EINVAL;
    struct slice urls = slice_skip(field, final.len), rest = urls, url;
    if (!tus_concat_next(&rest, &url))
        return -EINVAL;
    *ret_concat = TUS_CONCAT_FINAL;
    *ret_urls = urls;
    return 0;
}

bool tus_concat_next(struct slice *urls, struct slice *ret_url)
{
    struct slice url;
    while (slice_next(urls, ' ', &url)) {
        if (url.len == 0)
            continue;
        *ret_url = url;
        return true;
    }
    return false;
}

int tus_checksum_read(struct slice field, struct checksum_claim *ret_claim)
{
    size_t name_len = slice_find(field, ' ');
    struct slice name = slice_head(field, name_len), words = slice_skip(field, name_len + 1);
    if (name.len == 0 || words.len == 0)
        return -EINVAL;
    struct checksum_claim claim = {.algorithm = CHECKSUM_SHA1};
    while (!slice_is_equal(name, slice_of(checksum_name(claim.algorithm))))
        if (++claim.algorithm == CHECKSUM_ALGORITHMS)
            return -ENOTSUP;
    ssize_t len = parse_base64(words, (struct span){claim.digest, sizeof(claim.digest)});
    if (len < 0 || (size_t)len != checksum_bytes(claim.algorithm))
        return -EINVAL;
    *ret_claim = claim;
    return 0;
}
