/* links: gate/close.c gate/refuse.c gate/settle.c gate/walk.c gate/mounts.c gate/renew.c gate/lun.c gate/state.c gate/phone.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c gate/external.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Closing the gate: in which order, what is let live, and what is said when a part of it fails. */

#include "tests/unit/fake-machine.h"

#include <linux/major.h>
#include <sys/mount.h>

#include "gate/attr.h"
#include "gate/close.h"
#include "gate/lun.h"
#include "gate/state.h"

#define STICK STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0"

static int setup(void **state)
{
        static const char *const names[] = { "scsi", "mmc", "memstick" };
        struct machine *m;

        machine_setup(state);
        m = *state;
        for (size_t i = 0; i < 3; i++)
                machine_file(m, "1\n", "sys/bus/%s/drivers_autoprobe", names[i]);
        return 0;
}

static void assert_closed(struct machine *m, const char *bus)
{
        assert_string_equal(machine_read(m, "sys/bus/%s/drivers_autoprobe", bus), "0\n");
        assert_says(m->out, machine_string(m, "closed %s\n", bus));
}

/* Root on the internal disk; a stick, a card and a held stick besides; eMMC that is nobody's business. */
static void a_laptop_is_closed(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", 800, 1), *emmc, *card, *held, *dvd;

        machine_mount(m, 800, 1, "/", "ext4", "/dev/sda1", "rw");
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        held = machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, false);
        dvd = machine_sata(m, 1, "sr0", 806, 16);
        machine_file(m, "5\n", "sys%s/type", dvd);
        emmc = machine_card(m, "mmc0:0001", "MMC", "mmcblk0", 805, 14, true);
        card = machine_card(m, "mmc1:4567", "SD", "mmcblk1", 803, 15, true);
        machine_file(m, "", "run/open");

        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_closed(m, "scsi");
        assert_closed(m, "mmc");
        assert_closed(m, "memstick");
        assert_false(machine_has(m, "sys" STICK "/driver"));
        assert_false(machine_has(m, "sys%s/driver", card));
        assert_false(machine_has(m, "sys%s/driver", dvd));
        assert_true(machine_has(m, "sys%s/driver", sata));
        assert_true(machine_has(m, "sys%s/driver", emmc));
        assert_true(machine_has(m, "run/armed"));
        assert_false(machine_has(m, "run/open"));
        assert_string_equal(machine_list(m, "run/exempt"), "");
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(machine_list(m, "run/refused"), "");
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n"); /* the agent judges it */
        assert_string_equal(m->err, "");
        assert_says(m->out, "unbound 3:0:0:0\n");
        /* Everybody's sg node is looked at again, also of what was held and of what lost its disk. */
        assert_wrote(m, "sys" STICK "/scsi_generic/sg3/uevent=change");
        assert_wrote(m, machine_string(m, "sys%s/scsi_generic/sg4/uevent=change", held));
        assert_not_wrote(m, machine_string(m, "sys%s/scsi_generic/sg0/uevent=change", sata));
        assert_not_wrote(m, "sys/bus/scsi/drivers/sd/unbind=0:0:0:0");
}

static void external_disks_are_hidden(void **state)
{
        struct machine *m = *state;
        const char *nvme = machine_nvme(m, "nvme0n1", 810, 20, true);

        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_wrote(m, machine_string(m, "sys%s/uevent=change", nvme));
        assert_wrote(m, machine_string(m, "sys%s/nvme0n1p1/uevent=change", nvme));
        assert_string_equal(machine_list(m, "run/grant"), "");
}

static void an_external_disk_with_the_system_is_exempt(void **state)
{
        struct machine *m = *state;

        machine_nvme(m, "nvme0n1", 810, 20, true);
        machine_mount(m, 810, 1, "/", "ext4", "/dev/nvme0n1p1", "rw");
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_says(m->out, "exempt nvme0n1: carries /\n");
        assert_string_equal(machine_list(m, "run/grant"), "20 ");
        assert_says(machine_read(m, "run/exempt/nvme0n1"), "diskseq=20\n");
}

static void a_memory_stick_loses_its_disk(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_memstick(m, "mspblk0", 804, 16, true);

        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_closed(m, "memstick");
        assert_false(machine_has(m, "sys%s/driver", stick));
        assert_says(m->out, "unbound memstick0\n");
}

static void an_internal_nvme_is_nobodys_business(void **state)
{
        struct machine *m = *state;
        const char *nvme = machine_nvme(m, "nvme0n1", 810, 20, false);

        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_not_wrote(m, machine_string(m, "sys%s/uevent=change", nvme));
}

/* What there was at each write, one letter each: a(rmed) o(pen). */
static int note_flags(struct machine *m, const char *path, const char *value)
{
        char *notes = m->userdata;

        (void) value;
        sprintf(notes + strlen(notes), "%s:%s%s ", strrchr(path, '/') + 1, machine_has(m, "run/armed") ? "a" : "",
                machine_has(m, "run/open") ? "o" : "");
        return MACHINE_GOES_ON;
}

