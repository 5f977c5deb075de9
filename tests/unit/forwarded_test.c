/* Who really asks, behind proxies that are trusted and such that are not. */
#include "wire/cidr.h"
#include "wire/forwarded.h"
#include "wire_check.h"

static struct address address_from(const char *words)
{
    struct address address;
    assert_int_equal(address_parse(slice_of(words), &address), 0);
    return address;
}

static void network__of_each_form__is_read_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int result;
        const char *inside, *outside;
    } cases[] = {
        {"10.0.0.0/8", 0, "10.255.0.1", "11.0.0.0"},
        {"10.128.0.0/9", 0, "10.128.0.1", "10.127.255.255"},
        {"192.0.2.1", 0, "192.0.2.1", "192.0.2.2"},
        {"192.0.2.1/32", 0, "192.0.2.1", "192.0.2.0"},
        {"0.0.0.0/0", 0, "1.2.3.4", "2001:db8::1"},
        {"::/0", 0, "1.2.3.4", NULL},
        {"fd00::/8", 0, "fd12::1", "fe00::1"},
        {"::1", 0, "::1", "::2"},
        {"2001:db8:8000::/33", 0, "2001:db8:ffff::", "2001:db8:7fff::"},
        {"::ffff:10.0.0.0/104", 0, "10.1.2.3", "11.1.2.3"},
        {"10.0.0.1/8", -EINVAL, NULL, NULL},
        {"10.0.0.0/33", -EINVAL, NULL, NULL},
        {"::/129", -EINVAL, NULL, NULL},
        {"10.0.0.0/", -EINVAL, NULL, NULL},
        {"10.0.0.0/-1", -EINVAL, NULL, NULL},
        {"10.0.0/8", -EINVAL, NULL, NULL},
        {"[::1]/128", -EINVAL, NULL, NULL},
        {"localhost", -EINVAL, NULL, NULL},
        {"", -EINVAL, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cidr cidr;
        check(cidr_parse(slice_of(cases[i].words), &cidr) == cases[i].result, i);
        struct address address;
        if (cases[i].inside != NULL) {
            address = address_from(cases[i].inside);
            check(cidr_has(&cidr, &address), i);
        }
        if (cases[i].outside != NULL) {
            address = address_from(cases[i].outside);
            check(!cidr_has(&cidr, &address), i);
        }
    }
}

static void list__when_full__takes_no_more(void **state)
{
    (void)state;
    struct cidr_list list = {0};
    for (size_t i = 0; i < TRUSTED_PROXIES_MAX; i++)
        assert_int_equal(cidr_list_add(&list, SLICE("::1")), 0);
    assert_int_equal(cidr_list_add(&list, SLICE("::1")), -ENOSPC);
    assert_int_equal(cidr_list_add(&list, SLICE("x")), -EINVAL);
}

