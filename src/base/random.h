/* Random bytes from the system's generator (getrandom). */
#pragma once

#include "base/base.h"

/* Fills `into`. Can't fail once the system has booted; aborts if it does. */
void random_fill(struct span into);

/* Writes 22 characters of base64url, 128 random bits, and a NUL. */
void random_token(char ret_token[23]);
