/* Digests in header fields: dictionaries of byte sequences, or of weights. */
#include "wire/digest_field.h"

#include "wire/structured.h"

/* RFC 9530 section 4: from 0, not acceptable, to 10, the most preferred. */
enum { WEIGHT_MAX = 10 };

/* Finds `key` in a dictionary; of several the last counts (RFC 9651 section 4.2.2). Returns 1,
 * 0 when there is none, -EINVAL. */
static int find(struct slice field, struct slice key, struct structured_member *ret_member)
{
    struct structured_member member;
    bool is_found = false;
    int got;
    while ((got = structured_next(&field, &member)) > 0) {
        if (!slice_is_equal(member.key, key))
            continue;
        *ret_member = member;
        is_found = true;
    }
    return got < 0 ? got : is_found;
}

/* Reads the digest under `key`, which has to fill `into`. Returns like find(). */
static int find_digest(struct slice field, struct slice key, struct span into)
{
    struct structured_member member;
    int got = find(field, key, &member);
    if (got <= 0)
        return got;
    bool is_digest =
        member.kind == STRUCTURED_BYTES && parse_base64(member.words, into) == (ssize_t)into.len;
    return is_digest ? 1 : -EINVAL;
}

int digest_field_read(struct slice field, uint8_t ret_digest[SHA256_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    int got = find_digest(field, SLICE("sha-256"), (struct span){digest, sizeof(digest)});
    if (got > 0)
        memcpy(ret_digest, digest, sizeof(digest));
    return got;
}

int digest_field_claim(struct slice field, struct checksum_claim *ret_claim)
{
    static const struct {
        const char *key;
        enum checksum_algorithm algorithm;
    } algorithms[] = {{"sha-512", CHECKSUM_SHA512}, {"sha-256", CHECKSUM_SHA256}};
    int got = 0;
    for (size_t i = 0; got == 0 && i < ARRAY_LEN(algorithms); i++) {
        struct checksum_claim claim = {.algorithm = algorithms[i].algorithm};
        struct span into = {claim.digest, checksum_bytes(claim.algorithm)};
        got = find_digest(field, slice_of(algorithms[i].key), into);
        if (got > 0)
            *ret_claim = claim;
    }
    return got;
}

bool digest_field_is_wanted(struct slice field)
{
    struct structured_member member;
    return find(field, SLICE("sha-256"), &member) > 0 && member.kind == STRUCTURED_INTEGER &&
           member.number > 0 && member.number <= WEIGHT_MAX;
}

void digest_field_put(struct text *text, const uint8_t digest[SHA256_BYTES])
{
    text_put(text, SLICE("sha-256=:"));
    text_put_base64(text, slice_from(digest, SHA256_BYTES));
    text_put_byte(text, ':');
}
