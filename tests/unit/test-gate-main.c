/* links: gate/close.c gate/cut.c gate/open.c gate/readonly.c gate/refuse.c gate/opening.c gate/release.c gate/status.c gate/sweep.c gate/boot.c gate/settle.c gate/walk.c gate/mounts.c gate/renew.c gate/lun.c gate/state.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c gate/phone.c gate/encrypted.c gate/probe.c gate/usbnode.c gate/external.c gate/serve.c gate/turn.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The command as it is installed, with its own /sys, /run and /etc: each call is made in a child that has entered the
 * machine with chroot(2). Only /proc is the real one, but for the three files that the gate reads in it. */

#include "tests/unit/fake-machine.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define main gate_main
int gate_main(int argc, char *argv[]);
#include "gate/main.c"
#undef main

static uid_t user;          /* who calls; 0 but in one test */
static const char *third;   /* a directory in the machine that is descriptor 3, or NULL */
static bool nobody_listens; /* the reader of its output has left */

static int setup(void **state)
{
        struct machine *m;

        user = 0;
        third = NULL;
        nobody_listens = false;
        machine_setup(state);
        m = *state;
        machine_file(m, "", "run/.keep");
        machine_file(m, "", "etc/lekdicht/.keep");
        return chmod(m->top, 0755); /* mkdtemp(3) lets root only in */
}

static bool mount_file(const char *what, const char *name)
{
        char path[128];

        snprintf(path, sizeof path, "proc/%s", name);
        return mount(what, path, NULL, MS_BIND, NULL) == 0;
}

/* In the child: the machine becomes the whole world. */
static bool enter(struct machine *m)
{
        char mountinfo[64];

        snprintf(mountinfo, sizeof mountinfo, "%d/mountinfo", (int) getpid());
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || chdir(m->top) < 0)
                return false;
        rename("proc/cmdline", "cmdline");
        rename("proc/swaps", "swaps");
        rename("proc/self/mountinfo", "mountinfo");
        if (mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL) < 0 || !mount_file("cmdline", "cmdline") ||
            !mount_file("swaps", "swaps") || !mount_file("mountinfo", mountinfo) || chroot(".") < 0)
                return false;
        m->top[0] = '\0';
        return true;
}

#define NOT_ALLOWED 99

/* The exit code; what was said, complained and written is then in the machine, what the usage printed in "printed". */
static int calls(struct machine *m, ...)
{
        char *arguments[8] = { machine_string(m, "lekdicht-gate") };
        int n = 1, status, printed;
        va_list words;
        pid_t child;

        va_start(words, m);
        while ((arguments[n] = va_arg(words, char *)))
                n++;
        va_end(words);
        fflush(NULL);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                int code;

                printed = open(machine_string(m, "%s/printed", m->top), O_WRONLY | O_CREAT | O_TRUNC, 0644);
                if (printed < 0 || !enter(m))
                        _exit(NOT_ALLOWED);
                dup2(printed, STDOUT_FILENO);
                dup2(printed, STDERR_FILENO);
                if (third) {
                        int fd = open(third, O_PATH | O_DIRECTORY);

                        dup2(fd, 3);
                }
                if (nobody_listens) {
                        int ends[2];

                        if (pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) >= 0)
                                close(ends[0]);
                }
                m->out[0] = m->err[0] = m->journal[0] = '\0';
                if (user && seteuid(user) < 0)
                        _exit(NOT_ALLOWED);
                code = gate_main(n, arguments);
                if (user && seteuid(0) < 0)
                        _exit(NOT_ALLOWED);
                fflush(NULL);
                machine_file(m, m->out, "out");
                machine_file(m, m->err, "err");
                machine_file(m, m->journal, "journal");
                _exit(code);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (machine_has(m, "cmdline")) {
                rename(machine_string(m, "%s/cmdline", m->top), machine_string(m, "%s/proc/cmdline", m->top));
                rename(machine_string(m, "%s/swaps", m->top), machine_string(m, "%s/proc/swaps", m->top));
                rename(machine_string(m, "%s/mountinfo", m->top), machine_string(m, "%s/proc/self/mountinfo", m->top));
        }
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == NOT_ALLOWED)
                skip();
        strcpy(m->out, machine_read(m, "out"));
        strcpy(m->err, machine_read(m, "err"));
        strcpy(m->journal, machine_read(m, "journal"));
        return WEXITSTATUS(status);
}

