/* One table tells how each option is read; files and options may come in any order, and `--` ends
 * the options, so that a file may begin with a dash. */
#include "client/put_options.h"

#include "limits.h"

enum word_kind { WORD_TEXT, WORD_COUNT, WORD_PARTS, WORD_BYTES, WORD_DURATION, WORD_SWITCH };

static const struct rule {
    const char *name, *expectation;
    enum word_kind kind;
    size_t at; /* in struct put_options */
    uint64_t most;
} rules[] = {
    {"to", "a URL", WORD_TEXT, offsetof(struct put_options, to), 0},
    {"expires", "a duration (7d) or a date", WORD_TEXT, offsetof(struct put_options, expires), 0},
    {"max-downloads", "a number", WORD_TEXT, offsetof(struct put_options, max_downloads), 0},
    {"name", "a name", WORD_TEXT, offsetof(struct put_options, name), 0},
    {"parts", "auto or a number from 1 to 32", WORD_PARTS, offsetof(struct put_options, parts),
     PUT_PARTS_MAX},
    {"parallel", "a number from 1 to 32", WORD_COUNT, offsetof(struct put_options, parallel),
     PUT_PARALLEL_MAX},
    {"limit-rate", "bytes a second (500K, 2M)", WORD_BYTES,
     offsetof(struct put_options, limit_rate), INT64_MAX},
    {"retry-for", "a duration (30s, 10m, 1h)", WORD_DURATION,
     offsetof(struct put_options, retry_for_ms), 0},
    {"json", "nothing", WORD_SWITCH, offsetof(struct put_options, is_json), 0},
    {"quiet", "nothing", WORD_SWITCH, offsetof(struct put_options, is_quiet), 0},
};

static_assert(PUT_PARTS_MAX == 32 && PUT_PARALLEL_MAX == 32, "the expectations name them");

const char *put_options_help(void)
{
    return "sluice put FILE... [OPTION]...\n\n"
           "Sends files to a Sluice and prints their links, one a line, in the order of the\n"
           "files. A file of - is the standard input. When the connection breaks it goes on from\n"
           "the last byte that was stored; called again with the same words, too.\n\n"
           "  --to URL             the server; else SLUICE_TO of the environment, else\n"
           "                       http://127.0.0.1:8080\n"
           "  --expires WHEN       end of the links: 12h, 7d, or 2030-12-24T00:00:00Z\n"
           "  --max-downloads N    end of the links after so many downloads\n"
           "  --name NAME          name of the file (of one only)\n"
           "  --parts N|auto       parts of each file that are sent at once (auto: a big file has\n"
           "                       8, and as many are sent at once as is measured to be fastest)\n"
           "  --parallel N         files at once (3)\n"
           "  --limit-rate BYTES   a second at most, of all files together: 500K, 2M\n"
           "  --retry-for TIME     gives up after so long without a byte stored (1h)\n"
           "  --json               prints an object a line: file, link, key, size, upload\n"
           "  --quiet              no progress and no links on standard error\n\n"
           "Ends with 0 when all is there, 1 when a file failed for good, 2 when the words are\n"
           "wrong, 3 when it gave up waiting, 130 or 143 when it was interrupted.\n";
}

static int set_number(const struct rule *rule, struct slice value, uint64_t *field)
{
    uint64_t number;
    if (rule->kind == WORD_PARTS && slice_is_equal(value, SLICE("auto"))) {
        *field = 0;
        return 0;
    }
    int err = rule->kind == WORD_BYTES ? parse_bytes(value, &number) : parse_u64(value, &number);
    if (err < 0)
        return err;
    if (number == 0 || number > rule->most)
        return -ERANGE;
    *field = number;
    return 0;
}

