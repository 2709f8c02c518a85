/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* May the sender of this message do that? root may; of others polkit is asked, without waiting for its answer: there
 * may be a person typing a password. Without polkit only root may. */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#define POLKIT_PENDING_MAX      64U          /* questions open at a time */
#define POLKIT_PENDING_USER_MAX 4U           /* of them at polkit for one user */
#define POLKIT_TIMEOUT_USEC     120000000ULL /* then the answer is no */

struct polkit;

/* The sender is this user. */
typedef int (*polkit_user_callback)(void *userdata, sd_bus_message *message, uid_t uid);

/* The sender may: answer the message. */
typedef int (*polkit_callback)(void *userdata, sd_bus_message *message);

int polkit_new(struct polkit **ret);
/* Messages that still wait get no answer. */
struct polkit *polkit_free(struct polkit *polkit);

/* For use as the last act of a method: 1 when the question is under way (the callback comes, or the message is
 * answered with AccessDenied in words that a person can use), or -errno. */
int polkit_check(struct polkit *polkit, sd_bus_message *message, const char *action, polkit_callback callback,
                 void *userdata);

/* The same without polkit: only who it is. */
int polkit_user(struct polkit *polkit, sd_bus_message *message, polkit_user_callback callback, void *userdata);
