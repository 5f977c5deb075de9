/* Ranges: inside the file, apart from one another, and covering what was asked first. */
#include "fuzz.h"

#include "wire/ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint64_t size = 0;
    struct byte_range ranges[HTTP_RANGES_MAX];
    size_t count = 0;
    if (len < 2)
        return 0;
    size_t size_len = bytes[0] % 9U;
    if (len < 1 + size_len)
        return 0;
    memcpy(&size, bytes + 1, size_len);

    struct slice field = copy_of(slice_from(bytes + 1 + size_len, len - 1 - size_len));
    enum ranges_result result = ranges_parse(field, size, ranges, &count);
    copy_free(field);
    if (result != RANGES_SATISFIABLE)
        return 0;
    assert(count >= 1 && count <= HTTP_RANGES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(ranges[i].first <= ranges[i].last && ranges[i].last < size);
        for (size_t j = 0; j < i; j++)
            assert(ranges[i].last + 1 < ranges[j].first || ranges[j].last + 1 < ranges[i].first);
    }
    return 0;
}
