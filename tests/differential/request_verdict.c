/* Prints how our parser reads a connection: requests on standard input, one JSON object out.
 *
 * {"requests": [{"method", "version", "framing", "path", "query", "headers": [[name, value]...],
 *  "body", "is_whole"}], "end": "clean" | "more" | "refused", "status": of a refusal}; bytes as
 * characters of Latin-1. */
#include "base/text.h"
#include "wire/http1_parse.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_BYTES_MAX = 1 << 20 };

static void put_text(struct slice bytes)
{
    putchar('"');
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.ptr[i];
        if (byte < ' ' || byte >= 0x7f || byte == '"' || byte == '\\')
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void put_head(const struct http_head *head)
{
    static const char *const framings[] = {
        [BODY_NONE] = "none", [BODY_LENGTH] = "length", [BODY_CHUNKED] = "chunked"};
    printf("{\"method\": \"%s\", \"version\": \"1.%u\", \"framing\": \"%s\", \"path\": ",
           http_method_name(head->method), head->version_minor, framings[head->framing]);
    put_text(head->path);
    printf(", \"query\": ");
    put_text(head->query);
    printf(", \"headers\": [");
    for (size_t i = 0; i < head->headers_len; i++) {
        printf(i > 0 ? ", [" : "[");
        put_text(head->headers[i].name);
        printf(", ");
        put_text(head->headers[i].value);
        printf("]");
    }
    printf("], \"body\": ");
}

/* How the reading of a body, or of the connection, ended. */
struct ending {
    const char *word;
    unsigned status;
};

/* Prints the body at the front of `*rest` and moves behind it. */
static struct ending read_chunked(struct slice *rest)
{
    static uint8_t room[INPUT_BYTES_MAX];
    struct text body = text_over((struct span){room, sizeof(room)});
    struct ending ending = {"more", 0};
    struct chunked chunked;
    chunked_begin(&chunked);
    while (rest->len > 0 && chunked.state != CHUNKED_DONE) {
        struct parse_refusal refusal;
        ssize_t got = chunked_framing(&chunked, *rest, &refusal);
        if (got < 0) {
            ending = (struct ending){"refused", refusal.status};
            break;
        }
        *rest = slice_skip(*rest, (size_t)got);
        if (chunked.state != CHUNKED_DATA)
            continue;
        struct slice data = slice_head(*rest, (size_t)u64_min(chunked.left, rest->len));
        text_put(&body, data);
        *rest = slice_skip(*rest, data.len);
        if (data.len > 0)
            chunked_data(&chunked, data.len);
    }
    put_text(text_slice(&body));
    return chunked.state == CHUNKED_DONE ? (struct ending){"clean", 0} : ending;
}

static struct ending read_body(const struct http_head *head, struct slice *rest)
{
    if (head->framing == BODY_CHUNKED)
        return read_chunked(rest);
    struct slice body = slice_head(*rest, (size_t)u64_min(head->content_length, rest->len));
    put_text(body);
    *rest = slice_skip(*rest, body.len);
    return (struct ending){body.len < head->content_length ? "more" : "clean", 0};
}

static struct ending read_connection(struct slice rest)
{
    static struct http_head head;
    struct ending ending = {"clean", 0};
    const char *separator = "";
    bool is_kept = true;
    while (is_kept && rest.len > 0 && strcmp(ending.word, "clean") == 0) {
        size_t len;
        struct parse_refusal refusal;
        switch (http1_parse_head(rest, &head, &len, &refusal)) {
        case PARSE_MORE:
            return (struct ending){"more", 0};
        case PARSE_REFUSED:
            return (struct ending){"refused", refusal.status};
        case PARSE_DONE:
            break;
        }
        printf("%s", separator);
        separator = ", ";
        put_head(&head);
        rest = slice_skip(rest, len);
        ending = read_body(&head, &rest);
        printf(", \"is_whole\": %s}", strcmp(ending.word, "clean") == 0 ? "true" : "false");
        is_kept = head.is_keep_alive;
    }
    return ending;
}

int main(void)
{
    static uint8_t input[INPUT_BYTES_MAX];
    size_t len = fread(input, 1, sizeof(input), stdin);
    if (ferror(stdin))
        return EXIT_FAILURE;
    printf("{\"requests\": [");
    struct ending ending = read_connection(slice_from(input, len));
    printf("], \"end\": \"%s\", \"status\": %u}\n", ending.word, ending.status);
    return EXIT_SUCCESS;
}