/* modprobe.d closes a bus that is loaded anew when it sees the flag: so the flag is there before anything is loaded. What is
 * there is closed before that, and everything before anything is unbound. */
static void flag_modules_buses_units(void **state)
{
        struct machine *m = *state;
        char notes[512] = "";

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "", "run/open");
        machine_file(
                m,
                machine_string(m,
                               "#!/bin/sh\n[ -e %s/run/armed ] && flag=armed\n[ -e %s/run/open ] && flag=$flag,open\n"
                               "read state <%s/sys/bus/$([ $4 = mmc_core ] && echo mmc || echo "
                               "${4%%%%_mod})/drivers_autoprobe\n"
                               "echo \"$flag $4 $state\" >>%s/asked\n",
                               m->top, m->top, m->top, m->top),
                "modprobe");
        assert_int_equal(chmod(m->roots.modprobe, 0755), 0);
        m->on_write = note_flags;
        m->userdata = notes;
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_string_equal(machine_read(m, "asked"), "armed scsi_mod 0\narmed mmc_core 0\narmed memstick 0\n");
        assert_string_equal(notes, "drivers_autoprobe:a drivers_autoprobe:a drivers_autoprobe:a unbind:a uevent:a ");
        assert_string_equal(m->journal, "sys/bus/scsi/drivers_autoprobe=0\nsys/bus/mmc/drivers_autoprobe=0\n"
                                        "sys/bus/memstick/drivers_autoprobe=0\nsys/bus/scsi/drivers/sd/unbind=3:0:0:0\n"
                                        "sys" STICK "/scsi_generic/sg3/uevent=change\n");
}

static void an_absent_bus_is_a_failure_and_the_others_are_closed(void **state)
{
        static const char *const names[] = { "scsi", "mmc", "memstick" };

        (void) state;
        for (size_t absent = 0; absent < 3; absent++) {
                struct machine *m;
                void *machine;

                setup(&machine);
                m = machine;
                machine_remove(m, "sys/bus/%s", names[absent]);
                if (absent != 0)
                        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
                assert_int_equal(close_gate(&m->roots), GATE_FAILED);
                for (size_t i = 0; i < 3; i++)
                        if (i != absent)
                                assert_closed(m, names[i]);
                assert_says(m->err, machine_string(m, "bus %s is absent and cannot be closed", names[absent]));
                if (absent != 0)
                        assert_says(m->out, "unbound 3:0:0:0\n"); /* what can be done is done */
                assert_true(machine_has(m, "run/armed"));
                machine_free(m);
        }
}

static int mmc_does_not_stay(struct machine *m, const char *path, const char *value)
{
        (void) m, (void) value;
        return strcmp(path, "sys/bus/mmc/drivers_autoprobe") == 0 ? MACHINE_SWALLOWS : MACHINE_GOES_ON;
}

static void a_bus_that_does_not_stay_closed_is_a_failure(void **state)
{
        struct machine *m = *state;

        m->on_write = mmc_does_not_stay;
        assert_int_equal(close_gate(&m->roots), GATE_FAILED);
        assert_closed(m, "scsi");
        assert_closed(m, "memstick");
        assert_says(m->err, "bus mmc cannot be closed: ");
        if (strstr(m->out, "closed mmc"))
                fail_msg("said to be closed");
}

static void without_a_place_for_the_flag_it_closes_all_the_same(void **state)
{
        struct machine *m = *state;

        m->roots.run = machine_string(m, "%s/none/run", m->top);
        assert_int_equal(close_gate(&m->roots), GATE_FAILED);
        assert_closed(m, "scsi");
        assert_closed(m, "mmc");
        assert_closed(m, "memstick");
}

