/* The program: a command's words, then the parts put together. Only here a backend is named.
 *
 * serve: open store and catalog, start the workers, wait for a signal, let requests end, close. */
#include "base/clock.h"
#include "base/counters.h"
#include "base/log.h"
#include "base_url.h"
#include "catalog/catalog_sqlite.h"
#include "check.h"
#include "client/put.h"
#include "options.h"
#include "runtime/fiber.h"
#include "runtime/io.h"
#include "service/cors.h"
#include "service/service.h"
#include "store/store_disk.h"
#include "wire/authority.h"
#include "wire/cidr.h"
#include "wire/listen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2, /* the words of the command are wrong */
    /* Fibers of a worker that aren't connections: acceptors, the sweeper, background digests. */
    FIBERS_BESIDE = 64,
    /* How often the main thread looks whether the last connection has ended. */
    DRAIN_ASK_MS = 20,
};

/* Everything that serve opens, in the order of its opening. */
struct program {
    struct options options;
    struct cidr_list trusted;
    struct wire wire;
    struct service service;
    struct cors cors;
    char base_url[BASE_URL_BYTES_MAX + 1];
    struct check check;
    const struct io_ops *io;
    int listen_fds[LISTEN_MAX];
    size_t listen_len;
};

static struct program program;

/* Says what keeps the program from working, in one line. */
static int refuse(const char *what, const char *why)
{
    (void)fprintf(stderr, "sluice: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

/* ---- Opening ---- */

static int open_data(const struct options *options)
{
    const struct store_disk_config config = {
        .folder = options->data,
        .reserve_bytes = options->reserve_bytes,
        .is_direct_allowed = options->direct == OPTION_DIRECT_AUTO,
    };
    const char *reason = "";
    char what[512];
    int err = store_disk_open(&config, &program.service.store, &reason);
    if (err < 0) {
        (void)snprintf(what, sizeof what, "the data folder %.300s can't be used, %s", options->data,
                       reason);
        return refuse(what, strerror(-err));
    }
    static char path[4096]; /* too large for a stack, and made once */
    int len = snprintf(path, sizeof path, "%s/catalog.db", options->data);
    if (len < 0 || (size_t)len >= sizeof path)
        return refuse("the data folder", "its name is too long");
    err = catalog_sqlite.open(path, &program.service.catalog, &reason);
    if (err < 0) {
        (void)snprintf(what, sizeof what, "the catalog %.300s can't be opened, %s", path, reason);
        return refuse(what, strerror(-err));
    }
    return 0;
}

static void close_data(void)
{
    catalog_close(program.service.catalog);
    store_close(program.service.store);
}

/* As many descriptors as the system lets us have: each connection takes one, an upload two. */
static void raise_descriptors(uint32_t connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections * 2 + 2 * CATALOG_CACHE_ENTRIES * WORKERS_MAX / 64 + 1024;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    if (limit.rlim_max < wanted) { /* only root may */
        const struct rlimit raised = {.rlim_cur = wanted, .rlim_max = wanted};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < wanted)
        log_event(LOG_WARN, "fewer descriptors than connections may need",
                  log_number("limit", limit.rlim_max), log_number("wanted", wanted));
}

static int choose_io(const struct options *options)
{
    static const char *const names[] = {
        [OPTION_IO_AUTO] = "auto", [OPTION_IO_URING] = "uring", [OPTION_IO_EPOLL] = "epoll"};
    const char *reason;
    int err = io_choose(names[options->io], &program.io, &reason);
    if (err < 0)
        return refuse("--io can't be had here", reason[0] != '\0' ? reason : strerror(-err));
    log_event(LOG_INFO, "input and output", log_text("io", slice_of(program.io->title)),
              log_text("reason", slice_of(reason)));
    return 0;
}

static int open_listeners(const struct options *options)
{
    for (size_t i = 0; i < options->listen.len; i++) {
        char address[128];
        char name[80];
        struct slice item = options->listen.items[i];
        (void)snprintf(address, sizeof address, "%.*s", (int)item.len, (const char *)item.ptr);
        int fd = listen_open(address, name);
        if (fd < 0) {
            char what[256];
            (void)snprintf(what, sizeof what, "can't listen on %s", address);
            return refuse(what, strerror(-fd));
        }
        program.listen_fds[program.listen_len++] = fd;
        char curl[160];
        (void)snprintf(curl, sizeof curl, "curl -T FILE http://%s/", name);
        char browser[120];
        (void)snprintf(browser, sizeof browser, "http://%s/", name);
        log_event(LOG_INFO, "listening", log_text("browser", slice_of(browser)),
                  log_text("shell", slice_of(curl)));
    }
    return 0;
}

static void close_listeners(void)
{
    while (program.listen_len > 0)
        (void)close(program.listen_fds[--program.listen_len]);
}

static int configure(const struct options *options)
{
    program.service.size_max = options->max_size_bytes;
    program.service.expires_ms = options->expires_ms;
    program.service.expires_max_ms = options->expires_max_ms;
    program.service.uploads_per_address = options->uploads_per_address;
    program.service.upload_life_ms = options->upload_expires_ms;
    program.wire = (struct wire){
        .head_ms = options->head_timeout_ms,
        .body_idle_ms = options->body_idle_ms,
        .send_idle_ms = options->send_idle_ms,
        .keep_alive_ms = options->keep_alive_ms,
        .connections_max = options->connections,
        .connections_per_address = options->connections_per_address,
        .has_access_log = options->access_log,
        .handle = service_handle,
        .context = &program.service,
    };
    for (size_t i = 0; i < options->trusted_proxy.len; i++)
        if (cidr_list_add(&program.trusted, options->trusted_proxy.items[i]) < 0)
            return refuse("--trusted-proxy", "each is a network such as 10.0.0.0/8");
    program.wire.trusted_proxies = &program.trusted;
    for (size_t i = 0; i < options->cors_origin.len; i++)
        if (cors_add(&program.cors, options->cors_origin.items[i]) < 0)
            return refuse("--cors-origin", "each is *, none, or like https://app.example.org");
    program.service.cors = &program.cors;
    program.service.download_host = options->download_host;
    program.service.web_folder = options->web_dev;
    if (options->download_host[0] != '\0' && !authority_is_valid(slice_of(options->download_host)))
        return refuse("--download-host", "it looks like files.example.org, perhaps with a :PORT");
    if (base_url_read(options->base_url, program.base_url) < 0)
        return refuse("--base-url", "it looks like https://files.example.org");
    program.wire.base_url = program.base_url;
    return 0;
}

/* ---- Running ---- */

/* The first fiber of each worker; it stays until all others have ended. */
static awaits void start_worker(void *arg)
{
    (void)arg;
    int err = listen_start(&program.wire, program.listen_fds, program.listen_len);
    if (err == 0 && worker_index(worker_self()) == 0)
        err = fiber_spawn("sweep", sweep_run, &program.service);
    if (err < 0)
        log_event(LOG_ERROR, "worker can't start", log_text("error", slice_of(strerror(-err))));
    service_tend(&program.service);
}

static unsigned workers_wanted(const struct options *options)
{
    if (options->workers > 0)
        return options->workers;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)i64_min(cores, WORKERS_MAX);
}

/* Waits for one of `signals`, at most `wait_ms` (-1: without end); 0 when none came. */
static int wait_signal(const sigset_t *signals, int64_t wait_ms)
{
    struct timespec wait = {wait_ms / 1000, (wait_ms % 1000) * 1000000};
    int signal;
    do
        signal = wait_ms < 0 ? sigwaitinfo(signals, NULL) : sigtimedwait(signals, NULL, &wait);
    while (signal < 0 && errno == EINTR);
    return signal < 0 ? 0 : signal;
}

/* Lets requests end, until the grace is over or a second signal comes. */
static void drain(const sigset_t *signals, int64_t grace_ms)
{
    log_event(LOG_INFO, "stopping", log_number("connections", listen_connections()),
              log_number("grace_ms", (uint64_t)grace_ms));
    for (size_t i = 0; i < program.listen_len; i++)
        (void)shutdown(program.listen_fds[i], SHUT_RD); /* from now on connecting is refused */
    listen_drain();
    int64_t end_ms = clock_ms() + grace_ms;
    while (listen_connections() > 0 && clock_ms() < end_ms)
        if (wait_signal(signals, DRAIN_ASK_MS) != 0)
            break;
}

static int run(const struct options *options)
{
    const struct worker_config config = {
        .workers = workers_wanted(options),
        .io = program.io,
        .chunk_bytes_total = options->memory_bytes,
        .fibers_max = options->connections + FIBERS_BESIDE,
        .start = start_worker,
    };
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    int err = workers_start(&config);
    if (err < 0)
        return refuse("the workers can't start", strerror(-err));
    log_event(LOG_INFO, "ready", log_text("version", SLICE(SLUICE_VERSION)),
              log_number("workers", config.workers),
              log_number("memory_of_transfers", options->memory_bytes),
              log_number("memory_of_requests_max",
                         (uint64_t)CHUNKS_SMALL * CHUNK_SMALL_BYTES * config.workers));
    (void)wait_signal(&signals, -1);
    drain(&signals, options->grace_ms);
    workers_stop();
    workers_join();
    log_event(LOG_INFO, "stopped",
              log_number("requests", (uint64_t)counter_total(COUNTER_requests_total)));
    return EXIT_SUCCESS;
}

/* ---- Commands ---- */

static int serve(void)
{
    const struct options *options = &program.options;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    int err = log_start(options->log_format == OPTION_LOG_FORMAT_JSON,
                        (enum log_level)options->log_level);
    if (err < 0)
        return refuse("the log can't start", strerror(-err));
    raise_descriptors(options->connections);
    int status = choose_io(options);
    if (status == 0)
        status = configure(options);
    if (status == 0)
        status = open_data(options);
    if (status == 0)
        status = open_listeners(options);
    if (status == 0)
        status = run(options);
    close_listeners();
    close_data();
    log_stop();
    return status;
}

static awaits void start_check(void *arg)
{
    check_run(arg);
    workers_stop();
}

static int check(void)
{
    const struct options *options = &program.options;
    int status = choose_io(options);
    if (status == 0)
        status = open_data(options);
    if (status == 0) {
        program.check.store = program.service.store;
        program.check.catalog = program.service.catalog;
        const struct worker_config config = {
            .workers = 1,
            .io = program.io,
            .chunk_bytes_total = options->memory_bytes,
            .fibers_max = FIBERS_BESIDE,
            .start = start_check,
            .arg = &program.check,
        };
        int err = workers_start(&config);
        if (err < 0)
            status = refuse("the worker can't start", strerror(-err));
        else
            workers_join();
    }
    close_data();
    return status == 0 && program.check.problems > 0 ? EXIT_FAILURE : status;
}

static int print_help(void)
{
    static uint8_t room[OPTIONS_HELP_BYTES_MAX];
    struct text text = text_over((struct span){room, sizeof room});
    options_help(&text);
    (void)printf("Sluice %s, a file host: send it a file, get a link at once.\n\n"
                 "sluice serve [OPTION]...           serve until SIGTERM\n"
                 "sluice check [--repair] [--data DIR]  compare links and bytes\n"
                 "sluice put FILE... [OPTION]...     send files, print their links (put --help)\n"
                 "sluice version                     print the version\n"
                 "sluice --help                      print this\n\n"
                 "Options of serve, also as SLUICE_NAME in the environment or as \"name = value\" "
                 "in a file:\n\n%.*s",
                 SLUICE_VERSION, (int)text.len, (const char *)text.ptr);
    return EXIT_SUCCESS;
}

/* Takes --repair out of the words of check; the others are options. */
static void take_repair(char **words)
{
    char **kept = words;
    for (; *words != NULL; words++) {
        if (strcmp(*words, "--repair") == 0)
            program.check.is_repair = true;
        else
            *kept++ = *words;
    }
    *kept = NULL;
}

static int with_options(char **words, int (*command)(void))
{
    uint8_t room[OPTIONS_COMPLAINT_BYTES_MAX];
    struct text complaint = text_over((struct span){room, sizeof room});
    int err = options_load(words, environ, &program.options, &complaint);
    if (err == 1)
        return print_help();
    if (err < 0) {
        (void)fprintf(stderr, "sluice: %.*s\n", (int)complaint.len, (const char *)complaint.ptr);
        return EXIT_USAGE;
    }
    int status = command();
    options_clear(&program.options);
    return status;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "--help";
    if (strcmp(command, "serve") == 0)
        return with_options(argv + 2, serve);
    if (strcmp(command, "put") == 0)
        return put_command(argv + 2);
    if (strcmp(command, "check") == 0) {
        take_repair(argv + 2);
        return with_options(argv + 2, check);
    }
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0)
        return printf("sluice %s\n", SLUICE_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 ||
        strcmp(command, "-h") == 0)
        return print_help();
    (void)fprintf(stderr, "sluice: there is no command \"%s\"; see sluice --help\n", command);
    return EXIT_USAGE;
}
