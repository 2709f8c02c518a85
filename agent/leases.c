/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every change leads to leases_look(), from the loop and never from within a judgement: what it does there changes the
 * states of devices, and those lead back here. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "agent/leasefile.h"
#include "agent/leases.h"
#include "agent/leasetell.h"
#include "agent/record.h"

#define USEC_PER_MINUTE 60000000ULL
#define WHAT_MAX        128U /* bytes of how a grant ended */

struct leases {
        sd_event *loop;
        struct leasefile *file;
        struct today *today;
        struct inventory *inventory;
        struct leases_ops ops;
        struct lease items[LEASES_MAX];
        size_t n;
        unsigned last_number;
        uint64_t asked_usec; /* CLOCK_BOOTTIME: when that was last recorded; 0: never */
        uint64_t saved_usec; /* CLOCK_BOOTTIME */
        bool started, changed;
        sd_event_source *turn, *timer;
};

static int on_turn(sd_event_source *source, void *userdata)
{
        (void) source;
        leases_look(userdata);
        return 0;
}

int leases_new(sd_event *loop, const char *path, const char *kept, struct today *today, struct inventory *inventory,
               const struct leases_ops *ops, struct leases **ret)
{
        struct leases *leases = calloc(1, sizeof(*leases));
        int r;

        if (!leases)
                return -ENOMEM;
        leases->loop = sd_event_ref(loop);
        leases->today = today;
        leases->inventory = inventory;
        leases->ops = *ops;
        r = leasefile_new(path, kept, &leases->file);
        if (r >= 0)
                r = sd_event_add_defer(loop, &leases->turn, on_turn, leases);
        if (r >= 0)
                r = sd_event_source_set_enabled(leases->turn, SD_EVENT_OFF);
        if (r < 0) {
                leases_free(leases);
                return r;
        }
        *ret = leases;
        return 0;
}

/* Its end as the clock shows it. */
static uint64_t shown_usec(const struct leases *leases, const struct lease *lease)
{
        uint64_t boot = today_boot_usec(leases->today), clock = today_clock_usec(leases->today);

        return lease->end_usec > boot ? clock + (lease->end_usec - boot) : clock - (boot - lease->end_usec);
}

static void record(const struct leases *leases, const struct lease *lease, enum event_name name, const char *what,
                   struct record_receipt *receipt)
{
        leasetell_record(lease, shown_usec(leases, lease), name, what, receipt);
}

static void tell(const struct leases *leases, const struct lease *lease, const struct device *device,
                 enum plug_news news, const struct record_receipt *receipt)
{
        uint64_t now = today_boot_usec(leases->today);
        struct plug_notice notice;

        leasetell_notice(lease, device, news, receipt, &notice);
        if (lease->end_usec > now)
                notice.minutes = (unsigned) ((lease->end_usec - now + USEC_PER_MINUTE - 1) / USEC_PER_MINUTE);
        leases->ops.notice(leases->ops.userdata, &notice);
}

/* ---- the list ---- */

static struct device *first(const struct leases *leases)
{
        return inventory_first(leases->inventory);
}

static struct lease *find(struct leases *leases, const struct device *device)
{
        for (size_t i = 0; i < leases->n; i++)
                if (lease_match(&leases->items[i], device) == LEASE_IS)
                        return &leases->items[i];
        return NULL;
}

/* The device that a lease is about, if it is there: of several that claim to be it, one that is not at rest. */
static struct device *device_of(const struct leases *leases, const struct lease *lease, bool *ret_pending)
{
        struct device *found = NULL;

        *ret_pending = false;
        for (struct device *device = first(leases); device; device = device->next) {
                enum lease_match match = lease_match(lease, device);

                if (match == LEASE_NOT)
                        continue;
                *ret_pending |= match == LEASE_MAYBE || device->state == DEVICE_PENDING;
                if (match == LEASE_IS && (!found || device->state == DEVICE_BUSY))
                        found = device;
        }
        return found;
}

static void judge_all_of(struct leases *leases, const struct lease *lease)
{
        for (struct device *device = first(leases); device; device = device->next) {
                if (lease_match(lease, device) == LEASE_NOT)
                        continue;
                device->cut = false;
                leases->ops.judge(leases->ops.userdata, device);
        }
}

static void save(struct leases *leases)
{
        uint64_t now = today_usec(leases->today), boot = today_boot_usec(leases->today);

        for (size_t i = 0; i < leases->n; i++) {
                struct lease *lease = &leases->items[i];

                lease->end_wall_usec = lease->end_usec > boot ? now + (lease->end_usec - boot) : now;
        }
        leases->saved_usec = boot;
        leases->changed = !leasefile_write(leases->file, leases->items, leases->n);
}

/* ---- asking, giving, taking back ---- */

