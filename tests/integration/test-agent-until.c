/* links: tests/bed/scene.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A [device] that ends: on its day, by a clock that the test sets, and whatever is done to that clock. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "agent/parts.h"
#include "common/clock.h"
#include "tests/bed/scene.h"
#include "tests/bed/stick.h"

#define USEC     1000000LL
#define MIDNIGHT 1801436400LL /* the end of 2027-01-31 in Amsterdam: 23:00 UTC */
#define LOAN     "[policy]\nversion = 1\n[device loan]\nvendor = 0951\nproduct = 1666\naccess = allow\nuntil = 2027-01-31\n"

static int64_t offset_usec; /* of the test's clock from the kernel's */
static const char *lun;

static uint64_t fake_usec(void *userdata, clockid_t clock)
{
        (void) userdata;
        return clock_usec(clock) + (uint64_t) (clock == CLOCK_REALTIME ? offset_usec : 0);
}

/* The clock shows so many milliseconds after midnight. */
static void set_clock(int64_t milliseconds)
{
        offset_usec = 0;
        offset_usec = MIDNIGHT * USEC + milliseconds * 1000 - (int64_t) fake_usec(NULL, CLOCK_REALTIME);
}

static int setup(void **state)
{
        static const struct today_clock clock = { .usec = fake_usec };
        int r = scene_setup(state);

        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        scene.config.clock = &clock;
        return r;
}

static const char *plug(void)
{
        const char *devpath = scene_plug(&stick);
        char interface[BED_PATH * 2];

        snprintf(interface, sizeof(interface), "%s/1-2:1.0", devpath);
        lun = bed_lun(&scene.bed, interface, 3, 0, 0, "Kingston", "DataTraveler");
        scene_event("add", lun);
        return devpath;
}

static bool is_open(void)
{
        return bed_exists(&scene.bed, "run/lekdicht/grant/77");
}

static const char *state(void)
{
        struct device *device = inventory_find(scene.agent->inventory, "1-2");

        return device ? device_state_name(device->state) : "unknown";
}

static void an_open_stick_is_closed_when_its_day_is_over(void **state_)
{
        (void) state_;
        set_clock(-2500);
        scene_start(LOAN);
        plug();
        UNTIL(is_open() && strcmp(state(), "allowed") == 0);
        assert_int_equal(scene_gate("refuse 1-2"), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened",
                                       "LEKDICHT_REASON=opened by [device loan] until 2027-01-31", NULL),
                         1);
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_true(fake_usec(NULL, CLOCK_REALTIME) >= MIDNIGHT * USEC);
        UNTIL(strcmp(state(), "refused") == 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused",
                            "LEKDICHT_REASON=refused by [storage] usb-disk: [device loan] ended with 2027-01-31",
                            NULL) == 1);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 2);
}

static void read_only_of_a_kind_is_over_when_its_day_is(void **state_)
{
        (void) state_;
        set_clock(-2500);
        scene_start(
                "[policy]\nversion = 1\n[storage]\nusb-disk = read-only until 2027-01-31 then block\n"
                "sd-card = read-only until 2027-01-31 then block\noptical = read-only until 2027-01-31 then block\n");
        plug();
        UNTIL(strcmp(state(), "read-only") == 0);
        assert_int_equal(scene_gate("readonly 3:0:0:0"), 1);
        assert_true(bed_exists(&scene.bed, "run/lekdicht/readonly/78"));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.readonly",
                                       "LEKDICHT_REASON=opened read-only by [storage] usb-disk until 2027-01-31", NULL),
                         1);
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_true(fake_usec(NULL, CLOCK_REALTIME) >= MIDNIGHT * USEC);
        UNTIL(strcmp(state(), "refused") == 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused",
                            "LEKDICHT_REASON=refused by [storage] usb-disk: read-only ended with 2027-01-31",
                            NULL) == 1);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 2);
}

/* As after a new policy: what is in use is not cut off; its turn comes in half a minute (gatekeeper.h). */
static void a_stick_in_use_is_not_cut_off(void **state_)
{
        (void) state_;
        set_clock(-1500);
        scene_start(LOAN);
        plug();
        UNTIL(is_open());
        bed_text(&scene.bed, "exit/1-2", "5\n");
        UNTIL(strcmp(state(), "busy") == 0);
        scene_run(200);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        assert_true(is_open());
}

/* Of a card there is nothing but its LUN to judge. */
static void a_card_is_closed_too(void **state_)
{
        (void) state_;
        set_clock(-1500);
        scene_start("[policy]\nversion = 1\n[device loan]\nclass = sd-card\naccess = allow\nuntil = 2027-01-31\n");
        scene_event("add", bed_mmc(&scene.bed, "/devices/pci0000:00", "mmc0:0001", "SD", "0x12345678"));
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_KIND=sd-card", NULL) == 1);
        scene_run(500);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=sd-card", NULL) == 1);
}

/* Nobody judged anything in between. */
static void what_is_plugged_later_is_refused(void **state_)
{
        (void) state_;
        set_clock(-500);
        scene_start(LOAN);
        scene_run(50);
        set_clock(3600 * 1000);
        plug();
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_false(is_open());
}

static void a_clock_that_is_set_back_revives_nothing(void **state_)
{
        const char *devpath;

        (void) state_;
        set_clock(5000);
        scene_start(LOAN);
        devpath = plug();
        UNTIL(strcmp(state(), "refused") == 0);
        set_clock(-86400LL * 1000 * 30);
        inventory_judge_all(scene.agent->inventory);
        scene_run(100);
        scene_unplug(devpath);
        plug();
        UNTIL(scene_gate("refuse 1-2") == 2);
        /* Nor over a restart, nor by a policy that is read anew. */
        scene_stop();
        scene_start(LOAN);
        assert_int_equal(agent_reload(scene.agent), 1);
        scene_run(300);
        assert_int_equal(scene_gate("release 3:0:0:0") + scene_gate("release 1-2"), 0);
        assert_true(scene_journal_has("the clock is 30 days behind"));
        /* The control: without the kept time it would have been opened. */
        scene_stop();
        bed_remove(&scene.bed, "var/lib/lekdicht/clock");
        scene_start(LOAN);
        UNTIL(scene_gate("release 1-2") == 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scene_teardown)
                TEST(an_open_stick_is_closed_when_its_day_is_over),
                TEST(read_only_of_a_kind_is_over_when_its_day_is),
                TEST(a_stick_in_use_is_not_cut_off),
                TEST(a_card_is_closed_too),
                TEST(what_is_plugged_later_is_refused),
                TEST(a_clock_that_is_set_back_revives_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