#define gate(m, ...) calls(m, ##__VA_ARGS__, NULL)

static void what_is_not_understood_does_nothing(void **state)
{
        static const char *const lines[][3] = {
                { NULL },
                { "" },
                { "nonsense" },
                { "Close" },
                { "close ", NULL },
                { "close", "--boot", "x" },
                { "close", "x" },
                { "close", "" },
                { "close", "-boot" },
                { "close", "--booted" },
                { "open", "x" },
                { "open", "--audits" },
                { "open", "--until-reboot", "--audit" },
                { "release" },
                { "refuse" },
                { "cut" },
                { "release", "1-2", "1-3" },
                { "status", "x" },
                { "--help", "x" },
                { "--version", "x" },
                { "-h" },
                { "release", "../1-2" },
                { "refuse", "" },
                { "release", "/" },
                { "refuse", "host3" },
        };
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                if (calls(m, lines[i][0], lines[i][1], lines[i][2], NULL) != GATE_USAGE)
                        fail_msg("line %zu", i);
                assert_string_equal(m->journal, "");
                assert_string_equal(m->out, "");
                assert_string_equal(machine_list(m, "etc/lekdicht"), "");
                assert_false(machine_has(m, "run/lekdicht/armed"));
                assert_false(machine_has(m, "run/lekdicht/open"));
                assert_says(machine_read(m, "printed"), "Usage: lekdicht-gate VERB\n");
        }
}

static void help_and_version_are_told(void **state)
{
        struct machine *m = *state;
        static const char *const words[] = { "close",  "open",   "release", "refuse",
                                             "status", "--boot", "--audit", "--until-reboot" };

        assert_int_equal(gate(m, "--help"), 0);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                assert_says(machine_read(m, "printed"), words[i]);
        assert_int_equal(gate(m, "--version"), 0);
        assert_string_equal(machine_read(m, "printed"), "lekdicht-gate " LEKDICHT_VERSION "\n");
        assert_false(machine_has(m, "run/lekdicht"));
}

/* A killed agent, a pipe into head(1): that is no reason to stop half-way. */
static void nobody_has_to_listen(void **state)
{
        struct machine *m = *state;

        nobody_listens = true;
        assert_int_equal(gate(m, "--help"), 0);
}

static void only_root_may_write(void **state)
{
        static const char *const verbs_[][2] = {
                { "close", NULL },          { "open", NULL },    { "release", "1-2" }, { "readonly", "3:0:0:0" },
                { "encrypted", "3:0:0:0" }, { "refuse", "1-2" }, { "cut", "1-2" }
        };
        struct machine *m = *state;

        user = 65534;
        for (size_t i = 0; i < sizeof verbs_ / sizeof verbs_[0]; i++) {
                assert_int_equal(gate(m, verbs_[i][0], verbs_[i][1]), GATE_FAILED);
                assert_string_equal(m->err, "only root may do that\n");
                assert_string_equal(m->journal, "");
        }
        assert_int_equal(gate(m, "status"), GATE_DONE); /* anyone may ask */
        assert_says(m->out, "gate: closed\n");
}

static void opening_by_command_is_kept_and_closing_takes_it_back(void **state)
{
        struct machine *m = *state;

        assert_int_equal(gate(m, "open"), GATE_DONE);
        assert_string_equal(machine_read(m, "etc/lekdicht/gate.open"), "by-command\n");
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "1\n");
        assert_true(machine_has(m, "run/lekdicht/open"));
        assert_int_equal(gate(m, "status"), GATE_IS_OPEN);
        assert_says(m->out, "wish: by-command\n");

        assert_int_equal(gate(m, "close"), GATE_DONE);
        assert_string_equal(machine_list(m, "etc/lekdicht"), "");
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "0\n");
        assert_true(machine_has(m, "run/lekdicht/armed"));
        assert_int_equal(gate(m, "status"), GATE_DONE);
        assert_says(m->out, "wish: closed\n");

        assert_int_equal(gate(m, "open", "--audit"), GATE_DONE);
        assert_string_equal(machine_read(m, "etc/lekdicht/gate.open"), "audit\n");
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "1\n");
        machine_file(m, "0\n", "sys/bus/mmc/drivers_autoprobe");
        assert_int_equal(gate(m, "status"), GATE_IS_PARTLY);
}

