/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A hub full of sticks, a plug that is loose: nobody reads twenty notices. The one that says how many is brought up to
 * date once a second at most, so that a flood is a second's work for the desktop too. */

#include "notifier/crowd.h"

#include "notifier/pace.h"

#define SEVERAL_PLUG    "several" /* no port is called so */
#define SEVERAL_SECONDS 1U

struct crowd {
        struct show *show;
        struct pace pace;
        struct notice several; /* as it is to be shown */
        unsigned n;            /* of the others, since the last that had a notice of its own */
        guint timer;
};

struct crowd *crowd_new(struct show *show)
{
        struct crowd *crowd = g_new0(struct crowd, 1);

        crowd->show = show;

        return crowd;
}

static gboolean on_timer(void *pointer)
{
        struct crowd *crowd = pointer;

        crowd->timer = 0;
        show_notice(crowd->show, &crowd->several);

        return G_SOURCE_REMOVE;
}

/* The school and the code are those of the last. */
static void count(struct crowd *crowd, const struct notice *notice)
{
        crowd->n = MIN(crowd->n + 1, NOTICE_COUNT_MAX);
        crowd->several = *notice;
        g_strlcpy(crowd->several.plug, SEVERAL_PLUG, sizeof(crowd->several.plug));
        crowd->several.news = NOTICE_SEVERAL;
        crowd->several.device = NOTICE_OTHER;
        crowd->several.name[0] = '\0';
        crowd->several.own = notice->several;
        crowd->several.count = crowd->n;
        if (!crowd->timer)
                crowd->timer = g_timeout_add_seconds(SEVERAL_SECONDS, on_timer, crowd);
}

static bool is_counted(enum notice_news news)
{
        return news == NOTICE_REFUSED || news == NOTICE_NOT_ENCRYPTED || news == NOTICE_READ_ONLY;
}

void crowd_notice(struct crowd *crowd, const struct notice *notice)
{
        if (is_counted(notice->news) && !show_has(crowd->show, notice->plug)) {
                if (!pace_ask(&crowd->pace, (uint64_t) g_get_monotonic_time(), notice->per_hour)) {
                        count(crowd, notice);
                        return;
                }
                crowd->n = 0;
        }
        show_notice(crowd->show, notice);
}

struct crowd *crowd_free(struct crowd *crowd)
{
        if (!crowd)
                return NULL;
        g_clear_handle_id(&crowd->timer, g_source_remove);
        g_free(crowd);

        return NULL;
}
