/* Parsing of a request head, RFC 9112 sections 2 to 7, in one pass from left to right.
 *
 * Each step reads its part of the head at the cursor or says at once why it can't be one; so a
 * head that is refused is refused as early as its first wrong byte, whatever arrives later. What
 * framing the fields mean together is decided when all have been read. */
#include "wire/http1_parse.h"

#include "base/text.h"
#include "wire/authority.h"
#include "wire/field.h"
#include "wire/http1_target.h"

enum {
    /* Longer than any registered method; what comes in place of a space is junk. */
    METHOD_BYTES_MAX = 32,
};

/* What the fields that matter for framing said. */
struct marks {
    size_t hosts, lengths, codings;
    struct slice host, length, coding;
    bool is_close_asked, is_keep_asked;
    bool is_expectation_unknown;
};

struct parser {
    const uint8_t *at, *end;
    struct http_head *head;
    struct parse_refusal *refusal;
    struct marks marks;
};

static enum parse_result refuse(struct parser *parser, unsigned status, const char *reason)
{
    *parser->refusal = (struct parse_refusal){status, reason};
    return PARSE_REFUSED;
}

/* Steps over CR LF. A CR alone could be taken for a line end by somebody else. */
static enum parse_result parse_line_end(struct parser *parser, const char *otherwise)
{
    if (parser->at == parser->end)
        return PARSE_MORE;
    if (*parser->at != '\r')
        return refuse(parser, 400, otherwise);
    if (parser->end - parser->at < 2)
        return PARSE_MORE;
    if (parser->at[1] != '\n')
        return refuse(parser, 400, "A carriage return stands alone in the head of the request.");
    parser->at += 2;
    return PARSE_DONE;
}

/* The bytes of one kind at the cursor, which moves behind them. */
static inline struct slice parse_run(struct parser *parser, enum field_byte kind)
{
    const uint8_t *start = parser->at, *at = start;
    while (at < parser->end && (field_bytes[*at] & kind) != 0)
        at++;
    parser->at = at;
    return (struct slice){start, (size_t)(at - start)};
}

static enum parse_result parse_method(struct parser *parser)
{
    struct slice name = parse_run(parser, FIELD_TOKEN);
    if (name.len > METHOD_BYTES_MAX)
        return refuse(parser, 501, "The method of the request is not known here.");
    if (parser->at == parser->end)
        return PARSE_MORE;
    if (name.len == 0 || *parser->at != ' ')
        return refuse(parser, 400, "The request does not begin with a method and a space.");
    parser->at++;

    for (enum http_method method = 0; method < HTTP_METHODS; method++) {
        if (slice_is_equal(name, slice_of(http_method_name(method)))) {
            parser->head->method = method;
            return PARSE_DONE;
        }
    }
    return refuse(parser, 501, "The method of the request is not known here.");
}

static enum parse_result parse_target(struct parser *parser)
{
    struct slice target = parse_run(parser, FIELD_TARGET);
    if (target.len > HTTP_TARGET_BYTES_MAX)
        return refuse(parser, 414, "The target of the request is longer than 8192 bytes.");
    if (parser->at == parser->end)
        return PARSE_MORE;
    if (*parser->at != ' ' || target.len == 0)
        return refuse(parser, 400, "The target of the request has a byte that no URL can have.");
    parser->at++;

    const char *wrong = http1_target_read(target, parser->head);
    return wrong != NULL ? refuse(parser, 400, wrong) : PARSE_DONE;
}

static enum parse_result parse_version(struct parser *parser)
{
    static const char pattern[] = "HTTP/d.d\r\n";
    const size_t len = sizeof(pattern) - 1;
    size_t available = size_min((size_t)(parser->end - parser->at), len);

