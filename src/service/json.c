/* A recursive grammar that is not allowed to recurse: one object, then its members, then the end;
 * one of the members may be a list of objects, in which there is no list.
 *
 * A decoded string is never longer than it was written, so it takes the place of what was read. */
#include "service/json.h"

#include "base/text.h"

struct reader {
    uint8_t *at, *end;
    const struct json_list *list; /* NULL where none is expected */
    bool has_list;                /* it was there */
    const char *reason;           /* NULL while nothing is wrong */
};

static const char twice[] = "The JSON object has two members of the same name.";

static bool refuse(struct reader *reader, const char *reason)
{
    reader->reason = reason;
    return false;
}

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                        *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

static bool take_byte(struct reader *reader, uint8_t byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

/* The code unit of the four digits behind `\u`. */
static bool take_unit(struct reader *reader, uint32_t *ret_unit)
{
    uint64_t unit;
    if (reader->end - reader->at < 4 || parse_hex_u64(slice_from(reader->at, 4), &unit) < 0)
        return refuse(reader, "A \\u in a JSON string needs four hexadecimal digits.");
    reader->at += 4;
    *ret_unit = (uint32_t)unit;
    return true;
}

/* What `\u` and its digits, or two such, stand for (RFC 8259 section 7). */
static bool take_code_point(struct reader *reader, uint32_t *ret_point)
{
    static const char lone[] = "A JSON string has half of a surrogate pair.";
    uint32_t high, low;
    if (!take_unit(reader, &high))
        return false;
    *ret_point = high;
    if (high < 0xD800 || high > 0xDFFF)
        return true;
    if (high > 0xDBFF || !take_byte(reader, '\\') || !take_byte(reader, 'u'))
        return refuse(reader, lone);
    if (!take_unit(reader, &low))
        return false;
    if (low < 0xDC00 || low > 0xDFFF)
        return refuse(reader, lone);
    *ret_point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static uint8_t *put_utf8(uint8_t *into, uint32_t point)
{
    assert(point <= 0x10FFFF);
    if (point < 0x80) {
        *into++ = (uint8_t)point;
        return into;
    }
    if (point < 0x800) {
        *into++ = (uint8_t)(0xC0 | point >> 6);
    } else if (point < 0x10000) {
        *into++ = (uint8_t)(0xE0 | point >> 12);
        *into++ = (uint8_t)(0x80 | (point >> 6 & 0x3F));
    } else {
        *into++ = (uint8_t)(0xF0 | point >> 18);
        *into++ = (uint8_t)(0x80 | (point >> 12 & 0x3F));
        *into++ = (uint8_t)(0x80 | (point >> 6 & 0x3F));
    }
    *into++ = (uint8_t)(0x80 | (point & 0x3F));
    return into;
}

/* Decodes what follows a backslash to `*into` and moves it on. */
static bool take_escape(struct reader *reader, uint8_t **into)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    uint32_t point;
    if (take_byte(reader, 'u')) {
        if (!take_code_point(reader, &point))
            return false;
        *into = put_utf8(*into, point);
        return true;
    }
    for (size_t i = 0; i < sizeof letters - 1; i++)
        if (take_byte(reader, (uint8_t)letters[i])) {
            *(*into)++ = (uint8_t)meanings[i];
            return true;
        }
    return refuse(reader, "A JSON string has an escape that does not exist.");
}

static bool take_string(struct reader *reader, struct slice *ret_text)
{
    if (!take_byte(reader, '"'))
        return refuse(reader, "A JSON string was expected.");
    uint8_t *start = reader->at, *into = start;
    while (!take_byte(reader, '"')) {
        if (reader->at == reader->end)
            return refuse(reader, "A JSON string does not end.");
        if (take_byte(reader, '\\')) {
            if (!take_escape(reader, &into))
                return false;
            continue;
        }
        if (*reader->at < 0x20)
            return refuse(reader, "A JSON string has a control character; escape it.");
        *into++ = *reader->at++;
    }
    assert(into < reader->at);
    *ret_text = slice_from(start, (size_t)(into - start));
    return true;
}

/* How many digits were skipped. */
static size_t skip_digits(struct reader *reader)
{
    const uint8_t *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return (size_t)(reader->at - start);
}

static bool take_number(struct reader *reader, struct slice *ret_text)
{
    static const char malformed[] = "A JSON number is malformed.";
    const uint8_t *start = reader->at;
    (void)take_byte(reader, '-');
    if (!take_byte(reader, '0') && skip_digits(reader) == 0)
        return refuse(reader, malformed);
    if (take_byte(reader, '.') && skip_digits(reader) == 0)
        return refuse(reader, malformed);
    if (take_byte(reader, 'e') || take_byte(reader, 'E')) {
        if (!take_byte(reader, '+'))
            (void)take_byte(reader, '-');
        if (skip_digits(reader) == 0)
            return refuse(reader, malformed);
    }
    *ret_text = slice_from(start, (size_t)(reader->at - start));
    return true;
}

static bool take_word(struct reader *reader, struct json_member *member)
{
    static const struct {
        struct slice word;
        enum json_kind kind;
    } words[] = {
        {{(const uint8_t *)"true", 4}, JSON_BOOLEAN},
        {{(const uint8_t *)"false", 5}, JSON_BOOLEAN},
        {{(const uint8_t *)"null", 4}, JSON_NULL},
    };
    struct slice rest = slice_from(reader->at, (size_t)(reader->end - reader->at));
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (slice_has_prefix(rest, words[i].word)) {
            member->kind = words[i].kind;
            member->text = slice_head(rest, words[i].word.len);
            reader->at += words[i].word.len;
            return true;
        }
    return refuse(reader, "A JSON value was expected.");
}

static bool take_value(struct reader *reader, struct json_member *member)
{
    uint8_t first = reader->at < reader->end ? *reader->at : 0;
    if (first == '{' || first == '[')
        return refuse(reader, "Objects and arrays inside the JSON object are not understood.");
    if (first == '"') {
        member->kind = JSON_STRING;
        return take_string(reader, &member->text);
    }
    if (first == '-' || (first >= '0' && first <= '9')) {
        member->kind = JSON_NUMBER;
        return take_number(reader, &member->text);
    }
    return take_word(reader, member);
}

/* The name of a member and its colon. */
static bool take_name(struct reader *reader, const struct json_object *object,
                      struct slice *ret_name)
{
    skip_space(reader);
    if (!take_string(reader, ret_name))
        return false;
    for (size_t i = 0; i < object->count; i++)
        if (slice_is_equal(object->members[i].name, *ret_name))
            return refuse(reader, twice);
    skip_space(reader);
    if (!take_byte(reader, ':'))
        return refuse(reader, "A colon was expected behind the name of a JSON member.");
    skip_space(reader);
    return true;
}

/* The value behind a name, as one more member. */
static bool take_rest(struct reader *reader, struct json_object *object, struct slice name)
{
    if (object->count == JSON_MEMBERS_MAX)
        return refuse(reader, "The JSON object has too many members.");
    struct json_member *member = &object->members[object->count];
    member->name = name;
    if (!take_value(reader, member))
        return false;
    skip_space(reader);
    object->count++;
    return true;
}

static bool take_flat_member(struct reader *reader, struct json_object *object)
{
    struct slice name;
    return take_name(reader, object, &name) && take_rest(reader, object, name);
}

/* An object, with spaces around it, whose members are read by `take`. */
static bool take_object(struct reader *reader, struct json_object *object,
                        bool (*take)(struct reader *reader, struct json_object *object))
{
    skip_space(reader);
    if (!take_byte(reader, '{'))
        return refuse(reader, "A JSON object was expected.");
    skip_space(reader);
    if (!take_byte(reader, '}')) {
        do {
            if (!take(reader, object))
                return false;
        } while (take_byte(reader, ','));
        if (!take_byte(reader, '}'))
            return refuse(reader, "The JSON object does not end where it should.");
    }
    skip_space(reader);
    return true;
}

static bool take_element(struct reader *reader)
{
    struct json_object element = {.count = 0};
    if (!take_object(reader, &element, take_flat_member))
        return false;
    const char *complaint = reader->list->take(reader->list->arg, &element);
    return complaint == NULL || refuse(reader, complaint);
}

static bool take_list(struct reader *reader)
{
    if (reader->has_list)
        return refuse(reader, twice);
    reader->has_list = true;
    if (!take_byte(reader, '['))
        return refuse(reader, "A JSON list was expected.");
    skip_space(reader);
    if (!take_byte(reader, ']')) {
        do {
            if (!take_element(reader))
                return false;
        } while (take_byte(reader, ','));
        if (!take_byte(reader, ']'))
            return refuse(reader, "The JSON list does not end where it should.");
    }
    skip_space(reader);
    return true;
}

/* A member of the outermost object. */
static bool take_member(struct reader *reader, struct json_object *object)
{
    struct slice name;
    if (!take_name(reader, object, &name))
        return false;
    bool is_list = reader->list != NULL && slice_is_equal(name, reader->list->name);
    return is_list ? take_list(reader) : take_rest(reader, object, name);
}

static bool take_all(struct reader *reader, struct json_object *object)
{
    if (!take_object(reader, object, take_member))
        return false;
    return reader->at == reader->end || refuse(reader, "Something follows the JSON object.");
}

/* Both ways of reading. */
static int read_body(struct span body, const struct json_list *list, struct json_object *ret_object,
                     const char **ret_reason)
{
    struct reader reader = {.at = body.ptr, .end = body.ptr + body.len, .list = list};
    ret_object->count = 0;
    bool is_read = utf8_is_valid(slice_from(body.ptr, body.len))
                       ? take_all(&reader, ret_object)
                       : refuse(&reader, "The JSON is not valid UTF-8.");
    assert(is_read == (reader.reason == NULL));
    if (is_read)
        return 0;
    ret_object->count = 0;
    *ret_reason = reader.reason;
    return -EINVAL;
}

int json_read_object(struct span body, struct json_object *ret_object, const char **ret_reason)
{
    return read_body(body, NULL, ret_object, ret_reason);
}

int json_read_list(struct span body, const struct json_list *list, struct json_object *ret_object,
                   const char **ret_reason)
{
    return read_body(body, list, ret_object, ret_reason);
}
