/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The kernel's proc connector: tells of each program that is started, at once and for no more than it costs. */

#include <sys/types.h>
#include <systemd/sd-event.h>

#define CONNECTOR_BUFFER (4U * 1024U * 1024U) /* bytes: a burst of some ten thousand starts */

/* After some were read, nothing is for so long: most programs are over by then and cost next to nothing, and a build that
 * starts thousands wakes us five times a second and not thousands of times. */
#define CONNECTOR_PAUSE_USEC 200000U

struct connector_ops {
        void (*started)(void *userdata, pid_t pid);
        void (*lost)(void *userdata); /* some were missed: look at everything */
        void *userdata;
};

struct connector;

/* ops is copied. 0; -ECONNREFUSED, -EPERM, -EPROTONOSUPPORT and others where there is none for us. */
int connector_new(sd_event *loop, const struct connector_ops *ops, struct connector **ret);
/* Accepts NULL; returns NULL. */
struct connector *connector_free(struct connector *connector);
