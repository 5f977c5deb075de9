/* Progress messages: each state, each number that may be missing, in each form. */
#include "service/progress_message.h"
#include "unit.h"

static const char link[] = "AAAAAAAAAAAAAAAAAAAAAA";

static const struct arrival_progress arriving = {
    .state = ARRIVAL_ARRIVING,
    .received_bytes = 1048576,
    .readable_bytes = 1048576,
    .stored_bytes = 786432,
    .size_bytes = UINT64_C(42949672960),
    .rate = 104857600,
    .expires_ms = INT64_C(1798070400999),
    .version = 17,
};

/* The longest message fills the buffer nearly; the sanitizer sees what goes beyond. */
static uint8_t room[PROGRESS_MESSAGE_BYTES_MAX];

static struct slice json_of(struct arrival_progress progress)
{
    struct text text = text_over((struct span){room, sizeof room});
    progress_put_json(&text, link, &progress);
    assert_false(text.is_full);
    return text_slice(&text);
}

static bool has(struct slice message, const char *part)
{
    return memmem(message.ptr, message.len, part, strlen(part)) != NULL;
}

TEST(message__upload_under_way__tells_all_numbers)
{
    assert_slice_equal(json_of(arriving),
                       "{\"link\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"state\":\"arriving\","
                       "\"received\":1048576,\"stored\":786432,\"size\":42949672960,"
                       "\"rate\":104857600,\"eta\":409.5,\"expires\":\"2026-12-24T00:00:00Z\"}");
}

TEST(message__each_state__has_its_name)
{
    static const char *const names[] = {
        [ARRIVAL_ARRIVING] = "\"state\":\"arriving\"", [ARRIVAL_WAITING] = "\"state\":\"waiting\"",
        [ARRIVAL_READY] = "\"state\":\"ready\"",       [ARRIVAL_FAILED] = "\"state\":\"failed\"",
        [ARRIVAL_DELETED] = "\"state\":\"deleted\"",
    };
    struct arrival_progress progress = arriving;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        progress.state = (enum arrival_state)i;
        assert_true(has(json_of(progress), names[i]));
        assert_int_equal(has(json_of(progress), "\"reason\""), i == ARRIVAL_FAILED);
    }
}

TEST(message__numbers_that_nobody_knows__are_null)
{
    struct arrival_progress progress = arriving;
    progress.size_bytes = BYTES_UNKNOWN;
    assert_true(has(json_of(progress), "\"size\":null,\"rate\":104857600,\"eta\":null,"));
    progress = arriving;
    progress.rate = 0;
    assert_true(has(json_of(progress), "\"rate\":0,\"eta\":null,"));
    progress = arriving;
    progress.state = ARRIVAL_WAITING;
    assert_true(has(json_of(progress), "\"eta\":null,"));
    progress = arriving;
    progress.expires_ms = 0;
    assert_false(has(json_of(progress), "expires"));
}

TEST(eta__any_numbers__is_what_is_left_over_the_rate)
{
    static const struct {
        uint64_t size, stored, rate;
        const char *eta;
    } cases[] = {
        {1000, 0, 100, "\"eta\":10.0}"},
        {1000, 1000, 100, "\"eta\":0.0}"},
        {1000, 1001, 100, "\"eta\":0.0}"}, /* a size that was told wrong */
        {1, 0, 3, "\"eta\":0.3}"},
        {99, 0, 100, "\"eta\":0.9}"},
        {UINT64_MAX - 1, 0, 1, "\"eta\":18446744073709551614.0}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arrival_progress progress = {.state = ARRIVAL_ARRIVING,
                                            .size_bytes = cases[i].size,
                                            .stored_bytes = cases[i].stored,
                                            .rate = cases[i].rate};
        assert_true(has(json_of(progress), cases[i].eta));
    }
}

TEST(message__of_a_failure__tells_the_reason_escaped)
{
    struct arrival_progress progress = arriving;
    progress.state = ARRIVAL_FAILED;
    progress.reason = "its \"size\" was wrong";
    assert_true(has(json_of(progress), ",\"reason\":\"its \\\"size\\\" was wrong\"}"));
    progress.reason = NULL;
    assert_true(has(json_of(progress), ",\"reason\":\"unknown\"}"));
}

TEST(event__upload_under_way__has_the_version_as_its_id)
{
    struct text text = text_over((struct span){room, sizeof room});
    progress_put_event(&text, link, &arriving);
    assert_true(slice_has_prefix(text_slice(&text), SLICE("id: 17\ndata: {\"link\":")));
    assert_memory_equal(room + text.len - 3, "}\n\n", 3);
}

TEST(event__last_one__has_an_id_that_says_so)
{
    struct arrival_progress progress = arriving;
    for (unsigned last = ARRIVAL_READY; last <= ARRIVAL_DELETED; last++) {
        struct text text = text_over((struct span){room, sizeof room});
        progress.state = (enum arrival_state)last;
        progress_put_event(&text, link, &progress);
        assert_true(slice_has_prefix(text_slice(&text), SLICE("id: end\ndata: {")));
    }
}

TEST(line__any__ends_in_its_only_newline)
{
    struct text text = text_over((struct span){room, sizeof room});
    progress_put_line(&text, link, &arriving);
    assert_int_equal(slice_find(text_slice(&text), '\n'), text.len - 1);
}

TEST(message__longest_in_each_form__fits)
{
    static char reason[65];
    memset(reason, '\x01', sizeof reason - 1);
    struct arrival_progress progress = {.state = ARRIVAL_FAILED,
                                        .reason = reason,
                                        .received_bytes = UINT64_MAX,
                                        .stored_bytes = UINT64_MAX,
                                        .size_bytes = UINT64_MAX - 1,
                                        .rate = UINT64_MAX,
                                        .expires_ms = INT64_C(253402300799999),
                                        .version = UINT64_MAX};
    struct text text = text_over((struct span){room, sizeof room});
    progress_put_event(&text, link, &progress);
    assert_false(text.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message__upload_under_way__tells_all_numbers),
        cmocka_unit_test(message__each_state__has_its_name),
        cmocka_unit_test(message__numbers_that_nobody_knows__are_null),
        cmocka_unit_test(eta__any_numbers__is_what_is_left_over_the_rate),
        cmocka_unit_test(message__of_a_failure__tells_the_reason_escaped),
        cmocka_unit_test(event__upload_under_way__has_the_version_as_its_id),
        cmocka_unit_test(event__last_one__has_an_id_that_says_so),
        cmocka_unit_test(line__any__ends_in_its_only_newline),
        cmocka_unit_test(message__longest_in_each_form__fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
