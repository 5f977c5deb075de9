/* The name that a file is given at the server, and how it is shown. */
#pragma once

#include "base/text.h"

/* Puts the last part of a path, made so that a server takes it: well-formed UTF-8 without control
 * characters, of at most FILE_NAME_BYTES_MAX bytes, cut in front of its extension. */
void file_title_put(struct text *into, const char *path);

/* Puts `name` on `columns` columns of a terminal at most, with something that shows a cut. */
void file_title_put_columns(struct text *into, const char *name, size_t columns);

/* How many columns a terminal needs for it. */
size_t file_title_columns(struct slice name);
