/* SPDX-License-Identifier: GPL-3.0-or-later */

/* `lekdicht enroll URL TOKEN`: writes down where the reporter reports to. It does not touch the network itself, as nothing
 * does that runs as root. What is written was first read back by the code that the reporter reads it with. */

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/exit.h"
#include "common/cleanup.h"
#include "common/durable.h"
#include "common/enrolment.h"

#define ENROLMENT_PATH "/etc/lekdicht/enrolment"
#define REPORTER_GROUP "lekdicht-report"
#define FILE_MODE      0640

static int fail(const struct cli *cli, int code, const char *what, const char *why)
{
        fprintf(cli->err, "lekdicht: %s%s%s\n", what, why ? ": " : "", why ? why : "");
        return code;
}

/* The token as it was given, or, for "-", the first line of standard input: so it stands in no list of processes. */
static bool read_token(const struct cli *cli, char ret[static ENROLMENT_TOKEN_MAX + 2])
{
        if (strcmp(cli->second, "-") != 0)
                return snprintf(ret, ENROLMENT_TOKEN_MAX + 2, "%s", cli->second) <= (int) ENROLMENT_TOKEN_MAX;
        if (!fgets(ret, ENROLMENT_TOKEN_MAX + 2, stdin))
                return false;
        ret[strcspn(ret, "\n")] = '\0';
        return true;
}

/* 32 hexadecimal digits, others each time. */
static bool make_attempt(char ret[static ENROLMENT_ATTEMPT + 1])
{
        unsigned char random[ENROLMENT_ATTEMPT / 2];

        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return false;
        for (size_t i = 0; i < sizeof(random); i++)
                snprintf(ret + 2 * i, 3, "%02x", random[i]);
        return true;
}

/* The file, whole. A value with a line feed would be a line of its own, so nothing has one. */
static bool write_text(const struct cli *cli, const char *token, const char *attempt,
                       char ret[static ENROLMENT_FILE_MAX])
{
        const struct {
                const char *key, *value;
        } lines[] = { { "url", cli->argument }, { "token", token },          { "label", cli->label },
                      { "attempt", attempt },   { "ca-file", cli->ca_file }, { "proxy", cli->proxy } };
        int at = snprintf(ret, ENROLMENT_FILE_MAX, "# Written by `lekdicht enroll`. It holds a secret.\n[collector]\n");

        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                if (!lines[i].value)
                        continue;
                if (strpbrk(lines[i].value, "\r\n"))
                        return false;
                at += snprintf(ret + at, ENROLMENT_FILE_MAX - (size_t) at, "%s = %s\n", lines[i].key, lines[i].value);
                if (at >= (int) ENROLMENT_FILE_MAX)
                        return false;
        }
        return true;
}

/* For root and the reporter alone. Before the group has it, nobody but root can read it. A file for another machine is left
 * to whoever puts it there: this one's groups say nothing. */
static int place(const struct cli *cli, const char *path, const char *text)
{
        const struct group *group = getgrnam(REPORTER_GROUP);
        int r;

        (void) umask(~FILE_MODE & 0777);
        r = durable_replace(path, NULL, FILE_MODE, text, strlen(text));
        if (r < 0)
                return fail(cli, EXIT_WRONG, path, strerror(-r));
        if (cli->file)
                return EXIT_WELL;
        if (group && lchown(path, 0, group->gr_gid) < 0)
                return fail(cli, EXIT_WRONG, path, strerror(errno));
        if (!group)
                fprintf(cli->err,
                        "lekdicht: there is no group " REPORTER_GROUP " here, so the reporter cannot read it\n");
        return EXIT_WELL;
}

int cli_enroll(const struct cli *cli)
{
        char token[ENROLMENT_TOKEN_MAX + 2], attempt[ENROLMENT_ATTEMPT + 1], text[ENROLMENT_FILE_MAX];
        const char *path = cli->file ? cli->file : ENROLMENT_PATH;
        char error[ENROLMENT_ERROR_MAX];
        struct enrolment enrolment;
        int code;

        if (!cli->file && cli->uid != 0)
                return fail(cli, EXIT_REFUSED, "only root may enrol this laptop", NULL);
        if (!strchr(path, '/'))
                return fail(cli, EXIT_USAGE, "the file needs its folder before it, such as ./enrolment", NULL);
        if (!read_token(cli, token))
                return fail(cli, EXIT_USAGE, "that is no token", NULL);
        if (!make_attempt(attempt))
                return fail(cli, EXIT_WRONG, "there is no randomness", NULL);
        if (!write_text(cli, token, attempt, text))
                return fail(cli, EXIT_USAGE, "what was given is too long, or has more than one line", NULL);
        if (enrolment_parse(text, strlen(text), &enrolment, error) < 0)
                return fail(cli, EXIT_USAGE, "the collector could not be reached like this", error);
        code = place(cli, path, text);
        if (code == EXIT_WELL && !cli->file)
                fprintf(cli->out,
                        "Written to %s. The reporter enrols this laptop with the first record that it brings:\n"
                        "sudo systemctl restart lekdicht-reporter\n",
                        path);
        return code;
}
