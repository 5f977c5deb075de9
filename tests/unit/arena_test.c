#include "base/arena.h"
#include "limits.h"
#include "unit.h"

#include <stdalign.h>

TEST(arena_alloc__any_length__is_aligned_and_zeroed)
{
    struct arena arena = ARENA_EMPTY;
    for (size_t len = 1; len < 200; len++) {
        uint8_t *piece = arena_alloc(&arena, len);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 0xAA, len);
    }
    arena_clear(&arena);
}

TEST(arena_alloc__many_pieces__do_not_overlap)
{
    struct arena arena = ARENA_EMPTY;
    uint64_t seed = 1;
    uint8_t *pieces[100];
    size_t lens[ARRAY_LEN(pieces)];
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        lens[i] = random_next(&seed) % 300;
        pieces[i] = arena_alloc(&arena, lens[i]);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)i, lens[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
        for (size_t at = 0; at < lens[i]; at++)
            assert_int_equal(pieces[i][at], i);
    arena_clear(&arena);
}

TEST(arena_alloc__beyond_the_bound__is_null_and_small_pieces_still_fit)
{
    struct arena arena = ARENA_EMPTY;
    assert_null(arena_alloc(&arena, ARENA_BYTES_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_int_equal(arena.total_bytes, 0);
    assert_non_null(arena_alloc(&arena, ARENA_BYTES_MAX / 2));
    assert_null(arena_alloc(&arena, ARENA_BYTES_MAX / 2));
    assert_non_null(arena_alloc(&arena, 100));
    assert_true(arena.total_bytes <= ARENA_BYTES_MAX);
    arena_clear(&arena);
}

TEST(arena_alloc__until_it_is_full__uses_most_of_the_bound)
{
    struct arena arena = ARENA_EMPTY;
    size_t count = 0;
    while (arena_alloc(&arena, 64) != NULL)
        count++;
    assert_true(arena.total_bytes <= ARENA_BYTES_MAX);
    /* The rest is the heads of the blocks; under AddressSanitizer each piece has one. */
    assert_true(count * 64 >= ARENA_BYTES_MAX / 2);
    arena_clear(&arena);
}

TEST(arena_clear__then_alloc__starts_anew)
{
    struct arena arena = ARENA_EMPTY;
    for (int round = 0; round < 3; round++) {
        assert_non_null(arena_alloc(&arena, ARENA_BYTES_MAX / 2));
        arena_clear(&arena);
        assert_null(arena.newest);
        assert_int_equal(arena.total_bytes, 0);
    }
    arena_clear(&arena);
}

TEST(arena_copy__bytes__are_copied_with_a_nul_behind)
{
    struct arena arena = ARENA_EMPTY;
    char source[] = "na\0me";
    struct slice copy = arena_copy(&arena, slice_from(source, 5));
    source[0] = 'X';
    assert_slice_equal(copy, "na\0me");
    assert_int_equal(copy.ptr[5], 0);

    struct slice empty = arena_copy(&arena, SLICE_NONE);
    assert_non_null(empty.ptr);
    assert_int_equal(empty.len, 0);
    assert_int_equal(empty.ptr[0], 0);
    arena_clear(&arena);
}

TEST(arena_copy__too_long__has_no_pointer)
{
    struct arena arena = ARENA_EMPTY;
    static uint8_t large[ARENA_BYTES_MAX];
    assert_null(arena_copy(&arena, slice_from(large, sizeof(large))).ptr);
    assert_null(arena_copy(&arena, slice_from(large, SIZE_MAX)).ptr);
    arena_clear(&arena);
}

TEST(arena_format__words_and_numbers__are_formatted)
{
    struct arena arena = ARENA_EMPTY;
    struct slice text = arena_format(&arena, "%s-%d", "file", 42);
    assert_slice_equal(text, "file-42");
    assert_int_equal(text.ptr[7], 0);
    assert_int_equal(arena_format(&arena, "%2000d", 1).len, 2000);
    assert_null(arena_format(&arena, "%*d", ARENA_BYTES_MAX, 1).ptr);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_alloc__any_length__is_aligned_and_zeroed),
        cmocka_unit_test(arena_alloc__many_pieces__do_not_overlap),
        cmocka_unit_test(arena_alloc__beyond_the_bound__is_null_and_small_pieces_still_fit),
        cmocka_unit_test(arena_alloc__until_it_is_full__uses_most_of_the_bound),
        cmocka_unit_test(arena_clear__then_alloc__starts_anew),
        cmocka_unit_test(arena_copy__bytes__are_copied_with_a_nul_behind),
        cmocka_unit_test(arena_copy__too_long__has_no_pointer),
        cmocka_unit_test(arena_format__words_and_numbers__are_formatted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
