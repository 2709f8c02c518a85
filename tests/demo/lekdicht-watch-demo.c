/* links: @lekdicht-watch libs: libsystemd inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-watch for the demo: the same sources, with the catalogue of this tree and the demo's own bus. It looks at what
 * runs and into nobody's home. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "watcher/shelf.h"
#include "watcher/watcher.h"

DEFINE_CLEANUP(cleanup_catalogue, struct catalogue *, catalogue_free)
DEFINE_CLEANUP(cleanup_event, sd_event *, sd_event_unref)
DEFINE_CLEANUP(cleanup_watcher, struct watcher *, watcher_free)

static int nobody(uid_t **ret)
{
        *ret = NULL;
        return 0;
}

static int run(const struct watcher_config *config)
{
        CLEANUP(cleanup_event) sd_event *loop = NULL;
        CLEANUP(cleanup_watcher) struct watcher *watcher = NULL;
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        r = sd_event_default(&loop);
        if (r >= 0)
                r = sd_event_add_signal(loop, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(loop, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = watcher_new(loop, config, &watcher);
        return r < 0 ? r : sd_event_loop(loop);
}

int main(int argc, char **argv)
{
        CLEANUP(cleanup_catalogue) struct catalogue *catalogue = NULL;
        struct watcher_config config = { .proc = "/proc",
                                         .bus = getenv("DBUS_SYSTEM_BUS_ADDRESS"),
                                         .dwell_usec = WATCHER_DWELL_USEC,
                                         .users = nobody };
        int r;

        if (argc != 2 || !config.bus) {
                fputs("Only for tests/demo/run: CATALOGUE\n", stderr);
                return EXIT_FAILURE;
        }
        r = catalogue_new(&catalogue);
        if (r >= 0) {
                shelf_file(catalogue, argv[1], 0);
                config.catalogue = catalogue;
                r = run(&config);
        }
        if (r < 0)
                fprintf(stderr, "lekdicht-watch-demo: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
