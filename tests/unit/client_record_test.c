/* Records of uploads: splitting, writing, reading. */
#include "client/record.h"
#include "unit.h"

#include <stdio.h>

static struct record record, back;
static uint8_t room[PUT_RECORD_BYTES_MAX];

static void assert_covers(uint64_t size_bytes)
{
    uint64_t at = 0;
    for (size_t i = 0; i < record.parts_len; i++) {
        assert_true(record.parts[i].offset == at);
        assert_true(record.parts[i].len > 0);
        assert_int_equal(at % PUT_PART_ALIGN_BYTES, 0);
        at += record.parts[i].len;
    }
    assert_true(at == size_bytes);
}

TEST(record_split__any_size__is_covered_without_a_gap)
{
    uint64_t seed = 9;
    for (int round = 0; round < 20000; round++) {
        uint64_t size = random_next(&seed) >> (random_next(&seed) % 40 + 24);
        uint64_t parts = random_next(&seed) % PUT_PARTS_MAX + 1;
        record_split(&record, size, parts);
        assert_true(record.parts_len <= parts && record.parts_len != 1);
        assert_true(record.size_bytes == size);
        if (record.parts_len > 0)
            assert_covers(size);
    }
}

TEST(record_split__a_small_file__is_one)
{
    record_split(&record, PUT_PART_ALIGN_BYTES, 8);
    assert_int_equal(record.parts_len, 0);
    record_split(&record, PUT_PART_ALIGN_BYTES + 1, 8);
    assert_int_equal(record.parts_len, 2);
    record_split(&record, 0, 8);
    assert_int_equal(record.parts_len, 0);
    record_split(&record, UINT64_MAX / 4, 1);
    assert_int_equal(record.parts_len, 0);
}

static struct text fill(uint64_t size_bytes, uint64_t parts)
{
    record_split(&record, size_bytes, parts);
    (void)snprintf(record.upload, sizeof record.upload, "http://h/files/whole");
    (void)snprintf(record.link, sizeof record.link, "http://h/LINK/n%%20m");
    (void)snprintf(record.key, sizeof record.key, "KEY");
    record.expires_ms = 1234567890123;
    for (size_t i = 0; i < record.parts_len; i++)
        (void)snprintf(record.parts[i].url, sizeof record.parts[i].url, "http://h/files/%zu", i);
    struct text text = text_over((struct span){room, sizeof room});
    record_put(&text, &record, "a file\nwith a line");
    assert_false(text.is_full);
    return text;
}

TEST(record_read__what_record_put_wrote__is_the_same)
{
    for (uint64_t parts = 1; parts <= PUT_PARTS_MAX; parts++) {
        struct text text = fill(UINT64_C(123456789012), parts);
        assert_int_equal(record_read(text_slice(&text), &back), 0);
        assert_memory_equal(&record, &back, sizeof record);
    }
}

TEST(record_read__a_record_cut_anywhere__is_refused)
{
    struct text text = fill(UINT64_C(5) << 20, 3);
    for (size_t len = 0; len + 1 < text.len; len++)
        assert_int_equal(record_read(slice_from(room, len), &back), -EINVAL);
}

TEST(record_read__other_words__are_refused)
{
    static const char *const wrong[] = {
        "sluice put 2\nsize 1\nupload u\nend\n",
        "sluice put 1\nsize 1\nend\n",
        "sluice put 1\nsize x\nupload u\nend\n",
        "sluice put 1\nsize 1\nupload u\nnonsense 1\nend\n",
        "sluice put 1\nsize 9\nupload u\npart 0 5 p\nend\n",
        "sluice put 1\nsize 9\nupload u\npart 0 5 p\npart 6 3 p\nend\n",
        "sluice put 1\nsize 9\nupload u\npart 0 5 p\npart 5 5 p\nend\n",
        "sluice put 1\nsize 9\nupload u\npart 0 5 p\npart 5 4 \nend\n",
        "sluice put 1\nsize 9\nupload u\npart 0 18446744073709551615 p\nend\n",
        "sluice put 1\nsize 1\nupload u\nend\nmore\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(record_read(slice_of(wrong[i]), &back), -EINVAL);
}

TEST(record_read__any_bytes__do_no_harm)
{
    uint64_t seed = 4;
    struct text text = fill(UINT64_C(5) << 20, 3);
    static uint8_t bent[PUT_RECORD_BYTES_MAX];
    for (int round = 0; round < 20000; round++) {
        memcpy(bent, room, text.len);
        bent[random_next(&seed) % text.len] = (uint8_t)random_next(&seed);
        bent[random_next(&seed) % text.len] = (uint8_t)random_next(&seed);
        int err = record_read(slice_from(bent, text.len), &back);
        assert_true(err == 0 || err == -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_split__any_size__is_covered_without_a_gap),
        cmocka_unit_test(record_split__a_small_file__is_one),
        cmocka_unit_test(record_read__what_record_put_wrote__is_the_same),
        cmocka_unit_test(record_read__a_record_cut_anywhere__is_refused),
        cmocka_unit_test(record_read__other_words__are_refused),
        cmocka_unit_test(record_read__any_bytes__do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
