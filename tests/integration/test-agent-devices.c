/* links: tests/bed/scene.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Devices come and go; the gate is closed and the policy is the school's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/parts.h"
#include "common/sysfs.h"
#include "tests/bed/scene.h"
#include "tests/bed/stick.h"

#define BLOCK "[policy]\nversion = 1\nmode = enforce\n"
#define ALLOW_STICK                                                                                                    \
        BLOCK "[device lokaal-2.14]\nvendor = 0951\nproduct = 1666\nserial = 60A44C4252E1E4A1\naccess = allow\n"
#define PCI            "/devices/pci0000:00/0000:00:14.0"
#define ALLOW_OPTICAL  BLOCK "[storage]\noptical = allow\n"
#define ALLOW_DISKS    BLOCK "[storage]\nusb-disk = allow\n"
#define PLENTY_SECONDS 30 /* that a busy machine may take for what takes none */

static const struct bed_usb other = { .port = "1-4",
                                      .vendor = 0x0781,
                                      .product = 0x5567,
                                      .serial = "4C5300012703",
                                      .devnum = 6,
                                      .interfaces = { BED_BOT } };
static const struct bed_usb keyboard = {
        .port = "1-3", .vendor = 0x046d, .product = 0xc31c, .devnum = 7, .interfaces = { BED_HID }
};
static const struct bed_usb vendors = {
        .port = "1-5", .vendor = 0x0bda, .product = 0x0138, .devnum = 9, .interfaces = { BED_VENDOR }
};

/* A LUN on interface 0, told to the agent. */
static const char *plug_lun(const struct bed_usb *usb, const char *devpath, unsigned host, unsigned lun, unsigned type)
{
        const char *path = bed_lun(&scene.bed, interface_of(usb, devpath, 0), host, lun, type, "Generic", "Flash Disk");

        scene_event("add", path);
        return path;
}

static void stick_is_refused_whole(void **state)
{
        char path[BED_PATH * 2];
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
        snprintf(path, sizeof(path), "%s%s", scene.bed.sys, devpath);
        assert_string_equal(bed_read(&scene.bed, "gate.paths"), path);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=usb-disk",
                                       "LEKDICHT_VENDOR=0951", "LEKDICHT_PRODUCT=1666", "LEKDICHT_PORT=1-2",
                                       "LEKDICHT_RULE=[storage] usb-disk",
                                       "LEKDICHT_REASON=refused by [storage] usb-disk", "LEKDICHT_AUDIT=no",
                                       "LEKDICHT_GATE=closed", "LEKDICHT_USEC_TO_VERDICT=*", NULL),
                         1);
        assert_false(scene_journal_has("60A44C4252E1E4A1"));
        assert_false(scene_journal_has("DataTraveler"));
}

static void stick_is_refused_before_its_interfaces(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = bed_usb(&scene.bed, &stick, false);
        scene_event("add", devpath);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
}

static void interface_event_alone_suffices(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = bed_usb(&scene.bed, &stick, true);
        scene_event("add", interface_of(&stick, devpath, 0));
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
}

static void composite_loses_its_storage_only(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&composite);
        UNTIL(scene_gate("refuse 1-3:1.1") == 1 && is_off(interface_of(&composite, devpath, 1)));
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 1);
        assert_false(is_off(devpath));
        assert_false(is_off(interface_of(&composite, devpath, 0)));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_PORT=1-3", NULL), 1);
}

static void interface_that_comes_back_is_refused_again(void **state)
{
        const char *devpath, *interface;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&composite);
        UNTIL(scene_gate("refuse 1-3:1.1") == 1 && is_off(interface_of(&composite, devpath, 1)));
        /* What SETCONFIGURATION does. */
        scene_unplug(interface_of(&composite, devpath, 1));
        interface = bed_usb_interface(&scene.bed, &composite, devpath, 1, 1);
        scene_event("add", interface);
        UNTIL(scene_gate("refuse 1-3:1.1") == 2 && is_off(interface));
        scene_run(50);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 1);
}

