/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A remote is "NAME:path", of which the type stands in the environment or in the configuration; or it is a connection string
 * ":TYPE,key=value:path". What only stands before another one (crypt, alias, union) is followed to that. */

#include "watcher/rclone.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "watcher/backend.h"

/* What only asks or changes the configuration, or itself. */
static const char *const harmless[] = {
        "about",   "authorize", "bisync-help", "completion", "config", "cryptdecode", "genautocomplete",
        "gendocs", "help",      "listremotes", "ls",         "lsd",    "lsf",         "lsjson",
        "lsl",     "ncdu",      "obscure",     "selfupdate", "size",   "test",        "tree",
        "version"
};
static const char *const copying[] = { "archive",  "backend", "bisync", "cat",    "check",  "copy", "copyto",
                                       "copyurl",  "dedupe",  "mount",  "mount2", "cmount", "move", "moveto",
                                       "nfsmount", "rc",      "rcat",   "rcd",    "serve",  "sync" };

static bool is_one_of(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return false;
}

/* The text behind one of a list, each with its NUL; NULL: that was the last, or it has no NUL. first: at NULL. */
static const char *next_text(const char *list, size_t size, const char *at)
{
        const char *next = at ? at + strlen(at) + 1 : list;

        if (!list || next >= list + size || !memchr(next, '\0', (size_t) (list + size - next)))
                return NULL;
        return next;
}

static const char *verb_of(const struct rclone_process *process)
{
        for (const char *at = NULL; (at = next_text(process->arguments, process->arguments_size, at));)
                if (is_one_of(harmless, sizeof(harmless) / sizeof(harmless[0]), at) ||
                    is_one_of(copying, sizeof(copying) / sizeof(copying[0]), at))
                        return at;
        return NULL;
}

bool rclone_copies(const struct rclone_process *process)
{
        const char *verb = verb_of(process);

        return verb && !is_one_of(harmless, sizeof(harmless) / sizeof(harmless[0]), verb);
}

static bool copy_text(const char *from, size_t size, char out[static RCLONE_TEXT_MAX])
{
        if (size >= RCLONE_TEXT_MAX || memchr(from, '\0', size))
                return false;
        memcpy(out, from, size);
        out[size] = '\0';
        return true;
}

/* ---- the environment ---- */

static const char *variable(const struct rclone_process *process, const char *name)
{
        size_t size = strlen(name);

        for (const char *at = NULL; (at = next_text(process->environment, process->environment_size, at));)
                if (strncmp(at, name, size) == 0 && at[size] == '=')
                        return at + size + 1;
        return NULL;
}

/* "RCLONE_CONFIG_MY_DRIVE_TYPE" for the remote my-drive and the key type. */
static const char *variable_of(const struct rclone_process *process, const char *remote, const char *key)
{
        char name[2 * RCLONE_TEXT_MAX];

        snprintf(name, sizeof(name), "RCLONE_CONFIG_%s_%s", remote, key);
        for (char *c = name; *c; c++)
                *c = (char) (*c == '-' ? '_' : toupper((unsigned char) *c));
        return variable(process, name);
}

const char *rclone_home(const struct rclone_process *process)
{
        const char *home = variable(process, "HOME");

        return home && home[0] ? home : process->home ?: "";
}

/* ---- the configuration ---- */

bool rclone_config_path(const struct rclone_process *process, unsigned n, char out[static RCLONE_TEXT_MAX])
{
        const char *given = variable(process, "RCLONE_CONFIG"), *home = rclone_home(process),
                   *config = variable(process, "XDG_CONFIG_HOME"), *slash = strrchr(process->program, '/');

        for (const char *at = NULL; (at = next_text(process->arguments, process->arguments_size, at));) {
                if (strncmp(at, "--config=", strlen("--config=")) == 0)
                        given = at + strlen("--config=");
                else if (strcmp(at, "--config") == 0)
                        given = next_text(process->arguments, process->arguments_size, at) ?: "";
        }
        if (given)
                return n == 0 && copy_text(given, strlen(given), out);
        out[0] = '\0';
        if (n == 0 && slash && slash - process->program < (int) (RCLONE_TEXT_MAX - sizeof("/rclone.conf")))
                snprintf(out, RCLONE_TEXT_MAX, "%.*s/rclone.conf", (int) (slash - process->program), process->program);
        if (n == 1 && config && strlen(config) < RCLONE_TEXT_MAX - sizeof("/rclone/rclone.conf"))
                snprintf(out, RCLONE_TEXT_MAX, "%s/rclone/rclone.conf", config);
        if (n == 2 && home[0] && strlen(home) < RCLONE_TEXT_MAX - sizeof("/.config/rclone/rclone.conf"))
                snprintf(out, RCLONE_TEXT_MAX, "%s/.config/rclone/rclone.conf", home);
        if (n == 3 && home[0] && strlen(home) < RCLONE_TEXT_MAX - sizeof("/.rclone.conf"))
                snprintf(out, RCLONE_TEXT_MAX, "%s/.rclone.conf", home);
        return n < RCLONE_CONFIGS - 1;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **from, const char **end)
{
        while (*from < *end && is_blank(**from))
                (*from)++;
        while (*from < *end && is_blank((*end)[-1]))
                (*end)--;
}

