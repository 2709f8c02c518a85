/* SPDX-License-Identifier: GPL-3.0-or-later */

/* `lekdicht`: looks at the agent and asks it things. It has no power of its own; the agent and polkit decide what the
 * caller may. The table below is the list of verbs and the help text. */

#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/exit.h"
#include "cli/terminal.h"
#include "common/clock.h"

enum {
        OPTION_JSON = 1 << 0,
        OPTION_FOLLOW = 1 << 1,
        OPTION_COUNT = 1 << 2,
        OPTION_FILTER = 1 << 3,
        OPTION_FOR = 1 << 4,
        OPTION_READ_ONLY = 1 << 5,
        OPTION_KEEP = 1 << 6,
        OPTION_REASON = 1 << 7,
        OPTION_LABEL = 1 << 8,
        OPTION_CA_FILE = 1 << 9,
        OPTION_PROXY = 1 << 10,
        OPTION_FILE = 1 << 11,
};

static const struct option {
        int bit;
        const char *word, *value; /* value NULL: takes none */
        bool must;                /* be given */
} options[] = {
        { OPTION_FOR, "--for", "TIME", true },
        { OPTION_REASON, "--reason", "TEXT", true },
        { OPTION_READ_ONLY, "--read-only", NULL, false },
        { OPTION_KEEP, "--keep", NULL, false },
        { OPTION_FOLLOW, "--follow", NULL, false },
        { OPTION_COUNT, "-n", "N", false },
        { OPTION_FILTER, "--filter", "PREFIX", false },
        { OPTION_LABEL, "--label", "TEXT", false },
        { OPTION_CA_FILE, "--ca-file", "FILE", false },
        { OPTION_PROXY, "--proxy", "URL", false },
        { OPTION_FILE, "--file", "FILE", false },
        { OPTION_JSON, "--json", NULL, false },
};

struct command {
        const char *verb, *noun; /* "gate" "open"; noun NULL when the verb stands alone */
        int (*function)(const struct cli *cli);
        const char *argument; /* one word or two; NULL: takes none */
        int options;          /* those that it knows */
        const char *help;
};

static const struct command commands[] = {
        { "status", NULL, cli_status, NULL, OPTION_JSON, "is storage shut, which policy holds, is anything wrong" },
        { "doctor", NULL, cli_doctor, NULL, OPTION_JSON,
          "is all that lekdicht needs on this laptop as it should be, and what to do where it is not;\n"
          "        exit code for monitoring: 0 ok, 1 warning, 2 problem, 3 could not be seen" },
        { "devices", NULL, cli_devices, NULL, OPTION_JSON,
          "the storage devices that are plugged in, and what became of them" },
        { "clients", "check", cli_clients_check, "FILE", 0,
          "is this file for the catalogue of clients good; works without the agent" },
        { "clients", NULL, cli_clients, NULL, OPTION_JSON,
          "the sync, chat and backup clients that were found, and what the policy says of them" },
        { "events", NULL, cli_events, NULL, OPTION_FOLLOW | OPTION_COUNT | OPTION_FILTER | OPTION_JSON,
          "what was recorded: the last 20, or N (1 to 1000), of that name; --follow goes on with what comes" },
        { "learn", NULL, cli_learn, "DEVICE", 0,
          "the lines for the policy with which this device opens; as root with its serial" },
        { "audit-report", NULL, cli_audit_report, NULL, OPTION_JSON,
          "what was let through in audit mode and would stay shut with mode = enforce" },
        { "allow", NULL, cli_allow, "DEVICE", OPTION_FOR | OPTION_REASON | OPTION_READ_ONLY | OPTION_KEEP,
          "open this device for a while, such as 45m or 2h; --keep: over a reboot too" },
        { "revoke", NULL, cli_revoke, "DEVICE", 0, "end that now: it is written back and shut" },
        { "enroll", NULL, cli_enroll, "URL TOKEN", OPTION_LABEL | OPTION_CA_FILE | OPTION_PROXY | OPTION_FILE,
          "report to the collector at URL, which lets this laptop in with TOKEN; - reads the token" },
        { "gate", "close", cli_gate_close, NULL, 0, "shut removable storage, as the policy wants it" },
        { "gate", "open", cli_gate_open, NULL, 0, "open removable storage until `gate close`, also after a reboot" },
        { "policy", "check", cli_policy_check, "FILE", OPTION_JSON,
          "is this policy file good; works without the agent" },
        { "policy", "explain", cli_policy_explain, "DEVICE", OPTION_JSON,
          "what happens to this device, or to the client of that name or PID, by which rule, and why" },
};

