/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/places.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "watcher/backend.h"
#include "watcher/homefile.h"

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

int places_ask(struct questions *questions, int fd, const struct process *process, question_answered answered,
               void *userdata, struct question **ret)
{
        struct asked asked = { .process = { .program = process->program,
                                            .arguments = process->arguments,
                                            .arguments_size = process->arguments_size },
                               .uid = process->uid };

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

void places_read(const char *text, struct places *ret)
{
        char line[QUESTIONS_ANSWER_MAX];

        *ret = (struct places){ 0 };
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
