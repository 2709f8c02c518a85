/* links: gate/readonly.c gate/opening.c gate/release.c gate/refuse.c gate/settle.c gate/walk.c gate/mounts.c gate/phone.c gate/renew.c gate/lun.c gate/state.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c gate/encrypted.c gate/probe.c gate/usbnode.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Read-only from birth: the flag before the grant, the grant before anybody's eyes, and never a writer from before. */

#include "tests/unit/fake-machine.h"

#include "gate/lun.h"
#include "gate/readonly.h"
#include "gate/release.h"
#include "gate/roflag.h"
#include "gate/state.h"

#define LUN STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0"

static int setup(void **state)
{
        machine_setup(state);
        return state_prepare(&((struct machine *) *state)->roots);
}

static enum gate_exit opens(struct machine *m, const char *name)
{
        struct device device = machine_open(m, name);
        enum gate_exit code;
        struct uses uses;

        assert_int_equal(walk(&m->roots, &uses), 0);
        code = readonly(&m->roots, &uses, &device);
        walk_free(&uses);
        device_close(&device);
        return code;
}

/* The grants there were at each write. */
static int note_grants(struct machine *m, const char *path, const char *value)
{
        (void) value;
        strcat(strcat(m->userdata, strrchr(path, '/') + 1), machine_has(m, "run/readonly/12") ? "+ " : "- ");
        return MACHINE_GOES_ON;
}

