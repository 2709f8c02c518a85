/* links: agent/today.c agent/keptfile.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The day, the time that does not go back, and the timer; by a clock of the test's. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/today.h"

#define USEC 1000000ULL
#define DAY  20850U                      /* 2027-02-01 */
#define NOON (1801436400ULL + 12 * 3600) /* of that day, in Amsterdam */

static char directory[] = "/tmp/test-today-XXXXXX", path[64];
static sd_event *loop;
static struct today *today;
static uint64_t wall, boot; /* seconds */
static unsigned n_called, called_with;

static uint64_t usec(void *userdata, clockid_t clock)
{
        (void) userdata;
        return (clock == CLOCK_REALTIME ? wall : boot) * USEC;
}

static const struct today_clock fake = { .usec = usec };

static void callback(void *userdata, unsigned day)
{
        (void) userdata;
        n_called++;
        called_with = day;
}

static void begin(void)
{
        assert_int_equal(today_new(loop, path, &fake, callback, NULL, &today), 0);
}

static void restart(void)
{
        today = today_free(today);
        begin();
}

static int setup(void **state)
{
        (void) state;
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        snprintf(path, sizeof(path), "%s/clock", directory);
        unlink(path);
        wall = NOON;
        boot = 5000;
        n_called = 0;
        return sd_event_new(&loop);
}

static int teardown(void **state)
{
        (void) state;
        today = today_free(today);
        loop = sd_event_unref(loop);
        return 0;
}

static uint64_t kept(void)
{
        FILE *file = fopen(path, "re");
        unsigned long long seconds = 0;

        if (!file)
                return 0;
        assert_int_equal(fscanf(file, "%llu", &seconds), 1);
        fclose(file);
        return seconds;
}

static void keep_by_hand(const char *text)
{
        FILE *file = fopen(path, "we");

        fputs(text, file);
        fclose(file);
}

static void the_day_is_that_of_the_place(void **state)
{
        (void) state;
        begin();
        assert_int_equal(today_day(today), DAY);
        wall = NOON + 12 * 3600 - 1;
        assert_int_equal(today_day(today), DAY);
        wall++;
        assert_int_equal(today_day(today), DAY + 1);
        setenv("TZ", "UTC0", 1); /* an hour behind */
        assert_int_equal(today_day(today), DAY);
}

static void summer_time_moves_midnight(void **state)
{
        (void) state;
        begin();
        wall = 1806271200 - 1; /* 2027-03-28, the day that has 23 hours, ends at 22:00 UTC */
        assert_int_equal(today_day(today), 20905);
        wall++;
        assert_int_equal(today_day(today), 20906);
}

static void time_does_not_go_back(void **state)
{
        (void) state;
        begin();
        assert_int_equal(today_day(today), DAY);
        assert_int_equal(today_behind(today), 0);
        wall -= 10 * 86400;
        assert_int_equal(today_day(today), DAY);
        assert_int_equal(today_behind(today), 10 * 86400);
        /* And it goes on meanwhile. */
        boot += 86400;
        assert_int_equal(today_day(today), DAY + 1);
        restart();
        assert_int_equal(today_day(today), DAY + 1);
        assert_int_equal(today_behind(today), 11 * 86400);
        wall = NOON + 5 * 86400;
        assert_int_equal(today_day(today), DAY + 5);
        assert_int_equal(today_behind(today), 0);
}

static void a_file_that_makes_no_sense_is_none(void **state)
{
        static const char *const texts[] = { "",
                                             "\n",
                                             "x\n",
                                             "-1\n",
                                             "0\n",
                                             " 12\n",
                                             "1901436400",
                                             "1901436400 \n",
                                             "0x7000\n",
                                             "4102444800\n",
                                             "99999999999999999999999\n" };
        (void) state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                keep_by_hand(texts[i]);
                begin();
                assert_int_equal(today_day(today), DAY);
                today = today_free(today);
        }
        keep_by_hand("1901436400\n");
        begin();
        assert_true(today_day(today) > DAY);
}

