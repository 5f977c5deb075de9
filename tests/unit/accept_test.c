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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field__of_a_client__says_what_it_prefers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
