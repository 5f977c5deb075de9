/* The sources are read from the strongest to the weakest: flags, environment, file, defaults. An
 * option keeps what its strongest source said; weaker ones are checked all the same, so that a
 * mistake doesn't lie in wait until a flag is taken away. */
#include "options_rule.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum option_source { SOURCE_NONE, SOURCE_FLAG, SOURCE_ENVIRONMENT, SOURCE_FILE, SOURCE_DEFAULT };

/* Options being read. */
struct loader {
    struct options options;
    struct text *complaint;
    enum option_source source_of[OPTION_RULES];
};

/* Where a value came from, for complaints; `line` counts in files only. */
struct place {
    enum option_source source;
    const char *file;
    unsigned line;
};

/* Values are strangers' text: cut, and escaped like the inside of a JSON string. */
static void put_quoted(struct text *into, struct slice value)
{
    enum { SHOWN_BYTES = 80 };
    text_put_byte(into, '"');
    text_put_json(into, slice_head(value, SHOWN_BYTES));
    text_put(into, value.len > SHOWN_BYTES ? SLICE("...\"") : SLICE("\""));
}

static void put_line(struct text *into, const struct place *place)
{
    text_put_json(into, slice_of(place->file));
    text_format(into, ", line %u", place->line);
}

static void put_place(struct text *into, const struct place *place, const struct option_rule *rule)
{
    if (place->source == SOURCE_ENVIRONMENT) {
        text_put(into, SLICE("SLUICE_"));
        for (const char *at = rule->name; *at != 0; at++)
            text_put_byte(into, *at == '_' ? '_' : (uint8_t)(*at - 'a' + 'A'));
    } else if (place->source == SOURCE_FILE) {
        put_line(into, place);
        text_put(into, SLICE(", "));
        option_rule_put_name(into, rule);
    } else {
        text_put(into, SLICE("--"));
        option_rule_put_name(into, rule);
    }
    text_put(into, SLICE(": "));
}

/* Takes a value, unless a stronger source has given one, and complains of a bad one. */
static int loader_take(struct loader *loader, const struct option_rule *rule, struct slice value,
                       const struct place *place)
{
    struct options unused = {0};
    enum option_source *source = &loader->source_of[rule - option_rules];
    bool is_wanted = *source == SOURCE_NONE || *source == place->source;
    int err = option_rule_set(rule, value, is_wanted ? &loader->options : &unused);
    if (err == 0) {
        if (is_wanted)
            *source = place->source;
        return 0;
    }
    put_place(loader->complaint, place, rule);
    text_put(loader->complaint, SLICE("expected "));
    option_rule_put_expectation(loader->complaint, rule);
    text_put(loader->complaint, SLICE("; got "));
    put_quoted(loader->complaint, value);
    return err;
}

static int loader_flags(struct loader *loader, char *const *arguments)
{
    const struct place place = {.source = SOURCE_FLAG};
    for (; *arguments != NULL; arguments++) {
        struct slice argument = slice_of(*arguments);
        if (slice_is_equal(argument, SLICE("--help")) || slice_is_equal(argument, SLICE("-h")))
            return 1;
        if (!slice_has_prefix(argument, SLICE("--"))) {
            put_quoted(loader->complaint, argument);
            text_put(loader->complaint, SLICE(": expected an option, which begins with --"));
            return -EINVAL;
        }
        size_t name_len = slice_find(argument, '=');
        const struct option_rule *rule =
            option_rule_find(slice_skip(slice_head(argument, name_len), 2), '-', false);
        if (rule == NULL) {
            put_quoted(loader->complaint, slice_head(argument, name_len));
            text_put(loader->complaint, SLICE(": no such option; sluice --help lists them"));
            return -EINVAL;
        }
        struct slice value = slice_skip(argument, name_len + 1);
        if (name_len == argument.len) {
            if (arguments[1] == NULL) {
                put_place(loader->complaint, &place, rule);
                text_format(loader->complaint, "expected %s behind it; got nothing", rule->unit);
                return -EINVAL;
            }
            value = slice_of(*++arguments);
        }
        int err = loader_take(loader, rule, value, &place);
        if (err < 0)
            return err;
    }
    return 0;
}

