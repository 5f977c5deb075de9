/* The store in a folder of a local filesystem. Only main names this header. */
#pragma once

#include "store/store.h"

struct store_disk_config {
    const char *folder;     /* the data folder; objects lie in objects/XX/NAME beneath it */
    uint64_t reserve_bytes; /* free space that uploads never touch */
    bool is_direct_allowed; /* large writes may go around the page cache */
};

/* Opens (and makes) the folder and takes its lock, outside fibers. `ret_reason` tells in words
 * what failed. Returns 0, -EBUSY when another process has it, or -errno. */
must_use int store_disk_open(const struct store_disk_config *config, struct store **ret_store,
                             const char **ret_reason);