/* The value of a key in the section of that name. */
static bool config_value(const char *config, size_t size, const char *section, const char *key,
                         char out[static RCLONE_TEXT_MAX])
{
        bool inside = false;

        for (const char *line = config, *end = config + size, *stop; line && line < end; line = stop + 1) {
                const char *from = line, *to = stop = memchr(line, '\n', (size_t) (end - line)) ?: end, *equal,
                           *key_end;

                trim(&from, &to);
                if (from < to && *from == '[' && to[-1] == ']') {
                        inside = (size_t) (to - from) == strlen(section) + 2 &&
                                 memcmp(from + 1, section, strlen(section)) == 0;
                        continue;
                }
                equal = inside ? memchr(from, '=', (size_t) (to - from)) : NULL;
                if (!equal)
                        continue;
                key_end = equal++;
                trim(&from, &key_end);
                trim(&equal, &to);
                if ((size_t) (key_end - from) == strlen(key) && memcmp(from, key, strlen(key)) == 0)
                        return copy_text(equal, (size_t) (to - equal), out);
        }
        return false;
}

/* ---- remotes ---- */

struct search {
        const struct rclone_process *process;
        const char *config;
        size_t config_size;
        struct rclone_services *services;
};

static void follow(const struct search *search, const char *remote, unsigned depth);

static bool value_of(const struct search *search, const char *remote, const char *key, char out[static RCLONE_TEXT_MAX])
{
        const char *set = variable_of(search->process, remote, key);

        if (set)
                return copy_text(set, strlen(set), out);
        return search->config && config_value(search->config, search->config_size, remote, key, out);
}

static void add_service(const struct search *search, const char *service)
{
        struct rclone_services *services = search->services;

        for (size_t i = 0; i < services->n; i++)
                if (strcmp(services->names[i], service) == 0)
                        return;
        if (services->n < RCLONE_SERVICES_MAX)
                services->names[services->n++] = service;
}

/* "a:x b:y", and of combine "dir=a:x": each may be in quotation marks. */
static void follow_upstreams(const struct search *search, char *list, unsigned depth)
{
        for (char *rest = NULL, *each = strtok_r(list, " \"", &rest); each; each = strtok_r(NULL, " \"", &rest)) {
                char *equal = strchr(each, '='), *colon = strchr(each, ':');

                follow(search, equal && (!colon || equal < colon) ? equal + 1 : each, depth);
        }
}

/* "key=value" of a connection string, with or without quotation marks. */
static bool parameter(const char *string, const char *key, char out[static RCLONE_TEXT_MAX])
{
        char wanted[64];
        const char *at, *end;

        snprintf(wanted, sizeof(wanted), ",%s=", key);
        at = strstr(string, wanted);
        if (!at)
                return false;
        at += strlen(wanted);
        if (*at == '"' || *at == '\'') {
                end = strchr(at + 1, *at);
                at++;
        } else {
                end = at + strcspn(at, ",:");
        }
        return end && copy_text(at, (size_t) (end - at), out);
}

static void judge(const struct search *search, const char *type, const char *name, const char *string, unsigned depth)
{
        char value[RCLONE_TEXT_MAX];
        const char *service = NULL;

        switch (backend_kind(type, &service)) {
        case BACKEND_SERVICE:
                add_service(search, service);
                break;
        case BACKEND_LOCAL:
                break;
        case BACKEND_SERVER:
                /* The one server of which it is known whose it is. */
                if (strcmp(type, "webdav") == 0 &&
                    (name ? value_of(search, name, "vendor", value) : parameter(string, "vendor", value)) &&
                    strcmp(value, "sharepoint") == 0)
                        add_service(search, "onedrive");
                else
                        search->services->unknown = true;
                break;
        case BACKEND_WRAPPER:
                if (name ? value_of(search, name, "remote", value) : parameter(string, "remote", value))
                        follow(search, value, depth + 1);
                else if (name && value_of(search, name, "upstreams", value))
                        follow_upstreams(search, value, depth + 1);
                else
                        search->services->unknown = true;
                break;
        case BACKEND_UNKNOWN:
                search->services->unknown = true;
                break;
        }
}

/* ":8080", as behind --addr, and not behind the name of a remote that we know. */
static bool is_address(const char *colon)
{
        return colon[1] != '\0' && colon[1 + strspn(colon + 1, "0123456789")] == '\0';
}

static void follow(const struct search *search, const char *remote, unsigned depth)
{
        char name[RCLONE_TEXT_MAX], type[RCLONE_TEXT_MAX];
        const char *colon = strchr(remote, ':');

        if (!colon || memchr(remote, '/', (size_t) (colon - remote)))
                return; /* a path on the laptop */
        if (depth > RCLONE_DEPTH_MAX) {
                search->services->unknown = true;
                return;
        }
        if (remote[0] == ':') {
                if (copy_text(remote + 1, strcspn(remote + 1, ",:"), type))
                        judge(search, type, NULL, remote, depth);
                return;
        }
        if (copy_text(remote, strcspn(remote, ",:"), name) && value_of(search, name, "type", type))
                judge(search, type, name, NULL, depth);
        else if (!is_address(colon))
                search->services->unknown = true;
}

void rclone_find(const struct rclone_process *process, const char *config, size_t config_size,
                 struct rclone_services *ret)
{
        struct search search = { .process = process, .config = config, .config_size = config_size, .services = ret };
        const char *verb = verb_of(process);

        *ret = (struct rclone_services){ .unknown = verb && strcmp(verb, "rcd") == 0 };
        for (const char *at = verb; at && (at = next_text(process->arguments, process->arguments_size, at));)
                if (at[0] != '-')
                        follow(&search, at, 0);
}
