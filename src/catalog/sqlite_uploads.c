/* Changes of uploads, as the writer's thread runs them inside a transaction that others share; what
 * sqlite_changes.c says of refusals holds here too.
 *
 * A joined upload is complete exactly when none of its parts is arriving: whoever completes a part
 * looks at all that are joined from it, and whoever joins looks at the parts. */
#include "catalog/sqlite_rows.h"

/* What changes need to know of an upload. */
struct upload_key {
    int64_t id, object;
    int64_t link; /* 0: it has none */
    enum upload_kind kind;
    bool is_complete;
};

/* Reads the row that a statement finds. Returns 1, 0, or fails. */
static int read_key(struct sqlite_session *session, sqlite3_stmt *statement,
                    struct upload_key *ret_key)
{
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got;
    *ret_key = (struct upload_key){
        .id = sqlite3_column_int64(statement, 0),
        .link = sqlite3_column_int64(statement, 1), /* NULL reads as 0 */
        .object = sqlite3_column_int64(statement, 2),
        .kind = (enum upload_kind)sqlite3_column_int(statement, 3),
        .is_complete = sqlite3_column_int(statement, 4) != 0,
    };
    sqlite3_reset(statement);
    return got;
}

/* Returns 1, 0, or fails. */
static int find_key(struct sqlite_session *session, const char *upload, struct upload_key *ret_key)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_UPLOAD_KEY);
    sqlite_bind_text(statement, 1, upload);
    return read_key(session, statement, ret_key);
}

static int delete_row(struct sqlite_session *session, const struct upload_key *key)
{
    sqlite_bind_number(sqlite_session_take(session, STATEMENT_DELETE_UPLOAD), 1, key->id);
    return sqlite_session_run(session, STATEMENT_DELETE_UPLOAD);
}

/* The upload whose object is the next after *object among those joined from a part. Returns 1, 0
 * when there is none, or fails. */
static int next_joined(struct sqlite_session *session, int64_t part, int64_t *object,
                       struct upload_key *ret_key)
{
    for (;;) {
        int got = sqlite_object_next_joined(session, part, *object, object);
        if (got <= 0)
            return got;
        sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_UPLOAD_KEY_OF_OBJECT);
        sqlite_bind_number(statement, 1, *object);
        got = read_key(session, statement, ret_key);
        if (got != 0) /* else it was complete long ago, and forgotten */
            return got;
    }
}

/* ---- Completing ---- */

static int complete(struct sqlite_session *session, const struct upload_key *key,
                    const struct object_row *object, int64_t now_ms)
{
    int err = sqlite_object_finish(session, key->object, object, now_ms);
    if (err < 0)
        return err;
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_FINISH_UPLOAD);
    sqlite_bind_number(statement, 1, key->id);
    sqlite_bind_number(statement, 2, (int64_t)object->size_bytes);
    return sqlite_session_run(session, STATEMENT_FINISH_UPLOAD);
}

/* Completes a joined upload whose parts are all there, and makes its link ready. Returns 1, 0 while
 * a part is arriving, or fails. */
static int complete_joined(struct sqlite_session *session, const struct upload_key *key,
                           int64_t now_ms, struct link_names *ready)
{
    if (!key->is_complete) {
        struct object_row sum;
        int got = sqlite_object_sum_parts(session, key->object, &sum);
        if (got <= 0)
            return got;
        int err = complete(session, key, &sum, now_ms);
        if (err < 0)
            return err;
    }
    int err = sqlite_link_change(session, STATEMENT_FINISH_LINK, key->link, ready);
    return err < 0 ? err : 1;
}

