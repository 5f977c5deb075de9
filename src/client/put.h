/* `sluice put`: sends files to a Sluice and prints their links. */
#pragma once

#include "base/base.h"

/* What the command ends with. */
enum put_exit {
    PUT_EXIT_DONE = 0,          /* all files are there */
    PUT_EXIT_FAILED = 1,        /* something failed that trying again does not mend */
    PUT_EXIT_USAGE = 2,         /* the words of the command are wrong */
    PUT_EXIT_GAVE_UP = 3,       /* waited for the network as long as --retry-for */
    PUT_EXIT_INTERRUPTED = 130, /* by SIGINT: calling it again goes on */
    PUT_EXIT_TERMINATED = 143,  /* by SIGTERM: the same */
};

/* Runs the command whose words (ended by NULL) follow `sluice put`; returns an enum put_exit. */
must_use int put_command(char *const *words);
