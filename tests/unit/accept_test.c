/* Accept fields of real clients, and odd ones. */
#include "wire/accept.h"
#include "wire_check.h"

static void field__of_a_client__says_what_it_prefers(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        enum accept accept;
    } cases[] = {
        {"", ACCEPT_ANY},
        {"*/*", ACCEPT_ANY}, /* curl, fetch() */
        {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
         ACCEPT_HTML},                                      /* Firefox, Chromium */
        {"application/json, text/plain, */*", ACCEPT_JSON}, /* axios */
        {"application/json", ACCEPT_JSON},
        {"Application/Problem+JSON", ACCEPT_JSON},
        {"application/json;q=0.5, text/html;q=0.6", ACCEPT_HTML},
        {"application/json;q=0.6, text/html;q=0.5", ACCEPT_JSON},
        {"text/html, application/json", ACCEPT_HTML},
        {"application/json, text/html", ACCEPT_JSON},
        {"text/plain, text/html", ACCEPT_ANY},
        {"text/html;q=0.5, */*", ACCEPT_ANY},
        {"text/html;q=0.5, */*;q=0.5", ACCEPT_HTML},
        {"*/*, text/html", ACCEPT_HTML},
        {"text/*, text/html", ACCEPT_HTML},
        {"text/*", ACCEPT_ANY},
        {"text/html;q=0", ACCEPT_ANY},
        {"text/html;q=0.000, application/json;q=0.001", ACCEPT_JSON},
        {"text/html;level=1;q=0.9, application/json;q=0.8", ACCEPT_HTML},
        {"text/html;q=1.1", ACCEPT_ANY},
        {"text/html;q=0.1234", ACCEPT_ANY},
        {"text/html;q=x", ACCEPT_ANY},
        {"text/html;q", ACCEPT_ANY},
        {"text/html ; q=0.9", ACCEPT_HTML},
        {"image/png", ACCEPT_ANY},
        {"text/html \"", ACCEPT_ANY},
        {"x=\",text/html,\", application/json", ACCEPT_JSON},
        {",,text/html,,", ACCEPT_HTML},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(accept_preferred(slice_of(cases[i].field)) == cases[i].accept, i);
}

static void codings__of_a_client__are_those_that_it_takes(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        unsigned codings;
    } cases[] = {
        {"", 0},
        {"gzip, deflate, br, zstd", ACCEPT_GZIP | ACCEPT_BROTLI}, /* Chromium */
        {"gzip, deflate", ACCEPT_GZIP},                           /* over plain HTTP */
        {"deflate, gzip;q=1.0, *;q=0.5", ACCEPT_GZIP | ACCEPT_BROTLI},
        {"identity", 0},
        {"BR;q=0.001", ACCEPT_BROTLI},
        {"br;q=0, gzip", ACCEPT_GZIP},
        {"br;q=0, *", ACCEPT_GZIP},
        {"*, gzip;q=0", ACCEPT_BROTLI},
        {"*;q=0, gzip", ACCEPT_GZIP},
        {"*;q=0", 0},
        {"x-gzip", ACCEPT_GZIP},
        {"gzip;q=x, br;q=2", 0},
        {"gzipped, br2, \"br\"", 0},
        {",,gzip,,", ACCEPT_GZIP},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(accept_codings(slice_of(cases[i].field)) == cases[i].codings, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field__of_a_client__says_what_it_prefers),
        cmocka_unit_test(codings__of_a_client__are_those_that_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