/* A stick that carries the root, swap, and one that a loop on it makes carry something. */
static void what_carries_the_system_is_exempt(void **state)
{
        struct machine *m = *state;
        const char *swap, *loop = machine_virtual(m, "loop0", 812, 0), *below;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_mount(m, 801, 1, "/", "ext4", "/dev/sdb1", "rw");
        swap = machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
        machine_swap(m, machine_node(m, "sdc1", 802, 1));
        below = machine_card(m, "mmc1:4567", "SD", "mmcblk1", 803, 15, true);
        machine_file(m, machine_string(m, "%s\n", machine_node(m, "mmcblk1p1", 803, 1)), "sys%s/loop/backing_file",
                     loop);
        machine_mount(m, 812, 0, "/srv/a\\012grant=1", "ext4", "/dev/loop0", "rw");

        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_true(machine_has(m, "sys" STICK "/driver"));
        assert_true(machine_has(m, "sys%s/driver", swap));
        assert_true(machine_has(m, "sys%s/driver", below));
        assert_string_equal(machine_list(m, "run/exempt"), "3:0:0:0 4:0:0:0 mmc1:4567 ");
        assert_string_equal(machine_read(m, "run/exempt/3:0:0:0"), "devpath=" STICK "\ndiskseq=12\ncarries=/\n");
        assert_string_equal(machine_read(m, "run/exempt/4:0:0:0"),
                            machine_string(m, "devpath=%s\ndiskseq=13\ncarries=swap\n", swap));
        /* A mount point cannot write lines of its own. */
        assert_string_equal(machine_read(m, "run/exempt/mmc1:4567"),
                            machine_string(m, "devpath=%s\ndiskseq=15\ncarries=/srv/a\n", below));
        assert_string_equal(machine_list(m, "run/grant"), "12 13 15 ");
        assert_says(m->out, "exempt 3:0:0:0: carries /\n");
        assert_says(m->out, "exempt 4:0:0:0: carries swap\n");
        assert_string_equal(m->err, "");
        assert_string_equal(machine_list(m, "run/refused"), "");
}

/* The internal disk carries too; it needs no exemption. */
static void internal_disks_need_no_exemption(void **state)
{
        struct machine *m = *state;

        machine_sata(m, 0, "sda", 800, 1);
        machine_mount(m, 800, 1, "/", "ext4", "/dev/sda1", "rw");
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_string_equal(machine_list(m, "run/exempt"), "");
        assert_string_equal(machine_list(m, "run/grant"), "");
}

static void an_exemption_that_cannot_be_written_cuts_nothing_off(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
        machine_mount(m, 801, 1, "/", "ext4", "/dev/sdb1", "rw");
        machine_file(m, "", "run/exempt/3:0:0:0/in-the-way");
        assert_int_equal(close_gate(&m->roots), GATE_FAILED);
        assert_true(machine_has(m, "sys" STICK "/driver"));
        assert_says(m->err, "3:0:0:0 carries /, but that cannot be written down");
        assert_says(m->out, "unbound 4:0:0:0\n");

        machine_remove(m, "run/exempt/3:0:0:0");
        machine_remove(m, "sys" STICK "/block/sdb/diskseq");
        assert_int_equal(close_gate(&m->roots), GATE_FAILED);
        assert_true(machine_has(m, "sys" STICK "/driver"));
}

static void a_granted_disk_is_kept(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
        state_prepare(&m->roots);
        state_grant(&m->roots, 12, "");
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_true(machine_has(m, "sys" STICK "/driver"));
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
        assert_string_equal(machine_list(m, "run/exempt"), "");
        assert_says(m->out, "kept 3:0:0:0: granted\n");
        assert_says(m->out, "unbound 4:0:0:0\n");
}

/* A read-only grant keeps a disk only while it is read-only. */
static void a_disk_granted_read_only_is_kept_while_it_is(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
        state_prepare(&m->roots);
        state_grant_readonly(&m->roots, 12, "");
        state_grant_readonly(&m->roots, 13, "");
        machine_file(m, "", "ro/sdb");
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_says(m->out, "kept 3:0:0:0: granted read-only\n");
        assert_says(m->out, "unbound 4:0:0:0\n");
        assert_string_equal(machine_list(m, "run/readonly"), "12 ");
}

/* What is on it now the rules look at, and the agent has it looked at. */
static void a_disk_granted_as_encrypted_is_kept(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        state_prepare(&m->roots);
        state_grant_encrypted(&m->roots, 12, "");
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_says(m->out, "kept 3:0:0:0: granted while it is encrypted\n");
        assert_string_equal(machine_list(m, "run/encrypted"), "12 ");
}

