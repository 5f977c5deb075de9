/* loadgen: makes one kind of load on an HTTP server on 127.0.0.1 and prints what it saw as JSON.
 *
 * It shares the machine with the server that it measures, so it must be cheap: one thread, large
 * pieces, no copy of what it throws away, nothing allocated while measuring. */
#include "loadgen.h"

#include "program.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
    OPTION_PORT = 1,
    OPTION_PATH,
    OPTION_BYTES,
    OPTION_CONNECTIONS,
    OPTION_SECONDS,
    OPTION_RATE,
    OPTION_COUNT,
    OPTION_PIECE,
    OPTION_PARTIAL,
    OPTION_APPEND,
    OPTION_ADDRESSES,
    OPTION_UNTIL_EOF,
    OPTION_RECONNECT,
};

static const struct option options[] = {
    {"port", required_argument, NULL, OPTION_PORT},
    {"path", required_argument, NULL, OPTION_PATH},
    {"bytes", required_argument, NULL, OPTION_BYTES},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"piece", required_argument, NULL, OPTION_PIECE},
    {"partial", no_argument, NULL, OPTION_PARTIAL},
    {"append", no_argument, NULL, OPTION_APPEND},
    {"addresses", required_argument, NULL, OPTION_ADDRESSES},
    {"until-eof", no_argument, NULL, OPTION_UNTIL_EOF},
    {"reconnect", no_argument, NULL, OPTION_RECONNECT},
    {0},
};

static const struct {
    const char *name;
    void (*run)(const struct load *load);
} loads[] = {
    {"put", load_put},   {"get", load_get}, {"requests", load_requests}, {"puts", load_puts},
    {"slow", load_slow}, {"tus", load_tus}, {"watch", load_watch},
};

/* A number within the bounds, or the end of the program. */
static uint64_t number_within(const char *text, uint64_t least, uint64_t most)
{
    uint64_t number = parse_bytes(text);

    if (number < least || number > most)
        die("%s is not within %llu and %llu", text, (unsigned long long)least,
            (unsigned long long)most);
    return number;
}

static void read_option(enum option_id id, const char *value, struct load *load)
{
    switch (id) {
    case OPTION_PORT:
        load->port = (uint16_t)number_within(value, 1, UINT16_MAX);
        break;
    case OPTION_PATH:
        if (strlen(value) > PATH_BYTES_MAX)
            die("a path may have %d bytes", PATH_BYTES_MAX);
        load->path = value;
        break;
    case OPTION_BYTES:
        load->bytes = number_within(value, 1, 1ULL << 50);
        break;
    case OPTION_CONNECTIONS:
        load->connections = number_within(value, 1, 100000);
        break;
    case OPTION_SECONDS:
        load->seconds = number_within(value, 1, 3600);
        break;
    case OPTION_RATE:
        load->rate = number_within(value, 1, 1000000);
        break;
    case OPTION_COUNT:
        load->count = number_within(value, 1, 100000000);
        break;
    case OPTION_PIECE:
        load->piece = number_within(value, 1, 1ULL << 50);
        break;
    case OPTION_PARTIAL:
        load->partial = true;
        break;
    case OPTION_APPEND:
        load->append = true;
        break;
    case OPTION_ADDRESSES:
        load->addresses = number_within(value, 1, 60000);
        break;
    case OPTION_UNTIL_EOF:
        load->until_eof = true;
        break;
    case OPTION_RECONNECT:
        load->reconnect = true;
        break;
    }
}

static void usage(FILE *to)
{
    fputs("usage: loadgen put|tus|watch|get|requests|puts|slow --port N [--path PATH] [--bytes N]\n"
          "       [--connections N] [--seconds N] [--rate N] [--count N] [--addresses N]\n"
          "       [--piece N] [--partial] [--append] [--until-eof] [--reconnect]\n",
          to);
}

int main(int argc, char **argv)
{
    struct load load = {
        .path = "/",
        .bytes = 1 << 20,
        .connections = 1,
        .seconds = 5,
        .addresses = 1,
    };
    int id;

    while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (id == '?') {
            usage(stderr);
            return EXIT_FAILURE;
        }
        read_option((enum option_id)id, optarg, &load);
    }
    if (optind == argc - 1 && load.port != 0)
        for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++)
            if (strcmp(argv[optind], loads[i].name) == 0) {
                loads[i].run(&load);
                return EXIT_SUCCESS;
            }
    usage(stderr);
    return EXIT_FAILURE;
}
