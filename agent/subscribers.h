/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who wants to be told, and who of them is: those whose user sits at this laptop at that moment. Each gets a message of his
 * own; nobody else can read it. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "agent/polkit.h"

#define SUBSCRIBERS_MAX      64U
#define SUBSCRIBERS_USER_MAX 8U /* of one user */

struct subscribers;

/* For this connection; both are borrowed. without_session: for tests and the demo, all are told. 0 or -ENOMEM. */
int subscribers_new(sd_bus *connection, struct polkit *polkit, bool without_session, struct subscribers **ret);
struct subscribers *subscribers_free(struct subscribers *subscribers);

/* The methods Subscribe and Unsubscribe: 1 or -errno. */
int subscribers_add(struct subscribers *subscribers, sd_bus_message *message);
int subscribers_remove(struct subscribers *subscribers, sd_bus_message *message);

/* Who may be told from now on. */
void subscribers_on_join(struct subscribers *subscribers, void (*callback)(void *userdata, uid_t uid), void *userdata);

/* Call back with the unique name of each who is to be told now. Returns how many, or what the callback returned
 * when that was -errno. */
int subscribers_each(struct subscribers *subscribers, int (*callback)(void *userdata, const char *name),
                     void *userdata);
/* The same for this user alone. */
int subscribers_each_of(struct subscribers *subscribers, uid_t uid, int (*callback)(void *userdata, const char *name),
                        void *userdata);
