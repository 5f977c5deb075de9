/* Forms: the same events however the body is split, and refusals where it is malformed. */
#include "wire/multipart.h"
#include "wire_check.h"

/* What a form came to, written as text: "PART name file? type\nDATA ...\nEND_PART\nEND\n". */
struct script {
    struct text text;
    bool is_in_data;
};

static void write_event(struct script *script, const struct multipart_event *event)
{
    bool is_data = event->kind == MULTIPART_DATA;
    if (is_data && !script->is_in_data)
        text_put(&script->text, SLICE("["));
    if (!is_data && script->is_in_data)
        text_put(&script->text, SLICE("]"));
    script->is_in_data = is_data;
    if (is_data) {
        assert_true(event->data.len > 0);
        text_put(&script->text, event->data);
    } else if (event->kind == MULTIPART_PART) {
        text_put(&script->text, event->name);
        if (event->has_file_name) {
            text_put(&script->text, SLICE("="));
            text_put(&script->text, event->file_name);
        }
        if (event->content_type.len > 0) {
            text_put(&script->text, SLICE("("));
            text_put(&script->text, event->content_type);
            text_put(&script->text, SLICE(")"));
        }
    } else if (event->kind == MULTIPART_PART_END) {
        text_put(&script->text, SLICE(";"));
    } else {
        assert_int_equal(event->kind, MULTIPART_END);
        text_put(&script->text, SLICE("."));
    }
}

static struct multipart multipart;
static struct parse_refusal refusal;

static int feed(struct script *script, struct slice piece)
{
    struct slice copy = copy_of(piece), rest = copy;
    struct multipart_event event;
    ssize_t got;
    do {
        got = multipart_feed(&multipart, rest, &event);
        refusal = event.refusal;
        if (got < 0)
            break;
        rest = slice_skip(rest, (size_t)got);
        if (event.kind != MULTIPART_MORE)
            write_event(script, &event);
    } while (event.kind != MULTIPART_MORE);
    if (got >= 0)
        assert_int_equal(rest.len, 0);
    copy_free(copy);
    return got < 0 ? (int)got : 0;
}

/* Parses `body` in three pieces. Returns 0 or -EPROTO; the script has what was told before it. */
static int parse(struct slice body, size_t first, size_t second, struct script *script)
{
    static uint8_t room[8192];
    *script = (struct script){.text = text_over((struct span){room, sizeof(room)})};
    assert_int_equal(multipart_begin(&multipart, SLICE("multipart/form-data; boundary=bound")), 0);
    int err = feed(script, slice_head(body, first));
    if (err == 0)
        err = feed(script, slice_from(body.ptr + first, second - first));
    if (err == 0)
        err = feed(script, slice_skip(body, second));
    if (err == 0)
        err = multipart_end(&multipart, &refusal);
    assert_false(script->text.is_full);
    return err;
}

#define NAME(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"
#define FILE_PART(name, file)                                                                      \
    "Content-Disposition: form-data; name=\"" name "\"; filename=\"" file "\"\r\n"

