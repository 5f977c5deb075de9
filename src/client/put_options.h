/* The words of `sluice put`: its options and its files. */
#pragma once

#include "base/text.h"

/* 0 of each number: nobody said. Texts point into the words or the environment. */
struct put_options {
    const char *const *files; /* as they were given */
    size_t files_len;
    const char *to;            /* as it was given */
    const char *expires;       /* for the server to judge; NULL */
    const char *max_downloads; /* the same */
    const char *name;          /* of the only file; NULL */
    uint64_t parts;            /* 0: it measures */
    uint64_t parallel;
    uint64_t limit_rate; /* bytes a second of all files together; 0: as fast as it can */
    int64_t retry_for_ms;
    bool is_json, is_quiet;
};

/* Reads the words (ended by NULL) into `ret_options`; the files among them go into `files`, which
 * has room for all words. `environment_to` is the value of SLUICE_TO, or NULL.
 * Returns: 0; 1 when help was asked for; -EINVAL with one sentence in `complaint`. */
must_use int put_options_read(char *const *words, const char *environment_to, const char **files,
                              struct put_options *ret_options, struct text *complaint);

/* The text of `sluice put --help`. */
const char *put_options_help(void);
