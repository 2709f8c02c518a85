/* links: tests/bed/scene.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* When systemd lets people log in: after what was there has been dealt with and recorded, and in any case at last. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/ready.h"
#include "tests/bed/scene.h"
#include "tests/bed/stick.h"

#define BLOCK    "[policy]\nversion = 1\n"
#define RECORDED "LEKDICHT_EVENT=lekdicht.device.inventory"

static int notify = -1; /* where systemd would listen */
static unsigned told;

static int setup(void **state)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int r = scene_setup(state);
        char name[64];

        /* Abstract: the bed's path may be longer than an address. */
        snprintf(name, sizeof(name), "@lekdicht-ready-%d", getpid());
        memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
        notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (notify < 0 || bind(notify, (struct sockaddr *) &address,
                               (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(name))) < 0)
                return -1;
        setenv("NOTIFY_SOCKET", name, 1);
        told = 0;
        return r;
}

static int teardown(void **state)
{
        unsetenv("NOTIFY_SOCKET");
        close(notify);
        return scene_teardown(state);
}

/* How often systemd was told so far. */
static unsigned ready(void)
{
        char message[256];
        ssize_t size;

        while ((size = recv(notify, message, sizeof(message) - 1, 0)) > 0) {
                message[size] = '\0';
                told += strstr(message, "READY=1") != NULL;
        }
        return told;
}

static unsigned recorded(void)
{
        return scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) + scene_journal(RECORDED, NULL);
}

static void at_once_when_nothing_is_there(void **state)
{
        (void) state;
        scene_start(BLOCK);
        UNTIL(ready() == 1);
        /* What comes later is no reason to say it again. */
        scene_plug(&stick);
        UNTIL(recorded() == 1);
        scene_run(100);
        assert_int_equal(ready(), 1);
}

static void after_what_was_there_is_refused_and_recorded(void **state)
{
        (void) state;
        bed_text(&scene.bed, "hang/1-2", "%s", "");
        scene_plug(&stick);
        scene_start(BLOCK);
        UNTIL(scene_gate("refuse 1-2") == 1);
        scene_run(300);
        assert_int_equal(ready(), 0);
        bed_remove(&scene.bed, "hang/1-2");
        UNTIL(ready() == 1);
        assert_int_equal(recorded(), 1);
}

static void at_last_although_a_device_hangs(void **state)
{
        (void) state;
        bed_text(&scene.bed, "hang/1-2", "%s", "");
        scene_plug(&stick);
        scene_start(BLOCK);
        UNTIL(scene_gate("refuse 1-2") == 1);
        scene_run(READY_MAX_USEC / 1000 + 500);
        assert_int_equal(ready(), 1);
        bed_remove(&scene.bed, "hang/1-2");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(at_once_when_nothing_is_there),
                TEST(after_what_was_there_is_refused_and_recorded),
                TEST(at_last_although_a_device_hangs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
