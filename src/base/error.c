/* The sentence beside an error, kept where the runtime points: a fiber's note or the thread's own.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local struct error_note note_own;
/* NULL stands for note_own, whose address differs by thread and so can't be an initial value. */
static _Thread_local struct error_note *note_current;

static struct error_note *note_get(void)
{
    return note_current != NULL ? note_current : &note_own;
}

int fail(int err, const char *format, ...)
{
    assert(err < 0);
    /* Not formatted in place: one of the arguments may be the sentence kept before. */
    struct error_note note;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(note.text, sizeof(note.text), format, arguments);
    va_end(arguments);
    assert(len >= 0);
    memcpy(note_get()->text, note.text, size_min((size_t)len + 1, sizeof(note.text)));
    return err;
}

const char *error_text(void)
{
    return note_get()->text;
}

void error_clear(void)
{
    note_get()->text[0] = 0;
}

struct error_note *error_note_switch(struct error_note *note)
{
    struct error_note *before = note_current;
    note_current = note;
    return before;
}
