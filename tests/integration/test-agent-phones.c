/* links: tests/bed/scene.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Phones, tablets and cameras: what gives their files away is refused, the rest of them is not, and nobody writes down
 * whose it is. udevd is played by the property that our rule leaves in its events. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/parts.h"
#include "tests/bed/scene.h"

#define BLOCK      "[policy]\nversion = 1\nmode = enforce\n"
#define ALLOW(key) BLOCK "[storage]\n" key " = allow\n"

#define MTP                                                                                                            \
        {                                                                                                              \
                0x06, 0x01, 0x01, "MTP"                                                                                \
        }
#define PTP                                                                                                            \
        {                                                                                                              \
                0x06, 0x01, 0x01, NULL                                                                                 \
        }
#define OLD                                                                                                            \
        {                                                                                                              \
                0xff, 0xff, 0x00, "MTP"                                                                                \
        }
#define ADB                                                                                                            \
        {                                                                                                              \
                0xff, 0x42, 0x01, "ADB Interface"                                                                      \
        }
#define RNDIS                                                                                                          \
        {                                                                                                              \
                0xe0, 0x01, 0x03, "RNDIS Communications Control"                                                       \
        }
#define DATA                                                                                                           \
        {                                                                                                              \
                0x0a, 0x00, 0x00, "RNDIS Ethernet Data"                                                                \
        }
#define AUDIO                                                                                                          \
        {                                                                                                              \
                0x01, 0x01, 0x00, NULL                                                                                 \
        }
#define USBMUX                                                                                                         \
        {                                                                                                              \
                0xff, 0xfe, 0x02, "Apple USB Multiplexor"                                                              \
        }

#define PHONE(number, ...)                                                                                             \
        {                                                                                                              \
                .port = "1-2", .vendor = 0x04e8, .product = 0x6860, .manufacturer = "SAMSUNG",                         \
                .name = "Fenna's Galaxy", .serial = "R58M123ABCD", .devnum = number, .interfaces = {                   \
                        __VA_ARGS__                                                                                    \
                }                                                                                                      \
        }

static const struct bed_usb mtp = PHONE(5, MTP), ptp = PHONE(5, PTP), old = PHONE(5, OLD), adb = PHONE(5, AUDIO, ADB),
                            both = PHONE(5, MTP, ADB), tethering = PHONE(5, RNDIS, DATA, MTP),
                            only_tethering = PHONE(5, RNDIS, DATA), charging = PHONE(5, AUDIO),
                            strange = PHONE(5, AUDIO, BED_VENDOR, BED_VENDOR);
static const struct bed_usb iphone = { .port = "1-2",
                                       .vendor = 0x05ac,
                                       .product = 0x12a8,
                                       .manufacturer = "Apple Inc.",
                                       .name = "iPhone",
                                       .serial = "00008030001A",
                                       .devnum = 5,
                                       .interfaces = { PTP, USBMUX, AUDIO } };
static const struct bed_usb apple_keyboard = {
        .port = "1-3", .vendor = 0x05ac, .product = 0x0250, .devnum = 6, .interfaces = { BED_HID }
};
static const struct bed_usb stick = {
        .port = "1-4", .vendor = 0x0951, .product = 0x1666, .devnum = 7, .interfaces = { BED_BOT }
};

static bool authorized(const char *devpath, const char *interface)
{
        char path[BED_PATH * 2];
        const char *value;

        snprintf(path, sizeof(path), "%s%s%s", devpath, *interface ? "/" : "", interface);
        value = bed_get(&scene.bed, path, "authorized");
        return value && strcmp(value, "1") == 0;
}

static unsigned refusals(const char *kind)
{
        char field[64];

        snprintf(field, sizeof(field), "LEKDICHT_KIND=%s", kind);
        return scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", field, NULL);
}

/* udevd has run its rules, and ours left the tag and this. */
static void udev_says(const struct bed_usb *usb, const char *devpath, const char *what)
{
        char path[BED_PATH * 2];

        snprintf(path, sizeof(path), "sys%s/uevent", devpath);
        bed_text(&scene.bed, path,
                 "DEVTYPE=usb_device\nBUSNUM=001\nDEVNUM=%03u\nLEKDICHT_PHONE=%s\nTAGS=:lekdicht-phone:\n"
                 "CURRENT_TAGS=:lekdicht-phone:\n",
                 usb->devnum, what);
        scene_event("add", devpath);
}

/* The agent is at its ease, and does look: a stick is refused. */
static void assert_awake(void)
{
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-4") == 1);
}

static void files_are_refused_and_the_device_is_not(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&mtp);
        UNTIL(scene_gate("refuse 1-2:1.0") == 1 && !authorized(devpath, "1-2:1.0"));
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 1);
        assert_true(authorized(devpath, ""));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=phone-mtp",
                                       "LEKDICHT_PORT=1-2", "LEKDICHT_RULE=[storage] phone-mtp", NULL),
                         1);
}

