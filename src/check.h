/* `sluice check`: every object of the catalog has its bytes, every byte has its row, and all are
 * the ones that were stored. Run while no server uses the data. */
#pragma once

#include "catalog/catalog.h"
#include "store/store.h"

struct check {
    struct catalog *catalog;
    struct store *store;
    bool is_repair; /* remove orphans (bytes without a row), keep digests that were missing */
    /* What came of it: */
    uint64_t objects, object_bytes; /* looked at */
    uint64_t arriving;              /* of them: still being sent */
    uint64_t problems;              /* that are left */
    uint64_t repaired;
};

/* Checks all, in a fiber of a runtime of one worker. Prints a line for each finding and one with
 * the sums to standard output; the exit code is 1 when check->problems is not 0. A catalog or a
 * store that can't be read counts as a problem, and nothing is removed after it. */
awaits void check_run(struct check *check);