static void device_that_was_switched_on_is_refused_again(void **state)
{
        char reason[128];
        unsigned told = 0;
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
        scene_run(100);
        bed_attribute(&scene.bed, devpath, "authorized", "1");
        scene_event("add", interface_of(&stick, devpath, 0));
        UNTIL(scene_gate("refuse 1-2") == 2 && is_off(devpath));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.drift", "LEKDICHT_PORT=1-2", NULL), 1);
        for (unsigned seconds = 1; seconds <= PLENTY_SECONDS; seconds++) {
                snprintf(reason, sizeof(reason), "LEKDICHT_REASON=switched on again by someone else; for %u s at most",
                         seconds);
                told += scene_journal(reason, NULL);
        }
        assert_int_equal(told, 1);
}

static void keyboard_is_nobodys_business(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&keyboard);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_PORT=*", NULL), 0);
        /* And the agent did look: */
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_false(is_off(devpath));
}

static void allowed_stick_opens_lun_by_lun(void **state)
{
        const char *devpath, *lun;

        (void) state;
        scene_start(ALLOW_STICK);
        devpath = scene_plug(&stick);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        lun = plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1 && bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        assert_int_equal(
                scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_RULE=[device lokaal-2.14]", NULL), 1);
        scene_run(50);
        scene_event("add", lun);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.*", NULL), 1);
        assert_false(scene_journal_has("60A44C4252E1E4A1"));
}

static void same_model_with_another_serial_is_refused(void **state)
{
        struct bed_usb twin = stick;

        (void) state;
        twin.serial = "60A44C4252E1E4A2";
        scene_start(ALLOW_STICK);
        scene_plug(&twin);
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", NULL), 0);
}

static void other_medium_gets_its_own_grant(void **state)
{
        char path[BED_PATH * 2];
        const char *devpath, *lun;

        (void) state;
        scene_start(ALLOW_STICK);
        devpath = scene_plug(&stick);
        lun = plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1 && bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        scene_run(100);
        snprintf(path, sizeof(path), "%s/block/sdx", lun);
        bed_device(&scene.bed, path, "block", "DEVTYPE=disk\n");
        scene_event("change", path);
        scene_run(100);
        assert_int_equal(scene_gate("release 3:0:0:0"), 1);
        bed_attribute(&scene.bed, path, "diskseq", "78");
        scene_event("change", path);
        UNTIL(scene_gate("release 3:0:0:0") == 2 && bed_exists(&scene.bed, "run/lekdicht/grant/78"));
}

static void driver_reload_releases_again(void **state)
{
        char path[BED_PATH * 2];
        const char *devpath, *lun;

        (void) state;
        scene_start(ALLOW_STICK);
        devpath = scene_plug(&stick);
        lun = plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1 && bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        scene_run(100);
        snprintf(path, sizeof(path), "%s/block/sdx", lun);
        bed_device(&scene.bed, path, "block", "DEVTYPE=disk\n");
        scene_event("remove", path);
        bed_unbind(&scene.bed, lun);
        UNTIL(scene_gate("release 3:0:0:0") == 2);
}

static void unplug_releases_nothing(void **state)
{
        char path[BED_PATH * 2];
        const char *devpath, *lun;

        (void) state;
        scene_start(ALLOW_STICK);
        devpath = scene_plug(&stick);
        lun = plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1 && bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        scene_run(100);
        snprintf(path, sizeof(path), "%s/block/sdx", lun);
        bed_device(&scene.bed, path, "block", "DEVTYPE=disk\n");
        scene_event("remove", path);
        scene_event("remove", lun);
        scene_event("remove", devpath);
        bed_unplug(&scene.bed, devpath);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 1);
}

static void cd_drive_may_open_where_disks_may_not(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW_OPTICAL);
        devpath = scene_plug(&stick);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        plug_lun(&stick, devpath, 3, 0, 5);
        UNTIL(scene_gate("release 3:0:0:0") == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_KIND=optical", NULL), 1);
        scene_run(2300);
        assert_int_equal(scene_gate_calls(), 1);
}

