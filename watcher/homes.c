/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/homes.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>

#include "common/cleanup.h"
#include "watcher/homefile.h"

#define PATH_SIZE 4096U

DEFINE_CLEANUP(cleanup_homes, struct homes *, homes_free)

struct home {
        struct homes *homes; /* NULL: this place is free */
        uid_t uid;
        bool looked;               /* today */
        struct question *question; /* NULL: nothing is asked */
        const struct client *linked[HOMES_LINKED];
        const struct mark *marks[HOMES_LINKED]; /* by which each was found */
        size_t n;
};

struct homes {
        sd_event *loop;
        struct homes_config config;
        sd_login_monitor *monitor;
        sd_event_source *comings, *day;
        struct home items[HOMES_MAX];
};

/* ---- in a child that is the user ---- */

/* An entry that its user has switched off is there still. */
static bool is_on(const char *entry)
{
        return !strstr(entry, "\nHidden=true") && !strstr(entry, "\nX-GNOME-Autostart-enabled=false");
}

static bool starts_at_login(const char *home, uid_t uid, const char *name)
{
        CLEANUP(cleanup_free) char *text = NULL;
        char path[PATH_SIZE];
        size_t size = 0;

        if ((size_t) snprintf(path, sizeof(path), "%s/.config/autostart/%s", home, name) >= sizeof(path))
                return false;
        return homefile_read(home, path, uid, &text, &size) == 0 && is_on(text);
}

/* systemd enables a unit with a link in the directory of what wants it. */
static bool is_enabled(const char *home, uid_t uid, const char *name)
{
        static const char *const wanting[] = { "default.target", "graphical-session.target", "timers.target" };
        char path[PATH_SIZE];

        for (size_t i = 0; i < sizeof(wanting) / sizeof(wanting[0]); i++)
                if ((size_t) snprintf(path, sizeof(path), "%s/.config/systemd/user/%s.wants/%s", home, wanting[i],
                                      name) < sizeof(path) &&
                    homefile_is_link(home, path, uid))
                        return true;
        return false;
}

static bool is_linked(const char *home, uid_t uid, const struct mark *mark)
{
        CLEANUP(cleanup_free) char *text = NULL;
        char path[PATH_SIZE];
        size_t size = 0;
        int r;

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", home, mark->pattern) >= sizeof(path))
                return false;
        r = homefile_read(home, path, uid, &text, &size);
        if (!mark->word)
                return r == 0 || r == -EFBIG; /* a database, say: that it is there is enough */
        return r == 0 && memmem(text, size, mark->word, strlen(mark->word));
}

static bool is_there(const char *home, uid_t uid, const struct mark *mark)
{
        switch (mark->kind) {
        case MARK_LINKED:
                return is_linked(home, uid, mark);
        case MARK_AUTOSTART:
                return starts_at_login(home, uid, mark->pattern);
        case MARK_UNIT:
                return is_enabled(home, uid, mark->pattern);
        default:
                return false;
        }
}

/* The answer: "CLIENT MARK\n", as places in the catalogue. */
static void look(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        const struct home *home = input;
        const struct catalogue *catalogue = home->homes->config.catalogue;
        const struct passwd *user = getpwuid(home->uid);
        size_t used = 0;

        (void) fd;
        for (size_t i = 0; user && i < catalogue_size(catalogue); i++) {
                const struct client *client = catalogue_client(catalogue, i);

                for (size_t k = 0; k < client->n_marks && used < QUESTIONS_ANSWER_MAX - 16; k++)
                        if (is_there(user->pw_dir, home->uid, &client->marks[k]))
                                used += (size_t) snprintf(out + used, QUESTIONS_ANSWER_MAX - used, "%zu %zu\n", i, k);
        }
}

/* ---- here ---- */

static void on_looked(void *userdata, const char *text)
{
        struct home *home = userdata;
        const struct catalogue *catalogue = home->homes->config.catalogue;
        unsigned client, mark;
        int length;

        home->question = NULL;
        home->n = 0;
        for (const char *at = text ?: "";
             home->n < HOMES_LINKED && sscanf(at, "%u %u\n%n", &client, &mark, &length) == 2; at += length) {
                if (client >= catalogue_size(catalogue) || mark >= catalogue_client(catalogue, client)->n_marks)
                        break;
                home->linked[home->n] = catalogue_client(catalogue, client);
                home->marks[home->n++] = &catalogue_client(catalogue, client)->marks[mark];
        }
        home->homes->config.changed(home->homes->config.userdata);
}

/* Too many questions at a time: the next look at who is there asks again. */
static void look_at(struct home *home)
{
        const struct homes_config *config = &home->homes->config;

        if (home->question || home->looked)
                return;
        home->looked = questions_ask(config->questions, home->uid, HOMES_GROUP, look, home, -1, on_looked, home,
                                     &home->question) >= 0;
}

