/* links: tests/bed/bed.c agent/inventory.c agent/decide.c agent/enforce.c agent/judgement.c agent/standing.c agent/traits.c agent/assess.c agent/device.c agent/discover.c agent/facts.c agent/rundir.c agent/phone.c agent/usbdesc.c common/sysfs.c common/text.c common/utf8.c policy/judge.c policy/facts.c agent/reader.c agent/zerocd.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events in any order, twice, late and for devices that are gone; and the bounds. Nobody acts here: what is asked is
 * written down, and the test plays the kernel and the gate. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "agent/inventory.h"
#include "tests/bed/bed.h"

#define PCI       "/devices/pci0000:00/0000:00:14.0"
#define ASKED_MAX 2048

static struct {
        enum verb verb;
        char name[64];
        uint64_t device, target;
} asked[ASKED_MAX];
static unsigned n_asked, n_verdicts, n_strings, n_drifts, n_removed;
static uint64_t strings_of;
static bool refuse_to_act;

static struct bed bed;
static struct inventory *inventory;
static struct policy policy;

static const struct bed_usb stick = {
        .port = "1-2", .vendor = 0x0951, .product = 0x1666, .devnum = 5, .interfaces = { BED_BOT }
};
static const struct bed_usb composite = {
        .port = "1-3", .vendor = 0x1d6b, .product = 0x0104, .devnum = 8, .interfaces = { BED_HID, BED_BOT }
};

static int act(void *userdata, const struct device *device, const struct target *target, enum verb verb)
{
        (void) userdata;
        if (refuse_to_act)
                return -12;
        assert_true(n_asked < ASKED_MAX);
        asked[n_asked].verb = verb;
        asked[n_asked].device = device->target.id;
        asked[n_asked].target = target->id;
        snprintf(asked[n_asked].name, sizeof(asked[0].name), "%s", target->name);
        n_asked++;
        return 0;
}

static void drop(void *userdata, const struct device *device, const struct target *target)
{
        (void) userdata;
        (void) device;
        (void) target;
}

static void read_strings(void *userdata, const struct device *device)
{
        (void) userdata;
        n_strings++;
        strings_of = device->target.id;
}

static void verdict(void *userdata, const struct device *device, bool open)
{
        (void) userdata;
        (void) device;
        (void) open;
        n_verdicts++;
}

static void drift(void *userdata, const struct device *device, const struct target *target)
{
        (void) userdata;
        (void) device;
        (void) target;
        n_drifts++;
}

static void removed(void *userdata, const struct device *device)
{
        (void) userdata;
        assert_true(device->recorded);
        n_removed++;
}

static unsigned on_day;

static unsigned today(void *userdata)
{
        (void) userdata;
        return on_day;
}

static bool watched; /* whether the last that was asked of a medium is asked on */

static int watch_medium(void *userdata, const struct target *target, bool on)
{
        (void) userdata;
        (void) target;
        watched = on;
        return 0;
}

static void found_empty(void *userdata, const struct device *device)
{
        (void) userdata;
        (void) device;
}

static const struct decide_ops ops = { .act = act,
                                       .drop = drop,
                                       .watch = watch_medium,
                                       .empty = found_empty,
                                       .read_strings = read_strings,
                                       .verdict = verdict,
                                       .drift = drift,
                                       .removed = removed,
                                       .today = today };

static int setup(void **state)
{
        (void) state;
        n_asked = n_verdicts = n_strings = n_drifts = n_removed = 0;
        refuse_to_act = false;
        on_day = 20000;
        policy = (struct policy){ .version = 1 };
        bed_init(&bed, NULL);
        if (inventory_new(bed.sys, bed.run, &ops, &inventory) < 0)
                return -1;
        inventory_set_policy(inventory, &policy);
        return 0;
}

static int teardown(void **state)
{
        (void) state;
        inventory = inventory_free(inventory);
        bed_done(&bed);
        return 0;
}

static void event_at(enum watch_action action, const char *subsystem, const char *devpath, uint64_t usec)
{
        inventory_event(
                inventory,
                &(struct watch_event){ .action = action, .subsystem = subsystem, .devpath = devpath, .usec = usec });
}

static void event(enum watch_action action, const char *subsystem, const char *devpath)
{
        event_at(action, subsystem, devpath, 1000);
}

static bool was_asked(unsigned i, enum verb verb, const char *name)
{
        return i < n_asked && asked[i].verb == verb && strcmp(asked[i].name, name) == 0;
}

static void done(unsigned i, enum deed deed, bool retry)
{
        inventory_result(inventory, asked[i].device, asked[i].target, asked[i].verb, deed, retry, "in use\nby someone");
}

static const char *interface_of(const struct bed_usb *usb, const char *devpath, unsigned n)
{
        static char paths[4][BED_PATH * 2];
        static unsigned turn;
        char *path = paths[turn++ % 4];

        snprintf(path, sizeof(paths[0]), "%s/%s:1.%u", devpath, usb->port, n);
        return path;
}