static int set_value(const struct rule *rule, const char *value, struct put_options *options)
{
    void *field = (char *)options + rule->at;
    switch (rule->kind) {
    case WORD_TEXT:
        *(const char **)field = value;
        return value[0] != 0 ? 0 : -EINVAL;
    case WORD_DURATION:
        return parse_duration_ms(slice_of(value), field);
    case WORD_COUNT:
    case WORD_PARTS:
    case WORD_BYTES:
        return set_number(rule, slice_of(value), field);
    case WORD_SWITCH:
        break;
    }
    *(bool *)field = true;
    return 0;
}

static const struct rule *rule_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (slice_is_equal(name, slice_of(rules[i].name)))
            return &rules[i];
    return NULL;
}

static int complain(struct text *complaint, struct slice word, const char *what, const char *more)
{
    enum { SHOWN_BYTES = 80 };
    text_put(complaint, SLICE("\""));
    text_put_json(complaint, slice_head(word, SHOWN_BYTES));
    text_format(complaint, "\": %s%s", what, more);
    return -EINVAL;
}

/* Reads the option at `*words` and moves it behind what was read. */
static int take_option(char *const **words, struct put_options *options, struct text *complaint)
{
    struct slice word = slice_of(**words);
    size_t name_len = slice_find(word, '=');
    bool has_value = name_len < word.len;
    const struct rule *rule = rule_find(slice_skip(slice_head(word, name_len), 2));
    if (rule == NULL)
        return complain(complaint, slice_head(word, name_len),
                        "no such option; sluice put --help lists them", "");
    const char *value = has_value ? **words + name_len + 1 : "";
    if (rule->kind == WORD_SWITCH && has_value)
        return complain(complaint, word, "this option takes no value", "");
    if (rule->kind != WORD_SWITCH && !has_value) {
        if ((*words)[1] == NULL)
            return complain(complaint, word, "expected behind it: ", rule->expectation);
        value = *++*words;
    }
    ++*words;
    if (set_value(rule, value, options) < 0) {
        text_format(complaint, "--%s: ", rule->name);
        return complain(complaint, slice_of(value), "expected ", rule->expectation);
    }
    return 0;
}

/* What only all words together tell. */
static int check(const struct put_options *options, struct text *complaint)
{
    size_t inputs = 0;
    for (size_t i = 0; i < options->files_len; i++)
        if (strcmp(options->files[i], "-") == 0)
            inputs++;
    const char *wrong = NULL;
    if (options->files_len == 0)
        wrong = "no file was named; sluice put --help tells more";
    else if (inputs > 1)
        wrong = "the standard input (-) can be sent only once";
    else if (options->name != NULL && options->files_len > 1)
        wrong = "--name is for one file, and there are several";
    if (wrong == NULL)
        return 0;
    text_put(complaint, slice_of(wrong));
    return -EINVAL;
}

int put_options_read(char *const *words, const char *environment_to, const char **files,
                     struct put_options *ret_options, struct text *complaint)
{
    struct put_options options = {
        .files = files,
        .to = environment_to != NULL && environment_to[0] != 0 ? environment_to
                                                               : "http://127.0.0.1:8080",
        .parallel = PUT_PARALLEL,
        .retry_for_ms = INT64_C(60) * 60 * 1000,
    };
    bool are_files = false;
    while (*words != NULL) {
        struct slice word = slice_of(*words);
        if (!are_files && slice_is_equal(word, SLICE("--"))) {
            are_files = true;
            words++;
        } else if (are_files || word.len < 2 || word.ptr[0] != '-') {
            files[options.files_len++] = *words++;
        } else if (slice_is_equal(word, SLICE("--help")) || slice_is_equal(word, SLICE("-h"))) {
            return 1;
        } else if (!slice_has_prefix(word, SLICE("--"))) {
            return complain(complaint, word, "no such option; sluice put --help lists them", "");
        } else {
            int err = take_option(&words, &options, complaint);
            if (err < 0)
                return err;
        }
    }
    int err = check(&options, complaint);
    if (err < 0)
        return err;
    *ret_options = options;
    return 0;
}
