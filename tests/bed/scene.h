/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The real agent, in this process, on a machine of directories: umockdev sends the kernel's events and shows the
 * bed's sys/ as /sys, a script stands in for lekdicht-gate, and the journal is a list. One loop and one thread, so
 * that a test knows what the agent has seen. To be run under umockdev-wrapper. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/agent.h"
#include "tests/bed/bed.h"

struct scene {
        struct bed bed;
        sd_event *loop;
        struct agent *agent;
        struct agent_config config;
};

extern struct scene scene;

/* A machine without devices, gate closed. For cmocka's setup and teardown. */
int scene_setup(void **state);
int scene_teardown(void **state);

/* Start the agent; policy NULL: there is no file. Stopping is as by SIGTERM: the machine stays as it is. */
void scene_policy(const char *policy);
void scene_start(const char *policy);
void scene_stop(void);

/* An event of the kernel about a device of the bed. */
void scene_event(const char *action, const char *devpath);
/* The kernel takes a device away: events for it and what is on it, and its directory. */
void scene_unplug(const char *devpath);
/* Plug in all at once: the directories, then the events as the kernel sends them. Returns the devpath. */
const char *scene_plug(const struct bed_usb *usb);
/* The n-th next receptions of an event fail with ENOBUFS, and what was there is lost. */
void scene_lose_events(unsigned n);

/* Run the loop until it is so (at most 5 s), or for that long. */
bool scene_turn(uint64_t *deadline);
#define UNTIL(expression)                                                                                              \
        do {                                                                                                           \
                uint64_t deadline_ = 0;                                                                                \
                while (!(expression) && scene_turn(&deadline_))                                                        \
                        ;                                                                                              \
                assert_true(expression);                                                                               \
        } while (0)
void scene_run(unsigned milliseconds);

/* How often the gate was asked exactly this, "refuse 1-2"; and how often at all. */
unsigned scene_gate(const char *line);
unsigned scene_gate_calls(void);
/* How many journal entries have all these fields ("FIELD=value"), NULL at the end. A value may end in '*'. */
unsigned scene_journal(const char *field, ...) __attribute__((sentinel));
/* Does any entry have this text in it? */
bool scene_journal_has(const char *text);
