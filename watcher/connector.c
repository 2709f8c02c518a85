/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Of all that the connector tells (forks, exits, changes of user) only EXEC is let into the receive buffer, by a filter in
 * the kernel that works with every version of it: else a build of some program fills the buffer with forks, and half of the
 * starts are lost. */

#include "watcher/connector.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"

struct connector {
        int fd;
        sd_event_source *source, *pause;
        struct connector_ops ops;
};

DEFINE_CLEANUP(cleanup_connector, struct connector *, connector_free)

/* As the kernel sends it, and as it wants to be asked; each is one netlink message. */
#define EVENT_AT   (NLMSG_LENGTH(0) + offsetof(struct cn_msg, data))
#define EVENT_SIZE (EVENT_AT + sizeof(struct proc_event))

static int filter_exec(int fd)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, EVENT_AT + offsetof(struct proc_event, what)),
                /* The filter reads big-endian, the kernel writes as the machine does. */
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(PROC_EVENT_EXEC), 0, 1),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

        _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the constant above is for little-endian machines");
        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

static int listen_to(int fd)
{
        enum proc_cn_mcast_op op = PROC_CN_MCAST_LISTEN;
        char message[NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof(op))] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
        struct nlmsghdr header = { .nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_DONE };
        struct cn_msg body = { .id = { .idx = CN_IDX_PROC, .val = CN_VAL_PROC }, .len = sizeof(op) };

        memcpy(message, &header, sizeof(header));
        memcpy(message + NLMSG_LENGTH(0), &body, sizeof(body));
        memcpy(message + EVENT_AT, &op, sizeof(op));
        return send(fd, message, sizeof(message), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* One message from the kernel: the pid it is about, or 0. */
static pid_t pid_of(const char *message, size_t size, const struct sockaddr_nl *from)
{
        struct proc_event event;

        /* Who else may send to this socket is nobody, but it costs nothing to ask. */
        if (from->nl_pid != 0 || size < EVENT_SIZE)
                return 0;
        memcpy(&event, message + EVENT_AT, sizeof(event));
        return event.what == PROC_EVENT_EXEC ? event.event_data.exec.process_tgid : 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct connector *connector = userdata;
        char message[1024] __attribute__((aligned(NLMSG_ALIGNTO)));

        (void) revents;
        for (;;) {
                struct sockaddr_nl from = { 0 };
                socklen_t from_size = sizeof(from);
                ssize_t n = recvfrom(fd, message, sizeof(message), MSG_DONTWAIT, (struct sockaddr *) &from, &from_size);
                pid_t pid;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == ENOBUFS) {
                        connector->ops.lost(connector->ops.userdata);
                        continue;
                }
                if (n < 0)
                        break; /* EAGAIN: that was all */
                pid = pid_of(message, (size_t) n, &from);
                if (pid > 0)
                        connector->ops.started(connector->ops.userdata, pid);
        }
        if (sd_event_source_set_time_relative(connector->pause, CONNECTOR_PAUSE_USEC) >= 0 &&
            sd_event_source_set_enabled(connector->pause, SD_EVENT_ONESHOT) >= 0)
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct connector *connector = userdata;

        (void) source;
        (void) usec;
        return sd_event_source_set_enabled(connector->source, SD_EVENT_ON);
}

int connector_new(sd_event *loop, const struct connector_ops *ops, struct connector **ret)
{
        CLEANUP(cleanup_connector) struct connector *connector = calloc(1, sizeof(*connector));
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
        int size = CONNECTOR_BUFFER, r;

        if (!connector)
                return -ENOMEM;
        connector->ops = *ops;
        connector->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
        if (connector->fd < 0)
                return -errno;
        r = filter_exec(connector->fd);
        if (r < 0)
                return r;
        if (setsockopt(connector->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void) setsockopt(connector->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        if (bind(connector->fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        r = listen_to(connector->fd);
        if (r >= 0)
                r = sd_event_add_io(loop, &connector->source, connector->fd, EPOLLIN, on_readable, connector);
        if (r >= 0)
                r = sd_event_add_time_relative(loop, &connector->pause, CLOCK_MONOTONIC, 0, 0, on_pause_over,
                                               connector);
        if (r < 0)
                return r;
        *ret = connector;
        connector = NULL;
        return 0;
}

struct connector *connector_free(struct connector *connector)
{
        if (!connector)
                return NULL;
        sd_event_source_disable_unref(connector->source);
        sd_event_source_disable_unref(connector->pause);
        if (connector->fd >= 0)
                close(connector->fd);
        free(connector);
        return NULL;
}
