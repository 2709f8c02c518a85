/* links: gate/encrypted.c gate/probe.c gate/usbnode.c gate/readonly.c gate/opening.c gate/release.c gate/refuse.c gate/settle.c gate/walk.c gate/mounts.c gate/phone.c gate/renew.c gate/lun.c gate/state.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looked at while it is hidden, granted only then, and shut again when it is not encrypted (any more). The program that
 * looks is a script here, which says what the test has it say. */

#include "tests/unit/fake-machine.h"

#include "gate/encrypted.h"
#include "gate/probe.h"
#include "gate/readonly.h"
#include "gate/state.h"

#define LUN STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0"

/* A program that notes its arguments, whether the disk is its descriptor 3, what else it has, and the grants there are. */
static void probe_says(struct machine *m, const char *deed)
{
        machine_file(
                m,
                machine_string(
                        m,
                        "#!/bin/sh\n"
                        "echo \"$*|$(readlink /proc/$$/fd/3 | sed 's,.*/,,')|$(test -e /proc/$$/fd/42 && echo leak)|"
                        "$(env | grep -vc '^PWD=\\|^_=\\|^SHLVL=')|$(ls %s/run/encrypted)\" >>%s/probed\n%s\n",
                        m->top, m->top, deed),
                "probe");
        assert_int_equal(chmod(machine_string(m, "%s/probe", m->top), 0755), 0);
}

static int setup(void **state)
{
        struct machine *m;

        machine_setup(state);
        m = *state;
        m->roots.probe = machine_string(m, "%s/probe", m->top);
        probe_says(m, "echo the disk is crypto_LUKS; exit 0");
        return state_prepare(&m->roots);
}

static void stick(struct machine *m, bool bound)
{
        const char *block = bound ? "block" : ".block";

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, bound);
        machine_file(m, "60000\n", "sys" LUN "/%s/sdb/size", block);
        machine_file(m, "2048\n", "sys" LUN "/%s/sdb/sdb1/start", block);
        machine_file(m, "40960\n", "sys" LUN "/%s/sdb/sdb1/size", block);
}

static enum gate_exit looks(struct machine *m, const char *name)
{
        struct device device = machine_open(m, name);
        enum gate_exit code;
        struct uses uses;

        assert_int_equal(walk(&m->roots, &uses), 0);
        code = encrypted(&m->roots, &uses, &device);
        walk_free(&uses);
        device_close(&device);
        return code;
}

static void it_is_looked_at_before_it_is_shown(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        assert_int_equal(dup2(STDERR_FILENO, 42), 42); /* one that would be passed on */
        assert_int_equal(looks(m, "3:0:0:0"), GATE_DONE);
        close(42);
        assert_string_equal(machine_read(m, "probed"), "2048+40960|sdb||0|\n");
        assert_string_equal(m->journal,
                            "sys" STICK_PORT "/uevent=change\nsys/bus/scsi/drivers_probe=3:0:0:0\n"
                            "sys" LUN "/scsi_generic/sg3/uevent=change\n"
                            "sys" LUN "/block/sdb/uevent=change\nsys" LUN "/block/sdb/sdb1/uevent=change\n");
        assert_string_equal(machine_list(m, "run/encrypted"), "12 ");
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_string_equal(machine_read(m, "run/encrypted/12"), "disk=sdb\ndevpath=" LUN "\n");
        assert_string_equal(m->out, "opened 3:0:0:0, which is encrypted, as sdb, disk sequence number 12\n");
}

/* Each grant is followed by an event, and each event by a look: that has to end. */
static void a_second_look_tells_nobody(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        assert_int_equal(looks(m, "3:0:0:0"), GATE_DONE);
        m->journal[0] = '\0';
        assert_int_equal(looks(m, "3:0:0:0"), GATE_DONE);
        assert_string_equal(m->journal, "");
        assert_string_equal(machine_list(m, "run/encrypted"), "12 ");
}

static void what_is_not_encrypted_is_shut(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        probe_says(m, "echo partition 1 is vfat; exit 1");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_PLAIN);
        assert_false(machine_has(m, "sys" LUN "/driver"));
        assert_string_equal(machine_list(m, "run/encrypted"), "");
        assert_says(m->out, "3:0:0:0 is not encrypted: partition 1 is vfat\n");
}

