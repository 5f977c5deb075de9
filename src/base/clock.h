/* The two clocks. Deadlines are milliseconds of the monotonic clock; what people see is wall time.
 */
#pragma once

#include "base/base.h"

/* A deadline that never comes; only waits that something else bounds may use it. */
#define DEADLINE_NONE INT64_MAX

/* Monotonic milliseconds, the unit of all deadlines. */
int64_t clock_ms(void);
/* Monotonic nanoseconds, for measuring. */
int64_t clock_ns(void);
/* Wall-clock milliseconds since 1970-01-01 UTC, what the catalog keeps. */
int64_t clock_wall_ms(void);
