/* What the catalog promises of files that are put together from parts, and of older files. */
#include "base/digest.h"
#include "catalog_scene.h"

enum { PART_BYTES = 100 };

/* Of the one fiber that runs a test: rows are large, and the frames of fibers small. */
static struct upload_row found;
static struct link_row link_found;
static struct object_names gone;
static struct link_names links;

/* Bytes of a part; its number is part of them. */
static struct slice bytes_of(unsigned part)
{
    static uint8_t bytes[PART_BYTES * 2];
    memset(bytes, (int)(part & 0xff), sizeof(bytes));
    return slice_from(bytes, PART_BYTES + part % PART_BYTES);
}

static awaits int finish_part(unsigned part)
{
    struct slice bytes = bytes_of(part);
    struct object_row object = {
        .size_bytes = bytes.len, .has_crc32 = true, .crc32 = crc32_add(0, bytes)};
    const char *upload = upload_of(part, UPLOAD_PART)->upload;
    return catalog_finish_upload(scene_catalog, upload, &object, 5, &links);
}

static bool was_complete; /* after the last join() */

/* Begins upload `number`, joined from the uploads in `parts`. */
static awaits int join(unsigned number, const unsigned *parts, size_t parts_len)
{
    static char names[UPLOAD_PARTS_MAX][LINK_CHARS + 1];
    struct link_row link = row_of(number);
    link.state = LINK_ARRIVING;
    for (size_t i = 0; i < parts_len; i++)
        memcpy(names[i], upload_of(parts[i], UPLOAD_PART)->upload, sizeof(names[i]));
    return catalog_begin_upload(scene_catalog, upload_of(number, UPLOAD_JOINED), &link,
                                (const char(*)[LINK_CHARS + 1]) names, parts_len, &was_complete);
}

/* Whether the link of `number` is ready and its object made of these parts, in this order. */
static awaits bool is_joined(unsigned number, const unsigned *parts, size_t parts_len)
{
    static struct object_row rows[3];
    uint32_t crc32 = 0;
    uint64_t size_bytes = 0;
    size_t count = 0;
    if (find_number(number, &link_found) < 0 || find_upload_number(number, &found) < 0)
        return false;
    for (size_t i = 0; i < parts_len; i++) {
        if (i % 3 == 0 &&
            catalog_parts(scene_catalog, link_found.object.name, (unsigned)i, rows, 3, &count) < 0)
            return false;
        if (count != size_min(3, parts_len - i / 3 * 3) ||
            strcmp(rows[i % 3].name, row_of(parts[i]).object.name) != 0)
            return false;
        crc32 = crc32_add(crc32, bytes_of(parts[i]));
        size_bytes += bytes_of(parts[i]).len;
    }
    const struct object_row *object = &link_found.object;
    return link_found.state == LINK_READY && found.is_complete && found.size_bytes == size_bytes &&
           object->size_bytes == size_bytes && object->parts == parts_len && !object->is_arriving &&
           object->has_crc32 && object->crc32 == crc32;
}

static awaits void at_once_body(void)
{
    for (unsigned i = 1; i <= 3; i++)
        expect(begin_number(i, UPLOAD_PART) == 0 && finish_part(i) == 0 && links.count == 0);
    expect(join(10, NUMBERS(3, 1, 2, 1)) == 0 && was_complete);
    expect(is_joined(10, NUMBERS(3, 1, 2, 1)));
    expect(join(11, NUMBERS(2)) == 0 && was_complete && is_joined(11, NUMBERS(2)));

    struct object_row object = {.size_bytes = 9};
    expect(begin_number(4, UPLOAD_PART) == 0);
    expect(catalog_finish_upload(scene_catalog, upload_of(4, UPLOAD_PART)->upload, &object, 5,
                                 &links) == 0);
    expect(join(12, NUMBERS(1, 4)) == 0 && was_complete);
    expect(find_number(12, &link_found) == 0 && link_found.state == LINK_READY);
    expect(!link_found.object.has_crc32);
    expect(link_found.object.size_bytes == bytes_of(1).len + 9);
    size_t count = 99;
    expect(catalog_parts(scene_catalog, "no such object", 0, &object, 1, &count) == 0);
    expect(count == 0);
}

static void join__parts_are_complete__is_ready_at_once(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(at_once_body), 0);
}

