/* links: watcher/server.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as the configuration of a client: what comes out could be the name of a server, or is empty. */

#include <string.h>

#include "tests/fuzz/check.h"
#include "watcher/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct servers servers = { 0 };
        char *text = malloc(size ?: 1); /* of exactly that size: what is read behind it is seen */

        CHECK(text);
        memcpy(text, data, size);
        server_find(text, size, "url=", &servers);
        CHECK(servers.n <= SERVER_MAX);
        for (size_t i = 0; i < servers.n; i++) {
                CHECK(memchr(servers.names[i], '\0', SERVER_NAME_MAX));
                CHECK(strspn(servers.names[i], "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(servers.names[i]));
        }
        free(text);
        return 0;
}
