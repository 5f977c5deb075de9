/* What the files of the SQLite catalog share; nobody else includes it.
 *
 * Three threads with a connection each. The writer takes the changes that wait and commits them
 * together; the reader answers look-ups, so that none of them waits for a commit; the keeper copies
 * the log (WAL) into the file, so that neither of the two has to. Fibers never touch SQLite: they
 * hand requests over and park. Below, "fails" means 0 or -errno with the sentence in fail(). */
#pragma once

#include "base/error.h"
#include "catalog/catalog.h"
#include "runtime/fiber.h"
#include "runtime/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>

/* ---- sqlite_statements.c ---- */

enum sqlite_statement {
    STATEMENT_BEGIN_READ,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_FIND,
    STATEMENT_KNOWN,
    STATEMENT_LIST,
    STATEMENT_FIND_UPLOAD,
    STATEMENT_FIND_UPLOAD_OF_LINK,
    STATEMENT_FIND_UPLOAD_OF_OBJECT,
    STATEMENT_OLD_UPLOADS,
    STATEMENT_PARTS,
    STATEMENT_ENTRIES,
    STATEMENT_PING,
    STATEMENTS_OF_READER, /* those before are all that the reader prepares */
    STATEMENT_BEGIN_CHANGE = STATEMENTS_OF_READER,
    STATEMENT_PAGE_COUNT,
    STATEMENT_INSERT_LINK,
    STATEMENT_INSERT_OBJECT,
    STATEMENT_INSERT_ENTRY,
    STATEMENT_COPY_ENTRY,
    STATEMENT_EDIT_LINK,
    STATEMENT_EDIT_TITLE,
    STATEMENT_EDIT_ENTRY,
    STATEMENT_LINK_ID,
    STATEMENT_END_LINK,
    STATEMENT_DELETE_LINK,
    STATEMENT_FIRST_ENTRY,
    STATEMENT_DELETE_ENTRY,
    STATEMENT_OBJECT_IS_USED,
    STATEMENT_DELETE_OBJECT,
    STATEMENT_DOOM_OBJECT,
    STATEMENT_DOOMED_OBJECT,
    STATEMENT_INSERT_SEGMENT,
    STATEMENT_FIRST_SEGMENT,
    STATEMENT_DELETE_SEGMENT,
    STATEMENT_SEGMENTS,
    STATEMENT_NEXT_JOINED,
    STATEMENT_EXPIRED_LINK,
    STATEMENT_FORGET_LINKS,
    STATEMENT_COUNT_DOWNLOADS,
    STATEMENT_KEEP_DIGESTS,
    STATEMENT_INSERT_UPLOAD,
    STATEMENT_UPLOAD_KEY,
    STATEMENT_UPLOAD_KEY_OF_OBJECT,
    STATEMENT_EDIT_UPLOAD,
    STATEMENT_FINISH_OBJECT,
    STATEMENT_FINISH_LINK,
    STATEMENT_FINISH_UPLOAD,
    STATEMENT_DELETE_UPLOAD,
    STATEMENT_DELETE_UPLOAD_OF_LINK,
    STATEMENTS
};

const char *sqlite_statement_sql(enum sqlite_statement statement);

/* ---- sqlite_session.c ---- */

/* A connection and its statements; belongs to one thread at a time. */
struct sqlite_session {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    int failure;           /* SQLite's code of what broke the transaction, SQLITE_OK: nothing */
    bool is_full;          /* the file can't grow: nothing may be added */
    bool is_log_stuck;     /* copying the log failed last time */
    int64_t log_pages;     /* in the log after the last commit of this connection */
    int64_t log_copied;    /* of them, when the keeper was asked last */
    int64_t log_bytes_max; /* from where on the writer copies the log itself */
};

