/* The contract of uploads in the catalog, asked of the backend in SQLite. */
#include "base/counters.h"
#include "catalog_scene.h"

/* Of the one fiber that runs a test: rows are large, and the frames of fibers small. */
static struct upload_row found, expected;
static struct link_row row, link_found;
static struct object_names gone;
static struct link_names links;

static bool is_same_upload(const struct upload_row *a, const struct upload_row *b)
{
    return strcmp(a->upload, b->upload) == 0 && strcmp(a->link, b->link) == 0 &&
           a->kind == b->kind && a->is_complete == b->is_complete &&
           a->size_bytes == b->size_bytes && a->offset_max == b->offset_max &&
           a->created_ms == b->created_ms && a->expires_ms == b->expires_ms &&
           a->has_sha256 == b->has_sha256 && memcmp(a->sha256, b->sha256, SHA256_BYTES) == 0 &&
           strcmp(a->metadata, b->metadata) == 0 && strcmp(a->concat, b->concat) == 0 &&
           is_same_object(&a->object, &b->object);
}

/* The bytes of `number` are all there. */
static awaits int finish_number(unsigned number, int64_t now_ms)
{
    struct link_row made = row_of(number);
    const char *upload = upload_of(number, UPLOAD_WHOLE)->upload;
    return catalog_finish_upload(scene_catalog, upload, &made.object, now_ms, &links);
}

static awaits void find_body(void)
{
    expect(find_upload_number(1, &found) == -ENOENT);
    expect(begin_number(1, UPLOAD_WHOLE) == 0 && begin_number(2, UPLOAD_PART) == 0);
    expect(find_upload_number(1, &found) == 0);
    expect(is_same_upload(&found, upload_of(1, UPLOAD_WHOLE)));
    row = row_of(1);
    expect(catalog_find_upload(scene_catalog, row.link, &found) == 0);
    expect(catalog_find_upload(scene_catalog, row.object.name, &found) == 0);
    expect(is_same_upload(&found, upload_of(1, UPLOAD_WHOLE)));
    expect(is_same_upload(&found, upload_of(1, UPLOAD_WHOLE)));
    expect(find_upload_number(2, &found) == 0);
    expect(is_same_upload(&found, upload_of(2, UPLOAD_PART)));
    expect(catalog_find_upload(scene_catalog, row_of(2).link, &found) == -ENOENT);
    expect(catalog_find_upload(scene_catalog, "a name longer than any can be", &found) == -ENOENT);

    expect(find_number(1, &link_found) == 0 && link_found.state == LINK_ARRIVING);
    expect(strcmp(link_found.file_name, row.file_name) == 0);
    expect(strcmp(link_found.object.name, row.object.name) == 0);
    expect(link_found.object.is_arriving && !link_found.object.has_crc32);
    expect(link_found.object.size_bytes == 0 && link_found.object.parts == 0);

    static struct object_row rows[4];
    size_t count = 0;
    expect(catalog_list(scene_catalog, "", rows, 4, &count) == 0 && count == 2);
    expect(rows[0].is_arriving && rows[1].is_arriving && !rows[0].has_crc32);
    bool is_known = false;
    expect(catalog_known(scene_catalog, &row.object.name, 1, &is_known) == 0 && is_known);
}

static void begin__then_find__gives_the_same_row_by_each_name(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(find_body), 0);
}

static awaits void long_body(void)
{
    struct link_row link = row_of(7);
    bool is_complete = true;
    expected = *upload_of(7, UPLOAD_WHOLE);
    expected.size_bytes = UINT64_MAX;
    expected.offset_max = 0;
    expected.has_sha256 = true;
    memset(expected.sha256, 9, SHA256_BYTES);
    memset(expected.metadata, 'm', UPLOAD_METADATA_BYTES_MAX);
    memset(expected.concat, 'c', UPLOAD_CONCAT_BYTES_MAX);
    expect(catalog_begin_upload(scene_catalog, &expected, &link, NULL, 0, &is_complete) == 0);
    expect(!is_complete);
    expect(find_upload_number(7, &found) == 0 && is_same_upload(&found, &expected));
}

