/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-collector: options, settings, then the parts one after another; and back in reverse when a signal comes. */

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "collector/accounts.h"
#include "collector/admin.h"
#include "collector/config.h"
#include "collector/http.h"
#include "collector/pem.h"
#include "collector/rate.h"
#include "collector/register.h"
#include "collector/store.h"
#include "collector/visit.h"
#include "collector/writer.h"
#include "common/cleanup.h"

#define TICK_SECONDS 1

#define EXIT_NOT_UNDERSTOOD 2

DEFINE_CLEANUP(cleanup_http, struct http *, http_free)
DEFINE_CLEANUP(cleanup_pem, char *, pem_free)
DEFINE_CLEANUP(cleanup_rate, struct rate *, rate_free)
DEFINE_CLEANUP(cleanup_store, struct store *, store_close)
DEFINE_CLEANUP(cleanup_visitors, struct visitors *, visitors_free)
DEFINE_CLEANUP(cleanup_writer, struct writer *, writer_free)

/* To stderr, which is the journal when systemd has started it. */
__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
        va_list arguments;
        char text[1024];

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        fprintf(stderr, "lekdicht-collector: %s\n", text); /* one write, so that threads do not mix */
}

static void usage(FILE *file)
{
        fputs("Usage: lekdicht-collector [--config FILE]\n"
              "       lekdicht-collector [--config FILE] VERB\n"
              "Without a verb it receives events from laptops (OTLP/HTTP, JSON) and shows them on one page. The "
              "verbs:\n"
              "\n",
              file);
        for (size_t i = 0; i < admin_verbs_n; i++) {
                const struct admin_verb *verb = &admin_verbs[i];

                fprintf(file, "  %s%s%s%s%s%s%s\n        %s\n", verb->verb, verb->noun ? " " : "",
                        verb->noun ? verb->noun : "", verb->argument ? " " : "", verb->argument ? verb->argument : "",
                        verb->options ? " " : "", verb->options ? verb->options : "", verb->help);
        }
        fprintf(file,
                "\n"
                "  -c, --config FILE  settings instead of " CONFIG_PATH "\n"
                "  --laptops N        so many laptops may enrol with the token, 1 to %u; else %u\n"
                "  --days N           so long it lets them in, 1 to %u; else %u\n"
                "  --role ROLE        what somebody may: viewer (of one site), it, privacy-officer, auditor\n"
                "  --site SITE        of a viewer\n"
                "  -h, --help         this text\n"
                "  -V, --version      the version\n",
                REGISTER_LAPTOPS_MAX, ADMIN_LAPTOPS, REGISTER_DAYS_MAX, ADMIN_DAYS);
}

/* What the store said, for whoever reads the journal. */
static const char *store_words(int error)
{
        switch (error) {
        case -ENOSPC:
                return "the disk is full";
        case -EBUSY:
                return "another program has locked it";
        case -EUCLEAN:
                return "it is damaged, or no database";
        case -EMEDIUMTYPE:
                return "it belongs to another program";
        case -EPROTONOSUPPORT:
                return "it was made by a newer lekdicht";
        default:
                return strerror(-error);
        }
}

static void writing_changed(void *userdata, int error)
{
        const struct config *config = userdata;

        if (error < 0)
                note("%s: nothing can be stored: %s; laptops are asked to come back later", config->database,
                     store_words(error));
        else
                note("%s: events are stored again", config->database);
}

static int listen_on(const struct config *config)
{
        union address bound = config->listen;
        socklen_t size = sizeof(bound);
        char text[ADDRESS_TEXT_MAX];
        int fd = address_listen(&config->listen, HTTP_BACKLOG);

        if (fd >= 0)
                getsockname(fd, &bound.any, &size); /* which port it became */
        address_write(&bound, config->certificate[0], text);
        if (fd < 0)
                note("cannot listen on %s: %s", text, strerror(-fd));
        else if (bound.any.sa_family == AF_UNIX)
                note("listening on %s", text);
        else
                note("the page is %s/", text);
        return fd;
}

