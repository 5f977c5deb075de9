/* The options of the program: flag, environment variable or line of a file, declared once each in
 * options.def. A flag beats the environment, the environment beats the file, the file beats the
 * default; a list given in a stronger place replaces the weaker one whole. */
#pragma once

#include "base/base.h"
#include "base/text.h"

/* The words of each choice, in the order of options.def; log_level is an enum log_level. */
enum option_io { OPTION_IO_AUTO, OPTION_IO_URING, OPTION_IO_EPOLL };
enum option_log_format { OPTION_LOG_FORMAT_TEXT, OPTION_LOG_FORMAT_JSON };
enum option_direct { OPTION_DIRECT_AUTO, OPTION_DIRECT_OFF };

enum {
    /* Elements of one list; a list's own bound in options.def may be lower. */
    OPTION_LIST_MAX = 32,
    /* A file of options; more is the wrong file. */
    OPTIONS_FILE_BYTES_MAX = 64 * 1024,
    /* Room that always holds options_help(). */
    OPTIONS_HELP_BYTES_MAX = 8 * 1024,
    /* Room for a complaint: two names of options, a path and the start of a value. */
    OPTIONS_COMPLAINT_BYTES_MAX = 1024,
};

struct option_list {
    struct slice items[OPTION_LIST_MAX];
    size_t len;
};

/* A field for each option; those with a unit carry it in their name. */
#define OPTION_FIELD_text(name) const char *name
#define OPTION_FIELD_list(name) struct option_list name
#define OPTION_FIELD_bytes(name) uint64_t name##_bytes
#define OPTION_FIELD_duration(name) int64_t name##_ms
#define OPTION_FIELD_count(name) uint32_t name
#define OPTION_FIELD_switch(name) bool name
#define OPTION_FIELD_choice(name) unsigned name

struct options {
#define OPTION(name, type, standard, unit, least, most, help) OPTION_FIELD_##type(name);
#include "options.def"
#undef OPTION
    /* The file's text, which values taken from it point into. */
    char *file_text;
};

/* Reads all sources. `arguments` (ended by NULL) are those after the command's word; `environment`
 * is the process's. Both must outlive the options, whose texts and lists point into them.
 * Variables that begin with SLUICE_ and name no option are passed over: containers are given such
 * by their orchestrator (SLUICE_SERVICE_HOST).
 * Returns: 0; 1 when help was asked for; -EINVAL with one sentence in `complaint`; -ENOMEM. Only
 *   after 0 the options hold memory, until options_clear(). */
must_use int options_load(char *const *arguments, char *const *environment,
                          struct options *ret_options, struct text *complaint);

/* Gives the memory back; the values are no longer usable. */
void options_clear(struct options *options);

/* The part of --help that tells of the options, one paragraph for each. */
void options_help(struct text *into);