/* All kinds are refused, so that it is off before its logical unit is there; what it calls itself comes in time. */
static void cd_drive_is_recorded_by_its_name(void **state)
{
        struct bed_usb drive = stick;

        (void) state;
        drive.name = "Portable DVD Writer";
        scene_start(BLOCK);
        scene_plug(&drive);
        UNTIL(scene_gate("refuse 1-2") == 1);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=optical",
                            "LEKDICHT_RULE=[storage] optical", NULL) == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.*", NULL), 1);
}

static void disk_is_refused_after_its_luns_were_seen(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW_OPTICAL);
        devpath = scene_plug(&stick);
        plug_lun(&stick, devpath, 3, 0, 0);
        plug_lun(&stick, devpath, 3, 1, 0);
        scene_run(800);
        assert_int_equal(scene_gate_calls(), 0);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
        /* It is off now, and it stays so: no second look without cause. */
        bed_unplug(&scene.bed, interface_of(&stick, devpath, 0));
        scene_event("change", devpath);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 1);
}

static void each_lun_is_judged(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW_OPTICAL);
        devpath = scene_plug(&stick);
        plug_lun(&stick, devpath, 3, 0, 5);
        plug_lun(&stick, devpath, 3, 1, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1);
        scene_run(2300);
        assert_int_equal(scene_gate_calls(), 1);
        assert_false(is_off(devpath));
}

/* A stick that shows a CD besides: the section names the stick. */
static void section_covers_the_whole_stick(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK "[device lokaal-2.14]\nclass = usb-disk\nvendor = 0951\nproduct = 1666\naccess = allow\n");
        devpath = scene_plug(&stick);
        plug_lun(&stick, devpath, 3, 0, 5);
        scene_run(300);
        assert_int_equal(scene_gate_calls(), 0); /* a CD alone is not what the section is about, but more may come */
        plug_lun(&stick, devpath, 3, 1, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1 && scene_gate("release 3:0:0:1") == 1);
        scene_run(2300);
        assert_int_equal(scene_gate_calls(), 2);
        assert_false(is_off(devpath));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 0);
}

/* After all that were there had been refused, one comes that is not. */
static void late_lun_gets_the_device_back(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW_OPTICAL);
        devpath = scene_plug(&stick);
        plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
        scene_run(100);
        plug_lun(&stick, devpath, 3, 1, 5);
        UNTIL(scene_gate("release 1-2") == 1 && !is_off(devpath) && scene_gate("release 3:0:0:1") == 1);
        scene_run(2300);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
}

static void what_is_no_disk_stays_held(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW_DISKS);
        devpath = scene_plug(&stick);
        for (unsigned type = 1; type < 32; type++)
                if (type != 4 && type != 5 && type != 7 && type != 14 && type != 20)
                        plug_lun(&stick, devpath, 3, type, type);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1);
}

static const struct bed_usb zerocd = {
        .port = "1-7", .vendor = 0x0bda, .product = 0x1a2b, .devnum = 30, .interfaces = { BED_BOT }
};

/* A Wi-Fi stick that shows its drivers first: held, not switched off, and nobody is told. */
static void zerocd_becomes_a_network_device(void **state)
{
        struct bed_usb radio = { .port = "1-7", .vendor = 0x0bda, .product = 0xc811, .devnum = 31 };
        const char *devpath;

        (void) state;
        radio.interfaces[0] = (struct bed_interface){ 0xe0, 0x01, 0x01, NULL };
        scene_start(BLOCK);
        devpath = scene_plug(&zerocd);
        plug_lun(&zerocd, devpath, 3, 0, 5);
        scene_run(2500); /* also when the scan for logical units has ended */
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.*", NULL), 0);
        scene_unplug(devpath);
        devpath = scene_plug(&radio);
        UNTIL(scene_journal(
                      "LEKDICHT_EVENT=lekdicht.device.inventory", "LEKDICHT_VENDOR=0bda", "LEKDICHT_PRODUCT=c811",
                      "LEKDICHT_PORT=1-7",
                      "LEKDICHT_REASON=showed a CD with drivers first (0bda:1a2b) and is a network device now; it "
                      "is not touched",
                      NULL) == 1);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.*", NULL), 1);
        /* Once, and not for what else comes to that port. */
        scene_unplug(devpath);
        scene_plug(&radio);
        scene_run(100);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.*", NULL), 1);
}

