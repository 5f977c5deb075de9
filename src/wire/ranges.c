/* Which bytes of a file a Range field asks for. */
#include "wire/ranges.h"

#include "base/text.h"

/* What one element of the list comes to. */
enum spec { SPEC_MALFORMED, SPEC_OUTSIDE, SPEC_INSIDE, SPEC_WHOLE_OF_NOTHING };

/* A position may have more digits than a number can hold; it then lies behind every file. */
static bool read_position(struct slice digits, uint64_t *ret_position)
{
    int err = parse_u64(digits, ret_position);
    if (err == -ERANGE)
        *ret_position = UINT64_MAX;
    return err == 0 || err == -ERANGE;
}

static enum spec read_suffix(struct slice digits, uint64_t size, struct byte_range *ret_range)
{
    uint64_t length;
    if (!read_position(digits, &length))
        return SPEC_MALFORMED;
    if (length == 0)
        return SPEC_OUTSIDE;
    if (size == 0)
        return SPEC_WHOLE_OF_NOTHING;
    *ret_range = (struct byte_range){size - u64_min(length, size), size - 1};
    return SPEC_INSIDE;
}

static enum spec read_spec(struct slice element, uint64_t size, struct byte_range *ret_range)
{
    size_t dash = slice_find(element, '-');
    if (dash == element.len)
        return SPEC_MALFORMED;
    struct slice first_digits = slice_head(element, dash);
    struct slice last_digits = slice_skip(element, dash + 1);
    if (first_digits.len == 0)
        return read_suffix(last_digits, size, ret_range);

    struct byte_range range = {0, UINT64_MAX};
    if (!read_position(first_digits, &range.first))
        return SPEC_MALFORMED;
    if (last_digits.len > 0 && !read_position(last_digits, &range.last))
        return SPEC_MALFORMED;
    if (range.last < range.first)
        return SPEC_MALFORMED;
    if (range.first >= size)
        return SPEC_OUTSIDE;
    range.last = u64_min(range.last, size - 1);
    *ret_range = range;
    return SPEC_INSIDE;
}

static bool do_touch(const struct byte_range *a, const struct byte_range *b)
{
    /* No overflow: a range ends before the file's size, which is at most UINT64_MAX. */
    return a->first <= b->last + 1 && b->first <= a->last + 1;
}

/* Adds a range, and joins all that it touches at the earliest's place. A joined range has grown
 * and may touch others that neither did before, so it goes round until none is left. */
static void add_range(struct byte_range *ranges, size_t *count, struct byte_range range)
{
    size_t place = *count;
    for (size_t i = 0; i < *count;) {
        if (!do_touch(&ranges[i], &range)) {
            i++;
            continue;
        }
        range.first = u64_min(range.first, ranges[i].first);
        range.last = range.last > ranges[i].last ? range.last : ranges[i].last;
        place = size_min(place, i);
        memmove(&ranges[i], &ranges[i + 1], (*count - i - 1) * sizeof(*ranges));
        (*count)--;
        i = 0;
    }
    place = size_min(place, *count);
    memmove(&ranges[place + 1], &ranges[place], (*count - place) * sizeof(*ranges));
    ranges[place] = range;
    (*count)++;
}

enum ranges_result ranges_parse(struct slice field, uint64_t size,
                                struct byte_range ret_ranges[HTTP_RANGES_MAX], size_t *ret_count)
{
    struct slice rest = slice_trim(field), element;
    struct slice unit = slice_head(rest, slice_find(rest, '='));
    if (unit.len == rest.len || !slice_is_same_word(unit, SLICE("bytes")))
        return RANGES_IGNORED;

    rest = slice_skip(rest, unit.len + 1);
    size_t count = 0, asked = 0;
    bool is_whole = false;
    while (slice_next(&rest, ',', &element)) {
        if (element.len == 0)
            continue; /* RFC 9110 section 5.6.1.2: a list may have empty elements */
        if (++asked > HTTP_RANGES_MAX)
            return RANGES_IGNORED;
        struct byte_range range;
        enum spec spec = read_spec(element, size, &range);
        if (spec == SPEC_MALFORMED)
            return RANGES_IGNORED;
        is_whole |= spec == SPEC_WHOLE_OF_NOTHING;
        if (spec == SPEC_INSIDE)
            add_range(ret_ranges, &count, range);
    }
    if (asked == 0 || is_whole)
        return RANGES_IGNORED;
    *ret_count = count;
    return count > 0 ? RANGES_SATISFIABLE : RANGES_UNSATISFIABLE;
}