static void what_somebody_uses_is_left_and_said(void **state)
{
        struct machine *m = *state;
        int fd;

        if (!machine_own_mounts())
                skip();
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
        assert_true(mkdir("/media/a", 0755) == 0 || errno == EEXIST);
        assert_int_equal(mount("stick", "/media/a", "tmpfs", 0, NULL), 0);
        machine_mount(m, 801, 1, "/media/a", "vfat", "/dev/sdb1", "rw");
        fd = open("/media/a/letter", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(close_gate(&m->roots), GATE_BUSY);
        assert_true(machine_has(m, "sys" STICK "/driver"));
        assert_says(m->err, "/media/a: in use, left as it is\n");
        assert_wrote(m, "sys" STICK "/block/sdb/uevent=change"); /* but hidden from now on */
        assert_says(m->out, "unbound 4:0:0:0\n");                /* and no reason to leave the other */
        assert_closed(m, "scsi");
        assert_string_equal(machine_list(m, "run/exempt"), "");
        assert_string_equal(machine_list(m, "run/grant"), "");

        close(fd);
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        assert_false(machine_has(m, "sys" STICK "/driver"));
        assert_int_equal(umount("/media/a"), -1);
}

static int unbinding_fails(struct machine *m, const char *path, const char *value)
{
        (void) path;
        return strcmp(value, m->userdata) == 0 ? -EIO : MACHINE_GOES_ON;
}

/* A failure weighs more than something in use, whichever comes first. */
static void a_failure_is_not_hidden_by_something_in_use(void **state)
{
        static const char *const failing[] = { "3:0:0:0", "4:0:0:0" };

        (void) state;
        for (size_t i = 0; i < 2; i++) {
                char *which = strdup(failing[i]);
                const char *busy = failing[1 - i];
                struct machine *m;
                void *machine;
                int fd = -1;

                setup(&machine);
                m = machine;
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
                machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
                for (unsigned minor = 7; fd < 0 && minor > 0; minor--)
                        fd = open(machine_node(m, busy[0] == '3' ? "sdb" : "sdc", LOOP_MAJOR, minor),
                                  O_RDONLY | O_EXCL | O_CLOEXEC);
                m->on_write = unbinding_fails;
                m->userdata = which;
                if (fd >= 0) {
                        assert_int_equal(close_gate(&m->roots), GATE_FAILED);
                        assert_says(m->err, machine_string(m, "%s: in use", busy));
                        assert_says(m->err, machine_string(m, "%s: unbinding", which));
                        close(fd);
                }
                free(which);
                machine_free(m);
                if (fd < 0)
                        skip();
        }
}

static int it_leaves(struct machine *m, const char *path, const char *value)
{
        (void) value;
        if (strstr(path, "/unbind")) {
                machine_unplug(m, STICK_PORT);
                return -ENODEV;
        }
        return MACHINE_GOES_ON;
}

static void what_leaves_meanwhile_is_no_failure(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        m->on_write = it_leaves;
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
}

/* Not knowing what carries the system, nothing is cut off; new devices are held all the same. */
static void when_the_walk_fails_buses_close_and_nothing_is_unbound(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "no mountinfo\n", "proc/self/mountinfo");
        assert_int_equal(close_gate(&m->roots), GATE_FAILED);
        assert_closed(m, "scsi");
        assert_closed(m, "mmc");
        assert_closed(m, "memstick");
        assert_true(machine_has(m, "sys" STICK "/driver"));
        assert_string_equal(m->journal, "sys/bus/scsi/drivers_autoprobe=0\nsys/bus/mmc/drivers_autoprobe=0\nsys/bus/"
                                        "memstick/drivers_autoprobe=0\n");
        assert_says(m->err, "cannot tell what carries the system");
        assert_true(machine_has(m, "run/armed"));
}

static void a_bus_that_cannot_be_searched_is_a_failure(void **state)
{
        struct machine *m = *state;

        machine_remove(m, "sys/bus/memstick/devices");
        machine_file(m, "", "sys/bus/memstick/devices");
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        assert_int_equal(close_gate(&m->roots), GATE_FAILED);
        assert_says(m->out, "unbound 3:0:0:0\n");
        assert_says(m->err, "looking for what is open");
}

static void closing_twice_changes_nothing(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_mount(m, 801, 1, "/", "ext4", "/dev/sdb1", "rw");
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 13, true);
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        m->journal[0] = '\0';
        assert_int_equal(close_gate(&m->roots), GATE_DONE);
        if (strstr(m->journal, "unbind"))
                fail_msg("%s", m->journal);
        assert_string_equal(machine_list(m, "run/exempt"), "3:0:0:0 ");
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
        assert_true(machine_has(m, "sys" STICK "/driver"));
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(a_laptop_is_closed),
                test(external_disks_are_hidden),
                test(an_external_disk_with_the_system_is_exempt),
                test(an_internal_nvme_is_nobodys_business),
                test(a_memory_stick_loses_its_disk),
                test(flag_modules_buses_units),
                cmocka_unit_test(an_absent_bus_is_a_failure_and_the_others_are_closed),
                test(a_bus_that_does_not_stay_closed_is_a_failure),
                test(without_a_place_for_the_flag_it_closes_all_the_same),
                test(what_carries_the_system_is_exempt),
                test(internal_disks_need_no_exemption),
                test(an_exemption_that_cannot_be_written_cuts_nothing_off),
                test(a_granted_disk_is_kept),
                test(a_disk_granted_read_only_is_kept_while_it_is),
                test(a_disk_granted_as_encrypted_is_kept),
                test(what_somebody_uses_is_left_and_said),
                cmocka_unit_test(a_failure_is_not_hidden_by_something_in_use),
                test(what_leaves_meanwhile_is_no_failure),
                test(when_the_walk_fails_buses_close_and_nothing_is_unbound),
                test(a_bus_that_cannot_be_searched_is_a_failure),
                test(closing_twice_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