static void until_reboot_leaves_no_wish_and_takes_none_away(void **state)
{
        struct machine *m = *state;

        assert_int_equal(gate(m, "open", "--until-reboot"), GATE_DONE);
        assert_string_equal(machine_list(m, "etc/lekdicht"), "");
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "1\n");
        machine_file(m, "audit\n", "etc/lekdicht/gate.open");
        assert_int_equal(gate(m, "open", "--until-reboot"), GATE_DONE);
        assert_string_equal(machine_read(m, "etc/lekdicht/gate.open"), "audit\n");
}

/* IT wants it closed, at the next boot too, whatever this one could do. */
static void a_closing_that_fails_takes_the_wish_back_all_the_same(void **state)
{
        struct machine *m = *state;

        machine_file(m, "by-command\n", "etc/lekdicht/gate.open");
        machine_remove(m, "sys/bus/memstick");
        assert_int_equal(gate(m, "close"), GATE_FAILED);
        assert_string_equal(machine_list(m, "etc/lekdicht"), "");
}

static void a_wish_that_cannot_be_kept_is_a_failure(void **state)
{
        struct machine *m = *state;

        machine_remove(m, "etc/lekdicht");
        machine_file(m, "", "etc/lekdicht");
        assert_int_equal(gate(m, "open"), GATE_FAILED);
        assert_says(m->err, "the wish for the next boot cannot be kept");
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "1\n");
}

static void a_boot_closes_unless_something_wants_it_open(void **state)
{
        static const struct {
                const char *line, *wish, *why; /* why NULL: it is closed */
        } cases[] = {
                { "ro quiet\n", NULL, NULL },
                { "ro quiet\n", "by-command\n", "opened by command" },
                { "ro quiet\n", "audit\n", "audit mode" },
                { "ro quiet\n", "", "opened by command" },
                { "ro lekdicht=off\n", NULL, "lekdicht=off on the kernel command line" },
                { "ro single\n", NULL, "rescue mode" },
                { "ro lekdicht=offline\n", NULL, NULL },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = *state;

                machine_file(m, "x\n", "sys/bus/scsi/drivers_autoprobe");
                machine_file(m, cases[i].line, "proc/cmdline");
                machine_remove(m, "etc/lekdicht/gate.open");
                if (cases[i].wish)
                        machine_file(m, cases[i].wish, "etc/lekdicht/gate.open");
                assert_int_equal(gate(m, "close", "--boot"), GATE_DONE);
                assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), cases[i].why ? "1\n" : "0\n");
                if (cases[i].why) {
                        assert_says(m->out, machine_string(m, "left open: %s\n", cases[i].why));
                        assert_string_equal(machine_read(m, "run/lekdicht/open"),
                                            machine_string(m, "why=%s\n", cases[i].why));
                }
                /* What was wished is not changed by booting. */
                assert_string_equal(machine_read(m, "etc/lekdicht/gate.open"),
                                    cases[i].wish ? cases[i].wish : "(no such file)");
                assert_int_equal(machine_has(m, "run/lekdicht/open"), cases[i].why != NULL);
                assert_int_equal(machine_has(m, "run/lekdicht/armed"), cases[i].why == NULL);
        }
}

/* By hand, what the boot would not do is done. */
static void a_command_does_not_ask_how_it_was_booted(void **state)
{
        struct machine *m = *state;

        machine_file(m, "ro lekdicht=off single\n", "proc/cmdline");
        machine_file(m, "1\n", "sys/bus/scsi/drivers_autoprobe");
        assert_int_equal(gate(m, "close"), GATE_DONE);
        assert_string_equal(machine_read(m, "sys/bus/scsi/drivers_autoprobe"), "0\n");
}

