/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The catalogue as it is asked. What is started is looked up by the last part of its path, and by that without the
 * digits of a version for interpreters: all else that a mark asks for is only held against it when that is found. So a
 * mark must have a last part without a '*', and the reader (catalogueline.c) sees to that. */

#include "policy/catalogue.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/catalogueline.h"
#include "policy/errors.h"
#include "policy/glob.h"

#define INDEX_LEAST    64U
#define FLATPAK_PREFIX "/app/"
#define SNAP_PREFIX    "/snap/"

/* A name and the marks that ask for it: those of a name stand behind each other. */
struct entry {
        const char *name;
        uint32_t size;
        uint16_t client, mark;
};

struct catalogue {
        struct clients clients;
        struct entry *index; /* at most half full, so that a search ends soon */
        uint32_t index_size; /* a power of two */
};

static const char *const categories[_CLIENT_CATEGORY_MAX] = {
        [CLIENT_SYNC] = "sync",
        [CLIENT_CHAT] = "chat",
        [CLIENT_BACKUP] = "backup",
};

static const char *const kinds[_MARK_KIND_MAX] = {
        [MARK_PROGRAM] = "program",     [MARK_SCRIPT] = "script", [MARK_FLATPAK] = "flatpak",
        [MARK_SNAP] = "snap",           [MARK_MOUNT] = "mount",   [MARK_LINKED] = "linked",
        [MARK_AUTOSTART] = "autostart", [MARK_UNIT] = "unit",     [MARK_EXCEPT] = "except",
};

