/* links: tests/bed/scene.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Restarts, reloads, an open gate, what carries the system, and the many things that are no USB stick. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/inventory.h"
#include "agent/parts.h"
#include "tests/bed/scene.h"
#include "tests/bed/stick.h"

#define BLOCK "[policy]\nversion = 1\nmode = enforce\n"
#define AUDIT "[policy]\nversion = 2\nmode = audit\n"
#define ALLOW_DISKS                                                                                                    \
        "[policy]\nversion = 3\nmode = enforce\n[storage]\nusb-disk = allow\nsd-card = allow\noptical = allow\n"
#define ALLOW_OPTICAL "[policy]\nversion = 4\nmode = enforce\n[storage]\noptical = allow\n"
#define ALLOW_CARDS   "[policy]\nversion = 3\nmode = enforce\n[storage]\nsd-card = allow\nexternal-disk = allow\n"
#define PCI           "/devices/pci0000:00/0000:00:14.0"

static const struct bed_usb reader = {
        .port = "1-5", .vendor = 0x0bda, .product = 0x0129, .devnum = 9, .interfaces = { BED_VENDOR }
};

static void present_at_start_is_refused(void **state)
{
        const char *devpath;

        (void) state;
        devpath = bed_usb(&scene.bed, &stick, true);
        scene_start(BLOCK);
        /* Its child was started before the agent called itself ready. */
        assert_int_equal(gatekeeper_running(scene.agent->gatekeeper), 1);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
        UNTIL(strcmp(state_of("1-2"), "refused") == 0);
        /* The record waits for its names, the gate does not. */
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) == 1);
}

static void restart_finds_what_is_off(void **state)
{
        const char *devpath, *other;

        (void) state;
        scene_start(BLOCK);
        devpath = scene_plug(&stick);
        other = scene_plug(&composite);
        UNTIL(scene_gate_calls() == 2 && is_off(devpath) && is_off(interface_of(&composite, other, 1)));
        scene_run(100);
        /* A deauthorised device has no interfaces in /sys. */
        bed_unplug(&scene.bed, interface_of(&stick, devpath, 0));
        scene_stop();
        scene_start(BLOCK);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 2);
        assert_string_equal(state_of("1-2"), "refused");
        assert_string_equal(state_of("1-3"), "refused");
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 2);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.inventory", NULL), 2);
        assert_int_equal(scene.agent->n_refused, 0);
        /* And gives it back when the school allows it. */
        scene_policy(ALLOW_DISKS);
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(scene_gate("release 1-2") == 1 && scene_gate("release 1-3:1.1") == 1 && !is_off(devpath));
        scene_event("add", bed_usb_interface(&scene.bed, &stick, devpath, 1, 0));
        scene_event("add", bed_lun(&scene.bed, interface_of(&stick, devpath, 0), 3, 0, 0, "Kingston", "DataTraveler"));
        UNTIL(scene_gate("release 3:0:0:0") == 1);
        UNTIL(strcmp(state_of("1-2"), "allowed") == 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_PORT=1-2", NULL), 1);
        /* And the next restart finds it open, which is no plug either. */
        scene_stop();
        scene_start(ALLOW_DISKS);
        UNTIL(strcmp(state_of("1-2"), "allowed") == 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.inventory", "LEKDICHT_PORT=1-2", NULL) == 2);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_PORT=1-2", NULL), 1);
        assert_int_equal(scene_gate("release 3:0:0:0"), 1);
}

static void what_another_program_switched_off_stays_off(void **state)
{
        const char *devpath = bed_usb(&scene.bed, &stick, false);

        (void) state;
        bed_attribute(&scene.bed, devpath, "authorized", "0");
        scene_start(BLOCK);
        scene_run(50);
        assert_string_equal(state_of("1-2"), "refused");
        scene_policy(ALLOW_DISKS);
        assert_int_equal(agent_reload(scene.agent), 1);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        assert_string_equal(state_of("1-2"), "held");
        /* A mark of ours for an earlier device in the same port is none for this one. */
        bed_text(&scene.bed, "run/lekdicht/refused/1-2", "devnum=4\n");
        agent_reload(scene.agent);
        scene_run(100);
        assert_int_equal(scene_gate_calls(), 0);
        bed_text(&scene.bed, "run/lekdicht/refused/1-2", "devnum=5\n");
        agent_reload(scene.agent);
        UNTIL(scene_gate("release 1-2") == 1);
}

