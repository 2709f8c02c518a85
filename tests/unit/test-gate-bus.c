/* links: gate/bus.c gate/device.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The three buses: how they stand, that a write is only believed when it stays, and how modules are loaded. */

#include "tests/unit/fake-machine.h"

#include <sys/wait.h>

#include "gate/bus.h"

#define SCSI (&buses[0])

static void there_are_three_buses(void **state)
{
        (void) state;
        assert_int_equal(BUSES, 3);
        assert_string_equal(bus_by_name("scsi")->name, "scsi");
        assert_string_equal(bus_by_name("mmc")->name, "mmc");
        assert_string_equal(bus_by_name("memstick")->name, "memstick");
        assert_null(bus_by_name("usb"));
        assert_null(bus_by_name("sdio"));
        assert_null(bus_by_name("scs"));
        assert_null(bus_by_name("scsi2"));
        assert_null(bus_by_name(""));
}

static void a_state_is_what_the_kernel_says(void **state)
{
        static const struct {
                const char *text;
                enum bus_state state;
        } cases[] = { { "0\n", BUS_CLOSED },      { "1\n", BUS_OPEN },       { "0", BUS_CLOSED },
                      { "2\n", BUS_UNREADABLE },  { "", BUS_UNREADABLE },    { "\n", BUS_UNREADABLE },
                      { "-1\n", BUS_UNREADABLE }, { "x\n", BUS_UNREADABLE }, { "0x\n", BUS_UNREADABLE } };
        struct machine *m = *state;

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                machine_file(m, cases[i].text, "sys/bus/scsi/drivers_autoprobe");
                assert_int_equal(bus_state(&m->roots, SCSI), cases[i].state);
        }
        machine_remove(m, "sys/bus/scsi/drivers_autoprobe");
        assert_int_equal(bus_state(&m->roots, SCSI), BUS_ABSENT);
        machine_file(m, "", "sys/bus/scsi/drivers_autoprobe/x");
        assert_int_equal(bus_state(&m->roots, SCSI), BUS_UNREADABLE);
        machine_remove(m, "sys/bus/scsi");
        assert_int_equal(bus_state(&m->roots, SCSI), BUS_ABSENT);
        assert_int_equal(bus_state(&m->roots, bus_by_name("mmc")), BUS_CLOSED);
}

static void states_have_names(void **state)
{
        (void) state;
        assert_string_equal(bus_state_name(BUS_ABSENT), "absent");
        assert_string_equal(bus_state_name(BUS_CLOSED), "closed");
        assert_string_equal(bus_state_name(BUS_OPEN), "open");
        assert_string_equal(bus_state_name(BUS_UNREADABLE), "unreadable");
}

static void a_bus_is_set_by_one_write(void **state)
{
        struct machine *m = *state;

        assert_int_equal(bus_set(&m->roots, SCSI, true), 0);
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "1\n");
        assert_int_equal(bus_set(&m->roots, SCSI, false), 0);
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "0\n");
        assert_string_equal(m->journal, "sys/bus/scsi/drivers_autoprobe=1\nsys/bus/scsi/drivers_autoprobe=0\n");
}

static int answer(struct machine *m, const char *path, const char *value)
{
        (void) path, (void) value;
        return *(const int *) m->userdata;
}

/* A write that is taken and does nothing, one that is cut short, one that is refused: none is a closed bus. */
static void a_value_that_does_not_stay_is_an_error(void **state)
{
        struct machine *m = *state;
        int what;

        m->on_write = answer;
        m->userdata = &what;
        machine_file(m, "1\n", "sys/bus/scsi/drivers_autoprobe");
        what = MACHINE_SWALLOWS;
        assert_int_equal(bus_set(&m->roots, SCSI, false), -EIO);
        what = MACHINE_WRITES_SHORT;
        assert_int_equal(bus_set(&m->roots, SCSI, false), -EIO);
        assert_int_equal(bus_probe(&m->roots, SCSI, "3:0:0:0"), -EIO); /* half a name is another name */
        what = -EACCES;
        assert_int_equal(bus_set(&m->roots, SCSI, false), -EACCES);
        machine_file(m, "0\n", "sys/bus/scsi/drivers_autoprobe");
        what = MACHINE_SWALLOWS;
        assert_int_equal(bus_set(&m->roots, SCSI, true), -EIO);
        what = MACHINE_GOES_ON;
        assert_int_equal(bus_set(&m->roots, SCSI, true), 0);
}

static void an_absent_bus_says_so(void **state)
{
        struct machine *m = *state;

        machine_remove(m, "sys/bus/memstick");
        assert_int_equal(bus_set(&m->roots, bus_by_name("memstick"), false), -ENOENT);
        assert_int_equal(bus_probe(&m->roots, bus_by_name("memstick"), "memstick0"), -ENOENT);
        assert_false(machine_has(m, "sys/bus/memstick"));
}

