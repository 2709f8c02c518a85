/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-notifier: tells the teacher, kindly and at once, why something did not open and where files do belong. Runs in
 * the session, as the user, with no rights of its own; it only listens and shows. */

#include <getopt.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <gio/gio.h>
#include <glib-unix.h>

#include "notifier/agent.h"
#include "notifier/crowd.h"
#include "notifier/notice.h"
#include "notifier/open.h"
#include "notifier/preview.h"
#include "notifier/show.h"
#include "notifier/speech.h"

#define NAME            "org.lekdicht.Notifier1" /* on the session bus: whoever owns it shows the notices */
#define PREVIEW_SECONDS 6                        /* of each, when all are shown */

struct notifier {
        GMainLoop *loop;
        struct agent *agent;
        struct show *show;
        struct crowd *crowd;
        guint tidy;
        int status;
};

static void on_chosen(const char *url)
{
        int r = open_link(url);

        if (r < 0)
                g_message("xdg-open: %s", strerror(-r));
}

/* What comes in a burst is on the heap before the first of it is shown; the holes that it leaves are given back, or the
 * session would keep them. (Up to GLib 2.74 g_slice keeps a part.) */
static gboolean on_tidy(void *pointer)
{
        struct notifier *notifier = pointer;

        notifier->tidy = 0;
        malloc_trim(0);

        return G_SOURCE_REMOVE;
}

static void on_notice(GVariant *parameters, void *pointer)
{
        struct notifier *notifier = pointer;
        struct notice notice;
        int r = notice_parse(parameters, speech_language(), &notice);

        if (r < 0)
                g_info("a notice was passed over: %s", strerror(-r));
        else
                crowd_notice(notifier->crowd, &notice);
        if (!notifier->tidy)
                notifier->tidy = g_idle_add_full(G_PRIORITY_LOW, on_tidy, notifier, NULL);
}

static void on_name(GDBusConnection *session, const char *name, void *pointer)
{
        struct notifier *notifier = pointer;

        (void) name;
        if (notifier->show)
                return;
        notifier->show = show_new(session, on_chosen);
        if (!notifier->show) {
                notifier->status = EXIT_FAILURE;
                g_main_loop_quit(notifier->loop);
                return;
        }
        notifier->crowd = crowd_new(notifier->show);
        notifier->agent = agent_new(on_notice, notifier);
}

/* Another notifier has it, or the session is over. */
static void on_no_name(GDBusConnection *session, const char *name, void *pointer)
{
        struct notifier *notifier = pointer;

        (void) session;
        (void) name;
        g_main_loop_quit(notifier->loop);
}

static gboolean on_signal(void *pointer)
{
        g_main_loop_quit(pointer);
        return G_SOURCE_CONTINUE;
}

struct options {
        bool preview, all;
        enum notice_kind kind; /* of the preview, when not all */
        const char *language;  /* NULL: the session's */
};

static void help(void)
{
        puts("lekdicht-notifier: tells the user of this session why something did not open. Started with\n"
             "the session (/etc/xdg/autostart); a second one leaves at once.\n"
             "  --preview [KIND]   show each kind of notice with sample data, one after the other, or this kind\n"
             "                     until Ctrl-C; --preview list names them\n"
             "  --lang LANGUAGE    of the preview, en or nl; else the session's\n"
             "  --version          say which one this is\n"
             "  --help             this\n"
             "TEXTDOMAINDIR names another directory of translations than " SPEECH_DIRECTORY ".");
}

static int misunderstood(const char *word)
{
        fprintf(stderr, "lekdicht-notifier: \"%s\" is not understood; see --help\n", word);
        return EX_USAGE;
}

static int list_kinds(void)
{
        for (unsigned kind = 0; kind < _NOTICE_KIND_MAX; kind++)
                puts(notice_kind_name((enum notice_kind) kind));

        return EXIT_SUCCESS;
}

/* What follows the options: the KIND of a preview. Returns as options(). */
static int operands(int argc, char **argv, struct options *ret)
{
        const char *word = optind < argc ? argv[optind] : NULL;

        ret->all = ret->preview && !word;
        if (ret->language && !ret->preview)
                return misunderstood("--lang");
        if (!word)
                return -1;
        if (!ret->preview)
                return misunderstood(word);
        if (optind + 1 < argc)
                return misunderstood(argv[optind + 1]);
        if (strcmp(word, "list") == 0)
                return list_kinds();
        if (notice_kind_find(word, &ret->kind))
                return -1;
        fprintf(stderr, "lekdicht-notifier: there is no notice \"%s\"; see --preview list\n", word);
        return EX_USAGE;
}