static void reload_refuses_what_was_open(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW_DISKS);
        devpath = scene_plug(&stick);
        scene_event("add", bed_lun(&scene.bed, interface_of(&stick, devpath, 0), 3, 0, 0, "Kingston", "DataTraveler"));
        UNTIL(scene_gate("release 3:0:0:0") == 1 && strcmp(state_of("1-2"), "allowed") == 0);
        scene_policy(BLOCK);
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(scene_gate("refuse 1-2") == 1 && is_off(devpath));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 1);
}

static void bad_policy_changes_nothing(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(ALLOW_DISKS);
        scene_policy("[policy]\nversion = 4\nmode = enforce\n[storage]\nusb-disk = perhaps\n");
        assert_int_equal(agent_reload(scene.agent), 0);
        assert_int_equal(scene.agent->store.policy->version, 3);
        assert_non_null(strstr(scene.agent->store.error, "policy.ini:5: "));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.policy.rejected", NULL), 1);
        devpath = scene_plug(&stick);
        scene_event("add", bed_lun(&scene.bed, interface_of(&stick, devpath, 0), 3, 0, 0, "Kingston", "DataTraveler"));
        UNTIL(scene_gate("release 3:0:0:0") == 1);
        /* Mended: the error is gone too. */
        scene_policy(BLOCK);
        assert_int_equal(agent_reload(scene.agent), 1);
        assert_string_equal(scene.agent->store.error, "");
}

static void last_good_policy_is_used_at_start(void **state)
{
        (void) state;
        scene_start(ALLOW_DISKS);
        scene_stop();
        scene_start("[policy]\nversion = nonsense\n");
        assert_int_equal(scene.agent->store.source, POLICY_FROM_LAST_GOOD);
        assert_int_equal(scene.agent->store.policy->version, 3);
        scene_stop();
        bed_remove(&scene.bed, "var/lib/lekdicht/policy.last-good.ini");
        scene_start("[policy]\nversion = nonsense\n");
        assert_int_equal(scene.agent->store.source, POLICY_BUILT_IN);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        scene_stop();
        /* No file at all is an error too, and refuses. */
        scene_start(NULL);
        assert_int_equal(scene.agent->store.source, POLICY_BUILT_IN);
        assert_true(scene.agent->store.error[0]);
}

static void what_carries_the_system_is_spared(void **state)
{
        const char *devpath = bed_usb(&scene.bed, &stick, true);
        const char *lun = bed_lun(&scene.bed, interface_of(&stick, devpath, 0), 0, 0, 0, "Kingston", "DataTraveler");

        (void) state;
        bed_bind(&scene.bed, lun, "sd", "sda", 3);
        bed_text(&scene.bed, "run/lekdicht/exempt/0:0:0:0", "devpath=%s\ndiskseq=3\ncarries=/\n", lun);
        scene_start(BLOCK);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        assert_string_equal(state_of("1-2"), "exempt");
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.exempt", "LEKDICHT_REASON=carries /", NULL), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 0);
        agent_reconcile(scene.agent);
        scene_run(400);
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.exempt", NULL), 1);
        /* Another disk in its place is not exempt. */
        bed_attribute(&scene.bed, lun, "block/sda/diskseq", "4");
        agent_reconcile(scene.agent);
        UNTIL(scene_gate("refuse 1-2") == 1);
}

static void exemption_that_is_written_later_counts(void **state)
{
        const char *devpath, *lun;

        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "exit/1-2", "1\n"); /* the gate itself spares it */
        devpath = bed_usb(&scene.bed, &stick, true);
        lun = bed_lun(&scene.bed, interface_of(&stick, devpath, 0), 0, 0, 0, "Kingston", "DataTraveler");
        bed_bind(&scene.bed, lun, "sd", "sda", 3);
        scene_event("add", devpath);
        UNTIL(scene_gate("refuse 1-2") == 1);
        bed_text(&scene.bed, "run/lekdicht/exempt/0:0:0:0", "devpath=%s\ndiskseq=3\ncarries=/home\n", lun);
        UNTIL(strcmp(state_of("1-2"), "exempt") == 0);
        scene_run(1500);
        assert_int_equal(scene_gate("refuse 1-2"), 1); /* and the retry is off */
}