int sqlite_run_finish_upload(struct sqlite_session *session, struct sqlite_request *request)
{
    struct upload_request *finish = container_of(request, struct upload_request, base);
    finish->links.count = 0;
    struct upload_key key;
    int got = find_key(session, finish->upload, &key);
    if (got <= 0)
        return got == 0 ? -ENOENT : got;
    if (!key.is_complete) {
        if (key.kind == UPLOAD_JOINED)
            return fail(-EINVAL, "catalog: a joined upload is complete when its parts are");
        int err = complete(session, &key, &finish->object, finish->now_ms);
        if (err < 0)
            return err;
    }
    /* Whoever asks again doesn't know what became of the first time, so it is told the same. */
    if (key.kind != UPLOAD_PART)
        return sqlite_link_change(session, STATEMENT_FINISH_LINK, key.link, &finish->links);

    struct upload_key joined;
    int64_t object = 0;
    while ((got = next_joined(session, key.object, &object, &joined)) > 0) {
        got = complete_joined(session, &joined, finish->now_ms, &finish->links);
        if (got < 0)
            return got;
    }
    return got;
}

/* ---- Beginning ---- */

/* Whether one of the names is taken. Returns 0, -EEXIST, or fails. */
static int check_names(struct sqlite_session *session, const struct begin_upload_request *begin)
{
    struct upload_key key;
    int got = find_key(session, begin->row.upload, &key);
    if (got == 0)
        got = sqlite_object_find(session, begin->row.object.name, NULL);
    if (got == 0 && begin->has_link) {
        int64_t id;
        enum link_state state;
        got = sqlite_link_find(session, begin->link.link, &id, &state);
        got = got == 0 ? 1 : got == -ENOENT ? 0 : got;
    }
    return got > 0 ? fail(-EEXIST, "catalog: the name of an upload is taken") : got;
}

/* Finds the objects of the parts. Returns 0, -ENOENT, -EINVAL, or fails. */
static int find_parts(struct sqlite_session *session, struct begin_upload_request *begin)
{
    for (size_t i = 0; i < begin->parts_len; i++) {
        struct upload_key key;
        int got = find_key(session, begin->parts[i].upload, &key);
        if (got < 0)
            return got;
        if (got == 0)
            return fail(-ENOENT, "catalog: a part isn't there");
        if (key.kind != UPLOAD_PART)
            return fail(-EINVAL, "catalog: an upload is no part");
        begin->parts[i].object = key.object;
    }
    return 0;
}

/* A number that may be unknown; what no file can have is unknown too. */
static void bind_size(sqlite3_stmt *statement, int at, uint64_t size_bytes)
{
    sqlite_bind_number(statement, at, size_bytes > INT64_MAX ? -1 : (int64_t)size_bytes);
}

static int insert_row(struct sqlite_session *session, const struct upload_row *row,
                      struct upload_key *key)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_INSERT_UPLOAD);
    sqlite_bind_text(statement, 1, row->upload);
    sqlite_bind_number(statement, 2, key->link);
    sqlite_bind_number(statement, 3, key->object);
    sqlite_bind_number(statement, 4, row->kind);
    bind_size(statement, 5, row->size_bytes);
    bind_size(statement, 6, row->offset_max);
    sqlite_bind_number(statement, 7, row->created_ms);
    sqlite_bind_number(statement, 8, row->expires_ms);
    sqlite_bind_bytes(statement, 9,
                      row->has_sha256 ? slice_from(row->sha256, SHA256_BYTES) : SLICE_NONE);
    sqlite_bind_text(statement, 10, row->metadata);
    sqlite_bind_text(statement, 11, row->concat);
    int err = sqlite_session_run(session, STATEMENT_INSERT_UPLOAD);
    if (err == 0)
        key->id = sqlite3_last_insert_rowid(session->db);
    return err;
}

static int insert_upload(struct sqlite_session *session, const struct begin_upload_request *begin,
                         struct upload_key *key)
{
    const struct upload_row *row = &begin->row;
    int err = sqlite_object_insert(session, &row->object, row->created_ms, &key->object);
    if (err == 0 && begin->has_link) {
        err = sqlite_link_insert(session, &begin->link, &key->link);
        if (err == 0)
            err = sqlite_link_insert_entry(session, key->link, &begin->link, key->object);
    }
    for (size_t i = 0; err == 0 && i < begin->parts_len; i++)
        err = sqlite_object_add_part(session, key->object, (int64_t)i, begin->parts[i].object);
    return err < 0 ? err : insert_row(session, row, key);
}

