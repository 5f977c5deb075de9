/* Uploads that nobody goes on with: found again and again, removed when their time is over. */
#pragma once

#include "service/service.h"

/* Looks once through those whose time may be over: who has sent something meanwhile gets more time,
 * the others are removed with their bytes; rows of complete ones are forgotten. Returns 0, or the
 * error at which it stopped. */
awaits must_use int sweep_uploads(struct service *service);
