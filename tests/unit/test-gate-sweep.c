/* links: gate/state.c gate/phone.c gate/renew.c gate/lun.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Records of what has left go, records of what is there stay, whatever happens meanwhile. */

#include "tests/unit/fake-machine.h"

#include "gate/state.h"

/* Something that happens between looking at the disks and looking at the records. */
static struct machine *the_machine;
static void (*meanwhile)(struct machine *m);

#define state_foreach(...) (meanwhile ? meanwhile(the_machine) : (void) 0, state_foreach(__VA_ARGS__))
#include "gate/sweep.c"
#undef state_foreach

static void grants_of_disks_that_have_left_go(void **state)
{
        struct machine *m = *state;
        const char *stick;

        state_prepare(&m->roots);
        machine_sata(m, 0, "sda", 800, 1);
        stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_virtual(m, "loop0", 812, 0); /* no diskseq: an old kernel's, or none of ours */
        machine_file(m, "", "run/grant/12");
        machine_file(m, "", "run/grant/1");
        machine_file(m, "", "run/grant/2");
        machine_file(m, "", "run/readonly/12");
        machine_file(m, "", "run/readonly/2");
        machine_file(m, "", "run/encrypted/12");
        machine_file(m, "", "run/encrypted/2");
        machine_file(m, "", "run/grant/122");
        machine_file(m, "", "run/grant/nonsense");
        machine_file(m, "", "run/grant/18446744073709551616");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/grant"), "1 12 ");
        assert_string_equal(machine_list(m, "run/readonly"), "12 ");
        assert_string_equal(machine_list(m, "run/encrypted"), "12 ");
        machine_unbind(m, stick);
        machine_remove(m, "sys/block/sdb");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/grant"), "1 ");
}

static void exemptions_go_with_their_disk(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "devpath=/x\ndiskseq=12\ncarries=/\n", "run/exempt/3:0:0:0");
        machine_file(m, "devpath=/x\ndiskseq=13\ncarries=/\n", "run/exempt/4:0:0:0");
        machine_file(m, "devpath=/x\ncarries=/\n", "run/exempt/5:0:0:0");
        machine_file(m, "", "run/exempt/6:0:0:0");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/exempt"), "3:0:0:0 ");
}

/* Without the list of disks nothing can be told to have left. */
static void without_a_list_of_disks_nothing_goes(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_file(m, "", "run/grant/12");
        machine_file(m, "diskseq=13\n", "run/exempt/4:0:0:0");
        machine_remove(m, "sys/block");
        sweep(&m->roots);
        assert_true(machine_has(m, "run/grant/12"));
        assert_true(machine_has(m, "run/exempt/4:0:0:0"));
}

static void more_disks_than_are_looked_at_sweep_nothing(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_file(m, "7\n", "sys/block/sd/diskseq");
        for (unsigned i = 1; i < DISKS_MAX; i++) {
                char path[PATH_MAX];

                if (i == DISKS_MAX - 1) {
                        machine_file(m, "", "run/grant/5");
                        sweep(&m->roots);
                        assert_string_equal(machine_list(m, "run/grant"), "");
                }
                snprintf(path, sizeof path, "%s/sys/block/sd%u", m->top, i);
                assert_int_equal(symlink("sd", path), 0);
        }
        machine_file(m, "", "run/grant/5");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/grant"), "5 ");
}

/* A port is not a device: what was refused there has the number it had. */
static void refusals_belong_to_one_device_in_that_port(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "0\n", "sys" STICK_PORT "/authorized");
        machine_file(m, "devnum=5\n", "run/refused/1-2");
        machine_file(m, "devnum=5\n", "run/refused/1-2:1.0");
        machine_file(m, "devnum=5\n", "run/refused/1-3"); /* nothing there */
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/refused"), "1-2 1-2:1.0 ");

        machine_file(m, "6\n", "sys" STICK_PORT "/devnum"); /* another stick */
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/refused"), "");
}

