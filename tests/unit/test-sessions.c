/* links: agent/sessions.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who is here, by files as logind writes them, read by libsystemd where it always reads them: the test has a /run of its
 * own. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/sessions.h"

#define TEACHER 1000
#define NOBODY  ((uid_t) -1)

static sd_event *loop;
static struct sessions *sessions;
static struct session here;
static unsigned n_told;
static bool own_run;

static void on_session(void *userdata, const struct session *session)
{
        (void) userdata;
        here = *session;
        n_told++;
}

/* As logind does: aside and renamed, which is what the kernel tells. */
static void write_file(const char *path, const char *text)
{
        char aside[128];
        FILE *file;

        snprintf(aside, sizeof(aside), "%s.new", path);
        file = fopen(aside, "we");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        assert_int_equal(rename(aside, path), 0);
}

static void seat(const char *active)
{
        char text[256];

        snprintf(text, sizeof(text),
                 "IS_SEAT0=1\nCAN_MULTI_SESSION=1\nCAN_TTY=1\nCAN_GRAPHICAL=1\n%s%s%sSESSIONS=1 2 c1\n",
                 active ? "ACTIVE=" : "", active ?: "", active ? "\n" : "");
        write_file("/run/systemd/seats/seat0", text);
}

static void session(const char *id, unsigned uid, const char *class, const char *state, bool remote)
{
        char path[64], text[512];

        snprintf(path, sizeof(path), "/run/systemd/sessions/%s", id);
        snprintf(text, sizeof(text),
                 "UID=%u\nUSER=someone\nACTIVE=%d\nIS_DISPLAY=1\nSTATE=%s\nREMOTE=%d\nTYPE=wayland\n"
                 "CLASS=%s\nSEAT=seat0\nVTNR=2\n",
                 uid, strcmp(state, "active") == 0, state, remote, class);
        write_file(path, text);
}

static void run_for(uint64_t usec)
{
        struct timespec now;
        uint64_t begun = 0, passed = 0;

        while (passed < usec) {
                sd_event_run(loop, 10000);
                clock_gettime(CLOCK_MONOTONIC, &now);
                passed = (uint64_t) now.tv_sec * 1000000ULL + (uint64_t) now.tv_nsec / 1000ULL;
                begun = begun ?: passed;
                passed -= begun;
        }
}

/* Who is here, after the loop had time to hear of it. */
static uid_t seen(void)
{
        run_for(100000);
        return here.id[0] ? here.uid : NOBODY;
}

static int setup(void **state)
{
        (void) state;
        if (!own_run)
                return 0;
        n_told = 0;
        here = (struct session){ 0 };
        if (umount("/run") < 0 && errno != EINVAL)
                return -1;
        if (mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0 || mkdir("/run/systemd", 0755) < 0 ||
            mkdir("/run/systemd/seats", 0755) < 0 || mkdir("/run/systemd/sessions", 0755) < 0)
                return -1;
        if (sd_event_new(&loop) < 0)
                return -1;
        return sessions_new(loop, NULL, on_session, NULL, &sessions);
}

static int teardown(void **state)
{
        (void) state;
        sessions = sessions_free(sessions);
        loop = sd_event_unref(loop);
        return 0;
}

#define NEEDS_OWN_RUN()                                                                                                \
        do {                                                                                                           \
                if (!own_run)                                                                                          \
                        skip();                                                                                        \
        } while (0)

static void people_come_and_go(void **state)
{
        (void) state;
        NEEDS_OWN_RUN();
        sessions_watch(sessions, true);
        assert_int_equal(n_told, 0);
        session("2", TEACHER, "user", "active", false);
        seat("2");
        assert_int_equal(seen(), TEACHER);
        assert_string_equal(here.id, "2");
        assert_int_equal(n_told, 1);
        /* Nothing of it is new, and another's login is no matter. */
        session("2", TEACHER, "user", "active", false);
        session("7", 1234, "user", "online", false);
        assert_int_equal(seen(), TEACHER);
        assert_int_equal(n_told, 1);
        /* "Switch user": the login screen is nobody's. */
        session("c1", 120, "greeter", "active", false);
        session("2", TEACHER, "user", "online", false);
        seat("c1");
        assert_int_equal(seen(), NOBODY);
        assert_int_equal(n_told, 2);
        seat("7");
        session("7", 1234, "user", "active", false);
        assert_int_equal(seen(), 1234);
        seat(NULL);
        assert_int_equal(seen(), NOBODY);
        assert_int_equal(n_told, 4);
}

/* A seat's file comes before its session's, and the second one alone may say it. */
static void a_change_of_the_session_alone_counts(void **state)
{
        (void) state;
        NEEDS_OWN_RUN();
        session("2", TEACHER, "user", "opening", false);
        seat("2");
        sessions_watch(sessions, true);
        assert_int_equal(seen(), NOBODY);
        session("2", TEACHER, "user", "active", false);
        assert_int_equal(seen(), TEACHER);
        session("2", TEACHER, "user", "closing", false);
        assert_int_equal(seen(), NOBODY);
        session("2", TEACHER, "user", "active", false);
        assert_int_equal(seen(), TEACHER);
        assert_int_equal(unlink("/run/systemd/sessions/2"), 0);
        assert_int_equal(seen(), NOBODY);
}

static void some_are_nobody(void **state)
{
        static const struct {
                const char *class, *state;
                unsigned uid;
                bool remote;
                uid_t seen;
        } table[] = {
                { "user", "active", TEACHER, false, TEACHER },   { "user", "active", 0, false, NOBODY },
                { "user", "active", TEACHER, true, NOBODY },     { "user", "online", TEACHER, false, NOBODY },
                { "greeter", "active", TEACHER, false, NOBODY }, { "lock-screen", "active", TEACHER, false, NOBODY },
                { "manager", "active", TEACHER, false, NOBODY }, { "background", "active", TEACHER, false, NOBODY },
                { "user", "active", TEACHER, false, TEACHER },
        };

        (void) state;
        NEEDS_OWN_RUN();
        seat("2");
        sessions_watch(sessions, true);
        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
                session("2", table[i].uid, table[i].class, table[i].state, table[i].remote);
                assert_int_equal(seen(), table[i].seen);
        }
        seat("0123456789012345678901234567890123456789012345678901234567890123456789");
        assert_int_equal(seen(), NOBODY);
}

static void nobody_looks_before_it_matters(void **state)
{
        (void) state;
        NEEDS_OWN_RUN();
        session("2", TEACHER, "user", "active", false);
        seat("2");
        assert_int_equal(seen(), NOBODY);
        sessions_watch(sessions, true);
        assert_int_equal(n_told, 1);
        sessions_watch(sessions, false);
        seat(NULL);
        (void) seen();
        assert_int_equal(n_told, 1);
        /* And a laptop without logind has nobody. */
        here = (struct session){ 0 };
        assert_int_equal(unlink("/run/systemd/seats/seat0"), 0);
        assert_int_equal(rmdir("/run/systemd/seats"), 0);
        sessions_watch(sessions, true);
        assert_int_equal(seen(), NOBODY);
}

/* Needs root, or a kernel that lets everybody have namespaces. */
static bool take_own_run(void)
{
        uid_t uid = getuid();
        int fd;

        if (unshare(CLONE_NEWNS) < 0) {
                if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
                        return false;
                fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
                if (fd < 0)
                        return false;
                dprintf(fd, "0 %u 1\n", uid);
                close(fd);
        }
        return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(people_come_and_go),
                TEST(a_change_of_the_session_alone_counts),
                TEST(some_are_nobody),
                TEST(nobody_looks_before_it_matters),
        };

        own_run = take_own_run();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
