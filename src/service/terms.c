/* Headers that users of similar hosts know (Max-Days, Max-Downloads) work beside our own. */
#include "service/terms.h"

#include "base/clock.h"
#include "base/text.h"
#include "wire/digest_field.h"

const char *terms_read_expires(const struct service *service, struct slice words,
                               int64_t *ret_wall_ms)
{
    int64_t now_ms = clock_wall_ms();
    int64_t at_ms;
    int64_t life_ms;
    if (parse_duration_ms(words, &life_ms) == 0 && life_ms <= INT64_MAX - now_ms)
        at_ms = now_ms + life_ms;
    else if (parse_rfc3339(words, &at_ms) < 0)
        return "Sluice-Expires takes a duration such as 7d or 12h, or a date such as "
               "2030-12-24T00:00:00Z.";
    if (at_ms <= now_ms)
        return "Sluice-Expires tells a time that is over already.";
    if (service->expires_max_ms > 0 && at_ms > now_ms + service->expires_max_ms)
        return "Sluice-Expires tells a longer life than this server allows.";
    *ret_wall_ms = at_ms;
    return NULL;
}

static const char *read_max_days(const struct service *service, struct slice words,
                                 int64_t *ret_wall_ms)
{
    uint8_t room[24];
    uint64_t days;
    if (parse_u64(words, &days) < 0 || days == 0 || days > 36500)
        return "Max-Days takes a whole number from 1 to 36500.";
    struct text text = text_over((struct span){room, sizeof room});
    text_put_u64(&text, days);
    text_put_byte(&text, 'd');
    return terms_read_expires(service, text_slice(&text), ret_wall_ms);
}

static const char *read_life(const struct service *service, const struct terms_words *words,
                             int64_t *ret_wall_ms)
{
    if (words->expires.ptr != NULL)
        return terms_read_expires(service, words->expires, ret_wall_ms);
    if (words->max_days.ptr != NULL)
        return read_max_days(service, words->max_days, ret_wall_ms);
    int64_t life_ms = service->expires_ms;
    if (life_ms == 0 && service->expires_max_ms > 0)
        life_ms = service->expires_max_ms;
    *ret_wall_ms = life_ms > 0 ? clock_wall_ms() + life_ms : 0;
    return NULL;
}

struct terms_words terms_words_of(const struct request *req)
{
    return (struct terms_words){
        .expires = request_header(req, SLICE("sluice-expires")),
        .max_days = request_header(req, SLICE("max-days")),
        .downloads = request_header(req, SLICE("max-downloads")),
        .digest = request_header(req, SLICE("repr-digest")),
        .wanted = request_header(req, SLICE("want-repr-digest")),
    };
}

const char *terms_read_words(const struct service *service, const struct terms_words *words,
                             struct terms *ret_terms)
{
    struct terms terms = {0};
    const char *complaint = read_life(service, words, &terms.expires_ms);
    if (complaint != NULL)
        return complaint;
    uint64_t count = 0;
    if (words->downloads.ptr != NULL &&
        (parse_u64(words->downloads, &count) < 0 || count == 0 || count > UINT32_MAX))
        return "Max-Downloads takes a whole number from 1 to 4294967295.";
    terms.downloads_max = (uint32_t)count;
    if (words->digest.ptr != NULL) {
        int has = digest_field_read(words->digest, terms.sha256);
        if (has < 0)
            return "Repr-Digest is malformed; it looks like sha-256=:BASE64:";
        terms.has_sha256 = has == 1;
    }
    terms.wants_sha256 = digest_field_is_wanted(words->wanted);
    *ret_terms = terms;
    return NULL;
}

const char *terms_read(const struct request *req, struct terms *ret_terms)
{
    const struct terms_words words = terms_words_of(req);
    return terms_read_words(service_of(req), &words, ret_terms);
}
