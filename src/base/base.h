/* The words every file of Sluice uses: borrowed bytes, lent room, and the marks on declarations.
 *
 * `struct slice` is somebody else's bytes for the duration of a call; `struct span` is room lent
 * to be filled. `scoped(x)` declares a pointer that is dropped at the closing brace, so ownership
 * is visible where a variable is declared. `awaits` marks each function that may suspend the
 * fiber that calls it; tools/check-awaits proves that the marks are complete. */
#pragma once

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/* May suspend the calling fiber: after the call, assume that the world has changed. */
#define awaits
#define must_use __attribute__((warn_unused_result))
#define format_like(at, first) __attribute__((format(printf, at, first)))

/* A pointer that owns what it points to until the closing brace; always initialise it. */
#define scoped(type) __attribute__((cleanup(type##_drop_at))) struct type *

/* Makes `scoped(type)` work for a type that has a `type##_drop(struct type *)` taking NULL. */
#define SCOPED_TYPE(type)                                                                          \
    static inline void type##_drop_at(struct type **owned)                                         \
    {                                                                                              \
        type##_drop(*owned);                                                                       \
    }

#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes that belong to somebody else, readable for the duration of the call. */
struct slice {
    const uint8_t *ptr;
    size_t len;
};

/* Room that belongs to somebody else, writable for the duration of the call. */
struct span {
    uint8_t *ptr;
    size_t len;
};

/* A slice over a string literal. */
#define SLICE(literal) ((struct slice){(const uint8_t *)(literal), sizeof(literal) - 1})
#define SLICE_NONE ((struct slice){NULL, 0})

/* A slice over a NUL-terminated string. */
static inline struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static inline struct slice slice_from(const void *bytes, size_t len)
{
    return (struct slice){(const uint8_t *)bytes, len};
}

static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline uint64_t u64_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline int64_t i64_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