/* Whether the grant was still there at each write. */
static int note_grant(struct machine *m, const char *path, const char *value)
{
        (void) path;
        (void) value;
        strcat(m->userdata, machine_has(m, "run/encrypted/12") ? "+" : "-");
        return MACHINE_GOES_ON;
}

/* Formatted while it was open: hidden before anything else, since who uses it may keep it from being shut. */
static void what_was_encrypted_is_hidden_and_shut(void **state)
{
        struct machine *m = *state;
        char notes[64] = "";

        stick(m, false);
        assert_int_equal(looks(m, "3:0:0:0"), GATE_DONE);
        m->journal[0] = '\0';
        m->on_write = note_grant;
        m->userdata = notes;
        probe_says(m, "echo partition 1 is vfat; exit 1");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_PLAIN);
        assert_string_equal(machine_list(m, "run/encrypted"), "");
        assert_string_equal(notes, "----");
        assert_wrote(m, "sys" LUN "/block/sdb/sdb1/uevent=change");
        assert_true(machine_wrote(m, "sys" LUN "/block/sdb/uevent=change") <
                    machine_wrote(m, "sys/bus/scsi/drivers/sd/unbind=3:0:0:0"));
        assert_false(machine_has(m, "sys" LUN "/driver"));
}

/* Anything but the two answers is trouble, and trouble is shut. */
static void what_cannot_be_looked_at_is_shut(void **state)
{
        static const struct {
                const char *deed, *says;
        } cases[] = {
                { "echo it cannot be read; exit 2", "is it encrypted? it cannot be read" },
                { "exit 0", "is it encrypted? lekdicht-probe ended with code 0" },
                { "exit 77", "is it encrypted? lekdicht-probe ended with code 77" },
                { "kill -SEGV $$", "is it encrypted? lekdicht-probe ended with signal 11" },
                { "echo the disk is crypto_LUKS; kill -SEGV $$", "is it encrypted? the disk is crypto_LUKS" },
                { "echo the disk is crypto_LUKS; exit 3", "is it encrypted? the disk is crypto_LUKS" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m;
                void *each;

                setup(&each);
                m = each;
                stick(m, false);
                probe_says(m, cases[i].deed);
                assert_int_equal(looks(m, "3:0:0:0"), GATE_FAILED);
                assert_says(m->err, cases[i].says);
                assert_string_equal(machine_list(m, "run/encrypted"), "");
                assert_false(machine_has(m, "sys" LUN "/driver"));
                machine_free(m);
        }
}

static void a_program_that_is_missing_opens_nothing(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        machine_remove(m, "probe");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(machine_list(m, "run/encrypted"), "");
}

static void what_it_says_is_cut_and_cleaned(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        probe_says(m, "printf 'a\\033[2Jb'; head -c 100000 /dev/zero | tr '\\0' x; exit 1");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_PLAIN);
        assert_null(strchr(m->out, '\033'));
        assert_true(strlen(m->out) < 3 * PROBE_WHY_MAX);
}

/* Allowed or read-only before: looked at as it is, without cutting anybody off, and then granted for less or for more. */
static void what_is_open_already_changes_its_grant(void **state)
{
        struct machine *m = *state;
        struct device device;
        struct uses uses;

        stick(m, true);
        state_grant(&m->roots, 12, "");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_DONE);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_ENCRYPTED);
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_true(machine_has(m, "sys" LUN "/driver"));
        machine_free(m);

        setup(state);
        m = *state;
        stick(m, false);
        device = machine_open(m, "3:0:0:0");
        assert_int_equal(walk(&m->roots, &uses), 0);
        assert_int_equal(readonly(&m->roots, &uses, &device), GATE_DONE);
        walk_free(&uses);
        device_close(&device);
        assert_int_equal(looks(m, "3:0:0:0"), GATE_DONE);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_ENCRYPTED);
        assert_wrote(m, "dev/sdb=rw");
}