static void begin__longest_texts_and_unknown_size__are_found_again(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(long_body), 0);
}

static unsigned refused;

/* Of each four one is new, and three have one of its names. */
static awaits void refusal_crowd(unsigned number)
{
    static struct upload_row upload;
    unsigned first = number / 4;
    unsigned own = 1000 + number;
    struct link_row link = row_of(number % 4 == 2 ? first : own);
    bool is_complete;
    upload = *upload_of(number % 4 == 1 ? first : own, UPLOAD_WHOLE);
    memcpy(upload.object.name, row_of(number % 4 == 3 ? first : own).object.name,
           sizeof(upload.object.name));
    int err = number % 4 == 0
                  ? begin_number(first, UPLOAD_WHOLE)
                  : catalog_begin_upload(scene_catalog, &upload, &link, NULL, 0, &is_complete);
    expect(err == (number % 4 == 0 ? 0 : -EEXIST));
    refused += err == -EEXIST;
}

static awaits void refusal_body(void)
{
    refused = 0;
    in_crowd(400, refusal_crowd);
    expect(refused == 300);
    for (unsigned i = 0; i < 100; i++) {
        expect(find_upload_number(i, &found) == 0);
        expect(is_same_upload(&found, upload_of(i, UPLOAD_WHOLE)));
    }
}

static void begin__a_name_is_taken__fails_alone_and_changes_nothing(void **state)
{
    (void)state;
    int64_t commits = counter_total(COUNTER_catalog_commits_total);
    assert_int_equal(in_fiber(refusal_body), 0);
    commits = counter_total(COUNTER_catalog_commits_total) - commits;
    print_message("# 400 uploads begun, %d commits\n", (int)commits);
    assert_true(commits < 200);
    assert_int_equal(scene_rows(), 4 * 100);
}

static awaits void edit_body(void)
{
    expect(begin_number(1, UPLOAD_WHOLE) == 0);
    expected = *upload_of(1, UPLOAD_WHOLE);
    struct upload_edit edit = {.has_size = true, .size_bytes = 77, .offset_max = 5};
    expect(catalog_edit_upload(scene_catalog, expected.upload, &edit) == 0);
    expected.size_bytes = 77;
    expect(find_upload_number(1, &found) == 0 && is_same_upload(&found, &expected));
    edit = (struct upload_edit){
        .has_offset_max = true, .has_expires = true, .offset_max = 0, .expires_ms = 99};
    expect(catalog_edit_upload(scene_catalog, expected.upload, &edit) == 0);
    expected.offset_max = 0;
    expected.expires_ms = 99;
    expect(find_upload_number(1, &found) == 0 && is_same_upload(&found, &expected));
    edit = (struct upload_edit){.has_offset_max = true, .offset_max = UINT64_MAX};
    expect(catalog_edit_upload(scene_catalog, expected.upload, &edit) == 0);
    expected.offset_max = UINT64_MAX;
    expect(find_upload_number(1, &found) == 0 && is_same_upload(&found, &expected));
    expect(catalog_edit_upload(scene_catalog, "no such upload", &edit) == -ENOENT);

    struct link_edit change = {.has_file_name = true, .file_name = "other", .has_expires = true};
    expect(catalog_edit(scene_catalog, expected.link, &change, &row) == 0);
    expect(find_number(1, &link_found) == 0 && link_found.state == LINK_ARRIVING);
    expect(strcmp(link_found.file_name, "other") == 0 && link_found.expires_ms == 0);

    expect(finish_number(1, 5) == 0);
    expect(catalog_edit_upload(scene_catalog, expected.upload, &edit) == -ENOENT);
}

static void edit__changes_what_is_flagged_until_it_is_complete(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(edit_body), 0);
}

