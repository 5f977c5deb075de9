/* The catalog's threads: the writer with its group commit, the reader, the keeper of the log.
 *
 * The writer takes what waits and commits it with one sync; nobody waits for a batch to fill. No
 * change is answered before its COMMIT has returned. A transaction that breaks before that is
 * undone, and its changes run again alone, so that a bad one fails nobody else. The log is copied
 * into the file by the keeper beside the writer; only a log that outgrows its bound, because there
 * was never a quiet moment to begin it anew, makes the writer do it between two commits. */
#include "catalog/catalog_sqlite_internal.h"

#include "base/counters.h"
#include "base/log.h"

#include <signal.h>

enum outcome {
    OUTCOME_COMMITTED,
    OUTCOME_UNDONE,  /* for sure nothing of it happened */
    OUTCOME_UNKNOWN, /* the commit itself failed: the log may or may not hold it */
};

enum { LOG_PAGE_BYTES = 4096 + 24 }; /* a page with its head, in the log */

/* Copies the log into the file: SQLITE_CHECKPOINT_PASSIVE beside readers and another connection's
 * changes; SQLITE_CHECKPOINT_RESTART waits for both, so that the log begins anew. */
static void copy_log(struct sqlite_session *session, int mode)
{
    int code = sqlite3_wal_checkpoint_v2(session->db, "main", mode, NULL, NULL);
    if ((code & 0xff) == SQLITE_BUSY)
        return; /* the other connection is at it */
    if (code != SQLITE_OK && !session->is_log_stuck) {
        (void)!sqlite_session_error(session, code);
        log_event(LOG_WARN, "catalog_log_not_copied", log_text("reason", slice_of(error_text())));
    }
    session->is_log_stuck = code != SQLITE_OK;
}

/* SQLite tells how long the log is after each commit. */
static int note_log_pages(void *arg, sqlite3 *db, const char *schema, int pages)
{
    (void)db;
    (void)schema;
    struct sqlite_session *session = arg;
    session->log_pages = pages;
    if (session->log_copied > pages) /* it has begun anew */
        session->log_copied = 0;
    return SQLITE_OK;
}

static void ask_keeper(struct sqlite_catalog *catalog)
{
    catalog->writer.log_copied = catalog->writer.log_pages;
    if (!atomic_exchange(&catalog->is_keeper_asked, true))
        sem_post(&catalog->keeper_asked);
}

static void *keep_log(void *arg)
{
    struct sqlite_catalog *catalog = arg;
    counters_register();
    for (;;) {
        while (sem_wait(&catalog->keeper_asked) < 0)
            assert(errno == EINTR);
        if (atomic_load(&catalog->is_closing))
            return NULL;
        atomic_store(&catalog->is_keeper_asked, false);
        copy_log(&catalog->keeper, SQLITE_CHECKPOINT_PASSIVE);
    }
}

/* Runs the first `count` of a chain of changes in one transaction. */
static enum outcome transact(struct sqlite_session *session, struct sqlite_request *batch,
                             size_t count, int *ret_err)
{
    error_clear();
    session->failure = SQLITE_OK;
    int err = sqlite_session_run(session, STATEMENT_BEGIN_CHANGE);
    if (err == 0)
        err = sqlite_disk_make_room(session);
    for (size_t i = 0; err == 0 && i < count; i++, batch = batch->next) {
        sqlite_request_run(batch, session);
        if (session->failure != SQLITE_OK)
            err = batch->result;
    }

    enum outcome outcome = OUTCOME_UNDONE;
    if (err == 0) {
        err = sqlite_session_run(session, STATEMENT_COMMIT);
        /* When no room is left for the log, what ends the transaction was not written. */
        if (err == 0)
            outcome = OUTCOME_COMMITTED;
        else if ((session->failure & 0xff) != SQLITE_FULL)
            outcome = OUTCOME_UNKNOWN;
    }
    *ret_err = err;
    if (sqlite3_get_autocommit(session->db) == 0) {
        assert(err < 0);
        sqlite3_step(session->statements[STATEMENT_ROLLBACK]);
        sqlite3_reset(session->statements[STATEMENT_ROLLBACK]);
    }
    if (outcome == OUTCOME_COMMITTED) {
        counter_add(COUNTER_catalog_commits_total, 1);
        counter_add(COUNTER_catalog_commit_rows_total, (int64_t)count);
        counter_raise(COUNTER_catalog_commit_largest, (int64_t)count);
    }
    return outcome;
}