static void nobody_writes_down_whose_phone_it_is(void **state)
{
        static const char *const secrets[] = { "Fenna", "Galaxy", "SAMSUNG", "R58M123ABCD",     "04e8",
                                               "6860",  "1256",   "26720",   "LEKDICHT_VENDOR", "LEKDICHT_PRODUCT" };
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&mtp);
        UNTIL(refusals("phone-mtp") == 1);
        scene_run(300);
        bed_attribute(&scene.bed, devpath, "authorized", "1");
        scene_unplug(devpath);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL) == 1);
        for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
                if (scene_journal_has(secrets[i]))
                        fail_msg("the journal has \"%s\"", secrets[i]);
}

static void each_kind_has_its_key(void **state)
{
        static const struct {
                const struct bed_usb *usb;
                const char *kind, *refuse;
        } cases[] = {
                { &mtp, "phone-mtp", "refuse 1-2:1.0" },       { &ptp, "phone-ptp", "refuse 1-2:1.0" },
                { &old, "phone-mtp", "refuse 1-2:1.0" },       { &adb, "phone-adb", "refuse 1-2:1.1" },
                { &iphone, "phone-apple", "refuse 1-2:1.1" },  { &both, "phone-mtp", "refuse 1-2:1.1" },
                { &tethering, "phone-mtp", "refuse 1-2:1.2" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                if (i > 0)
                        assert_int_equal(scene_setup(state), 0);
                scene_start(BLOCK);
                scene_plug(cases[i].usb);
                UNTIL(scene_gate(cases[i].refuse) == 1 && refusals(cases[i].kind) == 1);
                scene_run(50);
                assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.*", NULL), 1);
                if (i + 1 < sizeof(cases) / sizeof(cases[0]))
                        assert_int_equal(scene_teardown(state), 0);
        }
}

static void tethering_sound_and_charging_stay(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&tethering);
        UNTIL(!authorized(devpath, "1-2:1.2"));
        assert_true(authorized(devpath, "") && authorized(devpath, "1-2:1.0") && authorized(devpath, "1-2:1.1"));
        assert_int_equal(scene_gate_calls(), 1);
}

static void nothing_to_refuse_is_nobodys_business(void **state)
{
        (void) state;
        scene_start(BLOCK);
        for (unsigned i = 0; i < 2; i++) {
                const char *devpath = scene_plug(i ? &charging : &only_tethering);

                scene_run(100);
                scene_unplug(devpath);
        }
        scene_plug(&apple_keyboard);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_PORT=*", NULL), 0);
        assert_awake();
}

/* A vendor's own MTP: nothing says so but libmtp's tables. */
static void what_only_udev_knows_is_refused(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&strange);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        udev_says(&strange, devpath, "mtp");
        UNTIL(scene_gate("refuse 1-2:1.1") == 1 && scene_gate("refuse 1-2:1.2") == 1);
        assert_true(authorized(devpath, "") && authorized(devpath, "1-2:1.0"));
        assert_int_equal(refusals("phone-mtp"), 1);
}

static void allowed_phone_is_given(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW("phone-mtp"));
        devpath = scene_plug(&mtp);
        UNTIL(scene_gate("release 1-2") == 1 && bed_exists(&scene.bed, "run/lekdicht/phone/001-005"));
        scene_event("change", devpath);
        udev_says(&mtp, devpath, "1");
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_KIND=phone-mtp",
                                       "LEKDICHT_RULE=[storage] phone-mtp", NULL),
                         1);
        assert_true(authorized(devpath, "1-2:1.0"));
}

/* They share one node: who has it for the files has it for the debugging too. */
static void allowed_in_part_is_refused(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW("phone-mtp"));
        devpath = scene_plug(&both);
        UNTIL(!authorized(devpath, "1-2:1.0") && !authorized(devpath, "1-2:1.1"));
        scene_run(100);
        assert_int_equal(refusals("phone-adb"), 1);
        assert_false(bed_exists(&scene.bed, "run/lekdicht/phone/001-005"));
        assert_int_equal(scene_gate("release 1-2"), 0);
}

/* A phone that brings its drivers on a disk. Each part is refused by its own interface, and one that is keeps the node. */
static void files_on_a_disk_as_well(void **state)
{
        static const struct bed_usb drivers = PHONE(5, MTP, BED_BOT, AUDIO);
        const char *devpath;

        (void) state;
        scene_start(ALLOW("phone-mtp"));
        devpath = scene_plug(&drivers);
        UNTIL(scene_gate("refuse 1-2:1.1") == 1 && !authorized(devpath, "1-2:1.1"));
        scene_run(100);
        assert_true(authorized(devpath, "") && authorized(devpath, "1-2:1.0") && authorized(devpath, "1-2:1.2"));
        scene_policy(BLOCK);
        assert_true(agent_reload(scene.agent) > 0);
        UNTIL(scene_gate("refuse 1-2:1.0") == 1 && !authorized(devpath, "1-2:1.0"));
        assert_true(authorized(devpath, "") && authorized(devpath, "1-2:1.2"));
        assert_false(scene_journal_has("04e8"));
}

