/* links: gate/open.c gate/opening.c gate/usbnode.c gate/release.c gate/renew.c gate/lun.c gate/state.c gate/phone.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c gate/external.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Opening the gate: everything that was held or refused is given back, and nothing stays dead because of something
 * else. */

#include "tests/unit/fake-machine.h"

#include "gate/attr.h"
#include "gate/lun.h"
#include "gate/open.h"
#include "gate/renew.h"
#include "gate/state.h"

static int setup(void **state)
{
        struct machine *m;

        machine_setup(state);
        m = *state;
        machine_file(m, "", "run/armed");
        return state_prepare(&m->roots);
}

static void assert_open(struct machine *m, const char *bus)
{
        assert_string_equal(machine_read(m, "sys/bus/%s/drivers_autoprobe", bus), "1\n");
        assert_says(m->out, machine_string(m, "opened %s\n", bus));
}

static void everything_held_is_bound(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        const char *card = machine_card(m, "mmc1:4567", "SD", "mmcblk1", 803, 15, false);
        const char *memstick = machine_memstick(m, "mspblk0", 804, 16, false);
        const char *sata = machine_sata(m, 0, "sda", 800, 1);

        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_open(m, "scsi");
        assert_open(m, "mmc");
        assert_open(m, "memstick");
        assert_true(machine_has(m, "sys%s/driver", stick));
        assert_true(machine_has(m, "sys%s/driver", card));
        assert_true(machine_has(m, "sys%s/driver", memstick));
        assert_true(machine_has(m, "run/open"));
        assert_false(machine_has(m, "run/armed"));
        assert_string_equal(machine_list(m, "run/grant"), ""); /* the flag lets all through */
        assert_wrote(m, machine_string(m, "sys%s/block/sdb/sdb1/uevent=change", stick));
        assert_wrote(m, machine_string(m, "sys%s/scsi_generic/sg3/uevent=change", stick));
        assert_wrote(m, machine_string(m, "sys%s/block/mmcblk1/uevent=change", card));
        assert_not_wrote(m, machine_string(m, "sys%s/block/sda/uevent=change", sata));
        assert_not_wrote(m, "sys/bus/scsi/drivers_probe=0:0:0:0");
        assert_string_equal(m->err, "");
}

static void external_disks_are_shown(void **state)
{
        struct machine *m = *state;
        const char *nvme = machine_nvme(m, "nvme0n1", 810, 20, true);

        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_wrote(m, machine_string(m, "sys%s/uevent=change", nvme));
        assert_wrote(m, machine_string(m, "sys%s/nvme0n1p1/uevent=change", nvme));
}

static int note_flags(struct machine *m, const char *path, const char *value)
{
        char *notes = m->userdata;

        (void) value;
        sprintf(notes + strlen(notes), "%s:%s%s ", strrchr(path, '/') + 1, machine_has(m, "run/armed") ? "a" : "",
                machine_has(m, "run/open") ? "o" : "");
        return MACHINE_GOES_ON;
}

/* The flag comes first: what binds from the first open bus on is shown by its own event already. */
static void flag_buses_units(void **state)
{
        struct machine *m = *state;
        char notes[512] = "";

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        m->on_write = note_flags;
        m->userdata = notes;
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_string_equal(notes, "drivers_autoprobe:o drivers_autoprobe:o drivers_autoprobe:o drivers_probe:o "
                                   "uevent:o uevent:o uevent:o ");
}

static void what_was_refused_is_authorised(void **state)
{
        struct machine *m = *state;
        const char *usb, *interface;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "0\n", "sys" STICK_PORT "/authorized");
        machine_file(m, "devnum=5\n", "run/refused/1-2");
        usb = machine_usb(m, "1-3", 6, "00");
        interface = machine_interface(m, usb, 1, "06");
        machine_file(m, "0\n", "sys%s/authorized", interface);
        machine_file(m, "devnum=6\n", "run/refused/1-3:1.1");
        machine_file(m, "", "run/node/1-6");
        machine_file(m, "", "run/node/1-9");
        machine_file(m, "devnum=7\n", "run/refused/1-4"); /* it has left */
        machine_file(m, "devnum=7\n", "run/refused/no name");

        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n");
        assert_string_equal(machine_read(m, "sys%s/authorized", interface), "1\n");
        assert_wrote(m, "sys/bus/usb/drivers_probe=1-3:1.1");
        assert_wrote(m, machine_string(m, "sys%s/uevent=change", usb));
        assert_string_equal(machine_list(m, "run/refused"), "");
        assert_string_equal(machine_list(m, "run/node"), "");
        assert_says(m->out, "authorised 1-2\n");
        assert_says(m->out, "authorised 1-3:1.1\n");
}

