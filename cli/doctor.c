/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht doctor: one line for each check, and below what is not well what to do. What the caller may not see is said to be
 * unknown. For monitoring: the exit code is that of the worst finding, 0 ok, 1 warning, 2 problem, 3 unknown.
 *
 * --json, one object; keys and ids stay as they are, new ones may come:
 *      state           "ok" | "warning" | "problem" | "unknown": the worst; the exit code says the same
 *      findings        array of { id, state, text, remedy }, in the order of the checks; remedy "": nothing to do */

#include <string.h>
#include <sys/utsname.h>

#include "cli/bus.h"
#include "cli/doctor.h"
#include "cli/terminal.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

#define DISK_MIN (UINT64_C(64) << 20) /* bytes; below that a record may not come through the next days */

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)

/* What keeps storage shut first, then who decides, then what is told to whom. */
static const struct {
        const char *id;
        doctor_check check;
} checks[] = {
        /* clang-format off */
        { "kernel", doctor_kernel },
        { "gate", doctor_gate },
        { "buses", doctor_buses },
        { "modules", doctor_modules },
        { "boot", doctor_boot },
        { "files", doctor_files },
        { "system", doctor_system },
        { "agent", doctor_agent },
        { "helper", doctor_helper },
        { "watcher", doctor_watcher },
        { "policy", doctor_policy },
        { "clock", doctor_clock },
        { "spool", doctor_spool },
        { "disk", doctor_disk },
        { "notifier", doctor_notifier },
        { "enrolment", doctor_enrolment },
        { "reporter", doctor_reporter },
        { "certificate", doctor_certificate },
        { "sandboxes", doctor_sandboxes },
        /* clang-format on */
};
#define N_CHECKS (sizeof(checks) / sizeof(checks[0]))
_Static_assert(N_CHECKS <= DOCTOR_CHECKS_MAX, "there is no place for each finding");

size_t doctor_examine(const struct doctor *doctor, struct finding *ret)
{
        for (size_t i = 0; i < N_CHECKS; i++) {
                ret[i] = (struct finding){ .id = checks[i].id };
                checks[i].check(doctor, &ret[i]);
        }
        return N_CHECKS;
}

static enum finding_state worst_of(const struct finding *findings, size_t n)
{
        enum finding_state worst = FINDING_OK;

        for (size_t i = 0; i < n; i++)
                worst = finding_worse(worst, findings[i].state);
        return worst;
}

static int print_json(const struct cli *cli, const struct finding *findings, size_t n)
{
        struct jsonw json;

        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_string(&json, "state", finding_word(worst_of(findings, n)));
        jsonw_begin_array(&json, "findings");
        for (size_t i = 0; i < n; i++) {
                jsonw_begin_object(&json, NULL);
                jsonw_string(&json, "id", findings[i].id);
                jsonw_string(&json, "state", finding_word(findings[i].state));
                jsonw_string(&json, "text", findings[i].text);
                jsonw_string(&json, "remedy", findings[i].remedy);
                jsonw_end_object(&json);
        }
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        return jsonw_finish(&json);
}

static void print_words(const struct cli *cli, const struct finding *findings, size_t n)
{
        unsigned counts[FINDING_UNKNOWN + 1] = { 0 };

        for (size_t i = 0; i < n; i++) {
                fprintf(cli->out, "%-8s %-12s ", finding_word(findings[i].state), findings[i].id);
                terminal_print(cli->out, findings[i].text);
                fputc('\n', cli->out);
                if (findings[i].remedy[0]) {
                        fprintf(cli->out, "%-21s -> ", "");
                        terminal_print(cli->out, findings[i].remedy);
                        fputc('\n', cli->out);
                }
                counts[findings[i].state]++;
        }
        if (counts[FINDING_OK] == n)
                fprintf(cli->out, "All is well.\n");
        else
                fprintf(cli->out, "%u ok, %u warning%s, %u problem%s, %u unknown.%s\n", counts[FINDING_OK],
                        counts[FINDING_WARNING], counts[FINDING_WARNING] == 1 ? "" : "s", counts[FINDING_PROBLEM],
                        counts[FINDING_PROBLEM] == 1 ? "" : "s", counts[FINDING_UNKNOWN],
                        counts[FINDING_UNKNOWN] && cli->uid != 0 ? " Root sees more: sudo lekdicht doctor" : "");
}

int doctor_print(const struct cli *cli, const struct finding *findings, size_t n)
{
        if (!cli->json)
                print_words(cli, findings, n);
        else if (print_json(cli, findings, n) < 0)
                return FINDING_UNKNOWN;
        return (int) worst_of(findings, n);
}

int cli_doctor(const struct cli *cli)
{
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        struct finding findings[DOCTOR_CHECKS_MAX];
        struct answer_status status = { 0 };
        struct doctor doctor = { .cli = cli, .root = "", .disk_min = DISK_MIN };
        struct utsname kernel;
        size_t n;

        doctor.release = uname(&kernel) == 0 ? kernel.release : "";
        doctor.answer = bus_new(&bus);
        if (doctor.answer == BUS_OK)
                doctor.answer = bus_status(bus, &status);
        if (doctor.answer == BUS_OK)
                doctor.status = &status;
        n = doctor_examine(&doctor, findings);
        answer_status_clear(&status);
        return doctor_print(cli, findings, n);
}
