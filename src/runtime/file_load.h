/* Reading a whole file of a folder, for what is read too seldom to be kept open. */
#pragma once

#include "base/buffer.h"

/* Reads all of `path` below `folder` behind what `into` holds, on a helper thread. Returns 0;
 * -ENOENT when there is no such file, also when the path leads out of the folder or the file isn't
 * a regular one; -E2BIG when it doesn't fit the buffer's bound; -ENOMEM, -errno. */
awaits must_use int file_load(const char *folder, const char *path, struct buffer *into);
