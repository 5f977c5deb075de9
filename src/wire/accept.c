/* Which kind of answer a client prefers, and which codings it takes. */
#include "wire/accept.h"

#include "base/text.h"
#include "wire/field.h"

static const struct {
    struct slice type;
    enum accept kind;
    unsigned specificity; /* of a wildcard 1 or 0: it stands behind all that is named outright */
} known[] = {
    {{(const uint8_t *)"text/html", 9}, ACCEPT_HTML, 2},
    {{(const uint8_t *)"application/xhtml+xml", 21}, ACCEPT_HTML, 2},
    {{(const uint8_t *)"application/json", 16}, ACCEPT_JSON, 2},
    {{(const uint8_t *)"application/problem+json", 24}, ACCEPT_JSON, 2},
    {{(const uint8_t *)"text/plain", 10}, ACCEPT_ANY, 2},
    {{(const uint8_t *)"text/*", 6}, ACCEPT_ANY, 1},
    {{(const uint8_t *)"*/*", 3}, ACCEPT_ANY, 0},
};

struct choice {
    enum accept kind;
    unsigned weight, specificity;
};

/* A weight of 0 to 1 with at most three decimals (section 12.4.2), in thousandths. */
static bool read_weight(struct slice words, unsigned *ret_weight)
{
    unsigned weight = 0, place = 1000;
    if (words.len == 0 || words.len > 5 || (words.len > 1 && words.ptr[1] != '.'))
        return false;
    for (size_t i = 0; i < words.len; i++) {
        if (i == 1)
            continue;
        if (words.ptr[i] < '0' || words.ptr[i] > '9')
            return false;
        weight += (words.ptr[i] - (unsigned)'0') * place;
        place /= 10;
    }
    *ret_weight = weight;
    return weight <= 1000;
}

/* The weight of an element whose type has been cut off; a malformed one has none. */
static unsigned weight_of(struct slice parameters)
{
    struct field_parameter parameter;
    unsigned weight = 1000;
    int got;
    while ((got = field_take_parameter(&parameters, &parameter)) > 0)
        if (slice_is_same_word(parameter.name, SLICE("q")) &&
            !read_weight(parameter.value, &weight))
            return 0;
    return got < 0 || parameters.len > 0 ? 0 : weight;
}

static bool is_better(const struct choice *choice, const struct choice *than)
{
    if (choice->weight != than->weight)
        return choice->weight > than->weight;
    return choice->specificity > than->specificity;
}

enum accept accept_preferred(struct slice field)
{
    struct choice best = {ACCEPT_ANY, 0, 0};
    struct slice element;
    while (field_next_element(&field, &element)) {
        size_t len = slice_find(element, ';');
        struct slice type = slice_trim(slice_head(element, len));
        unsigned weight = weight_of(slice_skip(element, len));
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
            struct choice choice = {known[i].kind, weight, known[i].specificity};
            if (weight > 0 && slice_is_same_word(type, known[i].type) && is_better(&choice, &best))
                best = choice;
        }
    }
    return best.kind;
}

/* ---- Codings ---- */

static const struct {
    struct slice name;
    unsigned flag;
} codings[] = {
    {{(const uint8_t *)"br", 2}, ACCEPT_BROTLI},
    {{(const uint8_t *)"gzip", 4}, ACCEPT_GZIP},
    {{(const uint8_t *)"x-gzip", 6}, ACCEPT_GZIP}, /* the same (section 8.4.1.3) */
};

unsigned accept_codings(struct slice field)
{
    unsigned taken = 0, refused = 0, others = 0;
    struct slice element;
    while (field_next_element(&field, &element)) {
        size_t len = slice_find(element, ';');
        struct slice name = slice_trim(slice_head(element, len));
        bool is_taken = weight_of(slice_skip(element, len)) > 0;
        if (is_taken && slice_is_equal(name, SLICE("*")))
            others = ACCEPT_GZIP | ACCEPT_BROTLI;
        for (size_t i = 0; i < ARRAY_LEN(codings); i++)
            if (slice_is_same_word(name, codings[i].name))
                *(is_taken ? &taken : &refused) |= codings[i].flag;
    }
    return taken | (others & ~refused);
}
