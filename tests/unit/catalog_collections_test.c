/* What the catalog promises of links to several files. */
#include "catalog_scene.h"

/* Of the one fiber that runs a test: rows are large, and the frames of fibers small. */
static struct link_row found;
static struct object_names gone;
static struct link_names links;
static struct entry_row entries[COLLECTION_FILES_MAX];
static size_t entries_len;

static struct link_row collection_of(unsigned number)
{
    struct link_row row = row_of(number);
    row.is_collection = true;
    row.downloads_max = 0;
    memset(&row.object, 0, sizeof(row.object));
    row.media_type[0] = '\0';
    snprintf(row.file_name, sizeof(row.file_name), "collection %u", number);
    return row;
}

static awaits int collect(unsigned number, const unsigned *members, size_t len)
{
    static char names[COLLECTION_FILES_MAX][LINK_CHARS + 1];
    struct link_row row = collection_of(number);
    for (size_t i = 0; i < len; i++)
        memcpy(names[i], row_of(members[i]).link, sizeof(names[i]));
    return catalog_collect(scene_catalog, &row, (const char(*)[LINK_CHARS + 1]) names, len);
}

/* Whether these are the files of a collection, at their positions; UINT32_MAX: none is there. */
static awaits bool has_files(unsigned number, const unsigned *members, size_t len)
{
    struct link_row row = row_of(number);
    size_t at = 0;
    if (catalog_entries(scene_catalog, row.link, 0, entries, ARRAY_LEN(entries), &entries_len) < 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (members[i] == UINT32_MAX)
            continue;
        struct link_row member = row_of(members[i]);
        if (at == entries_len || entries[at].position != i ||
            strcmp(entries[at].file_name, member.file_name) != 0 ||
            strcmp(entries[at].media_type, member.media_type) != 0 ||
            strcmp(entries[at].object.name, member.object.name) != 0)
            return false;
        at++;
    }
    return at == entries_len;
}

static awaits int remove_number(unsigned number)
{
    struct link_row row = row_of(number);
    return catalog_remove(scene_catalog, row.link, &gone);
}

/* ---- Making and asking ---- */

static awaits void order_body(void)
{
    for (unsigned i = 1; i <= 3; i++)
        expect(insert_number(i) == 0);
    expect(collect(10, NUMBERS(3, 1, 2, 1)) == 0);
    expect(has_files(10, NUMBERS(3, 1, 2, 1)));
    expect(find_number(10, &found) == 0 && found.is_collection && found.state == LINK_READY);
    expect(strcmp(found.file_name, "collection 10") == 0 && found.media_type[0] == '\0');
    expect(found.object.name[0] == '\0' && found.object.size_bytes == 0);
    expect(find_number(1, &found) == 0 && !found.is_collection && found.object.name[0] != '\0');

    struct link_row row = row_of(10);
    expect(catalog_entries(scene_catalog, row.link, 1, entries, 2, &entries_len) == 0);
    expect(entries_len == 2 && entries[0].position == 1 && entries[1].position == 2);
    expect(entries[0].object.size_bytes == row_of(1).object.size_bytes);
    expect(entries[0].object.has_crc32 && !entries[0].object.is_arriving);
    expect(catalog_entries(scene_catalog, row.link, 4, entries, 2, &entries_len) == 0);
    expect(entries_len == 0);
}

static void collect__some_links__has_their_files_in_order(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(order_body), 0);
}

static awaits void refused_body(void)
{
    expect(insert_number(1) == 0 && insert_number(2) == 0 && collect(10, NUMBERS(1)) == 0);
    expect(collect(11, NUMBERS(1, 7)) == -ENOENT);
    expect(collect(11, NUMBERS(1, 10)) == -EINVAL);
    expect(collect(10, NUMBERS(1)) == -EEXIST && collect(2, NUMBERS(1)) == -EEXIST);
    expect(find_number(11, &found) == -ENOENT && has_files(10, NUMBERS(1)));
    expect(catalog_retire(scene_catalog, row_of(2).link, LINK_EXPIRED, &gone) == 0);
    expect(collect(11, NUMBERS(2)) == -ENOENT);
    expect(has_files(11, NULL, 0));
}