/* An interface alone is brought back through a node that was opened before. */
static void what_was_given_is_taken_whole(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW("phone-mtp"));
        devpath = scene_plug(&mtp);
        UNTIL(bed_exists(&scene.bed, "run/lekdicht/phone/001-005"));
        scene_run(100);
        scene_policy(BLOCK);
        assert_true(agent_reload(scene.agent) > 0);
        UNTIL(scene_gate("refuse 1-2") == 1 && !authorized(devpath, ""));
        assert_false(bed_exists(&scene.bed, "run/lekdicht/phone/001-005"));
        scene_run(100);
        scene_policy(ALLOW("phone-mtp"));
        assert_true(agent_reload(scene.agent) > 0);
        UNTIL(scene_gate("release 1-2") == 2 && authorized(devpath, "") &&
              bed_exists(&scene.bed, "run/lekdicht/phone/001-005"));
}

static void what_was_refused_opens_with_the_policy(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&mtp);
        UNTIL(!authorized(devpath, "1-2:1.0"));
        scene_run(100);
        scene_policy(ALLOW("phone-mtp"));
        assert_true(agent_reload(scene.agent) > 0);
        UNTIL(scene_gate("release 1-2:1.0") == 1 && authorized(devpath, "1-2:1.0"));
        scene_event("change", devpath); /* as the gate asks for one */
        UNTIL(scene_gate("release 1-2") == 1 && bed_exists(&scene.bed, "run/lekdicht/phone/001-005"));
}

static void interface_that_comes_back_is_refused_again(void **state)
{
        char path[BED_PATH * 2];
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&mtp);
        UNTIL(!authorized(devpath, "1-2:1.0"));
        scene_run(100);
        snprintf(path, sizeof(path), "%s/1-2:1.0", devpath);
        bed_attribute(&scene.bed, path, "authorized", "1");
        scene_event("change", path);
        UNTIL(scene_gate("refuse 1-2:1.0") == 2 && !authorized(devpath, "1-2:1.0"));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.drift", "LEKDICHT_KIND=phone-mtp", NULL), 1);
        assert_int_equal(refusals("phone-mtp"), 1);
}

static void present_at_the_start_is_judged(void **state)
{
        const char *devpath;

        (void) state;
        devpath = bed_usb(&scene.bed, &mtp, true);
        scene_start(BLOCK);
        UNTIL(scene_gate("refuse 1-2:1.0") == 1 && !authorized(devpath, "1-2:1.0"));
        /* And a second agent finds it refused. */
        scene_run(100);
        scene_stop();
        scene_start(BLOCK);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 1);
}

/* Nobody waits for it, neither the boot nor whoever asks. */
static void without_a_configuration_it_is_held(void **state)
{
        const struct device *device;
        const char *devpath;

        (void) state;
        devpath = bed_usb(&scene.bed, &iphone, false);
        scene_start(BLOCK);
        scene_run(100);
        device = inventory_find(scene.agent->inventory, "1-2");
        assert_non_null(device);
        assert_int_equal(device->state, DEVICE_HELD);
        assert_int_equal(scene_gate_calls(), 0);
        /* And judged as soon as it has one. */
        scene_event("add", bed_usb_interface(&scene.bed, &iphone, devpath, 1, 1));
        UNTIL(scene_gate("refuse 1-2:1.1") == 1 && !authorized(devpath, "1-2:1.1"));
        scene_run(50);
        assert_int_equal(device->state, DEVICE_REFUSED);
}

static void audit_holds_nothing(void **state)
{
        const char *devpath;

        (void) state;
        bed_text(&scene.bed, "run/lekdicht/open", "%s", "");
        bed_text(&scene.bed, "etc/lekdicht/gate.open", "audit\n");
        scene_start("[policy]\nversion = 1\nmode = audit\n");
        devpath = scene_plug(&mtp);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_AUDIT=yes", "LEKDICHT_KIND=phone-mtp",
                            NULL) == 1);
        scene_run(100);
        assert_int_equal(scene_gate("refuse 1-2:1.0"), 0);
        assert_true(authorized(devpath, "1-2:1.0"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(files_are_refused_and_the_device_is_not),
                TEST(nobody_writes_down_whose_phone_it_is),
                TEST(each_kind_has_its_key),
                TEST(tethering_sound_and_charging_stay),
                TEST(nothing_to_refuse_is_nobodys_business),
                TEST(what_only_udev_knows_is_refused),
                TEST(allowed_phone_is_given),
                TEST(allowed_in_part_is_refused),
                TEST(files_on_a_disk_as_well),
                TEST(what_was_given_is_taken_whole),
                TEST(what_was_refused_opens_with_the_policy),
                TEST(interface_that_comes_back_is_refused_again),
                TEST(present_at_the_start_is_judged),
                TEST(without_a_configuration_it_is_held),
                TEST(audit_holds_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
