/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A short list, and one timer for whatever of it is due next. Every change leads to look(), which does for each entry
 * what can be done by now. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plugs.h"
#include "common/clock.h"

#define STORAGE_RULE "[storage] "

struct plug {
        uint64_t device; /* its target's id */
        unsigned number;
        struct record_subject subject;
        struct record_receipt receipt;
        bool recorded;    /* given to journal and spool: receipt */
        bool stored;      /* and on the disk */
        bool tell;        /* somebody is to be told */
        bool carried_out; /* the device is refused by now, or open for reading */
        uint64_t names_until, record_until, expires;
        struct plug *next;
};

struct plugs {
        sd_event *loop;
        struct spool *spool;
        plugs_callback callback;
        void *userdata;
        sd_event_source *timer;
        struct plug *first; /* newest first */
        unsigned n, last_number;
};

int plugs_new(sd_event *loop, struct spool *spool, plugs_callback callback, void *userdata, struct plugs **ret)
{
        struct plugs *plugs = calloc(1, sizeof(*plugs));

        if (!plugs)
                return -ENOMEM;
        plugs->loop = sd_event_ref(loop);
        plugs->spool = spool;
        plugs->callback = callback;
        plugs->userdata = userdata;
        /* An agent that was started anew must not give the number of an earlier plug to a new one: there is less than
         * one plug a second. */
        plugs->last_number = (unsigned) (clock_usec(CLOCK_BOOTTIME) / CLOCK_USEC_A_SEC);
        *ret = plugs;
        return 0;
}

static void drop(struct plugs *plugs, struct plug *plug)
{
        struct plug **at = &plugs->first;

        while (*at != plug)
                at = &(*at)->next;
        *at = plug->next;
        plugs->n--;
        free(plug);
}

static void record(struct plug *plug)
{
        if (plug->recorded)
                return;
        record_verdict(&plug->subject, &plug->receipt);
        plug->recorded = true;
        plug->stored = plug->receipt.ticket == 0;
        plug->record_until = clock_usec(CLOCK_MONOTONIC) + PLUGS_RECORD_USEC;
}

struct plugs *plugs_free(struct plugs *plugs)
{
        if (!plugs)
                return NULL;
        while (plugs->first) {
                record(plugs->first);
                drop(plugs, plugs->first);
        }
        sd_event_source_disable_unref(plugs->timer);
        sd_event_unref(plugs->loop);
        free(plugs);
        return NULL;
}

void plugs_code(const struct record_receipt *receipt, char code[EVENT_CODE_LENGTH + 1])
{
        size_t length = strlen(receipt->uid);

        snprintf(code, EVENT_CODE_LENGTH + 1, "%s",
                 length > EVENT_CODE_LENGTH ? receipt->uid + length - EVENT_CODE_LENGTH : "");
}

static enum plug_news news_of(const struct verdict *verdict)
{
        if (verdict->access == ACCESS_READ_ONLY)
                return PLUG_READ_ONLY;
        return verdict->plain ? PLUG_NOT_ENCRYPTED : PLUG_REFUSED;
}

static void tell(struct plugs *plugs, const struct plug *plug)
{
        struct plug_notice notice = { .kind = plug->subject.kind,
                                      .name = plug->subject.name,
                                      .news = news_of(&plug->subject.verdict),
                                      .by_storage = strncmp(plug->subject.verdict.rule, STORAGE_RULE,
                                                            strlen(STORAGE_RULE)) == 0 };

        snprintf(notice.plug, sizeof(notice.plug), "%s#%u", plug->subject.port, plug->number);
        plugs_code(&plug->receipt, notice.code);
        plugs->callback(plugs->userdata, &notice);
}

/* Do what can be done for the plug. Returns when to look again; 0: it is done with. */
static uint64_t advance(struct plugs *plugs, struct plug *plug, bool failing, uint64_t now)
{
        if (!plug->recorded) {
                if (now < plug->names_until)
                        return plug->names_until;
                record(plug);
        }
        if (!plug->tell || now >= plug->expires)
                return 0;
        if (!plug->carried_out)
                return plug->expires;
        if (!plug->stored && !failing && now < plug->record_until)
                return plug->record_until;
        tell(plugs, plug);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        plugs_look(userdata);
        return 0;
}

void plugs_look(struct plugs *plugs)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC), next = UINT64_MAX;
        struct spool_status status;

        spool_status(plugs->spool, &status);
        for (struct plug *plug = plugs->first, *following; plug; plug = following) {
                uint64_t due = advance(plugs, plug, status.health != SPOOL_OK, now);

                following = plug->next;
                if (due == 0)
                        drop(plugs, plug);
                else if (due < next)
                        next = due;
        }
        plugs->timer = sd_event_source_disable_unref(plugs->timer);
        if (next != UINT64_MAX)
                (void) sd_event_add_time(plugs->loop, &plugs->timer, CLOCK_MONOTONIC, next, 1000, on_timer, plugs);
}

