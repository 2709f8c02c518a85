/* links: tests/bed/scene.c tests/bed/scenebus.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a notice tells besides the device, and that who could not be told gets it later, once: the agent on a private bus. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/bed/scene.h"
#include "tests/bed/scenebus.h"
#include "tests/bed/stick.h"

#define BLOCK     "[policy]\nversion = 1\n"
#define READ_ONLY "[policy]\nversion = 2\n[storage]\nusb-disk = read-only until 2099-02-01 then block\n"
#define DEVPATH   "/devices/pci0000:00/0000:00:14.0/usb1/1-2"
#define QUIET     800U /* ms: longer than a notice waits for anything */

static unsigned n_notices;
static char kind[64], plug[64], name[64], code[16], count[16], until[16];

static void keep(sd_bus_message *message, const char *key, char *text, size_t size)
{
        assert_true(sd_bus_message_rewind(message, true) >= 0);
        snprintf(text, size, "%s", value_of(message, key));
}

static int on_notice(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) userdata;
        (void) error;
        keep(message, "Kind", kind, sizeof(kind));
        keep(message, "Plug", plug, sizeof(plug));
        keep(message, "Name", name, sizeof(name));
        keep(message, "Code", code, sizeof(code));
        keep(message, "Count", count, sizeof(count));
        keep(message, "Until", until, sizeof(until));
        n_notices++;
        return 0;
}

static int setup(void **state)
{
        n_notices = 0;
        if (scene_setup(state) < 0)
                return -1;
        start_bus(NULL);
        client = join();
        assert_true(sd_bus_match_signal_async(client, NULL, NULL, PATH, NAME, "Notice", on_notice, NULL, NULL) >= 0);
        return 0;
}

static int teardown(void **state)
{
        answer = sd_bus_message_unref(answer);
        client = sd_bus_close_unref(client);
        scene_teardown(state);
        stop_bus();
        return 0;
}

static void plug_in(unsigned times)
{
        for (unsigned i = 1; i <= times; i++) {
                if (i > 1)
                        scene_unplug(DEVPATH);
                scene_plug(&stick);
                UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) == i);
                scene_run(QUIET);
        }
        assert_int_equal(n_notices, 0);
}

static void subscribe_anew(void)
{
        call("Unsubscribe", "");
        call("Subscribe", "");
        assert_false(is_error(NULL));
        scene_run(QUIET);
}

/* A notifier that starts a moment too late, or anew. */
static void one_that_was_missed_comes_whole_and_once(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        plug_in(1);
        call("Subscribe", "");
        UNTIL(n_notices == 1);
        assert_string_equal(kind, "device-refused");
        assert_memory_equal(plug, "1-2#", 4);
        assert_string_equal(name, "Kingston DataTraveler");
        assert_int_equal(strlen(code), 6);
        subscribe_anew();
        assert_int_equal(n_notices, 1);
}

/* Before a login: how many, and nothing of what they call themselves. */
static void many_that_were_missed_are_one_line(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        plug_in(3);
        call("Subscribe", "");
        UNTIL(n_notices == 1);
        assert_string_equal(kind, "earlier");
        assert_string_equal(count, "3");
        assert_string_equal(name, "");
        assert_int_equal(strlen(code), 6);
        subscribe_anew();
        assert_int_equal(n_notices, 1);
        /* And from then on as ever. */
        scene_unplug(DEVPATH);
        scene_plug(&stick);
        UNTIL(n_notices == 2);
        assert_string_equal(kind, "device-refused");
        assert_string_equal(count, "");
}

/* What was told is not told again to who comes later. */
static void what_was_told_is_not_missed(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        scene_plug(&stick);
        UNTIL(n_notices == 1);
        subscribe_anew();
        assert_int_equal(n_notices, 1);
}

/* The last day on which it opens stands in the notice. */
static void read_only_says_until_when(void **state)
{
        char interface[BED_PATH * 2];

        (void) state;
        scene_start(READ_ONLY);
        agent_answers();
        call("Subscribe", "");
        snprintf(interface, sizeof(interface), "%s/1-2:1.0", scene_plug(&stick));
        scene_event("add", bed_lun(&scene.bed, interface, 3, 0, 0, "Kingston", "DataTraveler"));
        UNTIL(n_notices == 1);
        assert_string_equal(kind, "device-readonly");
        assert_string_equal(until, "2099-02-01");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(one_that_was_missed_comes_whole_and_once),
                TEST(many_that_were_missed_are_one_line),
                TEST(what_was_told_is_not_missed),
                TEST(read_only_says_until_when),
        };

        return cmocka_run_group_tests_name("agent-notices", tests, scenebus_init, scenebus_done);
}
