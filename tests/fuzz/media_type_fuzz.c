/* Media types and Accept: what is chosen is a type, in lower case, and chosen again. */
#include "fuzz.h"

#include "wire/accept.h"
#include "wire/field.h"
#include "wire/media_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char type[MEDIA_TYPE_BYTES_MAX + 1], again[MEDIA_TYPE_BYTES_MAX + 1];
    struct slice input = copy_of(slice_from(bytes, len));
    assert(accept_preferred(input) <= ACCEPT_HTML);

    size_t half = len / 2;
    size_t type_len = media_type_choose(slice_head(input, half), slice_skip(input, half), type);
    copy_free(input);
    struct slice chosen = slice_of(type);
    assert(chosen.len == type_len && type_len > 0);
    size_t slash = slice_find(chosen, '/');
    assert(field_is_token(slice_head(chosen, slash)));
    assert(field_is_token(slice_skip(chosen, slash + 1)));
    assert(media_type_choose(chosen, SLICE("a.bin"), again) == type_len);
    assert(strcmp(type, again) == 0);
    assert(media_type_to_send(chosen).len > 0);
    assert(!media_type_is_inline_safe(chosen) ||
           slice_has_prefix(media_type_to_send(chosen), chosen));
    return 0;
}
