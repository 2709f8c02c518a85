/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A private system bus for a scene, and calls to the agent on it: as root from the test's own loop, as another user from
 * a process of its own. */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#define NAME   "org.lekdicht.Agent1"
#define PATH   "/org/lekdicht/Agent1"
#define NOBODY 65534

/* Where the bus will be. For cmocka's setup and teardown of the whole group. */
int scenebus_init(void **state);
int scenebus_done(void **state);
const char *scenebus_address(void);

/* policy: elements of its <busconfig>; NULL: everybody may do everything. */
void start_bus(const char *policy);
void stop_bus(void);
/* A connection of root's, in the scene's loop. */
sd_bus *join(void);

extern sd_bus *client;         /* calls are made on it */
extern sd_bus_message *answer; /* of the last call */

void ask(const char *method, const char *types, ...);
/* Ask, and wait for the answer. */
void call(const char *method, const char *types, ...);
bool is_error(const char *name);
/* The agent has its name when Status is answered. */
void agent_answers(void);

/* Read the a{sv} at the message's place: the value of key as text ("" when it is not there). */
const char *value_of(sd_bus_message *message, const char *key);
const char *status(const char *key);
const char *explained(const char *id, const char *key);

/* Call as another user, in a process of its own: it exits with 0 answered, 1 AccessDenied, 2 LimitsExceeded, 3 else. */
pid_t call_as(uid_t uid, bool interactive, const char *method, const char *types, ...);
int result_of(pid_t pid);