static int loader_environment(struct loader *loader, char *const *environment)
{
    const struct place place = {.source = SOURCE_ENVIRONMENT};
    const struct slice prefix = SLICE("SLUICE_");
    for (; *environment != NULL; environment++) {
        struct slice entry = slice_of(*environment);
        size_t name_len = slice_find(entry, '=');
        struct slice value = slice_skip(entry, name_len + 1);
        /* Containers are often given empty variables for what nobody has set. */
        if (!slice_has_prefix(entry, prefix) || value.len == 0)
            continue;
        const struct option_rule *rule =
            option_rule_find(slice_skip(slice_head(entry, name_len), prefix.len), '_', true);
        int err = rule != NULL ? loader_take(loader, rule, value, &place) : 0;
        if (err < 0)
            return err;
    }
    return 0;
}

/* Reads the whole file with a NUL behind it. Returns its length or -errno. */
static ssize_t read_file(const char *path, char *room, size_t room_len)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -errno;
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < room_len) {
        got = read(file, room + len, room_len - len);
        if (got >= 0)
            len += (size_t)got;
        else
            got = errno == EINTR ? 1 : -errno;
    }
    close(file);
    if (got < 0)
        return got;
    if (len == room_len)
        return -EFBIG;
    room[len] = 0;
    return (ssize_t)len;
}

/* Without a comment, which begins with # at the start or behind a space, and without spaces and a
 * carriage return at the ends. */
static struct slice line_content(struct slice line)
{
    for (size_t at = 0; at < line.len; at++)
        if (line.ptr[at] == '#' && (at == 0 || line.ptr[at - 1] == ' ' || line.ptr[at - 1] == '\t'))
            line.len = at;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return slice_trim(line);
}

static int loader_line(struct loader *loader, struct slice line, const struct place *place)
{
    struct slice content = line_content(line);
    if (content.len == 0)
        return 0;
    size_t name_len = slice_find(content, '=');
    struct slice name = slice_trim(slice_head(content, name_len));
    struct slice value = slice_trim(slice_skip(content, name_len + 1));
    const struct option_rule *rule = option_rule_find(name, '-', false);
    if (name_len == content.len || rule == NULL || rule == &option_rules[OPTION_INDEX_config]) {
        put_line(loader->complaint, place);
        text_put(loader->complaint, name_len == content.len
                                        ? SLICE(": expected `name = value`; got ")
                                        : SLICE(": expected the name of an option; got "));
        put_quoted(loader->complaint, name_len == content.len ? content : name);
        return -EINVAL;
    }
    /* What stands there is the line's end, a comment or a space: already read. */
    ptrdiff_t at = (const char *)value.ptr - loader->options.file_text;
    assert(at >= 0 && (size_t)at + value.len <= OPTIONS_FILE_BYTES_MAX);
    loader->options.file_text[(size_t)at + value.len] = 0;
    return loader_take(loader, rule, value, place);
}

static int loader_file(struct loader *loader, const char *path)
{
    struct place place = {.source = SOURCE_FILE, .file = path};
    loader->options.file_text = malloc(OPTIONS_FILE_BYTES_MAX + 1);
    if (loader->options.file_text == NULL)
        return -ENOMEM;
    ssize_t len = read_file(path, loader->options.file_text, OPTIONS_FILE_BYTES_MAX + 1);
    if (len < 0) {
        text_put_json(loader->complaint, slice_of(path));
        text_format(loader->complaint, ": the file of options can't be read: %s",
                    strerrordesc_np((int)-len));
        return -EINVAL;
    }
    struct slice rest = slice_from(loader->options.file_text, (size_t)len);
    int err = 0;
    while (err == 0 && rest.len > 0) {
        size_t line_len = slice_find(rest, '\n');
        place.line++;
        err = loader_line(loader, slice_head(rest, line_len), &place);
        rest = slice_skip(rest, line_len + 1);
    }
    return err;
}

static int loader_defaults(struct loader *loader)
{
    const struct place place = {.source = SOURCE_DEFAULT};
    int err = 0;
    for (size_t i = 0; i < OPTION_RULES && err == 0; i++)
        if (loader->source_of[i] == SOURCE_NONE)
            err = loader_take(loader, &option_rules[i], slice_of(option_rules[i].standard), &place);
    return err;
}

int options_load(char *const *arguments, char *const *environment, struct options *ret_options,
                 struct text *complaint)
{
    struct loader loader = {.complaint = complaint};
    int err = loader_flags(&loader, arguments);
    if (err == 0)
        err = loader_environment(&loader, environment);
    if (err == 0 && loader.options.config != NULL && loader.options.config[0] != 0)
        err = loader_file(&loader, loader.options.config);
    if (err == 0)
        err = loader_defaults(&loader);
    if (err == 0)
        *ret_options = loader.options;
    else
        options_clear(&loader.options);
    return err;
}

void options_clear(struct options *options)
{
    free(options->file_text);
    *options = (struct options){0};
}