static void what_carries_the_system_is_not_touched(void **state)
{
        struct machine *m = *state;

        stick(m, true);
        machine_mount(m, 801, 1, "/", "ext4", "/dev/sdb1", "rw");
        state_grant(&m->roots, 12, "");
        probe_says(m, "echo partition 1 is ext4; exit 1");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_FAILED);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_FULL);
        assert_true(machine_has(m, "sys" LUN "/driver"));
}

/* A card reader without a card: it waits for one, and what comes has another number. */
static void a_drive_without_a_medium_is_bound_and_hidden(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        machine_file(m, "0\n", "sys" LUN "/.block/sdb/size");
        probe_says(m, "exit 2");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_DONE);
        assert_true(machine_has(m, "sys" LUN "/driver"));
        assert_string_equal(machine_list(m, "run/encrypted"), "");
        assert_string_equal(machine_read(m, "probed"), "(no such file)");
}

static void a_medium_that_changes_meanwhile_gets_no_grant(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        probe_says(m,
                   machine_string(m, "echo 13 >%s/sys" LUN "/block/sdb/diskseq; echo the disk is crypto_LUKS", m->top));
        assert_int_equal(looks(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(machine_list(m, "run/encrypted"), "");
}

static void a_disk_with_too_many_partitions_is_shut(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        for (unsigned i = 2; i <= PROBE_PARTS_MAX + 1; i++)
                machine_file(m, "1\n", "sys" LUN "/.block/sdb/sdb%u/partition", i),
                        machine_file(m, "1\n", "sys" LUN "/.block/sdb/sdb%u/start", i),
                        machine_file(m, "1\n", "sys" LUN "/.block/sdb/sdb%u/size", i);
        assert_int_equal(looks(m, "3:0:0:0"), GATE_PLAIN);
        assert_string_equal(machine_read(m, "probed"), "(no such file)");
}

static void while_the_gate_is_open_nothing_is_asked(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        state_put(&m->roots, NULL, STATE_OPEN, "");
        assert_int_equal(looks(m, "3:0:0:0"), GATE_FAILED);
        assert_string_equal(m->journal, "");
}

static void only_a_unit_can_be_encrypted(void **state)
{
        struct machine *m = *state;

        stick(m, false);
        assert_int_equal(looks(m, "1-2"), GATE_USAGE);
        assert_int_equal(looks(m, "1-2:1.0"), GATE_USAGE);
        assert_string_equal(m->journal, "");
}

static void the_grant_that_gives_least_counts(void **state)
{
        struct machine *m = *state;

        assert_int_equal(state_grant_encrypted(&m->roots, 12, ""), 0);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_ENCRYPTED);
        machine_file(m, "", "run/grant/12");
        assert_int_equal(state_granted(&m->roots, 12), GRANT_ENCRYPTED);
        machine_file(m, "", "run/readonly/12");
        assert_int_equal(state_granted(&m->roots, 12), GRANT_READ_ONLY);
        assert_int_equal(state_grant_encrypted(&m->roots, 12, ""), 0);
        assert_string_equal(machine_list(m, "run/readonly"), "");
        assert_string_equal(machine_list(m, "run/grant"), "");
        assert_int_equal(state_revoke(&m->roots, 12), 0);
        assert_int_equal(state_granted(&m->roots, 12), GRANT_NONE);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(it_is_looked_at_before_it_is_shown),
                test(a_second_look_tells_nobody),
                test(what_is_not_encrypted_is_shut),
                test(what_was_encrypted_is_hidden_and_shut),
                cmocka_unit_test(what_cannot_be_looked_at_is_shut),
                test(a_program_that_is_missing_opens_nothing),
                test(what_it_says_is_cut_and_cleaned),
                test(what_is_open_already_changes_its_grant),
                test(what_carries_the_system_is_not_touched),
                test(a_drive_without_a_medium_is_bound_and_hidden),
                test(a_medium_that_changes_meanwhile_gets_no_grant),
                test(a_disk_with_too_many_partitions_is_shut),
                test(while_the_gate_is_open_nothing_is_asked),
                test(only_a_unit_can_be_encrypted),
                test(the_grant_that_gives_least_counts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
