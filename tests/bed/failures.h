/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The ways in which a disk fails, for what has to live through each of them at each of its operations. A test says with
 * LIVES_THROUGH() that its live_with() is to be asked one of them; cmocka hands it over as the state. */

#include "tests/bed/faultdisk.h"

struct failure {
        enum faultdisk_fault fault;
        enum faultdisk_left left; /* of FAULTDISK_CUT */
        bool once;
};

static struct failure a_disk_that_fails_once = { .fault = FAULTDISK_EIO, .once = true };
static struct failure a_disk_that_goes_on_failing = { .fault = FAULTDISK_EIO };
static struct failure a_disk_that_is_full = { .fault = FAULTDISK_ENOSPC };
static struct failure a_disk_that_becomes_read_only = { .fault = FAULTDISK_EROFS };
static struct failure a_power_cut_that_leaves_only_what_was_synced = { .fault = FAULTDISK_CUT,
                                                                       .left = FAULTDISK_NOTHING };
static struct failure a_power_cut_that_leaves_every_other_sector = { .fault = FAULTDISK_CUT,
                                                                     .left = FAULTDISK_SECTORS };

/* Set up and torn down by setup() and teardown() of the test. */
#define LIVES_THROUGH(failure)                                                                                         \
        {                                                                                                              \
#failure, live_with, setup, teardown, &failure                                                         \
        }

/* All of them, between the braces of the list of tests. */
#define LIVES_THROUGH_ALL                                                                                              \
        LIVES_THROUGH(a_disk_that_fails_once), LIVES_THROUGH(a_disk_that_goes_on_failing),                             \
                LIVES_THROUGH(a_disk_that_is_full), LIVES_THROUGH(a_disk_that_becomes_read_only),                      \
                LIVES_THROUGH(a_power_cut_that_leaves_only_what_was_synced),                                           \
                LIVES_THROUGH(a_power_cut_that_leaves_every_other_sector)