static const char *state_of(const char *name)
{
        const struct device *device = inventory_find(inventory, name);

        return device ? device_state_name(device->state) : "unknown";
}

static void same_event_twice_asks_once(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        for (unsigned i = 0; i < 3; i++) {
                event(WATCH_ADD, "usb", devpath);
                event(WATCH_ADD, "usb", interface_of(&stick, devpath, 0));
                event(WATCH_PRESENT, "usb", devpath);
        }
        assert_int_equal(n_asked, 1);
        assert_true(was_asked(0, VERB_REFUSE, "1-2"));
        assert_int_equal(n_verdicts, 1);
        assert_int_equal(n_strings, 1);
        assert_string_equal(state_of("1-2"), "pending");
        bed_attribute(&bed, devpath, "authorized", "0");
        done(0, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "refused");
        event(WATCH_REMOVE, "usb", interface_of(&stick, devpath, 0));
        assert_int_equal(n_removed, 0);
        bed_unplug(&bed, devpath);
        event(WATCH_REMOVE, "usb", devpath);
        event(WATCH_REMOVE, "usb", devpath);
        inventory_prune(inventory);
        assert_int_equal(n_removed, 1);
}

static void late_events_of_what_is_gone(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);
        char lun[BED_PATH * 2];

        (void) state;
        snprintf(lun, sizeof(lun), "%s/host0/target0:0:0/0:0:0:0", interface_of(&stick, devpath, 0));
        bed_unplug(&bed, devpath);
        event(WATCH_ADD, "usb", devpath);
        event(WATCH_ADD, "usb", interface_of(&stick, devpath, 0));
        event(WATCH_ADD, "scsi", lun);
        event(WATCH_CHANGE, "block", lun);
        event(WATCH_REMOVE, "usb", devpath);
        assert_int_equal(n_asked, 0);
        assert_null(inventory_first(inventory));
}

/* The kernel takes the attributes away before it announces the end. */
static void what_is_going_is_not_taken_up(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;
        char path[BED_PATH * 3];

        (void) state;
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        snprintf(path, sizeof(path), "sys%s/uevent", lun);
        bed_remove(&bed, path);
        event(WATCH_ADD, "scsi", lun);
        assert_null(inventory_first(inventory));
        snprintf(path, sizeof(path), "sys%s/uevent", devpath);
        bed_remove(&bed, path);
        snprintf(path, sizeof(path), "sys%s/uevent", interface_of(&stick, devpath, 0));
        bed_remove(&bed, path);
        event(WATCH_REMOVE, "usb", devpath);
        assert_int_equal(n_asked, 0);
}

static void nonsense_is_survived(void **state)
{
        static const char *const paths[] = {
                "", "/", "x", "/devices", "/devices/..", ":", "/:", "/devices/1-2:1.0", "/devices/a:b", "/0:0:0:0"
        };
        static const char *const subsystems[] = { "usb", "scsi", "mmc", "memstick", "block", "other" };
        char longest[8192];

        (void) state;
        memset(longest, 'x', sizeof(longest) - 1);
        longest[0] = '/';
        longest[sizeof(longest) - 1] = '\0';
        for (size_t s = 0; s < sizeof(subsystems) / sizeof(subsystems[0]); s++) {
                for (int action = WATCH_ADD; action <= WATCH_PRESENT; action++) {
                        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
                                event((enum watch_action) action, subsystems[s], paths[i]);
                        event((enum watch_action) action, subsystems[s], longest);
                }
        }
        assert_int_equal(n_asked, 0);
        assert_null(inventory_first(inventory));
        inventory_result(inventory, 1, 2, VERB_REFUSE, DEED_DONE, false, "");
        inventory_strings(inventory, 99, "a", "b");
        assert_true(inventory_settle(inventory, 5) == INVENTORY_NEVER);
}

static void descriptors_without_sense_leave_it_to_the_kernel(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        bed_text(&bed, "sys" PCI "/usb1/1-2/descriptors", "%s", "nonsense");
        event(WATCH_ADD, "usb", devpath);
        assert_int_equal(n_asked, 0);
        /* The kernel calls the interface storage; whole is not sure, so only that. */
        event(WATCH_ADD, "usb", interface_of(&stick, devpath, 0));
        assert_true(was_asked(0, VERB_REFUSE, "1-2:1.0"));
        assert_int_equal(n_asked, 1);
}

