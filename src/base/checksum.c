/* CRC-32C by ISA-L, everything else by OpenSSL; both pick the processor's own instructions. */
#include "base/checksum.h"

#include "base/digest.h"

#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { CRC32C_BYTES = 4 };

static const struct {
    const char *name;
    size_t bytes;
    const EVP_MD *(*method)(void); /* NULL: of CRC-32C */
} algorithms[CHECKSUM_ALGORITHMS] = {
    [CHECKSUM_SHA1] = {"sha1", 20, EVP_sha1},
    [CHECKSUM_SHA256] = {"sha256", SHA256_BYTES, EVP_sha256},
    [CHECKSUM_SHA512] = {"sha512", 64, EVP_sha512},
    [CHECKSUM_MD5] = {"md5", 16, EVP_md5},
    [CHECKSUM_CRC32C] = {"crc32c", CRC32C_BYTES, NULL},
};

struct checksum {
    enum checksum_algorithm algorithm;
    EVP_MD_CTX *context; /* NULL with CRC-32C */
    uint32_t crc;        /* as ISA-L has it: not inverted at the end */
};

size_t checksum_bytes(enum checksum_algorithm algorithm)
{
    assert(algorithm < CHECKSUM_ALGORITHMS);
    return algorithms[algorithm].bytes;
}

const char *checksum_name(enum checksum_algorithm algorithm)
{
    assert(algorithm < CHECKSUM_ALGORITHMS);
    return algorithms[algorithm].name;
}

struct checksum *checksum_new(enum checksum_algorithm algorithm)
{
    assert(algorithm < CHECKSUM_ALGORITHMS);
    scoped(checksum) checksum = calloc(1, sizeof(*checksum));
    if (checksum == NULL)
        return NULL;
    checksum->algorithm = algorithm;
    checksum->crc = UINT32_MAX;
    if (algorithms[algorithm].method != NULL) {
        checksum->context = EVP_MD_CTX_new();
        if (checksum->context == NULL ||
            EVP_DigestInit_ex(checksum->context, algorithms[algorithm].method(), NULL) != 1)
            return NULL;
    }
    struct checksum *made = checksum;
    checksum = NULL;
    return made;
}

/* ISA-L counts in int and doesn't promise not to write. */
static uint32_t crc32c_add(uint32_t crc, struct slice bytes)
{
    while (bytes.len > 0) {
        size_t len = size_min(bytes.len, INT32_MAX);
        crc = crc32_iscsi((unsigned char *)(uintptr_t)bytes.ptr, (int)len, crc);
        bytes = slice_from(bytes.ptr + len, bytes.len - len);
    }
    return crc;
}

void checksum_add(struct checksum *checksum, struct slice bytes)
{
    if (checksum->context == NULL) {
        checksum->crc = crc32c_add(checksum->crc, bytes);
        return;
    }
    int is_added = EVP_DigestUpdate(checksum->context, bytes.ptr, bytes.len);
    assert(is_added == 1);
    (void)is_added;
}

/* Ends it; `ret_digest` has checksum_bytes(). */
static void checksum_end(struct checksum *checksum, uint8_t ret_digest[CHECKSUM_BYTES_MAX])
{
    if (checksum->context == NULL) {
        uint32_t crc = ~checksum->crc;
        for (size_t i = 0; i < CRC32C_BYTES; i++)
            ret_digest[i] = (uint8_t)(crc >> (24 - 8 * i));
        return;
    }
    unsigned len = 0;
    int is_ended = EVP_DigestFinal_ex(checksum->context, ret_digest, &len);
    assert(is_ended == 1 && len == checksum_bytes(checksum->algorithm));
    (void)is_ended;
}

bool checksum_matches(struct checksum *checksum, const struct checksum_claim *claim)
{
    assert(claim->algorithm == checksum->algorithm);
    uint8_t digest[CHECKSUM_BYTES_MAX];
    checksum_end(checksum, digest);
    return digest_is_equal(digest, claim->digest, checksum_bytes(checksum->algorithm));
}

void checksum_drop(struct checksum *checksum)
{
    if (checksum == NULL)
        return;
    EVP_MD_CTX_free(checksum->context);
    free(checksum);
}