static awaits void waiting_body(void)
{
    for (unsigned i = 1; i <= 3; i++)
        expect(begin_number(i, UPLOAD_PART) == 0);
    expect(join(10, NUMBERS(1, 2, 3)) == 0 && !was_complete);
    expect(join(11, NUMBERS(3, 1, 1)) == 0 && !was_complete);
    expect(join(12, NUMBERS(2, 2)) == 0 && !was_complete);
    expect(find_number(10, &link_found) == 0 && link_found.state == LINK_ARRIVING);
    expect(link_found.object.is_arriving && link_found.object.parts == 3);
    struct object_row object = {.size_bytes = 1};
    expect(catalog_finish_upload(scene_catalog, upload_of(10, UPLOAD_JOINED)->upload, &object, 5,
                                 &links) == -EINVAL);
    expect(finish_part(3) == 0 && links.count == 0);
    expect(finish_part(1) == 0 && are_links(&links, NUMBERS(11)));
    expect(is_joined(11, NUMBERS(3, 1, 1)));
    expect(find_upload_number(10, &found) == 0 && !found.is_complete);
    expect(finish_part(2) == 0 && are_links(&links, NUMBERS(10, 12)));
    expect(is_joined(10, NUMBERS(1, 2, 3)) && is_joined(12, NUMBERS(2, 2)));
    expect(finish_part(2) == 0 && are_links(&links, NUMBERS(10, 12)));
}

static void join__parts_are_arriving__is_ready_with_the_last(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(waiting_body), 0);
}

static awaits void refused_crowd(unsigned number)
{
    switch (number % 4) {
    case 0:
        expect(join(1000 + number, NUMBERS(1, 77)) == -ENOENT);
        break;
    case 1:
        expect(join(1000 + number, NUMBERS(1, 2)) == -EINVAL);
        break;
    case 2:
        expect(join(3, NUMBERS(1)) == -EEXIST);
        break;
    default:
        expect(join(1000 + number, NUMBERS(1, 1)) == 0);
    }
}

static awaits void refused_body(void)
{
    expect(begin_number(1, UPLOAD_PART) == 0 && begin_number(2, UPLOAD_WHOLE) == 0);
    expect(join(3, NUMBERS(1)) == 0);
    in_crowd(200, refused_crowd);
    expect(finish_part(1) == 0 && links.count == 32);
    for (unsigned i = 3; i < 200; i += 4)
        expect(is_joined(1000 + i, NUMBERS(1, 1)));
    expect(is_joined(3, NUMBERS(1)));
}

static void join__some_are_refused__their_neighbours_are_not(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(refused_body), 0);
    /* A part, a whole one, one of one part, fifty of two. */
    assert_int_equal(scene_rows(), 2 + 4 + 5 + 50 * 6);
}

enum { SHUFFLED_PARTS = 8, SHUFFLED = 60 };
static unsigned lists[SHUFFLED][SHUFFLED_PARTS];
static size_t list_lens[SHUFFLED];

/* Parts are finished and joined from at the same time. */
static awaits void shuffle_crowd(unsigned number)
{
    if (number % 8 == 7)
        expect(finish_part(number / 8) == 0);
    unsigned at = number % SHUFFLED;
    expect(join(100 + at, lists[at], list_lens[at]) == 0);
}

static awaits void shuffle_body(void)
{
    srandom(4);
    for (unsigned i = 0; i < SHUFFLED; i++) {
        list_lens[i] = 1 + (size_t)random() % SHUFFLED_PARTS;
        for (unsigned k = 0; k < list_lens[i]; k++)
            lists[i][k] = (unsigned)random() % SHUFFLED_PARTS;
    }
    for (unsigned i = 0; i < SHUFFLED_PARTS; i++)
        expect(begin_number(i, UPLOAD_PART) == 0);
    in_crowd(SHUFFLED, shuffle_crowd);
    for (unsigned i = SHUFFLED / 8; i < SHUFFLED_PARTS; i++)
        expect(finish_part(i) == 0);
    for (unsigned i = 0; i < SHUFFLED; i++)
        expect(is_joined(100 + i, lists[i], list_lens[i]));

    /* In the end nothing is left, in whatever order they go. */
    size_t files = 0;
    for (unsigned i = 0; i < SHUFFLED; i++) {
        if (i % 7 == 0 && i / 7 < SHUFFLED_PARTS) {
            expect(forget_number(i / 7, &gone) == 0);
            files += gone.count;
        }
        expect(catalog_remove(scene_catalog, row_of(100 + i).link, &gone) == 0);
        files += gone.count;
    }
    expect(files == SHUFFLED_PARTS);
}