void leases_asked(struct leases *leases, const struct device *device)
{
        uint64_t now = today_boot_usec(leases->today);
        struct record_subject subject;
        struct record_receipt receipt;

        if (leases->asked_usec != 0 && now < leases->asked_usec + LEASES_REQUEST_USEC)
                return;
        leases->asked_usec = now;
        record_subject(device, false, &subject);
        record_grant(EVENT_GRANT_REQUESTED, &subject, "somebody asked for it", &receipt);
}

int leases_give(struct leases *leases, const struct device *device, enum access access, unsigned minutes,
                const char *reason, bool keep, uint64_t *ret_shown)
{
        struct lease *lease = find(leases, device), given;
        struct record_receipt receipt;
        int r = lease_init(&given, device);

        if (r < 0)
                return r;
        if (!lease && leases->n == LEASES_MAX)
                return -ENOSPC;
        if (!lease)
                lease = &leases->items[leases->n++];
        given.number = ++leases->last_number;
        given.access = access;
        given.keep = keep;
        given.end_usec = today_boot_usec(leases->today) + minutes * USEC_PER_MINUTE;
        snprintf(given.reason, sizeof(given.reason), "%s", reason);
        *lease = given;
        *ret_shown = shown_usec(leases, lease);
        record(leases, lease, EVENT_GRANT_GIVEN, "", &receipt);
        save(leases);
        judge_all_of(leases, lease);
        leases->ops.changed(leases->ops.userdata);
        leases_state(leases);
        return 0;
}

int leases_revoke(struct leases *leases, const char *name)
{
        struct device *device = inventory_find(leases->inventory, name);
        struct lease *lease = device ? find(leases, device) : NULL;

        for (size_t i = 0; i < leases->n && !lease; i++)
                if (strcmp(leases->items[i].name, name) == 0)
                        lease = &leases->items[i];
        if (!lease || !lease_revoke(lease))
                return -ENOENT;
        save(leases);
        judge_all_of(leases, lease);
        leases_state(leases);
        return 0;
}

/* ---- what the judge asks ---- */

static const struct lease *find_holding(const struct leases *leases, const struct device *device, enum lease_match *ret)
{
        uint64_t now = today_boot_usec(leases->today);

        *ret = LEASE_NOT;
        for (size_t i = 0; i < leases->n; i++) {
                enum lease_match match =
                        lease_holds(&leases->items[i], now) ? lease_match(&leases->items[i], device) : LEASE_NOT;

                if (match > *ret)
                        *ret = match;
                if (match == LEASE_IS)
                        return &leases->items[i];
        }
        return NULL;
}

enum lease_match leases_verdict(const struct leases *leases, const struct device *device, enum storage_kind kind,
                                struct verdict *ret)
{
        enum lease_match match;
        const struct lease *lease = find_holding(leases, device, &match);

        if (!lease)
                return match;
        /* Of a device that is a phone besides, its storage was asked for. */
        if (lease->access == ACCESS_READ_ONLY && storage_kind_is_phone(kind))
                return LEASE_NOT;
        lease_verdict(lease, shown_usec(leases, lease), ret);
        return LEASE_IS;
}

uint64_t leases_until(const struct leases *leases, const struct device *device)
{
        enum lease_match match;
        const struct lease *lease = find_holding(leases, device, &match);

        return lease ? shown_usec(leases, lease) : 0;
}

void leases_state(struct leases *leases)
{
        if (leases->n > 0 && leases->started)
                sd_event_source_set_enabled(leases->turn, SD_EVENT_ONESHOT);
}

bool leases_kept(const struct leases *leases)
{
        for (size_t i = 0; i < leases->n; i++)
                if (leases->items[i].keep)
                        return true;
        return false;
}

/* ---- beginning and end ---- */

static void warn(struct leases *leases, const struct lease *lease, const struct device *device, enum plug_news news,
                 const char *words)
{
        struct record_receipt receipt;

        record(leases, lease, EVENT_GRANT_ENDING, words, &receipt);
        if (device)
                tell(leases, lease, device, news, &receipt);
}

/* Its users can reach something of it. */
static bool is_open(const struct leases *leases, const struct device *device)
{
        if (device->state != DEVICE_ALLOWED && device->state != DEVICE_READ_ONLY)
                return false;
        for (size_t i = 0; i < device->n_luns; i++)
                if (decide_lun_is_open(inventory_decide(leases->inventory), &device->luns[i]))
                        return true;
        return device->phone.is;
}

static void note_used(struct leases *leases, struct lease *lease)
{
        struct record_receipt receipt;

        for (struct device *device = first(leases); device && !lease->used; device = device->next) {
                if (strcmp(device->verdict.rule, LEASE_RULE) != 0 || lease_match(lease, device) != LEASE_IS ||
                    !is_open(leases, device))
                        continue;
                lease->used = leases->changed = true;
                record(leases, lease, EVENT_GRANT_USED, "opened for the first time; ", &receipt);
                tell(leases, lease, device, PLUG_GRANT_OPENED, &receipt);
        }
}