static void form__split_anywhere__has_the_same_parts(void **state)
{
    (void)state;
    static const struct {
        const char *body, *script;
    } cases[] = {
        {"--bound\r\n" NAME("a") "\r\nx\r\n--bound--\r\n", "a[x];."},
        {"--bound\r\n" NAME("a") "\r\nx\r\n--bound--", "a[x];."},
        {"--bound\r\n" NAME("a") "\r\n\r\n--bound--", "a;."},
        {"--bound--\r\n", "."},
        {"\r\n--bound\r\n" NAME("a") "\r\nx\r\n--bound--", "a[x];."},
        {"pre\r\n--boun\r\n--bound \t\r\n" NAME("a") "\r\nx\r\n--bound--epi\r\n--bound\r\n",
         "a[x];."},
        {"--bound\r\n" FILE_PART("f", "n.txt") "Content-Type: text/plain\r\n\r\nx\r\n--bound--",
         "f=n.txt(text/plain)[x];."},
        {"--bound\r\n" FILE_PART("f", "a") "\r\nx\r\n--bound\r\n" FILE_PART("f",
                                                                            "") "\r\n\r\n--bound--",
         "f=a[x];f=;."},
        {"--bound\r\n" NAME("a") "\r\n\r\n--boun\r\n-\r\r\n--bounx\r\n\r\n--bound--",
         "a[\r\n--boun\r\n-\r\r\n--bounx\r\n];."},
        {"--bound\r\n" NAME("a") "\r\nx\r\n--boundary\r\n--bound-\r\n--bound\rx\r\n--bound--",
         "a[x\r\n--boundary\r\n--bound-\r\n--bound\rx];."},
        {"--bound\r\n" NAME("a") "\r\nx\r\n--bound\r\r\n--bound-\r\n--bound--",
         "a[x\r\n--bound\r\r\n--bound-];."},
        {"--bound\r\n" NAME("a") "\r\n--bound--\r\n--bound--", "a[--bound--];."},
        {"--bound\r\n" NAME("a") "\r\n\n--bound\n\r\n--bound--", "a[\n--bound\n];."},
        {"--bound\r\nX-Other: y\r\ncontent-disposition:form-data;name=a\r\n\r\nx\r\n--bound--",
         "a[x];."},
    };
    struct script script;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice body = slice_of(cases[i].body);
        for (size_t first = 0; first <= body.len; first++) {
            for (size_t second = first; second <= body.len; second++) {
                check(parse(body, first, second, &script) == 0, i);
                check(is_text(text_slice(&script.text), cases[i].script), i);
            }
        }
    }
}

static void form__malformed__is_refused_however_split(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "--bound",
        "--bound\r\n",
        "--boundary--",
        "--bound\r\n" NAME("a") "\r\nx",
        "--bound\r\n" NAME("a") "\r\nx\r\n--bound",
        "--bound\r\n" NAME("a") "\r\nx\r\n--bound-",
        "--bound\r\n" NAME("a") "\r\nx\n--bound--",
        "--bound x\r\n" NAME("a") "\r\nx\r\n--bound--",
        "--bound \rx",
        "--bound\r\n\r\nx\r\n--bound--",
        "--bound\r\nContent-Type: text/plain\r\n\r\nx\r\n--bound--",
        "--bound\r\n" NAME("a") NAME("a") "\r\nx\r\n--bound--",
        "--bound\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--bound--",
        "--bound\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--bound--",
        "--bound\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--bound--",
        "--bound\r\n" NAME("a") " folded: x\r\n\r\nx\r\n--bound--",
        "--bound\r\n" NAME("a") "X : y\r\n\r\nx\r\n--bound--",
        "--bound\r\n" NAME("a") "X: a\rb\r\n\r\nx\r\n--bound--",
        "--bound\r\n" NAME("a") "X: y\n\r\nx\r\n--bound--",
        "--bound\r\n" NAME("a") "\nx\r\n--bound--",
    };
    struct script script;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice body = slice_of(cases[i]);
        for (size_t first = 0; first <= body.len; first++) {
            refusal = (struct parse_refusal){0};
            check(parse(body, first, body.len, &script) == -EPROTO, i);
            check(refusal.status == 400 && refusal.reason != NULL, i);
        }
    }
}

