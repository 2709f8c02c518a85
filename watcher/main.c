/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-watch: finds sync, chat and backup clients that run, and tells lekdichtd. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "common/cleanup.h"
#include "watcher/homes.h"
#include "watcher/shelf.h"
#include "watcher/watcher.h"

#define CATALOGUE     "/usr/share/lekdicht/clients.ini"
#define CATALOGUE_OWN "/etc/lekdicht/clients.d"
#define SYSTEM_BUS    "unix:path=/run/dbus/system_bus_socket"

DEFINE_CLEANUP(cleanup_catalogue, struct catalogue *, catalogue_free)
DEFINE_CLEANUP(cleanup_event, sd_event *, sd_event_unref)
DEFINE_CLEANUP(cleanup_watcher, struct watcher *, watcher_free)

/* Returns -1 to go on, else the exit status. */
static int options(int argc, char **argv)
{
        static const struct option known[] = { { "help", no_argument, NULL, 'h' },
                                               { "version", no_argument, NULL, 'V' },
                                               { 0 } };
        int option = getopt_long(argc, argv, "h", known, NULL);

        if (option == 'V') {
                puts("lekdicht-watch " LEKDICHT_VERSION);
                return EXIT_SUCCESS;
        }
        if (option == 'h') {
                puts("lekdicht-watch: finds sync clients that run. Started by systemd (lekdicht-watch.service); takes "
                     "no "
                     "arguments.\n"
                     "  --version   say which one this is\n"
                     "  --help      this\n"
                     "Catalogue: " CATALOGUE " and the files *.ini of " CATALOGUE_OWN ".");
                return EXIT_SUCCESS;
        }
        if (option != -1 || optind < argc) {
                fputs("lekdicht-watch: takes no arguments but --help and --version\n", stderr);
                return EXIT_FAILURE;
        }
        return -1;
}

static int run(struct watcher_config *config)
{
        CLEANUP(cleanup_event) sd_event *loop = NULL;
        CLEANUP(cleanup_watcher) struct watcher *watcher = NULL;
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        /* SIGCHLD: of children only their answers are of interest. */
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_IGN) == SIG_ERR ||
            sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        r = sd_event_default(&loop);
        if (r >= 0)
                r = sd_event_set_watchdog(loop, true);
        if (r >= 0)
                r = sd_event_add_signal(loop, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(loop, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = watcher_new(loop, config, &watcher);
        if (r < 0)
                return r;
        (void) sd_notify(false, "READY=1");
        return sd_event_loop(loop);
}

int main(int argc, char **argv)
{
        CLEANUP(cleanup_catalogue) struct catalogue *catalogue = NULL;
        struct watcher_config config = { .proc = "/proc",
                                         .bus = SYSTEM_BUS,
                                         .dwell_usec = WATCHER_DWELL_USEC,
                                         .day_usec = HOMES_DAY_USEC,
                                         .users = homes_logged_in };
        int r = options(argc, argv);

        if (r >= 0)
                return r;
        r = catalogue_new(&catalogue);
        if (r >= 0) {
                shelf_file(catalogue, CATALOGUE, POLICY_REQUIRE_ROOT_OWNED);
                shelf_directory(catalogue, CATALOGUE_OWN, POLICY_REQUIRE_ROOT_OWNED);
                config.catalogue = catalogue;
                r = run(&config);
        }
        if (r < 0)
                fprintf(stderr, "lekdicht-watch: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
