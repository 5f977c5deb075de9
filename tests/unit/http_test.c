/* The words of HTTP that every version shares. */
#include "wire_check.h"

static void names__of_statuses_and_methods__are_those_of_the_rfc(void **state)
{
    (void)state;
    assert_string_equal(http_status_text(404), "Not Found");
    assert_string_equal(http_status_text(103), "Early Hints");
    assert_string_equal(http_status_text(104), "Upload Resumption Supported");
    assert_string_equal(http_status_text(460), "Checksum Mismatch");
    assert_string_equal(http_status_text(299), "Status");
    assert_string_equal(http_method_name(HTTP_GET), "GET");
    assert_string_equal(http_method_name(HTTP_OPTIONS), "OPTIONS");
}

static void fields__of_one_name__are_found_and_counted(void **state)
{
    (void)state;
    static struct http_head head;
    head_of(&head, "GET", "X-One: first\r\nx-one: second\r\nX-Empty:\r\n");
    assert_true(is_text(http_header_find(&head, SLICE("x-ONE")), "first"));
    assert_int_equal(http_header_count(&head, SLICE("X-One")), 2);
    assert_non_null(http_header_find(&head, SLICE("x-empty")).ptr);
    assert_null(http_header_find(&head, SLICE("x-on")).ptr);
    assert_int_equal(http_header_count(&head, SLICE("x-on")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names__of_statuses_and_methods__are_those_of_the_rfc),
        cmocka_unit_test(fields__of_one_name__are_found_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
