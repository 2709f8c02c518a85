/* links: gate/refuse.c gate/settle.c gate/walk.c gate/mounts.c gate/renew.c gate/lun.c gate/state.c gate/phone.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Shutting one device: what is written down before what is done, and what is never shut. */

#include "tests/unit/fake-machine.h"

#include <sys/mount.h>

#include "gate/attr.h"
#include "gate/lun.h"
#include "gate/refuse.h"
#include "gate/state.h"

static int setup(void **state)
{
        machine_setup(state);
        return state_prepare(&((struct machine *) *state)->roots);
}

static enum gate_exit refuses(struct machine *m, const char *name)
{
        struct device device = machine_open(m, name);
        enum gate_exit code;
        struct uses uses;

        assert_int_equal(walk(&m->roots, &uses), 0);
        code = refuse(&m->roots, &uses, &device);
        walk_free(&uses);
        device_close(&device);
        return code;
}

/* What was written down when `authorized` was written, and how the write is answered. */
struct witness {
        char refused[64], nodes[64], grants[64], text[64];
        int answer;
};

static int at_authorized(struct machine *m, const char *path, const char *value)
{
        struct witness *witness = m->userdata;

        (void) value;
        if (strcmp(strrchr(path, '/'), "/authorized") != 0)
                return MACHINE_GOES_ON;
        strcpy(witness->refused, machine_list(m, "run/refused"));
        strcpy(witness->nodes, machine_list(m, "run/node"));
        strcpy(witness->grants, machine_list(m, "run/grant"));
        if (witness->answer == 'g') {
                machine_unplug(m, STICK_PORT);
                return -ENODEV;
        }
        return witness->answer;
}

static void a_device_is_written_down_and_then_deauthorised(void **state)
{
        struct machine *m = *state;
        struct witness witness = { .answer = MACHINE_GOES_ON };

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
        state_grant(&m->roots, 12, "");
        state_grant(&m->roots, 13, "");
        m->on_write = at_authorized;
        m->userdata = &witness;
        assert_int_equal(refuses(m, "1-2"), GATE_DONE);
        assert_string_equal(m->journal, "sys" STICK_PORT "/authorized=0\n");
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "0\n");
        assert_string_equal(witness.refused, "1-2 ");
        assert_string_equal(witness.grants, "13 "); /* its grant is gone before it can come again */
        assert_string_equal(machine_read(m, "run/refused/1-2"), "devnum=5\n");
        assert_string_equal(machine_list(m, "run/node"), "");
        assert_string_equal(machine_list(m, "run/refused"), "1-2 ");
        assert_says(m->out, "deauthorised usb device 1-2\n");
}

/* Should we die at the write, `open` knows what to give back. */
static void the_record_stays_when_the_deed_fails(void **state)
{
        static const struct {
                int answer;
                enum gate_exit code;
        } cases[] = { { -EIO, GATE_FAILED },
                      { MACHINE_SWALLOWS, GATE_FAILED },
                      { -EBUSY, GATE_BUSY },
                      { -ENODEV, GATE_GONE },
                      { 'g', GATE_GONE } };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct witness witness = { .answer = cases[i].answer };
                struct machine *m = machine_new();

                (void) state;
                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
                m->on_write = at_authorized;
                m->userdata = &witness;
                assert_int_equal(refuses(m, "1-2"), cases[i].code);
                assert_string_equal(machine_list(m, "run/refused"), "1-2 ");
                assert_string_equal(m->out, "");
                assert_says(m->err, cases[i].code == GATE_GONE ? "1-2: gone" : "1-2: deauthorising: ");
                machine_free(m);
        }
}

/* No record, no deed; and a directory of ours that is missing is not a device that has left. */
static void without_a_record_nothing_is_done(void **state)
{
        static const char *const names[] = { "1-2", "1-2:1.0" };
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_remove(m, "run/refused");
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(refuses(m, names[i]), GATE_FAILED);
                if (strstr(m->journal, "authorized"))
                        fail_msg("%s was deauthorised", names[i]);
        }
        machine_remove(m, "run/node");
        m->journal[0] = '\0';
        assert_int_equal(refuses(m, "1-2:1.0"), GATE_FAILED);
        assert_string_equal(m->journal, "");
}