/* What comes after the nonsense may be a keyboard. */
static void descriptors_that_end_early_are_not_the_whole_device(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);
        const char *bytes = bed_get(&bed, devpath, "descriptors");
        uint8_t longer[512];

        (void) state;
        memcpy(longer, bytes, 18 + 9 + 23);
        memset(longer + 18 + 9 + 23, 1, 4);
        bed_write(&bed, "sys" PCI "/usb1/1-2/descriptors", longer, 18 + 9 + 23 + 4);
        event(WATCH_ADD, "usb", devpath);
        event(WATCH_ADD, "usb", interface_of(&stick, devpath, 0));
        assert_int_equal(n_asked, 1);
        assert_true(was_asked(0, VERB_REFUSE, "1-2:1.0"));
}

static void kernel_sees_storage_where_descriptors_hide_it(void **state)
{
        struct bed_usb liar = stick;
        const char *devpath;

        (void) state;
        liar.interfaces[0] = (struct bed_interface) BED_VENDOR;
        devpath = bed_usb(&bed, &liar, true);
        bed_attribute(&bed, interface_of(&stick, devpath, 0), "bInterfaceClass", "08");
        event(WATCH_ADD, "usb", devpath);
        assert_int_equal(n_asked, 0);
        event(WATCH_ADD, "usb", interface_of(&stick, devpath, 0));
        assert_int_equal(n_asked, 1);
        assert_int_equal(asked[0].verb, VERB_REFUSE);
}

static void hid_is_never_asked_about(void **state)
{
        const char *devpath = bed_usb(&bed, &composite, true);

        (void) state;
        event(WATCH_ADD, "usb", devpath);
        assert_string_equal(state_of("1-3"), "pending");
        assert_int_equal(n_verdicts, 0);
        event(WATCH_ADD, "usb", interface_of(&composite, devpath, 0));
        assert_int_equal(n_asked, 0);
        event(WATCH_ADD, "usb", interface_of(&composite, devpath, 1));
        assert_int_equal(n_asked, 1);
        assert_true(was_asked(0, VERB_REFUSE, "1-3:1.1"));
        assert_int_equal(n_verdicts, 1);
        inventory_judge_all(inventory);
        assert_int_equal(n_asked, 1);
}

static void serial_that_comes_later_decides(void **state)
{
        static char name[] = "x", serial[] = "60A44C4252E1E4A1";
        struct policy_device device = {
                .name = name, .has_vendor = true, .vendor = 0x951, .serial = serial, .access = ACCESS_ALLOW
        };
        const char *devpath = bed_usb(&bed, &stick, true), *lun;

        (void) state;
        policy.devices = &device;
        policy.n_devices = 1;
        event(WATCH_ADD, "usb", devpath);
        event(WATCH_ADD, "usb", interface_of(&stick, devpath, 0));
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "Kingston", "DT");
        event(WATCH_ADD, "scsi", lun);
        assert_int_equal(n_asked, 0);
        assert_int_equal(n_verdicts, 0);
        assert_int_equal(n_strings, 1);
        assert_string_equal(state_of("1-2"), "pending");
        inventory_strings(inventory, strings_of, "Kingston DT", serial);
        assert_true(was_asked(0, VERB_RELEASE, "3:0:0:0"));
        assert_int_equal(n_asked, 1);
        assert_int_equal(n_verdicts, 1);
}

static void settling_waits_for_the_last_lun(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        policy.storage[STORAGE_OPTICAL] = ACCESS_ALLOW;
        event_at(WATCH_ADD, "usb", devpath, 100);
        assert_true(inventory_settle(inventory, 100) == INVENTORY_NEVER);
        event_at(WATCH_ADD, "scsi", bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b"), 1000);
        assert_int_equal(inventory_settle(inventory, 1500), 1000 + INVENTORY_SETTLE_USEC);
        event_at(WATCH_ADD, "scsi", bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 1, 0, "a", "b"), 500000);
        assert_int_equal(inventory_settle(inventory, 1000 + INVENTORY_SETTLE_USEC), 500000 + INVENTORY_SETTLE_USEC);
        assert_int_equal(n_asked, 0);
        inventory_strings(inventory, strings_of, "", "");
        assert_int_equal(n_asked, 0);
        assert_true(inventory_settle(inventory, 500000 + INVENTORY_SETTLE_USEC) == INVENTORY_NEVER);
        assert_true(was_asked(0, VERB_REFUSE, "1-2"));
        assert_int_equal(n_asked, 1);
}