static void zerocd_that_stays_is_refused(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&zerocd);
        plug_lun(&zerocd, devpath, 3, 0, 5);
        scene_run(500);
        assert_int_equal(scene_gate_calls(), 0);
        for (unsigned i = 0; i < 3; i++)
                scene_run(3500);
        UNTIL(scene_gate("refuse 1-7") == 1 && is_off(devpath));
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=optical", NULL) == 1);
}

/* In the child: what the test wrote into the unit's directory. */
static enum medium read_medium(int dirfd)
{
        uint64_t medium;

        return sysfs_read_number(dirfd, "medium", 10, MEDIUM_PRESENT, &medium) < 0 ? MEDIUM_UNKNOWN
                                                                                   : (enum medium) medium;
}

static const struct bed_usb printer = { .port = "1-8",
                                        .vendor = 0x04b8,
                                        .product = 0x1142,
                                        .devnum = 40,
                                        .interfaces = { { 0x07, 0x01, 0x02, NULL }, BED_BOT } };

/* In a printer. Nobody is told of the empty slot, and the slot stays as it is; each card is a plug. */
static void empty_reader_waits_for_a_card(void **state)
{
        const char *devpath, *lun;

        (void) state;
        scene.config.medium = read_medium;
        scene_start(BLOCK);
        devpath = scene_plug(&printer);
        lun = bed_lun(&scene.bed, interface_of(&printer, devpath, 1), 5, 0, 0, "EPSON", "Storage");
        bed_attribute(&scene.bed, lun, "medium", "%d", MEDIUM_ABSENT);
        scene_event("add", lun);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.inventory", "LEKDICHT_PORT=1-8",
                            "LEKDICHT_REASON=a card reader without a card; with one in it: [storage] usb-disk",
                            NULL) == 1);
        for (unsigned i = 0; i < 3; i++)
                scene_run(3000); /* also when patience is over */
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.*", NULL), 1);
        for (unsigned card = 1; card <= 2; card++) {
                bed_attribute(&scene.bed, lun, "medium", "%d", MEDIUM_PRESENT);
                UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_PORT=1-8", NULL) == card);
                assert_true(inventory_find(scene.agent->inventory, "1-8")->plugged);
                assert_int_equal(inventory_find(scene.agent->inventory, "1-8")->verdicts, 1);
                UNTIL(inventory_find(scene.agent->inventory, "1-8")->state == DEVICE_REFUSED);
                bed_attribute(&scene.bed, lun, "medium", "%d", MEDIUM_ABSENT);
                UNTIL(inventory_find(scene.agent->inventory, "1-8")->state == DEVICE_HELD);
        }
        /* It is held and never switched off; and nobody said "empty" again. */
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.inventory", NULL), 1);
        scene_policy(ALLOW_DISKS);
        agent_reload(scene.agent);
        UNTIL(scene_gate("release 5:0:0:0") == 1);
}

/* Built in, with a card in it. */
static void card_in_a_fixed_reader_is_refused(void **state)
{
        struct bed_usb fixed = stick;
        const char *devpath, *lun;

        (void) state;
        scene.config.medium = read_medium;
        scene_start(BLOCK);
        devpath = bed_usb(&scene.bed, &fixed, true);
        bed_attribute(&scene.bed, devpath, "removable", "fixed");
        scene_event("add", devpath);
        lun = bed_lun(&scene.bed, interface_of(&fixed, devpath, 0), 5, 0, 0, "Generic", "SD Card Reader");
        bed_attribute(&scene.bed, lun, "medium", "%d", MEDIUM_PRESENT);
        scene_event("add", lun);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=sd-card", NULL) == 1);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        assert_string_equal(device_state_name(inventory_find(scene.agent->inventory, "1-2")->state), "refused");
        /* Somebody binds it by hand. */
        bed_bind(&scene.bed, lun, "sd", "sdb", 9);
        scene_event("bind", lun);
        UNTIL(scene_gate("refuse 5:0:0:0") == 1);
}

