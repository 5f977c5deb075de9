/* Opening a listening socket from the address that a person writes. */
#include "base/text.h"
#include "limits.h"
#include "wire/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

/* Cuts "[::1]:80", "127.0.0.1:80" or ":80" at its last colon. */
static int split(const char *address, char *ret_host, size_t host_room, const char **ret_port)
{
    const char *colon = strrchr(address, ':');
    uint64_t port;
    if (colon == NULL || parse_u64(slice_of(colon + 1), &port) < 0 || port > UINT16_MAX)
        return -EINVAL;
    size_t len = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len >= host_room)
        return -EINVAL;
    memcpy(ret_host, address, len);
    ret_host[len] = '\0';
    *ret_port = colon + 1;
    return 0;
}

/* A peer that vanishes without a word must not hold an idle wait for ever. Accepted connections
 * inherit these options, so they cost nothing each. */
static void ask_silent_peers(int fd)
{
    const int values[][3] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
                             {IPPROTO_TCP, TCP_KEEPIDLE, PEER_SILENT_S},
                             {IPPROTO_TCP, TCP_KEEPINTVL, PEER_ASK_S},
                             {IPPROTO_TCP, TCP_KEEPCNT, PEER_ASKS_MAX}};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        (void)setsockopt(fd, values[i][0], values[i][1], &values[i][2], sizeof values[i][2]);
}

static int open_one(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int one = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    ask_silent_peers(fd);
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        int err = -errno;
        (void)close(fd);
        return err;
    }
    return fd;
}

static void name_of(int fd, char ret_name[80])
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;
    char host[64];
    char port[8];
    ret_name[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&name, &len) < 0 ||
        getnameinfo((struct sockaddr *)&name, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    bool is_any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    if (is_any)
        (void)snprintf(ret_name, 80, "localhost:%s", port);
    else if (name.ss_family == AF_INET6)
        (void)snprintf(ret_name, 80, "[%s]:%s", host, port);
    else
        (void)snprintf(ret_name, 80, "%s:%s", host, port);
}

int listen_open(const char *address, char ret_name[80])
{
    char host[256];
    const char *port;
    int err = split(address, host, sizeof host, &port);
    if (err < 0)
        return err;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST};
    struct addrinfo *infos = NULL;
    if (strcmp(host, "localhost") == 0)
        hints.ai_flags &= ~AI_NUMERICHOST;
    if (getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &infos) != 0)
        return -EINVAL;
    int fd = infos == NULL ? -EINVAL : open_one(infos);
    freeaddrinfo(infos);
    if (fd >= 0)
        name_of(fd, ret_name);
    return fd;
}
