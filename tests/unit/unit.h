/* What the unit tests share: the way to write one, slices compared, random input from a seed. */
#pragma once

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The name belongs to base/error.h, and cmocka's own fail_msg() would call that. */
#undef fail
#undef fail_msg
#define fail_msg(...)                                                                              \
    do {                                                                                           \
        print_error("ERROR: " __VA_ARGS__);                                                        \
        print_error("\n");                                                                         \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (0)

/* A test; its name is a sentence: what, in which case, does what. */
#define TEST(sentence) static void sentence(void **state __attribute__((unused)))

#define assert_slice_equal(actual, text)                                                           \
    do {                                                                                           \
        const struct slice slice_ = (actual);                                                      \
        assert_int_equal(slice_.len, sizeof(text) - 1);                                            \
        assert_memory_equal(slice_.ptr, text, sizeof(text) - 1);                                   \
    } while (0)

/* The next number of a reproducible sequence (splitmix64). */
static inline uint64_t random_next(uint64_t *seed)
{
    uint64_t mixed = *seed += UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

static inline void random_bytes(uint64_t *seed, struct span into)
{
    for (size_t i = 0; i < into.len; i++)
        into.ptr[i] = (uint8_t)(random_next(seed) >> 32);
}