/* What cannot be asked is refused as a stick is, when patience is over. */
static void reader_that_cannot_be_asked_is_refused(void **state)
{
        const char *devpath;

        (void) state;
        scene.config.medium = read_medium;
        scene_start(BLOCK);
        devpath = scene_plug(&printer);
        scene_event("add", bed_lun(&scene.bed, interface_of(&printer, devpath, 1), 5, 0, 0, "EPSON", "Storage"));
        scene_run(3000);
        assert_int_equal(scene_gate_calls(), 0);
        scene_run(3000);
        UNTIL(scene_gate("refuse 1-8:1.1") == 1);
        assert_false(is_off(devpath));
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) == 1);
}

/* The kernel's table of unusual devices knows more than its descriptors; no logical unit is waited for. */
static void unusual_device_is_judged_by_its_driver(void **state)
{
        static const char *const drivers[] = { "ums-realtek", "usb-storage", "uas" };

        (void) state;
        scene_start(BLOCK);
        for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
                struct bed_usb each = vendors;
                char port[8], line[32];
                const char *devpath;

                snprintf(port, sizeof(port), "2-%zu", i + 1);
                snprintf(line, sizeof(line), "refuse %s", port);
                each.port = port;
                each.devnum = 20 + (unsigned) i;
                devpath = scene_plug(&each);
                scene_run(50);
                assert_int_equal(scene_gate(line), 0);
                bed_bind(&scene.bed, interface_of(&each, devpath, 0), drivers[i], NULL, 0);
                scene_event("bind", interface_of(&each, devpath, 0));
                UNTIL(scene_gate(line) == 1 && is_off(devpath));
        }
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 3);
        /* A radio is one too to its own driver, and nobody's business. */
        bed_bind(&scene.bed, interface_of(&vendors, scene_plug(&vendors), 0), "umsonst", NULL, 0);
        scene_event("bind", interface_of(&vendors, PCI "/usb1/1-5", 0));
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 3);
}

static void vendors_own_driver_is_no_way_around(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&vendors);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        plug_lun(&vendors, devpath, 4, 0, 0);
        UNTIL(scene_gate("refuse 1-5") == 1 && is_off(devpath));
}

static void sick_device_does_not_delay_another(void **state)
{
        const char *sick, *next;

        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "hang/1-2", "%s", "");
        sick = scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        next = scene_plug(&other);
        UNTIL(scene_gate("refuse 1-4") == 1 && is_off(next));
        assert_false(is_off(sick));
        scene_run(5300);
        assert_true(scene_journal_has("takes longer than 5 s"));
        /* One child for a device, whatever happens to it meanwhile. */
        scene_event("add", interface_of(&stick, sick, 0));
        scene_run(100);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        bed_remove(&scene.bed, "hang/1-2");
        UNTIL(is_off(sick));
}

static void one_child_for_each_device(void **state)
{
        static const struct bed_usb two = { .port = "1-6",
                                            .vendor = 0x1d6b,
                                            .product = 0x0105,
                                            .devnum = 10,
                                            .interfaces = { BED_BOT, BED_UAS, BED_HID } };

        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "hang/1-6:1.0", "%s", "");
        scene_plug(&two);
        UNTIL(scene_gate("refuse 1-6:1.0") == 1);
        scene_run(300);
        assert_int_equal(scene_gate_calls(), 1);
        bed_remove(&scene.bed, "hang/1-6:1.0");
        UNTIL(scene_gate("refuse 1-6:1.1") == 1);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 2);
}

static void a_name_is_not_a_device(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
        scene_run(100);
        /* Unplugged and replaced, and only the new one's events come. */
        bed_unplug(&scene.bed, devpath);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 2);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) == 2);
        /* A late "remove" of the old one changes nothing. */
        scene_event("remove", devpath);
        scene_run(50);
        scene_event("add", interface_of(&stick, devpath, 0));
        scene_run(100);
        assert_int_equal(scene_gate("refuse 1-2"), 2);
}

