/* /api/files/LINK: what is known of a link, and changing or ending it with its key.
 *
 * Asking needs only the link. The key was told once, with the upload; of it the catalog has the
 * hash, and that is what is compared. */
#include "service/files.h"

#include "base/error.h"
#include "service/facts.h"
#include "service/json_body.h"
#include "service/terms.h"
#include "service/upload.h"
#include "wire/answer.h"
#include "wire/file_name.h"
#include "wire/media_type.h"

/* ---- Finding ---- */

awaits int files_find(struct request *req, const char *link, struct link_entry **ret_entry,
                      struct arrival **ret_arrival)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    int err = links_find_arriving(service_of(req), link, &entry, &arrival);
    if (err < 0)
        return answer_error(req, err);
    enum link_state state = links_state(entry);
    if (state != LINK_READY && state != LINK_ARRIVING)
        return links_answer_gone(req, state);
    *ret_entry = entry;
    *ret_arrival = arrival;
    entry = NULL;
    arrival = NULL;
    return 0;
}

awaits int files_get(struct request *req, const char *link)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    int err = files_find(req, link, &entry, &arrival);
    return entry == NULL ? err : facts_answer(req, &entry->row, arrival);
}

/* ---- The key ---- */

/* The key of `Authorization: Bearer KEY` (RFC 6750 section 2.1); empty when there is none. */
static struct slice bearer_key(const struct request *req)
{
    struct slice field = request_header(req, SLICE("authorization"));
    size_t space = slice_find(field, ' ');
    if (!slice_is_same_word(slice_head(field, space), SLICE("Bearer")))
        return SLICE_NONE;
    return slice_trim(slice_skip(field, space));
}

static awaits int answer_unauthorized(struct request *req)
{
    int err = answer_begin(req, 401);
    if (err < 0)
        return err;
    answer_field(req, "WWW-Authenticate", SLICE("Bearer"));
    return answer_problem_body(req,
                               "This needs the key of the link, as Authorization: Bearer KEY; the "
                               "upload's answer told it as Sluice-Key.");
}

int files_has_key(const struct link_row *row, struct slice key)
{
    uint8_t hash[SHA256_BYTES];
    int err = sha256_of(key, hash);
    return err < 0 ? err : digest_is_equal(hash, row->key_hash, SHA256_BYTES);
}

/* Whether the request has the link's key. When it doesn't, that is answered. */
static awaits int check_key(struct request *req, const struct link_row *row, bool *ret_is_owner)
{
    *ret_is_owner = false;
    struct slice key = bearer_key(req);
    if (key.len == 0)
        return answer_unauthorized(req);
    int has = files_has_key(row, key);
    if (has < 0)
        return answer_error(req, has);
    if (has == 0)
        return answer_problem(req, 403, "This is not the key of the link.");
    *ret_is_owner = true;
    return 0;
}

/* Like files_find(), but only for who has the link's key. */
static awaits int find_owned(struct request *req, const char *link, struct link_entry **ret_entry,
                             struct arrival **ret_arrival)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    int err = files_find(req, link, &entry, &arrival);
    if (entry == NULL)
        return err;
    bool is_owner;
    err = check_key(req, &entry->row, &is_owner);
    if (!is_owner)
        return err;
    *ret_entry = entry;
    *ret_arrival = arrival;
    entry = NULL;
    arrival = NULL;
    return 0;
}

/* ---- Deleting ---- */

static awaits int answer_deleted(struct request *req)
{
    int err = answer_begin(req, 204);
    if (err < 0)
        return err;
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_empty(req);
}

/* Removes a link whose bytes are all there. */
static awaits int remove_link(struct request *req, const char *link)
{
    struct service *service = service_of(req);
    struct object_names *gone = arena_alloc(&req->arena, sizeof *gone);
    if (gone == NULL)
        return -ENOMEM;
    int err = catalog_remove(service->catalog, link, gone);
    links_forget(link); /* also after an error: it may have happened */
    if (err == 0)
        service_remove_objects(service, gone);
    return err;
}

awaits int files_delete(struct request *req, const char *link)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    int err = find_owned(req, link, &entry, &arrival);
    if (entry == NULL)
        return err;
    err = arrival != NULL ? upload_remove(service_of(req), arrival) : remove_link(req, link);
    return err < 0 ? answer_error(req, err) : answer_deleted(req);
}

/* ---- Changing ---- */

/* Each of these reads one member into the edit. Returns NULL or one sentence. */

const char *files_read_name(const struct json_member *member,
                            char ret_name[FILE_NAME_BYTES_MAX + 1])
{
    if (member->kind != JSON_STRING || member->text.len == 0)
        return "name takes a string that is not empty.";
    switch (file_name_clean(member->text, ret_name)) {
    case -EINVAL:
        return "The file's name has control characters.";
    case -ENAMETOOLONG:
        return "The file's name is longer than 255 bytes.";
    case -EILSEQ:
        return "The file's name is not valid UTF-8.";
    default:
        return NULL;
    }
}

static const char *edit_name(const struct service *service, const struct json_member *member,
                             struct link_edit *edit)
{
    (void)service;
    edit->has_file_name = true;
    return files_read_name(member, edit->file_name);
}

