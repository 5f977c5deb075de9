/* Each type of option in one place: its field, its parser, its words for people. */
#include "options_rule.h"

#define OFFSET_text(name) offsetof(struct options, name)
#define OFFSET_list(name) offsetof(struct options, name)
#define OFFSET_bytes(name) offsetof(struct options, name##_bytes)
#define OFFSET_duration(name) offsetof(struct options, name##_ms)
#define OFFSET_count(name) offsetof(struct options, name)
#define OFFSET_switch(name) offsetof(struct options, name)
#define OFFSET_choice(name) offsetof(struct options, name)

const struct option_rule option_rules[OPTION_RULES] = {
#define OPTION(name, type, standard, unit, least, most, help)                                      \
    {#name, TYPE_##type, standard, unit, least, most, help, OFFSET_##type(name)},
#include "options.def"
#undef OPTION
};

const struct option_rule *option_rule_find(struct slice name, uint8_t joint, bool is_upper)
{
    for (size_t i = 0; i < OPTION_RULES; i++) {
        const char *at = option_rules[i].name;
        size_t same = 0;
        for (; same < name.len && at[same] != 0; same++) {
            uint8_t byte = (uint8_t)at[same];
            if (byte == '_')
                byte = joint;
            else if (is_upper)
                byte = (uint8_t)(byte - 'a' + 'A');
            if (byte != name.ptr[same])
                break;
        }
        if (same == name.len && at[same] == 0)
            return &option_rules[i];
    }
    return NULL;
}

static int parse_typed(enum option_type type, struct slice value, uint64_t *ret_number)
{
    int64_t ms = 0;
    if (type == TYPE_bytes)
        return parse_bytes(value, ret_number);
    if (type != TYPE_duration)
        return parse_u64(value, ret_number);
    int err = parse_duration_ms(value, &ms);
    if (err == 0)
        *ret_number = (uint64_t)ms;
    return err;
}

/* Bounds of texts and lists are plain numbers. */
static bool is_within(const struct option_rule *rule, uint64_t number)
{
    uint64_t least = 0, most = UINT64_MAX;
    int err = 0;
    if (rule->least[0] != 0)
        err = parse_typed(rule->type, slice_of(rule->least), &least);
    if (err == 0 && rule->most[0] != 0)
        err = parse_typed(rule->type, slice_of(rule->most), &most);
    assert(err == 0);
    (void)err;
    return number >= least && number <= most;
}

static bool has_control(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < ' ' || value.ptr[i] == 0x7F)
            return true;
    return false;
}

/* Adds the elements between commas. */
static int list_add(const struct option_rule *rule, struct slice value, struct option_list *list)
{
    struct slice element;
    while (slice_next(&value, ',', &element)) {
        if (element.len == 0 || list->len == OPTION_LIST_MAX)
            return -EINVAL;
        list->items[list->len++] = element;
    }
    return is_within(rule, list->len) ? 0 : -EINVAL;
}

/* The index of the word among those of the unit, or -EINVAL. */
static int choice_index(const struct option_rule *rule, struct slice value)
{
    struct slice words = slice_of(rule->unit), word;
    for (int index = 0; slice_next(&words, '|', &word); index++)
        if (slice_is_equal(word, value))
            return index;
    return -EINVAL;
}

int option_rule_set(const struct option_rule *rule, struct slice value, struct options *options)
{
    void *field = (char *)options + rule->offset;
    uint64_t number = 0;
    int index;
    assert(value.ptr[value.len] == 0);
    switch (rule->type) {
    case TYPE_text:
        if (has_control(value) || !is_within(rule, value.len))
            return -EINVAL;
        *(const char **)field = (const char *)value.ptr;
        return 0;
    case TYPE_list:
        return has_control(value) ? -EINVAL : list_add(rule, value, field);
    case TYPE_bytes:
    case TYPE_duration:
    case TYPE_count:
        if (parse_typed(rule->type, value, &number) < 0 || !is_within(rule, number))
            return -EINVAL;
        if (rule->type == TYPE_bytes)
            *(uint64_t *)field = number;
        else if (rule->type == TYPE_duration)
            *(int64_t *)field = (int64_t)number;
        else if (number <= UINT32_MAX)
            *(uint32_t *)field = (uint32_t)number;
        else
            return -EINVAL;
        return 0;
    case TYPE_switch:
    case TYPE_choice:
        index = choice_index(rule, value);
        if (index >= 0 && rule->type == TYPE_switch)
            *(bool *)field = index == 0;
        else if (index >= 0)
            *(unsigned *)field = (unsigned)index;
        return index < 0 ? index : 0;
    }
    return -EINVAL;
}

void option_rule_put_name(struct text *into, const struct option_rule *rule)
{
    for (const char *at = rule->name; *at != 0; at++)
        text_put_byte(into, *at == '_' ? '-' : (uint8_t)*at);
}

static void put_bounds(struct text *into, const struct option_rule *rule)
{
    bool has_least = rule->least[0] != 0, has_most = rule->most[0] != 0;
    if (has_least && has_most)
        text_format(into, " from %s to %s", rule->least, rule->most);
    else if (has_least)
        text_format(into, " of at least %s", rule->least);
    else if (has_most)
        text_format(into, " of at most %s", rule->most);
}

void option_rule_put_expectation(struct text *into, const struct option_rule *rule)
{
    switch (rule->type) {
    case TYPE_text:
        text_format(into, "%s without control characters", rule->unit);
        if (rule->least[0] != 0)
            text_put(into, SLICE(", not empty"));
        break;
    case TYPE_list:
        text_format(into, "%s: a list with commas, its length", rule->unit);
        put_bounds(into, rule);
        break;
    case TYPE_bytes:
        text_put(into, SLICE("a size such as 64MiB"));
        put_bounds(into, rule);
        break;
    case TYPE_duration:
        text_put(into, SLICE("a duration such as 30s, 5m or 7d"));
        put_bounds(into, rule);
        break;
    case TYPE_count:
        text_put(into, SLICE("a whole number"));
        put_bounds(into, rule);
        break;
    case TYPE_switch:
    case TYPE_choice:
        text_format(into, "one of %s", rule->unit);
        break;
    }
}

void options_help(struct text *into)
{
    for (const struct option_rule *rule = option_rules; rule < option_rules + OPTION_RULES;
         rule++) {
        text_put(into, SLICE("  --"));
        option_rule_put_name(into, rule);
        text_format(into, " %s", rule->unit);
        if (rule->standard[0] != 0)
            text_format(into, " (%s)", rule->standard);
        text_format(into, "\n        %s\n", rule->help);
    }
}