static void refusals_that_cannot_be_understood_go(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "", "run/refused/1-2");
        machine_file(m, "devnum=\n", "run/refused/1-2:1.0");
        machine_file(m, "devnum=5\n", "run/refused/not a name");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/refused"), "");
        machine_file(m, "devnum=5\n", "run/refused/1-2");
        machine_remove(m, "sys" STICK_PORT "/devnum");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/refused"), "");
}

static void nodes_go_with_their_device(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true); /* dev/bus/usb/001/005 */
        machine_file(m, "", "dev/bus/usb/012/123");
        machine_file(m, "", "run/node/1-5");
        machine_file(m, "", "run/node/12-123");
        machine_file(m, "", "run/node/1-6");
        machine_file(m, "", "run/node/2-5");
        machine_file(m, "", "run/node/1");
        machine_file(m, "", "run/node/x-y");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/node"), "1-5 12-123 ");
}

static void phones_go_with_their_device(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_usb(m, "1-2", 5, "00"); /* dev/bus/usb/001/005 */
        machine_file(m, "", "run/phone/001-005");
        machine_file(m, "", "run/phone/001-006");
        machine_file(m, "", "run/phone/001-005x");
        machine_file(m, "", "run/phone/x");
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/phone"), "001-005 ");
}

/* Two gates at work on two sticks: the one sweeps while the other opens a disk that was not there a moment ago. */
static void opened_meanwhile(struct machine *m)
{
        machine_file(m, "1000\n", "sys/block/sdz/diskseq");
        machine_file(m, "", "run/grant/1000");
        machine_file(m, "devpath=/x\ndiskseq=1000\ncarries=/\n", "run/exempt/9:0:0:0");
        meanwhile = NULL;
}

static void a_grant_that_is_given_meanwhile_stays(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "", "run/grant/12");
        machine_file(m, "", "run/grant/13");
        machine_file(m, "devpath=/x\ndiskseq=14\ncarries=/\n", "run/exempt/8:0:0:0");
        the_machine = m;
        meanwhile = opened_meanwhile;
        sweep(&m->roots);
        assert_null(meanwhile);
        assert_string_equal(machine_list(m, "run/grant"), "1000 12 ");
        assert_string_equal(machine_list(m, "run/exempt"), "9:0:0:0 ");
}

/* The list could not be made anew: then it is not known, and the record stays. */
static void list_is_lost_meanwhile(struct machine *m)
{
        machine_remove(m, "sys/block");
        meanwhile = NULL;
}

static void what_cannot_be_looked_up_again_stays(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_file(m, "", "run/grant/13");
        the_machine = m;
        meanwhile = list_is_lost_meanwhile;
        sweep(&m->roots);
        assert_string_equal(machine_list(m, "run/grant"), "13 ");
}

/* Unplugged, or removed by a gate that died before its host had looked for it again. */
static void what_was_removed_and_not_found_anew_is_looked_for(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "", "sys/class/scsi_host/host4/scan");
        machine_file(m, "inode=1\n", "run/unbound/3:0:0:0");
        machine_file(m, "inode=2\n", "run/unbound/4:0:0:1");
        machine_file(m, "inode=3\n", "run/unbound/5:0:0:0");
        sweep(&m->roots);
        assert_wrote(m, "sys/class/scsi_host/host4/scan=0 0 1");
        assert_string_equal(machine_list(m, "run/unbound"), "3:0:0:0 ");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(grants_of_disks_that_have_left_go),
                machine_test(exemptions_go_with_their_disk),
                machine_test(without_a_list_of_disks_nothing_goes),
                machine_test(more_disks_than_are_looked_at_sweep_nothing),
                machine_test(refusals_belong_to_one_device_in_that_port),
                machine_test(refusals_that_cannot_be_understood_go),
                machine_test(nodes_go_with_their_device),
                machine_test(phones_go_with_their_device),
                machine_test(a_grant_that_is_given_meanwhile_stays),
                machine_test(what_cannot_be_looked_up_again_stays),
                machine_test(what_was_removed_and_not_found_anew_is_looked_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