static int failing(struct machine *m, const char *path, const char *value)
{
        (void) value;
        return strstr(path, m->userdata) ? -EIO : MACHINE_GOES_ON;
}

/* Whatever fails, everything else is given back. */
static void one_failure_does_not_stop_the_others(void **state)
{
        static const char *const where[] = { "/1-2/authorized", "/1-3/authorized", "scsi/drivers_autoprobe",
                                             "mmc/drivers_autoprobe", "memstick/drivers_autoprobe" };

        (void) state;
        for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
                char *what = strdup(where[i]);
                struct machine *m;
                void *machine;

                setup(&machine);
                m = machine;
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
                machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, false);
                machine_card(m, "mmc1:4567", "SD", "mmcblk1", 803, 15, false);
                for (unsigned port = 2; port <= 3; port++) {
                        machine_file(m, "0\n", "sys" PCI "/0000:00:14.0/usb1/1-%u/authorized", port);
                        machine_file(m, machine_string(m, "devnum=%u\n", port + 3), "run/refused/1-%u", port);
                }
                m->on_write = failing;
                m->userdata = what;
                assert_int_equal(open_gate(&m->roots), GATE_FAILED);
                if (i != 0)
                        assert_string_equal(machine_read(m, "sys" PCI "/0000:00:14.0/usb1/1-2/authorized"), "1\n");
                if (i != 1)
                        assert_string_equal(machine_read(m, "sys" PCI "/0000:00:14.0/usb1/1-3/authorized"), "1\n");
                assert_string_equal(machine_list(m, "run/refused"), i == 0 ? "1-2 " : i == 1 ? "1-3 " : "");
                if (i != 2)
                        assert_open(m, "scsi");
                if (i != 3)
                        assert_open(m, "mmc");
                if (i != 4)
                        assert_open(m, "memstick");
                assert_true(machine_has(m, "sys/bus/scsi/devices/3:0:0:0/driver"));
                assert_true(machine_has(m, "sys/bus/scsi/devices/4:0:0:0/driver"));
                assert_true(machine_has(m, "sys/bus/mmc/devices/mmc1:4567/driver"));
                assert_says(m->err, i < 2 ? "authorising" : "cannot be opened");
                free(what);
                machine_free(m);
        }
}

static void a_probe_that_fails_does_not_stop_the_others(void **state)
{
        struct machine *m = *state;
        char what[] = "drivers_probe";

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, false);
        m->on_write = failing;
        m->userdata = what;
        assert_int_equal(open_gate(&m->roots), GATE_DONE); /* what has no driver may never have one */
        assert_wrote(m, "sys/bus/scsi/drivers_probe=3:0:0:0");
        assert_wrote(m, "sys/bus/scsi/drivers_probe=4:0:0:0");
        if (strstr(m->out, "0:0:0"))
                fail_msg("said to be open: %s", m->out);
}

/* Nothing can ever have been held there. */
static void an_absent_bus_is_open(void **state)
{
        struct machine *m = *state;

        machine_remove(m, "sys/bus/memstick");
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_open(m, "scsi");
        assert_open(m, "mmc");
        assert_string_equal(m->err, "");
}

static void without_a_place_for_the_flag_it_opens_all_the_same(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);

        m->roots.run = machine_string(m, "%s/none/run", m->top);
        assert_int_equal(open_gate(&m->roots), GATE_FAILED);
        assert_open(m, "scsi");
        assert_true(machine_has(m, "sys%s/driver", stick));
}

/* sd_mod was unloaded while the gate was closed: what was held would have no driver to come back to. */
static int until_loaded(struct machine *m, const char *path, const char *value)
{
        (void) value;
        return strstr(path, "scsi/drivers_probe") && !machine_has(m, "loaded") ? MACHINE_SWALLOWS : MACHINE_GOES_ON;
}

