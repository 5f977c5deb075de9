/* Whether a part of a file lies in the page cache, so that moving it can't wait for the disk. */
#pragma once

#include "base/base.h"

/* Never waits itself. False when the kernel (before Linux 6.5) can't tell. */
bool resident_covers(int file, uint64_t offset, size_t length);