static void fields__of_a_chain__tell_the_client(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *lines, *client, *protocol, *host;
    } cases[] = {
        {"10.0.0.1", "", "10.0.0.1", "", ""},
        {"1.2.3.4", "Forwarded: for=5.6.7.8;proto=https\r\n", "1.2.3.4", "", ""},
        {"1.2.3.4", "X-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: https\r\n", "1.2.3.4", "", ""},
        {"10.0.0.1", "Forwarded: for=5.6.7.8;proto=https;host=y.example\r\n", "5.6.7.8", "https",
         "y.example"},
        {"10.0.0.1", "Forwarded: For=\"[2001:db8::1]:4711\" ; Proto=HTTPS;by=_x\r\n", "2001:db8::1",
         "HTTPS", ""},
        {"10.0.0.1", "Forwarded: for=\"5.6.7.8:99\";host=\"y.example:81\"\r\n", "5.6.7.8", "",
         "y.example:81"},
        {"10.0.0.1", "Forwarded: for=6.6.6.6, for=5.6.7.8\r\n", "5.6.7.8", "", ""},
        {"10.0.0.1", "Forwarded: for=6.6.6.6, for=5.6.7.8;proto=https, for=10.0.0.2;proto=http\r\n",
         "5.6.7.8", "https", ""},
        {"10.0.0.1", "Forwarded: for=5.6.7.8;proto=https\r\nForwarded: for=10.0.0.2\r\n", "5.6.7.8",
         "https", ""},
        {"10.0.0.1", "Forwarded: for=5.6.7.8, for=unknown\r\n", "10.0.0.1", "", ""},
        {"10.0.0.1", "Forwarded: for=5.6.7.8, for=10.0.0.2, for=_hidden\r\n", "10.0.0.1", "", ""},
        {"10.0.0.1", "Forwarded: for=5.6.7.8, =\r\n", "10.0.0.1", "", ""},
        {"10.0.0.1", "Forwarded: for=10.0.0.3, for=10.0.0.2\r\n", "10.0.0.3", "", ""},
        {"10.0.0.1", "Forwarded: for=5.6.7.8;proto=gopher;host=\"a b\"\r\n", "5.6.7.8", "", ""},
        {"10.0.0.1", "Forwarded: for=5.6.7.8\r\nX-Forwarded-For: 6.6.6.6\r\n", "5.6.7.8", "", ""},
        {"10.0.0.1",
         "X-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: https\r\n"
         "X-Forwarded-Host: y.example\r\n",
         "5.6.7.8", "https", "y.example"},
        {"10.0.0.1",
         "X-Forwarded-For: 6.6.6.6, 5.6.7.8 ,10.0.0.2\r\n"
         "X-Forwarded-Proto: gopher, https, http\r\n",
         "5.6.7.8", "https", ""},
        {"10.0.0.1", "X-Forwarded-For: 5.6.7.8, 10.0.0.2\r\nX-Forwarded-Proto: https\r\n",
         "5.6.7.8", "https", ""},
        {"10.0.0.1", "X-Forwarded-For: 5.6.7.8:1234\r\n", "5.6.7.8", "", ""},
        {"10.0.0.1", "X-Forwarded-For: [2001:db8::1]:80\r\n", "2001:db8::1", "", ""},
        {"10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1", "", ""},
        {"10.0.0.1", "X-Forwarded-For: 5.6.7.8\r\nX-Forwarded-For: 10.0.0.2\r\n", "5.6.7.8", "",
         ""},
        {"10.0.0.1", "X-Forwarded-For: nonsense\r\n", "10.0.0.1", "", ""},
        {"10.0.0.1", "X-Forwarded-For: 5.6.7.8, nonsense\r\n", "10.0.0.1", "", ""},
        {"10.0.0.1", "X-Forwarded-For: [5.6.7.8]\r\n", "10.0.0.1", "", ""},
        {"10.0.0.1", "X-Forwarded-Host: a b\r\n", "10.0.0.1", "", ""},
    };
    struct cidr_list trusted = {0};
    assert_int_equal(cidr_list_add(&trusted, SLICE("10.0.0.0/8")), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        static struct http_head head;
        struct forwarded forwarded;
        struct address peer = address_from(cases[i].peer), client = address_from(cases[i].client);
        head_of(&head, "GET", cases[i].lines);
        forwarded_read(&head, &peer, &trusted, &forwarded);
        check(memcmp(&forwarded.client, &client, sizeof(client)) == 0, i);
        check(is_text(forwarded.protocol, cases[i].protocol), i);
        check(is_text(forwarded.host, cases[i].host), i);
        forwarded_read(&head, &peer, NULL, &forwarded);
        check(memcmp(&forwarded.client, &peer, sizeof(peer)) == 0, i);
    }
}

/* A client may put as many addresses in front as it likes; the last ones count. */
static void chain__of_very_many__is_read_from_its_end(void **state)
{
    (void)state;
    uint8_t lines[4096];
    struct text text = text_over((struct span){lines, sizeof(lines)});
    text_put(&text, SLICE("X-Forwarded-For: "));
    for (size_t i = 0; i < 5 * FORWARDED_HOPS_MAX; i++)
        text_put(&text, SLICE("6.6.6.6,"));
    text_put(&text, SLICE("5.6.7.8,10.0.0.2\r\n\0"));
    assert_false(text.is_full);
    static struct http_head head;
    struct cidr_list trusted = {0};
    struct forwarded forwarded;
    struct address peer = address_from("10.0.0.1"), client = address_from("5.6.7.8");
    assert_int_equal(cidr_list_add(&trusted, SLICE("10.0.0.0/8")), 0);
    head_of(&head, "GET", (const char *)lines);
    forwarded_read(&head, &peer, &trusted, &forwarded);
    assert_memory_equal(&forwarded.client, &client, sizeof(client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network__of_each_form__is_read_or_refused),
        cmocka_unit_test(list__when_full__takes_no_more),
        cmocka_unit_test(fields__of_a_chain__tell_the_client),
        cmocka_unit_test(chain__of_very_many__is_read_from_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