/* The texts of the TLS files, where there are such. */
static int read_tls(const struct config *config, char **ret_certificate, char **ret_key)
{
        const char *path = config->certificate;
        int r;

        if (!path[0])
                return 0;
        r = pem_read(path, false, ret_certificate);
        if (r == 0) {
                path = config->key;
                r = pem_read(path, true, ret_key);
        }
        if (r == -EPERM)
                note("%s: everybody can read this key; it is for the collector alone (chmod 0640)", path);
        else if (r == -EINVAL)
                note("%s: is no PEM file", path);
        else if (r < 0)
                note("%s: %s", path, strerror(-r));
        return r;
}

static int open_store(const struct config *config, struct store **ret)
{
        int r = store_open(config->database, ret);

        if (r < 0)
                note("%s: cannot be used: %s", config->database, store_words(r));
        return r;
}

/* Others may connect only when there is somebody who may look. */
static int check_accounts(const struct config *config, struct store *store)
{
        int r = accounts_any(store);

        if (r == 0 && !address_is_local(&config->listen)) {
                note("there are no accounts yet, so only this machine may connect: listen on 127.0.0.1, or make one "
                     "first: "
                     "lekdicht-collector adduser NAME --role it");
                return -EPERM;
        }
        return r < 0 ? r : 0;
}

static int run(struct config *config, const sigset_t *signals)
{
        CLEANUP(cleanup_store) struct store *store = NULL;
        CLEANUP(cleanup_writer) struct writer *writer = NULL;
        CLEANUP(cleanup_visitors) struct visitors *visitors = NULL;
        CLEANUP(cleanup_rate) struct rate *rate = NULL;
        CLEANUP(cleanup_pem) char *certificate = NULL, *key = NULL;
        CLEANUP(cleanup_http) struct http *http = NULL;
        struct http_settings settings;
        int r, caught;

        r = read_tls(config, &certificate, &key);
        if (r < 0)
                return r;
        rate = rate_new(config->requests_per_minute, RATE_MINUTE_USEC);
        if (!rate) {
                note("there is no memory or no randomness");
                return -ENOMEM;
        }
        r = open_store(config, &store);
        if (r < 0)
                return r;
        r = check_accounts(config, store);
        if (r < 0)
                return r;
        visitors = visitors_new(store, certificate || config->listen.any.sa_family == AF_UNIX);
        if (!visitors) {
                note("there is no memory or no randomness");
                return -ENOMEM;
        }
        r = writer_new(store, writing_changed, config, &writer);
        if (r < 0) {
                note("cannot start the writer: %s", strerror(-r));
                return r;
        }
        r = listen_on(config);
        if (r < 0)
                return r;
        settings = (struct http_settings){ .fd = r,
                                           .store = store,
                                           .writer = writer,
                                           .rate = rate,
                                           .visitors = visitors,
                                           .local = address_is_local(&config->listen),
                                           .certificate = certificate,
                                           .key = key,
                                           .proxied = config->listen.any.sa_family == AF_UNIX };
        r = http_new(&settings, &http);
        if (r < 0) {
                note(certificate ? "cannot start the server: are these a certificate and its key?"
                                 : "cannot start the server");
                return r;
        }

        do {
                caught = sigtimedwait(signals, NULL, &(struct timespec){ .tv_sec = TICK_SECONDS });
                http_tick(http);
        } while (caught < 0 && (errno == EAGAIN || errno == EINTR));
        note("stopping: %s", caught < 0 ? strerror(errno) : strsignal(caught));
        return caught < 0 ? -errno : 0;
}

/* path: NULL for the installed settings, or where there are none the built-in ones. */
static int load_config(const char *path, struct config *ret)
{
        char error[CONFIG_ERROR_MAX];
        int r;

        config_default(ret);
        r = config_load(path ? path : CONFIG_PATH, ret, error);
        if (r == -ENOENT && !path)
                return 0;
        if (r == -EINVAL)
                note("%s", error);
        else if (r < 0)
                note("%s: %s", path ? path : CONFIG_PATH, strerror(-r));
        return r;
}

