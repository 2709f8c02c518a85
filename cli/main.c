/* SPDX-License-Identifier: GPL-3.0-or-later */

/* `lekdicht`: looks at the agent and asks it things. It has no power of its own; the agent and polkit decide what the
 * caller may. The table below is the list of verbs and the help text. */

#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/exit.h"
#include "cli/terminal.h"

struct command {
        const char *verb, *noun; /* "gate" "open"; noun NULL when the verb stands alone */
        int (*function)(const struct cli *cli);
        const char *argument; /* NULL: takes none */
        bool json;            /* knows --json */
        const char *help;
};

static const struct command commands[] = {
        { "status", NULL, cli_status, NULL, true, "is storage shut, which policy holds, is anything wrong" },
        { "devices", NULL, cli_devices, NULL, true,
          "the storage devices that are plugged in, and what became of them" },
        { "gate", "close", cli_gate_close, NULL, false, "shut removable storage, as the policy wants it" },
        { "gate", "open", cli_gate_open, NULL, false,
          "open removable storage until `gate close`, also after a reboot" },
        { "policy", "check", cli_policy_check, "FILE", true, "is this policy file good; works without the agent" },
        { "policy", "explain", cli_policy_explain, "DEVICE", true,
          "what happens to this device, by which rule, and why" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage_line(FILE *file, const struct command *command)
{
        fprintf(file, "lekdicht %s%s%s%s%s%s", command->verb, command->noun ? " " : "",
                command->noun ? command->noun : "", command->argument ? " " : "",
                command->argument ? command->argument : "", command->json ? " [--json]" : "");
}

static void print_help(FILE *file)
{
        fputs("lekdicht keeps removable storage shut on this laptop. Keyboards, mice and docks are never touched.\n\n",
              file);
        for (size_t i = 0; i < N_COMMANDS; i++) {
                fputs("  ", file);
                print_usage_line(file, &commands[i]);
                fprintf(file, "\n        %s\n", commands[i].help);
        }
        fputs("  lekdicht help | --version\n\n"
              "Exit code: 0 well, 1 something is wrong, 2 not understood, 3 the agent is not running, 4 not allowed.\n"
              "DEVICE is a name from `lekdicht devices`, such as 1-2.\n",
              file);
}

static bool is_help(const char *word)
{
        return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int usage(const struct command *command, const char *problem, const char *word)
{
        fprintf(stderr, "lekdicht: %s", problem);
        if (word) {
                fputs(": ", stderr);
                terminal_print(stderr, word);
        }
        fputc('\n', stderr);
        if (!command) {
                fputs("`lekdicht help` lists what it understands.\n", stderr);
                return EXIT_USAGE;
        }
        fputs("usage: ", stderr);
        print_usage_line(stderr, command);
        fputc('\n', stderr);
        return EXIT_USAGE;
}

/* The command that argv[1] and, where one belongs to it, argv[2] name. *ret_words: how many words that took. */
static const struct command *find(int argc, char **argv, int *ret_words)
{
        for (size_t i = 0; i < N_COMMANDS; i++) {
                const struct command *command = &commands[i];

                if (strcmp(argv[1], command->verb) != 0)
                        continue;
                if (!command->noun) {
                        *ret_words = 1;
                        return command;
                }
                if (argc > 2 && strcmp(argv[2], command->noun) == 0) {
                        *ret_words = 2;
                        return command;
                }
        }
        return NULL;
}

/* `lekdicht gate`, `lekdicht policy`, or nothing that we know. */
static int usage_without_noun(char **argv)
{
        bool known = false;

        for (size_t i = 0; i < N_COMMANDS; i++)
                known = known || strcmp(argv[1], commands[i].verb) == 0;
        if (!known || !argv[2])
                return usage(NULL, known ? "not the whole command" : "unknown command", argv[1]);
        return usage(NULL, "unknown command after the first word", argv[2]);
}

static int run(const struct command *command, struct cli *cli, int argc, char **argv)
{
        bool options = true;

        for (int i = 0; i < argc; i++) {
                if (options && strcmp(argv[i], "--") == 0) {
                        options = false;
                } else if (options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
                        print_usage_line(stdout, command);
                        printf("\n        %s\n", command->help);
                        return EXIT_WELL;
                } else if (options && command->json && strcmp(argv[i], "--json") == 0) {
                        cli->json = true;
                } else if (options && argv[i][0] == '-') {
                        return usage(command, "unknown option", argv[i]);
                } else if (!command->argument || cli->argument) {
                        return usage(command, "one word too many", argv[i]);
                } else if (argv[i][0] == '\0') {
                        return usage(command, "empty argument", NULL);
                } else {
                        cli->argument = argv[i];
                }
        }
        if (command->argument && !cli->argument)
                return usage(command, "missing", command->argument);
        return command->function(cli);
}

int main(int argc, char **argv)
{
        struct timespec now = { 0 };
        struct cli cli = {
                .out = stdout,
                .err = stderr,
                .sys_root = "/sys",
                .run_root = "/run/lekdicht",
                .policy = "/etc/lekdicht/policy.ini",
                .uid = geteuid(),
        };
        const struct command *command;
        int words = 0, code;

        setlocale(LC_CTYPE, "");
        clock_gettime(CLOCK_REALTIME, &now);
        cli.now = (uint64_t) now.tv_sec * 1000000U + (uint64_t) now.tv_nsec / 1000U;

        if (argc < 2) {
                print_help(stderr);
                return EXIT_USAGE;
        }
        if (is_help(argv[1])) {
                print_help(stdout);
                code = EXIT_WELL;
        } else if (strcmp(argv[1], "--version") == 0) {
                puts("lekdicht " LEKDICHT_VERSION);
                code = EXIT_WELL;
        } else {
                command = find(argc, argv, &words);
                if (!command)
                        return usage_without_noun(argv);
                code = run(command, &cli, argc - 1 - words, argv + 1 + words);
        }
        if (fflush(stdout) != 0 || ferror(stdout)) {
                fprintf(stderr, "lekdicht: cannot write the answer: %m\n");
                return EXIT_WRONG;
        }
        return code;
}
