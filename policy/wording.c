/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A kind or a language that a notifier does not have would be words that nobody ever reads, so they are refused. */

#include "policy/wording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/errors.h"
#include "policy/value.h"

/* "usb-disk.nl". False when it is none. */
static bool read_name(const char *name, struct policy_wording *ret)
{
        const char *dot = strrchr(name, '.');
        char kind[POLICY_NAME_MAX + 1];

        if (!dot || (size_t) (dot - name) >= sizeof(kind))
                return false;
        memcpy(kind, name, (size_t) (dot - name));
        kind[dot - name] = '\0';
        for (unsigned language = 0; language < NOTICE_LANGUAGES; language++) {
                if (strcmp(dot + 1, notice_languages[language]) != 0)
                        continue;
                ret->language = language;
                return notice_kind_find(kind, &ret->kind);
        }

        return false;
}

int wording_begin(struct sections *sections, const char *name, unsigned line)
{
        struct policy *policy = sections->policy;
        struct policy_wording wording = { .line = line };

        if (!read_name(name, &wording)) {
                errors_add(sections->errors, line,
                           "[notice %s] is no notice; write its kind and its language, as in [notice usb-disk.nl]: the "
                           "kinds "
                           "are listed by lekdicht-notifier --preview list, the languages are en and nl",
                           name);
                return 0;
        }
        for (size_t i = 0; i < policy->n_wordings; i++) {
                if (policy->wordings[i].kind != wording.kind || policy->wordings[i].language != wording.language)
                        continue;
                errors_add(sections->errors, line, "[notice %s] stands in line %u already; put its keys there", name,
                           policy->wordings[i].line);
                return 0;
        }
        if (!policy->wordings)
                policy->wordings = calloc(POLICY_WORDINGS_MAX, sizeof(*policy->wordings));
        if (!policy->wordings)
                return -ENOMEM;
        sections->object = &policy->wordings[policy->n_wordings];
        policy->wordings[policy->n_wordings++] = wording;

        return 1;
}

void wording_end(struct sections *sections)
{
        const struct policy_wording *wording = sections->object;

        if (!wording->title && !wording->text)
                errors_add(sections->errors, sections->line, "[%s] says nothing; write title, text or both",
                           sections->title);
}

int wording_set_per_hour(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char quoted[ERRORS_QUOTE_MAX];
        unsigned n;

        if (value_number(value, &n) < 0 || n > POLICY_PER_HOUR_MAX)
                errors_add(sections->errors, line, "%s cannot be %s; write a whole number from 1 to %u", key->name,
                           errors_quote(quoted, value), POLICY_PER_HOUR_MAX);
        else
                sections->policy->notices_per_hour = n;

        return 0;
}
