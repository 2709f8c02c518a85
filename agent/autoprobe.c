/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>

#include "agent/autoprobe.h"
#include "agent/gateview.h"

struct autoprobe {
        sd_event *loop;
        const char *sys;
        autoprobe_callback callback;
        void *userdata;
        sd_event_source *buses[GATEVIEW_BUSES];
};

static int on_write(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
        struct autoprobe *autoprobe = userdata;

        (void) source;
        if (event->mask & IN_MODIFY)
                autoprobe->callback(autoprobe->userdata);
        return 0;
}

int autoprobe_new(sd_event *loop, const char *sys, autoprobe_callback callback, void *userdata, struct autoprobe **ret)
{
        struct autoprobe *autoprobe = calloc(1, sizeof(*autoprobe));

        if (!autoprobe)
                return -ENOMEM;
        autoprobe->loop = sd_event_ref(loop);
        autoprobe->sys = sys;
        autoprobe->callback = callback;
        autoprobe->userdata = userdata;
        *ret = autoprobe;
        return 0;
}

struct autoprobe *autoprobe_free(struct autoprobe *autoprobe)
{
        if (!autoprobe)
                return NULL;
        for (unsigned i = 0; i < GATEVIEW_BUSES; i++)
                sd_event_source_disable_unref(autoprobe->buses[i]);
        sd_event_unref(autoprobe->loop);
        free(autoprobe);
        return NULL;
}

void autoprobe_watch(struct autoprobe *autoprobe)
{
        for (unsigned i = 0; i < GATEVIEW_BUSES; i++) {
                char path[PATH_MAX];

                autoprobe->buses[i] = sd_event_source_disable_unref(autoprobe->buses[i]);
                snprintf(path, sizeof(path), "%s/bus/%s/drivers_autoprobe", autoprobe->sys, gateview_bus(i));
                (void) sd_event_add_inotify(autoprobe->loop, &autoprobe->buses[i], path, IN_MODIFY, on_write,
                                            autoprobe);
        }
}
