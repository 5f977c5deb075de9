/* The rows of options.def as a table: what options.c reads values by. */
#pragma once

#include "options.h"

enum option_type {
    TYPE_text,
    TYPE_list,
    TYPE_bytes,
    TYPE_duration,
    TYPE_count,
    TYPE_switch,
    TYPE_choice,
};

struct option_rule {
    const char *name;
    enum option_type type;
    const char *standard, *unit, *least, *most, *help;
    size_t offset;
};

/* Each option once, in the order of options.def. */
enum option_index {
#define OPTION(name, type, standard, unit, least, most, help) OPTION_INDEX_##name,
#include "options.def"
#undef OPTION
    OPTION_RULES
};
extern const struct option_rule option_rules[OPTION_RULES];

/* The rule of an option by its name with `joint` between the words, NULL when there is none. */
const struct option_rule *option_rule_find(struct slice name, uint8_t joint, bool is_upper);

/* Sets the field from the value, behind which stands a NUL. Returns 0 or -EINVAL. */
must_use int option_rule_set(const struct option_rule *rule, struct slice value,
                             struct options *options);

/* The name as flags and files have it, with dashes. */
void option_rule_put_name(struct text *into, const struct option_rule *rule);

/* What a value must be, to stand behind "expected ". */
void option_rule_put_expectation(struct text *into, const struct option_rule *rule);
