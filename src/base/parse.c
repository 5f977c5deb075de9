/* The parsers of text.h: each takes all of its input or refuses it, and says why by its number. */
#include "base/text.h"

/* The value of a hexadecimal digit, 16 or more for any other byte. */
static unsigned digit_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - (unsigned)'0';
    if (byte >= 'a' && byte <= 'f')
        return byte - (unsigned)'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - (unsigned)'A' + 10;
    return 16;
}

static int parse_number(struct slice digits, unsigned base, uint64_t *ret_value)
{
    uint64_t value = 0;
    bool is_over = false;
    if (digits.len == 0)
        return -EINVAL;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = digit_value(digits.ptr[i]);
        if (digit >= base)
            return -EINVAL;
        /* Goes on after an overflow: a later letter makes it no number at all. */
        is_over |= __builtin_mul_overflow(value, (uint64_t)base, &value);
        is_over |= __builtin_add_overflow(value, (uint64_t)digit, &value);
    }
    if (is_over)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

int parse_u64(struct slice digits, uint64_t *ret_value)
{
    return parse_number(digits, 10, ret_value);
}

int parse_hex_u64(struct slice digits, uint64_t *ret_value)
{
    return parse_number(digits, 16, ret_value);
}

struct unit {
    const char *word;
    uint64_t factor;
};

/* A number and one of the units; a number without a unit needs one with an empty word. */
static int parse_quantity(struct slice words, const struct unit *units, size_t units_len,
                          uint64_t *ret_value)
{
    size_t digits = 0;
    while (digits < words.len && digit_value(words.ptr[digits]) < 10)
        digits++;

    struct slice word = slice_skip(words, digits);
    const struct unit *unit = units;
    while (unit < units + units_len && !slice_is_same_word(word, slice_of(unit->word)))
        unit++;
    if (unit == units + units_len)
        return -EINVAL;

    uint64_t number, value;
    int err = parse_u64(slice_head(words, digits), &number);
    if (err < 0)
        return err;
    if (__builtin_mul_overflow(number, unit->factor, &value))
        return -ERANGE;
    *ret_value = value;
    return 0;
}

int parse_bytes(struct slice words, uint64_t *ret_bytes)
{
    static const uint64_t one = 1;
    static const struct unit units[] = {
        {"", one},          {"K", one << 10},   {"KiB", one << 10},
        {"M", one << 20},   {"MiB", one << 20}, {"G", one << 30},
        {"GiB", one << 30}, {"T", one << 40},   {"TiB", one << 40},
    };
    return parse_quantity(words, units, ARRAY_LEN(units), ret_bytes);
}

int parse_duration_ms(struct slice words, int64_t *ret_ms)
{
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 86400 * 1000},
    };
    /* Nothing is nothing in every unit. */
    if (slice_is_equal(words, SLICE("0"))) {
        *ret_ms = 0;
        return 0;
    }
    uint64_t value;
    int err = parse_quantity(words, units, ARRAY_LEN(units), &value);
    if (err < 0)
        return err;
    if (value > INT64_MAX)
        return -ERANGE;
    *ret_ms = (int64_t)value;
    return 0;
}

/* Cuts `count` digits off the front; their value, or -1. */
static int cut_digits(struct slice *words, size_t count)
{
    int value = 0;
    if (words->len < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = digit_value(words->ptr[i]);
        if (digit >= 10)
            return -1;
        value = value * 10 + (int)digit;
    }
    *words = slice_skip(*words, count);
    return value;
}

/* Cuts one byte off the front if it is `byte` (a letter also in lower case). */
static bool cut_byte(struct slice *words, uint8_t byte)
{
    if (words->len == 0)
        return false;
    if (words->ptr[0] != byte && !(byte >= 'A' && words->ptr[0] == byte + 32))
        return false;
    *words = slice_skip(*words, 1);
    return true;
}

/* Cuts ".123456" off the front, if it is there: milliseconds, or -1. */
static int cut_fraction(struct slice *words)
{
    int ms = 0, scale = 100;
    if (!cut_byte(words, '.'))
        return 0;
    int digit = cut_digits(words, 1);
    if (digit < 0)
        return -1;
    for (; digit >= 0; digit = cut_digits(words, 1)) {
        ms += digit * scale;
        scale /= 10;
    }
    return ms;
}

