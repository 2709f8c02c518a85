/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/places.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "watcher/backend.h"
#include "watcher/homefile.h"

_Static_assert(SERVER_MAX <= RCLONE_SERVICES_MAX, "room for each server");

struct asked {
        struct rclone_process process; /* without its environment, which only its user may read */
        uid_t uid;
};

/* In a child that is the user. */
static void look(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        static char environment[PLACES_ENVIRONMENT_MAX];
        const struct asked *asked = input;
        struct rclone_process process = asked->process;
        ssize_t got = process_environment(fd, environment, sizeof(environment));
        const struct passwd *user = getpwuid(asked->uid); /* asks a directory, maybe: a reason more to be a child */
        CLEANUP(cleanup_free) char *config = NULL;
        const char *home;
        struct rclone_services services;
        char path[RCLONE_TEXT_MAX];
        size_t size = 0;

        process.environment = environment;
        process.environment_size = got > 0 ? (size_t) got : 0;
        process.home = user ? user->pw_dir : NULL;
        home = rclone_home(&process);
        for (unsigned n = 0; !config && rclone_config_path(&process, n, path); n++) {
                int r = path[0] ? homefile_read(home, path, asked->uid, &config, &size) : -ENOENT;

                /* There is one, which rclone uses and which we may not: then it is none of the others. */
                if (r == -ELOOP || r == -EXDEV || r == -EFBIG || r == -EACCES)
                        break;
        }
        rclone_find(&process, config, size, &services);
        for (size_t i = 0; i < services.n; i++) {
                strcat(out, services.names[i]); /* four names of the table of backend.c are never too long */
                strcat(out, "\n");
        }
        if (services.unknown)
                strcat(out, CATALOGUE_SERVICE_UNKNOWN "\n");
}

struct asked_servers {
        const struct client *client;
        uid_t uid;
};

/* The same. The files are those by which the catalogue knows that the client is set up: they have the addresses. */
static void look_for_servers(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        const struct asked_servers *asked = input;
        const struct passwd *user = getpwuid(asked->uid);
        struct servers servers = { 0 };

        (void) fd;
        for (size_t i = 0; user && i < asked->client->n_marks; i++) {
                const struct mark *mark = &asked->client->marks[i];
                CLEANUP(cleanup_free) char *text = NULL, *path = NULL;
                size_t size = 0;

                if (mark->kind == MARK_LINKED && mark->word &&
                    asprintf(&path, "%s/%s", user->pw_dir, mark->pattern) >= 0 &&
                    homefile_read(user->pw_dir, path, asked->uid, &text, &size) == 0)
                        server_find(text, size, mark->word, &servers);
        }
        for (size_t i = 0; i < servers.n && strlen(out) + SERVER_NAME_MAX < QUESTIONS_ANSWER_MAX; i++) {
                strcat(out, servers.names[i]);
                strcat(out, "\n");
        }
}

int places_ask(struct questions *questions, const struct client *client, int fd, const struct process *process,
               question_answered answered, void *userdata, struct question **ret)
{
        const struct asked_servers servers = { .client = client, .uid = process->uid };
        struct asked asked = { .process = { .program = process->program,
                                            .arguments = process->arguments,
                                            .arguments_size = process->arguments_size },
                               .uid = process->uid };

        if (client->lookup == LOOKUP_NONE)
                return -EOPNOTSUPP;
        if (client->lookup == LOOKUP_SERVER)
                return questions_ask(questions, process->uid, process->gid, look_for_servers, &servers, -1, answered,
                                     userdata, ret);
        if (!rclone_copies(&asked.process))
                return 1;
        return questions_ask(questions, process->uid, process->gid, look, &asked, fd, answered, userdata, ret);
}

static void add(struct places *places, const char *name)
{
        for (size_t i = 0; i < places->n; i++)
                if (strcmp(places->services[i], name) == 0)
                        return;
        if (places->n < sizeof(places->services) / sizeof(places->services[0]))
                places->services[places->n++] = name;
}

static void read_servers(const struct client *client, const char *text, struct places *ret)
{
        struct servers servers = { 0 };

        for (const char *at = text, *end; at && *at; at = *end ? end + 1 : end) {
                end = strchrnul(at, '\n');
                server_add(at, (size_t) (end - at), &servers);
        }
        if (servers.n == 0) /* a service there is, whatever its server */
                server_add("", 0, &servers);
        for (size_t i = 0; i < servers.n; i++) {
                ret->services[ret->n] = client->service;
                memcpy(ret->hosts[ret->n++], servers.names[i], SERVER_NAME_MAX);
        }
}

void places_read(const struct client *client, const char *text, struct places *ret)
{
        char line[QUESTIONS_ANSWER_MAX];

        *ret = (struct places){ 0 };
        if (client->lookup == LOOKUP_SERVER) {
                read_servers(client, text, ret);
                return;
        }
        if (!text)
                add(ret, CATALOGUE_SERVICE_UNKNOWN);
        for (const char *at = text, *end; at && *at; at = *end ? end + 1 : end) {
                end = strchrnul(at, '\n');
                if ((size_t) (end - at) >= sizeof(line))
                        continue;
                memcpy(line, at, (size_t) (end - at));
                line[end - at] = '\0';
                add(ret, backend_service(line) ?: CATALOGUE_SERVICE_UNKNOWN);
        }
}
