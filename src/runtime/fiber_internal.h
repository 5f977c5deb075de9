/* What fiber.c and worker.c know of a fiber. Nobody else includes this. */
#pragma once

#include "base/list.h"
#include "runtime/fiber.h"
#include "runtime/worker.h"

enum { FIBER_MAGIC = 0x46494252 };

struct fiber {
    uint32_t magic;
    bool is_parked; /* not running and not runnable */
    bool is_deaf;   /* parked where cancelling doesn't reach */
    bool is_cancelled;
    bool has_wake; /* woken since it last parked */
    bool is_late;  /* its timer has fired */
    bool has_ended;
    void *stack_pointer; /* while it isn't running */
    void *stack;
    struct worker *worker;
    struct list all_node;   /* of worker->fibers */
    struct list ready_node; /* of worker->ready */
    struct timer timer;
    const char *name;
    void (*entry)(void *arg);
    void *arg;
    struct error_note note;
    void *sanitizer_stack; /* what AddressSanitizer keeps of a suspended stack */
    void *sanitizer_fiber; /* ThreadSanitizer's idea of this fiber */
};

/* ---- fiber.c, for worker.c ---- */
struct fiber *fiber_create(struct worker *worker, const char *name, void (*entry)(void *arg),
                           void *arg);
/* Runs a fiber on the calling thread until it parks or ends. */
void fiber_run(struct fiber *fiber);

/* ---- switch.S ---- */
void switch_stack(void **ret_old, void *new_stack);
void switch_start(void);
/* Called by switch_start on the new stack. */
_Noreturn void fiber_main(struct fiber *fiber);
