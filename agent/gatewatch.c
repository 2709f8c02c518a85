/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One function, look(), compares what is meant with what is. Meant follows from three things: the policy's mode, the
 * wish in /etc, and `open` in /run. It is called when one of them may have changed and when the kernel's side may have
 * (a module was loaded, the machine slept, somebody wrote to drivers_autoprobe, which inotify tells). It is not called by
 * the clock: a laptop that does nothing is not woken. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <syslog.h>

#include "agent/autoprobe.h"
#include "agent/drift.h"
#include "agent/gatewatch.h"
#include "agent/record.h"
#include "common/clock.h"

#define TARGET_GATE 1ULL
#define CHANGES     (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE)

enum place { PLACE_RUN, PLACE_EXEMPT, PLACE_ETC, PLACES };

struct gatewatch {
        sd_event *loop;
        const char *sys, *run, *etc;
        struct gatekeeper *gatekeeper;
        struct gatewatch_ops ops;
        sd_event_source *places[PLACES];
        struct autoprobe *autoprobe;
        sd_event_source *grace;
        bool audit;
        enum verb under_way;    /* VERB_NONE: no child of ours */
        uint64_t closing_until; /* CLOCK_MONOTONIC */
        enum verb failed;       /* did not help; not tried again before something changes */
        bool looked, told_open; /* what changed() was told */
        bool seen_closed;
        uint64_t right_usec; /* CLOCK_BOOTTIME: when it was last seen, or put down, as it is meant to be; 0: not yet */
        enum gate recorded;  /* GATE_PARTLY: neither */
};

static uint64_t now(struct gatewatch *gatewatch)
{
        uint64_t usec = 0;

        sd_event_now(gatewatch->loop, CLOCK_MONOTONIC, &usec);
        return usec;
}

void gatewatch_view(struct gatewatch *gatewatch, struct gateview *ret)
{
        gateview_read(gatewatch->sys, gatewatch->run, gatewatch->etc, ret);
}

bool gatewatch_is_audit(const struct gatewatch *gatewatch)
{
        return gatewatch->audit;
}

static bool any_bus(const struct gateview *view, enum gate_bus state)
{
        for (unsigned i = 0; i < GATEVIEW_BUSES; i++)
                if (view->buses[i] == state)
                        return true;
        return false;
}

/* What has to be done, so that it is as it is meant to be; VERB_NONE: it is. */
static enum verb needed(const struct gatewatch *gatewatch, const struct gateview *view)
{
        bool shut = any_bus(view, BUS_CLOSED);

        switch (view->wish) {
        case GATE_WISH_OPEN:
                return shut ? VERB_OPEN : VERB_NONE;
        case GATE_WISH_AUDIT:
                if (!gatewatch->audit)
                        return VERB_CLOSE;
                return shut ? VERB_OPEN_AUDIT : VERB_NONE;
        case GATE_WISH_CLOSED:
                break;
        }
        if (gatewatch->audit)
                return VERB_OPEN_AUDIT;
        if (view->opened)
                return shut ? VERB_OPEN_UNTIL_REBOOT : VERB_NONE;
        return view->gate == GATE_CLOSED ? VERB_NONE : VERB_CLOSE;
}

static bool is_meant_open(const struct gatewatch *gatewatch, const struct gateview *view)
{
        return gatewatch->audit || view->opened || view->wish == GATE_WISH_OPEN;
}

static const char *why_open(const struct gatewatch *gatewatch, const struct gateview *view)
{
        if (view->wish == GATE_WISH_OPEN)
                return "by command";
        if (gatewatch->audit)
                return "audit mode";
        return view->why[0] ? view->why : "until the next boot";
}

/* Journal each change once. */
static void record(struct gatewatch *gatewatch, const struct gateview *view, bool open)
{
        if (view->gate == gatewatch->recorded || view->gate == GATE_PARTLY)
                return;
        if (view->gate == GATE_CLOSED)
                record_gate_closed();
        else if (open)
                record_gate_opened(why_open(gatewatch, view));
        else
                return;
        gatewatch->recorded = view->gate;
}

static void record_drift(const struct gatewatch *gatewatch, const struct gateview *view)
{
        char text[DRIFT_WORDS_MAX];

        drift_words(view, gatewatch->right_usec, text, sizeof(text));
        record_gate_drift(text);
}

