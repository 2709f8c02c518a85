/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sessions.c says who is here, members.c what he is in. */

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "agent/members.h"
#include "agent/membership.h"
#include "agent/record.h"
#include "agent/users.h"

struct users {
        const struct policy *policy;
        struct sessions *sessions;
        struct members *members;
        users_callback callback;
        void *userdata;
        bool setting;   /* a policy is being set: who does that judges all by himself */
        bool late_told; /* and there was no answer since */
        bool told;      /* that a group of this policy is not known here */
};

static void tell(struct users *users)
{
        if (!users->setting)
                users->callback(users->userdata);
}

static void on_session(void *userdata, const struct session *session)
{
        struct users *users = userdata;

        members_set_user(users->members, session->id[0] != '\0', session->uid);
        tell(users);
}

/* A group that is misspelt opens nothing for anybody, and nobody would know why. The section is named and not the group,
 * as everywhere. */
static void tell_of_missing(struct users *users)
{
        const struct policy *policy = users->policy;

        for (size_t i = 0; !users->told && i < policy->n_devices; i++)
                for (size_t k = 0; !users->told && k < policy->n_groups; k++)
                        if (policy->devices[i].users & 1U << k &&
                            members_get(users->members, k) == MEMBERSHIP_NO_GROUP) {
                                record_note(LOG_WARNING,
                                            "[device %s] has a group in users that this laptop does not know",
                                            policy->devices[i].name);
                                users->told = true;
                        }
}

static void on_members(void *userdata, bool late)
{
        struct users *users = userdata;

        if (late && !users->late_told)
                record_note(LOG_WARNING, "in which groups the user is who is logged in cannot be said in time; what "
                                         "opens for some users "
                                         "only stays shut, and each minute it is asked again");
        users->late_told = late;
        tell_of_missing(users);
        tell(users);
}

int users_new(sd_event *loop, const char *program, const struct sessions_source *source, users_callback callback,
              void *userdata, struct users **ret)
{
        struct users *users = calloc(1, sizeof(*users));
        int r = users ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        users->callback = callback;
        users->userdata = userdata;
        r = members_new(loop, program, MEMBERS_LATE_USEC, MEMBERS_RETRY_USEC, on_members, users, &users->members);
        if (r >= 0)
                r = sessions_new(loop, source, on_session, users, &users->sessions);
        if (r < 0) {
                users_free(users);
                return r;
        }
        *ret = users;
        return 0;
}

struct users *users_free(struct users *users)
{
        if (!users)
                return NULL;
        sessions_free(users->sessions);
        members_free(users->members);
        free(users);
        return NULL;
}

void users_set_policy(struct users *users, const struct policy *policy)
{
        users->policy = policy;
        users->told = false;
        users->setting = true;
        if (members_set_groups(users->members, policy->groups, policy->n_groups) < 0)
                record_note(LOG_ERR, "out of memory; what opens for some users only stays shut");
        sessions_watch(users->sessions, policy->n_groups > 0);
        if (policy->n_groups == 0)
                members_set_user(users->members, false, 0);
        users->setting = false;
}

struct sessions *users_sessions(const struct users *users)
{
        return users->sessions;
}

struct user_facts users_facts(const struct users *users)
{
        struct user_facts facts = { 0 };

        for (size_t i = 0; i < users->policy->n_groups; i++) {
                switch (members_get(users->members, i)) {
                case MEMBERSHIP_YES:
                        facts.present |= 1U << i;
                        break;
                case MEMBERSHIP_UNKNOWN:
                        facts.unknown |= 1U << i;
                        break;
                default:
                        break;
                }
        }
        return facts;
}
