/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-reporter: brings what the agent recorded to the school's collector. The only program on the laptop that uses
 * the network; it has no rights, keeps nothing, and may be killed at any moment: what was not acknowledged is sent
 * again.
 *
 * Nothing is taken from the environment but the address of the bus: no proxy, no trust store, no key log. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "reporter/compress.h"
#include "reporter/delivery.h"
#include "reporter/enrolment.h"
#include "reporter/post.h"
#include "reporter/source.h"

#define ENROLMENT_PATH "/etc/lekdicht/enrolment"
#define SYSTEM_BUS     "unix:path=/run/dbus/system_bus_socket"

DEFINE_CLEANUP(cleanup_source, struct source *, source_free)
DEFINE_CLEANUP(cleanup_post, struct post *, post_free)

struct reporter {
        struct source *source;
        struct post *post;
};

static int reporter_fetch(void *userdata, struct batch *batch)
{
        return source_fetch(((struct reporter *) userdata)->source, batch);
}

static int reporter_acknowledge(void *userdata, uint64_t seq)
{
        return source_acknowledge(((struct reporter *) userdata)->source, seq);
}

static int reporter_set_aside(void *userdata, uint64_t seq, enum batch_fault fault)
{
        return source_set_aside(((struct reporter *) userdata)->source, seq, fault);
}

static int reporter_wait(void *userdata, uint64_t usec, bool wake)
{
        return source_wait(((struct reporter *) userdata)->source, usec, wake);
}

static void reporter_post(void *userdata, const char *text, size_t size, struct reply *reply)
{
        CLEANUP(cleanup_free) char *packed = NULL;
        size_t packed_size;

        if (compress_gzip(text, size, &packed, &packed_size) < 0) {
                reply->status = 0;
                strcpy(reply->trouble, "there is no memory");
                return;
        }
        post_send(((struct reporter *) userdata)->post, packed, packed_size, reply);
}

static void reporter_rest(void *userdata)
{
        post_rest(((struct reporter *) userdata)->post);
}

/* The journal reads "<4>" as a priority (sd-daemon(3)); a terminal should not show it. */
static void reporter_say(void *userdata, int priority, const char *text)
{
        (void) userdata;
        if (getenv("JOURNAL_STREAM"))
                fprintf(stderr, "<%d>%s\n", priority, text);
        else
                fprintf(stderr, "lekdicht-reporter: %s\n", text);
}

static int64_t reporter_wall(void *userdata)
{
        (void) userdata;
        return time(NULL);
}

/* Only spreads laptops over time. Where the kernel has nothing yet, the clock's nanoseconds do. */
static uint64_t reporter_random(void *userdata)
{
        struct timespec now = { 0 };
        uint64_t value;

        (void) userdata;
        if (getrandom(&value, sizeof(value), GRND_NONBLOCK) == (ssize_t) sizeof(value))
                return value;
        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (uint64_t) now.tv_nsec * UINT64_C(0x9E3779B97F4A7C15);
}

/* Keep what main.c itself reads, drop the rest. */
static int clear_environment(char **ret_bus)
{
        const char *bus = getenv("DBUS_SYSTEM_BUS_ADDRESS"), *stream = getenv("JOURNAL_STREAM");
        CLEANUP(cleanup_free)
        char *bus_copy = strdup(bus ? bus : SYSTEM_BUS), *stream_copy = stream ? strdup(stream) : NULL;

        if (!bus_copy || (stream && !stream_copy) || clearenv() != 0 ||
            (stream_copy && setenv("JOURNAL_STREAM", stream_copy, 1) < 0))
                return -ENOMEM;
        *ret_bus = bus_copy;
        bus_copy = NULL;

        return 0;
}

/* Returns -1 to go on, else the exit status. */
static int options(int argc, char **argv, const char **ret_enrolment)
{
        static const struct option known[] = {
                { "enrolment", required_argument, NULL, 'e' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
                switch (option) {
                case 'e':
                        *ret_enrolment = optarg;
                        break;
                case 'V':
                        puts("lekdicht-reporter " LEKDICHT_VERSION);
                        return EXIT_SUCCESS;
                case 'h':
                        puts("lekdicht-reporter: brings records to the school's collector. Started by systemd\n"
                             "(lekdicht-reporter.service) on a laptop that is enrolled.\n"
                             "  --enrolment FILE   where to and in whose name (" ENROLMENT_PATH ")\n"
                             "  --version          say which one this is\n"
                             "  --help             this");
                        return EXIT_SUCCESS;
                default:
                        return EX_USAGE;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "lekdicht-reporter: \"%s\" is not understood; see --help\n", argv[optind]);
                return EX_USAGE;
        }

        return -1;
}

static int run(struct reporter *reporter)
{
        static struct delivery delivery;
        const struct delivery_parts parts = {
                .userdata = reporter,
                .fetch = reporter_fetch,
                .acknowledge = reporter_acknowledge,
                .set_aside = reporter_set_aside,
                .wait = reporter_wait,
                .post = reporter_post,
                .rest = reporter_rest,
                .say = reporter_say,
        };
        const struct clock clock = { .wall = reporter_wall, .random = reporter_random };
        int r;

        delivery_init(&delivery, &parts, &clock);
        do
                r = delivery_step(&delivery);
        while (r >= 0);
        delivery_clear(&delivery);

        return r;
}

int main(int argc, char **argv)
{
        CLEANUP(cleanup_source) struct source *source = NULL;
        CLEANUP(cleanup_post) struct post *post = NULL;
        CLEANUP(cleanup_free) char *bus = NULL;
        const char *path = ENROLMENT_PATH;
        char error[ENROLMENT_ERROR_MAX];
        struct enrolment enrolment;
        int r = options(argc, argv, &path);

        if (r >= 0)
                return r;
        r = clear_environment(&bus);
        if (r >= 0 && enrolment_load(path, &enrolment, error) < 0) {
                fprintf(stderr, "lekdicht-reporter: %s: %s\n", path, error);
                return EX_CONFIG;
        }
        if (r >= 0 && signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                r = -errno;
        if (r >= 0)
                r = source_new(bus, &source);
        if (r >= 0)
                r = post_new(&enrolment, &post);
        if (r >= 0)
                r = run(&(struct reporter){ .source = source, .post = post });
        fprintf(stderr, "lekdicht-reporter: %s\n", strerror(-r));

        return EXIT_FAILURE;
}
