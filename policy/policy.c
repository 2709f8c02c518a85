/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The policy as an object: one owner, freed whole. */

#include "policy/policy.h"

#include <stdlib.h>

/* Block is what zeroed memory means, in [storage] and in a half-read [device]: nothing opens by being forgotten. */
_Static_assert(ACCESS_BLOCK == 0 && POLICY_ENFORCE == 0 && CLIENTS_FLAG == 0, "a zeroed policy must refuse");

struct policy *policy_builtin(void)
{
        return calloc(1, sizeof(struct policy));
}

struct policy *policy_free(struct policy *policy)
{
        if (!policy)
                return NULL;

        for (size_t i = 0; i < policy->n_places; i++) {
                free(policy->places[i].name);
                free(policy->places[i].label);
                free(policy->places[i].url);
        }
        free(policy->places);

        for (size_t i = 0; i < policy->n_devices; i++) {
                free(policy->devices[i].name);
                free(policy->devices[i].serial);
                free(policy->devices[i].reason);
        }
        free(policy->devices);

        for (size_t i = 0; i < policy->n_services; i++) {
                free(policy->services[i].name);
                free(policy->services[i].host);
        }
        free(policy->services);

        for (size_t i = 0; i < policy->n_wordings; i++) {
                free(policy->wordings[i].title);
                free(policy->wordings[i].text);
        }
        free(policy->wordings);

        for (size_t i = 0; i < policy->n_groups; i++)
                free(policy->groups[i]);

        free(policy->min_agent);
        free(policy->school_name);
        free(policy->servicedesk);
        free(policy->servicedesk_url);
        free(policy->leak_report);
        free(policy->leak_report_url);
        free(policy);

        return NULL;
}
