/* Authorities: what a host can be. */
#include "wire/authority.h"
#include "wire_check.h"

static void authority__of_each_form__is_judged(void **state)
{
    (void)state;
    static const struct {
        const char *authority;
        bool is_valid;
    } cases[] = {
        {"a", true},
        {"Files.Example", true},
        {"files.example.:8080", true},
        {"my_host-1~x", true},
        {"127.0.0.1:1", true},
        {"999.999.999.999", true}, /* a registered name by RFC 3986; the DNS will refuse it */
        {"a:65535", true},
        {"a:00080", true},
        {"[::1]", true},
        {"[2001:db8::1]:443", true},
        {"[::ffff:192.0.2.1]", true},
        {"", false},
        {":80", false},
        {"a:", false},
        {"a:0", false},
        {"a:65536", false},
        {"a:000080", false},
        {"a:80:80", false},
        {"a:-1", false},
        {"a:8a", false},
        {"a b", false},
        {"a,b", false},
        {"a%41", false},
        {"u@a", false},
        {"a/", false},
        {"a\\b", false},
        {"<a>", false},
        {"\xc3\xa4", false},
        {"[::1", false},
        {"::1", false},
        {"[::1]x", false},
        {"[::1]:", false},
        {"[]", false},
        {"[1.2.3.4]", false},
        {"[fe80::1%eth0]", false},
        {"[v1.a]", false},
        {"[1:2:3:4:5:6:7:8:9]", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice authority = copy_of(slice_of(cases[i].authority));
        check(authority_is_valid(authority) == cases[i].is_valid, i);
        copy_free(authority);
    }
    char name[256];
    memset(name, 'a', sizeof(name));
    assert_true(authority_is_valid(slice_from(name, 255)));
    assert_false(authority_is_valid(slice_from(name, 256)));
    assert_false(authority_is_valid(SLICE("a\0b")));
    assert_false(authority_is_valid(SLICE("[::1\0]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authority__of_each_form__is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
