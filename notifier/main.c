/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-notifier: tells the teacher, kindly and at once, why something did not open and where files do belong. Runs in
 * the session, as the user, with no rights of its own; it only listens and shows. */

#include <getopt.h>
#include <libintl.h>
#include <locale.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <gio/gio.h>
#include <glib-unix.h>

#include "notifier/agent.h"
#include "notifier/notice.h"
#include "notifier/open.h"
#include "notifier/show.h"

#define NAME       "org.lekdicht.Notifier1" /* on the session bus: whoever owns it shows the notices */
#define DOMAIN     "lekdicht"
#define LOCALE_DIR "/usr/share/locale"

struct notifier {
        GMainLoop *loop;
        struct agent *agent;
        struct show *show;
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
        int r = notice_parse(parameters, &notice);

        if (r < 0)
                g_info("a notice was passed over: %s", strerror(-r));
        else
                show_notice(notifier->show, &notice);
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

/* Returns -1 to go on, else the exit status. */
static int options(int argc, char **argv)
{
        static const struct option known[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
                switch (option) {
                case 'V':
                        puts("lekdicht-notifier " LEKDICHT_VERSION);
                        return EXIT_SUCCESS;
                case 'h':
                        puts("lekdicht-notifier: tells the user of this session why something did not open. Started "
                             "with\n"
                             "the session (/etc/xdg/autostart); a second one leaves at once.\n"
                             "  --version   say which one this is\n"
                             "  --help      this\n"
                             "TEXTDOMAINDIR names another directory of translations than " LOCALE_DIR ".");
                        return EXIT_SUCCESS;
                default:
                        return EX_USAGE;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "lekdicht-notifier: \"%s\" is not understood; see --help\n", argv[optind]);
                return EX_USAGE;
        }

        return -1;
}

static void speak(void)
{
        const char *directory = getenv("TEXTDOMAINDIR");

        setlocale(LC_ALL, "");
        bindtextdomain(DOMAIN, directory ? directory : LOCALE_DIR);
        bind_textdomain_codeset(DOMAIN, "UTF-8");
        textdomain(DOMAIN);
}

int main(int argc, char **argv)
{
        g_autoptr(GDBusConnection) session = NULL;
        g_autoptr(GError) error = NULL;
        struct notifier notifier = { .status = EXIT_SUCCESS };
        int r = options(argc, argv);
        guint name;

        if (r >= 0)
                return r;
        speak();
        g_set_prgname("lekdicht-notifier");

        /* A session without a bus (a kiosk, a text console) has nothing to show notices on, and that is no error. */
        session = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
        if (!session) {
                g_message("no notices here: %s", error->message);
                return EXIT_SUCCESS;
        }
        g_dbus_connection_set_exit_on_close(session, FALSE);

        notifier.loop = g_main_loop_new(NULL, FALSE);
        g_unix_signal_add(SIGTERM, on_signal, notifier.loop);
        g_unix_signal_add(SIGINT, on_signal, notifier.loop);
        name = g_bus_own_name_on_connection(session, NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_name, on_no_name,
                                            &notifier, NULL);
        g_main_loop_run(notifier.loop);

        agent_free(notifier.agent);
        show_free(notifier.show);
        g_bus_unown_name(name);
        g_main_loop_unref(notifier.loop);

        return notifier.status;
}