    for (size_t i = 0; i < available; i++) {
        uint8_t byte = parser->at[i];
        bool is_right =
            pattern[i] == 'd' ? byte >= '0' && byte <= '9' : byte == (uint8_t)pattern[i];
        if (!is_right)
            return refuse(parser, 400, "The request line does not end with a version of HTTP.");
    }
    if (available < len)
        return PARSE_MORE;
    if (parser->at[5] != '1')
        return refuse(parser, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    parser->head->version_minor = (uint8_t)(parser->at[7] - '0');
    parser->at += len;
    return PARSE_DONE;
}

static void note_connection(struct marks *marks, struct slice value)
{
    marks->is_close_asked |= field_has_word(value, SLICE("close"));
    marks->is_keep_asked |= field_has_word(value, SLICE("keep-alive"));
}

static void note_expect(struct parser *parser, struct slice value)
{
    struct slice element;
    while (field_next_element(&value, &element)) {
        if (slice_is_same_word(element, SLICE("100-continue")))
            parser->head->expects_continue = true;
        else
            parser->marks.is_expectation_unknown = true;
    }
}

static void note_header(struct parser *parser, struct slice name, struct slice value)
{
    struct marks *marks = &parser->marks;
    if (name.len == 4 && slice_is_same_word(name, SLICE("host"))) {
        marks->hosts++;
        marks->host = value;
    } else if (name.len == 14 && slice_is_same_word(name, SLICE("content-length"))) {
        marks->lengths++;
        marks->length = value;
    } else if (name.len == 17 && slice_is_same_word(name, SLICE("transfer-encoding"))) {
        marks->codings++;
        marks->coding = value;
    } else if (name.len == 10 && slice_is_same_word(name, SLICE("connection"))) {
        note_connection(marks, value);
    } else if (name.len == 6 && slice_is_same_word(name, SLICE("expect"))) {
        note_expect(parser, value);
    }
}

static enum parse_result parse_header(struct parser *parser)
{
    struct slice name = parse_run(parser, FIELD_TOKEN);
    if (parser->at == parser->end)
        return PARSE_MORE;
    if (name.len == 0 && (*parser->at == ' ' || *parser->at == '\t'))
        return refuse(parser, 400, "A header field begins with white space.");
    if (name.len == 0 || *parser->at != ':')
        return refuse(parser, 400, "The name of a header field is malformed.");
    parser->at++;

    struct slice value = parse_run(parser, FIELD_VALUE);
    enum parse_result result =
        parse_line_end(parser, "The value of a header field has a control character.");
    if (result != PARSE_DONE)
        return result;

    struct http_head *head = parser->head;
    if (head->headers_len == HTTP_HEADERS_MAX)
        return refuse(parser, 431, "The request has more than 64 header fields.");
    value = slice_trim(value);
    head->headers[head->headers_len++] = (struct http_header){name, value};
    note_header(parser, name, value);
    return PARSE_DONE;
}

/* RFC 9112 section 3.2: without exactly one sound Host, HTTP/1.1 is not answered. */
static enum parse_result decide_host(struct parser *parser)
{
    struct http_head *head = parser->head;
    const struct marks *marks = &parser->marks;

    if (marks->hosts > 1)
        return refuse(parser, 400, "The request has more than one Host field.");
    if (marks->hosts == 0 && head->version_minor > 0)
        return refuse(parser, 400, "The request has no Host field.");
    if (marks->host.len > 0 && !authority_is_valid(marks->host))
        return refuse(parser, 400, "The Host field is malformed.");

    head->has_host = marks->hosts == 1;
    if (head->authority.len == 0)
        head->authority = marks->host;
    return PARSE_DONE;
}

/* RFC 9112 section 6.1. Only what every recipient reads the same way is taken. */
static enum parse_result decide_coding(struct parser *parser)
{
    const struct marks *marks = &parser->marks;
    struct slice rest = marks->coding, element, last = SLICE_NONE;
    size_t chunked = 0;

