/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who is at the screen is watched only while there is something to tell: a user who comes back does not subscribe
 * again. */

#include "agent/missed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

#define EARLIER_PLUG "earlier" /* no port is called so */

struct missed {
        missed_tell tell;
        void *userdata;
        struct sessions *sessions;
        unsigned n;
        struct plug_notice last;
        char name[DEVICE_TEXT_MAX]; /* of the last */
        uint64_t usec;              /* CLOCK_BOOTTIME: when the last came */
};

static void on_session(void *userdata, const struct session *session)
{
        if (session->id[0] != '\0')
                missed_joined(userdata, session->uid);
}

int missed_new(sd_event *loop, const struct sessions_source *source, missed_tell tell, void *userdata,
               struct missed **ret)
{
        struct missed *missed = calloc(1, sizeof(*missed));
        int r;

        if (!missed)
                return -ENOMEM;
        missed->tell = tell;
        missed->userdata = userdata;
        r = sessions_new(loop, source, on_session, missed, &missed->sessions);
        if (r < 0) {
                free(missed);
                return r;
        }
        *ret = missed;
        return 0;
}

struct missed *missed_free(struct missed *missed)
{
        if (!missed)
                return NULL;
        sessions_free(missed->sessions);
        free(missed);
        return NULL;
}

void missed_add(struct missed *missed, const struct plug_notice *notice)
{
        if (notice->news != PLUG_REFUSED && notice->news != PLUG_NOT_ENCRYPTED && notice->news != PLUG_READ_ONLY)
                return;
        missed->last = *notice;
        snprintf(missed->name, sizeof(missed->name), "%s", notice->name);
        missed->last.name = missed->name;
        missed->usec = clock_usec(CLOCK_BOOTTIME);
        if (missed->n < MISSED_MAX)
                missed->n++;
        sessions_watch(missed->sessions, true);
}

void missed_joined(struct missed *missed, uid_t uid)
{
        struct plug_notice notice = missed->last;

        if (missed->n == 0)
                return;
        if (missed->n > 1 || clock_usec(CLOCK_BOOTTIME) - missed->usec >= MISSED_FRESH_USEC) {
                notice = (struct plug_notice){ .news = PLUG_EARLIER, .name = "", .count = missed->n };
                snprintf(notice.plug, sizeof(notice.plug), "%s", EARLIER_PLUG);
                snprintf(notice.code, sizeof(notice.code), "%s", missed->last.code);
        }
        if (missed->tell(missed->userdata, uid, &notice) <= 0)
                return;
        missed->n = 0;
        sessions_watch(missed->sessions, false);
}
