/* Conditions and dates: an answer for every head; a date that is read is written the same. */
#include "fuzz.h"

#include "wire/conditions.h"
#include "wire/http_date.h"

static void check_date(struct slice words)
{
    int64_t wall_ms, back_ms;
    uint8_t room[64];
    struct text text = text_over((struct span){room, sizeof(room)});
    if (http_date_parse(words, &wall_ms) < 0)
        return;
    http_date_put(&text, wall_ms);
    assert(!text.is_full);
    if (wall_ms > INT64_C(253402300799000))
        return; /* a leap second behind the last year that can be written */
    assert(http_date_parse(text_slice(&text), &back_ms) == 0 && back_ms == wall_ms);
}

static void check_number(struct slice bytes)
{
    int64_t wall_ms = 0, back_ms;
    uint8_t room[64];
    struct text text = text_over((struct span){room, sizeof(room)});
    memcpy(&wall_ms, bytes.ptr, size_min(bytes.len, sizeof(wall_ms)));
    http_date_put(&text, wall_ms);
    assert(!text.is_full && http_date_parse(text_slice(&text), &back_ms) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct http_head head;
    static uint8_t room[HTTP_HEAD_BYTES_MAX];
    static const enum http_method methods[] = {HTTP_GET, HTTP_HEAD, HTTP_PUT};
    if (len == 0)
        return 0;
    struct slice input = slice_from(bytes + 1, len - 1);
    check_date(input);
    check_number(input);

    struct condition_facts facts = {
        .entity_tag = (bytes[0] & 1) != 0 ? SLICE("\"tag\"") : SLICE_NONE,
        .has_last_modified = (bytes[0] & 2) != 0,
        .last_modified_ms = 784111777000,
        .now_ms = 784111777000 + (bytes[0] >> 2) * INT64_C(100),
    };
    if (!head_over(input, room, &head))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        bool is_range_wanted = true;
        head.method = methods[i];
        enum condition condition = conditions_check(&head, &facts, &is_range_wanted);
        assert(!is_range_wanted || (condition == CONDITION_PASS && head.method == HTTP_GET));
        assert(condition != CONDITION_NOT_MODIFIED || head.method != HTTP_PUT);
    }
    return 0;
}