/* Node, then udev, then record, then deed: an open node brings the interface back at once (SETCONFIGURATION). */
static void an_interface_goes_after_its_node(void **state)
{
        struct machine *m = *state;
        struct witness witness = { .answer = MACHINE_GOES_ON };

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_interface(m, STICK_PORT, 1, "0e"); /* a camera with memory: the camera stays */
        state_grant(&m->roots, 12, "");
        m->on_write = at_authorized;
        m->userdata = &witness;
        assert_int_equal(refuses(m, "1-2:1.0"), GATE_DONE);
        assert_string_equal(m->journal, "sys" STICK_PORT "/uevent=change\nsys" STICK_PORT "/1-2:1.0/authorized=0\n");
        assert_string_equal(witness.nodes, "1-5 ");
        assert_string_equal(witness.refused, "1-2:1.0 ");
        assert_string_equal(witness.grants, "");
        assert_string_equal(machine_read(m, "run/refused/1-2:1.0"), "devnum=5\n");
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/1-2:1.0/authorized"), "0\n");
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/1-2:1.1/authorized"), "1\n");
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n");
        assert_says(m->out, "deauthorised usb interface 1-2:1.0\n");
}

static void the_node_record_is_there_when_udev_looks(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_remove(m, "sys" STICK_PORT "/uevent"); /* udev cannot be asked */
        machine_file(m, "DEVTYPE=usb_device\n", "sys" STICK_PORT "/uevent/x");
        assert_int_equal(refuses(m, "1-2:1.0"), GATE_FAILED);
        assert_string_equal(machine_list(m, "run/node"), "1-5 ");
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/1-2:1.0/authorized"), "1\n");
}

/* What was given to users is taken back, whole or in part, and udev looks again. */
static void a_phone_is_not_given_any_more(void **state)
{
        static const char *const names[] = { "1-5", "1-5:1.0" };

        (void) state;
        for (size_t i = 0; i < 2; i++) {
                struct machine *m = machine_new();
                const char *phone = machine_usb(m, "1-5", 9, "00");

                state_prepare(&m->roots);
                machine_interface(m, phone, 0, "06");
                machine_file(m, "", "run/phone/001-009");
                machine_file(m, "", "run/phone/001-010");
                assert_int_equal(refuses(m, names[i]), GATE_DONE);
                assert_string_equal(machine_list(m, "run/phone"), "001-010 ");
                assert_wrote(m, machine_string(m, "sys%s/uevent=change", phone));
                machine_free(m);
        }
}

/* Keyboards, mice and hubs: whole devices that have one, and their own interfaces. Nothing of them changes: a stick
 * in the same device keeps its mount and grant too. */
