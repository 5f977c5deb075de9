/* What the measuring programs share: time, sizes, sockets, and one way to give up. */
#include "program.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void die_errno(const char *format, ...)
{
    int err = errno;
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": %s\n", strerror(err));
    exit(EXIT_FAILURE);
}

int64_t now_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        die_errno("cannot read the clock");
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

double cpu_seconds(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) < 0)
        die_errno("cannot read the processor time used");
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

uint64_t parse_bytes(const char *text)
{
    static const struct {
        const char *name;
        unsigned shift;
    } units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
    char *end;

    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno == 0 && end != text)
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
            if (strcmp(end, units[i].name) == 0 && number <= UINT64_MAX >> units[i].shift)
                return number << units[i].shift;
    die("'%s' is no number, alone or followed by KiB, MiB or GiB", text);
}

void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die_errno("cannot read the limit of descriptors");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        die_errno("cannot raise the limit of descriptors to %" PRIu64, (uint64_t)limit.rlim_max);
}

static int bind_to(int fd, uint32_t address, uint16_t port)
{
    struct sockaddr_in name = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(address),
        .sin_port = htons(port),
    };

    return bind(fd, (const struct sockaddr *)&name, sizeof name);
}

int connect_to(uint16_t port, uint32_t source)
{
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons(port),
    };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die_errno("cannot make a socket");
    /* The port is chosen by connect(), which may share it between servers, not by bind(). */
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) < 0)
        die_errno("cannot set the options of a socket");
    if (source != 0 && bind_to(fd, source, 0) < 0)
        die_errno("cannot come from another loopback address");
    if (connect(fd, (const struct sockaddr *)&server, sizeof server) < 0)
        die_errno("cannot connect to 127.0.0.1:%u", port);
    return fd;
}

int listen_on_free_port(uint16_t *ret_port)
{
    struct sockaddr_in name = {0};
    socklen_t name_bytes = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die_errno("cannot make a socket");
    if (bind_to(fd, INADDR_LOOPBACK, 0) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &name_bytes) < 0)
        die_errno("cannot listen on a port of 127.0.0.1");
    *ret_port = ntohs(name.sin_port);
    return fd;
}

void *take_pages(size_t bytes)
{
    assert(bytes > 0);
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        die_errno("cannot map %zu bytes", bytes);
    return pages;
}

void send_all(int fd, const void *bytes, size_t len)
{
    const char *next = bytes;

    while (len > 0) {
        ssize_t sent = send(fd, next, len, MSG_NOSIGNAL);
        if (sent < 0)
            die_errno("cannot send");
        next += sent;
        len -= (size_t)sent;
    }
}
