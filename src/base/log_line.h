/* One event of the log as a line of text: `key=value` for people and grep, JSON for collectors. */
#pragma once

#include "base/log.h"
#include "base/text.h"

struct log_entry {
    enum log_level level;
    int64_t wall_ms;
    const char *event;
    const struct log_field *fields;
    size_t fields_len;
};

/* Puts the whole line with its newline. What would make it longer than `line` has room is left
 * out, long values in part and last fields whole, so that it always is well-formed. Values may hold
 * anything: nothing in them can end the line, look like another field or steer a terminal. */
void log_line_put(struct text *line, bool is_json, const struct log_entry *entry);
