/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define SOCKET_MODE 0666 /* as with loopback, every program of this machine may connect */

static bool read_port(const char *text, in_port_t *ret)
{
        size_t digits = strspn(text, "0123456789");
        unsigned long port = strtoul(text, NULL, 10);

        if (digits == 0 || digits > 5 || text[digits] != '\0' || port > UINT16_MAX)
                return false;
        *ret = htons((uint16_t) port);
        return true;
}

static bool read_internet(const char *text, union address *ret)
{
        char host[INET6_ADDRSTRLEN];
        const char *colon = strrchr(text, ':');
        bool v6 = text[0] == '[';
        size_t length;
        in_port_t port;

        if (!colon || !read_port(colon + 1, &port))
                return false;
        length = (size_t) (colon - text);
        if (v6 && (length < 2 || text[length - 1] != ']'))
                return false;
        length -= v6 ? 2 : 0;
        if (length >= sizeof(host))
                return false;
        memcpy(host, text + v6, length);
        host[length] = '\0';
        if (v6) {
                ret->v6.sin6_family = AF_INET6;
                ret->v6.sin6_port = port;
                return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1;
        }
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = port;
        return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
}

bool address_read(const char *text, union address *ret)
{
        memset(ret, 0, sizeof(*ret));
        if (text[0] == '/' && strlen(text) < sizeof(ret->un.sun_path)) {
                ret->un.sun_family = AF_UNIX;
                strcpy(ret->un.sun_path, text);
                return true;
        }
        if (text[0] != '/' && read_internet(text, ret))
                return true;
        memset(ret, 0, sizeof(*ret));
        return false;
}

bool address_is_local(const union address *address)
{
        switch (address->any.sa_family) {
        case AF_INET:
                return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        case AF_INET6:
                return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
        default:
                return address->any.sa_family == AF_UNIX;
        }
}

void address_read_host(const char *text, union address *ret)
{
        memset(ret, 0, sizeof(*ret));
        if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1)
                ret->v4.sin_family = AF_INET;
        else if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1)
                ret->v6.sin6_family = AF_INET6;
}

void address_write_host(const union address *address, char *ret, size_t size)
{
        const void *host = address->any.sa_family == AF_INET6 ? (const void *) &address->v6.sin6_addr
                                                              : (const void *) &address->v4.sin_addr;

        ret[0] = '\0';
        if (address->any.sa_family == AF_INET || address->any.sa_family == AF_INET6)
                inet_ntop(address->any.sa_family, host, ret, (socklen_t) size);
}

void address_write(const union address *address, bool tls, char ret[static ADDRESS_TEXT_MAX])
{
        bool v6 = address->any.sa_family == AF_INET6;
        char host[INET6_ADDRSTRLEN];

        if (address->any.sa_family == AF_UNIX) {
                snprintf(ret, ADDRESS_TEXT_MAX, "%s", address->un.sun_path);
                return;
        }
        address_write_host(address, host, sizeof(host));
        snprintf(ret, ADDRESS_TEXT_MAX, "%s://%s%s%s:%u", tls ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "",
                 ntohs(v6 ? address->v6.sin6_port : address->v4.sin_port));
}

static socklen_t size_of(const union address *address)
{
        switch (address->any.sa_family) {
        case AF_INET:
                return sizeof(address->v4);
        case AF_INET6:
                return sizeof(address->v6);
        default:
                return sizeof(address->un);
        }
}

/* Take away a socket file that a program left behind which was killed; never one at which somebody listens. */
static int clear_stale(const union address *address)
{
        CLEANUP(cleanup_close) int fd = -1;
        struct stat st;

        if (lstat(address->un.sun_path, &st) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!S_ISSOCK(st.st_mode))
                return -EEXIST;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, &address->any, size_of(address)) == 0 || errno != ECONNREFUSED)
                return -EADDRINUSE;
        return unlink(address->un.sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

int address_listen(const union address *address, int backlog)
{
        CLEANUP(cleanup_close) int fd = -1;
        bool is_unix = address->any.sa_family == AF_UNIX;
        int on = 1, r = is_unix ? clear_stale(address) : 0;

        if (r < 0)
                return r;
        fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if ((!is_unix && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
            bind(fd, &address->any, size_of(address)) < 0 ||
            (is_unix && chmod(address->un.sun_path, SOCKET_MODE) < 0) || listen(fd, backlog) < 0)
                return -errno;
        return steal_fd(&fd);
}