static struct home *find(struct homes *homes, uid_t uid)
{
        for (size_t i = 0; i < HOMES_MAX; i++)
                if (homes->items[i].homes && homes->items[i].uid == uid)
                        return &homes->items[i];
        return NULL;
}

int homes_logged_in(uid_t **ret)
{
        CLEANUP(cleanup_free) uid_t *uids = NULL;
        int n = sd_get_uids(&uids), kept = 0;

        for (int i = 0; i < n; i++) {
                CLEANUP(cleanup_free) char *state = NULL;

                /* Neither "lingering", where only services are left, nor "closing". */
                if (sd_uid_get_state(uids[i], &state) >= 0 &&
                    (strcmp(state, "active") == 0 || strcmp(state, "online") == 0))
                        uids[kept++] = uids[i];
        }
        *ret = uids;
        uids = NULL;
        return n < 0 ? n : kept;
}

static void forget(struct home *home)
{
        questions_forget(home->question);
        *home = (struct home){ 0 };
}

static bool is_in(const uid_t *uids, int n, uid_t uid)
{
        for (int i = 0; i < n; i++)
                if (uids[i] == uid)
                        return true;
        return false;
}

static void add_user(struct homes *homes, uid_t uid)
{
        struct home *home = find(homes, uid);

        for (size_t i = 0; !home && i < HOMES_MAX; i++)
                if (!homes->items[i].homes) {
                        home = &homes->items[i];
                        *home = (struct home){ .homes = homes, .uid = uid };
                }
        if (home)
                look_at(home);
}

static void look_who_is_there(struct homes *homes)
{
        CLEANUP(cleanup_free) uid_t *uids = NULL;
        int n = homes->config.users(&uids);
        bool gone = false;

        for (size_t i = 0; i < HOMES_MAX; i++)
                if (homes->items[i].homes && !is_in(uids, n, homes->items[i].uid)) {
                        gone = gone || homes->items[i].n > 0;
                        forget(&homes->items[i]);
                }
        for (int i = 0; i < n; i++)
                if (homes->config.is_person(uids[i]))
                        add_user(homes, uids[i]);
        if (gone)
                homes->config.changed(homes->config.userdata);
}

static int on_comings(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct homes *homes = userdata;

        (void) source;
        (void) fd;
        (void) revents;
        (void) sd_login_monitor_flush(homes->monitor);
        look_who_is_there(homes);
        return 0;
}

static int on_day(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct homes *homes = userdata;

        (void) usec;
        for (size_t i = 0; i < HOMES_MAX; i++)
                homes->items[i].looked = false;
        look_who_is_there(homes);
        (void) sd_event_source_set_time_relative(source, homes->config.day_usec);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Where there is no logind nobody comes. */
static void watch_comings(struct homes *homes)
{
        int fd, r = sd_login_monitor_new("uid", &homes->monitor);

        fd = r >= 0 ? sd_login_monitor_get_fd(homes->monitor) : r;
        if (fd >= 0)
                r = sd_event_add_io(homes->loop, &homes->comings, fd, EPOLLIN, on_comings, homes);
        if (fd < 0 || r < 0)
                fprintf(stderr, "lekdicht-watch: it is not known who logs in: %s\n", strerror(fd < 0 ? -fd : -r));
}

int homes_new(sd_event *loop, const struct homes_config *config, struct homes **ret)
{
        CLEANUP(cleanup_homes) struct homes *homes = calloc(1, sizeof(*homes));
        int r;

        if (!homes)
                return -ENOMEM;
        homes->loop = sd_event_ref(loop);
        homes->config = *config;
        r = sd_event_add_time_relative(loop, &homes->day, CLOCK_MONOTONIC, config->day_usec, 0, on_day, homes);
        if (r < 0)
                return r;
        watch_comings(homes);
        look_who_is_there(homes);
        *ret = homes;
        homes = NULL;
        return 0;
}

struct homes *homes_free(struct homes *homes)
{
        if (!homes)
                return NULL;
        for (size_t i = 0; i < HOMES_MAX; i++)
                if (homes->items[i].homes)
                        forget(&homes->items[i]);
        sd_event_source_disable_unref(homes->comings);
        sd_event_source_disable_unref(homes->day);
        sd_login_monitor_unref(homes->monitor);
        sd_event_unref(homes->loop);
        free(homes);
        return NULL;
}

void homes_add(const struct homes *homes, struct findings *findings)
{
        for (size_t i = 0; i < HOMES_MAX; i++) {
                const struct home *home = &homes->items[i];

                for (size_t k = 0; k < home->n; k++)
                        if (!findings_have(findings, home->uid, home->linked[k]))
                                findings_add(findings, home->uid, home->linked[k], home->linked[k]->service, "",
                                             home->marks[k], 0);
        }
}