#define N_OPTIONS         (sizeof(options) / sizeof(options[0]))
#define FILTER_CHARACTERS "abcdefghijklmnopqrstuvwxyz."

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage_line(FILE *file, const struct command *command)
{
        fprintf(file, "lekdicht %s%s%s%s%s", command->verb, command->noun ? " " : "",
                command->noun ? command->noun : "", command->argument ? " " : "",
                command->argument ? command->argument : "");
        for (size_t i = 0; i < N_OPTIONS; i++)
                if (command->options & options[i].bit)
                        fprintf(file, " %s%s%s%s%s", options[i].must ? "" : "[", options[i].word,
                                options[i].value ? " " : "", options[i].value ? options[i].value : "",
                                options[i].must ? "" : "]");
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
              "DEVICE is a name from `lekdicht devices`, such as 1-2, and CLIENT one from `lekdicht clients`. PREFIX "
              "is the\n"
              "beginning of an event's name, such as device, gate or device.refused. TIME is a number of minutes or "
              "hours,\n"
              "such as 45m or 2h, at most a day.\n",
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

/* "20" for 1 to CLI_COUNT_MAX. */
static bool read_count(const char *text, unsigned *ret)
{
        size_t digits = strspn(text, "0123456789");
        unsigned long n = strtoul(text, NULL, 10);

        if (digits == 0 || text[digits] != '\0' || n < 1 || n > CLI_COUNT_MAX)
                return false;
        *ret = (unsigned) n;
        return true;
}

/* "45m" and "2h" as minutes. What is too short or too long the agent says. */
static bool read_span(const char *text, unsigned *ret)
{
        size_t digits = strspn(text, "0123456789");
        unsigned long n = strtoul(text, NULL, 10);
        bool hours = strcmp(text + digits, "h") == 0;

        if (digits == 0 || (!hours && strcmp(text + digits, "m") != 0) || n < 1 || n > CLI_MINUTES_MAX)
                return false;
        *ret = (unsigned) n * (hours ? 60 : 1);
        return true;
}

/* What is wrong with it, or NULL. */
static const char *set_option(struct cli *cli, int bit, const char *value)
{
        switch (bit) {
        case OPTION_JSON:
                cli->json = true;
                break;
        case OPTION_FOLLOW:
                cli->follow = true;
                break;
        case OPTION_COUNT:
                if (!read_count(value, &cli->count))
                        return "not a number from 1 to 1000";
                break;
        case OPTION_FILTER:
                if (value[0] == '\0' || strlen(value) > CLI_FILTER_MAX ||
                    value[strspn(value, FILTER_CHARACTERS)] != '\0')
                        return "not the beginning of an event's name";
                cli->filter = value;
                break;
        case OPTION_FOR:
                if (!read_span(value, &cli->minutes))
                        return "not a number of minutes or hours, such as 45m or 2h";
                break;
        case OPTION_READ_ONLY:
                cli->read_only = true;
                break;
        case OPTION_KEEP:
                cli->keep = true;
                break;
        case OPTION_LABEL:
                cli->label = value;
                break;
        case OPTION_CA_FILE:
                cli->ca_file = value;
                break;
        case OPTION_PROXY:
                cli->proxy = value;
                break;
        case OPTION_FILE:
                cli->file = value;
                break;
        case OPTION_REASON:
                if (value[0] == '\0')
                        return "a reason must be given";
                cli->reason = value;
                break;
        }
        return NULL;
}

/* The option of that command that `word` is, "--filter=x" included; *ret_value: what stands behind "=", or NULL. */
static const struct option *find_option(const struct command *command, const char *word, const char **ret_value)
{
        for (size_t i = 0; i < N_OPTIONS; i++) {
                size_t length = strlen(options[i].word);

                if (!(command->options & options[i].bit) || strncmp(word, options[i].word, length) != 0)
                        continue;
                if (word[length] == '\0' || (word[length] == '=' && options[i].value)) {
                        *ret_value = word[length] ? word + length + 1 : NULL;
                        return &options[i];
                }
        }
        return NULL;
}

static bool takes_two(const struct command *command)
{
        return command->argument && strchr(command->argument, ' ');
}

static int run(const struct command *command, struct cli *cli, int argc, char **argv)
{
        bool more_options = true;
        int given = 0;

        for (int i = 0; i < argc; i++) {
                const struct option *option;
                const char *value = NULL, *problem;

                if (more_options && strcmp(argv[i], "--") == 0) {
                        more_options = false;
                } else if (more_options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
                        print_usage_line(stdout, command);
                        printf("\n        %s\n", command->help);
                        return EXIT_WELL;
                } else if (more_options && (option = find_option(command, argv[i], &value))) {
                        if (option->value && !value && i + 1 < argc)
                                value = argv[++i];
                        if (option->value && !value)
                                return usage(command, "missing", option->value);
                        given |= option->bit;
                        problem = set_option(cli, option->bit, value);
                        if (problem)
                                return usage(command, problem, value);
                } else if (more_options && argv[i][0] == '-' && argv[i][1] != '\0') {
                        return usage(command, "unknown option", argv[i]);
                } else if (!command->argument || (cli->argument && (!takes_two(command) || cli->second))) {
                        return usage(command, "one word too many", argv[i]);
                } else if (argv[i][0] == '\0') {
                        return usage(command, "empty argument", NULL);
                } else if (cli->argument) {
                        cli->second = argv[i];
                } else {
                        cli->argument = argv[i];
                }
        }
        if (command->argument && (!cli->argument || (takes_two(command) && !cli->second)))
                return usage(command, "missing", command->argument);
        for (size_t i = 0; i < N_OPTIONS; i++)
                if (options[i].must && (command->options & options[i].bit) && !(given & options[i].bit))
                        return usage(command, "missing", options[i].word);
        return command->function(cli);
}

int main(int argc, char **argv)
{
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
        cli.now = clock_usec(CLOCK_REALTIME);

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
