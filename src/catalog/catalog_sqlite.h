/* The catalog in one SQLite file. Only main names this header. */
#pragma once

#include "catalog/catalog.h"

/* Opened with the path of the file. */
extern const struct catalog_ops catalog_sqlite;
