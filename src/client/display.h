/* Standard error: messages, and the progress of what is running. On a terminal the progress is a
 * block of lines at the bottom that is written anew again and again; elsewhere now and then a line.
 */
#pragma once

#include "client/progress_line.h"

struct display {
    bool is_quiet, is_terminal;
    size_t drawn_lines; /* of the block that stands on the terminal */
    int64_t due_ms;     /* when progress is to be shown next */
};

void display_open(struct display *display, bool is_quiet);
/* Takes the block away, so that something else can be printed. */
void display_clear(struct display *display);
/* Prints one line, always: what went wrong. */
void display_complain(struct display *display, const char *format, ...) format_like(2, 3);
/* Prints one line, unless it is to be quiet. */
void display_say(struct display *display, const char *format, ...) format_like(2, 3);

bool display_is_due(const struct display *display, int64_t now_ms);
/* Shows these; on a terminal the last may be the sum of all. */
void display_show(struct display *display, const struct progress *progress, size_t len,
                  int64_t now_ms);
