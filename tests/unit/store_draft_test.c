/* Kept drafts of the disk store: how far one has got is read from its file, at every moment. */
#include "store_scene.h"

/* ---- Dropped and resumed ---- */

static const uint64_t ends[] = {0,         1,      4095,       4096,          5000,   256 * KIB,
                                512 * KIB, 524289, MIB + 8192, 3 * MIB + 511, 5 * MIB};
static const size_t piece_lens[] = {CHUNK_BYTES, 5000, 300 * 1000};

static awaits void break_and_finish(uint64_t end, size_t step, uint64_t size_bytes)
{
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    assert(store_begin_kept(store, size_bytes, &draft) == 0);
    append_to(draft, end, step);
    drop_at(draft, name);
    assert_bytes(name, end);
    assert(promised() == 0);
    if (size_bytes != BYTES_UNKNOWN)
        assert((uint64_t)look_at(name).st_blocks * 512 >= size_bytes);
    assert(store_resume(store, name, size_bytes, &untold, &draft) == 0);
    assert(draft->received_bytes == end && draft->durable_bytes == end);
    assert(draft_mark(draft).offset == end && draft_mark(draft).has_crc32 == (end == 0));
    append_to(draft, end + (size_bytes == end ? 0 : 20000), step);
    uint64_t further = draft->received_bytes;
    drop_at(draft, name);
    assert(store_resume(store, name, size_bytes, &untold, &draft) == 0);
    uint64_t all = size_bytes == BYTES_UNKNOWN ? further + MIB + 1 : size_bytes;
    append_to(draft, all, CHUNK_BYTES);
    publish(draft, all, all == 0);
    assert(promised() == 0);
}

BACKEND_TEST(drop__without_sync__the_file_tells_what_was_appended)
{
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        for (size_t j = 0; j < ARRAY_LEN(piece_lens); j++)
            break_and_finish(ends[i], piece_lens[j], ends[i] + 3 * MIB + 17);
        break_and_finish(ends[i], piece_lens[i % 2], ends[i]);
        break_and_finish(ends[i], piece_lens[i % 2], BYTES_UNKNOWN);
    }
}

BACKEND_TEST(drop__at_each_append__the_file_tells_and_no_promise_leaks)
{
    enum { SIZE = 3 * MIB + 100 };
    static const size_t steps[] = {CHUNK_BYTES, 4096, 1, 300000, CHUNK_BYTES, 65536, 4095};
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    assert(store_begin_kept(store, SIZE, &draft) == 0);
    for (size_t i = 0; draft->received_bytes < SIZE; i++) {
        size_t step = size_min(steps[i % ARRAY_LEN(steps)], SIZE - (size_t)draft->received_bytes);
        assert(append_from(draft, draft->received_bytes, step) == 0);
        drop_at(draft, name);
        assert(promised() == 0);
        assert((uint64_t)look_at(name).st_blocks * 512 >= SIZE);
        assert(store_resume(store, name, SIZE, &untold, &draft) == 0);
    }
    publish(draft, SIZE, false);
}

BACKEND_TEST(drop__unknown_length__takes_no_more_space_after_a_sync)
{
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    assert(store_begin_kept(store, BYTES_UNKNOWN, &draft) == 0);
    append_to(draft, 3 * MIB, CHUNK_BYTES);
    assert(draft_sync(draft) == 0);
    drop_at(draft, name);
    assert(look_at(name).st_blocks * 512 <= 3 * MIB + 64 * KIB);
    assert(store_resume(store, name, 20 * MIB, &untold, &draft) == 0); /* now it is known */
    assert(look_at(name).st_blocks * 512 >= 20 * MIB && promised() == 0);
    append_to(draft, 20 * MIB, CHUNK_BYTES);
    publish(draft, 20 * MIB, false);
}

/* ---- Marks ---- */

BACKEND_TEST(resume__with_a_mark__goes_on_with_its_crc)
{
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    assert(store_begin_kept(store, 4 * MIB + 9, &draft) == 0);
    while (draft->received_bytes < 4 * MIB) {
        append_to(draft, draft->received_bytes + 700 * 1000, CHUNK_BYTES);
        assert(draft_sync(draft) == 0);
        assert(draft->durable_bytes == draft->received_bytes);
        assert(draft->written_bytes == draft->received_bytes);
        struct draft_mark mark = draft_mark(draft);
        assert(mark.has_crc32 && mark.crc32 == crc_of(mark.offset));
        drop_at(draft, name);
        assert(store_resume(store, name, 4 * MIB + 9, &mark, &draft) == 0);
        assert(draft->received_bytes == mark.offset && draft->durable_bytes == mark.offset);
        if (draft->received_bytes + 700 * 1000 > 4 * MIB)
            break;
    }
    append_to(draft, 4 * MIB + 9, CHUNK_BYTES);
    publish(draft, 4 * MIB + 9, true);
}

