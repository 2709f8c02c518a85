/* links: @lekdichtd libs: libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The whole agent with its files in a folder, for test-killed.py: a process of its own, to be killed. To be run with
 * umockdev's library and an empty /sys. SIGHUP makes an event, as it does with the installed one. */

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"

static int send_nothing(void *userdata, const struct iovec *fields, int n)
{
        (void) userdata;
        (void) fields;
        (void) n;
        return 0;
}

static char *path_in(const char *folder, const char *name)
{
        char path[PATH_MAX], *copy;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        copy = strdup(path);
        if (!copy)
                abort();
        return copy;
}

int main(int argc, char **argv)
{
        static const struct record_sink nowhere = { .send = send_nothing };
        struct agent_config config = { .receive_buffer = 65536, .sink = &nowhere, .watcher_uid = (uid_t) -1 };
        const char *bus = getenv("DBUS_SYSTEM_BUS_ADDRESS");
        struct agent *agent = NULL;
        sd_event *loop = NULL;
        sigset_t set;
        int r;

        if (argc != 2 || !bus)
                return EXIT_FAILURE;
        config.reporter_uid = getuid();
        config.paths = (struct agent_paths){ .sys = "/sys",
                                             .run = path_in(argv[1], "run"),
                                             .etc = path_in(argv[1], "etc"),
                                             .policy = path_in(argv[1], "etc/policy.ini"),
                                             .last_good = path_in(argv[1], "lib/policy.last-good.ini"),
                                             .clock = path_in(argv[1], "lib/clock"),
                                             .leases = path_in(argv[1], "run/leases"),
                                             .gate = path_in(argv[1], "gate"),
                                             .lock = path_in(argv[1], "lib/lock"),
                                             .spool = path_in(argv[1], "lib/spool.db"),
                                             .bus = bus };
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        r = sd_event_default(&loop);
        if (r >= 0)
                r = agent_new(loop, &config, &agent);
        if (r >= 0)
                r = agent_start(agent);
        if (r >= 0)
                puts("ready");
        fflush(stdout);
        if (r >= 0)
                r = sd_event_loop(loop);
        if (r < 0)
                fprintf(stderr, "killable-agent: %s\n", strerror(-r));
        agent_free(agent);
        sd_event_unref(loop);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