static struct plug *find(struct plugs *plugs, uint64_t device)
{
        for (struct plug *plug = plugs->first; plug; plug = plug->next)
                if (plug->device == device)
                        return plug;
        return NULL;
}

static struct plug *oldest(struct plugs *plugs)
{
        struct plug *plug = plugs->first;

        while (plug->next)
                plug = plug->next;
        return plug;
}

/* A phone that only charges shows itself as a camera, an iPhone always: who charges his phone wants to hear nothing. */
static bool is_quiet(enum storage_kind kind)
{
        return storage_kind_is_phone(kind) && kind != STORAGE_PHONE_MTP;
}

/* Once for each plug, when it comes: not for what was there before us, and not when it is judged again; but who has just
 * formatted his stick wants to know why it is gone. */
static bool is_told(const struct device *device, bool open)
{
        return !is_quiet(device->kind) && !open && device->plugged && !device->found &&
               (device->verdicts == 1 || device->verdict.plain) && device->verdict.access != ACCESS_ALLOW &&
               !device->verdict.audit;
}

void plugs_verdict(struct plugs *plugs, const struct device *device, bool open)
{
        struct plug *plug = find(plugs, device->target.id);
        struct record_receipt receipt;
        struct record_subject subject;

        if (plug) { /* judged anew before all was said */
                record(plug);
                drop(plugs, plug);
        }
        record_subject(device, open, &subject);
        if (plugs->n == PLUGS_MAX) {
                record(oldest(plugs));
                drop(plugs, oldest(plugs));
        }
        plug = calloc(1, sizeof(*plug));
        if (!plug) {
                record_verdict(&subject, &receipt);
                return;
        }
        plug->device = device->target.id;
        plug->number = ++plugs->last_number;
        plug->subject = subject;
        plug->tell = is_told(device, open);
        plug->names_until =
                device->strings_known || subject.private ? 0 : clock_usec(CLOCK_MONOTONIC) + PLUGS_NAMES_USEC;
        plug->expires = clock_usec(CLOCK_MONOTONIC) + PLUGS_EXPIRE_USEC;
        plug->next = plugs->first;
        plugs->first = plug;
        plugs->n++;
        plugs_look(plugs);
}

void plugs_removed(struct plugs *plugs, const struct device *device)
{
        uint64_t seconds = (clock_usec(CLOCK_BOOTTIME) - device->came_usec) / CLOCK_USEC_A_SEC;
        struct plug *plug = find(plugs, device->target.id);
        struct record_subject subject;

        if (plug) /* first that it came, then that it went */
                record(plug);
        record_subject(device, device->recorded_open, &subject);
        record_removed(&subject, device->came_usec != 0 ? &seconds : NULL);
        plugs_look(plugs);
}

void plugs_named(struct plugs *plugs, uint64_t id, const struct device *device, const char *name)
{
        struct plug *plug = find(plugs, id);

        if (!plug || plug->subject.private)
                return;
        /* "DVD writer": the same answer, by the rule that people would look for. */
        if (device && !plug->recorded && device->verdict.by_rule == plug->subject.verdict.by_rule) {
                plug->subject.kind = device->kind;
                plug->subject.verdict = device->verdict;
        }
        snprintf(plug->subject.name, sizeof(plug->subject.name), "%s", name);
        plug->names_until = 0;
        plugs_look(plugs);
}

void plugs_state(struct plugs *plugs, const struct device *device)
{
        struct plug *plug = find(plugs, device->target.id);

        if (!plug)
                return;
        switch (device->state) {
        case DEVICE_REFUSED:
                plug->carried_out = plug->subject.verdict.access == ACCESS_BLOCK;
                break;
        case DEVICE_READ_ONLY:
                plug->carried_out = plug->subject.verdict.access == ACCESS_READ_ONLY;
                break;
        case DEVICE_PENDING:
        case DEVICE_BUSY:
        case DEVICE_FAILED:
                break;
        case DEVICE_ALLOWED:
        case DEVICE_EXEMPT:
        case DEVICE_HELD:
        case DEVICE_GATE_OPEN:
                plug->tell = false;
                break;
        }
        plugs_look(plugs);
}

void plugs_recorded(struct plugs *plugs, uint64_t ticket)
{
        for (struct plug *plug = plugs->first; plug; plug = plug->next)
                if (plug->recorded && plug->receipt.ticket <= ticket)
                        plug->stored = true;
        plugs_look(plugs);
}

bool plugs_unrecorded(const struct plugs *plugs)
{
        for (const struct plug *plug = plugs->first; plug; plug = plug->next)
                if (!plug->recorded)
                        return true;
        return false;
}