/* Returns -1 to go on, else the exit status. */
static int options(int argc, char **argv, struct options *ret)
{
        static const struct option known[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { "preview", no_argument, NULL, 'p' },
                { "lang", required_argument, NULL, 'l' },
                { 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
                switch (option) {
                case 'V':
                        puts("lekdicht-notifier " LEKDICHT_VERSION);
                        return EXIT_SUCCESS;
                case 'h':
                        help();
                        return EXIT_SUCCESS;
                case 'p':
                        ret->preview = true;
                        break;
                case 'l':
                        ret->language = optarg;
                        break;
                default:
                        return EX_USAGE;
                }
        }

        return operands(argc, argv, ret);
}

/* ---- the preview ---- */

struct rehearsal {
        GMainLoop *loop;
        struct show *show;
        unsigned next; /* kind */
};

static void rehearse(const struct rehearsal *rehearsal, enum notice_kind kind)
{
        struct notice notice;

        preview_sample(kind, &notice);
        show_notice(rehearsal->show, &notice);
}

/* One takes the place of the other. */
static gboolean on_next(void *pointer)
{
        struct rehearsal *rehearsal = pointer;

        if (rehearsal->next == _NOTICE_KIND_MAX) {
                g_main_loop_quit(rehearsal->loop);
                return G_SOURCE_REMOVE;
        }
        rehearse(rehearsal, (enum notice_kind) rehearsal->next++);

        return G_SOURCE_CONTINUE;
}

/* Until Ctrl-C, or when all were shown: some desktops take a notice away when who sent it leaves. */
static int preview(GDBusConnection *session, GMainLoop *loop, const struct options *options)
{
        struct rehearsal rehearsal = { .loop = loop, .show = show_new(session, on_chosen) };

        if (!rehearsal.show)
                return EXIT_FAILURE;
        if (options->all) {
                on_next(&rehearsal);
                g_timeout_add_seconds(PREVIEW_SECONDS, on_next, &rehearsal);
        } else {
                rehearse(&rehearsal, options->kind);
        }
        g_main_loop_run(loop);
        show_free(rehearsal.show);

        return EXIT_SUCCESS;
}

/* ---- the program ---- */

/* Until the session is over, another one has the name, or a signal. */
static int notify(GDBusConnection *session, GMainLoop *loop)
{
        struct notifier notifier = { .status = EXIT_SUCCESS, .loop = loop };
        guint name = g_bus_own_name_on_connection(session, NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_name,
                                                  on_no_name, &notifier, NULL);

        g_main_loop_run(loop);
        agent_free(notifier.agent);
        crowd_free(notifier.crowd);
        show_free(notifier.show);
        g_bus_unown_name(name);

        return notifier.status;
}

int main(int argc, char **argv)
{
        g_autoptr(GDBusConnection) session = NULL;
        g_autoptr(GMainLoop) loop = NULL;
        g_autoptr(GError) error = NULL;
        struct options chosen = { 0 };
        int r = options(argc, argv, &chosen);

        if (r >= 0)
                return r;
        if (!speech_begin(chosen.language)) {
                fprintf(stderr, "lekdicht-notifier: there are no notices in the language \"%s\"\n", chosen.language);
                return EX_USAGE;
        }
        g_set_prgname("lekdicht-notifier");

        /* A session without a bus (a kiosk, a text console) has nothing to show notices on, and that is no error. */
        session = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
        if (!session) {
                g_message("no notices here: %s", error->message);
                return chosen.preview ? EXIT_FAILURE : EXIT_SUCCESS;
        }
        g_dbus_connection_set_exit_on_close(session, FALSE);

        loop = g_main_loop_new(NULL, FALSE);
        g_unix_signal_add(SIGTERM, on_signal, loop);
        g_unix_signal_add(SIGINT, on_signal, loop);

        return chosen.preview ? preview(session, loop, &chosen) : notify(session, loop);
}
