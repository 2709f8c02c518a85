/* links: gate/opening.c gate/usbnode.c gate/release.c gate/renew.c gate/lun.c gate/state.c gate/phone.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Opening one device: the grant comes last, and only to what was judged. */

#include "tests/unit/fake-machine.h"

#include "gate/attr.h"
#include "gate/lun.h"
#include "gate/release.h"
#include "gate/renew.h"
#include "gate/state.h"

#define HOST STICK_PORT "/1-2:1.0/host3/scsi_host/host3"
#define LUN  STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0"

static int setup(void **state)
{
        machine_setup(state);
        return state_prepare(&((struct machine *) *state)->roots);
}

static enum gate_exit releases(struct machine *m, const char *name)
{
        struct device device = machine_open(m, name);
        enum gate_exit code = release(&m->roots, &device);

        device_close(&device);
        return code;
}

/* The grants there were at each write. */
static int note_grants(struct machine *m, const char *path, const char *value)
{
        (void) value;
        strcat(strcat(m->userdata, strrchr(path, '/') + 1), machine_has(m, "run/grant/12") ? "+ " : "- ");
        return MACHINE_GOES_ON;
}

static void a_held_stick_is_bound_then_granted_then_shown(void **state)
{
        struct machine *m = *state;
        char notes[256] = "";

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, false);
        m->on_write = note_grants;
        m->userdata = notes;
        assert_int_equal(releases(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(m->journal,
                            "sys/bus/scsi/drivers_probe=3:0:0:0\nsys" LUN "/scsi_generic/sg3/uevent=change\n"
                            "sys" LUN "/block/sdb/uevent=change\nsys" LUN "/block/sdb/sdb1/uevent=change\n");
        assert_string_equal(notes, "drivers_probe- uevent+ uevent+ uevent+ ");
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
        assert_string_equal(machine_read(m, "run/grant/12"), "disk=sdb\ndevpath=" LUN "\n");
        assert_string_equal(m->out, "opened 3:0:0:0 as sdb, disk sequence number 12\n");
        assert_false(machine_has(m, "sys/bus/scsi/devices/4:0:0:0/driver"));
}

static void cards_too(void **state)
{
        struct machine *m = *state;

        machine_card(m, "mmc0:4567", "SD", "mmcblk0", 803, 14, false);
        machine_memstick(m, "mspblk0", 804, 15, false);
        assert_int_equal(releases(m, "mmc0:4567"), GATE_DONE);
        assert_int_equal(releases(m, "memstick0"), GATE_DONE);
        assert_wrote(m, "sys/bus/mmc/drivers_probe=mmc0:4567");
        assert_wrote(m, "sys/bus/memstick/drivers_probe=memstick0");
        assert_wrote(m, "sys" PCI "/0000:02:00.0/mmc_host/mmc0/mmc0:4567/block/mmcblk0/mmcblk0p1/uevent=change");
        assert_string_equal(machine_list(m, "run/grant"), "14 15 ");
}

static void what_is_bound_only_gets_its_grant(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(releases(m, "3:0:0:0"), GATE_DONE);
                assert_string_equal(machine_list(m, "run/grant"), "12 ");
        }
        assert_not_wrote(m, "sys/bus/scsi/drivers_probe=3:0:0:0");
        assert_wrote(m, "sys" LUN "/block/sdb/uevent=change");
}

/* Success is the driver, never the write. */
static void without_a_driver_there_is_no_grant(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "", "sys" LUN "/.driverless");
        machine_file(m, machine_string(m, "#!/bin/sh\necho \"$@\" >>%s/asked\n", m->top), "modprobe");
        assert_int_equal(chmod(m->roots.modprobe, 0755), 0);
        assert_int_equal(releases(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(m->journal, "sys/bus/scsi/drivers_probe=3:0:0:0\nsys/bus/scsi/drivers_probe=3:0:0:0\n");
        assert_string_equal(machine_read(m, "asked"), "-a -q -- scsi_mod sd_mod sr_mod\n");
        assert_says(m->err, "3:0:0:0: no driver bound");
        assert_string_equal(m->out, "");
}

static void unbound_by_us(struct machine *m, const char *name)
{
        struct device device = machine_open(m, name);

        renew_note(&m->roots, &device);
        device_close(&device);
}

/* Linux 6.1 hangs or fails when a unit is bound again whose last disk is still open somewhere. */
static void what_was_unbound_is_found_anew_and_not_bound(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "", "sys" LUN "/delete");
        machine_file(m, "", "sys" HOST "/scan");
        unbound_by_us(m, "3:0:0:0");
        assert_int_equal(releases(m, "3:0:0:0"), GATE_GONE);
        assert_string_equal(m->journal, "sys" LUN "/delete=1\nsys" HOST "/scan=0 0 0\n");
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(machine_list(m, "run/unbound"), "");
        assert_says(m->out, "3:0:0:0: found anew");
}