static awaits void finish_body(void)
{
    row = row_of(1);
    row.object.has_sha256 = true;
    memset(row.object.sha256, 3, SHA256_BYTES);
    expect(begin_number(1, UPLOAD_WHOLE) == 0 && begin_number(2, UPLOAD_WHOLE) == 0);
    expected = *upload_of(1, UPLOAD_WHOLE);
    /* Asked again, as after an answer that was lost, it tells the same and changes nothing. */
    for (int i = 0; i < 2; i++) {
        expect(catalog_finish_upload(scene_catalog, expected.upload, &row.object, 12345 + i,
                                     &links) == 0);
        expect(are_links(&links, NUMBERS(1)));
        expect(find_number(1, &link_found) == 0 && link_found.state == LINK_READY);
        expect(link_found.object.size_bytes == row.object.size_bytes);
        expect(link_found.object.has_crc32 && link_found.object.crc32 == row.object.crc32);
        expect(link_found.object.has_sha256 && !link_found.object.is_arriving);
        expect(memcmp(link_found.object.sha256, row.object.sha256, SHA256_BYTES) == 0);
        row.object.size_bytes++;
        row.object.has_crc32 = false;
        row.object.size_bytes -= i == 0;
    }
    expected.is_complete = true;
    expected.size_bytes = row_of(1).object.size_bytes;
    expected.object = link_found.object;
    expect(find_upload_number(1, &found) == 0 && is_same_upload(&found, &expected));
    expect(finish_number(3, 5) == -ENOENT);

    row = row_of(2);
    row.object.has_crc32 = false;
    expect(catalog_finish_upload(scene_catalog, upload_of(2, UPLOAD_WHOLE)->upload, &row.object, 5,
                                 &links) == 0);
    expect(find_number(2, &link_found) == 0 && link_found.state == LINK_READY);
    expect(!link_found.object.has_crc32 && link_found.object.crc32 == 0);
    expect(catalog_keep_digests(scene_catalog, row.object.name, 0xfedcba98, row.key_hash) == 0);
    expect(find_number(2, &link_found) == 0 && link_found.object.has_sha256);
    expect(link_found.object.has_crc32 && link_found.object.crc32 == 0xfedcba98);
}

static void finish__makes_the_link_ready_once_and_for_all(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(finish_body), 0);
    assert_int_equal(scene_sql("SELECT created FROM objects WHERE id = 1"), 12345);
}

static awaits void expire_body(void)
{
    const int64_t late_ms = row_of(1).expires_ms + 1;
    expect(begin_number(1, UPLOAD_WHOLE) == 0);
    expect(catalog_expire(scene_catalog, late_ms, &gone) == 0 && gone.count == 0);
    expect(catalog_retire(scene_catalog, row_of(1).link, LINK_EXPIRED, &gone) == 0);
    expect(gone.count == 0 && find_number(1, &link_found) == 0);
    expect(link_found.state == LINK_ARRIVING);
    expect(finish_number(1, 5) == 0);
    expect(catalog_expire(scene_catalog, late_ms, &gone) == 0);
    expect(are_objects(&gone, NUMBERS(1)));
    expect(find_number(1, &link_found) == 0 && link_found.state == LINK_EXPIRED);
    expect(find_upload_number(1, &found) == -ENOENT);
}

static void expire__link_is_arriving__waits_until_it_is_ready(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(expire_body), 0);
    assert_int_equal(scene_rows(), 1);
}

static awaits void drop_body(void)
{
    for (unsigned i = 1; i <= 4; i++)
        expect(begin_number(i, i == 3 ? UPLOAD_PART : UPLOAD_WHOLE) == 0);
    expect(drop_number(9, &gone, &links) == -ENOENT);
    expect(drop_number(1, &gone, &links) == 0);
    expect(are_objects(&gone, NUMBERS(1)) && are_links(&links, NUMBERS(1)));
    expect(find_number(1, &link_found) == -ENOENT && find_upload_number(1, &found) == -ENOENT);
    expect(drop_number(1, &gone, &links) == -ENOENT);
    expect(begin_number(1, UPLOAD_WHOLE) == 0);
    expect(finish_number(2, 5) == 0 && drop_number(2, &gone, &links) == 0);
    expect(are_objects(&gone, NUMBERS(2)) && are_links(&links, NUMBERS(2)));
    expect(drop_number(3, &gone, &links) == 0 && are_objects(&gone, NUMBERS(3)));
    expect(links.count == 0);
    expect(drop_number(1, &gone, &links) == 0);
    expect(catalog_remove(scene_catalog, row_of(4).link, &gone) == 0);
    expect(are_objects(&gone, NUMBERS(4)) && find_upload_number(4, &found) == -ENOENT);
}

