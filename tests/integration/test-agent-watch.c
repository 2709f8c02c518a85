/* links: agent/watch.c libs: cmocka libsystemd libudev */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The watch on this machine's own kernel, without udevd's or umockdev's help: root asks the kernel to announce a
 * block device anew ("change" written to its uevent file). A plain netlink socket beside it is the control. Skipped
 * where the kernel's events do not arrive at all, as in most containers. */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/netlink.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/watch.h"

#define SMALL 2304U /* bytes: the least the kernel gives a socket */
#define MANY  100U

static char uevent[512], devpath[512];
static unsigned seen, lost, present;

static int announce(void)
{
        int fd = open(uevent, O_WRONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : write(fd, "change", 6);

        if (fd >= 0)
                close(fd);
        return n == 6 ? 0 : -errno;
}

/* Find a disk whose announcement arrives. */
static bool find_disk(void)
{
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        bool found = false;
        glob_t disks;

        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return false;
        if (glob("/sys/block/*", 0, NULL, &disks) == 0) {
                for (size_t i = 0; i < disks.gl_pathc && !found; i++) {
                        char *real = realpath(disks.gl_pathv[i], NULL);

                        if (!real)
                                continue;
                        snprintf(uevent, sizeof(uevent), "%s/uevent", real);
                        snprintf(devpath, sizeof(devpath), "%s", real + strlen("/sys"));
                        free(real);
                        found = announce() == 0 && poll(&ready, 1, 1000) > 0;
                }
                globfree(&disks);
        }
        close(fd);
        return found;
}

static void on_event(void *userdata, const struct watch_event *event)
{
        (void) userdata;
        if (!event)
                lost++;
        else if (event->action == WATCH_PRESENT)
                present++;
        else if (strcmp(event->devpath, devpath) == 0 && strcmp(event->subsystem, "block") == 0 &&
                 event->action == WATCH_CHANGE && event->usec > 0)
                seen++;
}

static void run(sd_event *loop, unsigned rounds)
{
        for (unsigned i = 0; i < rounds; i++)
                sd_event_run(loop, 20000);
}

static void kernel_events_arrive(void **state)
{
        struct watch *watch;
        sd_event *loop;

        (void) state;
        if (!find_disk())
                skip();
        seen = lost = 0;
        assert_true(sd_event_new(&loop) >= 0);
        assert_int_equal(watch_new(loop, "/sys", WATCH_RECEIVE_BUFFER, on_event, NULL, &watch), 0);
        for (unsigned i = 0; i < MANY; i++)
                assert_int_equal(announce(), 0);
        run(loop, 20);
        assert_int_equal(seen, MANY);
        assert_int_equal(lost, 0);
        assert_int_equal(watch_enumerate(watch), 0);
        watch_free(watch);
        sd_event_unref(loop);
}

static void overrun_is_told(void **state)
{
        struct watch *watch;
        sd_event *loop;

        (void) state;
        if (!find_disk())
                skip();
        seen = lost = 0;
        assert_true(sd_event_new(&loop) >= 0);
        assert_int_equal(watch_new(loop, "/sys", SMALL, on_event, NULL, &watch), 0);
        for (unsigned i = 0; i < MANY; i++)
                assert_int_equal(announce(), 0);
        run(loop, 20);
        assert_true(lost >= 1);
        assert_true(seen < MANY);
        /* And after that they arrive again. */
        seen = 0;
        assert_int_equal(announce(), 0);
        run(loop, 20);
        assert_int_equal(seen, 1);
        watch_free(watch);
        sd_event_unref(loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(kernel_events_arrive),
                cmocka_unit_test(overrun_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
