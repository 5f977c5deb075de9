/* What stands on the terminal is taken away by counting its lines, so nothing else may print while
 * it stands there. */
#include "client/display.h"

#include "limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_BYTES = 1024 };

void display_open(struct display *display, bool is_quiet)
{
    *display = (struct display){.is_quiet = is_quiet, .is_terminal = isatty(STDERR_FILENO) == 1};
    /* A block that is drawn in pieces flickers. */
    (void)setvbuf(stderr, NULL, _IOFBF, BUFSIZ);
}

void display_clear(struct display *display)
{
    if (display->drawn_lines > 0)
        (void)fprintf(stderr, "\r\033[%zuA\033[J", display->drawn_lines);
    display->drawn_lines = 0;
    (void)fflush(stderr);
}

void display_complain(struct display *display, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    display_clear(display);
    (void)fputs("sluice: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    (void)fflush(stderr);
}

void display_say(struct display *display, const char *format, ...)
{
    va_list arguments;
    if (display->is_quiet)
        return;
    va_start(arguments, format);
    display_clear(display);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    (void)fflush(stderr);
    if (display->is_terminal)
        display->due_ms = 0;
}

bool display_is_due(const struct display *display, int64_t now_ms)
{
    return !display->is_quiet && now_ms >= display->due_ms;
}

static size_t columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 79;
    return size.ws_col - 1U; /* a full last column makes some terminals begin a line */
}

void display_show(struct display *display, const struct progress *progress, size_t len,
                  int64_t now_ms)
{
    uint8_t room[LINE_BYTES];
    bool is_first = display->due_ms == 0;
    display->due_ms = now_ms + (display->is_terminal ? PUT_DRAW_MS : PUT_PLAIN_MS);
    /* What is over soon needs no plain line. */
    if (!display->is_terminal && is_first)
        return;
    display_clear(display);
    for (size_t i = 0; i < len; i++) {
        struct text text = text_over((struct span){room, sizeof room});
        if (display->is_terminal)
            progress_line_put(&text, &progress[i], columns());
        else
            progress_line_put_plain(&text, &progress[i]);
        (void)fprintf(stderr, "%.*s\n", (int)text.len, (const char *)text.ptr);
    }
    display->drawn_lines = display->is_terminal ? len : 0;
    (void)fflush(stderr);
}