static void collect__something_is_no_file__changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(refused_body), 0);
}

static unsigned many[COLLECTION_FILES_MAX];

static awaits void most_body(void)
{
    for (unsigned i = 0; i < COLLECTION_FILES_MAX; i++) {
        many[i] = 1000 + i;
        expect(insert_number(many[i]) == 0);
    }
    expect(collect(10, many, ARRAY_LEN(many)) == 0 && has_files(10, many, ARRAY_LEN(many)));
    for (unsigned i = 0; i < COLLECTION_FILES_MAX; i++)
        expect(remove_number(many[i]) == 0 && gone.count == 0);
    expect(has_files(10, many, ARRAY_LEN(many)));
    size_t removed = 0;
    expect(remove_number(10) == 0);
    do {
        removed += gone.count;
        expect(catalog_expire(scene_catalog, 0, &gone) == 0);
    } while (gone.count > 0);
    expect(removed == COLLECTION_FILES_MAX);
}

static void collect__most_files_possible__all_are_given_back_in_the_end(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(most_body), 0);
    assert_int_equal(scene_rows(), 0);
}

static awaits void edit_body(void)
{
    struct link_edit edit = {.has_file_name = true, .has_expires = true, .expires_ms = 99};
    snprintf(edit.file_name, sizeof(edit.file_name), "renamed");
    expect(insert_number(1) == 0 && collect(10, NUMBERS(1)) == 0);
    expect(catalog_edit(scene_catalog, row_of(10).link, &edit, &found) == 0);
    expect(strcmp(found.file_name, "renamed") == 0 && found.is_collection);
    expect(find_number(10, &found) == 0 && strcmp(found.file_name, "renamed") == 0);
    expect(found.expires_ms == 99 && has_files(10, NUMBERS(1)));
    expect(catalog_edit(scene_catalog, row_of(1).link, &edit, &found) == 0);
    expect(has_files(10, NUMBERS(1))); /* a file keeps the name that it was collected under */
}

static void edit__of_a_collection__names_the_whole(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(edit_body), 0);
}

/* ---- Ending ---- */

static awaits void shared_body(void)
{
    for (unsigned i = 1; i <= 3; i++)
        expect(insert_number(i) == 0);
    expect(collect(10, NUMBERS(1, 2, 2)) == 0 && collect(11, NUMBERS(2, 3)) == 0);
    expect(remove_number(1) == 0 && gone.count == 0 && remove_number(2) == 0 && gone.count == 0);
    expect(has_files(10, NUMBERS(1, 2, 2)) && has_files(11, NUMBERS(2, 3)));
    expect(remove_number(10) == 0 && are_objects(&gone, NUMBERS(1)));
    expect(has_files(11, NUMBERS(2, 3)));
    expect(remove_number(11) == 0 && are_objects(&gone, NUMBERS(2)));
    expect(remove_number(3) == 0 && are_objects(&gone, NUMBERS(3)));
}

static void remove__bytes_that_others_name__stay(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(shared_body), 0);
    assert_int_equal(scene_rows(), 0);
}

static awaits void expire_body(void)
{
    struct link_edit edit = {.has_expires = true, .expires_ms = 50};
    expect(insert_number(1) == 0 && insert_number(2) == 0 && collect(10, NUMBERS(1, 2)) == 0);
    expect(catalog_edit(scene_catalog, row_of(1).link, &edit, &found) == 0);
    expect(catalog_expire(scene_catalog, 50, &gone) == 0 && gone.count == 0);
    expect(has_files(10, NUMBERS(1, 2)));
    expect(catalog_edit(scene_catalog, row_of(10).link, &edit, &found) == 0);
    expect(catalog_expire(scene_catalog, 50, &gone) == 0 && are_objects(&gone, NUMBERS(1)));
    expect(find_number(10, &found) == 0 && found.state == LINK_EXPIRED && found.is_collection);
    expect(has_files(10, NULL, 0) && find_number(2, &found) == 0 && found.state == LINK_READY);
}

