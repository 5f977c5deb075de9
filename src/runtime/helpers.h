/* Helper threads: where calls that may block are run, so that no worker waits for the disk.
 *
 * One queue for all workers, first come first served. At most HELPER_THREADS_MAX threads; they are
 * started when work waits and nobody is free, and are kept until helpers_stop(). */
#pragma once

#include "runtime/io.h"

/* Starts the first thread (so that there always is one). Returns 0 or -errno. */
must_use int helpers_start(void);

/* Finishes what is queued, then ends the threads. Nobody may call helpers_run() meanwhile. */
void helpers_stop(void);

/* Has `work(op)` called on a helper thread; it sets op->result. Then the op completes on `home`,
 * the calling worker. When HELPER_QUEUE_MAX are waiting, it completes with -EAGAIN, never from
 * inside this call. The op's call, next, post and backend_state belong to the helpers until then.
 */
void helpers_run(struct worker *home, struct io_op *op, void (*work)(struct io_op *op));
