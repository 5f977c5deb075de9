/* Records on the disk, so that an upload goes on when the command was killed: one small file each,
 * under a name made of what the upload is of, held by one process at a time. */
#pragma once

#include "client/record.h"

struct record_file {
    int lock_fd; /* -1: not held, and nothing is kept */
    char path[PUT_RECORD_PATH_BYTES_MAX];
    const char *of; /* the path of the file that is sent */
};

/* The folder of all records, made if need be: `state_home` is XDG_STATE_HOME or NULL, `home` is
 * HOME or NULL. Returns 0 or -errno. */
must_use int record_folder_open(const char *state_home, const char *home, struct text *ret_folder);
/* Removes records whose upload has expired long ago. */
void record_folder_sweep(const char *folder, int64_t now_wall_ms);

/* Takes the record whose name is the SHA-256 of `identity`, for this process alone. Returns 0, with
 * or without a record there; -EBUSY when another process has it; -errno. */
must_use int record_file_open(struct record_file *ret_file, const char *folder,
                              struct slice identity, const char *of);
/* Reads it. Returns 0; -ENOENT when there is none that can be used. */
must_use int record_file_load(const struct record_file *file, struct record *ret_record);
/* Writes it durably. Returns 0 or -errno. */
must_use int record_file_save(const struct record_file *file, const struct record *record);
/* The upload is over. */
void record_file_remove(const struct record_file *file);
/* Lets another process have it. Harmless on one that is not held. */
void record_file_close(struct record_file *file);
