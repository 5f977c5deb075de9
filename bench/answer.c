/* The head of an HTTP answer, as far as the measuring programs care about it.
 *
 * The servers measured are known and friendly: this is no general parser. Only what a figure
 * needs is read, and what is not understood ends the measurement. */
#include "answer.h"

#include "program.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { STATUS_AT = sizeof "HTTP/1.1 " - 1 };

/* The value of the line when it is the named header, else NULL. */
static const char *header_value(const char *line, const char *name)
{
    size_t name_bytes = strlen(name);

    if (strncasecmp(line, name, name_bytes) != 0 || line[name_bytes] != ':')
        return NULL;
    line += name_bytes + 1;
    return line + strspn(line, " \t");
}

static void copy_value(char *into, size_t room, const char *value, const char *end)
{
    size_t len = (size_t)(end - value);

    if (len >= room)
        die("the server's header is longer than the %zu bytes expected", room);
    memcpy(into, value, len);
    into[len] = '\0';
}

bool answer_parse(const char *bytes, size_t len, struct answer *ret_answer)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    struct answer answer = {0};

    if (end == NULL && len >= ANSWER_HEAD_BYTES_MAX)
        die("the server's answer has a head above %d bytes", ANSWER_HEAD_BYTES_MAX);
    if (end == NULL)
        return false;
    if (end - bytes < STATUS_AT || memcmp(bytes, "HTTP/1.", 7) != 0)
        die("the server's answer is not HTTP/1");

    answer.status = (int)strtol(bytes + STATUS_AT, NULL, 10);
    answer.head_bytes = (size_t)(end - bytes) + 4;
    answer.has_content_bytes = answer.status == 204; /* it never has content: RFC 9110, 15.3.5 */
    for (const char *line = bytes; line < end;) {
        const char *value;
        const char *line_end = memmem(line, (size_t)(end - line) + 2, "\r\n", 2);

        assert(line_end != NULL); /* the search above found one at `end`, if not before */
        if ((value = header_value(line, "Content-Length")) != NULL) {
            answer.content_bytes = strtoull(value, NULL, 10);
            answer.has_content_bytes = true;
        } else if ((value = header_value(line, "Location")) != NULL) {
            copy_value(answer.location, sizeof answer.location, value, line_end);
        } else if ((value = header_value(line, "Sluice-Key")) != NULL) {
            copy_value(answer.key, sizeof answer.key, value, line_end);
        }
        line = line_end + 2;
    }
    *ret_answer = answer;
    return true;
}

size_t answer_recv(int fd, struct answer *ret_answer)
{
    static char bytes[ANSWER_HEAD_BYTES_MAX + 1];
    size_t have = 0;

    for (;;) {
        ssize_t got = recv(fd, bytes + have, sizeof bytes - 1 - have, 0);
        if (got == 0)
            errno = ECONNRESET;
        if (got <= 0)
            die_errno("the server gave no answer");
        have += (size_t)got;

        while (answer_parse(bytes, have, ret_answer)) {
            have -= ret_answer->head_bytes;
            if (ret_answer->status >= 200)
                return have;
            memmove(bytes, bytes + ret_answer->head_bytes, have);
        }
    }
}
