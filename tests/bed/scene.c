/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See scene.h. */

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/parts.h"
#include "agent/watch.h"
#include "common/clock.h"
#include "tests/bed/scene.h"

/* The few functions of libumockdev that are used; its own header wants all of GLib's. */
typedef struct _UMockdevTestbed UMockdevTestbed;
/* Of libumockdev-preload, where that is loaded. */
extern pthread_mutex_t trap_path_lock __attribute__((weak));
extern UMockdevTestbed *umockdev_testbed_new(void);
extern char *umockdev_testbed_get_root_dir(UMockdevTestbed *testbed);
extern void umockdev_testbed_uevent(UMockdevTestbed *testbed, const char *syspath, const char *action);

#define ENTRIES_MAX 4096

struct scene scene;

static UMockdevTestbed *testbed;
static char *entries[ENTRIES_MAX];
static unsigned n_entries, lose, unread;

/* ---- lost events: libudev's recvmsg() comes here first ---- */

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
        static ssize_t (*next)(int fd, struct msghdr *message, int flags);
        struct sockaddr_storage address;
        socklen_t length = sizeof(address);

        if (!next)
                *(void **) &next = dlsym(RTLD_NEXT, "recvmsg");
        if (lose > 0 && getsockname(fd, (struct sockaddr *) &address, &length) == 0 &&
            strstr(((struct sockaddr *) &address)->sa_data, "/event")) {
                while (recv(fd, &address, sizeof(address), MSG_DONTWAIT | MSG_TRUNC) >= 0)
                        ;
                lose--;
                errno = ENOBUFS;
                return -1;
        }
        return next(fd, message, flags);
}

void scene_lose_events(unsigned n)
{
        lose = n;
}

/* ---- journal ---- */

static int keep_entry(void *userdata, const struct iovec *fields, int n)
{
        char text[16384] = "\n";
        size_t length = 1;

        (void) userdata;
        for (int i = 0; i < n; i++)
                length += (size_t) snprintf(text + length, sizeof(text) - length, "%.*s\n", (int) fields[i].iov_len,
                                            (const char *) fields[i].iov_base);
        if (n_entries < ENTRIES_MAX)
                entries[n_entries++] = strdup(text);
        if (getenv("SCENE_VERBOSE"))
                fputs(text, stderr);
        return 0;
}

static bool entry_has(const char *entry, const char *field)
{
        char line[1024];
        size_t length = strlen(field);

        if (field[length - 1] == '*')
                snprintf(line, sizeof(line), "\n%.*s", (int) length - 1, field);
        else
                snprintf(line, sizeof(line), "\n%s\n", field);
        return strstr(entry, line) != NULL;
}

unsigned scene_journal(const char *field, ...)
{
        unsigned found = 0;

        for (unsigned i = 0; i < n_entries; i++) {
                bool all = true;
                va_list fields;

                va_start(fields, field);
                for (const char *each = field; each; each = va_arg(fields, const char *))
                        all = all && entry_has(entries[i], each);
                va_end(fields);
                found += all;
        }
        return found;
}

bool scene_journal_has(const char *text)
{
        for (unsigned i = 0; i < n_entries; i++)
                if (strstr(entries[i], text))
                        return true;
        return false;
}

/* ---- gate ---- */