/* A LUN that was removed and found anew is there before the events of the old one are read. */
static void a_name_is_not_a_lun(void **state)
{
        const char *devpath, *lun;

        (void) state;
        scene_start(ALLOW_STICK);
        devpath = bed_usb(&scene.bed, &stick, true);
        lun = plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(scene_gate("release 3:0:0:0") == 1 && bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        scene_run(100);
        bed_unplug(&scene.bed, lun);
        lun = bed_lun(&scene.bed, interface_of(&stick, devpath, 0), 3, 0, 0, "Kingston", "DataTraveler");
        scene_event("unbind", lun);
        scene_event("remove", lun);
        scene_event("add", lun);
        UNTIL(scene_gate("release 3:0:0:0") == 2);
}

static void unplugging_is_recorded_once(void **state)
{
        const char *devpath, *lun;

        (void) state;
        scene_start(ALLOW_STICK);
        devpath = bed_usb(&scene.bed, &stick, true);
        bed_attribute(&scene.bed, devpath, "power/connected_duration", "7260500"); /* a while before its event came */
        lun = plug_lun(&stick, devpath, 3, 0, 0);
        UNTIL(bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        scene_run(100);
        /* A LUN that goes, as at a reset, is no stick that goes. */
        scene_unplug(lun);
        scene_run(50);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL), 0);
        scene_unplug(interface_of(&stick, devpath, 0));
        scene_unplug(devpath);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL) == 1);
        scene_event("remove", devpath);
        agent_reconcile(scene.agent);
        scene_run(400);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", "LEKDICHT_KIND=usb-disk",
                                       "LEKDICHT_VENDOR=0951", "LEKDICHT_PRODUCT=1666", "LEKDICHT_PORT=1-2",
                                       "LEKDICHT_RULE=[device lokaal-2.14]",
                                       "LEKDICHT_REASON=was in for 2 h 1 min; opened by [device lokaal-2.14]",
                                       "LEKDICHT_AUDIT=no", "LEKDICHT_SECONDS=726*", "PRIORITY=6", "LEKDICHT_UID=*",
                                       NULL),
                         1);
}

static void unplugging_what_was_not_judged_is_nobodys_business(void **state)
{
        const char *devpath, *refused;

        (void) state;
        scene_start(ALLOW_STICK);
        scene_unplug(scene_plug(&keyboard));
        devpath = scene_plug(&stick); /* waits for its LUNs */
        scene_run(100);
        scene_unplug(devpath);
        refused = scene_plug(&other);
        UNTIL(is_off(refused));
        scene_unplug(refused);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL) == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", "LEKDICHT_PORT=1-4",
                                       "LEKDICHT_REASON=was in for 0 s; refused by [storage] usb-disk", NULL),
                         1);
}

static void unplugging_at_once_is_recorded_after_the_verdict(void **state)
{
        const char *devpath;

        (void) state;
        bed_text(&scene.bed, "hang/1-4", "%s", ""); /* the gate, so that nothing else happens */
        scene_start(BLOCK);
        devpath = scene_plug(&other);
        while (!inventory_find(scene.agent->inventory, "1-4"))
                sd_event_run(scene.loop, 10000);
        scene_unplug(devpath); /* its names are still being read */
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL) == 1);
        for (unsigned seq = 2; seq < 10; seq++) {
                char came[32], went[32];

                snprintf(came, sizeof(came), "LEKDICHT_SEQ=%u", seq - 1);
                snprintf(went, sizeof(went), "LEKDICHT_SEQ=%u", seq);
                if (scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", went, NULL) == 1)
                        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", came, NULL), 1);
        }
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 1);
}

static void stopping_unplugs_nothing(void **state)
{
        const char *card, *devpath;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&stick);
        card = bed_mmc(&scene.bed, "/devices/pci0000:00", "mmc0:0001", "SD", "0x12345678");
        scene_event("add", card);
        UNTIL(is_off(devpath) && scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) == 2);
        scene_stop();
        scene_start(BLOCK);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.inventory", NULL) >= 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL), 0);
        /* The kernel does not know how long a card has been there, and we do not either. */
        scene_unplug(card);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", NULL) == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed",
                                       "LEKDICHT_REASON=refused by [storage] sd-card", NULL),
                         1);
        assert_int_equal(scene_journal("LEKDICHT_SECONDS=*", NULL), 0);
}

