/* POST /api/collections: links whose keys the sender has become the files of one more link.
 *
 * The new link has a key of its own. What happens to the others afterwards, their end included,
 * leaves it alone; only bytes that never come whole are no file of it. */
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "service/files.h"
#include "service/json_body.h"
#include "service/terms.h"
#include "wire/answer.h"

static_assert(COLLECTION_FILES_MAX == 256, "a sentence below tells it");
static const char how_many[] = "files takes a list of 1 to 256 objects.";

/* What is asked for. */
struct plan {
    size_t count;
    char links[COLLECTION_FILES_MAX][LINK_CHARS + 1];
    struct slice keys[COLLECTION_FILES_MAX];
    struct link_row row;
    char key[LINK_CHARS + 1];
};

/* ---- Reading ---- */

static const char *take_file(void *arg, const struct json_object *file)
{
    struct plan *plan = arg;
    struct slice link = SLICE_NONE, key = SLICE_NONE;
    for (size_t i = 0; i < file->count; i++) {
        const struct json_member *member = &file->members[i];
        if (slice_is_equal(member->name, SLICE("link")) && member->kind == JSON_STRING)
            link = member->text;
        else if (slice_is_equal(member->name, SLICE("key")) && member->kind == JSON_STRING)
            key = member->text;
        else
            return "Each of files has a link and a key, both strings, and nothing else.";
    }
    if (link.ptr == NULL || key.ptr == NULL)
        return "Each of files needs its link and its key.";
    if (link.len != LINK_CHARS || memchr(link.ptr, 0, link.len) != NULL)
        return "A link of files has not 22 characters.";
    if (plan->count == COLLECTION_FILES_MAX)
        return how_many;
    memcpy(plan->links[plan->count], link.ptr, LINK_CHARS);
    plan->keys[plan->count++] = key;
    return NULL;
}

/* Reads the body. Returns NULL or one sentence. */
static const char *read_plan(struct span body, struct plan *plan)
{
    const struct json_list list = {.name = SLICE("files"), .take = take_file, .arg = plan};
    struct json_object object;
    const char *complaint = NULL;
    if (json_read_list(body, &list, &object, &complaint) < 0)
        return complaint;
    (void)memcpy(plan->row.file_name, "files", sizeof "files");
    for (size_t i = 0; i < object.count; i++) {
        if (!slice_is_equal(object.members[i].name, SLICE("name")))
            return "A collection is made of files and name; there is another member.";
        complaint = files_read_name(&object.members[i], plan->row.file_name);
        if (complaint != NULL)
            return complaint;
    }
    return plan->count == 0 ? how_many : NULL;
}

/* ---- Checking ---- */

/* Answers what keeps file `number` from being collected. */
static awaits int answer_refused(struct request *req, unsigned status, size_t number,
                                 const char *why)
{
    return answer_problem(req, status, "Number %zu of files %s", number + 1, why);
}

/* Whether a file may be collected; when it may not, that is answered. */
static awaits int check_file(struct request *req, const struct plan *plan, size_t number,
                             bool *ret_is_fine)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    *ret_is_fine = false;
    int err = files_find(req, plan->links[number], &entry, &arrival);
    if (entry == NULL)
        return err;
    int has = files_has_key(&entry->row, plan->keys[number]);
    if (has < 0)
        return answer_error(req, has);
    if (has == 0)
        return answer_refused(req, 403, number, "has another key than that.");
    if (entry->row.is_collection)
        return answer_refused(req, 400, number, "is a collection itself.");
    if (entry->row.downloads_max != 0)
        return answer_refused(req, 400, number,
                              "has max_downloads, which can't be kept in a collection; lift it "
                              "first.");
    if (arrival != NULL && arrival_row(arrival) != NULL)
        return answer_refused(req, 409, number,
                              "can be collected when its upload is complete; it can't be resumed, "
                              "so nothing is written down of it before.");
    *ret_is_fine = true;
    return 0;
}

/* ---- Making ---- */

static int describe(struct plan *plan)
{
    struct link_row *row = &plan->row;
    random_token(row->link);
    random_token(plan->key);
    row->state = LINK_READY;
    row->is_collection = true;
    row->created_ms = clock_wall_ms();
    return sha256_of(slice_of(plan->key), row->key_hash);
}

static awaits int answer_created(struct request *req, const struct plan *plan)
{
    struct slice base_url = answer_base_url(req);
    size_t room = 6 * base_url.len + 256;
    struct text text = text_over((struct span){arena_alloc(&req->arena, room), room});
    if (base_url.ptr == NULL || text.ptr == NULL)
        return answer_error(req, -ENOMEM);
    text_format(&text, "{\"link\":\"%s\",\"url\":\"", plan->row.link);
    text_put_json(&text, base_url);
    text_format(&text, "/%s\",\"key\":\"%s\"}\n", plan->row.link, plan->key);
    assert(!text.is_full);
    int err = answer_begin(req, 201);
    if (err < 0)
        return err;
    struct text location = answer_field_begin(req, "Location");
    text_put(&location, base_url);
    text_format(&location, "/%s", plan->row.link);
    answer_field_end(req, &location);
    answer_field(req, "Sluice-Key", slice_of(plan->key));
    answer_field(req, "Content-Type", SLICE("application/json"));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_body(req, text_slice(&text));
}

static awaits int make(struct request *req, struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        bool is_fine;
        int err = check_file(req, plan, i, &is_fine);
        if (!is_fine)
            return err;
    }
    int err = describe(plan);
    if (err == 0)
        err = catalog_collect(service_of(req)->catalog, &plan->row,
                              (const char(*)[LINK_CHARS + 1]) plan->links, plan->count);
    return err < 0 ? answer_error(req, err) : answer_created(req, plan);
}

static awaits int read_and_make(struct request *req, const struct terms *terms, struct span body)
{
    struct plan *plan = arena_alloc(&req->arena, sizeof *plan);
    if (plan == NULL)
        return answer_error(req, -ENOMEM);
    const char *complaint = read_plan(body, plan);
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);
    plan->row.expires_ms = terms->expires_ms;
    return make(req, plan);
}

awaits int collection_create(struct request *req)
{
    struct terms terms;
    if (!json_body_is_sent(req))
        return json_body_answer_unsupported(
            req, "Links are collected by JSON; send it with Content-Type: application/json.");
    const char *complaint = terms_read(req, &terms);
    if (complaint == NULL && terms.downloads_max != 0)
        complaint = "A link to several files can't have Max-Downloads.";
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);
    struct buffer body = BUFFER_EMPTY(COLLECTION_BODY_BYTES_MAX);
    int err = json_body_receive(req, &body);
    err = err < 0 ? json_body_answer_error(req, &body, err)
                  : read_and_make(req, &terms, (struct span){body.ptr, body.len});
    buffer_clear(&body);
    return err;
}
