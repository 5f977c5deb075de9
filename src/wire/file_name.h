/* The name of a file, made safe to show, to send and to save. */
#pragma once

#include "base/base.h"
#include "limits.h"

/* Cleans a name that a client told: of a path only the last part stays (both kinds of slash
 * separate), characters that show nothing or turn the direction of writing are dropped, and a name
 * that would be "", "." or ".." is "file". `ret_name` ends with a NUL. Returns its length, or
 * -EILSEQ (not UTF-8), -EINVAL (a control character), -ENAMETOOLONG (over 255 bytes). */
must_use int file_name_clean(struct slice raw, char ret_name[FILE_NAME_BYTES_MAX + 1]);