static void join__many_share_parts__each_is_whole_and_nothing_is_left(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(shuffle_body), 0);
    assert_int_equal(scene_rows(), 0);
}

static awaits void drop_body(void)
{
    for (unsigned i = 1; i <= 3; i++)
        expect(begin_number(i, UPLOAD_PART) == 0);
    expect(finish_part(1) == 0);
    expect(join(10, NUMBERS(1, 2)) == 0 && join(11, NUMBERS(2, 3, 2)) == 0);
    expect(join(12, NUMBERS(1)) == 0 && join(13, NUMBERS(3, 1)) == 0);
    expect(drop_number(2, &gone, &links) == 0);
    expect(are_links(&links, NUMBERS(10, 11)) && are_objects(&gone, NUMBERS(2)));
    expect(find_number(10, &link_found) == -ENOENT && find_upload_number(11, &found) == -ENOENT);
    expect(is_joined(12, NUMBERS(1)));
    expect(finish_part(3) == 0 && are_links(&links, NUMBERS(13)));

    /* A complete part is only gone once nothing is made of it. */
    expect(drop_number(1, &gone, &links) == 0 && gone.count == 0 && links.count == 0);
    expect(find_upload_number(1, &found) == -ENOENT && is_joined(13, NUMBERS(3, 1)));
    expect(catalog_retire(scene_catalog, row_of(12).link, LINK_EXPIRED, &gone) == 0);
    expect(gone.count == 0 && find_upload_number(12, &found) == -ENOENT);
    expect(drop_number(13, &gone, &links) == 0);
    expect(are_links(&links, NUMBERS(13)) && are_objects(&gone, NUMBERS(1)));
    expect(forget_number(3, &gone) == 0 && are_objects(&gone, NUMBERS(3)));
}

static void drop__part_that_others_wait_for__takes_them_along(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(drop_body), 0);
    assert_int_equal(scene_rows(), 1);
}

static unsigned all_parts[UPLOAD_PARTS_MAX];

static awaits void begin_and_finish(unsigned number)
{
    expect(begin_number(number, UPLOAD_PART) == 0 && finish_part(number) == 0);
}

static awaits void forget_crowd(unsigned number)
{
    static struct object_names forgotten; /* nobody reads them */
    expect(forget_number(number, &forgotten) == 0);
}

static awaits void most_parts_body(void)
{
    for (unsigned i = 0; i < UPLOAD_PARTS_MAX; i++)
        all_parts[i] = i;
    in_crowd(UPLOAD_PARTS_MAX, begin_and_finish);
    expect(join(1000, all_parts, UPLOAD_PARTS_MAX) == 0 && was_complete);
    expect(is_joined(1000, all_parts, UPLOAD_PARTS_MAX));
    in_crowd(UPLOAD_PARTS_MAX, forget_crowd);
    expect(find_number(1000, &link_found) == 0 && link_found.object.parts == UPLOAD_PARTS_MAX);

    /* Files whose names find no room are named later, and each once. */
    static bool is_gone[UPLOAD_PARTS_MAX];
    size_t files = 0;
    expect(catalog_remove(scene_catalog, row_of(1000).link, &gone) == 0);
    expect(gone.count == ARRAY_LEN(gone.names));
    static struct object_row listed;
    size_t count = 99;
    expect(catalog_list(scene_catalog, "", &listed, 1, &count) == 0 && count == 0);
    do {
        for (size_t i = 0; i < gone.count; i++) {
            unsigned long number = strtoul(gone.names[i], NULL, 10);
            expect(number < UPLOAD_PARTS_MAX && !is_gone[number]);
            is_gone[number] = true;
        }
        files += gone.count;
        expect(catalog_expire(scene_catalog, 0, &gone) == 0);
    } while (gone.count > 0);
    expect(files == UPLOAD_PARTS_MAX);
}

