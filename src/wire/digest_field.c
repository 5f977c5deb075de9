/* Digests in header fields: dictionaries of byte sequences, or of weights. */
#include "wire/digest_field.h"

#include "wire/structured.h"

/* RFC 9530 section 4: from 0, not acceptable, to 10, the most preferred. */
enum { WEIGHT_MAX = 10 };

/* Finds sha-256 in a dictionary; of several the last counts (RFC 9651 section 4.2.2). Returns 1,
 * 0 when there is none, -EINVAL. */
static int find_sha256(struct slice field, struct structured_member *ret_member)
{
    struct structured_member member;
    bool is_found = false;
    int got;
    while ((got = structured_next(&field, &member)) > 0) {
        if (!slice_is_equal(member.key, SLICE("sha-256")))
            continue;
        *ret_member = member;
        is_found = true;
    }
    return got < 0 ? got : is_found;
}

int digest_field_read(struct slice field, uint8_t ret_digest[SHA256_BYTES])
{
    struct structured_member member;
    uint8_t digest[SHA256_BYTES];
    int got = find_sha256(field, &member);
    if (got <= 0)
        return got;
    if (member.kind != STRUCTURED_BYTES ||
        parse_base64(member.words, (struct span){digest, sizeof(digest)}) != sizeof(digest))
        return -EINVAL;
    memcpy(ret_digest, digest, sizeof(digest));
    return 1;
}

bool digest_field_is_wanted(struct slice field)
{
    struct structured_member member;
    return find_sha256(field, &member) > 0 && member.kind == STRUCTURED_INTEGER &&
           member.number > 0 && member.number <= WEIGHT_MAX;
}

void digest_field_put(struct text *text, const uint8_t digest[SHA256_BYTES])
{
    text_put(text, SLICE("sha-256=:"));
    text_put_base64(text, slice_from(digest, SHA256_BYTES));
    text_put_byte(text, ':');
}