BACKEND_TEST(resume__mark_behind_the_bytes__cuts_them_off)
{
    static const uint64_t sizes[] = {4 * MIB, BYTES_UNKNOWN};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct draft *draft;
        char name[STORE_NAME_CHARS + 1];
        assert(store_begin_kept(store, sizes[i], &draft) == 0);
        append_to(draft, 2 * MIB, CHUNK_BYTES);
        drop_at(draft, name);
        struct draft_mark mark = {MIB + 1, true, crc_of(MIB + 1)};
        assert(store_resume(store, name, sizes[i], &mark, &draft) == 0);
        drop_at(draft, name);
        assert(measure(name) == MIB + 1);
        mark = (struct draft_mark){512 * KIB, true, crc_of(512 * KIB)};
        assert(store_resume(store, name, sizes[i], &mark, &draft) == 0);
        assert(look_at(name).st_size == 512 * KIB && promised() == 0);
        append_to(draft, 4 * MIB, CHUNK_BYTES);
        publish(draft, 4 * MIB, true);
    }
}

BACKEND_TEST(resume__fewer_bytes_than_the_mark__is_an_error)
{
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    assert(store_begin_kept(store, 2 * MIB, &draft) == 0);
    append_to(draft, MIB, CHUNK_BYTES);
    drop_at(draft, name);
    struct draft_mark mark = {.offset = MIB + 1};
    assert(store_resume(store, name, 2 * MIB, &mark, &draft) == -EIO);
    assert(measure(name) == MIB && promised() == 0);
}

BACKEND_TEST(resume__object_is_not_there__is_begun_unless_it_had_bytes)
{
    static const char name[] = "0123456789abcdef0123456789abcdef";
    uint64_t offset;
    int64_t written_ms;
    struct draft *draft;
    struct draft_mark mark = {.offset = 1};
    assert(store_measure(store, name, &offset, &written_ms) == -ENOENT);
    assert(store_resume(store, name, MIB, &mark, &draft) == -ENOENT);
    assert(store_resume(store, "../x", MIB, &mark, &draft) == -EINVAL);
    mark.offset = 0;
    assert(store_resume(store, name, MIB, &mark, &draft) == 0);
    assert(strcmp(draft->name, name) == 0);
    assert(draft_sync(draft) == 0);
    draft_drop(draft);
    assert(measure(name) == 0);
    assert(store_resume(store, name, MIB, &mark, &draft) == 0);
    append_to(draft, MIB, CHUNK_BYTES);
    publish(draft, MIB, true);
}

BACKEND_TEST(rewind__bytes_after_the_mark__are_replaced)
{
    static const uint64_t marks[] = {0, 5000, 512 * KIB, 600 * 1000, MIB, 3 * MIB};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        struct draft *draft;
        char name[STORE_NAME_CHARS + 1];
        assert(store_begin_kept(store, 4 * MIB, &draft) == 0);
        append_to(draft, marks[i], CHUNK_BYTES);
        struct draft_mark mark = draft_mark(draft);
        assert(append_from(draft, 77, 100 * 1000) == 0);
        assert(append_from(draft, 78, 300 * 1000) == 0);
        assert(draft_rewind(draft, &mark) == 0);
        assert(draft->received_bytes == marks[i] && draft->written_bytes == marks[i]);
        assert(draft_sync(draft) == 0);
        drop_at(draft, name);
        assert(promised() == 0);
        assert(store_resume(store, name, 4 * MIB, &mark, &draft) == 0);
        append_to(draft, 4 * MIB, CHUNK_BYTES);
        publish(draft, 4 * MIB, true);
    }
}

/* ---- What else could be taken for bytes that came ---- */

BACKEND_TEST(measure__file_was_read_further__tells_what_was_written)
{
    static uint8_t bytes[64 * KIB];
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    assert(store_begin_kept(store, 8 * MIB, &draft) == 0);
    append_to(draft, MIB + 512 * KIB, CHUNK_BYTES);
    assert(draft_sync(draft) == 0);
    drop_at(draft, name);
    int fd = open_object(name);
    for (off_t at = 0; at < 8 * MIB; at += (off_t)sizeof bytes)
        assert(pread(fd, bytes, sizeof bytes, at) >= 0);
    assert(measure(name) == MIB + 512 * KIB);
    assert(store_resume(store, name, 8 * MIB, &untold, &draft) == 0);
    assert(draft->received_bytes == MIB + 512 * KIB);
    append_to(draft, 8 * MIB, CHUNK_BYTES);
    assert(close(fd) == 0);
    publish(draft, 8 * MIB, false);
}

