/* Dates of HTTP. Each form has fixed places, so a pattern describes it: a letter of the pattern
 * stands for a part of the date, any other byte for itself. */
#include "wire/http_date.h"

static const char *const day_names[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
static const char *const long_day_names[] = {
    "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday",
};
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct parts {
    unsigned year, month, day, hour, minute, second; /* month and day count from 1 */
};

/* Days from 1970-01-01 to a day of the Gregorian calendar. March begins the year here, so that the
 * day that leap years add is the last one; 400 years always have 146097 days. */
static int64_t days_from_parts(const struct parts *parts)
{
    int64_t year = (int64_t)parts->year - (parts->month <= 2 ? 1 : 0) + 400;
    int64_t month = ((int64_t)parts->month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + parts->day - 1;
    int64_t days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year;
    return days - 146097 - 719468;
}

static void parts_from_days(int64_t days, struct parts *ret_parts)
{
    int64_t shifted = days + 719468 + 146097;
    assert(shifted >= 0);
    int64_t era = shifted / 146097, day_of_era = shifted % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    ret_parts->day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
    ret_parts->month = (unsigned)(month < 10 ? month + 3 : month - 9);
    ret_parts->year = (unsigned)(era * 400 + year_of_era + (ret_parts->month <= 2 ? 1 : 0) - 400);
}

static unsigned days_of_month(const struct parts *parts)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = parts->year % 4 == 0 && (parts->year % 100 != 0 || parts->year % 400 == 0);
    return parts->month == 2 && is_leap ? 29 : days[parts->month - 1];
}

static bool take_digit(struct slice *rest, unsigned *value)
{
    if (rest->len == 0 || rest->ptr[0] < '0' || rest->ptr[0] > '9')
        return false;
    *value = *value * 10 + (rest->ptr[0] - '0');
    *rest = slice_skip(*rest, 1);
    return true;
}

static bool take_day_name(struct slice *rest, const char *const names[7])
{
    for (size_t i = 0; i < 7; i++) {
        struct slice name = slice_of(names[i]);
        if (slice_has_prefix(*rest, name)) {
            *rest = slice_skip(*rest, name.len);
            return true;
        }
    }
    return false;
}

static bool take_month(struct slice *rest, struct parts *parts)
{
    for (unsigned i = 0; i < 12; i++) {
        struct slice name = slice_from(month_names + (size_t)3 * i, 3);
        if (slice_has_prefix(*rest, name)) {
            *rest = slice_skip(*rest, name.len);
            parts->month = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_part(struct slice *rest, char letter, struct parts *parts)
{
    switch (letter) {
    case 'n':
        return take_day_name(rest, day_names);
    case 'N':
        return take_day_name(rest, long_day_names);
    case 'b':
        return take_month(rest, parts);
    case 'Y':
        return take_digit(rest, &parts->year);
    case 'D':
        return take_digit(rest, &parts->day);
    case 'd': /* a digit, or a space in its place */
        if (slice_has_prefix(*rest, SLICE(" "))) {
            *rest = slice_skip(*rest, 1);
            return true;
        }
        return take_digit(rest, &parts->day);
    case 'h':
        return take_digit(rest, &parts->hour);
    case 'm':
        return take_digit(rest, &parts->minute);
    case 's':
        return take_digit(rest, &parts->second);
    default:
        if (rest->len == 0 || rest->ptr[0] != (uint8_t)letter)
            return false;
        *rest = slice_skip(*rest, 1);
        return true;
    }
}

static bool take_pattern(struct slice words, const char *pattern, struct parts *ret_parts)
{
    struct parts parts = {0};
    for (const char *letter = pattern; *letter != '\0'; letter++)
        if (!take_part(&words, *letter, &parts))
            return false;
    *ret_parts = parts;
    return words.len == 0;
}

static bool are_parts_possible(const struct parts *parts)
{
    return parts->day >= 1 && parts->day <= days_of_month(parts) && parts->hour <= 23 &&
           parts->minute <= 59 && parts->second <= 60; /* a leap second */
}

int http_date_parse(struct slice words, int64_t *ret_wall_ms)
{
    struct parts parts = {0};
    bool is_read = take_pattern(words, "n, DD b YYYY hh:mm:ss GMT", &parts) ||
                   take_pattern(words, "n b dD hh:mm:ss YYYY", &parts);
    if (!is_read) {
        is_read = take_pattern(words, "N, DD-b-YY hh:mm:ss GMT", &parts);
        parts.year += parts.year < 70 ? 2000 : 1900;
    }
    if (!is_read || !are_parts_possible(&parts))
        return -EINVAL;

    int64_t seconds = days_from_parts(&parts) * 86400 + (int64_t)parts.hour * 3600 +
                      (int64_t)parts.minute * 60 + parts.second;
    *ret_wall_ms = seconds * 1000;
    return 0;
}

void http_date_put(struct text *text, int64_t wall_ms)
{
    /* The form has four digits for the year. */
    const int64_t first_ms = INT64_C(-62167219200000), last_ms = INT64_C(253402300799999);
    wall_ms = wall_ms < first_ms ? first_ms : i64_min(wall_ms, last_ms);
    int64_t seconds = (wall_ms - first_ms) / 1000 + first_ms / 1000;
    int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
    unsigned rest = (unsigned)(seconds - days * 86400);
    struct parts parts;
    parts_from_days(days, &parts);

    text_format(text, "%s, %02u %.3s %04u %02u:%02u:%02u GMT", day_names[((days % 7) + 7) % 7],
                parts.day, month_names + (size_t)3 * (parts.month - 1), parts.year, rest / 3600,
                rest / 60 % 60, rest % 60);
}