/* Opens the file at `path` with what every connection needs; `flags` are SQLite's. Fails. */
must_use int sqlite_session_open(struct sqlite_session *session, const char *path, int flags);
/* Prepares the first `count` statements. Fails. */
must_use int sqlite_session_prepare(struct sqlite_session *session, int count);
void sqlite_session_close(struct sqlite_session *session);
/* Turns SQLite's code into an errno, remembers it as what broke the transaction, and fails. */
must_use int sqlite_session_error(struct sqlite_session *session, int code);
/* A statement with its values forgotten, ready for new ones. */
sqlite3_stmt *sqlite_session_take(struct sqlite_session *session, enum sqlite_statement statement);
/* Runs a statement to its next row. Returns 1 with a row, 0 at the end (and resets), or fails. */
must_use int sqlite_session_step(struct sqlite_session *session, sqlite3_stmt *statement);
/* Runs a statement without rows to its end. Fails. */
must_use int sqlite_session_run(struct sqlite_session *session, enum sqlite_statement statement);

/* Values of a statement; text is lent until it is run. */
void sqlite_bind_text(sqlite3_stmt *statement, int at, const char *text);
void sqlite_bind_bytes(sqlite3_stmt *statement, int at, struct slice bytes); /* {NULL, 0}: NULL */
void sqlite_bind_number(sqlite3_stmt *statement, int at, int64_t number);
void sqlite_bind_crc32(sqlite3_stmt *statement, int at, bool has_crc32, uint32_t crc32);
/* Columns; what is longer than the room is cut, NULL is "". */
void sqlite_column_text_into(sqlite3_stmt *statement, int at, char *ret_text, size_t room);
bool sqlite_column_bytes_into(sqlite3_stmt *statement, int at, uint8_t *ret_bytes, size_t len);
/* A CRC-32 that may be unknown (-1) or NULL: then false, and 0. */
bool sqlite_column_crc32_into(sqlite3_stmt *statement, int at, uint32_t *ret_crc32);
/* Columns of an object from `at` on, in the order that every statement asks for them. */
void sqlite_column_object_into(sqlite3_stmt *statement, int at, struct object_row *ret_object);

/* ---- sqlite_schema.c ---- */

/* Brings the file to the newest schema this program knows; a newer one is left as it is. Fails. */
must_use int sqlite_schema_migrate(struct sqlite_session *session);
/* ---- sqlite_disk.c ---- */

/* Makes SQLite's use of mapped memory safe on a full disk; before the first connection. Fails. */
must_use int sqlite_disk_guard(void);
/* Gives the log its disk space ahead, as far as the disk has it to spare; sets log_bytes_max. */
void sqlite_disk_reserve_log(struct sqlite_session *session);
/* Copies the log as the last connection, and leaves an empty one with disk space. */
void sqlite_disk_empty_log(struct sqlite_session *session);
/* Gives the file disk space for what a transaction may add, before it does; sets is_full. Fails,
 * but not because of a full disk. */
must_use int sqlite_disk_make_room(struct sqlite_session *session);

/* ---- sqlite_queue.c ---- */

enum request_state { REQUEST_WAITED_FOR, REQUEST_ANSWERED, REQUEST_ABANDONED };

/* A call on its way to a thread. It belongs to the fiber that waits; when the fiber gives up first
 * (REQUEST_ABANDONED), to the thread. Its arguments and results lie behind it. */
struct sqlite_request {
    struct post post; /* the way back */
    struct sqlite_request *next;
    int (*run)(struct sqlite_session *session, struct sqlite_request *request);
    struct worker *worker;
    struct fiber *fiber;
    _Atomic(int) state; /* enum request_state */
    bool is_back;       /* known to the fiber's worker */
    int result;
    struct error_note note;
};

/* A request of `size` bytes, zeroed, for `run`; NULL when there is no memory. */
must_use struct sqlite_request *sqlite_request_new(int (*run)(struct sqlite_session *session,
                                                              struct sqlite_request *request),
                                                   size_t size);
void sqlite_request_drop(struct sqlite_request *request);
SCOPED_TYPE(sqlite_request)

