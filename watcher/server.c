/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/server.h"

#include <stdbool.h>
#include <string.h>

static bool is_name(const char *name, size_t size)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";

        if (size == 0 || size >= SERVER_NAME_MAX)
                return false;
        for (size_t i = 0; i < size; i++)
                if (!memchr(plain, name[i], sizeof(plain) - 1))
                        return false;
        return true;
}

void server_add(const char *name, size_t size, struct servers *servers)
{
        char lower[SERVER_NAME_MAX] = "";

        for (size_t i = 0; i < size && size < SERVER_NAME_MAX; i++)
                lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char) (name[i] - 'A' + 'a') : name[i];
        if (!is_name(lower, size < SERVER_NAME_MAX ? size : 0) || lower[size] != '\0')
                lower[0] = '\0';
        for (size_t i = 0; i < servers->n; i++)
                if (strcmp(servers->names[i], lower) == 0)
                        return;
        if (servers->n < SERVER_MAX)
                memcpy(servers->names[servers->n++], lower, sizeof(lower));
}

/* What of a text stands before the first of these characters. */
static size_t before(const char *text, size_t size, const char *stops)
{
        size_t n = 0;

        while (n < size && !strchr(stops, text[n]))
                n++;
        return n;
}

/* "https://user@cloud.example.org:8443/x" */
static void add_address(const char *address, size_t size, struct servers *servers)
{
        static const char slashes[] = "://";
        const char *from = memmem(address, size, slashes, strlen(slashes)), *end = address + size, *at;

        from = from ? from + strlen(slashes) : address;
        end = from + before(from, (size_t) (end - from), "/?#");
        at = memrchr(from, '@', (size_t) (end - from));
        from = at ? at + 1 : from;
        /* strchr() finds the NUL too, so that a name ends there. */
        server_add(from, before(from, (size_t) (end - from), ":"), servers);
}

void server_find(const char *text, size_t size, const char *key, struct servers *servers)
{
        const char *end = text + size;
        size_t key_size = strlen(key);

        for (const char *line = text, *next; line < end; line = next) {
                const char *stop = memchr(line, '\n', (size_t) (end - line)) ?: end;
                const char *found = memmem(line, (size_t) (stop - line), key, key_size);

                next = stop < end ? stop + 1 : end;
                if (!found || (found > line && found[-1] != '\\'))
                        continue;
                found += key_size;
                if (stop > found && stop[-1] == '\r')
                        stop--;
                add_address(found, (size_t) (stop - found), servers);
        }
}