static void internal_and_virtual_disks_are_not_judged(void **state)
{
        static const char *const virtual[] = { "/devices/virtual/block/loop0",
                                               "/devices/virtual/block/zram0",
                                               "/devices/virtual/block/dm-0",
                                               "/devices/virtual/block/md0",
                                               "/devices/pci0000:00/0000:00:05.0/virtio2/block/vda",
                                               "/devices/pci0000:00/0000:00:06.0/nvme/nvme0/nvme0n1" };
        const char *lun;

        (void) state;
        scene_start(BLOCK);
        bed_device(&scene.bed, PCI "/ata1", "ata_port", "");
        lun = bed_lun(&scene.bed, PCI "/ata1", 0, 0, 0, "ATA", "Samsung SSD");
        bed_bind(&scene.bed, lun, "sd", "sda", 1);
        scene_event("add", lun);
        for (size_t i = 0; i < sizeof(virtual) / sizeof(virtual[0]); i++) {
                bed_device(&scene.bed, virtual[i], "block", "DEVTYPE=disk\n");
                scene_event("add", virtual[i]);
                scene_event("change", virtual[i]);
        }
        scene_event("add", bed_mmc(&scene.bed, PCI, "mmc0:0001", "MMC", "0x12345678"));
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        assert_null(inventory_first(scene.agent->inventory));
        assert_int_equal(scene_journal("LEKDICHT_PORT=*", NULL), 0);
}

/* Built in, but what is in it is carried away. Nobody plugged it: no refusal is told, and one line for the inventory. */
static void internal_optical_drive_follows_optical(void **state)
{
        const char *drive, *late;

        (void) state;
        bed_device(&scene.bed, PCI "/ata2", "ata_port", "");
        drive = bed_lun(&scene.bed, PCI "/ata2", 1, 0, 5, "HL-DT-ST", "DVDRAM GTA0N");
        bed_bind(&scene.bed, drive, "sr", "sr0", 21);
        scene_start(BLOCK);
        UNTIL(scene_gate("refuse 1:0:0:0") == 1);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.inventory", "LEKDICHT_KIND=optical",
                            "LEKDICHT_PORT=1:0:0:0", "LEKDICHT_RULE=[storage] optical", NULL) == 1);
        UNTIL(strcmp(state_of("1:0:0:0"), "refused") == 0);
        /* One that the kernel finds late was not plugged either. */
        bed_device(&scene.bed, PCI "/ata3", "ata_port", "");
        late = bed_lun(&scene.bed, PCI "/ata3", 2, 0, 5, "HL-DT-ST", "DVDRAM GTA0N");
        scene_event("add", late);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.inventory", "LEKDICHT_PORT=2:0:0:0", NULL) == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 0);
        scene_policy(ALLOW_OPTICAL);
        agent_reload(scene.agent);
        UNTIL(scene_gate("release 1:0:0:0") == 1 && scene_gate("release 2:0:0:0") == 1);
}

/* Its descriptors say SCSI; its logical unit was there to be asked. */
static void cd_drive_that_was_there_is_recorded_as_one(void **state)
{
        const char *devpath = bed_usb(&scene.bed, &stick, true);

        (void) state;
        bed_lun(&scene.bed, interface_of(&stick, devpath, 0), 0, 0, 5, "Slimtype", "Reader");
        scene_start(BLOCK);
        UNTIL(scene_gate("refuse 1-2") == 1);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=optical",
                            "LEKDICHT_RULE=[storage] optical", NULL) == 1);
}