static int run(struct gatewatch *gatewatch, enum verb verb)
{
        int r = gatekeeper_wish(
                gatewatch->gatekeeper,
                &(struct gatekeeper_wish){
                        .device = GATEKEEPER_GLOBAL, .target = TARGET_GATE, .verb = verb, .dirfd = -1, .name = "" });

        if (r < 0) {
                record_note(LOG_ERR, "lekdicht-gate %s cannot be run: %s", gatekeeper_verb_name(verb), strerror(-r));
                return r;
        }
        gatewatch->under_way = verb;
        if (verb == VERB_CLOSE)
                gatewatch->closing_until = now(gatewatch) + GATEWATCH_CLOSING_USEC;
        return 0;
}

static void look(struct gatewatch *gatewatch, bool put_right);

static int on_grace(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        look(userdata, true);
        return 0;
}

static void look_later(struct gatewatch *gatewatch, uint64_t usec)
{
        gatewatch->grace = sd_event_source_disable_unref(gatewatch->grace);
        if (sd_event_add_time_relative(gatewatch->loop, &gatewatch->grace, CLOCK_MONOTONIC, usec, 0, on_grace,
                                       gatewatch) < 0)
                look(gatewatch, true);
}

static void tell(struct gatewatch *gatewatch, bool open)
{
        if (gatewatch->looked && gatewatch->told_open == open)
                return;
        gatewatch->looked = true;
        gatewatch->told_open = open;
        gatewatch->ops.changed(gatewatch->ops.userdata, open);
}

/* Before anybody has closed it there is nothing to keep, and after a change of mode nobody did wrong. */
static bool is_drift(struct gatewatch *gatewatch, const struct gateview *view, enum verb verb)
{
        if (verb == VERB_OPEN || verb == VERB_OPEN_UNTIL_REBOOT)
                return true;
        if (verb != VERB_CLOSE || view->wish != GATE_WISH_CLOSED)
                return false;
        if (!gatewatch->looked && any_bus(view, BUS_OPEN)) {
                gatewatch->right_usec = drift_closed_usec(gatewatch->run);
                return gatewatch->right_usec != 0;
        }
        return gatewatch->seen_closed;
}

static void look(struct gatewatch *gatewatch, bool put_right)
{
        struct gateview view;
        enum verb verb;
        bool open;

        gatewatch_view(gatewatch, &view);
        open = is_meant_open(gatewatch, &view);
        verb = needed(gatewatch, &view);
        if (verb != gatewatch->failed)
                gatewatch->failed = VERB_NONE;
        if (put_right && verb != VERB_NONE && verb != gatewatch->failed && gatewatch->under_way == VERB_NONE) {
                if (is_drift(gatewatch, &view, verb))
                        record_drift(gatewatch, &view);
                if (run(gatewatch, verb) < 0)
                        gatewatch->failed = verb;
        }
        gatewatch->seen_closed = gatewatch->seen_closed || view.gate == GATE_CLOSED;
        if (verb == VERB_NONE)
                gatewatch->right_usec = clock_usec(CLOCK_BOOTTIME);
        record(gatewatch, &view, open);

        if (open) {
                tell(gatewatch, true);
        } else if (gatewatch->under_way == VERB_CLOSE && view.gate != GATE_CLOSED &&
                   now(gatewatch) < gatewatch->closing_until) {
                /* Wait for its end, or until it is late. */
                if (!gatewatch->looked)
                        tell(gatewatch, true);
                look_later(gatewatch, gatewatch->closing_until - now(gatewatch));
        } else if (put_right) {
                tell(gatewatch, false);
        }
}

static int on_change(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
        struct gatewatch *gatewatch = userdata;

        if (event->mask & IN_IGNORED) {
                /* The directory is gone; the next look finds it if it comes back. */
                for (unsigned i = 0; i < PLACES; i++)
                        if (gatewatch->places[i] == source)
                                gatewatch->places[i] = sd_event_source_disable_unref(source);
                return 0;
        }
        if (source == gatewatch->places[PLACE_EXEMPT]) {
                gatewatch->ops.exempts_changed(gatewatch->ops.userdata);
                return 0;
        }
        if (event->len == 0 || (strcmp(event->name, "gate.open") != 0 && strcmp(event->name, "open") != 0 &&
                                strcmp(event->name, "armed") != 0 && strcmp(event->name, "exempt") != 0))
                return 0;
        gatewatch->failed = VERB_NONE;
        look(gatewatch, false);
        look_later(gatewatch, GATEWATCH_GRACE_USEC);
        return 0;
}