static int place_of(const char *const *names, int n, const char *name)
{
        for (int i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return i;
        return -EINVAL;
}

const char *client_category_name(enum client_category category)
{
        return category < _CLIENT_CATEGORY_MAX ? categories[category] : NULL;
}

int client_category_from_name(const char *name)
{
        return place_of(categories, _CLIENT_CATEGORY_MAX, name);
}

const char *mark_kind_name(enum mark_kind kind)
{
        return kind < _MARK_KIND_MAX ? kinds[kind] : NULL;
}

int mark_kind_from_name(const char *name)
{
        return place_of(kinds, _MARK_KIND_MAX, name);
}

bool mark_kind_is_setup(enum mark_kind kind)
{
        return kind == MARK_LINKED || kind == MARK_AUTOSTART || kind == MARK_UNIT;
}

const char *catalogue_last_part(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

size_t catalogue_stem(const char *name)
{
        size_t size = strlen(name);

        while (size > 0 && ((name[size - 1] >= '0' && name[size - 1] <= '9') || name[size - 1] == '.'))
                size--;
        return size;
}

/* ---- the index ---- */

/* FNV-1a: short names, no adversary. Who makes names that collide slows himself down by a few comparisons. */
static uint32_t hash(const struct catalogue *catalogue, const char *name, size_t size)
{
        uint32_t h = 2166136261U;

        for (size_t i = 0; i < size; i++)
                h = (h ^ (unsigned char) name[i]) * 16777619U;
        return h & (catalogue->index_size - 1);
}

static bool is_name(const struct entry *entry, const char *name, size_t size)
{
        return entry->size == size && memcmp(entry->name, name, size) == 0;
}

/* The first entry of that name at place *at or behind it; NULL: there is none any more. */
static const struct entry *next_of(const struct catalogue *catalogue, const char *name, size_t size, uint32_t *at)
{
        for (; catalogue->index[*at].name; *at = (*at + 1) & (catalogue->index_size - 1))
                if (is_name(&catalogue->index[*at], name, size))
                        return &catalogue->index[*at];
        return NULL;
}

static void add_to_index(struct catalogue *catalogue, size_t client, size_t mark)
{
        const struct mark *each = &catalogue->clients.items[client]->marks[mark];
        const char *name = each->kind == MARK_PROGRAM ? catalogue_last_part(each->pattern) : each->word;
        size_t size = strlen(name);
        uint32_t at = hash(catalogue, name, size);

        while (catalogue->index[at].name)
                at = (at + 1) & (catalogue->index_size - 1);
        catalogue->index[at] = (struct entry){
                .name = name, .size = (uint32_t) size, .client = (uint16_t) client, .mark = (uint16_t) mark
        };
}

static bool is_indexed(const struct mark *mark)
{
        return mark->kind == MARK_PROGRAM || mark->kind == MARK_SCRIPT;
}

/* An index of a size for all clients, and empty. 0 or -ENOMEM. */
static int make_index(const struct clients *clients, struct entry **ret, uint32_t *ret_size)
{
        uint32_t n = 0, size = INDEX_LEAST;

        for (size_t i = 0; i < clients->n; i++)
                n += (uint32_t) clients->items[i]->n_marks;
        while (size < 2 * n)
                size *= 2;
        *ret = calloc(size, sizeof(**ret));
        *ret_size = size;
        return *ret ? 0 : -ENOMEM;
}

static int build_index(struct catalogue *catalogue)
{
        struct entry *index;
        uint32_t size;
        int r = make_index(&catalogue->clients, &index, &size);

        if (r < 0)
                return r;
        free(catalogue->index);
        catalogue->index = index;
        catalogue->index_size = size;
        for (size_t i = 0; i < catalogue->clients.n; i++)
                for (size_t k = 0; k < catalogue->clients.items[i]->n_marks; k++)
                        if (is_indexed(&catalogue->clients.items[i]->marks[k]))
                                add_to_index(catalogue, i, k);
        return 0;
}

/* ---- the whole ---- */

int catalogue_new(struct catalogue **ret)
{
        struct catalogue *catalogue = calloc(1, sizeof(*catalogue));

        if (!catalogue)
                return -ENOMEM;
        if (build_index(catalogue) < 0) {
                free(catalogue);
                return -ENOMEM;
        }
        *ret = catalogue;
        return 0;
}

struct catalogue *catalogue_free(struct catalogue *catalogue)
{
        if (!catalogue)
                return NULL;
        clients_clear(&catalogue->clients);
        free(catalogue->index);
        free(catalogue);
        return NULL;
}

static size_t place_of_client(const struct clients *clients, const char *name)
{
        size_t i = 0;

        while (i < clients->n && strcmp(clients->items[i]->name, name) != 0)
                i++;
        return i;
}

static size_t count_new(const struct clients *all, const struct clients *added)
{
        size_t n = 0;

        for (size_t i = 0; i < added->n; i++)
                n += place_of_client(all, added->items[i]->name) == all->n;
        return n;
}

int catalogue_add(struct catalogue *catalogue, const char *text, size_t size, struct policy_errors *errors)
{
        struct clients *all = &catalogue->clients, added;
        struct client **grown;
        int r = clients_read(text, size, errors, &added);

        if (r < 0)
                return r;
        if (all->n + count_new(all, &added) > CATALOGUE_CLIENTS_MAX) {
                errors_add(errors, 0, "with this file there are more than %u clients", CATALOGUE_CLIENTS_MAX);
                clients_clear(&added);
                return -EINVAL;
        }
        grown = reallocarray(all->items, all->n + added.n + 1, sizeof(struct client *));
        if (!grown) {
                clients_clear(&added);
                return -ENOMEM;
        }
        all->items = grown;
        for (size_t i = 0; i < added.n; i++) {
                size_t at = place_of_client(all, added.items[i]->name);

                if (at == all->n)
                        all->n++;
                else
                        client_free(all->items[at]);
                all->items[at] = added.items[i];
        }
        if (added.version)
                all->version = added.version;
        free(added.items);
        return build_index(catalogue);
}

size_t catalogue_size(const struct catalogue *catalogue)
{
        return catalogue->clients.n;
}

const struct client *catalogue_client(const struct catalogue *catalogue, size_t i)
{
        return catalogue->clients.items[i];
}

unsigned catalogue_version(const struct catalogue *catalogue)
{
        return catalogue->clients.version;
}

/* ---- asking ---- */

static bool begins(const char *program, const char *prefix)
{
        return strncmp(program, prefix, strlen(prefix)) == 0;
}

bool catalogue_may_have(const struct catalogue *catalogue, const char *program)
{
        const char *name = catalogue_last_part(program);
        size_t size = strlen(name), stem = catalogue_stem(name);
        uint32_t at = hash(catalogue, name, size);

        if (begins(program, FLATPAK_PREFIX) || begins(program, SNAP_PREFIX) || next_of(catalogue, name, size, &at))
                return true;
        if (stem == size)
                return false;
        at = hash(catalogue, name, stem);
        return next_of(catalogue, name, stem, &at) != NULL;
}

static bool is_excepted(const struct client *client, const char *program)
{
        for (size_t i = 0; i < client->n_marks; i++)
                if (client->marks[i].kind == MARK_EXCEPT && glob_fits(client->marks[i].pattern, program))
                        return true;
        return false;
}

static bool mark_fits(const struct mark *mark, const struct process_marks *process)
{
        if (mark->kind == MARK_PROGRAM)
                return glob_fits(mark->pattern, process->program);
        for (size_t i = 0; i < CATALOGUE_ARGUMENTS && process->arguments[i]; i++)
                if (glob_fits(mark->pattern, process->arguments[i]))
                        return true;
        return false;
}

/* The first that fits is kept, unless it is hearsay and a later one is not. */
static void offer(struct found_client *best, const struct client *client, const struct mark *mark)
{
        if (!best->client || (best->mark->hearsay && !mark->hearsay))
                *best = (struct found_client){ .client = client, .mark = mark };
}

static void find_by_name(const struct catalogue *catalogue, const struct process_marks *process, enum mark_kind kind,
                         const char *name, size_t size, struct found_client *best)
{
        uint32_t at = hash(catalogue, name, size);

        for (const struct entry *entry; (entry = next_of(catalogue, name, size, &at));
             at = (at + 1) & (catalogue->index_size - 1)) {
                const struct client *client = catalogue->clients.items[entry->client];
                const struct mark *mark = &client->marks[entry->mark];

                if (mark->kind == kind && mark_fits(mark, process) && !is_excepted(client, process->program))
                        offer(best, client, mark);
        }
}

/* By the name of what it is packed in, which is not its own to choose. */
static void find_package(const struct catalogue *catalogue, enum mark_kind kind, const char *id,
                         struct found_client *best)
{
        for (size_t i = 0; i < catalogue->clients.n; i++) {
                const struct client *client = catalogue->clients.items[i];

                for (size_t k = 0; k < client->n_marks; k++)
                        if (client->marks[k].kind == kind && strcmp(client->marks[k].pattern, id) == 0)
                                offer(best, client, &client->marks[k]);
        }
}

struct found_client catalogue_find(const struct catalogue *catalogue, const struct process_marks *process)
{
        const char *name = catalogue_last_part(process->program);
        struct found_client best = { 0 };

        find_by_name(catalogue, process, MARK_PROGRAM, name, strlen(name), &best);
        find_by_name(catalogue, process, MARK_SCRIPT, name, catalogue_stem(name), &best);
        if (process->flatpak[0] && begins(process->program, FLATPAK_PREFIX))
                find_package(catalogue, MARK_FLATPAK, process->flatpak, &best);
        if (process->snap && process->snap[0] && begins(process->program, SNAP_PREFIX))
                find_package(catalogue, MARK_SNAP, process->snap, &best);
        return best;
}

struct found_client catalogue_find_mount(const struct catalogue *catalogue, const char *type, const char *source)
{
        struct found_client best = { 0 };

        for (size_t i = 0; i < catalogue->clients.n; i++) {
                const struct client *client = catalogue->clients.items[i];

                for (size_t k = 0; k < client->n_marks; k++)
                        if (client->marks[k].kind == MARK_MOUNT && strcmp(client->marks[k].word, type) == 0 &&
                            glob_fits(client->marks[k].pattern, source))
                                offer(&best, client, &client->marks[k]);
        }
        return best;
}