static void firewire_and_external_pci_disks_are_held(void **state)
{
        const char *lun, *nvme;

        (void) state;
        bed_device(&scene.bed, PCI "/fw0/fw1", "firewire", "");
        bed_device(&scene.bed, PCI "/0000:05:00.0", "pci", "");
        bed_attribute(&scene.bed, PCI "/0000:05:00.0", "removable", "removable");
        scene_start(BLOCK);
        lun = bed_lun(&scene.bed, PCI "/fw0/fw1", 5, 0, 0, "LaCie", "Rugged");
        scene_event("add", lun);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=external-disk",
                            "LEKDICHT_PORT=5:0:0:0", NULL) == 1);
        scene_run(50);
        assert_int_equal(scene_gate_calls(), 0); /* the gate holds it as it is */
        assert_string_equal(state_of("5:0:0:0"), "refused");
        /* Somebody binds it by hand. */
        bed_bind(&scene.bed, lun, "sd", "sdb", 9);
        scene_event("bind", lun);
        UNTIL(scene_gate("refuse 5:0:0:0") == 1);
        nvme = bed_lun(&scene.bed, PCI "/0000:05:00.0", 6, 0, 0, "Ext", "SATA");
        bed_bind(&scene.bed, nvme, "sd", "sdc", 10);
        scene_event("add", nvme);
        UNTIL(scene_gate("refuse 6:0:0:0") == 1);
        bed_remove(&scene.bed, "run/lekdicht/grant");
        bed_text(&scene.bed, "run/lekdicht/grant/.keep", "%s", "");
        scene_policy(ALLOW_CARDS);
        agent_reload(scene.agent);
        UNTIL(scene_gate("release 5:0:0:0") == 1 && scene_gate("release 6:0:0:0") == 1);
}

static void cards_are_judged(void **state)
{
        const char *card, *usb;

        (void) state;
        scene_start(BLOCK);
        card = bed_mmc(&scene.bed, PCI, "mmc0:4567", "SD", "0x1234abcd");
        scene_event("add", card);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=sd-card",
                            "LEKDICHT_PORT=mmc0:4567", NULL) == 1);
        scene_run(50);
        assert_int_equal(scene_gate_calls(), 0);
        scene_event("add", bed_mmc(&scene.bed, PCI, "mmc0:0002", "SDIO", "0x0"));
        scene_run(50);
        assert_string_equal(state_of("mmc0:0002"), "unknown");
        /* In a reader on USB that has a driver of its own, whatever type of card. */
        usb = scene_plug(&reader);
        scene_event("add", bed_mmc(&scene.bed, interface_of(&reader, usb, 0), "mmc0:0003", "MMC", "0x1"));
        UNTIL(scene_journal("LEKDICHT_KIND=sd-card", "LEKDICHT_VENDOR=0bda", "LEKDICHT_PORT=mmc0:0003", NULL) == 1);
        bed_device(&scene.bed, PCI "/memstick_host/memstick0/memstick0", "memstick", "");
        bed_bind(&scene.bed, PCI "/memstick_host/memstick0/memstick0", "mspro_block", "mspblk0", 12);
        scene_event("add", PCI "/memstick_host/memstick0/memstick0");
        UNTIL(scene_gate("refuse memstick0") == 1);
        scene_policy(ALLOW_CARDS);
        agent_reload(scene.agent);
        UNTIL(scene_gate("release mmc0:4567") == 1 && scene_gate("release mmc0:0003") == 1 &&
              scene_gate("release memstick0") == 1);
        UNTIL(strcmp(state_of("mmc0:4567"), "allowed") == 0);
}