static void a_driver_that_was_unloaded_is_loaded(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);

        machine_file(m, machine_string(m, "#!/bin/sh\n[ $4 = scsi_mod ] && : >%s/loaded\n", m->top), "modprobe");
        assert_int_equal(chmod(m->roots.modprobe, 0755), 0);
        m->on_write = until_loaded;
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_true(machine_has(m, "sys%s/driver", stick));
}

/* A laptop without that bus is given none by opening. */
static void no_bus_is_loaded_that_is_not_there(void **state)
{
        struct machine *m = *state;

        machine_remove(m, "sys/bus/scsi");
        machine_file(m, machine_string(m, "#!/bin/sh\necho $4 >>%s/loaded\n", m->top), "modprobe");
        assert_int_equal(chmod(m->roots.modprobe, 0755), 0);
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        if (strstr(machine_read(m, "loaded"), "scsi_mod"))
                fail_msg("loaded");
}

/* Of those that udev has with our tag, all that are there: held ones that no event came for, and the lists of programs that
 * look at "add" alone. */
static void phones_are_announced(void **state)
{
        struct machine *m = *state;
        const char *phone = machine_usb(m, "1-5", 9, "00"), *mouse = machine_usb(m, "1-6", 10, "00");

        machine_link(m, machine_string(m, "sys%s", phone), "sys/dev/char/189:8");
        machine_link(m, machine_string(m, "sys%s", mouse), "sys/dev/char/189:9");
        machine_file(m, "", "run-udev/tags/lekdicht-phone/c189:8");
        machine_file(m, "", "run-udev/tags/lekdicht-phone/c189:77"); /* has left */
        machine_file(m, "", "run-udev/tags/lekdicht-phone/c13:9");
        machine_file(m, "", "run-udev/tags/lekdicht-phone/n3");
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_wrote(m, machine_string(m, "sys%s/uevent=add", phone));
        assert_not_wrote(m, machine_string(m, "sys%s/uevent=add", mouse));
}

static void what_was_unbound_is_found_anew(void **state)
{
        struct machine *m = *state;
        struct device device;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "", "sys" STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0/delete");
        machine_file(m, "", "sys" STICK_PORT "/1-2:1.0/host3/scsi_host/host3/scan");
        device = machine_open(m, "3:0:0:0");
        renew_note(&m->roots, &device);
        device_close(&device);
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_wrote(m, "sys" STICK_PORT "/1-2:1.0/host3/scsi_host/host3/scan=0 0 0");
        assert_not_wrote(m, "sys/bus/scsi/drivers_probe=3:0:0:0");
}

static void opening_twice_changes_nothing(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        m->journal[0] = '\0';
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_not_wrote(m, "sys/bus/scsi/drivers_probe=3:0:0:0");
        assert_string_equal(machine_list(m, "run"), "encrypted exempt grant node open phone readonly refused unbound ");
}

static void what_was_read_only_is_writable(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "", "ro/sdb");
        machine_file(m, "", "ro/sdb1");
        state_grant_readonly(&m->roots, 12, "");
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_wrote(m, "dev/sdb=rw");
        assert_wrote(m, "dev/sdb1=rw");
        assert_string_equal(machine_list(m, "run/readonly"), "");
}

/* Opened, all of it is shown; when the gate closes it has to be looked at. */
static void what_was_encrypted_is_open(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        state_grant_encrypted(&m->roots, 12, "");
        assert_int_equal(open_gate(&m->roots), GATE_DONE);
        assert_not_wrote(m, "dev/sdb=rw");
        assert_string_equal(machine_list(m, "run/encrypted"), "");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(everything_held_is_bound),
                test(external_disks_are_shown),
                test(flag_buses_units),
                test(what_was_refused_is_authorised),
                cmocka_unit_test(one_failure_does_not_stop_the_others),
                test(a_probe_that_fails_does_not_stop_the_others),
                test(an_absent_bus_is_open),
                test(without_a_place_for_the_flag_it_opens_all_the_same),
                test(a_driver_that_was_unloaded_is_loaded),
                test(no_bus_is_loaded_that_is_not_there),
                test(phones_are_announced),
                test(what_was_unbound_is_found_anew),
                test(opening_twice_changes_nothing),
                test(what_was_read_only_is_writable),
                test(what_was_encrypted_is_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
