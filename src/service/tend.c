/* The housekeeping of each worker. */
#include "runtime/fiber.h"
#include "service/links.h"
#include "service/tallies.h"

enum { LAST_FIBER_ASK_MS = 10 };

awaits void service_tend(struct service *service)
{
    while (fiber_sleep(worker_now_ms() + TEND_MS) == 0) {
        links_tidy();
        tallies_flush(service);
    }
    fiber_uncancel();
    while (worker_fibers() > 1)
        if (fiber_sleep(worker_now_ms() + LAST_FIBER_ASK_MS) < 0)
            break;
    tallies_flush(service);
    links_clear();
}