BACKEND_TEST(resume__later_write_ended_first__is_not_taken_for_new_bytes)
{
    static uint8_t old[CHUNK_BYTES];
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    memset(old, 0x55, sizeof old);
    assert(store_begin_kept(store, 8 * MIB, &draft) == 0);
    append_to(draft, MIB, CHUNK_BYTES);
    drop_at(draft, name);
    int fd = open_object(name);
    assert(fallocate(fd, 0, 0, 8 * MIB) == 0); /* as it is while chunks come fast */
    assert(pwrite(fd, old, sizeof old, MIB + CHUNK_BYTES) == CHUNK_BYTES && close(fd) == 0);
    assert(measure(name) == MIB);
    assert(store_resume(store, name, 8 * MIB, &untold, &draft) == 0);
    append_to(draft, MIB + CHUNK_BYTES, CHUNK_BYTES);
    drop_at(draft, name);
    assert(measure(name) == MIB + CHUNK_BYTES);
}

/* ---- When descriptors are scarce ---- */

BACKEND_TEST(scarce_descriptors__are_given_back_between_writes)
{
    enum { OTHERS = 1 << 24 };
    static const uint64_t sizes[] = {6 * MIB, BYTES_UNKNOWN};
    atomic_uint *open_count = &disk_of(store)->drafts_open;
    atomic_fetch_add(open_count, OTHERS);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct draft *draft;
        assert(store_begin_kept(store, sizes[i], &draft) == 0);
        assert(atomic_load(open_count) == OTHERS);
        append_to(draft, 5000, CHUNK_BYTES);
        assert(atomic_load(open_count) == OTHERS);
        append_to(draft, 2 * MIB, CHUNK_BYTES);
        append_to(draft, 2 * MIB + 1, CHUNK_BYTES);
        assert(draft_sync(draft) == 0);
        struct draft_mark mark = draft_mark(draft);
        char name[STORE_NAME_CHARS + 1];
        memcpy(name, draft->name, sizeof name);
        draft_drop(draft);
        assert(atomic_load(open_count) == OTHERS && measure(name) == 2 * MIB + 1);
        assert(store_resume(store, name, sizes[i], &mark, &draft) == 0);
        assert(atomic_load(open_count) == OTHERS);
        append_to(draft, 6 * MIB, 100 * KIB);
        publish(draft, 6 * MIB, true);
    }
    atomic_fetch_sub(open_count, OTHERS);
    assert(atomic_load(open_count) == 0 && promised() == 0);
}

/* ---- Plain drafts stay what they are ---- */

BACKEND_TEST(plain__dropped_or_published__leaves_nothing_or_all)
{
    struct draft *draft;
    char name[STORE_NAME_CHARS + 1];
    assert(store_begin(store, 3 * MIB, &draft) == 0);
    append_to(draft, 2 * MIB, CHUNK_BYTES);
    memcpy(name, draft->name, sizeof name);
    draft_drop(draft);
    uint64_t offset;
    int64_t written_ms;
    while (store_measure(store, name, &offset, &written_ms) == 0)
        nap(1);
    assert(promised() == 0);
    assert(store_begin(store, BYTES_UNKNOWN, &draft) == 0);
    append_to(draft, 3 * MIB + 5, CHUNK_BYTES);
    publish(draft, 3 * MIB + 5, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH(drop__without_sync__the_file_tells_what_was_appended),
        ON_EACH(drop__at_each_append__the_file_tells_and_no_promise_leaks),
        ON_EACH(drop__unknown_length__takes_no_more_space_after_a_sync),
        ON_EACH(resume__with_a_mark__goes_on_with_its_crc),
        ON_EACH(resume__mark_behind_the_bytes__cuts_them_off),
        ON_EACH(resume__fewer_bytes_than_the_mark__is_an_error),
        ON_EACH(resume__object_is_not_there__is_begun_unless_it_had_bytes),
        ON_EACH(rewind__bytes_after_the_mark__are_replaced),
        ON_EACH(measure__file_was_read_further__tells_what_was_written),
        ON_EACH(resume__later_write_ended_first__is_not_taken_for_new_bytes),
        ON_EACH(scarce_descriptors__are_given_back_between_writes),
        ON_EACH(plain__dropped_or_published__leaves_nothing_or_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
