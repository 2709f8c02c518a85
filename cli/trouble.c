/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Somebody who reads this has a laptop that does not do what they expect. So: what is wrong, what holds nevertheless,
 * what to do now. What holds is read from the kernel, not assumed. */

#include <errno.h>
#include <string.h>

#include "cli/exit.h"
#include "cli/kernel.h"
#include "cli/terminal.h"
#include "cli/trouble.h"
#include "common/jsonw.h"

struct trouble {
        int code;
        const char *word; /* for programs */
        const char *text; /* for people; complete sentence */
        bool message;     /* what the agent said belongs to it */
        bool kernel;      /* the agent does not watch: say what holds */
};

static struct trouble trouble_of(int answer)
{
        if (answer == -ENOMEM)
                return (struct trouble){ EXIT_WRONG, "out-of-memory", "Out of memory.", false, false };
        if (answer < 0)
                return (struct trouble){ EXIT_WRONG, "internal", "The agent could not be asked", true, false };
        switch ((enum bus_answer) answer) {
        case BUS_NONE:
                return (struct trouble){ EXIT_ABSENT, "no-system-bus",
                                         "The agent cannot be asked: the system bus (D-Bus) cannot be reached.", false,
                                         true };
        case BUS_ABSENT:
                return (struct trouble){ EXIT_ABSENT, "agent-not-running", "The agent (lekdichtd) is not running.",
                                         false, true };
        case BUS_SILENT:
                return (struct trouble){ EXIT_WRONG, "agent-silent", "The agent (lekdichtd) runs but does not answer.",
                                         false, true };
        case BUS_DENIED:
                return (struct trouble){ EXIT_REFUSED, "not-allowed", "You may not do this.", false, false };
        case BUS_UNKNOWN_DEVICE:
                return (struct trouble){ EXIT_WRONG, "unknown-device", "The agent knows no such device", true, false };
        case BUS_FAILED:
                return (struct trouble){ EXIT_WRONG, "failed", "The agent could not do it", true, false };
        case BUS_GARBLED:
                return (struct trouble){ EXIT_WRONG, "not-understood",
                                         "The agent's answer was not understood (is it another version?)", true,
                                         false };
        case BUS_OK:
                break;
        }
        return (struct trouble){ EXIT_WRONG, "internal", "The agent could not be asked", true, false };
}

static const char *gate_word(enum kernel_gate gate)
{
        switch (gate) {
        case KERNEL_GATE_CLOSED:
                return "closed";
        case KERNEL_GATE_OPEN:
                return "open";
        case KERNEL_GATE_PARTLY:
                return "partly";
        case KERNEL_GATE_NO_BUS:
                break;
        }
        return "no-bus";
}

static void say_json(const struct cli *cli, const struct trouble *trouble, const char *message,
                     const struct kernel *kernel)
{
        struct jsonw json;

        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_string(&json, "error", trouble->word);
        jsonw_string(&json, "message", trouble->message && *message ? message : trouble->text);
        jsonw_begin_object(&json, "kernel");
        jsonw_string(&json, "gate", gate_word(kernel->gate));
        jsonw_begin_object(&json, "buses");
        for (unsigned i = 0; i < KERNEL_BUSES; i++)
                jsonw_string(&json, kernel_bus_names[i], kernel_bus_word(kernel->buses[i]));
        jsonw_end_object(&json);
        jsonw_end_object(&json);
        jsonw_end_object(&json);
        jsonw_finish(&json); /* main() looks at what became of stdout */
}

static void say_kernel(const struct cli *cli, const struct kernel *kernel)
{
        fprintf(cli->err, "Meanwhile %s (", kernel_says(kernel));
        for (unsigned i = 0; i < KERNEL_BUSES; i++)
                fprintf(cli->err, "%s%s %s", i ? ", " : "", kernel_bus_names[i], kernel_bus_word(kernel->buses[i]));
        fputs(").\n", cli->err);
}

int trouble_say(const struct cli *cli, int answer, const char *message, const struct trouble_verb *verb)
{
        struct trouble trouble = trouble_of(answer);
        struct kernel kernel;

        if (answer < 0)
                message = strerror(-answer);
        kernel_read(cli->sys_root, cli->run_root, &kernel);
        if (cli->json) {
                say_json(cli, &trouble, message, &kernel);
                return trouble.code;
        }
        fprintf(cli->err, "lekdicht: %s", trouble.text);
        if (trouble.message) {
                fputs(*message ? ": " : ".", cli->err);
                terminal_print(cli->err, message);
        }
        fputc('\n', cli->err);
        if (trouble.kernel)
                say_kernel(cli, &kernel);
        if (trouble.code == EXIT_REFUSED) {
                fprintf(cli->err, "Only an administrator may %s.\n", verb->may);
                if (cli->uid == 0)
                        fputs("You are root, and still the system bus refused it: its configuration for "
                              "org.lekdicht.Agent1 "
                              "is missing or was changed.\n",
                              cli->err);
                else
                        fputs("Try it with sudo, or from the desktop, where a password is asked for (polkit).\n",
                              cli->err);
        } else if (answer == BUS_SILENT) {
                fputs("See what it does: journalctl -u lekdichtd. systemd restarts it when it hangs.\n", cli->err);
        } else if (trouble.code == EXIT_ABSENT) {
                if (answer == BUS_NONE)
                        fputs("Is D-Bus running? systemctl status dbus lekdichtd\n", cli->err);
                else
                        fprintf(cli->err,
                                "Start it: %ssystemctl start lekdichtd      Why it stopped: journalctl -u lekdichtd\n",
                                cli->uid == 0 ? "" : "sudo ");
                if (verb->without)
                        fprintf(cli->err, "Without the agent: %s%s\n", cli->uid == 0 ? "" : "sudo ", verb->without);
        }
        return trouble.code;
}