static void drop__takes_link_and_object_with_it(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(drop_body), 0);
    assert_int_equal(scene_rows(), 0);
}

static awaits void forget_body(void)
{
    for (unsigned i = 1; i <= 3; i++)
        expect(begin_number(i, i == 3 ? UPLOAD_PART : UPLOAD_WHOLE) == 0);
    expect(forget_number(1, &gone) == -ENOENT && forget_number(9, &gone) == -ENOENT);
    for (unsigned i = 1; i <= 3; i++)
        expect(finish_number(i, 5) == 0);
    expect(forget_number(1, &gone) == 0 && gone.count == 0);
    expect(forget_number(1, &gone) == -ENOENT);
    expect(find_number(1, &link_found) == 0 && link_found.state == LINK_READY);
    expect(catalog_find_upload(scene_catalog, link_found.link, &found) == -ENOENT);
    expect(forget_number(3, &gone) == 0 && are_objects(&gone, NUMBERS(3)));
    expect(catalog_remove(scene_catalog, link_found.link, &gone) == 0);
    expect(are_objects(&gone, NUMBERS(1)));
    expect(catalog_retire(scene_catalog, row_of(2).link, LINK_USED_UP, &gone) == 0);
    expect(are_objects(&gone, NUMBERS(2)) && find_upload_number(2, &found) == -ENOENT);
}

static void forget__only_complete_ones__leaves_the_link(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(forget_body), 0);
    assert_int_equal(scene_rows(), 1);
}

static awaits void old_body(void)
{
    static struct old_uploads old;
    for (unsigned i = 50; i-- > 0;)
        expect(begin_number(i, i % 2 == 0 ? UPLOAD_WHOLE : UPLOAD_PART) == 0);
    expect(finish_number(1, 5) == 0);
    expect(catalog_old_uploads(scene_catalog, 1999, &old) == 0 && old.count == 0);
    expect(catalog_old_uploads(scene_catalog, 2009, &old) == 0 && old.count == 10);
    expect(catalog_old_uploads(scene_catalog, 9999, &old) == 0 && old.count == 32);
    for (unsigned i = 0; i < 32; i++) {
        expect(strcmp(old.uploads[i].upload, upload_of(i, UPLOAD_WHOLE)->upload) == 0);
        expect(old.uploads[i].is_complete == (i == 1));
    }
    struct upload_edit edit = {.has_expires = true, .expires_ms = 99999};
    expect(catalog_edit_upload(scene_catalog, old.uploads[0].upload, &edit) == 0);
    expect(forget_number(1, &gone) == 0);
    expect(catalog_old_uploads(scene_catalog, 9999, &old) == 0 && old.count == 32);
    expect(strcmp(old.uploads[0].upload, upload_of(2, UPLOAD_WHOLE)->upload) == 0);
}

static void old_uploads__tells_the_oldest_first(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(old_body), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begin__then_find__gives_the_same_row_by_each_name),
        TEST(begin__longest_texts_and_unknown_size__are_found_again),
        TEST(begin__a_name_is_taken__fails_alone_and_changes_nothing),
        TEST(edit__changes_what_is_flagged_until_it_is_complete),
        TEST(finish__makes_the_link_ready_once_and_for_all),
        TEST(expire__link_is_arriving__waits_until_it_is_ready),
        TEST(drop__takes_link_and_object_with_it),
        TEST(forget__only_complete_ones__leaves_the_link),
        TEST(old_uploads__tells_the_oldest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
