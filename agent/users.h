/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the judge is told of people: of which of the policy's groups somebody is here. No name leaves this part. While no
 * section of the policy has users, nobody looks who is here. */

#include <systemd/sd-event.h>

#include "agent/sessions.h"
#include "policy/policy.h"

/* Someone else is here, or more is known of who is: what users_facts() says may be another. */
typedef void (*users_callback)(void *userdata);

struct users;

/* program: of lekdichtd, source: as sessions_new(); both borrowed. 0 or -errno. */
int users_new(sd_event *loop, const char *program, const struct sessions_source *source, users_callback callback,
              void *userdata, struct users **ret);
/* Accepts NULL; returns NULL. */
struct users *users_free(struct users *users);

/* Borrowed until the next call; nobody is called back from within it. */
void users_set_policy(struct users *users, const struct policy *policy);
/* Who is here; for tests, which tell it when to look. */
struct sessions *users_sessions(const struct users *users);
/* By the places that the groups have in that policy. */
struct user_facts users_facts(const struct users *users);
