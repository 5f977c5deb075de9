/* Downloads of links without a limit, counted in memory and written down once a second: nobody
 * waits for the number, and a busy link costs one row a second. A crash forgets the last second's.
 */
#pragma once

#include "service/service.h"

/* Counts one download of a link, on the calling worker. Never awaits. */
void tally_add(const char *link);
/* Writes down what the calling worker has counted. */
awaits void tallies_flush(struct service *service);