/* Cuts "Z" or "+01:30" off the front; false when neither is there. */
static bool cut_offset(struct slice *words, int *ret_minutes)
{
    if (cut_byte(words, 'Z')) {
        *ret_minutes = 0;
        return true;
    }
    bool is_behind = cut_byte(words, '-');
    if (!is_behind && !cut_byte(words, '+'))
        return false;
    int hours = cut_digits(words, 2);
    bool has_colon = cut_byte(words, ':');
    int minutes = cut_digits(words, 2);
    if (hours < 0 || hours > 23 || !has_colon || minutes < 0 || minutes > 59)
        return false;
    *ret_minutes = is_behind ? -(hours * 60 + minutes) : hours * 60 + minutes;
    return true;
}

/* Days since 1970-01-01. */
static int64_t civil_days(int year, int month, int day)
{
    /* Counted in years that begin in March, whose leap day comes last. */
    int64_t march_year = month > 2 ? year : year - 1;
    int64_t march_month = month > 2 ? month - 3 : month + 9;
    int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
    int64_t era_year = march_year - era * 400;
    int64_t year_day = (153 * march_month + 2) / 5 + day - 1;
    int64_t era_day = era_year * 365 + era_year / 4 - era_year / 100 + year_day;
    assert(era_year >= 0 && era_year < 400);
    assert(year_day >= 0 && year_day <= 366);
    return era * 146097 + era_day - 719468;
}

static bool is_date(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 0 || month < 1 || month > 12 || day < 1)
        return false;
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

int parse_rfc3339(struct slice words, int64_t *ret_wall_ms)
{
    int year = cut_digits(&words, 4);
    bool has_separators = cut_byte(&words, '-');
    int month = cut_digits(&words, 2);
    has_separators &= cut_byte(&words, '-');
    int day = cut_digits(&words, 2);
    has_separators &= cut_byte(&words, 'T') || cut_byte(&words, ' ');
    int hour = cut_digits(&words, 2);
    has_separators &= cut_byte(&words, ':');
    int minute = cut_digits(&words, 2);
    has_separators &= cut_byte(&words, ':');
    int second = cut_digits(&words, 2);
    int ms = cut_fraction(&words);
    int offset_minutes;
    if (!cut_offset(&words, &offset_minutes) || words.len > 0)
        return -EINVAL;
    /* A leap second counts as the first of the next minute, as in POSIX time. */
    if (!has_separators || !is_date(year, month, day) || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 60 || ms < 0)
        return -EINVAL;

    int64_t minutes = (civil_days(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    *ret_wall_ms = (minutes * 60 + second) * 1000 + ms;
    return 0;
}

/* The value of a base64 digit, 64 for any other byte. */
static unsigned base64_value(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - (unsigned)'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - (unsigned)'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - (unsigned)'0' + 52;
    return byte == '+' ? 62 : byte == '/' ? 63 : 64;
}

ssize_t parse_base64(struct slice words, struct span into)
{
    if (words.len % 4 != 0)
        return -EINVAL;
    size_t digits = words.len;
    while (digits > 0 && words.len - digits < 2 && words.ptr[digits - 1] == '=')
        digits--;

    size_t len = 0;
    unsigned bits = 0, bits_len = 0;
    bool is_over = false;
    for (size_t i = 0; i < digits; i++) {
        unsigned value = base64_value(words.ptr[i]);
        if (value == 64)
            return -EINVAL;
        bits = bits << 6 | value;
        bits_len += 6;
        if (bits_len < 8)
            continue;
        bits_len -= 8;
        if (len < into.len)
            into.ptr[len++] = (uint8_t)(bits >> bits_len);
        else
            is_over = true;
        bits &= (1U << bits_len) - 1;
    }
    /* Bits left over must be zero, so that each text has one spelling (RFC 4648 section 3.5). */
    if (bits != 0)
        return -EINVAL;
    return is_over ? -ENOSPC : (ssize_t)len;
}

ssize_t parse_percent(struct slice words, struct span into)
{
    size_t len = 0;
    bool is_over = false;
    for (size_t i = 0; i < words.len; i++) {
        unsigned byte = words.ptr[i];
        if (byte == '%') {
            if (words.len - i < 3)
                return -EINVAL;
            unsigned high = digit_value(words.ptr[i + 1]), low = digit_value(words.ptr[i + 2]);
            if (high > 15 || low > 15)
                return -EINVAL;
            byte = high << 4 | low;
            i += 2;
        }
        if (len < into.len)
            into.ptr[len++] = (uint8_t)byte;
        else
            is_over = true;
    }
    return is_over ? -ENOSPC : (ssize_t)len;
}