/* Somebody's lekdicht-gate is at work: it says so in /run before it does anything, and loads modules among other things. */
static bool has_grace(const struct gatewatch *gatewatch)
{
        return gatewatch->grace && sd_event_source_get_enabled(gatewatch->grace, NULL) > 0;
}

/* Somebody wrote to a bus' drivers_autoprobe. lekdicht-gate is given its time; of anyone else this is the very write. */
static void on_autoprobe(void *userdata)
{
        struct gatewatch *gatewatch = userdata;
        struct gateview view;

        if (has_grace(gatewatch) || gatewatch->under_way != VERB_NONE)
                return;
        gatewatch_view(gatewatch, &view);
        if (gatewatch->right_usec != 0 && gatewatch->failed == VERB_NONE)
                gatewatch->right_usec = clock_usec(CLOCK_BOOTTIME);
        /* What our own gate wrote, and could not close, is no reason to try again. */
        if (any_bus(&view, BUS_OPEN))
                gatewatch->failed = VERB_NONE;
        look(gatewatch, true);
}

/* Watch what can be watched by now. */
static void watch_places(struct gatewatch *gatewatch)
{
        autoprobe_watch(gatewatch->autoprobe);
        for (unsigned i = 0; i < PLACES; i++) {
                char path[PATH_MAX];

                if (gatewatch->places[i])
                        continue;
                snprintf(path, sizeof(path), "%s%s", i == PLACE_ETC ? gatewatch->etc : gatewatch->run,
                         i == PLACE_EXEMPT ? "/exempt" : "");
                if (sd_event_add_inotify(gatewatch->loop, &gatewatch->places[i], path, CHANGES | IN_ONLYDIR, on_change,
                                         gatewatch) < 0)
                        continue;
                /* Before the kernel's events: what the gate gives back when it is opened is not someone else's deed. */
                sd_event_source_set_priority(gatewatch->places[i], SD_EVENT_PRIORITY_IMPORTANT - 1);
                if (i == PLACE_EXEMPT)
                        gatewatch->ops.exempts_changed(gatewatch->ops.userdata);
        }
}

int gatewatch_new(sd_event *loop, const char *sys, const char *run_directory, const char *etc,
                  struct gatekeeper *gatekeeper, const struct gatewatch_ops *ops, struct gatewatch **ret)
{
        struct gatewatch *gatewatch = calloc(1, sizeof(*gatewatch));

        if (!gatewatch)
                return -ENOMEM;
        gatewatch->loop = sd_event_ref(loop);
        gatewatch->sys = sys;
        gatewatch->run = run_directory;
        gatewatch->etc = etc;
        gatewatch->gatekeeper = gatekeeper;
        gatewatch->ops = *ops;
        gatewatch->recorded = GATE_PARTLY;
        if (autoprobe_new(loop, sys, on_autoprobe, gatewatch, &gatewatch->autoprobe) < 0) {
                gatewatch_free(gatewatch);
                return -ENOMEM;
        }
        *ret = gatewatch;
        return 0;
}

struct gatewatch *gatewatch_free(struct gatewatch *gatewatch)
{
        if (!gatewatch)
                return NULL;
        for (unsigned i = 0; i < PLACES; i++)
                sd_event_source_disable_unref(gatewatch->places[i]);
        autoprobe_free(gatewatch->autoprobe);
        sd_event_source_disable_unref(gatewatch->grace);
        sd_event_unref(gatewatch->loop);
        free(gatewatch);
        return NULL;
}

void gatewatch_set_audit(struct gatewatch *gatewatch, bool audit)
{
        gatewatch->audit = audit;
}

void gatewatch_check(struct gatewatch *gatewatch)
{
        gatewatch->failed = VERB_NONE;
        watch_places(gatewatch);
        look(gatewatch, !has_grace(gatewatch));
}

int gatewatch_command(struct gatewatch *gatewatch, enum verb verb)
{
        gatewatch->failed = VERB_NONE;
        return run(gatewatch, verb);
}

void gatewatch_result(struct gatewatch *gatewatch, const struct gatekeeper_result *result)
{
        if (result->retry) {
                gatewatch->closing_until = 0; /* what is left to close, the refusals of each device do as well */
                look(gatewatch, true);
                return;
        }
        if (result->verb == gatewatch->under_way)
                gatewatch->under_way = VERB_NONE;
        gatewatch->grace = sd_event_source_disable_unref(gatewatch->grace); /* it was for our own */
        gatewatch->failed = result->verb; /* if it did not help, it will not help again */
        watch_places(gatewatch);
        look(gatewatch, true);
}