static void probing_names_one_device(void **state)
{
        struct machine *m = *state;
        const char *one = machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, false);
        const char *two = machine_stick(m, "1-3", 6, 4, "sdc", 802, 3, false);

        assert_int_equal(bus_probe(&m->roots, SCSI, "4:0:0:0"), 0);
        assert_string_equal(m->journal, "sys/bus/scsi/drivers_probe=4:0:0:0\n");
        assert_true(machine_has(m, "sys%s/driver", two));
        assert_false(machine_has(m, "sys%s/driver", one));
        assert_int_equal(bus_probe(&m->roots, SCSI, "5:0:0:0"), -ENODEV);
}

static void modules_are_asked_for_with_exactly_these_words(void **state)
{
        struct machine *m = *state;

        machine_file(m,
                     machine_string(m,
                                    "#!/bin/sh\nfor word; do echo \"$word\"; done >>%s/asked\n"
                                    "echo \"environment ${LEKDICHT_TEST-empty}\" >>%s/asked\nexit 1\n",
                                    m->top, m->top),
                     "modprobe");
        assert_int_equal(chmod(m->roots.modprobe, 0755), 0);
        assert_int_equal(setenv("LEKDICHT_TEST", "inherited", 1), 0);
        for (size_t i = 0; i < BUSES; i++)
                bus_load(&m->roots, &buses[i]); /* that it failed each time is no error */
        assert_string_equal(machine_read(m, "asked"), "-a\n-q\n--\nscsi_mod\nsd_mod\nsr_mod\nenvironment empty\n"
                                                      "-a\n-q\n--\nmmc_core\nmmc_block\nenvironment empty\n"
                                                      "-a\n-q\n--\nmemstick\nenvironment empty\n");
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* all have ended and were waited for */
        assert_int_equal(errno, ECHILD);
}

static void without_modprobe_nothing_is_loaded_and_nothing_breaks(void **state)
{
        struct machine *m = *state;

        bus_load(&m->roots, SCSI);
        machine_file(m, "not a program", "modprobe");
        bus_load(&m->roots, SCSI);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
        assert_string_equal(m->journal, "");
}

struct seen {
        char names[256];
        int fd, stop_after;
};

static int see(int dirfd, const char *name, void *userdata)
{
        struct seen *seen = userdata;
        struct stat st;

        assert_int_equal(fstatat(dirfd, "uevent", &st, 0), 0);
        strcat(strcat(seen->names, name), " ");
        seen->fd = dirfd;
        return --seen->stop_after == 0 ? 42 : 0;
}

static void each_device_is_shown_while_it_is_there(void **state)
{
        struct machine *m = *state;
        struct seen seen = { .fd = -1 };

        machine_memstick(m, "mspblk0", 804, 4, false);
        assert_int_equal(bus_foreach(&m->roots, bus_by_name("memstick"), see, &seen), 0);
        assert_string_equal(seen.names, "memstick0 ");
        assert_int_equal(fcntl(seen.fd, F_GETFD), -1); /* closed again */

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, false);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 3, false);
        machine_unplug(m, PCI "/0000:00:14.0/usb1/1-2"); /* its links dangle */
        seen = (struct seen){ .fd = -1 };
        assert_int_equal(bus_foreach(&m->roots, SCSI, see, &seen), 0);
        assert_int_equal(strlen(seen.names), strlen("host4 target4:0:0 4:0:0:0 "));
        assert_non_null(strstr(seen.names, "4:0:0:0 "));

        seen = (struct seen){ .stop_after = 2 };
        assert_int_equal(bus_foreach(&m->roots, SCSI, see, &seen), 42);
        assert_int_equal(seen.stop_after, 0);
        assert_int_equal(fcntl(seen.fd, F_GETFD), -1);
}

static void a_bus_without_devices_or_without_a_bus(void **state)
{
        struct machine *m = *state;
        struct seen seen = { .fd = -1 };

        assert_int_equal(bus_foreach(&m->roots, SCSI, see, &seen), 0);
        machine_remove(m, "sys/bus/scsi");
        assert_int_equal(bus_foreach(&m->roots, SCSI, see, &seen), 0);
        machine_file(m, "", "sys/bus/scsi/devices");
        assert_int_equal(bus_foreach(&m->roots, SCSI, see, &seen), -ENOTDIR);
        assert_string_equal(seen.names, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_are_three_buses),
                machine_test(a_state_is_what_the_kernel_says),
                cmocka_unit_test(states_have_names),
                machine_test(a_bus_is_set_by_one_write),
                machine_test(a_value_that_does_not_stay_is_an_error),
                machine_test(an_absent_bus_says_so),
                machine_test(probing_names_one_device),
                machine_test(modules_are_asked_for_with_exactly_these_words),
                machine_test(without_modprobe_nothing_is_loaded_and_nothing_breaks),
                machine_test(each_device_is_shown_while_it_is_there),
                machine_test(a_bus_without_devices_or_without_a_bus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