/* Host numbers are used again: the next stick's unit may have the same name. */
static void another_unit_of_that_name_is_bound(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "", "sys" LUN "/delete");
        machine_file(m, "inode=1\n", "run/unbound/3:0:0:0");
        assert_int_equal(releases(m, "3:0:0:0"), GATE_DONE);
        assert_not_wrote(m, "sys" LUN "/delete=1");
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
}

/* What cannot be removed is bound as it is. */
static void without_a_way_to_remove_it_is_bound(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        unbound_by_us(m, "3:0:0:0");
        assert_int_equal(releases(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
}

/* modprobe loads the driver that had been unloaded: then the second try binds. */
static int until_loaded(struct machine *m, const char *path, const char *value)
{
        (void) path, (void) value;
        return machine_has(m, "loaded") ? MACHINE_GOES_ON : MACHINE_SWALLOWS;
}

static void a_driver_that_was_unloaded_is_loaded(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, machine_string(m, "#!/bin/sh\n: >%s/loaded\n", m->top), "modprobe");
        assert_int_equal(chmod(m->roots.modprobe, 0755), 0);
        m->on_write = until_loaded;
        assert_int_equal(releases(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
}

static void no_module_is_loaded_when_the_first_try_binds(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, machine_string(m, "#!/bin/sh\n: >%s/loaded\n", m->top), "modprobe");
        assert_int_equal(chmod(m->roots.modprobe, 0755), 0);
        assert_int_equal(releases(m, "3:0:0:0"), GATE_DONE);
        assert_false(machine_has(m, "loaded"));
}

static void what_has_left_is_gone_and_gets_nothing(void **state)
{
        static const char *const names[] = { "1-2", "1-2:1.0", "3:0:0:0" };

        (void) state;
        for (int bound = 0; bound < 2; bound++)
                for (size_t i = 0; i < 3; i++) {
                        struct machine *m = machine_new();
                        struct device device;

                        state_prepare(&m->roots);
                        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, bound);
                        device = machine_open(m, names[i]);
                        machine_unplug(m, STICK_PORT);
                        assert_int_equal(release(&m->roots, &device), GATE_GONE);
                        assert_string_equal(machine_list(m, "run/grant"), "");
                        assert_string_equal(m->out, "");
                        device_close(&device);
                        machine_free(m);
                }
}

/* While drivers_probe is written the stick is pulled and another takes its name: what that is, and how it stands. */
enum successor { HELD, BOUND, GRANTED, INTERNAL, NONE };

static int swap_the_device(struct machine *m, const char *path, const char *value)
{
        enum successor successor = *(enum successor *) m->userdata;

        (void) value;
        if (strcmp(path, "sys/bus/scsi/drivers_probe") != 0)
                return MACHINE_GOES_ON;
        machine_unplug(m, STICK_PORT);
        machine_remove(m, "sys/bus/scsi/devices/3:0:0:0");
        if (successor == INTERNAL)
                machine_sata(m, 3, "sda", 800, 13);
        else if (successor != NONE)
                machine_stick(m, "1-7", 6, 3, "sdc", 802, 13, successor != HELD);
        if (successor == GRANTED)
                state_grant(&m->roots, 13, "");
        return successor == HELD ? MACHINE_GOES_ON : successor == NONE ? -ENODEV : MACHINE_SWALLOWS;
}

static void what_took_the_name_is_not_opened(void **state)
{
        static const struct {
                enum successor successor;
                bool open, stays;
        } cases[] = {
                { HELD, false, false },                              /* our probe bound it: undone */
                { BOUND, false, false },   { GRANTED, false, true }, /* judged by another gate meanwhile */
                { INTERNAL, false, true },                           /* let through by udev */
                { NONE, false, false },    { HELD, true, true },     /* the gate is open: nothing is held */
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = machine_new();
                enum successor successor = cases[i].successor;

                state_prepare(&m->roots);
                if (cases[i].open)
                        state_put(&m->roots, NULL, STATE_OPEN, "");
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
                m->on_write = swap_the_device;
                m->userdata = &successor;
                assert_int_equal(releases(m, "3:0:0:0"), GATE_GONE);
                assert_string_equal(machine_list(m, "run/grant"), successor == GRANTED ? "13 " : "");
                if (machine_has(m, "sys/bus/scsi/devices/3:0:0:0/driver") != cases[i].stays)
                        fail_msg("case %zu", i);
                assert_says(m->err, "3:0:0:0: gone, nothing is opened");
                if (strstr(m->out, "opened"))
                        fail_msg("%s", m->out);
                machine_free(m);
        }
}

static void a_unit_without_a_disk_is_bound_and_that_is_all(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_remove(m, "sys" LUN "/.block"); /* an enclosure, a scanner */
        assert_int_equal(releases(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(m->out, "bound 3:0:0:0, which has no disk\n");
}

/* The kernel takes the disk and the attributes away first, the directory last. */
static void one_that_is_just_going_has_not_just_no_disk(void **state)
{
        struct machine *m = *state;
        struct device device;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        device = machine_open(m, "3:0:0:0");
        machine_remove(m, "sys" LUN "/block");
        machine_remove(m, "sys" LUN "/uevent");
        assert_int_equal(release(&m->roots, &device), GATE_GONE);
        assert_string_equal(m->out, "");
        device_close(&device);
}

static void without_a_sequence_number_there_is_no_grant(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_remove(m, "sys" LUN "/block/sdb/diskseq");
        assert_int_equal(releases(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(m->journal, ""); /* it stays hidden */
        assert_says(m->err, "3:0:0:0: finding its disk");
}

static void a_grant_that_cannot_be_written_is_a_failure(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_remove(m, "run/grant");
        assert_int_equal(releases(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(m->journal, "");
        assert_says(m->err, "3:0:0:0: writing its grant");
        assert_string_equal(m->out, "");
}

static void a_usb_device_is_authorised_and_its_records_go(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "0\n", "sys" STICK_PORT "/authorized");
        machine_file(m, "devnum=5\n", "run/refused/1-2");
        machine_file(m, "devnum=6\n", "run/refused/1-3");
        machine_file(m, "", "run/node/1-5");
        machine_file(m, "", "run/node/1-6");
        assert_int_equal(releases(m, "1-2"), GATE_DONE);
        assert_string_equal(m->journal, "sys" STICK_PORT "/authorized=1\nsys" STICK_PORT "/uevent=add\n");
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n");
        assert_string_equal(machine_list(m, "run/refused"), "1-3 ");
        assert_string_equal(machine_list(m, "run/node"), "1-6 ");
        assert_string_equal(machine_list(m, "run/grant"), ""); /* its disk is judged when it appears */
        assert_string_equal(m->out, "authorised 1-2\n");
}

/* The rule gives a phone's node to users when there is this file, and libmtp's looks at "add" only. */
static void a_phone_is_given_whole_and_announced(void **state)
{
        struct machine *m = *state;
        const char *phone = machine_usb(m, "1-5", 9, "00");

        machine_interface(m, phone, 0, "06");
        assert_int_equal(releases(m, "1-5:1.0"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/phone"), "");
        m->journal[0] = '\0';
        assert_int_equal(releases(m, "1-5"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/phone"), "001-009 ");
        assert_wrote(m, machine_string(m, "sys%s/uevent=add", phone));
}

static void a_phone_of_which_a_part_is_refused_is_not_given(void **state)
{
        struct machine *m = *state;
        const char *phone = machine_usb(m, "1-5", 9, "00");

        machine_interface(m, phone, 0, "06");
        machine_interface(m, phone, 1, "08");
        machine_file(m, "devnum=9\n", "run/refused/1-5:1.1");
        assert_int_equal(releases(m, "1-5"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/phone"), "");
}

static void an_interface_is_authorised_and_probed(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "0\n", "sys" STICK_PORT "/1-2:1.0/authorized");
        machine_file(m, "devnum=5\n", "run/refused/1-2:1.0");
        machine_file(m, "", "run/node/1-5");
        assert_int_equal(releases(m, "1-2:1.0"), GATE_DONE);
        assert_string_equal(m->journal, "sys" STICK_PORT "/1-2:1.0/authorized=1\nsys/bus/usb/drivers_probe=1-2:1.0\n"
                                        "sys" STICK_PORT "/uevent=change\n");
        assert_true(machine_has(m, "sys" STICK_PORT "/1-2:1.0/driver"));
        assert_string_equal(machine_list(m, "run/refused"), "");
        assert_string_equal(machine_list(m, "run/node"), "");
}

/* One of two storage interfaces is given back: through an open node the other could be brought back too. */
static void the_node_stays_shut_while_another_interface_is_refused(void **state)
{
        static const struct {
                const char *refused, *released;
                bool stays;
        } cases[] = {
                { "1-2:1.1", "1-2:1.0", true },    { "1-2:1.0", "1-2:1.0", false }, { "1-22:1.1", "1-2:1.0", false },
                { "1-2.1:1.0", "1-2:1.0", false }, { "1-2", "1-2", false },         { "1-2:1.1", "1-2", true },
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = machine_new();

                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
                machine_interface(m, STICK_PORT, 1, "08");
                machine_file(m, "devnum=5\n", "run/refused/%s", cases[i].refused);
                machine_file(m, "", "run/node/1-5");
                assert_int_equal(releases(m, cases[i].released), GATE_DONE);
                if (machine_has(m, "run/node/1-5") != cases[i].stays)
                        fail_msg("%s refused, %s released", cases[i].refused, cases[i].released);
                machine_free(m);
        }
}

struct failing {
        const char *name, *attribute;
        int error;
        enum gate_exit code;
};

static int fail_there(struct machine *m, const char *path, const char *value)
{
        const struct failing *failing = m->userdata;

        (void) value;
        return strstr(path, failing->attribute) ? -failing->error : MACHINE_GOES_ON;
}

static void what_cannot_be_authorised_keeps_its_records(void **state)
{
        static struct failing cases[] = {
                { "1-2", "/authorized", EIO, GATE_FAILED },
                { "1-2", "/authorized", ENODEV, GATE_GONE },
                { "1-2:1.0", "/authorized", EIO, GATE_FAILED },
                { "1-2:1.0", "usb/drivers_probe", EIO, GATE_FAILED },
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = machine_new();

                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
                machine_file(m, "devnum=5\n", "run/refused/%s", cases[i].name);
                machine_file(m, "", "run/node/1-5");
                m->on_write = fail_there;
                m->userdata = &cases[i];
                assert_int_equal(releases(m, cases[i].name), cases[i].code);
                assert_string_equal(machine_list(m, "run/refused"), machine_string(m, "%s ", cases[i].name));
                assert_string_equal(machine_list(m, "run/node"), "1-5 ");
                assert_string_equal(m->out, "");
                machine_free(m);
        }
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(a_held_stick_is_bound_then_granted_then_shown),
                test(cards_too),
                test(what_is_bound_only_gets_its_grant),
                test(without_a_driver_there_is_no_grant),
                test(what_was_unbound_is_found_anew_and_not_bound),
                test(another_unit_of_that_name_is_bound),
                test(without_a_way_to_remove_it_is_bound),
                test(a_driver_that_was_unloaded_is_loaded),
                test(no_module_is_loaded_when_the_first_try_binds),
                cmocka_unit_test(what_has_left_is_gone_and_gets_nothing),
                cmocka_unit_test(what_took_the_name_is_not_opened),
                test(a_unit_without_a_disk_is_bound_and_that_is_all),
                test(one_that_is_just_going_has_not_just_no_disk),
                test(without_a_sequence_number_there_is_no_grant),
                test(a_grant_that_cannot_be_written_is_a_failure),
                test(a_usb_device_is_authorised_and_its_records_go),
                test(a_phone_is_given_whole_and_announced),
                test(a_phone_of_which_a_part_is_refused_is_not_given),
                test(an_interface_is_authorised_and_probed),
                cmocka_unit_test(the_node_stays_shut_while_another_interface_is_refused),
                cmocka_unit_test(what_cannot_be_authorised_keeps_its_records),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