static void remove__most_parts_possible__gives_each_file_once(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(most_parts_body), 0);
    assert_int_equal(scene_rows(), 0);
}

/* ---- Older programs and their files ---- */

static awaits void older_file_body(void)
{
    expect(find_number(1, &link_found) == 0 && link_found.state == LINK_READY);
    expect(link_found.object.size_bytes == 77 && link_found.object.has_crc32);
    expect(link_found.object.crc32 == 0xfffffffe && !link_found.object.is_arriving);
    expect(link_found.object.parts == 0);
    expect(begin_number(2, UPLOAD_PART) == 0 && finish_part(2) == 0);
    expect(join(3, NUMBERS(2, 2)) == 0 && is_joined(3, NUMBERS(2, 2)));
    expect(catalog_remove(scene_catalog, row_of(1).link, &gone) == 0);
    expect(are_objects(&gone, NUMBERS(1)));
}

static void open__older_schema__keeps_its_rows(void **state)
{
    assert_int_equal(scene_end(state), 0);
    assert_int_equal(scene_begin(state), 0);
    scene_close();
    unlink(scene_path);
    const char *const steps[] = {
        "CREATE TABLE objects (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL,"
        " crc32 INTEGER NOT NULL, sha256 BLOB, created INTEGER NOT NULL) STRICT",
        "CREATE UNIQUE INDEX objects_name ON objects (name)",
        "CREATE TABLE links (id INTEGER PRIMARY KEY, link TEXT NOT NULL, key_hash BLOB NOT NULL,"
        " state INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER,"
        " downloads_max INTEGER NOT NULL, downloads INTEGER NOT NULL, ended INTEGER) STRICT",
        "CREATE UNIQUE INDEX links_link ON links (link)",
        "CREATE INDEX links_expires ON links (expires) WHERE state = 0 AND expires IS NOT NULL",
        "CREATE INDEX links_ended ON links (ended) WHERE ended IS NOT NULL",
        "CREATE TABLE entries (link INTEGER NOT NULL, position INTEGER NOT NULL,"
        " file_name TEXT NOT NULL, media_type TEXT NOT NULL, object INTEGER NOT NULL,"
        " PRIMARY KEY (link, position)) STRICT, WITHOUT ROWID",
        "CREATE INDEX entries_object ON entries (object)",
        "INSERT INTO objects VALUES (9, '00000000000000000000000000000001', 77, 4294967294, NULL,"
        " 5)",
        "INSERT INTO links VALUES (4, 'link-00000000000000001', zeroblob(32), 0, 5, NULL, 0, 0,"
        " NULL)",
        "INSERT INTO entries VALUES (4, 0, 'name', 'text/plain', 9)",
        "PRAGMA user_version = 1",
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        assert_int_equal(scene_sql(steps[i]), 0);
    assert_int_equal(scene_open(), 0);
    assert_int_equal(scene_sql("PRAGMA user_version"), 3);
    assert_int_equal(in_fiber(older_file_body), 0);
}

static awaits void join_two(void)
{
    expect(begin_number(1, UPLOAD_PART) == 0 && begin_number(2, UPLOAD_WHOLE) == 0);
    expect(join(3, NUMBERS(1, 1)) == 0);
}

/* It knows of no uploads or parts, and the numbers of the rows that it deletes are used again. */
static void older_program__deletes_objects__leaves_nothing_that_names_them(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(join_two), 0);
    assert_int_equal(scene_rows(), 3 + 2 + 2 + 2 + 3);
    assert_int_equal(scene_sql("DELETE FROM entries"), 0);
    assert_int_equal(scene_sql("DELETE FROM objects WHERE id NOT IN (SELECT object FROM entries)"),
                     0);
    assert_int_equal(scene_rows(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(join__parts_are_complete__is_ready_at_once),
        TEST(join__parts_are_arriving__is_ready_with_the_last),
        TEST(join__some_are_refused__their_neighbours_are_not),
        TEST(join__many_share_parts__each_is_whole_and_nothing_is_left),
        TEST(drop__part_that_others_wait_for__takes_them_along),
        TEST(remove__most_parts_possible__gives_each_file_once),
        TEST(open__older_schema__keeps_its_rows),
        TEST(older_program__deletes_objects__leaves_nothing_that_names_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