/* Whether its fiber has given up. */
bool sqlite_request_is_abandoned(const struct sqlite_request *request);
/* Runs it on the calling thread and keeps its result and sentence with it. */
void sqlite_request_run(struct sqlite_request *request, struct sqlite_session *session);
/* Keeps an error of its thread as its result. */
void sqlite_request_fail(struct sqlite_request *request, int err);
/* Hands it back to its fiber, or frees it when nobody waits. */
void sqlite_request_answer(struct sqlite_request *request);

/* Requests for one thread. Any worker puts, without a lock; one thread takes, in order. */
struct sqlite_inbox {
    _Atomic(struct sqlite_request *) newest;
    atomic_size_t count;
    atomic_bool is_closing;
    sem_t filled;                  /* one for each time it stopped being empty */
    struct sqlite_request *oldest; /* taken, not yet given out */
};

void sqlite_inbox_open(struct sqlite_inbox *inbox);
void sqlite_inbox_close(struct sqlite_inbox *inbox);
/* Asks the thread to end once all that was put is answered. */
void sqlite_inbox_finish(struct sqlite_inbox *inbox);
/* Puts a request and waits for its answer, at most CATALOG_WAIT_MS. Returns its result; -EAGAIN
 * when the inbox is full. When the fiber gives up waiting *request becomes NULL (-ETIMEDOUT,
 * -ECANCELED): whether it will have happened is unknown. */
awaits must_use int sqlite_inbox_ask(struct sqlite_inbox *inbox, struct sqlite_request **request);
/* The oldest requests, as a chain of at most CATALOG_COMMIT_ROWS_MAX; waits for at most `idle_ms`
 * (-1: without end). NULL when there was none, or when `ret_is_over`: there will be none. */
struct sqlite_request *sqlite_inbox_take(struct sqlite_inbox *inbox, int64_t idle_ms,
                                         bool *ret_is_over);

/* ---- sqlite_threads.c ---- */

struct sqlite_catalog {
    struct catalog base;
    struct sqlite_session writer, reader, keeper;
    struct sqlite_inbox changes, lookups;
    sem_t keeper_asked;
    atomic_bool is_keeper_asked, is_closing;
    pthread_t threads[3];
    int threads_count;
};

/* Starts the three threads. Returns 0 or -errno; threads_count tells how many there are. */
must_use int sqlite_threads_start(struct sqlite_catalog *catalog);
/* Lets them finish what is queued and waits for their end. */
void sqlite_threads_join(struct sqlite_catalog *catalog);

/* ---- sqlite_lookups.c, sqlite_changes.c: what the threads run ---- */

struct find_request {
    struct sqlite_request base;
    struct link_row row; /* row.link is asked for */
};

struct known_request {
    struct sqlite_request base;
    size_t count;
    struct {
        char name[STORE_NAME_CHARS + 1];
        bool is_known;
    } objects[];
};

struct list_request {
    struct sqlite_request base;
    char after[STORE_NAME_CHARS + 1];
    size_t rows_max, count;
    struct object_row rows[];
};

struct insert_request {
    struct sqlite_request base;
    struct link_row row;
};

struct edit_request {
    struct sqlite_request base;
    struct link_edit edit;
    struct link_row row; /* row.link is asked for */
};

/* remove, retire, expire */
struct end_request {
    struct sqlite_request base;
    char link[LINK_CHARS + 1];
    enum link_state state;
    int64_t now_ms;
    struct object_names gone;
};

struct downloads_request {
    struct sqlite_request base;
    size_t count;
    struct link_count counts[LINK_COUNTS_MAX];
};

struct digests_request {
    struct sqlite_request base;
    char object[STORE_NAME_CHARS + 1];
    uint32_t crc32;
    uint8_t sha256[SHA256_BYTES];
};

struct parts_request {
    struct sqlite_request base;
    char object[STORE_NAME_CHARS + 1];
    unsigned first;
    size_t rows_max, count;
    struct object_row rows[];
};