static void slow_strings_do_not_lose_the_settling(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        policy.storage[STORAGE_SD_CARD] = ACCESS_ALLOW; /* so its name matters */
        event_at(WATCH_ADD, "scsi", bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b"), 1000);
        assert_true(inventory_settle(inventory, 1000 + INVENTORY_SETTLE_USEC) == INVENTORY_NEVER);
        assert_int_equal(n_asked, 0);
        inventory_strings(inventory, strings_of, "Flash Disk", "");
        assert_true(was_asked(0, VERB_REFUSE, "1-2"));
}

static void bound_lun_is_unbound_at_once(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;

        (void) state;
        policy.storage[STORAGE_OPTICAL] = ACCESS_ALLOW;
        event(WATCH_ADD, "usb", devpath);
        inventory_strings(inventory, strings_of, "", "");
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        bed_bind(&bed, lun, "sd", "sda", 7);
        event(WATCH_ADD, "scsi", lun);
        assert_true(was_asked(0, VERB_REFUSE, "3:0:0:0"));
}

static void granted_lun_is_left_alone(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;
        int kind;

        (void) state;
        for (kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        bed_bind(&bed, lun, "sd", "sda", 7);
        bed_text(&bed, "run/lekdicht/grant/7", "%s", "");
        event(WATCH_PRESENT, "scsi", lun);
        assert_int_equal(n_asked, 0);
        assert_string_equal(state_of("1-2"), "allowed");
        bed_remove(&bed, "run/lekdicht/grant/7");
        event(WATCH_PRESENT, "scsi", lun);
        assert_true(was_asked(0, VERB_RELEASE, "3:0:0:0"));
}

static void read_only_everywhere(void)
{
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_READ_ONLY;
}

/* What the gate leaves behind when it has made LUN read-only as disk "sda". */
static void made_read_only(const char *lun, unsigned diskseq)
{
        char path[BED_PATH * 2];

        bed_bind(&bed, lun, "sd", "sda", diskseq);
        snprintf(path, sizeof(path), "%s/block/sda", lun);
        bed_attribute(&bed, path, "ro", "1");
        snprintf(path, sizeof(path), "run/lekdicht/readonly/%u", diskseq);
        bed_text(&bed, path, "%s", "");
}

static void read_only_is_asked_for_once(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;
        char disk[BED_PATH * 2];

        (void) state;
        read_only_everywhere();
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        snprintf(disk, sizeof(disk), "%s/block/sda", lun);
        event(WATCH_ADD, "scsi", lun);
        assert_true(was_asked(0, VERB_READONLY, "3:0:0:0"));
        assert_string_equal(state_of("1-2"), "pending");
        made_read_only(lun, 7);
        done(0, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "read-only");
        assert_int_equal(n_verdicts, 1);
        event(WATCH_CHANGE, "block", disk);
        event(WATCH_PRESENT, "scsi", lun);
        assert_int_equal(n_asked, 1);
        assert_int_equal(n_drifts, 0);
}

static void read_only_is_not_allowed_and_allowed_is_not_read_only(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;

        (void) state;
        read_only_everywhere();
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        bed_bind(&bed, lun, "sd", "sda", 7);
        bed_text(&bed, "run/lekdicht/grant/7", "%s", "");
        event(WATCH_PRESENT, "scsi", lun);
        assert_true(was_asked(0, VERB_READONLY, "3:0:0:0")); /* open, and it must not be */
        made_read_only(lun, 7);
        done(0, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "read-only");
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        inventory_judge_all(inventory);
        assert_true(was_asked(1, VERB_RELEASE, "3:0:0:0"));
        assert_int_equal(n_verdicts, 2); /* told anew */
        bed_remove(&bed, "run/lekdicht/readonly/7");
        done(1, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "allowed");
}

static void made_writable_by_another_it_is_read_only_again(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;
        char disk[BED_PATH * 2];

        (void) state;
        read_only_everywhere();
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        snprintf(disk, sizeof(disk), "%s/block/sda", lun);
        event(WATCH_ADD, "scsi", lun);
        made_read_only(lun, 7);
        done(0, DEED_DONE, false);
        bed_attribute(&bed, disk, "ro", "0");
        event(WATCH_CHANGE, "block", disk);
        assert_true(was_asked(1, VERB_READONLY, "3:0:0:0"));
        assert_int_equal(n_drifts, 1);
}

static void another_medium_is_made_read_only_and_no_drift(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;
        char disk[BED_PATH * 2];

        (void) state;
        read_only_everywhere();
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        snprintf(disk, sizeof(disk), "%s/block/sda", lun);
        event(WATCH_ADD, "scsi", lun);
        for (unsigned i = 0; i <= DECIDE_DRIFTS_MAX; i++) {
                if (i == 0)
                        made_read_only(lun, 7);
                bed_attribute(&bed, disk, "diskseq", "%u", 8 + i);
                done(i, DEED_DONE, false);
                bed_attribute(&bed, disk, "diskseq", "%u", 9 + i);
                event(WATCH_CHANGE, "block", disk);
                assert_true(was_asked(i + 1, VERB_READONLY, "3:0:0:0"));
        }
        assert_int_equal(n_drifts, 0);
}

static const char *encrypted_stick(char disk[static BED_PATH * 2])
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;

        policy.storage[STORAGE_USB_DISK] = policy.storage[STORAGE_SD_CARD] = ACCESS_ENCRYPTED;
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        snprintf(disk, BED_PATH * 2, "%s/block/sda", lun);
        event(WATCH_ADD, "usb", devpath);
        event(WATCH_ADD, "scsi", lun);
        inventory_strings(inventory, strings_of, "", "");
        return lun;
}

/* What the gate leaves behind when it has found LUN to be encrypted. */
static void found_encrypted(const char *lun, unsigned diskseq)
{
        bed_bind(&bed, lun, "sd", "sda", diskseq);
        bed_text(&bed, "run/lekdicht/encrypted/7", "%s", "");
}

static void encrypted_is_open_when_it_was_looked_at(void **state)
{
        char disk[BED_PATH * 2];
        const char *lun = encrypted_stick(disk);

        (void) state;
        assert_true(was_asked(0, VERB_ENCRYPTED, "3:0:0:0"));
        assert_string_equal(state_of("1-2"), "pending");
        assert_int_equal(n_verdicts, 0); /* nobody knows yet */
        found_encrypted(lun, 7);
        done(0, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "allowed");
        assert_int_equal(n_verdicts, 1);
        assert_int_equal(inventory_find(inventory, "1-2")->verdict.by_rule, ACCESS_ENCRYPTED);
        inventory_judge_all(inventory);
        assert_int_equal(n_asked, 1);
        event(WATCH_PRESENT, "scsi", lun); /* events were lost: nobody knows what was written meanwhile */
        assert_true(was_asked(1, VERB_ENCRYPTED, "3:0:0:0"));
        assert_string_equal(state_of("1-2"), "allowed");
        done(1, DEED_DONE, false);
        assert_int_equal(n_asked, 2);
        assert_int_equal(n_verdicts, 1);
}

/* Its own event, or udisks' after a format: somebody may have written to it. One at a time, and none is forgotten. */
static void each_event_of_the_disk_is_a_reason_to_look(void **state)
{
        char disk[BED_PATH * 2];
        const char *lun = encrypted_stick(disk);

        (void) state;
        found_encrypted(lun, 7);
        done(0, DEED_DONE, false);
        event(WATCH_CHANGE, "block", disk);
        assert_true(was_asked(1, VERB_ENCRYPTED, "3:0:0:0"));
        assert_string_equal(state_of("1-2"), "allowed"); /* meanwhile it stays what it is */
        event(WATCH_CHANGE, "block", disk);
        event(WATCH_CHANGE, "block", disk);
        assert_int_equal(n_asked, 2);
        done(1, DEED_DONE, false);
        assert_true(was_asked(2, VERB_ENCRYPTED, "3:0:0:0"));
        done(2, DEED_DONE, false);
        assert_int_equal(n_asked, 3);
        assert_int_equal(n_verdicts, 1);
        assert_int_equal(n_drifts, 0);
}

static void what_is_not_encrypted_is_refused_whole(void **state)
{
        char disk[BED_PATH * 2];
        const struct device *device;

        (void) state;
        encrypted_stick(disk);
        done(0, DEED_PLAIN, false);
        assert_int_equal(n_asked, 1); /* unbound by the gate; the device, when its scan has ended */
        inventory_settle(inventory, 1000 + INVENTORY_SETTLE_USEC);
        assert_true(was_asked(1, VERB_REFUSE, "1-2"));
        assert_int_equal(n_verdicts, 1);
        device = inventory_find(inventory, "1-2");
        assert_int_equal(device->verdict.by_rule, ACCESS_BLOCK);
        assert_true(device->verdict.plain);
        assert_string_equal(device->verdict.reason, "refused by [storage] usb-disk: it is not encrypted");
        /* Off, it has no units left to ask. */
        bed_attribute(&bed, device->target.devpath, "authorized", "0");
        bed_unplug(&bed, device->luns[0].target.devpath);
        inventory_prune(inventory);
        done(1, DEED_DONE, false);
        inventory_judge_all(inventory);
        assert_int_equal(n_asked, 2);
        assert_string_equal(state_of("1-2"), "refused");
        assert_string_equal(inventory_find(inventory, "1-2")->verdict.reason,
                            "refused by [storage] usb-disk: it is not encrypted");
}

static void reformatted_while_open_it_is_refused(void **state)
{
        char disk[BED_PATH * 2];
        const char *lun = encrypted_stick(disk);

        (void) state;
        found_encrypted(lun, 7);
        done(0, DEED_DONE, false);
        inventory_settle(inventory, 1000 + INVENTORY_SETTLE_USEC);
        event(WATCH_CHANGE, "block", disk);
        bed_remove(&bed, "run/lekdicht/encrypted/7");
        done(1, DEED_PLAIN, false);
        assert_true(was_asked(2, VERB_REFUSE, "1-2"));
        assert_int_equal(n_verdicts, 2);
        assert_true(inventory_find(inventory, "1-2")->verdict.plain);
}

/* A reader in the laptop is never switched off: its plain card is held, and the next one is looked at. */
static void a_plain_card_in_a_reader_leaves_the_reader_on(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;
        uint64_t unit;

        (void) state;
        bed_attribute(&bed, devpath, "removable", "fixed");
        policy.storage[STORAGE_USB_DISK] = policy.storage[STORAGE_SD_CARD] = ACCESS_ENCRYPTED;
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        event(WATCH_ADD, "usb", devpath);
        event(WATCH_ADD, "scsi", lun);
        inventory_strings(inventory, strings_of, "", "");
        inventory_settle(inventory, 1000 + INVENTORY_READER_USEC + INVENTORY_SETTLE_USEC);
        assert_true(was_asked(0, VERB_ENCRYPTED, "3:0:0:0"));
        done(0, DEED_PLAIN, false);
        assert_int_equal(n_asked, 1); /* unbound by the gate; nothing is switched off */
        assert_true(watched);
        assert_int_equal(n_verdicts, 1);
        assert_string_equal(state_of("1-2"), "refused");
        unit = inventory_find(inventory, "1-2")->luns[0].target.id;
        inventory_medium(inventory, unit, MEDIUM_ABSENT);
        assert_true(was_asked(1, VERB_ENCRYPTED, "3:0:0:0"));
        assert_false(watched);
        found_encrypted(lun, 7);
        done(1, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "allowed");
        assert_int_equal(n_verdicts, 2);
}

/* The school says allow after all: what was found does not matter any more. */
static void a_policy_that_allows_asks_nothing(void **state)
{
        char disk[BED_PATH * 2];

        (void) state;
        encrypted_stick(disk);
        done(0, DEED_PLAIN, false);
        inventory_settle(inventory, 1000 + INVENTORY_SETTLE_USEC);
        policy.storage[STORAGE_USB_DISK] = ACCESS_ALLOW;
        inventory_set_policy(inventory, &policy);
        inventory_judge_all(inventory);
        assert_string_equal(inventory_find(inventory, "1-2")->verdict.reason, "opened by [storage] usb-disk");
}

/* A stick whose disk may be read and whose CD drive may be written: the one that opens most speaks for it. */
static void the_most_open_lun_speaks_for_the_stick(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        policy.storage[STORAGE_USB_DISK] = ACCESS_READ_ONLY;
        event(WATCH_ADD, "usb", devpath);
        event(WATCH_ADD, "scsi", bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 5, "a", "CD"));
        event(WATCH_ADD, "scsi", bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 1, 0, "a", "disk"));
        inventory_strings(inventory, strings_of, "", "");
        assert_int_equal(n_asked, 1); /* the CD drive is held, for it has no driver */
        assert_true(was_asked(0, VERB_READONLY, "3:0:0:1"));
        done(0, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "read-only");
        assert_string_equal(inventory_find(inventory, "1-2")->verdict.rule, "[storage] usb-disk");
}