unsigned scene_gate(const char *line)
{
        const char *text = bed_read(&scene.bed, "gate.log");
        size_t length = strlen(line);
        unsigned found = 0;

        for (; text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
                found += strncmp(text, line, length) == 0 && (text[length] == '\n' || text[length] == '\0');
        return found;
}

unsigned scene_gate_calls(void)
{
        const char *text = bed_read(&scene.bed, "gate.log");
        unsigned found = 0;

        for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
                found++;
        return found;
}

/* ---- the machine and the agent ---- */

static const char *path_of(const char *below)
{
        static char paths[16][PATH_MAX];
        static unsigned turn;

        snprintf(paths[turn % 16], PATH_MAX, "%s/%s", scene.bed.root, below);
        return paths[turn++ % 16];
}

/* umockdev leaves its directory behind when nobody unrefs the testbed. */
static void remove_root(void)
{
        bed_remove(&scene.bed, ".");
        (void) rmdir(scene.bed.root);
}

/* A child that is forked while umockdev's thread has this lock waits for it for ever, at its first open() (umockdev before 0.19.6). */
static void hold_umockdev(void)
{
        if (&trap_path_lock)
                pthread_mutex_lock(&trap_path_lock);
}

static void let_umockdev_go(void)
{
        if (&trap_path_lock)
                pthread_mutex_unlock(&trap_path_lock);
}

int scene_setup(void **state)
{
        static const char *const rules[] = { "rules.d/60-lekdicht-internal.rules", "rules.d/61-lekdicht-hold.rules",
                                             "rules.d/69-zz-lekdicht-phone.rules", "rules.d/72-lekdicht-hold.rules" };
        static const char *const parts[] = { "sys",      "run",        "etc",  "var",     "hang",       "exit",
                                             "gate.log", "gate.paths", "gate", "members", "members.log" };
        static const struct record_sink sink = { .send = keep_entry };
        static char fake[PATH_MAX], fake_members[PATH_MAX];
        sigset_t set;
        char *root;

        (void) state;
        /* Before umockdev starts its thread: up to 0.17 its wrappers of open() and the like may give one thread's signal mask
           to another, and sd-event refuses to watch a child where SIGCHLD is not blocked. So all threads have the same. */
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if (!testbed) {
                testbed = umockdev_testbed_new();
                pthread_atfork(hold_umockdev, let_umockdev_go, let_umockdev_go);
                atexit(remove_root);
                if (!realpath("tests/bed/fake-gate", fake) || !realpath("tests/bed/fake-members", fake_members))
                        return -1;
        }
        root = umockdev_testbed_get_root_dir(testbed);
        bed_init(&scene.bed, root);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
                bed_remove(&scene.bed, parts[i]);
        bed_init(&scene.bed, root);
        free(root);
        bed_text(&scene.bed, "run/lekdicht/armed", "%s", "");
        bed_text(&scene.bed, "gate", "#!/bin/sh\nexec '%s' '%s' \"$@\"\n", fake, scene.bed.root);
        chmod(path_of("gate"), 0755);
        bed_text(&scene.bed, "members/ask", "#!/bin/sh\nexec '%s' '%s' \"$@\"\n", fake_members, scene.bed.root);
        chmod(path_of("members/ask"), 0755);
        for (unsigned i = 0; i < n_entries; i++)
                free(entries[i]);
        n_entries = 0;
        lose = 0;
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
                bed_text(&scene.bed, rules[i], "%s", "");
        /* Under umockdev the bed's sys/ is /sys, for libudev as for us. */
        scene.config = (struct agent_config){
                .paths = { .sys = "/sys",
                           .run = strdup(scene.bed.run),
                           .etc = strdup(scene.bed.etc),
                           .policy = strdup(path_of("etc/lekdicht/policy.ini")),
                           .last_good = strdup(path_of("var/lib/lekdicht/policy.last-good.ini")),
                           .clock = strdup(path_of("var/lib/lekdicht/clock")),
                           .leases = strdup(path_of("run/lekdicht/leases")),
                           .kept_leases = strdup(path_of("var/lib/lekdicht/leases")),
                           .gate = strdup(path_of("gate")),
                           .members = strdup(path_of("members/ask")),
                           .lock = strdup(path_of("run/agent.lock")),
                           .bus = getenv("SCENE_BUS") ?: "unix:path=/nonexistent/bus",
                           .machine = strdup(path_of("etc/machine-id")),
                           .spool = strdup(path_of("var/lib/lekdicht/spool.db")),
                           .rules = strdup(path_of("rules.d")),
                           .own_rules = "/nonexistent" },
                .receive_buffer = 65536,
                .sink = &sink,
                .reporter_uid = (uid_t) -1,
                .watcher_uid = (uid_t) -1,
                .notices_without_session = true,
        };
        return sd_event_new(&scene.loop) < 0 ? -1 : 0;
}

/* A gate that is still at work would write into the next test's machine. */
static void wait_for_gates(void)
{
        uint64_t deadline = 0;

        bed_remove(&scene.bed, "hang");
        while (scene.agent && gatekeeper_running(scene.agent->gatekeeper) > 0 &&
               sd_event_get_state(scene.loop) != SD_EVENT_FINISHED && scene_turn(&deadline))
                ;
}

int scene_teardown(void **state)
{
        (void) state;
        wait_for_gates();
        scene_stop();
        scene.loop = sd_event_unref(scene.loop);
        free((void *) (uintptr_t) scene.config.paths.run);
        free((void *) (uintptr_t) scene.config.paths.etc);
        free((void *) (uintptr_t) scene.config.paths.policy);
        free((void *) (uintptr_t) scene.config.paths.last_good);
        free((void *) (uintptr_t) scene.config.paths.clock);
        free((void *) (uintptr_t) scene.config.paths.leases);
        free((void *) (uintptr_t) scene.config.paths.kept_leases);
        free((void *) (uintptr_t) scene.config.paths.gate);
        free((void *) (uintptr_t) scene.config.paths.members);
        free((void *) (uintptr_t) scene.config.paths.lock);
        free((void *) (uintptr_t) scene.config.paths.spool);
        free((void *) (uintptr_t) scene.config.paths.rules);
        return 0;
}

void scene_policy(const char *policy)
{
        if (policy)
                bed_text(&scene.bed, "etc/lekdicht/policy.ini", "%s", policy);
        else
                bed_remove(&scene.bed, "etc/lekdicht/policy.ini");
}

void scene_start(const char *policy)
{
        int r;

        scene_policy(policy);
        r = agent_new(scene.loop, &scene.config, &scene.agent);
        if (r >= 0)
                r = agent_start(scene.agent);
        if (r < 0) {
                fprintf(stderr, "scene: the agent does not start: %s\n", strerror(-r));
                abort();
        }
}

void scene_stop(void)
{
        scene.agent = agent_free(scene.agent);
}

/* Let the agent see everything that was sent. */
static void drain(void)
{
        for (unsigned i = 0; i < 1000 && sd_event_run(scene.loop, 0) > 0; i++)
                ;
        unread = 0;
}

void scene_event(const char *action, const char *devpath)
{
        char path[PATH_MAX + sizeof("/sys")];

        /* The socket that umockdev uses for netlink holds ten messages at least, and it gives up when it is full. */
        if (++unread > 8)
                drain();
        snprintf(path, sizeof(path), "/sys%s", devpath);
        umockdev_testbed_uevent(testbed, path, action);
}

void scene_unplug(const char *devpath)
{
        scene_event("remove", devpath);
        bed_unplug(&scene.bed, devpath);
}

const char *scene_plug(const struct bed_usb *usb)
{
        const char *devpath = bed_usb(&scene.bed, usb, true);
        char interface[PATH_MAX];

        scene_event("add", devpath);
        for (unsigned i = 0; i < 8 && usb->interfaces[i].class; i++) {
                snprintf(interface, sizeof(interface), "%s/%s:1.%u", devpath, usb->port, i);
                scene_event("add", interface);
        }
        return devpath;
}

bool scene_turn(uint64_t *deadline)
{
        if (*deadline == 0)
                *deadline = clock_usec(CLOCK_MONOTONIC) + 5000000ULL;
        sd_event_run(scene.loop, 10000);
        drain();
        return clock_usec(CLOCK_MONOTONIC) < *deadline;
}

void scene_run(unsigned milliseconds)
{
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + milliseconds * 1000ULL;

        do
                sd_event_run(scene.loop, 10000);
        while (clock_usec(CLOCK_MONOTONIC) < end);
        drain();
}