struct collect_request {
    struct sqlite_request base;
    struct link_row row;
    size_t len;
    struct {
        char link[LINK_CHARS + 1];
        int64_t id; /* its number, once found */
    } members[];
};

struct entries_request {
    struct sqlite_request base;
    char link[LINK_CHARS + 1];
    unsigned first;
    size_t rows_max, count;
    struct entry_row rows[];
};

struct begin_upload_request {
    struct sqlite_request base;
    struct upload_row row;
    bool has_link;
    struct link_row link;
    bool is_complete;
    size_t parts_len;
    struct {
        char upload[LINK_CHARS + 1];
        int64_t object; /* its number, once found */
    } parts[];
};

struct find_upload_request {
    struct sqlite_request base;
    char name[STORE_NAME_CHARS + 1];
    struct upload_row row;
};

struct old_uploads_request {
    struct sqlite_request base;
    int64_t now_ms;
    struct old_uploads uploads;
};

/* edit, finish, drop, forget */
struct upload_request {
    struct sqlite_request base;
    char upload[LINK_CHARS + 1];
    struct upload_edit edit;
    struct object_row object;
    int64_t now_ms;
    struct object_names gone;
    struct link_names links; /* ready or ended */
};

/* Finds row->link and fills the rest of the row. Returns 0, -ENOENT, or fails. `ret_id` may be
 * NULL. */
must_use int sqlite_lookup_row(struct sqlite_session *session, struct link_row *row,
                               int64_t *ret_id);
/* The functions of requests. A result other than 0 without session->failure has changed nothing. */
int sqlite_run_find(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_known(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_list(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_ping(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_find_upload(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_old_uploads(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_parts(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_entries(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_collect(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_insert(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_edit(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_remove(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_retire(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_expire(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_count_downloads(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_keep_digests(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_begin_upload(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_edit_upload(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_finish_upload(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_drop_upload(struct sqlite_session *session, struct sqlite_request *request);
int sqlite_run_forget_upload(struct sqlite_session *session, struct sqlite_request *request);

/* ---- catalog_sqlite.c, sqlite_upload_calls.c, sqlite_collections.c: what fibers call ---- */

struct sqlite_catalog *sqlite_catalog_of(struct catalog *base);
/* A name that doesn't fit into `room` bytes can't be in the catalog. Returns 0 or -ENOENT. */
must_use int sqlite_copy_name(char *ret_name, size_t room, const char *name);
awaits int sqlite_ask_begin_upload(struct catalog *base, const struct upload_row *row,
                                   const struct link_row *link, const char (*parts)[LINK_CHARS + 1],
                                   size_t parts_len, bool *ret_is_complete);
awaits int sqlite_ask_find_upload(struct catalog *base, const char *name,
                                  struct upload_row *ret_row);
awaits int sqlite_ask_edit_upload(struct catalog *base, const char *upload,
                                  const struct upload_edit *edit);
awaits int sqlite_ask_finish_upload(struct catalog *base, const char *upload,
                                    const struct object_row *object, int64_t now_ms,
                                    struct link_names *ret_ready);
awaits int sqlite_ask_drop_upload(struct catalog *base, const char *upload,
                                  struct object_names *ret_gone, struct link_names *ret_ended);
awaits int sqlite_ask_old_uploads(struct catalog *base, int64_t now_ms,
                                  struct old_uploads *ret_uploads);
awaits int sqlite_ask_forget_upload(struct catalog *base, const char *upload,
                                    struct object_names *ret_gone);
awaits int sqlite_ask_parts(struct catalog *base, const char *object, unsigned first,
                            struct object_row *ret_rows, size_t rows_max, size_t *ret_count);

awaits int sqlite_ask_collect(struct catalog *base, const struct link_row *row,
                              const char (*links)[LINK_CHARS + 1], size_t len);
awaits int sqlite_ask_entries(struct catalog *base, const char *link, unsigned first,
                              struct entry_row *ret_rows, size_t rows_max, size_t *ret_count);
