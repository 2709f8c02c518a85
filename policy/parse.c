/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From text to policy: whole, or not at all.
 *
 * inih asks for a line, we read the raw one and prove it harmless (line.c), open its section ourselves, and hand inih a
 * line that every build of it must take the same way: "[section]", "key=value" or nothing. What inih then delivers is held
 * against what that line said. So the line number is always known, sections without keys are not missed, and an inih that
 * merges, cuts, continues or drops is caught in the act instead of believed. */

#include "policy/policy.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "policy/errors.h"
#include "policy/section.h"

#define PARSE_LINE_MAX (POLICY_LINE_MAX + 2U) /* with line feed and NUL */
#define INIH_NO_MEMORY (-2)

struct parse {
        const char *text;
        size_t size, at;
        unsigned number; /* of the line in hand, 1-based */
        struct line line;
        bool waiting; /* for inih to deliver the key in hand */
        int failed;   /* -ENOMEM */
        struct sections sections;
};

DEFINE_CLEANUP(cleanup_policy, struct policy *, policy_free)

static void complain_of_inih(struct parse *parse)
{
        errors_add(parse->sections.errors, parse->number,
                   "the inih library of this system reads this line as something else; "
                   "use the one of the distribution, or write it more simply");
}

/* Take the next raw line in hand, and write into out what inih is to see of it. */
static void next_line(struct parse *parse, char out[static PARSE_LINE_MAX])
{
        const char *raw = parse->text + parse->at;
        const char *end = memchr(raw, '\n', parse->size - parse->at);
        size_t size = end ? (size_t) (end - raw) : parse->size - parse->at;
        int r;

        parse->at += size + !!end;
        parse->number++;
        line_read(&parse->line, raw, size);
        snprintf(out, PARSE_LINE_MAX, "\n");

        switch (parse->line.kind) {
        case LINE_BAD:
                errors_add(parse->sections.errors, parse->number, "%s", parse->line.fault);
                if (parse->line.opens)
                        section_open_bad(&parse->sections, parse->number);
                break;
        case LINE_BLANK:
                break;
        case LINE_HEADER:
                r = section_open(&parse->sections, &parse->line, parse->number);
                if (r < 0)
                        parse->failed = r;
                else if (r > 0)
                        snprintf(out, PARSE_LINE_MAX, "[%s]\n", parse->sections.title);
                break;
        case LINE_KEY:
                if (!section_is_open(&parse->sections, parse->number))
                        break;
                snprintf(out, PARSE_LINE_MAX, "%s=%s\n", parse->line.key, parse->line.value);
                parse->waiting = true;
                break;
        }
}

/* What inih calls for each line; like fgets(). */
static char *read_line(char *buffer, int room, void *stream)
{
        struct parse *parse = stream;
        char out[PARSE_LINE_MAX];

        if (parse->waiting)
                complain_of_inih(parse);
        parse->waiting = false;
        if (parse->failed || parse->at >= parse->size || room < 2)
                return NULL;

        next_line(parse, out);
        /* A build with short lines: what it is not given it cannot deliver, and that is told above. */
        if (strlen(out) >= (size_t) room)
                strcpy(out, "\n");

        return strcpy(buffer, out);
}

/* What inih calls for each key. Never says no: inih would go on anyway, and our errors tell more than its line number. */
static int deliver(void *user, const char *section, const char *name, const char *value)
{
        struct parse *parse = user;
        int r;

        /* Some builds tell of a new section like this. */
        if (!name)
                return 1;

        if (!parse->waiting || !section || !value || strcmp(section, parse->sections.title) != 0 ||
            strcmp(name, parse->line.key) != 0 || strcmp(value, parse->line.value) != 0) {
                complain_of_inih(parse);
        } else {
                r = section_set(&parse->sections, name, value, parse->number);
                if (r < 0)
                        parse->failed = r;
        }
        parse->waiting = false;

        return 1;
}

static int parse_text(struct parse *parse)
{
        struct policy_errors *errors = parse->sections.errors;
        int r;

        r = ini_parse_stream(read_line, parse, deliver, parse);
        if (parse->failed)
                return parse->failed;
        if (r == INIH_NO_MEMORY)
                return -ENOMEM;
        if (parse->waiting || r != 0 || parse->at < parse->size)
                complain_of_inih(parse);

        section_finish(&parse->sections);
        return errors->n > 0 ? -EINVAL : 0;
}

int policy_parse(const char *text, size_t size, const char *agent_version, struct policy **ret,
                 struct policy_errors *errors)
{
        static const char bom[] = "\xEF\xBB\xBF";
        CLEANUP(cleanup_policy) struct policy *policy = NULL;
        struct parse parse = { .sections = { .errors = errors, .agent_version = agent_version } };
        int r;

        *errors = (struct policy_errors){ 0 };
        if (size > POLICY_FILE_MAX) {
                errors_add(errors, 0, "the policy has more than %u bytes", POLICY_FILE_MAX);
                return -EINVAL;
        }
        /* Windows editors put it there; it has no meaning in UTF-8. */
        if (size >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0) {
                text += strlen(bom);
                size -= strlen(bom);
        }

        /* Block and enforce, unless the file says otherwise. */
        policy = policy_builtin();
        if (!policy)
                return -ENOMEM;

        parse.text = text;
        parse.size = size;
        parse.sections.policy = policy;
        r = parse_text(&parse);
        if (r < 0)
                return r;

        *ret = policy;
        policy = NULL;
        return 0;
}
