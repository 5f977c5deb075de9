/* Conditional requests, RFC 9110 section 13. */
#include "wire/conditions.h"

#include "base/text.h"
#include "wire/field.h"
#include "wire/http_date.h"

/* One entity tag of a list; its quotes belong to it (section 8.8.3). No escapes exist there. */
struct tag {
    struct slice opaque;
    bool is_weak;
};

static bool take_tag(struct slice *rest, struct tag *ret_tag)
{
    struct tag tag = {.is_weak = slice_has_prefix(*rest, SLICE("W/"))};
    if (tag.is_weak)
        *rest = slice_skip(*rest, 2);
    if (rest->len == 0 || rest->ptr[0] != '"')
        return false;
    size_t inside = slice_find(slice_skip(*rest, 1), '"');
    if (inside + 2 > rest->len)
        return false;
    tag.opaque = slice_head(*rest, inside + 2);
    *rest = slice_skip(*rest, inside + 2);
    *ret_tag = tag;
    return true;
}

/* Whether a list names the tag; `*` names whatever exists. */
static bool has_tag(struct slice list, struct slice current, bool is_weak_enough)
{
    struct tag tag;
    if (slice_is_equal(list, SLICE("*")))
        return current.len > 0;
    for (;;) {
        field_skip_space(&list);
        if (field_take_byte(&list, ','))
            continue;
        if (!take_tag(&list, &tag))
            return false;
        if (slice_is_equal(tag.opaque, current) && (is_weak_enough || !tag.is_weak))
            return true;
    }
}

/* Whether one of the fields of this name has the tag. */
static bool do_headers_match(const struct http_head *head, struct slice name, struct slice current,
                             bool is_weak_enough)
{
    for (size_t i = 0; i < head->headers_len; i++)
        if (slice_is_same_word(head->headers[i].name, name) &&
            has_tag(head->headers[i].value, current, is_weak_enough))
            return true;
    return false;
}

static bool is_present(const struct http_head *head, struct slice name)
{
    return http_header_find(head, name).ptr != NULL;
}

static int64_t whole_seconds(int64_t ms)
{
    return ms / 1000 * 1000;
}

/* The date of a field; false when it is absent, malformed, or nothing is there to compare with. */
static bool find_date(const struct http_head *head, struct slice name,
                      const struct condition_facts *facts, int64_t *ret_ms)
{
    struct slice value = http_header_find(head, name);
    return facts->has_last_modified && http_header_count(head, name) == 1 &&
           http_date_parse(value, ret_ms) == 0;
}

/* Steps 1 and 2 of section 13.2.2: whether the client may go on. */
static bool is_unchanged(const struct http_head *head, const struct condition_facts *facts)
{
    int64_t since;
    if (is_present(head, SLICE("If-Match")))
        return do_headers_match(head, SLICE("If-Match"), facts->entity_tag, false);
    if (find_date(head, SLICE("If-Unmodified-Since"), facts, &since))
        return whole_seconds(facts->last_modified_ms) <= since;
    return true;
}

/* Steps 3 and 4: what the client has already. */
static enum condition check_known(const struct http_head *head, const struct condition_facts *facts)
{
    bool is_reading = head->method == HTTP_GET || head->method == HTTP_HEAD;
    int64_t since;

    if (is_present(head, SLICE("If-None-Match"))) {
        if (!do_headers_match(head, SLICE("If-None-Match"), facts->entity_tag, true))
            return CONDITION_PASS;
        return is_reading ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
    }
    if (is_reading && find_date(head, SLICE("If-Modified-Since"), facts, &since) &&
        whole_seconds(facts->last_modified_ms) <= since)
        return CONDITION_NOT_MODIFIED;
    return CONDITION_PASS;
}

/* Step 5. Only a strong validator proves that two parts belong together; a date is one when the
 * file had rested for a second before it was told (section 8.8.2.2). */
static bool is_range_wanted(const struct http_head *head, const struct condition_facts *facts)
{
    int64_t date;
    if (head->method != HTTP_GET || http_header_count(head, SLICE("Range")) != 1)
        return false;
    struct slice value = http_header_find(head, SLICE("If-Range"));
    if (value.ptr == NULL)
        return true;

    struct slice rest = value;
    struct tag tag;
    if (take_tag(&rest, &tag))
        return rest.len == 0 && !tag.is_weak && slice_is_equal(tag.opaque, facts->entity_tag);
    int64_t last_modified_ms = whole_seconds(facts->last_modified_ms);
    return find_date(head, SLICE("If-Range"), facts, &date) && date == last_modified_ms &&
           last_modified_ms + 1000 <= facts->now_ms;
}

enum condition conditions_check(const struct http_head *head, const struct condition_facts *facts,
                                bool *ret_is_range_wanted)
{
    *ret_is_range_wanted = false;
    if (!is_unchanged(head, facts))
        return CONDITION_FAILED;
    enum condition known = check_known(head, facts);
    if (known == CONDITION_PASS)
        *ret_is_range_wanted = is_range_wanted(head, facts);
    return known;
}
