/* links: gate/boot.c gate/state.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which boots leave the gate open. A word that only looks like one of ours must not. */

#include "tests/unit/fake-machine.h"

#include "gate/boot.h"

#define OFF    "lekdicht=off on the kernel command line"
#define RESCUE "rescue mode"

static const char *boots(struct machine *m, const char *line)
{
        machine_file(m, line, "proc/cmdline");
        return boot_left_open(&m->roots);
}

static void words_that_leave_it_open(void **state)
{
        static const struct {
                const char *line, *why;
        } cases[] = {
                { "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet lekdicht=off\n", OFF },
                { "lekdicht=off", OFF },
                { "lekdicht=off quiet\n", OFF },
                { "ro  lekdicht=off  quiet\n", OFF },
                { "ro\tlekdicht=off\tquiet\n", OFF },
                { "\"lekdicht=off\"\n", OFF },
                { "lekdicht=\"off\"\n", OFF },
                { "ro rescue\n", RESCUE },
                { "ro emergency\n", RESCUE },
                { "ro single\n", RESCUE },
                { "ro s\n", RESCUE },
                { "ro S\n", RESCUE },
                { "ro 1\n", RESCUE },
                { "ro -b\n", RESCUE },
                { "ro -s\n", RESCUE },
                { "ro systemd.unit=rescue.target\n", RESCUE },
                { "ro systemd.unit=emergency.target\n", RESCUE },
                { "1", RESCUE },
                { "a=\"b c\" rescue\n", RESCUE },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                const char *why = boots(*state, cases[i].line);

                if (!why || strcmp(why, cases[i].why) != 0)
                        fail_msg("\"%s\": %s", cases[i].line, why ? why : "closed");
        }
}

static void words_that_do_not(void **state)
{
        static const char *const lines[] = {
                "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n",
                "",
                "\n",
                " \n",
                "lekdicht=offline\n",
                "lekdicht=of\n",
                "lekdicht=on\n",
                "lekdicht\n",
                "xlekdicht=off\n",
                "lekdicht=off,x\n",
                "lekdicht.off\n",
                "LEKDICHT=OFF\n",
                "lekdicht=OFF\n",
                "x=lekdicht=off\n",
                "lekdicht= off\n",
                "xrescue\n",
                "rescuex\n",
                "rescue=1\n",
                "rescue.target\n",
                "nomodeset=rescue\n",
                "RESCUE\n",
                "singleton\n",
                "ss\n",
                "11\n",
                "root=1\n",
                "1=root\n",
                "x.s\n",
                "-bx\n",
                "b\n",
                "2\n",
                "3\n",
                "5\n",
                "0\n",
                "systemd.unit=graphical.target\n",
                "systemd.unit=rescue\n",
                "systemd.unit=rescue.targets\n",
                "rd.systemd.unit=rescue.target\n",
                "rd.rescue\n",
                "rd.emergency\n",
                "dyndbg=\"file drivers/usb/core/hub.c line 1 +p\"\n", /* one word, with a 1 in it */
                "a=\"x lekdicht=off y\"\n",
                "\"a rescue b\" c\n",
                "a=\"1 \n",
        };

        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                const char *why = boots(*state, lines[i]);

                if (why)
                        fail_msg("\"%s\": %s", lines[i], why);
        }
}

static void without_a_command_line_it_is_closed(void **state)
{
        struct machine *m = *state;
        char line[CMDLINE_MAX + 16];

        machine_remove(m, "proc/cmdline");
        assert_null(boot_left_open(&m->roots));

        /* The longest that is read, with the word at its end; and longer: closed rather than cut in the middle of a
         * word. */
        memset(line, 'x', sizeof line);
        strcpy(line + CMDLINE_MAX - 1 - strlen(" lekdicht=off"), " lekdicht=off");
        assert_int_equal(strlen(line), CMDLINE_MAX - 1);
        assert_string_equal(boots(m, line), OFF);
        memset(line, 'x', sizeof line);
        strcpy(line + CMDLINE_MAX - strlen(" lekdicht=off"), " lekdicht=off");
        assert_null(boots(m, line));
}

static void the_wish_leaves_it_open(void **state)
{
        struct machine *m = *state;

        machine_file(m, "by-command\n", "etc/gate.open");
        assert_string_equal(boot_left_open(&m->roots), "opened by command");
        machine_file(m, "audit\n", "etc/gate.open");
        assert_string_equal(boot_left_open(&m->roots), "audit mode");
        /* The command line is the stronger reason, and the one told. */
        assert_string_equal(boots(m, "lekdicht=off\n"), OFF);
        machine_remove(m, "proc/cmdline");
        assert_string_equal(boot_left_open(&m->roots), "audit mode");
        machine_remove(m, "etc/gate.open");
        assert_null(boot_left_open(&m->roots));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(words_that_leave_it_open),
                machine_test(words_that_do_not),
                machine_test(without_a_command_line_it_is_closed),
                machine_test(the_wish_leaves_it_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
