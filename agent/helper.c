/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "agent/helper.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/helper.h"

static int connect_to(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        CLEANUP(cleanup_close) int fd = -1;

        if ((size_t) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return steal_fd(&fd);
}

int helper_ask(const char *path, char *const words[], int output, int directory)
{
        CLEANUP(cleanup_close) int fd = connect_to(path);
        const int fds[2] = { output, directory };
        const size_t fds_size = (directory < 0 ? 1 : 2) * sizeof(int);
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(fds))];
        } parts = { 0 };
        char text[HELPER_MESSAGE_MAX];
        struct iovec part = { .iov_base = text };
        struct msghdr message = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = &parts, .msg_controllen = CMSG_SPACE(fds_size)
        };

        if (fd < 0)
                return fd;
        for (size_t i = 1; words[i]; i++) {
                size_t size = strlen(words[i]) + 1;

                if (part.iov_len + size > sizeof(text))
                        return -E2BIG;
                memcpy(text + part.iov_len, words[i], size);
                part.iov_len += size;
        }
        parts.header =
                (struct cmsghdr){ .cmsg_len = CMSG_LEN(fds_size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&parts.header), fds, fds_size);
        if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
                return -errno;
        return steal_fd(&fd);
}

int helper_answer(int connection)
{
        uint8_t answer;

        return read(connection, &answer, sizeof(answer)) == sizeof(answer) ? answer : HELPER_NO_ANSWER;
}
