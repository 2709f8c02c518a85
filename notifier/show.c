/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The only file that knows libnotify. A notice is remembered as long as it is on the screen, so that the next in the same port
 * replaces it and its buttons work; and as long as no server took it, so that a teacher whose desktop is slow to start is
 * told nevertheless.
 *
 * The numbers by which a server knows its notices begin anew with each server: whatever was shown is forgotten when the
 * server leaves, or we might replace another program's notice. */

#include "notifier/show.h"

#include <string.h>

#include <libnotify/notify.h>

#include "notifier/words.h"

#define SERVER            "org.freedesktop.Notifications"
#define RETRY_SECONDS     2U
#define RETRY_SECONDS_MAX 60U

struct entry {
        struct show *show;
        struct notice notice;
        NotifyNotification *shown; /* NULL while it waits for a server */
};

struct show {
        GPtrArray *entries; /* oldest first */
        show_chosen chosen;
        guint watch;
        guint timer;
        unsigned pause;
        bool asked; /* what the server can do is known: */
        bool markup, actions, body;
};

static void entry_forget(struct entry *entry)
{
        if (entry->shown)
                g_signal_handlers_disconnect_by_data(entry->shown, entry);
        g_clear_object(&entry->shown);
}

static void entry_free(void *pointer)
{
        entry_forget(pointer);
        g_free(pointer);
}

/* Markup is what the server says it is: without it, an escaped "&amp;" would be read as that. */
static void ask_server(struct show *show)
{
        GList *abilities;

        if (show->asked)
                return;
        abilities = notify_get_server_caps();
        show->asked = abilities != NULL;
        show->markup = g_list_find_custom(abilities, "body-markup", (GCompareFunc) strcmp) != NULL;
        show->actions = g_list_find_custom(abilities, "actions", (GCompareFunc) strcmp) != NULL;
        show->body = g_list_find_custom(abilities, "body", (GCompareFunc) strcmp) != NULL;
        g_list_free_full(abilities, g_free);
}

static void on_closed(NotifyNotification *shown, void *pointer)
{
        struct entry *entry = pointer;

        (void) shown;
        g_ptr_array_remove(entry->show->entries, entry);
}

struct choice {
        show_chosen chosen;
        char url[];
};

static void on_action(NotifyNotification *shown, char *action, void *pointer)
{
        struct choice *choice = pointer;

        (void) shown;
        (void) action;
        choice->chosen(choice->url);
}

static void add_buttons(struct show *show, NotifyNotification *shown, const struct words *words)
{
        notify_notification_clear_actions(shown);
        for (size_t i = 0; i < words->n_buttons && show->actions; i++) {
                const struct words_button *button = &words->buttons[i];
                struct choice *choice = g_malloc(sizeof(*choice) + strlen(button->url) + 1);
                g_autofree char *id = g_strdup_printf("button-%zu", i);

                choice->chosen = show->chosen;
                strcpy(choice->url, button->url);
                notify_notification_add_action(shown, id, button->label, on_action, choice, g_free);
        }
}

/* Where only titles are shown, all that there is to say is one. */
static char *title_for(const struct show *show, const struct words *words)
{
        if (show->body)
                return g_strdup(words->title);
        return g_strdelimit(g_strdup_printf("%s. %s", words->title, words->body), "\n", ' ');
}

/* Whether a server took it. */
static bool entry_show(struct entry *entry)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *title = NULL, *escaped = NULL;
        struct words words;
        bool taken;

        ask_server(entry->show);
        words_compose(&entry->notice, &words);
        title = title_for(entry->show, &words);
        escaped = entry->show->markup ? g_markup_escape_text(words.body, -1) : g_strdup(words.body);
        if (entry->shown) {
                notify_notification_update(entry->shown, title, escaped, words.icon);
        } else {
                entry->shown = notify_notification_new(title, escaped, words.icon);
                notify_notification_set_category(entry->shown, "device");
                notify_notification_set_urgency(entry->shown, NOTIFY_URGENCY_NORMAL);
                g_signal_connect(entry->shown, "closed", G_CALLBACK(on_closed), entry);
        }
        add_buttons(entry->show, entry->shown, &words);
        words_clear(&words);

        taken = notify_notification_show(entry->shown, &error);
        if (!taken) {
                g_info("the notification server did not take a notice: %s", error->message);
                entry_forget(entry);
        }
        return taken;
}

