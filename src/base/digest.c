/* CRC-32 by libdeflate, SHA-256 by OpenSSL; both pick the processor's own instructions. */
#include "base/digest.h"

#include <libdeflate.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* x^8 as a polynomial over GF(2) with the bits mirrored, as CRC-32 has them: x^0 is the top bit. */
#define CRC32_ONE (UINT32_C(1) << 31)
#define CRC32_BYTE (UINT32_C(1) << 23)
#define CRC32_MODULO UINT32_C(0xEDB88320)

struct sha256 {
    EVP_MD_CTX *context;
};

uint32_t crc32_add(uint32_t crc, struct slice bytes)
{
    /* libdeflate takes a null pointer for "begin anew". */
    return bytes.len > 0 ? libdeflate_crc32(crc, bytes.ptr, bytes.len) : crc;
}

/* a · b modulo the polynomial of CRC-32. */
static uint32_t crc32_multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (uint32_t bit = CRC32_ONE; bit != 0; bit >>= 1) {
        if ((a & bit) != 0)
            product ^= b;
        b = (b & 1) != 0 ? b >> 1 ^ CRC32_MODULO : b >> 1;
    }
    return product;
}

uint32_t crc32_join(uint32_t first, uint32_t second, uint64_t second_bytes)
{
    /* B's length in zero bytes after A multiplies A's remainder by x^(8 · length); the inversions
     * before and after, which a CRC-32 has, cancel out in the sum. */
    uint32_t power = CRC32_BYTE, shift = CRC32_ONE;
    for (uint64_t left = second_bytes; left > 0; left >>= 1) {
        if ((left & 1) != 0)
            shift = crc32_multiply(shift, power);
        power = crc32_multiply(power, power);
    }
    return crc32_multiply(shift, first) ^ second;
}

struct sha256 *sha256_new(void)
{
    scoped(sha256) sha = calloc(1, sizeof(*sha));
    if (sha == NULL)
        return NULL;
    sha->context = EVP_MD_CTX_new();
    if (sha->context == NULL || EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL) != 1)
        return NULL;
    struct sha256 *made = sha;
    sha = NULL;
    return made;
}

void sha256_add(struct sha256 *sha, struct slice bytes)
{
    int is_added = EVP_DigestUpdate(sha->context, bytes.ptr, bytes.len);
    assert(is_added == 1);
    (void)is_added;
}

void sha256_end(struct sha256 *sha, uint8_t ret_digest[SHA256_BYTES])
{
    unsigned len = 0;
    int is_ended = EVP_DigestFinal_ex(sha->context, ret_digest, &len);
    assert(is_ended == 1 && len == SHA256_BYTES);
    (void)is_ended;
}

void sha256_drop(struct sha256 *sha)
{
    if (sha == NULL)
        return;
    EVP_MD_CTX_free(sha->context);
    free(sha);
}

int sha256_of(struct slice bytes, uint8_t ret_digest[SHA256_BYTES])
{
    scoped(sha256) sha = sha256_new();
    if (sha == NULL)
        return -ENOMEM;
    sha256_add(sha, bytes);
    sha256_end(sha, ret_digest);
    return 0;
}

bool digest_is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
