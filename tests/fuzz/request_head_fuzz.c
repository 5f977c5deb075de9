/* Request heads: the verdict doesn't depend on where the input is cut, and what is found lies in
 * the input. */
#include "fuzz.h"

#include "wire/authority.h"

static void check_head(const struct http_head *head, struct slice bytes)
{
    assert(head->method < HTTP_METHODS && head->headers_len <= HTTP_HEADERS_MAX);
    assert(is_inside(head->path, bytes) && is_inside(head->query, bytes));
    assert(is_inside(head->authority, bytes));
    assert(head->path.len > 0 && head->path.len + head->query.len <= HTTP_TARGET_BYTES_MAX);
    assert(head->is_asterisk || head->path.ptr[0] == '/');
    assert(head->authority.len == 0 || authority_is_valid(head->authority));
    assert(head->has_host || head->version_minor == 0);
    assert(head->version_minor <= 9);
    for (size_t i = 0; i < head->headers_len; i++) {
        assert(is_inside(head->headers[i].name, bytes) && head->headers[i].name.len > 0);
        assert(is_inside(head->headers[i].value, bytes) && head->headers[i].value.ptr != NULL);
        assert(slice_find(head->headers[i].value, '\r') == head->headers[i].value.len);
        assert(slice_find(head->headers[i].value, '\n') == head->headers[i].value.len);
    }
    size_t lengths = http_header_count(head, SLICE("content-length"));
    size_t codings = http_header_count(head, SLICE("transfer-encoding"));
    assert(lengths + codings <= 1);
    assert((head->framing == BODY_LENGTH) == (lengths == 1));
    assert((head->framing == BODY_CHUNKED) == (codings == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct http_head head, again;
    struct parse_refusal refusal = {0}, refusal_again = {0};
    size_t head_len = 0, len_again = 0;
    if (len == 0)
        return 0;
    struct slice input = slice_from(bytes + 1, len - 1);
    size_t cut = input.len * bytes[0] / 256;
    enum parse_result whole = http1_parse_head(input, &head, &head_len, &refusal);

    struct slice piece = copy_of(slice_head(input, cut));
    enum parse_result part = http1_parse_head(piece, &again, &len_again, &refusal_again);
    assert(part == PARSE_MORE || part == whole);
    if (part == PARSE_DONE)
        assert(len_again == head_len && head_len <= cut);
    if (part == PARSE_REFUSED)
        assert(refusal_again.status == refusal.status);
    copy_free(piece);

    if (whole == PARSE_MORE)
        assert(input.len < HTTP_HEAD_BYTES_MAX);
    if (whole == PARSE_REFUSED)
        assert(refusal.status >= 400 && refusal.status <= 505 && refusal.reason != NULL);
    if (whole != PARSE_DONE)
        return 0;
    assert(head_len <= input.len && head_len <= HTTP_HEAD_BYTES_MAX);
    check_head(&head, input);
    assert(http1_parse_head(slice_head(input, head_len), &again, &len_again, &refusal) ==
           PARSE_DONE);
    assert(http1_parse_head(slice_head(input, head_len - 1), &again, &len_again, &refusal) ==
           PARSE_MORE);
    return 0;
}
