/* links: gate/status.c gate/state.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What `lekdicht-gate status` prints and answers. */

#include "tests/unit/fake-machine.h"

#include "gate/state.h"
#include "gate/status.h"

static void the_gate_is_what_its_buses_are(void **state)
{
        static const struct {
                const char *scsi, *mmc, *memstick; /* NULL: absent */
                enum gate_exit code;
                const char *lines;
        } cases[] = {
                { "0", "0", "0", GATE_DONE, "bus scsi: closed\nbus mmc: closed\nbus memstick: closed\ngate: closed\n" },
                { "1", "1", "1", GATE_IS_OPEN, "bus scsi: open\nbus mmc: open\nbus memstick: open\ngate: open\n" },
                { "0", "1", "0", GATE_IS_PARTLY,
                  "bus scsi: closed\nbus mmc: open\nbus memstick: closed\ngate: partly closed\n" },
                { "1", NULL, NULL, GATE_IS_OPEN,
                  "bus scsi: open\nbus mmc: absent\nbus memstick: absent\ngate: open\n" },
                { NULL, NULL, NULL, GATE_IS_OPEN,
                  "bus scsi: absent\nbus mmc: absent\nbus memstick: absent\ngate: open\n" },
                { "0", "0", NULL, GATE_IS_PARTLY,
                  "bus scsi: closed\nbus mmc: closed\nbus memstick: absent\ngate: partly closed\n" },
                { "x", "0", "0", GATE_IS_PARTLY,
                  "bus scsi: unreadable\nbus mmc: closed\nbus memstick: closed\ngate: partly closed\n" },
                { "x", "1", "1", GATE_IS_PARTLY,
                  "bus scsi: unreadable\nbus mmc: open\nbus memstick: open\ngate: partly closed\n" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                const char *names[] = { "scsi", "mmc", "memstick" };
                const char *values[] = { cases[i].scsi, cases[i].mmc, cases[i].memstick };
                struct machine *m = machine_new();

                for (size_t k = 0; k < 3; k++)
                        if (values[k])
                                machine_file(m, machine_string(m, "%s\n", values[k]), "sys/bus/%s/drivers_autoprobe",
                                             names[k]);
                        else
                                machine_remove(m, "sys/bus/%s", names[k]);
                assert_int_equal(status(&m->roots), cases[i].code);
                assert_string_equal(m->out, machine_string(m, "%swish: closed\n", cases[i].lines));
                assert_string_equal(m->err, "");
                assert_string_equal(m->journal, "");
                assert_false(machine_has(m, "run")); /* asking makes nothing */
                machine_free(m);
        }
}

static void wishes_exemptions_grants_and_refusals_are_listed(void **state)
{
        struct machine *m = *state;
        const char *head = "bus scsi: closed\nbus mmc: closed\nbus memstick: closed\ngate: closed\n";

        state_prepare(&m->roots);
        machine_file(m, "audit\n", "etc/gate.open");
        machine_file(m, "devpath=/x\ndiskseq=12\ncarries=/\n", "run/exempt/3:0:0:0");
        machine_file(m, "devpath=/x\n", "run/exempt/4:0:0:0"); /* says nothing */
        machine_file(m, "disk=sdb\ndevpath=/x\n", "run/grant/12");
        machine_file(m, "disk=sdc\ndevpath=/y\n", "run/readonly/13");
        machine_file(m, "disk=sdd\ndevpath=/z\n", "run/encrypted/14");
        machine_file(m, "devnum=5\n", "run/refused/1-2");
        assert_int_equal(status(&m->roots), GATE_DONE);
        assert_string_equal(m->out, machine_string(m,
                                                   "%swish: audit\nexempt: 3:0:0:0 carries /\n"
                                                   "granted: disk sequence number 12, sdb\n"
                                                   "read-only: disk sequence number 13, sdc\n"
                                                   "encrypted: disk sequence number 14, sdd\nrefused: 1-2\n",
                                                   head));
        m->out[0] = '\0';
        machine_file(m, "by-command\n", "etc/gate.open");
        machine_file(m, "", "run/grant/12");
        machine_remove(m, "run/exempt/3:0:0:0");
        machine_remove(m, "run/refused/1-2");
        machine_remove(m, "run/readonly/13");
        machine_remove(m, "run/encrypted/14");
        assert_int_equal(status(&m->roots), GATE_DONE);
        assert_string_equal(m->out, machine_string(m, "%swish: by-command\ngranted: disk sequence number 12\n", head));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_gate_is_what_its_buses_are),
                machine_test(wishes_exemptions_grants_and_refusals_are_listed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
