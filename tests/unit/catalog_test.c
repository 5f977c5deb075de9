/* The contract of the catalog, asked of the backend in SQLite. */
#include "base/clock.h"
#include "catalog_scene.h"

#include "base/counters.h"
#include "catalog/catalog_sqlite_internal.h"

/* Of the one fiber that runs a test: rows are large, and the frames of fibers small. */
static struct link_row row, other, found;
static struct object_names gone;

static bool is_same_row(const struct link_row *a, const struct link_row *b)
{
    return strcmp(a->link, b->link) == 0 && memcmp(a->key_hash, b->key_hash, SHA256_BYTES) == 0 &&
           a->state == b->state && a->created_ms == b->created_ms &&
           a->expires_ms == b->expires_ms && a->downloads_max == b->downloads_max &&
           a->downloads == b->downloads && strcmp(a->file_name, b->file_name) == 0 &&
           strcmp(a->media_type, b->media_type) == 0 && is_same_object(&a->object, &b->object);
}

/* Whether the object of this row, and no other, went away. */
static bool is_gone(unsigned number)
{
    struct link_row ended = row_of(number);
    return gone.count == 1 && strcmp(gone.names[0], ended.object.name) == 0;
}

static awaits void find_body(void)
{
    row = row_of(1);
    other = row_of(2);
    other.expires_ms = 0;
    other.object.has_sha256 = true;
    memset(other.object.sha256, 7, SHA256_BYTES);
    expect(catalog_find(scene_catalog, row.link, &found) == -ENOENT);
    expect(catalog_insert(scene_catalog, &row) == 0);
    expect(catalog_insert(scene_catalog, &other) == 0);
    expect(catalog_find(scene_catalog, row.link, &found) == 0);
    expect(is_same_row(&row, &found));
    expect(catalog_find(scene_catalog, other.link, &found) == 0);
    expect(is_same_row(&other, &found));
    expect(catalog_find(scene_catalog, "a link longer than any can be", &found) == -ENOENT);
    expect(catalog_ping(scene_catalog) == 0);
}

static void insert__then_find__gives_the_same_row(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(find_body), 0);
}

static unsigned taken[32];

/* Two at a time with the same link, sharing a commit with others. */
static awaits void duplicate_crowd(unsigned number)
{
    int err = insert_number(number / 2);
    expect(err == 0 || err == -EEXIST);
    taken[number / 2] += err == -EEXIST;
}

static awaits void duplicate_body(void)
{
    row = row_of(1000);
    other = row_of(1001);
    expect(catalog_insert(scene_catalog, &row) == 0);
    memcpy(other.link, row.link, sizeof(row.link));
    expect(catalog_insert(scene_catalog, &other) == -EEXIST);
    expect(strstr(error_text(), "taken") != NULL);
    expect(catalog_find(scene_catalog, row.link, &found) == 0);
    expect(is_same_row(&row, &found));
    bool is_known[2];
    char names[2][STORE_NAME_CHARS + 1];
    memcpy(names[0], row.object.name, sizeof(names[0]));
    memcpy(names[1], other.object.name, sizeof(names[1]));
    expect(catalog_known(scene_catalog, names, 2, is_known) == 0);
    expect(is_known[0] && !is_known[1]);

    in_crowd(64, duplicate_crowd);
    for (unsigned i = 0; i < 32; i++)
        expect(taken[i] == 1 && find_number(i, &found) == 0);
}

static void insert__link_is_taken__fails_alone(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(duplicate_body), 0);
}

static awaits void edit_body(void)
{
    row = row_of(1);
    expect(insert_number(1) == 0);
    struct link_edit edit = {.has_file_name = true, .file_name = "other"};
    expect(catalog_edit(scene_catalog, row.link, &edit, &other) == 0);
    snprintf(row.file_name, sizeof(row.file_name), "other");
    expect(is_same_row(&row, &other));
    edit = (struct link_edit){.has_expires = true, .has_downloads_max = true, .downloads_max = 9};
    expect(catalog_edit(scene_catalog, row.link, &edit, &other) == 0);
    row.expires_ms = 0;
    row.downloads_max = 9;
    expect(is_same_row(&row, &other));
    expect(catalog_find(scene_catalog, row.link, &found) == 0);
    expect(is_same_row(&row, &found));
    expect(catalog_edit(scene_catalog, "no such link", &edit, &other) == -ENOENT);

    expect(catalog_retire(scene_catalog, row.link, LINK_USED_UP, &gone) == 0);
    expect(catalog_edit(scene_catalog, row.link, &edit, &other) == -ENOENT);
}

static void edit__changes_what_is_flagged_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(edit_body), 0);
}

static awaits void remove_body(void)
{
    row = row_of(1);
    other = row_of(2);
    other.object = row.object;
    expect(catalog_insert(scene_catalog, &row) == 0);
    expect(catalog_insert(scene_catalog, &other) == 0);
    expect(catalog_remove(scene_catalog, row.link, &gone) == 0);
    expect(gone.count == 0);
    expect(catalog_find(scene_catalog, row.link, &found) == -ENOENT);
    expect(catalog_find(scene_catalog, other.link, &found) == 0);
    expect(is_same_row(&other, &found));
    expect(catalog_remove(scene_catalog, other.link, &gone) == 0);
    expect(is_gone(1));
    expect(catalog_remove(scene_catalog, other.link, &gone) == -ENOENT);
    expect(catalog_insert(scene_catalog, &row) == 0);
}