static void released_disk_without_grant_is_not_released_for_ever(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;
        char disk[BED_PATH * 2];

        (void) state;
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b");
        event(WATCH_ADD, "scsi", lun);
        bed_bind(&bed, lun, "sd", "sda", 7);
        done(0, DEED_DONE, false);
        snprintf(disk, sizeof(disk), "%s/block/sda", lun);
        for (unsigned i = 0; i < 5; i++)
                event(WATCH_CHANGE, "block", disk);
        assert_int_equal(n_asked, 1);
        /* Another disk, no driver, or a look at everything are reasons. */
        bed_attribute(&bed, disk, "diskseq", "8");
        event(WATCH_CHANGE, "block", disk);
        assert_int_equal(n_asked, 2);
        done(1, DEED_DONE, false);
        event(WATCH_CHANGE, "block", disk);
        assert_int_equal(n_asked, 2);
        event(WATCH_PRESENT, "scsi", lun);
        assert_int_equal(n_asked, 3);
        done(2, DEED_DONE, false);
        bed_unbind(&bed, lun);
        event(WATCH_CHANGE, "scsi", lun);
        assert_int_equal(n_asked, 4);
}

static void quarrel_ends(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        for (unsigned i = 0; i < 100; i++) {
                event(WATCH_CHANGE, "usb", devpath);
                if (n_asked > i)
                        done(i, DEED_DONE, false);
        }
        assert_int_equal(n_asked, DECIDE_DRIFTS_MAX + 1);
        assert_int_equal(n_drifts, DECIDE_DRIFTS_MAX);
        assert_string_equal(state_of("1-2"), "failed");
        event(WATCH_PRESENT, "usb", devpath);
        assert_int_equal(n_asked, DECIDE_DRIFTS_MAX + 2);
}