static void it_is_kept_now_and_then_while_days_matter(void **state)
{
        (void) state;
        begin();
        assert_int_equal(today_day(today), DAY);
        usleep(50000);
        assert_int_equal(kept(), 0);
        today_watch(today, true);
        for (unsigned i = 0; i < 200 && kept() != NOON; i++)
                usleep(10000);
        assert_int_equal(kept(), NOON);
        wall += 299;
        (void) today_day(today);
        usleep(50000);
        assert_int_equal(kept(), NOON);
        wall += 1;
        (void) today_day(today);
        for (unsigned i = 0; i < 200 && kept() != NOON + 300; i++)
                usleep(10000);
        assert_int_equal(kept(), NOON + 300);
        wall += 1;
        today = today_free(today);
        assert_int_equal(kept(), NOON + 301);
}

static void what_no_clock_shows_is_not_kept(void **state)
{
        (void) state;
        begin();
        wall = 4102444800ULL;
        (void) today_day(today);
        today = today_free(today);
        assert_int_equal(kept(), 0);
}

static void without_a_disk_it_goes_on(void **state)
{
        (void) state;
        snprintf(path, sizeof(path), "%s/nothing/here", directory);
        begin();
        today_watch(today, true);
        assert_int_equal(today_day(today), DAY);
        today = today_free(today);
        assert_int_equal(today_new(loop, NULL, &fake, callback, NULL, &today), 0);
        assert_int_equal(today_day(today), DAY);
}

/* "settime flags" in fdinfo: TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET; and what is left of it, in seconds. */
static bool timer(uint64_t *ret_left)
{
        DIR *fds = opendir("/proc/self/fd");
        struct dirent *entry;
        bool found = false;

        while ((entry = readdir(fds))) {
                char name[300], line[128];
                unsigned flags = 0;
                unsigned long long left;
                bool mine = false;
                FILE *info;

                snprintf(name, sizeof(name), "/proc/self/fdinfo/%s", entry->d_name);
                info = fopen(name, "re");
                while (info && fgets(line, sizeof(line), info)) {
                        if (sscanf(line, "settime flags: %o", &flags) == 1)
                                mine = flags == 3;
                        if (mine && sscanf(line, "it_value: (%llu,", &left) == 1) {
                                found = true;
                                *ret_left = left;
                        }
                }
                if (info)
                        fclose(info);
        }
        closedir(fds);
        return found;
}

static void a_clock_that_is_set_wakes_it(void **state)
{
        uint64_t left = 0;

        (void) state;
        begin();
        assert_false(timer(&left));
        today_watch(today, true);
        assert_true(timer(&left));
        assert_in_range(left, 3590, 3600); /* the hour */
        wall = NOON + 12 * 3600 - 100;
        today_watch(today, true);
        assert_true(timer(&left));
        assert_in_range(left, 90, 100); /* midnight */
        today_watch(today, false);
        assert_true(timer(&left));
        assert_int_equal(left, 0);
}

static void midnight_calls(void **state)
{
        (void) state;
        begin();
        wall = NOON + 12 * 3600 - 1;
        today_watch(today, true);
        assert_int_equal(sd_event_run(loop, 500000), 0);
        wall++;
        for (unsigned i = 0; i < 100 && n_called == 0; i++)
                sd_event_run(loop, 50000);
        assert_int_equal(n_called, 1);
        assert_int_equal(called_with, DAY + 1);
        assert_int_equal(sd_event_run(loop, 100000), 0);
}

static int make_directory(void **state)
{
        (void) state;
        return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
        (void) state;
        snprintf(path, sizeof(path), "%s/clock", directory);
        unlink(path);
        return rmdir(directory);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(the_day_is_that_of_the_place),
                TEST(summer_time_moves_midnight),
                TEST(time_does_not_go_back),
                TEST(a_file_that_makes_no_sense_is_none),
                TEST(it_is_kept_now_and_then_while_days_matter),
                TEST(what_no_clock_shows_is_not_kept),
                TEST(without_a_disk_it_goes_on),
                TEST(a_clock_that_is_set_wakes_it),
                TEST(midnight_calls),
        };

        return cmocka_run_group_tests_name("today", tests, make_directory, remove_directory);
}
