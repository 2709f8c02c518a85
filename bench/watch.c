/* links: @lekdicht-watch libs: libsystemd inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What lekdicht-watch costs, and what it misses: programs that are started with it and without it, in turn; starts in a storm
 * that it was told of; and a look at all of /proc. Root, on a kernel with the proc connector. Prints tables for
 * docs/benchmarks.md. */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "watcher/connector.h"
#include "watcher/process.h"
#include "watcher/homes.h"
#include "watcher/watcher.h"

#define PAIRS 20U
#ifndef STARTS
#define STARTS 10000U
#endif
#define SCANS    100U
#define STORMERS 4U

static struct catalogue *catalogue;

static void fail(const char *what)
{
        fprintf(stderr, "bench/watch: %s\n", what);
        exit(1);
}

static double usec_of(const struct rusage *use)
{
        return (double) (use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1e6 +
               (double) (use->ru_utime.tv_usec + use->ru_stime.tv_usec);
}

/* What this process and those that it has waited for have used of the processors, in microseconds. */
static double used(void)
{
        struct rusage own, children;

        if (getrusage(RUSAGE_SELF, &own) < 0 || getrusage(RUSAGE_CHILDREN, &children) < 0)
                fail("no usage is told");
        return usec_of(&own) + usec_of(&children);
}

static void start_programs(unsigned n)
{
        char name[] = "true", *argv[] = { name, NULL };

        for (unsigned i = 0; i < n; i++) {
                pid_t pid;

                if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) != 0 || waitpid(pid, NULL, 0) != pid)
                        fail("a program cannot be started");
        }
}

static int nobody(uid_t **ret)
{
        (void) ret;
        return 0;
}

static pid_t watch(void)
{
        struct watcher_config config = { .proc = "/proc",
                                         .bus = "unix:path=/nonexistent",
                                         .catalogue = catalogue,
                                         .dwell_usec = WATCHER_DWELL_USEC,
                                         .day_usec = HOMES_DAY_USEC,
                                         .users = nobody };
        struct watcher *watcher;
        sd_event *loop;
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sd_event_new(&loop) < 0 || watcher_new(loop, &config, &watcher) < 0)
                fail("the watcher does not start");
        _exit(sd_event_loop(loop) < 0);
}

static int compare(const void *a, const void *b)
{
        double one = *(const double *) a, other = *(const double *) b;

        return (one > other) - (one < other);
}

/* Processor time, the watcher's own with it: by the clock on the wall a second busy process can make things faster, as it keeps
 * a processor from sleeping. Each pair in the other order than the last, so that what grows with time is not taken for the watcher's. */
static void pairs(void)
{
        double costs[PAIRS], each = 0;

        for (unsigned i = 0; i < PAIRS; i++) {
                double times[2] = { 0 };

                for (unsigned k = 0; k < 2; k++) {
                        unsigned with = (i + k) % 2;
                        pid_t pid = with ? watch() : 0;
                        double before = used();

                        usleep(200000);
                        start_programs(STARTS);
                        usleep(200000);
                        if (pid > 0) {
                                kill(pid, SIGKILL);
                                waitpid(pid, NULL, 0);
                        }
                        times[with] = used() - before;
                }
                costs[i] = (times[1] / times[0] - 1) * 100;
                each += times[0] / STARTS / PAIRS;
        }
        qsort(costs, PAIRS, sizeof(costs[0]), compare);
        printf("| %u programs started, %u times with and without it: more processor time with it, median | %.1f %% |\n",
               STARTS, PAIRS, (costs[PAIRS / 2 - 1] + costs[PAIRS / 2]) / 2);
        /* The sixth and the fifteenth of twenty: the median of all is between them with 95.9 %. */
        printf("| its 95 %% interval | %.1f to %.1f %% |\n", costs[5], costs[14]);
        printf("| one start without it | %.0f us |\n", each);
}

static struct {
        unsigned told, lost;
} storm;

static void on_started(void *userdata, pid_t pid)
{
        (void) userdata;
        (void) pid;
        storm.told++;
}

static void on_lost(void *userdata)
{
        (void) userdata;
        storm.lost++;
}

/* Nobody reads while it storms: all of it has to fit into the buffer. */
static void in_a_storm(void)
{
        const struct connector_ops ops = { .started = on_started, .lost = on_lost };
        struct connector *connector;
        sd_event *loop;

        if (sd_event_new(&loop) < 0 || connector_new(loop, &ops, &connector) < 0)
                fail("there is no proc connector");
        for (unsigned i = 0; i < STORMERS; i++)
                if (fork() == 0) {
                        start_programs(STARTS / STORMERS);
                        _exit(0);
                }
        while (wait(NULL) > 0)
                ;
        while (sd_event_run(loop, 2 * CONNECTOR_PAUSE_USEC) > 0)
                ;
        printf("| of %u starts with nobody reading, told | %u |\n| losses that were noticed | %u |\n", STARTS,
               storm.told, storm.lost);
        connector_free(connector);
        sd_event_unref(loop);
}

static void look_at_everything(void)
{
        int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        uint64_t begin = clock_usec(CLOCK_MONOTONIC);
        unsigned n = 0;

        for (unsigned i = 0; i < SCANS; i++) {
                DIR *directory = opendir("/proc");

                for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                        char program[PROCESS_PROGRAM_MAX];
                        int pid = atoi(entry->d_name);

                        if (pid <= 0)
                                continue;
                        n++;
                        if (process_peek(proc, pid, program) >= 0)
                                (void) catalogue_may_have(catalogue, program);
                }
                closedir(directory);
        }
        printf("| a look at 400 processes (measured with %u) | %.1f ms |\n", n / SCANS,
               (double) (clock_usec(CLOCK_MONOTONIC) - begin) / n * 400 / 1000);
        close(proc);
}

int main(void)
{
        struct policy_errors errors;

        setlinebuf(stdout);
        if (catalogue_new(&catalogue) < 0 || catalogue_load(catalogue, "policy/clients.ini", 0, &errors) < 0)
                fail("policy/clients.ini is not good");
        puts("|  | lekdicht-watch |\n| --- | ---: |");
        pairs();
        in_a_storm();
        look_at_everything();
        catalogue_free(catalogue);
        return 0;
}
