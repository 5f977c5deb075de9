/* What backends call. Nobody else includes this. */
#pragma once

#include "runtime/io.h"

/* Tells the owner of an operation whose result is set; called from wait(). The operation must not
 * be touched afterwards. */
void io_complete(struct io_op *op);