static void outcomes_are_states(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        event(WATCH_ADD, "usb", devpath);
        done(0, DEED_BUSY, true);
        assert_string_equal(state_of("1-2"), "busy");
        assert_string_equal(inventory_find(inventory, "1-2")->trouble, "in use");
        event(WATCH_ADD, "usb", devpath);
        assert_int_equal(n_asked, 1);
        done(0, DEED_FAILED, true);
        assert_string_equal(state_of("1-2"), "pending");
        done(0, DEED_FAILED, false);
        assert_string_equal(state_of("1-2"), "failed");
        event(WATCH_ADD, "usb", devpath);
        assert_int_equal(n_asked, 1);
        event(WATCH_PRESENT, "usb", devpath);
        assert_int_equal(n_asked, 2);
        done(1, DEED_GONE, false);
        event(WATCH_ADD, "usb", devpath);
        assert_int_equal(n_asked, 3);
        refuse_to_act = true;
        done(2, DEED_GONE, false);
        event(WATCH_ADD, "usb", devpath);
        assert_string_equal(state_of("1-2"), "failed");
}

static void latest_wish_wins(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);
        struct policy allow = { .version = 2 };

        (void) state;
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                allow.storage[kind] = ACCESS_ALLOW;
        event(WATCH_ADD, "usb", devpath);
        inventory_set_policy(inventory, &allow);
        inventory_judge_all(inventory);
        assert_int_equal(n_asked, 2);
        assert_true(was_asked(1, VERB_RELEASE, "1-2"));
        /* The first one's end says nothing of the second. */
        done(0, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "pending");
        done(1, DEED_DONE, false);
        assert_string_equal(state_of("1-2"), "allowed");
}

