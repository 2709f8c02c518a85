/* links: @lekdichtd libs: libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdichtd for the demo: the same sources with other paths, given as arguments. The installed program has no such switches.
 * On a played machine every entry in the journal says that it is simulated. */

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "agent/agent.h"
#include "agent/watch.h"
#include "common/cleanup.h"

#define DEMO_PATH_MAX    256U
#define DEMO_FIELDS_MAX  32U
#define DEMO_MESSAGE_MAX 2048U

DEFINE_CLEANUP(cleanup_agent, struct agent *, agent_free)
DEFINE_CLEANUP(cleanup_event, sd_event *, sd_event_unref)

static int send_simulated(void *userdata, const struct iovec *fields, int n)
{
        static char mark[] = "LEKDICHT_SIMULATED=1";
        static const char message[] = "MESSAGE=";
        struct iovec marked[DEMO_FIELDS_MAX];
        char text[DEMO_MESSAGE_MAX];

        (void) userdata;
        if (n < 0 || (unsigned) n >= DEMO_FIELDS_MAX)
                return -E2BIG;
        for (int i = 0; i < n; i++) {
                size_t head = strlen(message);

                marked[i] = fields[i];
                if (fields[i].iov_len < head || memcmp(fields[i].iov_base, message, head) != 0)
                        continue;
                snprintf(text, sizeof(text), "%sSIMULATED: %.*s", message, (int) (fields[i].iov_len - head),
                         (const char *) fields[i].iov_base + head);
                marked[i] = (struct iovec){ text, strlen(text) };
        }
        marked[n] = (struct iovec){ mark, strlen(mark) };
        return sd_journal_sendv(marked, n + 1);
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

int main(int argc, char **argv)
{
        static const struct record_sink simulated = { .send = send_simulated };
        char policy[DEMO_PATH_MAX], last_good[DEMO_PATH_MAX], lock[DEMO_PATH_MAX], spool[DEMO_PATH_MAX],
                leases[DEMO_PATH_MAX];
        struct agent_config config = { .policy_flags = POLICY_REQUIRE_ROOT_OWNED,
                                       .receive_buffer = WATCH_RECEIVE_BUFFER };
        CLEANUP(cleanup_event) sd_event *loop = NULL;
        CLEANUP(cleanup_agent) struct agent *agent = NULL;
        const struct passwd *user;
        const char *bus = getenv("DBUS_SYSTEM_BUS_ADDRESS");
        int r;

        if (argc < 5 || !bus) {
                fputs("Only for tests/demo/run: RUN ETC STATE GATE [simulated]\n", stderr);
                return EXIT_FAILURE;
        }
        snprintf(policy, sizeof(policy), "%s/policy.ini", argv[2]);
        snprintf(last_good, sizeof(last_good), "%s/policy.last-good.ini", argv[3]);
        snprintf(lock, sizeof(lock), "%s/lock", argv[3]);
        snprintf(leases, sizeof(leases), "%s/leases", argv[1]);
        snprintf(spool, sizeof(spool), "%s/spool.db", argv[3]);
        config.paths = (struct agent_paths){
                .sys = "/sys",
                .run = argv[1],
                .etc = argv[2],
                .policy = policy,
                .last_good = last_good,
                .gate = argv[4],
                .lock = lock,
                .leases = leases,
                .bus = bus,
                .spool = spool,
        };
        user = getpwnam("lekdicht-report");
        config.reporter_uid = user ? user->pw_uid : (uid_t) -1;
        config.notices_without_session = true; /* whoever runs the demo is the one to be told */
        if (argc > 5) {
                config.sink = &simulated;
                config.simulated = true;
        }

        r = block_signals();
        if (r >= 0)
                r = sd_event_default(&loop);
        if (r >= 0)
                r = agent_new(loop, &config, &agent);
        if (r >= 0)
                r = agent_start(agent);
        if (r >= 0)
                r = sd_event_loop(loop);
        if (r < 0)
                fprintf(stderr, "lekdichtd-demo: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
