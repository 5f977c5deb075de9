/* Errors are an int: 0 or −errno. The sentence of context travels beside it.
 *
 * Whoever knows more than the number calls fail() once; the sentence is kept with the fiber that
 * is running (or the thread, outside fibers) and logged only where the request ends. */
#pragma once

#include "base/base.h"

/* The room for one sentence. A fiber owns one; the runtime switches the current one. */
struct error_note {
    char text[120];
};

/* Keeps a sentence of context for `err` and returns `err` unchanged. Never awaits. */
int fail(int err, const char *format, ...) format_like(2, 3);

/* The sentence kept last by this fiber or thread, "" when there is none. Lent until the next fail.
 */
const char *error_text(void);

/* Forgets the sentence: called where a new request begins. */
void error_clear(void);

/* Makes `note` the current one (NULL: the thread's own) and returns the one before. For runtime/.
 */
struct error_note *error_note_switch(struct error_note *note);
