/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which day it is for the policy, and when another one begins. Time does not go back here, whatever is done to the
 * clock: a section of the policy that is over stays over. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include <time.h>

#define TODAY_KEEP_USEC 300000000ULL  /* the kept time is written anew no sooner */
#define TODAY_WAKE_USEC 3600000000ULL /* and while days matter no later */

struct today;

/* As clock_gettime(), in usec; CLOCK_REALTIME and CLOCK_BOOTTIME. */
struct today_clock {
        uint64_t (*usec)(void *userdata, clockid_t clock);
        void *userdata;
};

/* A day has begun, the clock was set, or neither. Not called before today_watch(). */
typedef void (*today_callback)(void *userdata, unsigned day);

/* path: where the latest time is kept over a restart ("/var/lib/lekdicht/clock", a line with the seconds since 1970);
 * NULL: nowhere. clock is borrowed, NULL: the kernel's. A file that is missing or cannot be understood is none. 0 or
 * -errno. */
int today_new(sd_event *loop, const char *path, const struct today_clock *clock, today_callback callback,
              void *userdata, struct today **ret);
/* Keeps the time. Accepts NULL; returns NULL. */
struct today *today_free(struct today *today);

/* Today (policy/policy.h), where the laptop is (/etc/localtime): the latest of the clock, the time that was kept, and
 * what must have passed since. */
unsigned today_day(struct today *today);
/* The same as a time: microseconds since 1970. */
uint64_t today_usec(struct today *today);
/* What the clock shows, whatever was done to it; and what has passed since the boot, sleep included. */
uint64_t today_clock_usec(const struct today *today);
uint64_t today_boot_usec(const struct today *today);
/* By how many seconds the clock is behind that; 0: it is not. */
uint64_t today_behind(struct today *today);

/* Do days matter? Then call back when one begins or the clock is set, and keep the time every hour. */
void today_watch(struct today *today, bool watch);