static void open_gate_takes_wishes_back(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        event(WATCH_ADD, "usb", devpath);
        inventory_set_open(inventory, true);
        inventory_judge_all(inventory);
        assert_string_equal(state_of("1-2"), "gate-open");
        assert_int_equal(n_asked, 1);
        done(0, DEED_DONE, false);
        assert_true(was_asked(1, VERB_RELEASE, "1-2"));
        inventory_set_open(inventory, false);
        inventory_judge_all(inventory);
        assert_true(was_asked(2, VERB_REFUSE, "1-2"));
        assert_int_equal(n_verdicts, 3);
}

static void open_gate_still_waits_for_the_luns(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        policy.storage[STORAGE_OPTICAL] = ACCESS_ALLOW;
        inventory_set_open(inventory, true);
        event_at(WATCH_ADD, "scsi", bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 0, "a", "b"), 1000);
        inventory_strings(inventory, strings_of, "", "");
        assert_int_equal(n_verdicts, 0);
        inventory_settle(inventory, 1000 + INVENTORY_SETTLE_USEC);
        assert_int_equal(n_verdicts, 1);
        assert_int_equal(n_asked, 0);
}

static void storage_that_is_not_in_use_is_held(void **state)
{
        const char *devpath = bed_usb(&bed, &composite, false);

        (void) state;
        bed_usb_interface(&bed, &composite, devpath, 1, 0);
        event(WATCH_PRESENT, "usb", devpath);
        event(WATCH_PRESENT, "usb", interface_of(&composite, devpath, 0));
        assert_string_equal(state_of("1-3"), "held");
        assert_int_equal(n_asked, 0);
        assert_int_equal(n_verdicts, 0);
        event(WATCH_ADD, "usb", bed_usb_interface(&bed, &composite, devpath, 1, 1));
        assert_true(was_asked(0, VERB_REFUSE, "1-3:1.1"));
}

static void exempt_by_device_and_disk(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;

        (void) state;
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 0, 0, 0, "a", "b");
        bed_bind(&bed, lun, "sd", "sda", 7);
        bed_text(&bed, "run/lekdicht/exempt/bad", "diskseq=7\n");
        bed_text(&bed, "run/lekdicht/exempt/0:0:0:0", "devpath=%s\ndiskseq=7\ncarries=/ho\033me\n", lun);
        bed_text(&bed, "run/lekdicht/exempt/9:0:0:0", "devpath=/devices/none\ndiskseq=9\ncarries=/\n");
        assert_int_equal(inventory_read_exempts(inventory), 0);
        assert_int_equal(inventory_exempts(inventory)->n, 2);
        event(WATCH_ADD, "usb", devpath);
        assert_int_equal(n_asked, 0);
        assert_string_equal(state_of("1-2"), "exempt");
        assert_string_equal(inventory_find(inventory, "1-2")->carries, "/ho?me");
        assert_int_equal(n_verdicts, 0);
        /* The neighbour whose path begins the same is not. */
        bed_text(&bed, "run/lekdicht/exempt/0:0:0:0", "devpath=%s0\ndiskseq=7\ncarries=/\n", devpath);
        assert_int_equal(inventory_read_exempts(inventory), 0);
        inventory_judge_all(inventory);
        assert_int_equal(n_asked, 1);
}

