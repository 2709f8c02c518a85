/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdichtd: watches for storage, judges it, and has lekdicht-gate release or refuse it. Storage stays shut without
 * it. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/membership.h"
#include "agent/watch.h"
#include "common/cleanup.h"
#include "common/helper.h"
#include "policy/policy.h"

DEFINE_CLEANUP(cleanup_agent, struct agent *, agent_free)
DEFINE_CLEANUP(cleanup_event, sd_event *, sd_event_unref)

static struct agent_config config = {
        .paths = {
                .sys = "/sys",
                .run = "/run/lekdicht",
                .etc = "/etc/lekdicht",
                .policy = "/etc/lekdicht/policy.ini",
                .clock = "/var/lib/lekdicht/clock",
                .leases = "/run/lekdichtd/leases",
                .kept_leases = "/var/lib/lekdicht/leases",
                .last_good = "/var/lib/lekdicht/policy.last-good.ini",
                .gate = "/usr/sbin/lekdicht-gate",
                .helper = HELPER_SOCKET,
                .members = "/proc/self/exe",
                .lock = "/var/lib/lekdicht/lock",
                .bus = "unix:path=/run/dbus/system_bus_socket",
                .machine = "/etc/machine-id",
                .spool = "/var/lib/lekdicht/spool.db",
                .rules = "/usr/lib/udev/rules.d",
                .own_rules = "/etc/udev/rules.d",
        },
        .policy_flags = POLICY_REQUIRE_ROOT_OWNED,
        .receive_buffer = WATCH_RECEIVE_BUFFER,
};

/* Returns -1 to go on, else the exit status. */
static int options(int argc, char **argv)
{
        static const struct option known[] = { { "help", no_argument, NULL, 'h' },
                                               { "version", no_argument, NULL, 'V' },
                                               { 0 } };
        int option = getopt_long(argc, argv, "h", known, NULL);

        if (option == 'V') {
                puts("lekdichtd " LEKDICHT_VERSION);
                return EXIT_SUCCESS;
        }
        if (option == 'h') {
                puts("lekdichtd: refuses removable storage. Started by systemd (lekdichtd.service); takes no "
                     "arguments.\n"
                     "  --version   say which one this is\n"
                     "  --help      this\n"
                     "Policy: /etc/lekdicht/policy.ini. SIGHUP reads it again. See also lekdicht(1).");
                return EXIT_SUCCESS;
        }
        if (option != -1 || optind < argc) {
                fputs("lekdichtd: takes no arguments but --help and --version\n", stderr);
                return EXIT_FAILURE;
        }
        return -1;
}

/* A descriptor that we open must never become the standard output of a child. */
static int reserve_standard_descriptors(void)
{
        int fd;

        do
                fd = open("/dev/null", O_RDWR);
        while (fd >= 0 && fd <= STDERR_FILENO);
        if (fd > STDERR_FILENO)
                close(fd);
        return fd < 0 ? -errno : 0;
}

static int block_signals(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        return 0;
}

/* Once, at the start: later nobody is asked who may take minutes to answer. */
static uid_t number_of(const char *name)
{
        const struct passwd *user = getpwnam(name);

        return user ? user->pw_uid : (uid_t) -1;
}

/* What is freed goes back to the system: one heap for both threads, and what is large is never part of it. */
static void keep_small(void)
{
        (void) mallopt(M_ARENA_MAX, 1);
        (void) mallopt(M_MMAP_THRESHOLD, 64 * 1024);
        (void) mallopt(M_TRIM_THRESHOLD, 64 * 1024);
}

int main(int argc, char **argv)
{
        CLEANUP(cleanup_event) sd_event *loop = NULL;
        CLEANUP(cleanup_agent) struct agent *agent = NULL;
        int r;

        /* Before anything else: this is not the agent, but what it asks (members.c). */
        if (argc > 1 && strcmp(argv[1], MEMBERSHIP_OPTION) == 0)
                return membership_answer(argc - 2, argv + 2);
        r = options(argc, argv);
        if (r >= 0)
                return r;
        keep_small();
        config.reporter_uid = number_of("lekdicht-report");
        config.watcher_uid = number_of("lekdicht-watch");
        r = reserve_standard_descriptors();
        if (r >= 0)
                r = block_signals();
        if (r >= 0)
                r = sd_event_default(&loop);
        if (r >= 0)
                r = sd_event_set_watchdog(loop, true);
        if (r >= 0)
                r = agent_new(loop, &config, &agent);
        if (r == -EALREADY) {
                fputs("lekdichtd: another lekdichtd is running on this machine\n", stderr);
                return EXIT_FAILURE;
        }
        if (r >= 0)
                r = agent_start(agent);
        if (r >= 0)
                r = sd_event_loop(loop);
        if (r < 0)
                fprintf(stderr, "lekdichtd: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
