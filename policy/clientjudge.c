/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Client and policy in, verdict out. To be told of something is an intrusion, and to be told wrongly costs the trust in
 * all that is told later: so there are more ways here to stay silent than to speak. */

#include "policy/clientjudge.h"

#include <stdio.h>
#include <string.h>

_Static_assert(_CLIENT_CATEGORY_MAX == POLICY_CATEGORIES, "one rule for each category");
_Static_assert(CLIENT_RULE_MAX > sizeof("[service ]") + POLICY_NAME_MAX, "rule");
_Static_assert(CLIENT_REASON_MAX >
                       sizeof("audit: would have been flagged by [service ], known by hearsay only") + POLICY_NAME_MAX,
               "reason");

const char *client_verdict_name(enum client_verdict_kind kind)
{
        switch (kind) {
        case CLIENT_FLAGGED:
                return "flag";
        case CLIENT_STOPPED:
                return "stop";
        case CLIENT_APPROVED:
                return "allow";
        case CLIENT_OPEN:
                return "unknown";
        case CLIENT_IGNORED:
                break;
        }
        return "ignore";
}

static const struct policy_service *service_of(const struct policy *policy, const char *name)
{
        for (size_t i = 0; i < policy->n_services; i++)
                if (strcmp(policy->services[i].name, name) == 0)
                        return &policy->services[i];
        return NULL;
}

static bool is_place(const struct policy *policy, const char *name)
{
        for (size_t i = 0; i < policy->n_places; i++)
                if (strcmp(policy->places[i].name, name) == 0)
                        return true;
        return false;
}

static bool is_one_of(const char *hosts, const char *host)
{
        size_t size = strlen(host);

        for (const char *at = hosts; at && size > 0; at = strchr(at, ' ')) {
                at += *at == ' ';
                if (strncmp(at, host, size) == 0 && (at[size] == ' ' || at[size] == '\0'))
                        return true;
        }
        return false;
}

static void decide(const struct policy *policy, enum client_category category, const char *name, const char *host,
                   struct client_verdict *ret)
{
        const struct policy_service *service = service_of(policy, name);
        /* A section that is for some servers alone says nothing of others, and a place of that name means those as well. */
        bool elsewhere = service && service->host && !is_one_of(service->host, host);

        if (elsewhere)
                service = NULL;
        if (policy->clients[category] == CLIENTS_IGNORE) {
                ret->kind = CLIENT_IGNORED;
                snprintf(ret->rule, sizeof(ret->rule), "[clients] %s", client_category_name(category));
        } else if (elsewhere && host[0] == '\0') {
                ret->kind = CLIENT_OPEN;
                snprintf(ret->rule, sizeof(ret->rule), "[service %s]", name);
        } else if (service) {
                ret->kind = service->allowed ? CLIENT_APPROVED : service->stopped ? CLIENT_STOPPED : CLIENT_FLAGGED;
                snprintf(ret->rule, sizeof(ret->rule), "[service %s]", name);
        } else if (!elsewhere && is_place(policy, name)) {
                ret->kind = CLIENT_APPROVED;
                snprintf(ret->rule, sizeof(ret->rule), "[place %s]", name);
        } else {
                ret->kind = strcmp(name, CATALOGUE_SERVICE_UNKNOWN) == 0 ? CLIENT_OPEN
                            : policy->clients[category] == CLIENTS_STOP  ? CLIENT_STOPPED
                                                                         : CLIENT_FLAGGED;
                if (policy->version == 0)
                        snprintf(ret->rule, sizeof(ret->rule), "built-in");
                else
                        snprintf(ret->rule, sizeof(ret->rule), "[clients] %s", client_category_name(category));
        }
}

void client_judge(const struct policy *policy, enum client_category category, const char *service, const char *host,
                  bool sure, struct client_verdict *ret)
{
        bool audit = policy->mode == POLICY_AUDIT, stop;

        ret->audit = audit;
        decide(policy, category, service, host, ret);
        stop = ret->kind == CLIENT_STOPPED && sure;
        /* Nothing of anybody's is ended on hearsay, nor while the policy only watches. */
        if (ret->kind == CLIENT_STOPPED && (!sure || audit))
                ret->kind = CLIENT_FLAGGED;
        /* While no policy can be read nobody has said what is approved. */
        ret->tell =
                (ret->kind == CLIENT_FLAGGED || ret->kind == CLIENT_STOPPED) && sure && !audit && policy->version != 0;
        switch (ret->kind) {
        case CLIENT_FLAGGED:
        case CLIENT_STOPPED:
                snprintf(ret->reason, sizeof(ret->reason), "%s%s by %s%s", audit ? "audit: would have been " : "",
                         stop ? "stopped" : "flagged", ret->rule, sure ? "" : ", known by hearsay only");
                break;
        case CLIENT_APPROVED:
                snprintf(ret->reason, sizeof(ret->reason), "approved by %s", ret->rule);
                break;
        case CLIENT_OPEN:
                snprintf(ret->reason, sizeof(ret->reason), "it is not known which service it reaches");
                break;
        case CLIENT_IGNORED:
                snprintf(ret->reason, sizeof(ret->reason), "ignored by %s", ret->rule);
                break;
        }
}
