/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The only door to the agent: org.lekdicht.Agent1 on the system bus. sd-bus is known in bus.c alone. */

#include <stdbool.h>

#include "cli/answer.h"

#define BUS_WAIT_SECONDS 10U /* for an answer that needs no thought */
#define BUS_WAIT_PERSON_SECONDS                                                                                        \
        600U                  /* when somebody may have to type a password, or a sick stick keeps the kernel busy */
#define BUS_MESSAGE_MAX 1024U /* bytes kept of an error's text */
#define BUS_RECENT_MAX  1000U /* events in one answer */

/* The answers that are not an answer. 0 is success; negative numbers are -errno of this machine (-ENOMEM). */
enum bus_answer {
        BUS_OK = 0,
        BUS_NONE,   /* there is no system bus to be reached */
        BUS_ABSENT, /* nobody has the agent's name: it does not run */
        BUS_SILENT, /* it has the name and did not answer in time */
        BUS_DENIED, /* the caller may not, or did not prove who they are */
        BUS_UNKNOWN_DEVICE,
        BUS_FAILED,  /* the agent answered with another error: bus_message() */
        BUS_GARBLED, /* its answer is not what the interface says */
};

struct bus;

/* Connect. 0, BUS_NONE, or -errno. *ret is set in the first two cases, so that bus_message() can be asked. */
int bus_new(struct bus **ret);

/* Each fills *ret, which the caller clears, only when it returns BUS_OK; else another enum bus_answer or -errno. */
int bus_status(struct bus *bus, struct answer_status *ret);
int bus_devices(struct bus *bus, struct answer_devices *ret);
int bus_clients(struct bus *bus, struct answer_clients *ret);
int bus_explain(struct bus *bus, const char *id, struct answer_device *ret);

/* The last n events (1 to BUS_RECENT_MAX) whose names begin with filter ("": all). */
int bus_recent(struct bus *bus, unsigned n, const char *filter, struct answer_events *ret);

/* From now on bus_wait() hears of new events. BUS_OK, BUS_NONE or another enum bus_answer. */
int bus_follow(struct bus *bus);

/* Sleep until something was recorded or the agent (re)appeared: BUS_OK; the agent went away: BUS_ABSENT; the bus itself
 * is gone: BUS_NONE. What happened between two calls is not lost. */
int bus_wait(struct bus *bus);

/* Shut or open, and come back when it is done. May make the desktop ask for an administrator's password. */
int bus_set_gate(struct bus *bus, bool open);

/* Open a device for so many minutes, and end that. *ret_until: in microseconds, CLOCK_REALTIME. May make the desktop ask for
 * an administrator's password. -EINVAL: id or reason is not UTF-8. */
int bus_grant(struct bus *bus, const char *id, bool read_only, unsigned minutes, const char *reason, bool keep,
              uint64_t *ret_until);
int bus_revoke(struct bus *bus, const char *id);

/* What the other side said in its last error, or what could not be understood; "" when there is nothing. */
const char *bus_message(const struct bus *bus);

/* Accepts NULL; returns NULL. */
struct bus *bus_free(struct bus *bus);