static void show_waiting(struct show *show);

static gboolean on_timer(void *pointer)
{
        struct show *show = pointer;

        show->timer = 0;
        show_waiting(show);

        return G_SOURCE_REMOVE;
}

/* A server that starts on demand is never seen to come; so it is also tried now and then, while something waits. */
static void wait_for_server(struct show *show)
{
        if (show->timer)
                return;
        show->pause = MIN(show->pause ? show->pause * 2 : RETRY_SECONDS, RETRY_SECONDS_MAX);
        show->timer = g_timeout_add_seconds(show->pause, on_timer, show);
}

/* In the order in which they came. The first that is not taken ends it: there is no server then. */
static void show_waiting(struct show *show)
{
        for (guint i = 0; i < show->entries->len; i++) {
                struct entry *entry = show->entries->pdata[i];

                if (!entry->shown && !entry_show(entry)) {
                        wait_for_server(show);
                        return;
                }
        }
        show->pause = 0;
}

static void on_server(GDBusConnection *session, const char *name, const char *owner, void *pointer)
{
        struct show *show = pointer;

        (void) session;
        (void) name;
        (void) owner;
        show->pause = 0;
        show_waiting(show);
}

static void on_no_server(GDBusConnection *session, const char *name, void *pointer)
{
        struct show *show = pointer;

        (void) session;
        (void) name;
        show->asked = false;
        for (guint i = show->entries->len; i-- > 0;)
                if (((struct entry *) show->entries->pdata[i])->shown)
                        g_ptr_array_remove_index(show->entries, i);
}

struct show *show_new(GDBusConnection *session, show_chosen chosen)
{
        struct show *show;

        if (!notify_init("lekdicht"))
                return NULL;
        show = g_new0(struct show, 1);
        show->entries = g_ptr_array_new_with_free_func(entry_free);
        show->chosen = chosen;
        show->watch = g_bus_watch_name_on_connection(session, SERVER, G_BUS_NAME_WATCHER_FLAGS_NONE, on_server,
                                                     on_no_server, show, NULL);

        return show;
}

/* "1-2#7" and "1-2#8": a port has one thing in it, so what was told of the one before is over. */
static bool same_port(const char *a, const char *b)
{
        size_t length = strcspn(a, "#");

        return length == strcspn(b, "#") && strncmp(a, b, length) == 0;
}

static struct entry *find(const struct show *show, const char *plug)
{
        for (guint i = 0; i < show->entries->len; i++) {
                struct entry *entry = show->entries->pdata[i];

                if (same_port(entry->notice.plug, plug))
                        return entry;
        }

        return NULL;
}

bool show_has(const struct show *show, const char *plug)
{
        return find(show, plug);
}

/* The entry of that port, or a new one, at the end. */
static struct entry *entry_for(struct show *show, const char *plug)
{
        struct entry *entry = find(show, plug);

        if (entry)
                return entry;
        if (show->entries->len >= SHOW_NOTICES_MAX) {
                entry = show->entries->pdata[0];
                if (entry->shown)
                        notify_notification_close(entry->shown, NULL);
                g_ptr_array_remove_index(show->entries, 0);
        }
        entry = g_new0(struct entry, 1);
        entry->show = show;
        g_ptr_array_add(show->entries, entry);

        return entry;
}

void show_notice(struct show *show, const struct notice *notice)
{
        struct entry *entry = entry_for(show, notice->plug);

        entry->notice = *notice;
        if (!entry_show(entry))
                wait_for_server(show);
}

struct show *show_free(struct show *show)
{
        if (!show)
                return NULL;
        g_bus_unwatch_name(show->watch);
        g_clear_handle_id(&show->timer, g_source_remove);
        g_ptr_array_unref(show->entries);
        notify_uninit();
        g_free(show);

        return NULL;
}