static const char *edit_expires(const struct service *service, const struct json_member *member,
                                struct link_edit *edit)
{
    edit->has_expires = true;
    edit->expires_ms = 0;
    if (member->kind == JSON_STRING)
        return terms_read_expires(service, member->text, &edit->expires_ms);
    if (member->kind != JSON_NULL)
        return "expires takes a string (a date or a duration) or null.";
    if (service->expires_max_ms > 0)
        return "This server keeps no link for ever; give an expires.";
    return NULL;
}

static const char *edit_downloads_max(const struct service *service,
                                      const struct json_member *member, struct link_edit *edit)
{
    uint64_t count = 0;
    (void)service;
    if (member->kind != JSON_NULL &&
        (member->kind != JSON_NUMBER || parse_u64(member->text, &count) < 0 || count == 0 ||
         count > UINT32_MAX))
        return "max_downloads takes a whole number from 1 to 4294967295, or null.";
    edit->has_downloads_max = true;
    edit->downloads_max = (uint32_t)count;
    return NULL;
}

static const struct {
    struct slice name;
    const char *(*read)(const struct service *service, const struct json_member *member,
                        struct link_edit *edit);
} editable[] = {
    {{(const uint8_t *)"name", 4}, edit_name},
    {{(const uint8_t *)"expires", 7}, edit_expires},
    {{(const uint8_t *)"max_downloads", 13}, edit_downloads_max},
    {{(const uint8_t *)"downloads_max", 13}, edit_downloads_max}, /* as answers call it */
};

/* Reads a member. Returns NULL or one sentence, which may lie in the request's arena. */
static const char *read_member(struct request *req, const struct json_member *member,
                               struct link_edit *edit)
{
    for (size_t i = 0; i < ARRAY_LEN(editable); i++)
        if (slice_is_equal(member->name, editable[i].name))
            return editable[i].read(service_of(req), member, edit);
    /* Only as JSON, since a name may hold what would disturb a terminal. */
    uint8_t room[64];
    struct text name = text_over((struct span){room, sizeof room});
    text_put_json(&name, member->name);
    struct slice words = name.is_full
                             ? SLICE_NONE
                             : arena_format(&req->arena,
                                            "There is no member \"%.*s\" to change; there are "
                                            "name, expires and max_downloads.",
                                            (int)name.len, (const char *)name.ptr);
    return words.ptr == NULL
               ? "The JSON has a member that is not known; there are name, expires and "
                 "max_downloads."
               : (const char *)words.ptr;
}

/* Reads the whole edit. Returns NULL or one sentence. */
static const char *read_edit(struct request *req, struct span body, struct link_edit *ret_edit)
{
    struct json_object object;
    struct link_edit edit = {0};
    const char *complaint;
    if (json_read_object(body, &object, &complaint) < 0)
        return complaint;
    for (size_t i = 0; i < object.count; i++) {
        complaint = read_member(req, &object.members[i], &edit);
        if (complaint != NULL)
            return complaint;
    }
    *ret_edit = edit;
    return NULL;
}

/* Makes the change and answers the link as it is then. */
static awaits int edit_and_answer(struct request *req, const char *link,
                                  const struct link_edit *edit, struct arrival *arrival)
{
    struct service *service = service_of(req);
    struct link_row row;
    int err = catalog_edit(service->catalog, link, edit, &row);
    links_forget(link); /* also after an error: it may have happened */
    if (err < 0)
        return answer_error(req, err);
    return facts_answer(req, &row, row.state == LINK_ARRIVING ? arrival : NULL);
}

/* Reads the edit of a link and makes it. */
static awaits int read_and_edit(struct request *req, const struct link_row *row,
                                struct arrival *arrival, struct span body)
{
    struct link_edit edit = {0};
    const char *complaint = read_edit(req, body, &edit);
    if (complaint != NULL)
        return answer_problem(req, 400, "%s", complaint);
    if (row->is_collection && edit.downloads_max != 0)
        return answer_problem(req, 400,
                              "A link to several files can't have max_downloads; give it an "
                              "expires, or limit the links of single files.");
    if (edit.has_downloads_max && edit.downloads_max != 0 && edit.downloads_max <= row->downloads)
        return answer_problem(req, 409,
                              "The link was downloaded %" PRIu32
                              " times already; max_downloads must be more.",
                              row->downloads);
    return edit_and_answer(req, row->link, &edit, arrival);
}

awaits int files_edit(struct request *req, const char *link)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    int err = find_owned(req, link, &entry, &arrival);
    if (entry == NULL)
        return err;
    if (!json_body_is_sent(req))
        return json_body_answer_unsupported(
            req, "A link is changed by JSON; send it with Content-Type: application/json.");
    if (arrival != NULL && arrival_row(arrival) != NULL)
        return answer_problem(req, 409,
                              "This link can be changed when its upload is complete; it can't be "
                              "resumed, so nothing is written down of it before.");
    struct buffer body = BUFFER_EMPTY(JSON_BODY_BYTES_MAX);
    err = json_body_receive(req, &body);
    err = err < 0 ? json_body_answer_error(req, &body, err)
                  : read_and_edit(req, &entry->row, arrival, (struct span){body.ptr, body.len});
    buffer_clear(&body);
    return err;
}
