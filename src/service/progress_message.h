/* What watchers of an upload are told: one JSON object, alone or as a server-sent event. Pure. */
#pragma once

#include "base/text.h"
#include "service/arrivals.h"

/* Room for the longest message, framed in any way: seven numbers and two short words, a time, a
 * link, and a reason whose every byte is escaped. */
enum { PROGRESS_MESSAGE_BYTES_MAX = 1024 };

/* The word for a state, as all answers tell it. */
const char *progress_state_name(enum arrival_state state);

/* {"link":…,"state":…,"received":…,"stored":…,"size":…,"rate":…,"eta":…} and, where they apply,
 * "expires" and "reason". */
void progress_put_json(struct text *text, const char *link,
                       const struct arrival_progress *progress);
/* The same as a line. */
void progress_put_line(struct text *text, const char *link,
                       const struct arrival_progress *progress);
/* The same as a server-sent event. Its id is the version; that of the last one is
 * PROGRESS_LAST_ID, by which a browser that comes back shows that it has had it. */
void progress_put_event(struct text *text, const char *link,
                        const struct arrival_progress *progress);

#define PROGRESS_LAST_ID "end"