static void remove__gives_the_object_when_its_last_link_goes(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(remove_body), 0);
}

static awaits void retire_body(void)
{
    row = row_of(1);
    expect(insert_number(1) == 0);
    expect(catalog_retire(scene_catalog, row.link, LINK_USED_UP, &gone) == 0);
    expect(is_gone(1));
    expect(catalog_find(scene_catalog, row.link, &found) == 0);
    expect(found.state == LINK_USED_UP && found.file_name[0] == '\0');
    expect(found.object.name[0] == '\0' && memcmp(found.key_hash, row.key_hash, 32) == 0);
    expect(catalog_retire(scene_catalog, row.link, LINK_EXPIRED, &gone) == 0);
    expect(gone.count == 0);
    expect(catalog_find(scene_catalog, row.link, &found) == 0);
    expect(found.state == LINK_USED_UP);
    expect(catalog_retire(scene_catalog, "no such link", LINK_EXPIRED, &gone) == -ENOENT);
    expect(catalog_insert(scene_catalog, &row) == -EEXIST);
}

static void retire__keeps_the_link_and_why_it_ended(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(retire_body), 0);
}

static awaits void expire_body(void)
{
    const int64_t day_ms = 24 * 60 * 60 * 1000;
    for (unsigned i = 0; i < 100; i++) {
        row = row_of(i);
        row.expires_ms = i == 99 ? 0 : 1000 + i;
        expect(catalog_insert(scene_catalog, &row) == 0);
    }
    expect(catalog_expire(scene_catalog, 999, &gone) == 0 && gone.count == 0);
    expect(catalog_expire(scene_catalog, 1000, &gone) == 0 && is_gone(0));
    expect(find_number(0, &found) == 0 && found.state == LINK_EXPIRED);
    expect(find_number(1, &found) == 0 && found.state == LINK_READY);
    size_t ended = 0;
    do {
        expect(catalog_expire(scene_catalog, 5000, &gone) == 0);
        ended += gone.count;
    } while (gone.count == ARRAY_LEN(gone.names));
    expect(ended == 98);
    expect(find_number(99, &found) == 0 && found.state == LINK_READY);

    expect(catalog_expire(scene_catalog, 1000 + LINK_GONE_DAYS * day_ms, &gone) == 0);
    expect(find_number(0, &found) == -ENOENT);
    expect(find_number(1, &found) == 0 && found.state == LINK_EXPIRED);
    expect(catalog_expire(scene_catalog, 5000 + LINK_GONE_DAYS * day_ms, &gone) == 0);
    expect(find_number(1, &found) == -ENOENT);
    expect(find_number(99, &found) == 0);
}

static void expire__ends_links_then_forgets_them(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(expire_body), 0);
}

static awaits void count_body(void)
{
    row = row_of(1);
    struct link_count counts[2] = {{.added = 2}, {.link = "no such link", .added = 1}};
    memcpy(counts[0].link, row.link, sizeof row.link);
    expect(insert_number(1) == 0);
    for (uint32_t i = 1; i <= 3; i++) {
        expect(catalog_count_downloads(scene_catalog, counts, 2) == 0);
        expect(counts[0].downloads == 2 * i && counts[1].downloads == 0);
    }
    expect(find_number(1, &found) == 0 && found.downloads == 6);

    uint8_t sha256[SHA256_BYTES];
    memset(sha256, 0xa5, sizeof(sha256));
    expect(catalog_keep_digests(scene_catalog, row.object.name, 1, sha256) == 0);
    expect(find_number(1, &found) == 0 && found.object.has_sha256);
    expect(found.object.crc32 == row.object.crc32);
    expect(memcmp(found.object.sha256, sha256, sizeof(sha256)) == 0);
    expect(catalog_keep_digests(scene_catalog, "no such object", 1, sha256) == -ENOENT);

    row = row_of(2);
    row.downloads_max = 2;
    row.expires_ms = 0;
    expect(catalog_insert(scene_catalog, &row) == 0);
    memcpy(counts[0].link, row.link, sizeof row.link);
    expect(catalog_count_downloads(scene_catalog, counts, 1) == 0 && counts[0].downloads == 2);
    expect(catalog_expire(scene_catalog, clock_wall_ms() + USE_IDLE_MS + 1000, &gone) == 0);
    bool is_named = false;
    for (size_t i = 0; i < gone.count; i++)
        is_named = is_named || strcmp(gone.names[i], row.object.name) == 0;
    expect(is_named);
    expect(find_number(2, &found) == 0 && found.state == LINK_USED_UP);
}

static void count_download__and_keep_digests__are_found_again(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(count_body), 0);
}

