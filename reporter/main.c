/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-reporter: brings what the agent recorded to the school's collector. The only program on the laptop that uses
 * the network; it has no rights, keeps nothing but what the collector knows it by, and may be killed at any moment: what was not acknowledged is sent
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
#include "common/enrolment.h"
#include "reporter/compress.h"
#include "reporter/delivery.h"
#include "reporter/identity.h"
#include "reporter/post.h"
#include "reporter/source.h"

#define ENROLMENT_PATH "/etc/lekdicht/enrolment"
#define IDENTITY_PATH  "/var/lib/lekdicht-report/credential"
#define SYSTEM_BUS     "unix:path=/run/dbus/system_bus_socket"

DEFINE_CLEANUP(cleanup_source, struct source *, source_free)
DEFINE_CLEANUP(cleanup_post, struct post *, post_free)

struct reporter {
        struct source *source;
        struct post *post;
        struct identity identity;
        char host[BATCH_HOST_SIZE]; /* whose records were fetched last; "" when it was not to be read */
};

static int reporter_fetch(void *userdata, struct batch *batch)
{
        struct reporter *reporter = userdata;
        int r = source_fetch(reporter->source, batch);

        if (r >= 0 && !batch_host(batch, reporter->host))
                reporter->host[0] = '\0';
        return r;
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

/* No answer, for that reason. */
static void no_answer(struct reply *reply, const char *trouble)
{
        reply->status = 0;
        snprintf(reply->trouble, sizeof(reply->trouble), "%s", trouble);
}

/* Be let in by the collector. True when it was; else *reply is why not, as if the records had been refused for it: they
 * are kept, and whoever has to act is told. */
static bool enrol(struct reporter *reporter, struct reply *reply)
{
        CLEANUP(cleanup_free) char *text = NULL;
        size_t size;
        int r = identity_ask(&reporter->identity, reporter->host, &text, &size);

        if (r < 0) {
                no_answer(reply, "this laptop's credential cannot be written to " IDENTITY_PATH);
                return false;
        }
        post_send(reporter->post, &(struct post_request){ .path = "/v1/enroll", .body = text, .size = size }, reply);
        switch (reply->status) {
        case 200:
                r = identity_take(&reporter->identity, reply);
                if (r < 0)
                        no_answer(reply, r == -EBADMSG
                                                 ? "the answer to the enrolment is not a collector's"
                                                 : "this laptop's credential cannot be written to " IDENTITY_PATH);
                return r >= 0;
        case 400:
        case 413: /* of records these would mean something else */
                no_answer(reply, "the collector does not understand the enrolment; is it older than this laptop?");
                return false;
        default:
                return false;
        }
}

static void reporter_post(void *userdata, const char *text, size_t size, struct reply *reply)
{
        CLEANUP(cleanup_free) char *packed = NULL;
        struct reporter *reporter = userdata;
        size_t packed_size;

        if (reporter->host[0] == '\0')
                no_answer(reply, "the agent does not say whose records they are");
        else if (compress_gzip(text, size, &packed, &packed_size) < 0)
                no_answer(reply, "there is no memory");
        else if (identity_holds(&reporter->identity, reporter->host) || enrol(reporter, reply))
                post_send(reporter->post,
                          &(struct post_request){ .path = "/v1/logs",
                                                  .credential = reporter->identity.credential,
                                                  .body = packed,
                                                  .size = packed_size,
                                                  .gzip = true },
                          reply);
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
static int options(int argc, char **argv, const char **ret_enrolment, const char **ret_identity)
{
        static const struct option known[] = {
                { "enrolment", required_argument, NULL, 'e' },
                { "credential", required_argument, NULL, 'c' },
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
                case 'c':
                        *ret_identity = optarg;
                        break;
                case 'V':
                        puts("lekdicht-reporter " LEKDICHT_VERSION);
                        return EXIT_SUCCESS;
                case 'h':
                        puts("lekdicht-reporter: brings records to the school's collector. Started by systemd\n"
                             "(lekdicht-reporter.service) on a laptop that is enrolled.\n"
                             "  --enrolment FILE   where to (" ENROLMENT_PATH ")\n"
                             "  --credential FILE  in whose name (" IDENTITY_PATH ")\n"
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
        const char *path = ENROLMENT_PATH, *identity = IDENTITY_PATH;
        static struct reporter reporter;
        char error[ENROLMENT_ERROR_MAX];
        struct enrolment enrolment;
        int r = options(argc, argv, &path, &identity);

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
                r = identity_load(&reporter.identity, &enrolment, identity);
        if (r >= 0) {
                reporter.source = source;
                reporter.post = post;
                r = run(&reporter);
        }
        fprintf(stderr, "lekdicht-reporter: %s\n", strerror(-r));

        return EXIT_FAILURE;
}
