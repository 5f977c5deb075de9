/* The log: one line an event, written by a thread of its own so that nobody waits for a terminal.
 *
 * Lines go into a bounded ring (LOG_RING_BYTES). When the reader of standard error is too slow,
 * lines are dropped and counted; the count is told in the next line that fits. */
#pragma once

#include "base/base.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* One `key=value` of an event; make them with the functions below. */
struct log_field {
    const char *key;
    struct slice text;
    uint64_t number;
    bool is_number;
};

static inline struct log_field log_text(const char *key, struct slice value)
{
    return (struct log_field){.key = key, .text = value};
}

static inline struct log_field log_number(const char *key, uint64_t value)
{
    return (struct log_field){.key = key, .number = value, .is_number = true};
}

/* Starts the thread that writes. Before it, and after log_stop(), lines are written at once.
 * Returns 0 or -errno. */
must_use int log_start(bool is_json, enum log_level level);
/* Writes what is waiting and ends the thread. */
void log_stop(void);

bool log_is_on(enum log_level level);

/* Writes one event: time, level, `event`, then the fields. Never waits, never allocates. */
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t fields_len);

#define log_event(level, event, ...)                                                               \
    do {                                                                                           \
        const struct log_field log_fields_[] = {__VA_ARGS__};                                      \
        log_write(level, event, log_fields_, ARRAY_LEN(log_fields_));                              \
    } while (0)

/* Lines lost so far because standard error was too slow. */
uint64_t log_lost(void);
