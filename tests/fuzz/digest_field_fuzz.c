/* Digest fields: what is read is written and read the same. */
#include "fuzz.h"

#include "wire/digest_field.h"
#include "wire/structured.h"

/* The strongest is sha-256 only where that can be read by itself. */
static void check_claim(struct slice field, int is_digest, const uint8_t *digest)
{
    struct checksum_claim claim;
    int is_claim = digest_field_claim(field, &claim);
    assert(is_claim <= 1 && (is_claim != 0 || is_digest == 0));
    if (is_claim <= 0)
        return;
    assert(claim.algorithm == CHECKSUM_SHA256 || claim.algorithm == CHECKSUM_SHA512);
    if (claim.algorithm == CHECKSUM_SHA256)
        assert(is_digest == 1 && memcmp(claim.digest, digest, SHA256_BYTES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t digest[SHA256_BYTES], back[SHA256_BYTES], room[64];
    struct slice field = copy_of(slice_from(bytes, len)), rest = field;
    struct structured_member member;
    int got, is_digest = digest_field_read(field, digest);
    size_t members = 0;
    while ((got = structured_next(&rest, &member)) > 0) {
        assert(is_inside(member.key, field) && is_inside(member.words, field));
        members++;
    }
    assert(members <= len && (got == -EINVAL || rest.len == 0));
    assert((got < 0) <= (is_digest < 0));
    (void)digest_field_is_wanted(field);
    check_claim(field, is_digest, digest);
    copy_free(field);
    if (is_digest <= 0)
        return 0;
    struct text text = text_over((struct span){room, sizeof(room)});
    digest_field_put(&text, digest);
    assert(!text.is_full && digest_field_read(text_slice(&text), back) == 1);
    assert(memcmp(digest, back, sizeof(digest)) == 0);
    return 0;
}