static void card_reader_says_so(void **state)
{
        struct bed_usb usb = stick;
        const char *devpath;

        (void) state;
        usb.name = "USB3.0 Card Reader";
        scene_start(ALLOW_CARDS);
        devpath = scene_plug(&usb);
        scene_event("add", bed_lun(&scene.bed, interface_of(&usb, devpath, 0), 3, 0, 0, "Generic", "STORAGE DEVICE"));
        UNTIL(scene_gate("release 3:0:0:0") == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_KIND=sd-card", NULL), 1);
        /* Or its LUN does; or neither. */
        usb.name = "Mass Storage";
        usb.port = "1-6";
        devpath = scene_plug(&usb);
        scene_event("add", bed_lun(&scene.bed, interface_of(&usb, devpath, 0), 4, 0, 0, "Generic-", "SD/MMC"));
        UNTIL(scene_gate("release 4:0:0:0") == 1);
        usb.port = "1-7";
        devpath = scene_plug(&usb);
        scene_event("add", bed_lun(&scene.bed, interface_of(&usb, devpath, 0), 5, 0, 0, "Generic", "Flash Disk"));
        UNTIL(scene_gate("refuse 1-7") == 1);
        assert_int_equal(scene_gate("release 5:0:0:0"), 0);
}

static void failures_are_told_and_tried_again(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "exit/1-2", "1\n");
        devpath = scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        scene_run(100);
        assert_string_equal(state_of("1-2"), "pending");
        UNTIL(scene_gate("refuse 1-2") == 2); /* after a second */
        bed_remove(&scene.bed, "exit/1-2");
        UNTIL(is_off(devpath));
        UNTIL(strcmp(state_of("1-2"), "refused") == 0);
        assert_int_equal(
                scene_journal("LEKDICHT_EVENT=lekdicht.device.failed", "PRIORITY=4",
                              "MESSAGE=lekdicht-gate refuse 1-2: exit 1, will be tried again: cannot refuse 1-2", NULL),
                1);
}

static void misunderstanding_is_not_tried_again(void **state)
{
        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "exit/1-2", "2\n");
        scene_plug(&stick);
        UNTIL(strcmp(state_of("1-2"), "failed") == 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.failed", "PRIORITY=3", NULL), 1);
        /* But when all is looked at anew, it is. */
        bed_remove(&scene.bed, "exit/1-2");
        agent_reconcile(scene.agent);
        UNTIL(scene_gate("refuse 1-2") == 2 && strcmp(state_of("1-2"), "refused") == 0);
}

static void busy_is_busy(void **state)
{
        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "exit/1-2", "5\n");
        scene_plug(&stick);
        UNTIL(strcmp(state_of("1-2"), "busy") == 0);
        scene_event("change", "/devices/pci0000:00/0000:00:14.0/usb1/1-2");
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 1); /* its turn comes in half a minute */
}

static void gone_is_forgotten(void **state)
{
        const char *devpath;

        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "exit/1-2", "6\n");
        devpath = scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        scene_run(1500);
        assert_int_equal(scene_gate_calls(), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.failed", NULL), 0);
        bed_remove(&scene.bed, "exit/1-2");
        scene_event("add", devpath);
        UNTIL(scene_gate("refuse 1-2") == 2);
}

static void gate_that_is_not_there(void **state)
{
        (void) state;
        bed_remove(&scene.bed, "gate");
        scene_start(BLOCK);
        scene_plug(&stick);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.failed", NULL) == 1);
        assert_true(scene_journal_has("No such file or directory"));
}

static void second_agent_does_not_start(void **state)
{
        pid_t pid;
        int status;

        (void) state;
        scene_start(BLOCK);
        pid = fork();
        if (pid == 0) {
                struct agent *second;
                sd_event *loop;

                if (sd_event_new(&loop) < 0)
                        _exit(1);
                _exit(agent_new(loop, &scene.config, &second) == -EALREADY ? 42 : 2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 42);
        scene_stop();
        scene_start(BLOCK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
                TEST(present_at_start_is_refused),
                TEST(restart_finds_what_is_off),
                TEST(what_another_program_switched_off_stays_off),
                TEST(reload_refuses_what_was_open),
                TEST(bad_policy_changes_nothing),
                TEST(last_good_policy_is_used_at_start),
                TEST(what_carries_the_system_is_spared),
                TEST(exemption_that_is_written_later_counts),
                TEST(internal_and_virtual_disks_are_not_judged),
                TEST(internal_optical_drive_follows_optical),
                TEST(cd_drive_that_was_there_is_recorded_as_one),
                TEST(firewire_and_external_pci_disks_are_held),
                TEST(cards_are_judged),
                TEST(card_reader_says_so),
                TEST(failures_are_told_and_tried_again),
                TEST(misunderstanding_is_not_tried_again),
                TEST(busy_is_busy),
                TEST(gone_is_forgotten),
                TEST(gate_that_is_not_there),
                TEST(second_agent_does_not_start),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