/* The verb that these words are, with its argument; NULL: none is. */
static const struct admin_verb *find_verb(int n, char **words, const char **ret_argument)
{
        for (size_t i = 0; i < admin_verbs_n; i++) {
                const struct admin_verb *verb = &admin_verbs[i];
                int at = verb->noun ? 2 : 1;

                if (n != at + (verb->argument ? 1 : 0) || strcmp(words[0], verb->verb) != 0 ||
                    (verb->noun && strcmp(words[1], verb->noun) != 0))
                        continue;
                *ret_argument = verb->argument ? words[at] : NULL;
                return verb;
        }
        return NULL;
}

static bool knows(const struct admin_verb *verb, const char *option)
{
        return verb && verb->options && strstr(verb->options, option);
}

static int run_verb(const struct admin_verb *verb, struct admin *admin, const struct config *config)
{
        CLEANUP(cleanup_store) struct store *store = NULL;
        int r = admin_become_owner(config->database);

        if (r < 0) {
                note("%s: its folder cannot be used: %s", config->database, strerror(-r));
                return r;
        }
        r = open_store(config, &store);
        if (r < 0)
                return r;
        admin->store = store;
        r = verb->function(admin);
        return r == 0 && fflush(admin->out) != 0 ? -EIO : r;
}

/* "100", from 1 to most. */
static bool read_number(const char *text, unsigned most, unsigned *ret)
{
        size_t digits = strspn(text, "0123456789");
        unsigned long n = strtoul(text, NULL, 10);

        if (digits == 0 || digits > 9 || text[digits] != '\0' || n < 1 || n > most)
                return false;
        *ret = (unsigned) n;
        return true;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' }, { "laptops", required_argument, NULL, 'l' },
                { "days", required_argument, NULL, 'd' },   { "role", required_argument, NULL, 'r' },
                { "site", required_argument, NULL, 's' },   { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },      { 0 },
        };
        struct admin admin = { .laptops = ADMIN_LAPTOPS, .days = ADMIN_DAYS, .out = stdout, .err = stderr };
        const struct admin_verb *verb = NULL;
        const char *path = NULL;
        struct config config;
        bool understood = true, limited = false;
        sigset_t signals;
        int option;

        while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) >= 0) {
                switch (option) {
                case 'c':
                        path = optarg;
                        break;
                case 'l':
                        understood = understood && read_number(optarg, REGISTER_LAPTOPS_MAX, &admin.laptops);
                        limited = true;
                        break;
                case 'd':
                        understood = understood && read_number(optarg, REGISTER_DAYS_MAX, &admin.days);
                        limited = true;
                        break;
                case 'r':
                        admin.role = optarg;
                        break;
                case 's':
                        admin.site = optarg;
                        break;
                case 'h':
                        usage(stdout);
                        return EXIT_SUCCESS;
                case 'V':
                        puts("lekdicht-collector " LEKDICHT_VERSION);
                        return EXIT_SUCCESS;
                default:
                        understood = false;
                }
        }
        if (optind < argc) {
                verb = find_verb(argc - optind, argv + optind, &admin.argument);
                understood = understood && verb;
        }
        if (!understood || (limited && !knows(verb, "--days")) || (admin.role && !knows(verb, "--role")) ||
            (admin.site && !knows(verb, "--site"))) {
                usage(stderr);
                return EXIT_NOT_UNDERSTOOD;
        }
        if (load_config(path, &config) < 0)
                return EXIT_FAILURE;
        umask(0077);
        tzset();
        if (verb)
                return run_verb(verb, &admin, &config) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

        /* Before there is any thread, so that all inherit it. A vanished client is an error of send(2), not a signal. */
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        return run(&config, &signals) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
