/* Rows of links, of their files and of objects: the pieces that changes are put together from. Each
 * must be part of a transaction; "fails" means what it does in catalog_sqlite_internal.h. */
#pragma once

#include "catalog/catalog_sqlite_internal.h"

/* ---- sqlite_links.c ---- */

/* Inserts a link in its row's state. Returns 0, -EEXIST, or fails. */
must_use int sqlite_link_insert(struct sqlite_session *session, const struct link_row *row,
                                int64_t *ret_id);
/* Inserts the file of a link. Fails. */
must_use int sqlite_link_insert_entry(struct sqlite_session *session, int64_t link,
                                      const struct link_row *row, int64_t object);
/* Finds the link's number and state. Returns 0, -ENOENT, or fails. */
must_use int sqlite_link_find(struct sqlite_session *session, const char *link, int64_t *ret_id,
                              enum link_state *ret_state);
/* Takes the files of a link away, with the row of its upload. Fails. */
must_use int sqlite_link_empty(struct sqlite_session *session, int64_t link,
                               struct object_names *gone);
/* Deletes a link with its files; `ended` may be NULL. Fails. */
must_use int sqlite_link_delete(struct sqlite_session *session, int64_t link,
                                struct object_names *gone, struct link_names *ended);
/* Runs a change of the link numbered `link` that returns its name, and adds that to `names`, if
 * there is room; NULL is fine. Fails. */
must_use int sqlite_link_change(struct sqlite_session *session, enum sqlite_statement statement,
                                int64_t link, struct link_names *names);

/* ---- sqlite_objects.c ---- */

/* Inserts an object, or finds the one of this name that is there already. Fails. */
must_use int sqlite_object_insert(struct sqlite_session *session, const struct object_row *object,
                                  int64_t created_ms, int64_t *ret_id);
/* Whether there is an object of this name: 1, 0, or fails. `ret_id` may be NULL. */
must_use int sqlite_object_find(struct sqlite_session *session, const char *name, int64_t *ret_id);
/* Gives an object its size and digests: its bytes are all there. Fails. */
must_use int sqlite_object_finish(struct sqlite_session *session, int64_t id,
                                  const struct object_row *object, int64_t now_ms);
/* Deletes an object that nothing uses any more, then its parts likewise, and adds the names of
 * those that have bytes to `gone`; what finds no room there waits for sqlite_objects_collect().
 * Fails. */
must_use int sqlite_object_delete(struct sqlite_session *session, int64_t id,
                                  struct object_names *gone);
/* Adds objects whose names found no room earlier. Fails. */
must_use int sqlite_objects_collect(struct sqlite_session *session, struct object_names *gone);
/* Makes a part the one at `position` of an object. Fails. */
must_use int sqlite_object_add_part(struct sqlite_session *session, int64_t object,
                                    int64_t position, int64_t part);
/* Adds up the parts of an object. Returns 1, 0 while one of them is arriving, or fails. */
must_use int sqlite_object_sum_parts(struct sqlite_session *session, int64_t object,
                                     struct object_row *ret_sum);
/* The object that comes after `after` among those that a part is in. Returns 1, 0, or fails. */
must_use int sqlite_object_next_joined(struct sqlite_session *session, int64_t part, int64_t after,
                                       int64_t *ret_object);
