/* Transfer chunks: an empty pool makes everybody wait in turn, and nothing is lost or overtaken. */
#include "runtime/chunk.h"

#include "base/counters.h"
#include "fiber_scene.h"

struct taker {
    int64_t deadline_ms;
    struct fiber *fiber;
    struct chunk *chunk;
    int result;
    int place; /* in the order in which they were served */
};

static int served;

static awaits void run_taker(void *arg)
{
    struct taker *self = arg;
    self->fiber = fiber_self();
    self->result = chunk_take(&self->chunk, self->deadline_ms);
    self->place = served++;
}

static awaits void start_takers(struct taker *takers, size_t count)
{
    served = 0;
    for (size_t i = 0; i < count; i++) {
        takers[i].result = 1;
        if (takers[i].deadline_ms == 0)
            takers[i].deadline_ms = DEADLINE_NONE;
        spawn(run_taker, &takers[i]);
    }
    let_others_run();
    assert(served == 0);
}

/* Whether nothing is left for who comes now. */
static awaits bool is_exhausted(void)
{
    struct chunk *chunk;
    return chunk_take(&chunk, 0) == -ETIMEDOUT;
}

static awaits void take_all(struct chunk *chunks[CHUNKS_MIN])
{
    for (int i = 0; i < CHUNKS_MIN; i++) {
        assert(chunk_take(&chunks[i], 0) == 0);
    }
    assert(is_exhausted());
}

static void drop_all(struct chunk *chunks[CHUNKS_MIN])
{
    for (int i = 0; i < CHUNKS_MIN; i++)
        chunk_drop(chunks[i]);
}

FIBER_TEST(take__until_exhausted__each_is_aligned_and_alone, 64)
{
    struct chunk *chunks[CHUNKS_MIN];
    int64_t free_before = counter_total(COUNTER_chunks_free);
    take_all(chunks);
    for (int i = 0; i < CHUNKS_MIN; i++) {
        assert((uintptr_t)chunks[i]->room.ptr % DIRECT_ALIGN_BYTES == 0);
        assert(chunks[i]->room.len == CHUNK_BYTES);
        memset(chunks[i]->room.ptr, i + 1, CHUNK_BYTES);
    }
    for (int i = 0; i < CHUNKS_MIN; i++) {
        assert(chunks[i]->room.ptr[0] == i + 1);
        assert(chunks[i]->room.ptr[CHUNK_BYTES - 1] == i + 1);
    }
    assert(counter_total(COUNTER_chunks_free) == free_before - CHUNKS_MIN);
    assert(counter_total(COUNTER_chunks_taken) == CHUNKS_MIN);
    drop_all(chunks);
    chunk_drop(NULL);
    assert(counter_total(COUNTER_chunks_free) == free_before);
    assert(counter_total(COUNTER_chunks_taken) == 0);
}

FIBER_TEST(take__some_free__gives_the_warm_one_at_once, 64)
{
    struct chunk *chunk, *again;
    assert(chunk_take(&chunk, 0) == 0); /* free chunks need no time */
    chunk_drop(chunk);
    assert(chunk_take(&again, 0) == 0 && again == chunk);
    chunk_drop(again);
}

FIBER_TEST(take__exhausted__served_in_order_of_coming, 64)
{
    struct chunk *chunks[CHUNKS_MIN];
    struct taker takers[3] = {0};
    take_all(chunks);
    start_takers(takers, 3);
    int64_t waits = counter_total(COUNTER_chunk_waits_total);
    assert(waits >= 3);
    for (int i = 0; i < 3; i++) {
        chunk_drop(chunks[i]);
        assert(is_exhausted()); /* it is promised: nobody overtakes */
        let_others_run();
        assert(served == i + 1 && takers[i].place == i && takers[i].chunk == chunks[i]);
        chunks[i] = takers[i].chunk;
    }
    drop_all(chunks);
}

FIBER_TEST(take__deadline_or_cancel__leaves_the_queue_and_the_next_is_served, 64)
{
    struct chunk *chunks[CHUNKS_MIN];
    struct taker takers[3] = {{.deadline_ms = soon(20)}, {0}, {0}};
    take_all(chunks);
    start_takers(takers, 3);
    assert(fiber_sleep(soon(40)) == 0);
    assert(takers[0].result == -ETIMEDOUT && takers[0].chunk == NULL);
    fiber_cancel(takers[1].fiber);
    let_others_run();
    assert(takers[1].result == -ECANCELED && takers[1].chunk == NULL);
    chunk_drop(chunks[0]);
    join_all();
    assert(takers[2].result == 0 && takers[2].chunk == chunks[0]);
    drop_all(chunks);
}

FIBER_TEST(take__given_one_and_cancelled_in_the_same_turn__has_it, 64)
{
    struct chunk *chunks[CHUNKS_MIN];
    struct taker takers[1] = {0};
    take_all(chunks);
    start_takers(takers, 1);
    chunk_drop(chunks[0]);
    fiber_cancel(takers[0].fiber);
    join_all();
    assert(takers[0].result == 0 && takers[0].chunk == chunks[0]);
    drop_all(chunks);
}

FIBER_TEST(take_small__all_of_them__then_waits_and_is_served, 64)
{
    struct chunk **chunks = calloc(CHUNKS_SMALL, sizeof(struct chunk *));
    struct chunk *one_more;
    assert(chunks != NULL);
    for (int i = 0; i < CHUNKS_SMALL; i++) {
        assert(chunk_take_small(&chunks[i], 0) == 0);
        assert(chunks[i]->room.len == CHUNK_SMALL_BYTES);
        chunks[i]->room.ptr[0] = 1;
    }
    assert(chunk_take_small(&one_more, soon(10)) == -ETIMEDOUT);
    struct chunk *large; /* the other pool is not concerned */
    assert(chunk_take(&large, 0) == 0);
    chunk_drop(large);
    for (int i = 0; i < CHUNKS_SMALL; i++)
        chunk_drop(chunks[i]);
    assert(chunk_take_small(&one_more, 0) == 0);
    chunk_drop(one_more);
    free(chunks);
}

static awaits void take_and_drop(void *arg)
{
    uint64_t seed = (uintptr_t)arg;
    for (int i = 0; i < 50; i++) {
        struct chunk *chunk;
        assert(chunk_take(&chunk, DEADLINE_NONE) == 0);
        memset(chunk->room.ptr, (int)(uintptr_t)arg, 64);
        for (uint64_t turns = random_next(&seed) % 4; turns > 0; turns--)
            fiber_yield();
        assert(chunk->room.ptr[63] == (uint8_t)(uintptr_t)arg);
        chunk_drop(chunk);
    }
}

FIBER_TEST(take__far_more_fibers_than_chunks__all_get_through, 256)
{
    for (uintptr_t i = 1; i <= 200; i++)
        spawn(take_and_drop, (void *)i);
    join_all();
    struct chunk *chunks[CHUNKS_MIN];
    take_all(chunks); /* none is lost, none came twice */
    drop_all(chunks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take__until_exhausted__each_is_aligned_and_alone),
        cmocka_unit_test(take__some_free__gives_the_warm_one_at_once),
        cmocka_unit_test(take__exhausted__served_in_order_of_coming),
        cmocka_unit_test(take__deadline_or_cancel__leaves_the_queue_and_the_next_is_served),
        cmocka_unit_test(take__given_one_and_cancelled_in_the_same_turn__has_it),
        cmocka_unit_test(take_small__all_of_them__then_waits_and_is_served),
        cmocka_unit_test(take__far_more_fibers_than_chunks__all_get_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