static awaits void list_body(void)
{
    static struct object_row rows[4];
    size_t count = 99;
    expect(catalog_list(scene_catalog, "", rows, 4, &count) == 0 && count == 0);
    for (unsigned i = 10; i-- > 0;)
        expect(insert_number(i) == 0);
    char after[STORE_NAME_CHARS + 1] = "";
    unsigned number = 0;
    do {
        expect(catalog_list(scene_catalog, after, rows, 4, &count) == 0);
        for (size_t i = 0; i < count; i++, number++) {
            row = row_of(number);
            expect(strcmp(rows[i].name, row.object.name) == 0);
            expect(rows[i].size_bytes == row.object.size_bytes);
            memcpy(after, rows[i].name, sizeof(after));
        }
    } while (count == 4);
    expect(number == 10);
}

static void list__pages_through_all_objects_by_name(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(list_body), 0);
}

static awaits void insert_crowd(unsigned number)
{
    expect(insert_number(number) == 0);
}

static awaits void crowd_of_inserts(void)
{
    in_crowd(1000, insert_crowd);
}

static awaits void find_thousand(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        row = row_of(i);
        expect(find_number(i, &found) == 0 && is_same_row(&row, &found));
    }
}

static void insert__thousand_at_once__share_commits_and_survive_reopening(void **state)
{
    (void)state;
    int64_t commits = counter_total(COUNTER_catalog_commits_total);
    int64_t rows = counter_total(COUNTER_catalog_commit_rows_total);
    assert_int_equal(in_fiber(crowd_of_inserts), 0);
    commits = counter_total(COUNTER_catalog_commits_total) - commits;
    rows = counter_total(COUNTER_catalog_commit_rows_total) - rows;
    print_message("# 1000 inserts, %d commits\n", (int)commits);
    assert_int_equal(rows, 1000);
    assert_true(commits < 500);
    assert_int_equal(counter_total(COUNTER_catalog_queue), 0);

    scene_close();
    assert_int_equal(scene_open(), 0);
    assert_int_equal(in_fiber(find_thousand), 0);
}

static awaits void cancel_body(void)
{
    row = row_of(1);
    expect(insert_number(1) == 0);
    fiber_cancel(fiber_self());
    /* An answer that is quicker than the fiber counts. */
    int err = find_number(1, &found);
    expect(err == 0 || err == -ECANCELED);
    err = catalog_remove(scene_catalog, row.link, &gone);
    expect(err == 0 || err == -ECANCELED);
    fiber_uncancel();
    /* Behind the removal in the same queue, so it has happened by now. */
    expect(insert_number(2) == 0);
    expect(find_number(1, &found) == -ENOENT);
}

static void remove__fiber_is_cancelled__happens_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(in_fiber(cancel_body), 0);
}

static void open__newer_schema__works_all_the_same(void **state)
{
    (void)state;
    scene_close();
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scene_path, &db), SQLITE_OK);
    const char *sql = "ALTER TABLE links ADD COLUMN later TEXT; PRAGMA user_version = 99";
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(scene_open(), 0);
    assert_int_equal(in_fiber(find_body), 0);
}

static void open__no_database__says_so(void **state)
{
    (void)state;
    scene_close();
    FILE *file = fopen(scene_path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("not a database ", file);
    fclose(file);
    struct catalog *catalog = NULL;
    const char *reason = "";
    assert_int_equal(catalog_sqlite.open(scene_path, &catalog, &reason), -EIO);
    assert_non_null(strstr(reason, "not a database"));
    assert_int_equal(catalog_sqlite.open("/no/such/folder", &catalog, &reason), -ENOENT);
}

static void statements__none_reads_a_whole_table(void **state)
{
    (void)state;
    struct sqlite_catalog *catalog = container_of(scene_catalog, struct sqlite_catalog, base);
    for (int i = STATEMENT_FIND; i < STATEMENTS; i++) {
        char sql[1024];
        snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s",
                 sqlite_statement_sql((enum sqlite_statement)i));
        sqlite3_stmt *plan = NULL;
        assert_int_equal(sqlite3_prepare_v2(catalog->writer.db, sql, -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(plan, 3);
            if (strncmp(detail, "SCAN", 4) == 0 || strstr(detail, "TEMP B-TREE") != NULL)
                fail_msg("%s: %s", sql, detail);
        }
        sqlite3_finalize(plan);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(insert__then_find__gives_the_same_row),
        TEST(insert__link_is_taken__fails_alone),
        TEST(edit__changes_what_is_flagged_and_nothing_else),
        TEST(remove__gives_the_object_when_its_last_link_goes),
        TEST(retire__keeps_the_link_and_why_it_ended),
        TEST(expire__ends_links_then_forgets_them),
        TEST(count_download__and_keep_digests__are_found_again),
        TEST(list__pages_through_all_objects_by_name),
        TEST(insert__thousand_at_once__share_commits_and_survive_reopening),
        TEST(remove__fiber_is_cancelled__happens_all_the_same),
        TEST(open__newer_schema__works_all_the_same),
        TEST(open__no_database__says_so),
        TEST(statements__none_reads_a_whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
