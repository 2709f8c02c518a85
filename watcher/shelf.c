/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

void shelf_file(struct catalogue *catalogue, const char *path, unsigned flags)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors));
        int r = errors ? catalogue_load(catalogue, path, flags, errors) : -ENOMEM;

        if (r >= 0)
                return;
        if (errors && errors->n > 0)
                fprintf(stderr, "lekdicht-watch: %s:%u: %s; nothing of this file is used\n", path,
                        errors->items[0].line, errors->items[0].text);
        else
                fprintf(stderr, "lekdicht-watch: %s: %s\n", path, strerror(-r));
}

static int is_ini(const struct dirent *entry)
{
        size_t size = strlen(entry->d_name);

        return entry->d_name[0] != '.' && size > strlen(".ini") &&
               strcmp(entry->d_name + size - strlen(".ini"), ".ini") == 0;
}

void shelf_directory(struct catalogue *catalogue, const char *path, unsigned flags)
{
        struct dirent **names = NULL;
        int n = scandir(path, &names, is_ini, alphasort);

        for (int i = 0; i < n; i++) {
                CLEANUP(cleanup_free) char *file = NULL;

                if (asprintf(&file, "%s/%s", path, names[i]->d_name) < 0)
                        file = NULL;
                else
                        shelf_file(catalogue, file, flags);
                free(names[i]);
        }
        free(names);
}