static void expire__of_either__leaves_the_other_its_bytes(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(expire_body), 0);
}

/* ---- Files that are arriving ---- */

static awaits int finish_number(unsigned number)
{
    struct object_row object = {.size_bytes = 70 + number, .has_crc32 = true, .crc32 = number};
    return catalog_finish_upload(scene_catalog, upload_of(number, UPLOAD_WHOLE)->upload, &object, 5,
                                 &links);
}

static awaits void arriving_body(void)
{
    expect(insert_number(1) == 0 && begin_number(2, UPLOAD_WHOLE) == 0);
    expect(collect(10, NUMBERS(1, 2)) == 0 && has_files(10, NUMBERS(1, 2)));
    expect(!entries[0].object.is_arriving && entries[1].object.is_arriving);
    expect(finish_number(2) == 0 && has_files(10, NUMBERS(1, 2)));
    expect(!entries[1].object.is_arriving && entries[1].object.size_bytes == 72);
    expect(drop_number(2, &gone, &links) == 0 && gone.count == 0);
    expect(has_files(10, NUMBERS(1, 2)));
    expect(remove_number(10) == 0 && are_objects(&gone, NUMBERS(2)));
}

static void finish__of_a_file_in_a_collection__is_seen_there(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(arriving_body), 0);
}

static awaits void dropped_body(void)
{
    expect(insert_number(1) == 0 && insert_number(4) == 0);
    expect(begin_number(2, UPLOAD_WHOLE) == 0 && begin_number(3, UPLOAD_WHOLE) == 0);
    expect(collect(10, NUMBERS(1, 2, 3, 4)) == 0 && collect(11, NUMBERS(2)) == 0);
    expect(drop_number(2, &gone, &links) == 0 && are_objects(&gone, NUMBERS(2)));
    expect(has_files(10, NUMBERS(1, UINT32_MAX, 3, 4)) && has_files(11, NULL, 0));
    /* As if the link were ended by its key while the upload's end is on its way. */
    expect(remove_number(3) == 0 && are_objects(&gone, NUMBERS(3)));
    expect(has_files(10, NUMBERS(1, UINT32_MAX, UINT32_MAX, 4)));
    expect(remove_number(10) == 0 && gone.count == 0 && remove_number(11) == 0);
    expect(remove_number(1) == 0 && remove_number(4) == 0 && are_objects(&gone, NUMBERS(4)));
}

static void drop__of_a_file_in_collections__takes_it_out_of_them(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(dropped_body), 0);
    assert_int_equal(scene_rows(), 0);
}

static awaits void forgotten_body(void)
{
    expect(begin_number(2, UPLOAD_WHOLE) == 0 && collect(10, NUMBERS(2)) == 0);
    expect(remove_number(10) == 0 && gone.count == 0);
    expect(collect(10, NUMBERS(2)) == 0 && finish_number(2) == 0);
    expect(forget_number(2, &gone) == 0 && gone.count == 0);
    expect(remove_number(2) == 0 && gone.count == 0 && has_files(10, NUMBERS(2)));
}

static void remove__of_a_collection__leaves_what_is_arriving(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(forgotten_body), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(collect__some_links__has_their_files_in_order),
        TEST(collect__something_is_no_file__changes_nothing),
        TEST(collect__most_files_possible__all_are_given_back_in_the_end),
        TEST(edit__of_a_collection__names_the_whole),
        TEST(remove__bytes_that_others_name__stay),
        TEST(expire__of_either__leaves_the_other_its_bytes),
        TEST(finish__of_a_file_in_a_collection__is_seen_there),
        TEST(drop__of_a_file_in_collections__takes_it_out_of_them),
        TEST(remove__of_a_collection__leaves_what_is_arriving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
