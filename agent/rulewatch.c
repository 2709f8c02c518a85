/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/rulewatch.h"
#include "common/clock.h"

#define WORDS_MAX 192U
#define RULES     (sizeof(rules) / sizeof(rules[0]))

static const char *const rules[] = { "60-lekdicht-internal.rules", "61-lekdicht-hold.rules",
                                     "69-zz-lekdicht-phone.rules", "72-lekdicht-hold.rules" };

struct rulewatch {
        sd_event *loop;
        const char *usr, *etc;
        rulewatch_callback callback;
        void *userdata;
        sd_event_source *directory, *grace;
        bool missed[RULES];
        uint64_t seen_usec[RULES]; /* CLOCK_BOOTTIME, last; 0: not yet */
        uint64_t gone_usec;        /* when something was last taken away */
};

static bool is_in(const char *directory, const char *rule)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", directory, rule);
        return access(path, F_OK) == 0;
}

static void say(struct rulewatch *rulewatch, size_t i)
{
        uint64_t since = rulewatch->seen_usec[i];
        char words[WORDS_MAX];

        /* While the directory is watched it was there until something went. */
        if (rulewatch->directory && since != 0 && rulewatch->gone_usec > since)
                since = rulewatch->gone_usec;
        if (since == 0)
                snprintf(words, sizeof(words), "udev rule %s is missing", rules[i]);
        else
                snprintf(words, sizeof(words), "udev rule %s is missing; for %llu s at most", rules[i],
                         (unsigned long long) ((clock_usec(CLOCK_BOOTTIME) - since + CLOCK_USEC_A_SEC - 1) /
                                               CLOCK_USEC_A_SEC));
        rulewatch->callback(rulewatch->userdata, words);
}

void rulewatch_check(struct rulewatch *rulewatch)
{
        for (size_t i = 0; i < RULES; i++) {
                bool missing = !is_in(rulewatch->usr, rules[i]) && !is_in(rulewatch->etc, rules[i]);

                if (missing && !rulewatch->missed[i])
                        say(rulewatch, i);
                if (!missing)
                        rulewatch->seen_usec[i] = clock_usec(CLOCK_BOOTTIME);
                rulewatch->missed[i] = missing;
        }
}

static int on_grace(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        rulewatch_check(userdata);
        return 0;
}

static int on_change(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
        struct rulewatch *rulewatch = userdata;

        (void) source;
        if (event->len == 0 || !strstr(event->name, "lekdicht"))
                return 0;
        if (event->mask & (IN_DELETE | IN_MOVED_FROM))
                rulewatch->gone_usec = clock_usec(CLOCK_BOOTTIME);
        rulewatch->grace = sd_event_source_disable_unref(rulewatch->grace);
        if (sd_event_add_time_relative(rulewatch->loop, &rulewatch->grace, CLOCK_MONOTONIC, RULEWATCH_GRACE_USEC, 0,
                                       on_grace, rulewatch) < 0)
                rulewatch_check(rulewatch);
        return 0;
}

int rulewatch_new(sd_event *loop, const char *usr, const char *etc, rulewatch_callback callback, void *userdata,
                  struct rulewatch **ret)
{
        struct rulewatch *rulewatch = calloc(1, sizeof(*rulewatch));

        if (!rulewatch)
                return -ENOMEM;
        rulewatch->loop = sd_event_ref(loop);
        rulewatch->usr = usr;
        rulewatch->etc = etc;
        rulewatch->callback = callback;
        rulewatch->userdata = userdata;
        /* Without it a rule is missed at the next start or reload. */
        (void) sd_event_add_inotify(loop, &rulewatch->directory, usr,
                                    IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR, on_change,
                                    rulewatch);
        *ret = rulewatch;
        return 0;
}

struct rulewatch *rulewatch_free(struct rulewatch *rulewatch)
{
        if (!rulewatch)
                return NULL;
        sd_event_source_disable_unref(rulewatch->directory);
        sd_event_source_disable_unref(rulewatch->grace);
        sd_event_unref(rulewatch->loop);
        free(rulewatch);
        return NULL;
}