static void one_device_is_refused_and_released(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        assert_int_equal(gate(m, "release", "3:0:0:0"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/lekdicht/grant"), "12 ");
        assert_string_equal(machine_read(m, "run/lekdicht/grant/12"),
                            "disk=sdb\ndevpath=" STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0\n");
        assert_int_equal(gate(m, "refuse", "1-2"), GATE_DONE);
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "0\n");
        assert_string_equal(machine_list(m, "run/lekdicht/grant"), "");
        assert_string_equal(machine_list(m, "run/lekdicht/refused"), "1-2 ");
        assert_int_equal(gate(m, "release", "/sys/bus/usb/devices/1-2"), GATE_DONE);
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n");
        assert_string_equal(machine_list(m, "run/lekdicht/refused"), "");
        assert_int_equal(gate(m, "release", "1-9"), GATE_GONE);
        assert_int_equal(gate(m, "refuse", "1-9"), GATE_GONE);
        assert_string_equal(m->err, "1-9: no such device\n");
        assert_string_equal(m->journal, "");
}

static void the_agent_gives_a_descriptor(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        third = "/sys" STICK_PORT;
        assert_int_equal(gate(m, "refuse", "/proc/self/fd/3"), GATE_DONE);
        assert_string_equal(m->journal, "sys" STICK_PORT "/authorized=0\n");
        assert_string_equal(machine_list(m, "run/lekdicht/refused"), "1-2 ");
}

static void one_disk_is_opened_for_reading(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        assert_int_equal(gate(m, "readonly", "3:0:0:0"), GATE_DONE);
        assert_string_equal(m->out, "opened 3:0:0:0 read-only as sdb, disk sequence number 12\n");
        assert_string_equal(machine_list(m, "run/lekdicht/readonly"), "12 ");
        assert_string_equal(machine_list(m, "run/lekdicht/grant"), "");
        assert_true(machine_has(m, "ro/sdb"));
        assert_int_equal(gate(m, "refuse", "1-2"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/lekdicht/readonly"), "");
        assert_int_equal(gate(m, "readonly", "1-2"), GATE_USAGE);
        assert_int_equal(gate(m, "readonly", "9:0:0:0"), GATE_GONE);
}

/* Without the program that looks nobody knows, and so it is shut. */
static void what_nobody_can_look_at_is_shut(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, false);
        machine_file(m, "60000\n", "sys" STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0/.block/sdb/size");
        machine_remove(m, "sys" STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0/.block/sdb/sdb1");
        assert_int_equal(gate(m, "encrypted", "3:0:0:0"), GATE_FAILED);
        assert_says(m->err, "3:0:0:0: is it encrypted? lekdicht-probe ended with code 2\n");
        assert_string_equal(machine_list(m, "run/lekdicht/encrypted"), "");
        assert_false(machine_has(m, "sys" STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0/driver"));
        assert_int_equal(gate(m, "encrypted", "1-2"), GATE_USAGE);
        assert_int_equal(gate(m, "encrypted", "9:0:0:0"), GATE_GONE);
}

static void what_carries_the_system_is_not_refused(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_mount(m, 801, 1, "/", "ext4", "/dev/sdb1", "rw");
        assert_int_equal(gate(m, "refuse", "1-2"), GATE_FAILED);
        assert_string_equal(m->err, "1-2 carries /: not touched\n");
        assert_string_equal(m->journal, "");
        machine_file(m, "not mountinfo\n", "proc/self/mountinfo");
        assert_int_equal(gate(m, "refuse", "3:0:0:0"), GATE_FAILED);
        assert_says(m->err, "cannot tell what carries the system");
        assert_string_equal(m->journal, "");
}

/* What writes tidies up first; what only asks does not. */
static void records_of_what_has_left_are_swept(void **state)
{
        struct machine *m = *state;

        machine_file(m, "", "run/lekdicht/grant/99");
        machine_file(m, "devnum=5\n", "run/lekdicht/refused/1-2");
        assert_int_equal(gate(m, "status"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/lekdicht/grant"), "99 ");
        assert_int_equal(gate(m, "close"), GATE_DONE);
        assert_string_equal(machine_list(m, "run/lekdicht/grant"), "");
        assert_string_equal(machine_list(m, "run/lekdicht/refused"), "");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(what_is_not_understood_does_nothing),
                test(help_and_version_are_told),
                test(nobody_has_to_listen),
                test(only_root_may_write),
                test(opening_by_command_is_kept_and_closing_takes_it_back),
                test(until_reboot_leaves_no_wish_and_takes_none_away),
                test(a_closing_that_fails_takes_the_wish_back_all_the_same),
                test(a_wish_that_cannot_be_kept_is_a_failure),
                test(a_boot_closes_unless_something_wants_it_open),
                test(a_command_does_not_ask_how_it_was_booted),
                test(one_device_is_refused_and_released),
                test(one_disk_is_opened_for_reading),
                test(the_agent_gives_a_descriptor),
                test(what_nobody_can_look_at_is_shut),
                test(what_carries_the_system_is_not_refused),
                test(records_of_what_has_left_are_swept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