static void luns_are_bounded(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true);

        (void) state;
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        for (unsigned i = 0; i < DEVICE_LUNS_MAX + 10; i++)
                event(WATCH_ADD, "scsi", bed_lun(&bed, interface_of(&stick, devpath, 0), 3, i, 0, "a", "b"));
        assert_int_equal(n_asked, DEVICE_LUNS_MAX);
        assert_int_equal(inventory_find(inventory, "1-2")->n_luns, DEVICE_LUNS_MAX);
}

static void devices_are_bounded(void **state)
{
        char port[32];
        unsigned n = 0;

        (void) state;
        for (unsigned i = 0; i < INVENTORY_DEVICES_MAX + 5; i++) {
                struct bed_usb usb = stick;

                snprintf(port, sizeof(port), "1-%u", i);
                usb.port = port;
                event(WATCH_ADD, "usb", bed_usb(&bed, &usb, false));
        }
        for (const struct device *device = inventory_first(inventory); device; device = device->next)
                n++;
        assert_int_equal(n, INVENTORY_DEVICES_MAX);
        assert_int_equal(n_asked, INVENTORY_DEVICES_MAX);
        /* There is room again when one has left. */
        bed_unplug(&bed, PCI "/usb1/1-0");
        inventory_prune(inventory);
        event(WATCH_ADD, "usb", PCI "/usb1/1-515");
        assert_int_equal(n_asked, INVENTORY_DEVICES_MAX + 1);
}

static void lun_that_took_anothers_place(void **state)
{
        const char *devpath = bed_usb(&bed, &stick, true), *lun;

        (void) state;
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        lun = bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 5, "a", "b");
        event(WATCH_ADD, "scsi", lun);
        bed_unplug(&bed, lun);
        bed_lun(&bed, interface_of(&stick, devpath, 0), 3, 0, 13, "a", "enclosure");
        event(WATCH_ADD, "scsi", lun);
        assert_int_equal(n_asked, 1);
        assert_int_equal(inventory_find(inventory, "1-2")->n_luns, 1);
        assert_string_equal(state_of("1-2"), "held");
}

static void only_the_active_configuration_is_acted_on(void **state)
{
        const char *devpath = bed_usb(&bed, &composite, true), *second;

        (void) state;
        event(WATCH_ADD, "usb", interface_of(&composite, devpath, 1));
        assert_int_equal(n_asked, 1);
        /* Configuration 2: its interfaces come, those of 1 are gone. */
        bed_unplug(&bed, interface_of(&composite, devpath, 0));
        bed_unplug(&bed, interface_of(&composite, devpath, 1));
        second = bed_usb_interface(&bed, &composite, devpath, 2, 1);
        event(WATCH_ADD, "usb", second);
        assert_int_equal(n_asked, 2);
        assert_true(was_asked(1, VERB_REFUSE, "1-3:2.1"));
        assert_int_equal(inventory_find(inventory, "1-3")->n_interfaces, 1);
        assert_int_equal(n_drifts, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(same_event_twice_asks_once),
                TEST(late_events_of_what_is_gone),
                TEST(what_is_going_is_not_taken_up),
                TEST(nonsense_is_survived),
                TEST(descriptors_without_sense_leave_it_to_the_kernel),
                TEST(descriptors_that_end_early_are_not_the_whole_device),
                TEST(kernel_sees_storage_where_descriptors_hide_it),
                TEST(hid_is_never_asked_about),
                TEST(serial_that_comes_later_decides),
                TEST(settling_waits_for_the_last_lun),
                TEST(slow_strings_do_not_lose_the_settling),
                TEST(bound_lun_is_unbound_at_once),
                TEST(granted_lun_is_left_alone),
                TEST(read_only_is_asked_for_once),
                TEST(read_only_is_not_allowed_and_allowed_is_not_read_only),
                TEST(made_writable_by_another_it_is_read_only_again),
                TEST(another_medium_is_made_read_only_and_no_drift),
                TEST(encrypted_is_open_when_it_was_looked_at),
                TEST(each_event_of_the_disk_is_a_reason_to_look),
                TEST(what_is_not_encrypted_is_refused_whole),
                TEST(reformatted_while_open_it_is_refused),
                TEST(a_plain_card_in_a_reader_leaves_the_reader_on),
                TEST(a_policy_that_allows_asks_nothing),
                TEST(the_most_open_lun_speaks_for_the_stick),
                TEST(released_disk_without_grant_is_not_released_for_ever),
                TEST(quarrel_ends),
                TEST(outcomes_are_states),
                TEST(latest_wish_wins),
                TEST(open_gate_takes_wishes_back),
                TEST(open_gate_still_waits_for_the_luns),
                TEST(storage_that_is_not_in_use_is_held),
                TEST(exempt_by_device_and_disk),
                TEST(luns_are_bounded),
                TEST(devices_are_bounded),
                TEST(lun_that_took_anothers_place),
                TEST(only_the_active_configuration_is_acted_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
