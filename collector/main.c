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
#include <arpa/inet.h>

#include "collector/config.h"
#include "collector/http.h"
#include "collector/store.h"
#include "collector/token.h"
#include "collector/writer.h"
#include "common/cleanup.h"

#define TICK_SECONDS 1
#define TOKEN_GROUP  "lekdicht-collector" /* may read a token that is made here */
#define URL_MAX      80U

#define EXIT_NOT_UNDERSTOOD 2

DEFINE_CLEANUP(cleanup_http, struct http *, http_free)
DEFINE_CLEANUP(cleanup_store, struct store *, store_close)
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
        fprintf(file,
                "Usage: lekdicht-collector [--config FILE]\n"
                "       lekdicht-collector [--config FILE] enrolment\n"
                "Receives events from laptops (OTLP/HTTP, JSON) and shows them on one page.\n"
                "\n"
                "  enrolment          print what /etc/lekdicht/enrolment on a laptop has to say; makes the token when\n"
                "                     there is none yet\n"
                "  -c, --config FILE  settings instead of " CONFIG_PATH "\n"
                "  -h, --help         this text\n"
                "  -V, --version      the version\n");
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

static int load_token(const char *path, struct token *token)
{
        int r = token_load(path, token);

        switch (-r) {
        case 0:
                break;
        case ENOENT:
                note("%s: there is no token yet; make one: sudo lekdicht-collector enrolment", path);
                break;
        case EPERM:
                note("%s: others may read it or the group may write it; use mode 0600 or 0640", path);
                break;
        case EMEDIUMTYPE:
                note("%s: not a regular file", path);
                break;
        case EBADMSG:
                note("%s: not one line of printable characters without blanks", path);
                break;
        case EMSGSIZE:
                note("%s: the token has less than %u or more than %u characters", path, TOKEN_LENGTH_MIN,
                     TOKEN_LENGTH_MAX);
                break;
        default:
                note("%s: %s", path, strerror(-r));
        }
        return r;
}

/* "http://127.0.0.1:4318" */
static void url_of(const struct config *config, char ret[static URL_MAX])
{
        bool v6 = config->listen.any.sa_family == AF_INET6;
        char address[INET6_ADDRSTRLEN] = "";

        inet_ntop(config->listen.any.sa_family,
                  v6 ? (const void *) &config->listen.v6.sin6_addr : (const void *) &config->listen.v4.sin_addr,
                  address, sizeof(address));
        snprintf(ret, URL_MAX, "http://%s%s%s:%u", v6 ? "[" : "", address, v6 ? "]" : "",
                 ntohs(v6 ? config->listen.v6.sin6_port : config->listen.v4.sin_port));
}

static int listen_on(const struct config *config)
{
        socklen_t size = sizeof(config->listen);
        bool v6 = config->listen.any.sa_family == AF_INET6;
        struct config bound = *config;
        char url[URL_MAX];
        int fd;

        fd = http_listen(&config->listen.any, v6 ? sizeof(config->listen.v6) : sizeof(config->listen.v4));
        if (fd >= 0)
                getsockname(fd, &bound.listen.any, &size);
        url_of(&bound, url);
        if (fd < 0)
                note("cannot listen on %s: %s", url, strerror(-fd));
        else
                note("the page is %s/", url);
        return fd;
}

/* The token is made when there is none: whoever asks what a laptop has to know wants one. */
static int print_enrolment(const struct config *config)
{
        struct token token;
        char url[URL_MAX];
        int r;

        r = token_make(config->token_file, TOKEN_GROUP, &token);
        if (r == -EEXIST)
                r = load_token(config->token_file, &token);
        else if (r < 0)
                note("%s: cannot be made: %s", config->token_file, strerror(-r));
        else
                note("%s: a new token", config->token_file);
        if (r < 0)
                return r;
        url_of(config, url);
        printf("[collector]\nurl = %s\ntoken = %.*s\n", url, (int) token.length, token.text);
        return fflush(stdout) < 0 ? -errno : 0;
}

static int run(struct config *config, const sigset_t *signals)
{
        CLEANUP(cleanup_store) struct store *store = NULL;
        CLEANUP(cleanup_writer) struct writer *writer = NULL;
        CLEANUP(cleanup_http) struct http *http = NULL;
        struct http_settings settings;
        struct token token;
        int r, caught;

        r = load_token(config->token_file, &token);
        if (r < 0)
                return r;
        r = store_open(config->database, &store);
        if (r < 0) {
                note("%s: cannot be used: %s", config->database, store_words(r));
                return r;
        }
        r = writer_new(store, writing_changed, config, &writer);
        if (r < 0) {
                note("cannot start the writer: %s", strerror(-r));
                return r;
        }
        r = listen_on(config);
        if (r < 0)
                return r;
        settings = (struct http_settings){ .fd = r, .token = &token, .store = store, .writer = writer };
        r = http_new(&settings, &http);
        if (r < 0) {
                note("cannot start the server: %s", strerror(-r));
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

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { 0 },
        };
        const char *path = NULL;
        struct config config;
        sigset_t signals;
        bool enrolment;
        int option;

        while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) >= 0) {
                switch (option) {
                case 'c':
                        path = optarg;
                        break;
                case 'h':
                        usage(stdout);
                        return EXIT_SUCCESS;
                case 'V':
                        puts("lekdicht-collector " LEKDICHT_VERSION);
                        return EXIT_SUCCESS;
                default:
                        usage(stderr);
                        return EXIT_NOT_UNDERSTOOD;
                }
        }
        enrolment = optind + 1 == argc && strcmp(argv[optind], "enrolment") == 0;
        if (optind < argc && !enrolment) {
                usage(stderr);
                return EXIT_NOT_UNDERSTOOD;
        }
        if (load_config(path, &config) < 0)
                return EXIT_FAILURE;
        if (enrolment)
                return print_enrolment(&config) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

        /* Before there is any thread, so that all inherit it. A vanished client is an error of send(2), not a signal. */
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        umask(0077);
        tzset();
        return run(&config, &signals) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