int sqlite_run_begin_upload(struct sqlite_session *session, struct sqlite_request *request)
{
    struct begin_upload_request *begin = container_of(request, struct begin_upload_request, base);
    begin->is_complete = false;
    /* Nobody would ever learn of this upload, and its file may be going already. */
    if (sqlite_request_is_abandoned(request))
        return -ECANCELED;
    /* Its texts and parts are so large that many of them would use up what one commit may add. */
    int err = sqlite_disk_make_room(session);
    if (err < 0)
        return err;
    if (session->is_full)
        return fail(-ENOSPC, "catalog: the disk is full");
    err = check_names(session, begin);
    if (err == 0)
        err = find_parts(session, begin);
    if (err < 0)
        return err;

    struct upload_key key = {.kind = begin->row.kind};
    err = insert_upload(session, begin, &key);
    if (err < 0 || key.kind != UPLOAD_JOINED)
        return err;
    int got = complete_joined(session, &key, begin->row.created_ms, NULL);
    begin->is_complete = got > 0;
    return got < 0 ? got : 0;
}

/* ---- Changing and ending ---- */

int sqlite_run_edit_upload(struct sqlite_session *session, struct sqlite_request *request)
{
    struct upload_request *change = container_of(request, struct upload_request, base);
    const struct upload_edit *edit = &change->edit;
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_EDIT_UPLOAD);
    sqlite_bind_text(statement, 1, change->upload);
    sqlite_bind_number(statement, 2, edit->has_size);
    bind_size(statement, 3, edit->size_bytes);
    sqlite_bind_number(statement, 4, edit->has_offset_max);
    bind_size(statement, 5, edit->offset_max);
    sqlite_bind_number(statement, 6, edit->has_expires);
    sqlite_bind_number(statement, 7, edit->expires_ms);
    int err = sqlite_session_run(session, STATEMENT_EDIT_UPLOAD);
    if (err < 0)
        return err;
    return sqlite3_changes(session->db) > 0 ? 0 : -ENOENT;
}

/* Takes an upload away with its link and what nothing else uses. */
static int take_back(struct sqlite_session *session, const struct upload_key *key,
                     struct upload_request *drop)
{
    if (key->link != 0)
        return sqlite_link_delete(session, key->link, &drop->gone, &drop->links);
    int err = delete_row(session, key);
    return err < 0 ? err : sqlite_object_delete(session, key->object, &drop->gone);
}

int sqlite_run_drop_upload(struct sqlite_session *session, struct sqlite_request *request)
{
    struct upload_request *drop = container_of(request, struct upload_request, base);
    drop->gone.count = 0;
    drop->links.count = 0;
    struct upload_key key;
    int got = find_key(session, drop->upload, &key);
    if (got <= 0)
        return got == 0 ? -ENOENT : got;

    struct upload_key joined;
    int64_t object = 0;
    while (!key.is_complete && (got = next_joined(session, key.object, &object, &joined)) > 0) {
        int err = take_back(session, &joined, drop);
        if (err < 0)
            return err;
    }
    return got < 0 ? got : take_back(session, &key, drop);
}

int sqlite_run_forget_upload(struct sqlite_session *session, struct sqlite_request *request)
{
    struct upload_request *forget = container_of(request, struct upload_request, base);
    forget->gone.count = 0;
    struct upload_key key;
    int got = find_key(session, forget->upload, &key);
    if (got < 0)
        return got;
    if (got == 0 || !key.is_complete)
        return -ENOENT;
    int err = delete_row(session, &key);
    return err < 0 ? err : sqlite_object_delete(session, key.object, &forget->gone);
}