    if (parser->head->version_minor == 0)
        return refuse(parser, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (marks->lengths > 0)
        return refuse(parser, 400, "The request has both Content-Length and Transfer-Encoding.");
    if (marks->codings > 1)
        return refuse(parser, 400, "The request has more than one Transfer-Encoding field.");
    if (slice_is_same_word(marks->coding, SLICE("chunked"))) {
        parser->head->framing = BODY_CHUNKED;
        return PARSE_DONE;
    }

    while (field_next_element(&rest, &element)) {
        if (slice_is_same_word(element, SLICE("chunked")))
            chunked++;
        last = element;
    }
    if (chunked == 1 && slice_is_same_word(last, SLICE("chunked")))
        return refuse(parser, 501, "The only transfer coding known here is chunked.");
    return refuse(parser, 400, "The Transfer-Encoding does not end with one chunked.");
}

/* RFC 9112 section 6.3; a list of equal lengths is allowed there, and refused here. */
static enum parse_result decide_length(struct parser *parser)
{
    const struct marks *marks = &parser->marks;
    struct http_head *head = parser->head;

    if (marks->lengths > 1)
        return refuse(parser, 400, "The request has more than one Content-Length field.");
    int err = parse_u64(marks->length, &head->content_length);
    if (err == -ERANGE || (err == 0 && head->content_length > INT64_MAX))
        return refuse(parser, 413, "The Content-Length is larger than any file can be.");
    if (err < 0)
        return refuse(parser, 400, "The Content-Length is not a number.");
    head->framing = BODY_LENGTH;
    return PARSE_DONE;
}

static enum parse_result decide(struct parser *parser)
{
    struct http_head *head = parser->head;
    const struct marks *marks = &parser->marks;

    enum parse_result result = decide_host(parser);
    if (result == PARSE_DONE && marks->codings > 0)
        result = decide_coding(parser);
    else if (result == PARSE_DONE && marks->lengths > 0)
        result = decide_length(parser);
    if (result != PARSE_DONE)
        return result;

    bool is_old = head->version_minor == 0;
    head->is_keep_alive = !marks->is_close_asked && (!is_old || marks->is_keep_asked);
    /* RFC 9110 section 10.1.1: the expectation of an HTTP/1.0 client is ignored. */
    head->expects_continue = head->expects_continue && !is_old;
    if (marks->is_expectation_unknown && !is_old)
        return refuse(parser, 417, "The only expectation known here is 100-continue.");
    return PARSE_DONE;
}

static enum parse_result parse_all(struct parser *parser)
{
    enum parse_result result = PARSE_DONE;

    /* RFC 9112 section 2.2: some clients send one empty line too many behind a body. */
    if (parser->at < parser->end && *parser->at == '\r')
        result = parse_line_end(parser, NULL);
    if (result == PARSE_DONE)
        result = parse_method(parser);
    if (result == PARSE_DONE)
        result = parse_target(parser);
    if (result == PARSE_DONE)
        result = parse_version(parser);
    while (result == PARSE_DONE) {
        if (parser->at < parser->end && *parser->at == '\r') {
            result = parse_line_end(parser, NULL);
            return result == PARSE_DONE ? decide(parser) : result;
        }
        result = parse_header(parser);
    }
    return result;
}

enum parse_result http1_parse_head(struct slice bytes, struct http_head *ret_head, size_t *ret_len,
                                   struct parse_refusal *ret_refusal)
{
    if (bytes.len == 0)
        return PARSE_MORE;

    struct parser parser = {
        .at = bytes.ptr,
        .end = bytes.ptr + size_min(bytes.len, HTTP_HEAD_BYTES_MAX),
        .head = ret_head,
        .refusal = ret_refusal,
    };
    /* The fields below are written only when the head has them; the slots of headers never. */
    ret_head->framing = BODY_NONE;
    ret_head->content_length = 0;
    ret_head->expects_continue = false;
    ret_head->headers_len = 0;

    enum parse_result result = parse_all(&parser);
    if (result == PARSE_MORE && bytes.len >= HTTP_HEAD_BYTES_MAX)
        return refuse(&parser, 431, "The head of the request is longer than 16384 bytes.");
    if (result == PARSE_DONE)
        *ret_len = (size_t)(parser.at - bytes.ptr);
    return result;
}