/* After a transaction was undone: each change for itself. */
static void run_alone(struct sqlite_session *session, struct sqlite_request *batch, int err)
{
    for (; batch != NULL; batch = batch->next) {
        if (err == -ENOSPC)
            copy_log(session, SQLITE_CHECKPOINT_RESTART); /* in the space that it has */
        if (transact(session, batch, 1, &err) != OUTCOME_COMMITTED)
            sqlite_request_fail(batch, err);
    }
}

static void commit_batch(struct sqlite_session *session, struct sqlite_request *batch)
{
    size_t count = 0;
    for (const struct sqlite_request *one = batch; one != NULL; one = one->next)
        count++;
    assert(count > 0 && count <= CATALOG_COMMIT_ROWS_MAX);

    int err = 0;
    enum outcome outcome = transact(session, batch, count, &err);
    if (outcome == OUTCOME_UNDONE)
        run_alone(session, batch, err);
    for (struct sqlite_request *next; batch != NULL; batch = next) {
        next = batch->next;
        if (outcome == OUTCOME_UNKNOWN)
            sqlite_request_fail(batch, err);
        sqlite_request_answer(batch);
    }
}

static void *write_changes(void *arg)
{
    struct sqlite_catalog *catalog = arg;
    struct sqlite_session *session = &catalog->writer;
    counters_register();
    sqlite3_wal_hook(session->db, note_log_pages, session);
    bool is_over = false;
    while (!is_over) {
        int64_t uncopied = session->log_pages - session->log_copied;
        struct sqlite_request *batch =
            sqlite_inbox_take(&catalog->changes, uncopied > 0 ? CATALOG_IDLE_MS : -1, &is_over);
        if (batch == NULL) {
            ask_keeper(catalog);
            continue;
        }
        commit_batch(session, batch);
        uncopied = session->log_pages - session->log_copied;
        if (session->log_pages >= session->log_bytes_max / LOG_PAGE_BYTES)
            copy_log(session, SQLITE_CHECKPOINT_PASSIVE);
        else if (uncopied >= CATALOG_LOG_COPY_BYTES / LOG_PAGE_BYTES)
            ask_keeper(catalog);
    }
    return NULL;
}

static void *read_lookups(void *arg)
{
    struct sqlite_catalog *catalog = arg;
    struct sqlite_session *session = &catalog->reader;
    counters_register();
    bool is_over = false;
    while (!is_over) {
        struct sqlite_request *batch = sqlite_inbox_take(&catalog->lookups, -1, &is_over);
        if (batch == NULL)
            continue;
        /* One snapshot for all, taken after the last of them was asked. Where even that fails,
         * each statement tries for itself and says why. */
        (void)!sqlite_session_run(session, STATEMENT_BEGIN_READ);
        for (struct sqlite_request *next; batch != NULL; batch = next) {
            next = batch->next;
            sqlite_request_run(batch, session);
            sqlite_request_answer(batch);
        }
        if (sqlite3_get_autocommit(session->db) == 0 &&
            sqlite_session_run(session, STATEMENT_COMMIT) < 0)
            log_event(LOG_WARN, "catalog_read", log_text("reason", slice_of(error_text())));
    }
    return NULL;
}

int sqlite_threads_start(struct sqlite_catalog *catalog)
{
    static void *(*const mains[])(void *) = {write_changes, read_lookups, keep_log};
    static const char *const names[] = {"catalog", "catalog-read", "catalog-log"};
    static_assert(ARRAY_LEN(mains) == ARRAY_LEN(catalog->threads), "a thread each");

    /* Signals are the main thread's. */
    sigset_t all, before;
    sigfillset(&all);
    int err = -pthread_sigmask(SIG_SETMASK, &all, &before);
    if (err < 0)
        return err;
    for (size_t i = 0; err == 0 && i < ARRAY_LEN(mains); i++) {
        err = -pthread_create(&catalog->threads[i], NULL, mains[i], catalog);
        if (err < 0)
            break;
        pthread_setname_np(catalog->threads[i], names[i]);
        catalog->threads_count++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err < 0 ? fail(err, "catalog: no thread") : 0;
}

void sqlite_threads_join(struct sqlite_catalog *catalog)
{
    sqlite_inbox_finish(&catalog->changes);
    sqlite_inbox_finish(&catalog->lookups);
    atomic_store(&catalog->is_closing, true);
    sem_post(&catalog->keeper_asked);
    for (int i = 0; i < catalog->threads_count; i++)
        pthread_join(catalog->threads[i], NULL);
    catalog->threads_count = 0;
}
