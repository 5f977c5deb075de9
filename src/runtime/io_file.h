/* File operations as plain system calls that block: what helper threads do for a backend that
 * can't have the kernel do it. */
#pragma once

#include "runtime/io.h"

/* Performs one operation on a file (IO_READ to IO_CLOSE) and sets op->result: what the call
 * returned, or -errno. May block for as long as the disk does. */
void io_file_run(struct io_op *op);

/* Performs IO_READ if that needs no disk, and sets op->result; false when it may have to wait. */
must_use bool io_file_try_read(struct io_op *op);