static void keyboards_and_hubs_live(void **state)
{
        static const struct {
                const char *device_class, *interface_class, *other_class; /* of 1-5, 1-5:1.0 and 1-5:1.1 */
                enum gate_exit device, interface, other;
        } cases[] = {
                { "00", "03", NULL, GATE_FAILED, GATE_FAILED, GATE_DONE },
                { "00", "09", NULL, GATE_FAILED, GATE_FAILED, GATE_DONE },
                { "09", "ff", NULL, GATE_FAILED, GATE_DONE, GATE_DONE },
                { "09", "09", NULL, GATE_FAILED, GATE_FAILED, GATE_DONE },
                { "00", "08", "03", GATE_FAILED, GATE_DONE, GATE_FAILED },
                { "ef", "03", "08", GATE_FAILED, GATE_FAILED, GATE_DONE },
                { "00", "08", "0e", GATE_DONE, GATE_DONE, GATE_DONE },
                { "00", "30", "90", GATE_DONE, GATE_DONE, GATE_DONE }, /* hexadecimal, whole */
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                for (int which = 0; which < 3; which++) {
                        static const char *const names[] = { "1-5", "1-5:1.0", "1-5:1.1" };
                        const enum gate_exit expected[] = { cases[i].device, cases[i].interface, cases[i].other };
                        struct machine *m = machine_new();
                        const char *usb = machine_usb(m, "1-5", 9, cases[i].device_class);

                        state_prepare(&m->roots);
                        machine_interface(m, usb, 0, cases[i].interface_class);
                        if (cases[i].other_class)
                                machine_interface(m, usb, 1, cases[i].other_class);
                        if (which == 2 && !cases[i].other_class) {
                                machine_free(m);
                                continue;
                        }
                        if (refuses(m, names[which]) != expected[which])
                                fail_msg("case %zu, %s", i, names[which]);
                        if (expected[which] == GATE_FAILED) {
                                assert_string_equal(m->journal, "");
                                assert_string_equal(machine_list(m, "run/refused"), "");
                                assert_string_equal(machine_list(m, "run/node"), "");
                        }
                        machine_free(m);
                }
}

static void refusing_a_hub_changes_nothing_below_it(void **state)
{
        struct machine *m = *state;

        machine_usb(m, "1-4", 7, "09");
        machine_stick(m, "1-4/1-4.1", 8, 3, "sdb", 801, 12, true);
        state_grant(&m->roots, 12, "");
        if (machine_own_mounts()) {
                assert_true(mkdir("/media/a", 0755) == 0 || errno == EEXIST);
                assert_int_equal(mount("stick", "/media/a", "tmpfs", 0, NULL), 0);
                machine_mount(m, 801, 1, "/media/a", "vfat", "/dev/sdb1", "rw");
        }
        assert_int_equal(refuses(m, "1-4"), GATE_FAILED);
        assert_says(m->err, "1-4");
        assert_says(m->err, "hub");
        assert_string_equal(m->out, "");
        assert_string_equal(m->journal, "");
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
        if (machine_own_mounts())
                assert_int_equal(umount("/media/a"), 0); /* it was still there */
}

static void a_unit_loses_its_driver_and_its_grant(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);

        state_grant(&m->roots, 12, "");
        assert_int_equal(refuses(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(m->journal, "sys/bus/scsi/drivers/sd/unbind=3:0:0:0\n");
        assert_false(machine_has(m, "sys%s/driver", stick));
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(machine_list(m, "run/refused"), ""); /* nothing that open would have to authorise */
        assert_string_equal(m->out, "unbound 3:0:0:0\n");
        assert_true(machine_has(m, "run/unbound/3:0:0:0")); /* it is found anew before it is bound again */
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n");
        /* Held already. */
        m->journal[0] = m->out[0] = '\0';
        assert_int_equal(refuses(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(m->journal, "");
        assert_string_equal(m->out, "held 3:0:0:0\n");
}

static void cards_too(void **state)
{
        struct machine *m = *state;

        machine_card(m, "mmc0:4567", "SD", "mmcblk0", 803, 14, true);
        machine_memstick(m, "mspblk0", 804, 15, true);
        assert_int_equal(refuses(m, "mmc0:4567"), GATE_DONE);
        assert_int_equal(refuses(m, "memstick0"), GATE_DONE);
        assert_string_equal(
                m->journal,
                "sys/bus/mmc/drivers/mmcblk/unbind=mmc0:4567\nsys/bus/memstick/drivers/mspro_block/unbind=memstick0\n");
}

static int at_unbind(struct machine *m, const char *path, const char *value)
{
        (void) path, (void) value;
        if (*(int *) m->userdata == 'g') {
                machine_unplug(m, STICK_PORT);
                return -ENODEV;
        }
        return *(int *) m->userdata;
}

static void a_unit_that_keeps_its_driver_is_a_failure(void **state)
{
        struct machine *m = *state;
        int answer;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        m->on_write = at_unbind;
        m->userdata = &answer;
        answer = MACHINE_SWALLOWS;
        assert_int_equal(refuses(m, "3:0:0:0"), GATE_FAILED);
        answer = -EPERM;
        assert_int_equal(refuses(m, "3:0:0:0"), GATE_FAILED);
        answer = -EBUSY;
        assert_int_equal(refuses(m, "3:0:0:0"), GATE_BUSY);
        assert_string_equal(m->out, "");
        answer = 'g';
        assert_int_equal(refuses(m, "3:0:0:0"), GATE_GONE);
        assert_string_equal(m->out, "");
}

static void a_grant_that_cannot_be_taken_back_stops_it(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "", "run/grant/12/in-the-way");
        assert_int_equal(refuses(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(m->journal, "");
}

static void what_carries_the_system_is_never_refused(void **state)
{
        static const char *const names[] = { "1-2", "1-2:1.0", "3:0:0:0" };
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        state_grant(&m->roots, 12, "");
        machine_mount(m, 801, 1, "/", "ext4", "/dev/sdb1", "rw");
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(refuses(m, names[i]), GATE_FAILED);
        assert_string_equal(m->journal, "");
        assert_string_equal(m->out, "");
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
        assert_string_equal(machine_list(m, "run/refused"), "");
        assert_string_equal(machine_list(m, "run/node"), "");
        assert_says(m->err, "1-2 carries /: not touched");
}

static void what_is_mounted_for_a_person_is_unmounted_first(void **state)
{
        struct machine *m = *state;
        int fd;

        if (!machine_own_mounts())
                skip();
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        state_grant(&m->roots, 12, "");
        assert_true(mkdir("/media/a", 0755) == 0 || errno == EEXIST);
        assert_int_equal(mount("stick", "/media/a", "tmpfs", 0, NULL), 0);
        machine_mount(m, 801, 1, "/media/a", "vfat", "/dev/sdb1", "rw");
        fd = open("/media/a/letter", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(refuses(m, "1-2"), GATE_BUSY);
        assert_string_equal(m->journal, "");
        assert_string_equal(machine_list(m, "run/grant"), "12 "); /* he goes on writing as if nothing were */
        assert_string_equal(machine_list(m, "run/refused"), "");
        close(fd);
        assert_int_equal(refuses(m, "1-2"), GATE_DONE);
        assert_string_equal(m->out, "unmounted /media/a\ndeauthorised usb device 1-2\n");
        assert_string_equal(m->journal, "sys" STICK_PORT "/authorized=0\n");
}

/* Another stick is in the port by the time we write. */
static void what_took_the_name_is_not_refused(void **state)
{
        static const char *const names[] = { "1-2", "1-2:1.0", "3:0:0:0" };
        struct uses none = { 0 };

        (void) state;
        for (size_t i = 0; i < 3; i++) {
                struct machine *m = machine_new();
                struct device device;

                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
                device = machine_open(m, names[i]);
                machine_unplug(m, STICK_PORT);
                machine_stick(m, "1-2", 6, 3, "sdb", 801, 13, true);
                state_grant(&m->roots, 13, "");
                refuse(&m->roots, &none, &device);
                assert_string_equal(m->journal, "");
                assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n");
                assert_true(machine_has(m, "sys%s/driver", STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0"));
                device_close(&device);
                machine_free(m);
        }
}

static void one_that_has_left_is_gone(void **state)
{
        static const char *const names[] = { "1-2", "1-2:1.0" };
        struct uses none = { 0 };

        (void) state;
        for (size_t i = 0; i < 2; i++) {
                struct machine *m = machine_new();
                struct device device;

                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
                device = machine_open(m, names[i]);
                machine_unplug(m, STICK_PORT);
                assert_int_equal(refuse(&m->roots, &none, &device), GATE_GONE);
                assert_string_equal(machine_list(m, "run/refused"), "");
                device_close(&device);
                machine_free(m);
        }
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(a_device_is_written_down_and_then_deauthorised),
                cmocka_unit_test(the_record_stays_when_the_deed_fails),
                test(without_a_record_nothing_is_done),
                test(an_interface_goes_after_its_node),
                test(the_node_record_is_there_when_udev_looks),
                cmocka_unit_test(a_phone_is_not_given_any_more),
                cmocka_unit_test(keyboards_and_hubs_live),
                test(refusing_a_hub_changes_nothing_below_it),
                test(a_unit_loses_its_driver_and_its_grant),
                test(cards_too),
                test(a_unit_that_keeps_its_driver_is_a_failure),
                test(a_grant_that_cannot_be_taken_back_stops_it),
                test(what_carries_the_system_is_never_refused),
                test(what_is_mounted_for_a_person_is_unmounted_first),
                cmocka_unit_test(what_took_the_name_is_not_refused),
                cmocka_unit_test(one_that_has_left_is_gone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
