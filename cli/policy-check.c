/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht policy check FILE: says what the agent would say of this file, without the agent, before it is put in place.
 * As compilers do: FILE:LINE: text, one a line, errors first. The installed file is also held to its owner and mode, as
 * the agent does; a draft in somebody's home is not.
 *
 * --json, one object:
 *      file            string: as given
 *      good            bool; the exit code is 0
 *      version         number, mode "enforce" | "audit", exceptions number: only when good
 *      errors          array of { line number (0: the file as a whole), text string }; at most 32
 *      errors-total    number: how many there are
 *      warnings        array of the same: accepted, but surely not meant */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exit.h"
#include "cli/policy-check.h"
#include "cli/terminal.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

DEFINE_CLEANUP(cleanup_policy, struct policy *, policy_free)

static const char *mode_word(enum policy_mode mode)
{
        switch (mode) {
        case POLICY_ENFORCE:
                return "enforce";
        case POLICY_AUDIT:
                break;
        }
        return "audit";
}

static void print_error(const struct cli *cli, const struct policy_error *error, const char *prefix)
{
        terminal_print(cli->out, cli->argument);
        if (error->line > 0)
                fprintf(cli->out, ":%u", error->line);
        fprintf(cli->out, ": %s", prefix);
        terminal_print(cli->out, error->text);
        fputc('\n', cli->out);
}

static void print_words(const struct cli *cli, const struct policy *policy, const struct policy_errors *errors)
{
        for (size_t i = 0; i < errors->n; i++)
                print_error(cli, &errors->items[i], "");
        for (size_t i = 0; i < errors->n_warnings; i++)
                print_error(cli, &errors->warnings[i], "warning: ");
        terminal_print(cli->out, cli->argument);
        if (policy)
                fprintf(cli->out, ": good: version %u, %s, %zu exception%s\n", policy->version, mode_word(policy->mode),
                        policy->n_devices, policy->n_devices == 1 ? "" : "s");
        else if (errors->total > errors->n)
                fprintf(cli->out, ": bad: %zu errors, the first %zu are shown; nothing of it would be used\n",
                        errors->total, errors->n);
        else
                fprintf(cli->out, ": bad: %zu error%s; nothing of it would be used\n", errors->n,
                        errors->n == 1 ? "" : "s");
}

static void json_errors(struct jsonw *json, const char *key, const struct policy_error *errors, size_t n)
{
        jsonw_begin_array(json, key);
        for (size_t i = 0; i < n; i++) {
                jsonw_begin_object(json, NULL);
                jsonw_uint(json, "line", errors[i].line);
                jsonw_string(json, "text", errors[i].text);
                jsonw_end_object(json);
        }
        jsonw_end_array(json);
}

static int print_json(const struct cli *cli, const struct policy *policy, const struct policy_errors *errors)
{
        struct jsonw json;

        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_string(&json, "file", cli->argument);
        jsonw_bool(&json, "good", policy != NULL);
        if (policy) {
                jsonw_uint(&json, "version", policy->version);
                jsonw_string(&json, "mode", mode_word(policy->mode));
                jsonw_uint(&json, "exceptions", policy->n_devices);
        }
        json_errors(&json, "errors", errors->items, errors->n);
        jsonw_uint(&json, "errors-total", errors->total);
        json_errors(&json, "warnings", errors->warnings, errors->n_warnings);
        jsonw_end_object(&json);
        return jsonw_finish(&json);
}

int policy_check_print(const struct cli *cli, const struct policy *policy, const struct policy_errors *errors)
{
        if (!cli->json)
                print_words(cli, policy, errors);
        else if (print_json(cli, policy, errors) < 0)
                return EXIT_WRONG;
        return policy ? EXIT_WELL : EXIT_WRONG;
}

/* Whether the file is the one that the agent reads. */
static bool is_installed(const struct cli *cli)
{
        CLEANUP(cleanup_free) char *given = realpath(cli->argument, NULL);
        CLEANUP(cleanup_free) char *installed = realpath(cli->policy, NULL);

        return given && installed && strcmp(given, installed) == 0;
}

int cli_policy_check(const struct cli *cli)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors)); /* too big for a stack */
        CLEANUP(cleanup_policy) struct policy *policy = NULL;
        int r;

        if (!errors) {
                fputs("lekdicht: out of memory\n", cli->err);
                return EXIT_WRONG;
        }
        r = policy_load(cli->argument, is_installed(cli) ? POLICY_REQUIRE_ROOT_OWNED : 0, LEKDICHT_VERSION, &policy,
                        errors);
        if (r < 0 && errors->n == 0) { /* no memory, or a file that is bad for a reason without words */
                snprintf(errors->items[0].text, sizeof(errors->items[0].text), "%s", strerror(-r));
                errors->n = errors->total = 1;
        }
        return policy_check_print(cli, policy, errors);
}
