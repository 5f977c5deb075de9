/* One static table of slots, each on cache lines of its own, so that no two threads share one. */
#include "base/counters.h"

enum {
    CACHE_LINE_BYTES = 64,
    /* Workers, helper threads and a few more; threads beyond count in the shared slot. */
    SLOTS_MAX = 256,
};

struct counter_row {
    struct counter_slot slot;
} __attribute__((aligned(CACHE_LINE_BYTES)));

static_assert(sizeof(struct counter_row) % CACHE_LINE_BYTES == 0, "rows share no cache line");

/* The first row is shared by the threads that have none of their own. */
static struct counter_row rows[SLOTS_MAX];
static atomic_size_t rows_taken = 1;

_Thread_local struct counter_slot *counter_slot_mine = &rows[0].slot;

enum counter_kind { KIND_counter, KIND_gauge, KIND_highest };

static const struct {
    const char *name, *help;
    enum counter_kind kind;
} descriptions[COUNTERS] = {
#define COUNTER(name, type, help) {#name, help, KIND_##type},
#include "base/counters.def"
#undef COUNTER
};

void counters_register(void)
{
    if (counter_slot_mine != &rows[0].slot)
        return;
    size_t row = atomic_load_explicit(&rows_taken, memory_order_relaxed);
    do {
        if (row == SLOTS_MAX)
            return;
    } while (!atomic_compare_exchange_weak(&rows_taken, &row, row + 1));
    counter_slot_mine = &rows[row].slot;
}

int64_t counter_total(enum counter counter)
{
    assert(counter < COUNTERS);
    bool is_highest = descriptions[counter].kind == KIND_highest;
    size_t taken = atomic_load_explicit(&rows_taken, memory_order_acquire);
    int64_t total = 0;
    for (size_t i = 0; i < taken; i++) {
        int64_t value = atomic_load_explicit(&rows[i].slot.values[counter], memory_order_relaxed);
        if (!is_highest)
            total += value;
        else if (value > total)
            total = value;
    }
    return total;
}

const char *counter_name(enum counter counter)
{
    assert(counter < COUNTERS);
    return descriptions[counter].name;
}

const char *counter_type(enum counter counter)
{
    assert(counter < COUNTERS);
    return descriptions[counter].kind == KIND_counter ? "counter" : "gauge";
}

const char *counter_help(enum counter counter)
{
    assert(counter < COUNTERS);
    return descriptions[counter].help;
}
