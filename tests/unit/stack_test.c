/* Stacks of fibers: reuse, how deep they were used, and the guard below them. */
#include "runtime/stack.h"

#include "base/counters.h"
#include "fiber_scene.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(take__after_give__is_the_one_given_last)
{
    struct stack_pool pool;
    stack_pool_open(&pool, 100);
    void *first = stack_take(&pool);
    void *second = stack_take(&pool);
    assert_non_null(first);
    assert_non_null(second);
    size_t apart = (size_t)llabs((char *)first - (char *)second);
    assert_true(apart >= stack_bytes() + FIBER_GUARD_BYTES);
    stack_give(&pool, first);
    stack_give(&pool, second);
    assert_ptr_equal(stack_take(&pool), second);
    assert_ptr_equal(stack_take(&pool), first);
    stack_pool_close(&pool);
}

TEST(take__at_the_limit__gives_none_until_one_comes_back)
{
    enum { MOST = 70 };
    struct stack_pool pool;
    void *stacks[MOST];
    stack_pool_open(&pool, MOST);
    for (int i = 0; i < MOST; i++) {
        stacks[i] = stack_take(&pool);
        assert_non_null(stacks[i]);
        memset(stacks[i], i + 1, stack_bytes()); /* all of it is ours alone */
    }
    assert_null(stack_take(&pool));
    for (int i = 0; i < MOST; i++) {
        assert_int_equal(*(unsigned char *)stacks[i], i + 1);
        assert_int_equal(((unsigned char *)stacks[i])[stack_bytes() - 1], i + 1);
    }
    stack_give(&pool, stacks[33]);
    assert_ptr_equal(stack_take(&pool), stacks[33]);
    assert_null(stack_take(&pool));
    stack_pool_close(&pool);
}

TEST(depth__as_far_as_it_was_written__counted_from_the_top)
{
    struct stack_pool pool;
    stack_pool_open(&pool, 4);
    char *stack = stack_take(&pool);
    assert_int_equal(stack_depth(stack), 0);
    const size_t depths[] = {8, 4096, 20000, stack_bytes()};
    for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
        stack[stack_bytes() - depths[i]] = 1;
        assert_int_equal(stack_depth(stack), depths[i]);
    }
    stack_pool_close(&pool);
}

static uintptr_t place_of(const void *pointer)
{
    return (uintptr_t)pointer;
}

static void note_place(void *arg)
{
    char here[16] = "";
    *(uintptr_t *)arg = place_of(here);
}

FIBER_TEST(spawn__one_after_another__use_the_same_stack, 64)
{
    uintptr_t first = 0;
    spawn(note_place, &first);
    join_all();
    for (int i = 0; i < 1000; i++) {
        uintptr_t next = 0;
        spawn(note_place, &next);
        join_all();
        assert(next == first);
    }
}

static void dig(void *arg)
{
    char room[24000];
    memset(room, 1, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory");
    (void)arg;
}

FIBER_TEST(metric__first_fiber_that_ends__tells_how_deep_it_was, 64)
{
    spawn(dig, NULL);
    join_all();
    int64_t depth = counter_total(COUNTER_fiber_stack_deepest_bytes);
    assert(depth > 24000 && depth < 24000 + 16384);
}

/* ---- The guard ---- */

__attribute__((noinline)) static size_t recurse(size_t depth)
{
    volatile char room[512];
    room[0] = (char)depth;
    return depth == SIZE_MAX ? 0 : recurse(depth + 1) + (size_t)room[0];
}

static void recurse_for_ever(void *arg)
{
    *(size_t *)arg = recurse(0);
}

static awaits void overflow(void)
{
    size_t ret = 0;
    spawn(recurse_for_ever, &ret);
    join_all();
}

/* Runs the body in a process of its own. Returns the signal that ended it, 0 if it just ended. */
static int signal_that_ends(void (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        const struct sigaction plain = {.sa_handler = SIG_DFL}; /* a sanitizer's gives way */
        (void)sigaction(SIGSEGV, &plain, NULL);
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void overflow_a_fiber(void)
{
    on_workers(1, 64, overflow);
}

TEST(guard__deep_recursion_in_a_fiber__dies_cleanly)
{
    assert_int_equal(signal_that_ends(overflow_a_fiber), SIGSEGV);
}

static void touch_guards(void)
{
    struct stack_pool pool;
    stack_pool_open(&pool, 2);
    volatile char *stack = stack_take(&pool);
    stack[0] = 1; /* the lowest byte is still ours */
    stack[-FIBER_GUARD_BYTES] = 1;
}

TEST(guard__all_of_it__is_out_of_bounds)
{
    assert_int_equal(signal_that_ends(touch_guards), SIGSEGV);
}

static void keep_off(void)
{
    struct stack_pool pool;
    stack_pool_open(&pool, 2);
    volatile char *stack = stack_take(&pool);
    stack[0] = 1;
    stack[stack_bytes() - 1] = 1;
}

TEST(guard__stack_used_to_its_ends__is_not_touched)
{
    assert_int_equal(signal_that_ends(keep_off), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take__after_give__is_the_one_given_last),
        cmocka_unit_test(take__at_the_limit__gives_none_until_one_comes_back),
        cmocka_unit_test(depth__as_far_as_it_was_written__counted_from_the_top),
        cmocka_unit_test(spawn__one_after_another__use_the_same_stack),
        cmocka_unit_test(metric__first_fiber_that_ends__tells_how_deep_it_was),
        cmocka_unit_test(guard__deep_recursion_in_a_fiber__dies_cleanly),
        cmocka_unit_test(guard__all_of_it__is_out_of_bounds),
        cmocka_unit_test(guard__stack_used_to_its_ends__is_not_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
