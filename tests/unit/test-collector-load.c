/* links: collector/load.c collector/deadline.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What bounds the server: how much at a time, and how long. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/deadline.h"
#include "collector/load.h"
#include "common/clock.h"

static void room_is_taken_and_given_back(void **state)
{
        struct load load;

        (void) state;
        load_init(&load);
        assert_true(load_take_body(&load, 0));
        assert_true(load_take_body(&load, LOAD_BODIES_MAX - 1));
        assert_false(load_take_body(&load, 2));
        assert_false(load_take_body(&load, SIZE_MAX));
        assert_true(load_take_body(&load, 1));
        assert_false(load_take_body(&load, 1));
        load_give_body(&load, 1);
        assert_true(load_take_body(&load, 1));

        for (unsigned i = 0; i < LOAD_PAGES_MAX; i++)
                assert_true(load_take_page(&load));
        assert_false(load_take_page(&load));
        load_give_page(&load);
        assert_true(load_take_page(&load));
        load_destroy(&load);
}

static void *give_later(void *userdata)
{
        struct load *load = userdata;

        while (!load_ending(load))
                usleep(1000);
        usleep(50000);
        load_give_waiting(load);
        usleep(50000);
        load_give_request(load);
        return NULL;
}

static void *give_waiting_last(void *userdata)
{
        struct load *load = userdata;

        while (!load_ending(load))
                usleep(1000);
        load_give_request(load);
        usleep(100000);
        load_give_waiting(load);
        return NULL;
}

static void the_end_waits_for_answers(void **state)
{
        struct load load;
        pthread_t thread;
        uint64_t began;

        (void) state;
        load_init(&load);
        assert_false(load_ending(&load));
        load_take_request(&load);
        assert_true(load_take_waiting(&load));
        assert_int_equal(pthread_create(&thread, NULL, give_later, &load), 0);
        load_drain(&load, 10000);
        pthread_join(thread, NULL);
        assert_int_equal(load.waiting, 0);
        assert_int_equal(load.requests, 0);
        assert_true(load_ending(&load));
        assert_false(load_take_waiting(&load));
        assert_false(load_take_body(&load, 1));
        assert_false(load_take_page(&load));

        load_destroy(&load);

        /* The writer is waited for however long it takes. */
        load_init(&load);
        load_take_request(&load);
        assert_true(load_take_waiting(&load));
        assert_int_equal(pthread_create(&thread, NULL, give_waiting_last, &load), 0);
        load_drain(&load, 0);
        assert_int_equal(load.waiting, 0);
        pthread_join(thread, NULL);

        load_take_request(&load); /* one that never ends is not waited for */
        began = clock_usec(CLOCK_MONOTONIC) / 1000;
        load_drain(&load, 1000);
        assert_in_range(clock_usec(CLOCK_MONOTONIC) / 1000 - began, 990, 5000);
        load_destroy(&load);
}

static void late_sockets_are_shut(void **state)
{
        struct deadlines deadlines;
        struct deadline *watched[3];
        int pairs[3][2];
        char byte;

        (void) state;
        deadlines_init(&deadlines);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pairs[i]), 0);
                watched[i] = deadlines_add(&deadlines, pairs[i][0]);
                assert_non_null(watched[i]);
        }
        assert_int_equal(deadlines_enforce(&deadlines), 0);
        deadlines_set(&deadlines, watched[0], 1);
        deadlines_set(&deadlines, watched[1], 60000);
        deadlines_set(&deadlines, watched[2], 1);
        deadlines_set(&deadlines, watched[2], 0);
        deadlines_set(&deadlines, NULL, 1);
        usleep(5000);
        assert_int_equal(deadlines_enforce(&deadlines), 1);
        assert_int_equal(deadlines_enforce(&deadlines), 0); /* once */
        assert_int_equal(read(pairs[0][1], &byte, 1), 0);
        for (int i = 1; i < 3; i++) {
                assert_int_equal(read(pairs[i][1], &byte, 1), -1);
                assert_int_equal(errno, EAGAIN);
        }
        deadlines_remove(&deadlines, watched[1]); /* the middle, the first, the last of the list */
        deadlines_remove(&deadlines, watched[2]);
        deadlines_remove(&deadlines, watched[0]);
        deadlines_remove(&deadlines, NULL);
        assert_null(deadlines.first);
        deadlines_destroy(&deadlines);
        for (int i = 0; i < 3; i++) {
                close(pairs[i][0]);
                close(pairs[i][1]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(room_is_taken_and_given_back),
                cmocka_unit_test(the_end_waits_for_answers),
                cmocka_unit_test(late_sockets_are_shut),
        };

        return cmocka_run_group_tests_name("collector load", tests, NULL, NULL);
}
