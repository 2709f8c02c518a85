/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "agent/clientwatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

struct clientwatch {
        struct today *today;
        clientwatch_tell tell;
        void *userdata;
        const struct policy *policy; /* NULL: none yet */
        enum clientwatch_how how;
        struct client_seen items[CLIENTWATCH_MAX];
        size_t n;
};

static const char *const hows[] = {
        [CLIENTWATCH_ABSENT] = "absent",
        [CLIENTWATCH_SCAN] = "scan",
        [CLIENTWATCH_EVENTS] = "events",
};

const char *clientwatch_how_name(enum clientwatch_how how)
{
        return hows[how];
}

int clientwatch_how_from_name(const char *name)
{
        for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
                if (strcmp(hows[i], name) == 0)
                        return (int) i;
        return -EINVAL;
}

int clientwatch_new(struct today *today, clientwatch_tell tell, void *userdata, struct clientwatch **ret)
{
        struct clientwatch *watch = calloc(1, sizeof(*watch));

        if (!watch)
                return -ENOMEM;
        watch->today = today;
        watch->tell = tell;
        watch->userdata = userdata;
        *ret = watch;
        return 0;
}

struct clientwatch *clientwatch_free(struct clientwatch *watch)
{
        free(watch);
        return NULL;
}

bool client_row_is_linked(const struct client_row *row)
{
        return mark_kind_is_setup(row->evidence);
}

static bool is_same(const struct client_row *a, const struct client_row *b)
{
        bool setup = client_row_is_linked(a);

        return a->uid == b->uid && setup == client_row_is_linked(b) && (!setup || a->evidence == b->evidence) &&
               strcmp(a->client, b->client) == 0 && strcmp(a->service, b->service) == 0 &&
               strcmp(a->host, b->host) == 0;
}

bool client_seen_is_to_stop(const struct client_seen *seen)
{
        return seen->here && seen->verdict.kind == CLIENT_STOPPED && !client_row_is_linked(&seen->row);
}

static struct client_seen *find(struct clientwatch *watch, const struct client_row *row)
{
        for (size_t i = 0; i < watch->n; i++)
                if (is_same(&watch->items[i].row, row))
                        return &watch->items[i];
        return NULL;
}

/* A place for one more: a new one, or that of the one that ended longest ago. NULL: all of them run. */
static struct client_seen *make_place(struct clientwatch *watch)
{
        struct client_seen *oldest = NULL;

        if (watch->n < CLIENTWATCH_MAX)
                return &watch->items[watch->n++];
        for (size_t i = 0; i < watch->n; i++)
                if (!watch->items[i].here && (!oldest || watch->items[i].since_usec < oldest->since_usec))
                        oldest = &watch->items[i];
        return oldest;
}

static void try_to_tell(struct clientwatch *watch, struct client_seen *seen)
{
        if (seen->untold && seen->here && watch->tell(watch->userdata, seen))
                seen->untold = false;
}

static void write_down(struct client_seen *seen)
{
        struct record_receipt receipt;
        size_t length;

        record_client(&seen->row, &seen->verdict, &receipt);
        length = strlen(receipt.uid);
        snprintf(seen->code, sizeof(seen->code), "%s",
                 length > CLIENTWATCH_CODE ? receipt.uid + length - CLIENTWATCH_CODE : "");
}

/* It is here, and that is new or the policy is. */
static void look_at(struct clientwatch *watch, struct client_seen *seen)
{
        unsigned today = today_day(watch->today);
        enum client_verdict_kind before = seen->verdict.kind;

        if (!watch->policy)
                return;
        client_judge(watch->policy, seen->row.category, seen->row.service, seen->row.host, seen->row.sure,
                     &seen->verdict);
        if (client_row_is_linked(&seen->row)) { /* for IT to know of; nothing is copied by it */
                seen->verdict.tell = false;
                if (seen->verdict.kind == CLIENT_STOPPED)
                        seen->verdict.kind = CLIENT_FLAGGED;
        }
        if (seen->verdict.kind == CLIENT_IGNORED || !seen->verdict.tell)
                seen->untold = false;
        if (seen->verdict.kind == CLIENT_IGNORED || (seen->day == today && seen->verdict.kind == before))
                return;
        seen->day = today;
        write_down(seen);
        seen->untold = seen->verdict.tell;
        try_to_tell(watch, seen);
}

void clientwatch_set_policy(struct clientwatch *watch, const struct policy *policy)
{
        watch->policy = policy;
        for (size_t i = 0; i < watch->n; i++)
                if (watch->items[i].here)
                        look_at(watch, &watch->items[i]);
}

static bool is_in(const struct client_seen *seen, const struct client_row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (is_same(&rows[i], &seen->row))
                        return true;
        return false;
}

static void set_here(struct client_seen *seen, bool here)
{
        if (seen->here != here)
                seen->since_usec = clock_usec(CLOCK_REALTIME);
        seen->here = here;
}

/* It was to be stopped and has ended. Where nobody watches any more that is not known. */
static void say_stopped(struct clientwatch *watch, struct client_seen *seen)
{
        unsigned today = today_day(watch->today);

        if (watch->how == CLIENTWATCH_ABSENT || !client_seen_is_to_stop(seen) || seen->stopped_day == today)
                return;
        seen->stopped_day = today;
        record_client_stopped(&seen->row, &seen->verdict);
}

void clientwatch_report(struct clientwatch *watch, enum clientwatch_how how, const struct client_row *rows, size_t n)
{
        watch->how = how;
        for (size_t i = 0; i < watch->n; i++)
                if (!is_in(&watch->items[i], rows, n)) {
                        say_stopped(watch, &watch->items[i]);
                        set_here(&watch->items[i], false);
                }
        for (size_t i = 0; i < n; i++) {
                struct client_seen *seen = find(watch, &rows[i]);
                bool runs = seen && seen->here;

                if (!seen) {
                        seen = make_place(watch);
                        if (!seen)
                                return;
                        *seen = (struct client_seen){ 0 };
                }
                seen->row = rows[i];
                set_here(seen, true);
                if (!runs)
                        look_at(watch, seen);
        }
}

void clientwatch_lost(struct clientwatch *watch)
{
        clientwatch_report(watch, CLIENTWATCH_ABSENT, NULL, 0);
}

void clientwatch_joined(struct clientwatch *watch, uid_t uid)
{
        for (size_t i = 0; i < watch->n; i++)
                if (watch->items[i].row.uid == uid)
                        try_to_tell(watch, &watch->items[i]);
}

enum clientwatch_how clientwatch_how(const struct clientwatch *watch)
{
        return watch->how;
}

const struct client_seen *clientwatch_item(const struct clientwatch *watch, size_t i)
{
        return i < watch->n ? &watch->items[i] : NULL;
}