static void boundary__in_all_spellings__is_found_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int result;
    } cases[] = {
        {"multipart/form-data; boundary=x", 0},
        {"Multipart/Form-Data;charset=utf-8;BOUNDARY=\"a b\"", 0},
        {"multipart/form-data; boundary=----WebKitFormBoundaryAbC0123456789xyz", 0},
        {"multipart/form-data; boundary=\"a\\b\"", 0},
        {"multipart/form-data", -EINVAL},
        {"multipart/form-data; boundary=", -EINVAL},
        {"multipart/form-data; boundary=\"\"", -EINVAL},
        {"multipart/form-data; boundary=\"a \"", -EINVAL},
        {"multipart/form-data; boundary=a; boundary=b", -EINVAL},
        {"multipart/form-data; boundary=a b", -EINVAL},
        {"multipart/form-data; boundary=\"a@b\"", -EINVAL},
        {"multipart/form-data; boundary="
         "12345678901234567890123456789012345678901234567890123456789012345678901",
         -EINVAL},
        {"multipart/mixed; boundary=x", -EINVAL},
        {"multipart/form-datax; boundary=x", -EINVAL},
        {"text/plain", -EINVAL},
        {"", -EINVAL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(multipart_begin(&multipart, slice_of(cases[i].field)) == cases[i].result, i);
}

static void part__with_a_head_of_4096_bytes__has_the_longest(void **state)
{
    (void)state;
    static uint8_t room[2 * MULTIPART_PART_HEAD_BYTES_MAX];
    struct script script;
    for (size_t more = 0; more <= 1; more++) {
        struct text text = text_over((struct span){room, sizeof(room)});
        text_put(&text, SLICE("--bound\r\n"));
        size_t begin = text.len;
        text_put(&text, SLICE(NAME("a") "X:"));
        text_fill(&text, 'v', begin + MULTIPART_PART_HEAD_BYTES_MAX - text.len - 4 + more);
        text_put(&text, SLICE("\r\n\r\nx\r\n--bound--"));
        check(parse(text_slice(&text), 0, 0, &script) == (more ? -EPROTO : 0), more);
        check(parse(text_slice(&text), 99, 4100, &script) == (more ? -EPROTO : 0), more);
    }
}

static void form__of_10000_parts__has_the_most(void **state)
{
    (void)state;
    static const char part[] = NAME("") "\r\n\r\n--bound\r\n";
    struct multipart_event event;
    size_t parts = 0;
    ssize_t got;
    assert_int_equal(multipart_begin(&multipart, SLICE("multipart/form-data; boundary=bound")), 0);
    assert_int_equal(multipart_feed(&multipart, SLICE("--bound\r\n"), &event), 9);
    for (;;) {
        struct slice rest = SLICE(part);
        do {
            got = multipart_feed(&multipart, rest, &event);
            if (got < 0)
                break;
            rest = slice_skip(rest, (size_t)got);
            parts += event.kind == MULTIPART_PART;
        } while (event.kind != MULTIPART_MORE);
        if (got < 0)
            break;
    }
    assert_int_equal(parts, MULTIPART_PARTS_MAX);
    assert_int_equal(event.refusal.status, 413);
}

/* Content is not copied: what stands in the bytes fed is told as a slice of them. */
static void content__of_a_large_part__is_lent_from_the_bytes(void **state)
{
    (void)state;
    static uint8_t bytes[100000];
    struct multipart_event event;
    memset(bytes, '-', sizeof(bytes));
    assert_int_equal(multipart_begin(&multipart, SLICE("multipart/form-data; boundary=bound")), 0);
    static const char head[] = "--bound\r\n" NAME("a") "\r\n";
    assert_int_equal(multipart_feed(&multipart, SLICE(head), &event), sizeof(head) - 1);
    assert_int_equal(event.kind, MULTIPART_PART);
    struct slice rest = slice_from(bytes, sizeof(bytes));
    assert_int_equal(multipart_feed(&multipart, rest, &event), sizeof(bytes));
    assert_ptr_equal(event.data.ptr, bytes);
    assert_int_equal(event.data.len, sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form__split_anywhere__has_the_same_parts),
        cmocka_unit_test(form__malformed__is_refused_however_split),
        cmocka_unit_test(boundary__in_all_spellings__is_found_or_refused),
        cmocka_unit_test(part__with_a_head_of_4096_bytes__has_the_longest),
        cmocka_unit_test(form__of_10000_parts__has_the_most),
        cmocka_unit_test(content__of_a_large_part__is_lent_from_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