static void lost_events_are_made_good(void **state)
{
        const char *gone, *missed;

        (void) state;
        scene_start(BLOCK);
        gone = scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(gone));
        scene_run(300);
        scene_lose_events(1);
        bed_unplug(&scene.bed, gone);
        missed = scene_plug(&other);
        UNTIL(scene_gate("refuse 1-4") == 1 && is_off(missed));
        assert_true(scene_journal_has("events of the kernel were lost"));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", "LEKDICHT_PORT=1-2", NULL), 1);
        /* The first was forgotten: the next of that name is a new plug. */
        scene_plug(&stick);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_PORT=1-2", NULL) == 2);
}

static void storm_of_lost_events_is_bounded(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        scene_lose_events(1000000);
        devpath = bed_usb(&scene.bed, &other, true);
        for (unsigned i = 0; i < 100; i++)
                scene_event("change", devpath);
        UNTIL(scene_gate("refuse 1-4") == 1 && is_off(devpath));
        scene_run(600);
        scene_lose_events(0);
        assert_int_equal(scene_gate_calls(), 1);
        assert_in_range(scene_journal("MESSAGE=events of the kernel were lost*", NULL), 1, 100);
}

static void many_plugs_end_as_they_should(void **state)
{
        const char *devpath = NULL;

        (void) state;
        scene_start(BLOCK);
        for (unsigned i = 0; i < 50; i++) {
                devpath = scene_plug(i % 2 ? &stick : &other);
                if (i % 3 == 0)
                        scene_run(i % 7);
                scene_unplug(interface_of(i % 2 ? &stick : &other, devpath, 0));
                scene_unplug(devpath);
        }
        devpath = scene_plug(&stick);
        UNTIL(is_off(devpath));
        scene_run(500);
        assert_true(is_off(devpath));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.failed", NULL), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
                TEST(stick_is_refused_whole),
                TEST(stick_is_refused_before_its_interfaces),
                TEST(interface_event_alone_suffices),
                TEST(composite_loses_its_storage_only),
                TEST(interface_that_comes_back_is_refused_again),
                TEST(device_that_was_switched_on_is_refused_again),
                TEST(keyboard_is_nobodys_business),
                TEST(allowed_stick_opens_lun_by_lun),
                TEST(same_model_with_another_serial_is_refused),
                TEST(other_medium_gets_its_own_grant),
                TEST(driver_reload_releases_again),
                TEST(unplug_releases_nothing),
                TEST(cd_drive_may_open_where_disks_may_not),
                TEST(cd_drive_is_recorded_by_its_name),
                TEST(disk_is_refused_after_its_luns_were_seen),
                TEST(each_lun_is_judged),
                TEST(section_covers_the_whole_stick),
                TEST(late_lun_gets_the_device_back),
                TEST(what_is_no_disk_stays_held),
                TEST(zerocd_becomes_a_network_device),
                TEST(zerocd_that_stays_is_refused),
                TEST(empty_reader_waits_for_a_card),
                TEST(card_in_a_fixed_reader_is_refused),
                TEST(reader_that_cannot_be_asked_is_refused),
                TEST(unusual_device_is_judged_by_its_driver),
                TEST(vendors_own_driver_is_no_way_around),
                TEST(sick_device_does_not_delay_another),
                TEST(one_child_for_each_device),
                TEST(a_name_is_not_a_device),
                TEST(a_name_is_not_a_lun),
                TEST(unplugging_is_recorded_once),
                TEST(unplugging_what_was_not_judged_is_nobodys_business),
                TEST(unplugging_at_once_is_recorded_after_the_verdict),
                TEST(stopping_unplugs_nothing),
                TEST(lost_events_are_made_good),
                TEST(storm_of_lost_events_is_bounded),
                TEST(many_plugs_end_as_they_should),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