static void a_held_stick_is_flagged_before_it_is_shown(void **state)
{
        struct machine *m = *state;
        char notes[512] = "";

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        m->on_write = note_grants;
        m->userdata = notes;
        assert_int_equal(opens(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(m->journal,
                            "sys" STICK_PORT "/uevent=change\nsys/bus/scsi/drivers_probe=3:0:0:0\n"
                            "dev/sdb=ro\ndev/sdb1=ro\nsys" LUN "/scsi_generic/sg3/uevent=change\n"
                            "sys" LUN "/block/sdb/uevent=change\nsys" LUN "/block/sdb/sdb1/uevent=change\n");
        assert_string_equal(notes, "uevent- drivers_probe- sdb- sdb1- uevent+ uevent+ uevent+ ");
        assert_string_equal(machine_list(m, "run/readonly"), "12 ");
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(machine_read(m, "run/readonly/12"), "disk=sdb\ndevpath=" LUN "\n");
        assert_string_equal(machine_list(m, "run/node"), "1-5 ");
        assert_string_equal(m->out, "opened 3:0:0:0 read-only as sdb, disk sequence number 12\n");
}

static void a_card_has_no_usb_node(void **state)
{
        struct machine *m = *state;

        machine_card(m, "mmc0:4567", "SD", "mmcblk0", 803, 14, false);
        assert_int_equal(opens(m, "mmc0:4567"), GATE_DONE);
        assert_wrote(m, "dev/mmcblk0=ro");
        assert_wrote(m, "dev/mmcblk0p1=ro");
        assert_string_equal(machine_list(m, "run/readonly"), "14 ");
        assert_string_equal(machine_list(m, "run/node"), "");
}

static void twice_is_once(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        assert_int_equal(opens(m, "3:0:0:0"), GATE_DONE);
        m->journal[0] = '\0';
        assert_int_equal(opens(m, "3:0:0:0"), GATE_DONE);
        assert_not_wrote(m, "sys" LUN "/driver/unbind=3:0:0:0");
        assert_not_wrote(m, "sys/bus/scsi/drivers_probe=3:0:0:0");
        assert_string_equal(machine_list(m, "run/readonly"), "12 ");
}

/* Bound and open, bound and hidden, granted read-only but made writable by somebody: a writer may be left from before. */
static void what_may_be_writable_is_taken_away_first(void **state)
{
        static const enum grant before[] = { GRANT_NONE, GRANT_FULL, GRANT_READ_ONLY };

        (void) state;
        for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
                struct machine *m = machine_new();

                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
                if (before[i] == GRANT_FULL)
                        state_grant(&m->roots, 12, "");
                if (before[i] == GRANT_READ_ONLY)
                        state_grant_readonly(&m->roots, 12, "");
                assert_int_equal(opens(m, "3:0:0:0"), GATE_DONE);
                assert_true(machine_wrote(m, "sys/bus/scsi/drivers/sd/unbind=3:0:0:0") >= 0);
                assert_true(machine_wrote(m, "sys/bus/scsi/drivers/sd/unbind=3:0:0:0") <
                            machine_wrote(m, "sys/bus/scsi/drivers_probe=3:0:0:0"));
                assert_string_equal(machine_list(m, "run/readonly"), "112 ");
                assert_string_equal(machine_list(m, "run/grant"), "");
                machine_free(m);
        }
}

static void what_carries_the_system_is_not_touched(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_mount(m, 801, 1, "/", "ext4", "/dev/sdb1", "rw");
        assert_int_equal(opens(m, "3:0:0:0"), GATE_FAILED);
        assert_not_wrote(m, "dev/sdb=ro");
        assert_true(machine_has(m, "sys" LUN "/driver"));
        assert_string_equal(machine_list(m, "run/readonly"), "");
        assert_says(m->err, "carries /");
}

struct hindrance {
        const char *path;
        int answer;
        const char *says;
        enum gate_exit code;
};

static int hinder(struct machine *m, const char *path, const char *value)
{
        const struct hindrance *hindrance = m->userdata;

        (void) value;
        return strcmp(path, hindrance->path) == 0 ? hindrance->answer : MACHINE_GOES_ON;
}

/* Set is not enough: it is read back. A partition's flag is read with its disk's, so swallowing that one changes nothing. */
static void a_flag_that_does_not_stay_grants_nothing(void **state)
{
        static struct hindrance cases[] = {
                { "dev/sdb", MACHINE_SWALLOWS, "making it read-only: Input/output error", GATE_FAILED },
                { "dev/sdb", -EACCES, "making it read-only: Permission denied", GATE_FAILED },
                { "dev/sdb1", -EIO, "making it read-only: Input/output error", GATE_FAILED },
                { "dev/sdb", -ENODEV, "gone, nothing is opened", GATE_GONE },
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = machine_new();

                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
                m->on_write = hinder;
                m->userdata = &cases[i];
                assert_int_equal(opens(m, "3:0:0:0"), cases[i].code);
                assert_says(m->err, cases[i].says);
                assert_string_equal(machine_list(m, "run/readonly"), "");
                assert_string_equal(machine_list(m, "run/grant"), "");
                assert_not_wrote(m, "sys" LUN "/block/sdb/uevent=change");
                assert_string_equal(m->out, "");
                machine_free(m);
        }
}

/* A medium that is changed between the flag and the grant: what is in now was never judged. */
static int change_medium(struct machine *m, const char *path, const char *value)
{
        (void) value;
        if (strcmp(path, m->userdata) == 0)
                machine_file(m, "13\n", "sys" LUN "/block/sdb/diskseq");
        return MACHINE_GOES_ON;
}

static void a_changed_medium_gets_no_grant(void **state)
{
        static char when[][16] = { "dev/sdb", "dev/sdb1" };

        (void) state;
        for (size_t i = 0; i < 2; i++) {
                struct machine *m = machine_new();

                state_prepare(&m->roots);
                machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
                m->on_write = change_medium;
                m->userdata = when[i];
                assert_int_equal(opens(m, "3:0:0:0"), GATE_FAILED);
                assert_string_equal(machine_list(m, "run/readonly"), "");
                machine_free(m);
        }
}

static void while_the_gate_is_open_nothing_is_read_only(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        state_put(&m->roots, NULL, STATE_OPEN, "");
        assert_int_equal(opens(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(m->journal, "");
        assert_says(m->err, "the gate is open");
}

static void only_a_unit_can_be_read_only(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        assert_int_equal(opens(m, "1-2"), GATE_USAGE);
        assert_int_equal(opens(m, "1-2:1.0"), GATE_USAGE);
        assert_string_equal(m->journal, "");
}

static void released_it_is_writable_again(void **state)
{
        struct machine *m = *state;
        struct device device;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        assert_int_equal(opens(m, "3:0:0:0"), GATE_DONE);
        device = machine_open(m, "3:0:0:0");
        assert_true(roflag_is_set(&m->roots, &device, 12));
        assert_int_equal(release(&m->roots, &device), GATE_DONE);
        assert_false(roflag_is_set(&m->roots, &device, 12));
        assert_wrote(m, "dev/sdb1=rw");
        assert_string_equal(machine_list(m, "run/grant"), "12 ");
        assert_string_equal(machine_list(m, "run/readonly"), "");
        device_close(&device);
}

/* A flag that somebody else set (a switch on the card, blockdev) is not ours to take away. */
static void the_flag_of_another_stays_when_it_is_released(void **state)
{
        struct machine *m = *state;
        struct device device;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "", "ro/sdb");
        device = machine_open(m, "3:0:0:0");
        assert_int_equal(release(&m->roots, &device), GATE_DONE);
        assert_not_wrote(m, "dev/sdb=rw");
        device_close(&device);
}

/* The name of a node may be another disk's by the time it is opened: that one keeps what it has. */
static void another_disks_node_is_left_alone(void **state)
{
        struct machine *m = *state;
        struct device device;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        device = machine_open(m, "3:0:0:0");
        assert_int_equal(roflag_set(&m->roots, &device, 11), -ESTALE);
        assert_int_equal(roflag_clear(&m->roots, &device, 11), -ESTALE);
        assert_false(roflag_is_set(&m->roots, &device, 11));
        assert_string_equal(m->journal, "");
        device_close(&device);
}

static void one_grant_at_a_time(void **state)
{
        struct machine *m = *state;

        assert_int_equal(state_granted(&m->roots, 12), GRANT_NONE);
        assert_int_equal(state_grant(&m->roots, 12, ""), 0);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_FULL);
        assert_int_equal(state_grant_readonly(&m->roots, 12, ""), 0);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_READ_ONLY);
        assert_string_equal(machine_list(m, "run/grant"), "");
        machine_file(m, "", "run/grant/12"); /* both: the one that gives less counts */
        assert_int_equal(state_granted(&m->roots, 12), GRANT_READ_ONLY);
        assert_int_equal(state_revoke(&m->roots, 12), 0);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_NONE);
        assert_string_equal(machine_list(m, "run/readonly"), "");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(a_held_stick_is_flagged_before_it_is_shown),
                test(a_card_has_no_usb_node),
                test(twice_is_once),
                cmocka_unit_test(what_may_be_writable_is_taken_away_first),
                test(what_carries_the_system_is_not_touched),
                cmocka_unit_test(a_flag_that_does_not_stay_grants_nothing),
                cmocka_unit_test(a_changed_medium_gets_no_grant),
                test(while_the_gate_is_open_nothing_is_read_only),
                test(only_a_unit_can_be_read_only),
                test(released_it_is_writable_again),
                test(the_flag_of_another_stays_when_it_is_released),
                test(another_disks_node_is_left_alone),
                test(one_grant_at_a_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
