/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Is the user who is here in these groups? A child looks it up (membership.h), for who knows it may be a server at the
 * other end of a bad line; the loop goes on. One question is about all groups, and its answers hold as long as the user
 * stays. What is not answered, or too late, is asked again, and is unknown until then. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "policy/policy.h"

#define MEMBERS_LATE_USEC    5000000ULL  /* a child that takes longer is killed */
#define MEMBERS_RETRY_USEC   60000000ULL /* then it is asked again after that */
#define MEMBERS_CHILDREN_MAX 4U /* some may hang in the kernel, where nothing ends them; then nothing is asked */

struct members;

/* There are answers; late: or not all of them, and it will be asked again. */
typedef void (*members_callback)(void *userdata, bool late);

/* program: of lekdichtd, borrowed; NULL: nobody can be asked. late_usec, retry_usec: MEMBERS_LATE_USEC and
 * MEMBERS_RETRY_USEC, or a test's. SIGCHLD must be blocked. 0 or -errno. */
int members_new(sd_event *loop, const char *program, uint64_t late_usec, uint64_t retry_usec, members_callback callback,
                void *userdata, struct members **ret);
/* Accepts NULL; returns NULL. */
struct members *members_free(struct members *members);

/* The groups that matter, at most POLICY_GROUPS_MAX. What is known of them stays. 0 or -ENOMEM, and then there are none. */
int members_set_groups(struct members *members, char *const *names, size_t n);
/* Somebody else is here now, somebody: whoever that is; else nobody is. Nothing is known of him. */
void members_set_user(struct members *members, bool somebody, uid_t uid);

/* Of the i-th group: MEMBERSHIP_YES and others. Of nobody MEMBERSHIP_NO. */
char members_get(const struct members *members, size_t i);