static void end(struct leases *leases, struct lease *lease, struct device *device)
{
        struct record_receipt receipt;
        char what[WHAT_MAX];

        record(leases, lease, EVENT_GRANT_ENDED, leasetell_end(lease, device, what, sizeof(what)), &receipt);
        lease->phase = LEASE_OVER;
        leases->changed = true;
        if (!device)
                return;
        device->cut = false;
        if (device->state == DEVICE_REFUSED)
                tell(leases, lease, device, PLUG_GRANT_ENDED, &receipt);
}

/* Its time is over: is what it opened shut by now? */
static void settle(struct leases *leases, struct lease *lease)
{
        bool pending;
        struct device *device = device_of(leases, lease, &pending);

        if (lease->phase == LEASE_CUTTING)
                for (struct device *each = first(leases); each; each = each->next)
                        if (!each->cut && lease_match(lease, each) == LEASE_IS)
                                leases->ops.cut(leases->ops.userdata, each);
        if (device && device->state == DEVICE_BUSY) {
                if (!lease_extend(lease, today_boot_usec(leases->today)))
                        return;
                leases->changed = true;
                warn(leases, lease, device, PLUG_GRANT_EXTENDED, "in use at its end, and so a little longer; ");
        } else if (!pending) {
                end(leases, lease, device);
        }
}

static void advance(struct leases *leases, struct lease *lease)
{
        enum lease_step step = lease_step(lease, today_boot_usec(leases->today));
        bool pending;

        leases->changed |= step != LEASE_NOTHING;
        switch (step) {
        case LEASE_WARN:
                warn(leases, lease, device_of(leases, lease, &pending), PLUG_GRANT_ENDING, "it ends soon; ");
                break;
        case LEASE_CLOSE:
                judge_all_of(leases, lease);
                break;
        case LEASE_CUT:
        case LEASE_NOTHING:
                break;
        }
        if (lease->phase == LEASE_HOLDS || lease->phase == LEASE_WARNED)
                note_used(leases, lease);
        else
                settle(leases, lease);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        leases_look(userdata);
        return 0;
}

static void arm(struct leases *leases)
{
        uint64_t next = LEASE_NEVER, now = today_boot_usec(leases->today);

        for (size_t i = 0; i < leases->n; i++)
                if (lease_due(&leases->items[i]) < next)
                        next = lease_due(&leases->items[i]);
        if (leases_kept(leases) && next > leases->saved_usec + LEASES_LOOK_USEC)
                next = leases->saved_usec + LEASES_LOOK_USEC;
        if (leases->changed && next > now + LEASES_RETRY_USEC)
                next = now + LEASES_RETRY_USEC;
        leases->timer = sd_event_source_disable_unref(leases->timer);
        if (next != LEASE_NEVER && sd_event_add_time_relative(leases->loop, &leases->timer, CLOCK_BOOTTIME,
                                                              next > now ? next - now : 0, 1, on_timer, leases) < 0)
                record_note(LOG_ERR, "out of memory: no grant ends by itself before the next event");
}

void leases_look(struct leases *leases)
{
        size_t had = leases->n, kept = 0;

        for (size_t i = 0; i < leases->n; i++)
                advance(leases, &leases->items[i]);
        for (size_t i = 0; i < leases->n; i++)
                if (leases->items[i].phase != LEASE_OVER)
                        leases->items[kept++] = leases->items[i];
        leases->n = kept;
        if (leases->changed ||
            (leases_kept(leases) && today_boot_usec(leases->today) >= leases->saved_usec + LEASES_LOOK_USEC))
                save(leases);
        if (kept != had)
                leases->ops.changed(leases->ops.userdata);
        arm(leases);
}

void leases_load(struct leases *leases)
{
        uint64_t now = today_usec(leases->today), boot = today_boot_usec(leases->today);
        bool rebooted;

        leases->n = leasefile_read(leases->file, leases->items, LEASES_MAX, &rebooted);
        for (size_t i = 0; i < leases->n; i++) {
                struct lease *lease = &leases->items[i];
                uint64_t left = lease->end_wall_usec > now ? lease->end_wall_usec - now : 0;

                if (lease->number > leases->last_number)
                        leases->last_number = lease->number;
                if (!rebooted)
                        continue;
                if (left > LEASE_MINUTES_MAX * USEC_PER_MINUTE)
                        left = LEASE_MINUTES_MAX * USEC_PER_MINUTE;
                lease->end_usec = boot + left;
                lease->phase = lease->phase <= LEASE_WARNED ? LEASE_HOLDS : LEASE_CLOSING;
        }
        leases->changed = leases->n > 0;
}

void leases_start(struct leases *leases)
{
        leases->started = true;
        leases_look(leases);
}

struct leases *leases_free(struct leases *leases)
{
        if (!leases)
                return NULL;
        sd_event_source_disable_unref(leases->turn);
        sd_event_source_disable_unref(leases->timer);
        if (leases->changed)
                save(leases);
        leasefile_free(leases->file);
        sd_event_unref(leases->loop);
        free(leases);
        return NULL;
}
