/* links: watcher/rclone.c watcher/backend.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as arguments, environment and configuration of an rclone, three parts with a 0xff between. Nothing comes out but
 * names of services. */

#include <string.h>

#include "tests/fuzz/check.h"
#include "watcher/backend.h"
#include "watcher/rclone.h"

/* Up to the next 0xff, in memory of its own: what is read behind it is seen. */
static char *take(const uint8_t **at, const uint8_t *end, size_t *ret_size)
{
        const uint8_t *stop = memchr(*at, 0xff, (size_t) (end - *at)) ?: end;
        char *copy;

        *ret_size = (size_t) (stop - *at);
        copy = malloc(*ret_size ?: 1);
        CHECK(copy);
        memcpy(copy, *at, *ret_size);
        *at = stop < end ? stop + 1 : end;
        return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *at = data, *end = data + size;
        struct rclone_process process = { .program = "/usr/bin/rclone" };
        struct rclone_services services;
        char path[RCLONE_TEXT_MAX], *arguments, *environment, *config;
        size_t config_size;

        process.arguments = arguments = take(&at, end, &process.arguments_size);
        process.environment = environment = take(&at, end, &process.environment_size);
        config = take(&at, end, &config_size);
        (void) rclone_copies(&process);
        memset(&services, 0x55, sizeof(services));
        rclone_find(&process, config, config_size, &services);
        CHECK(services.n <= RCLONE_SERVICES_MAX);
        for (size_t i = 0; i < services.n; i++)
                CHECK(backend_service(services.names[i]));
        for (unsigned n = 0; rclone_config_path(&process, n, path); n++) {
                CHECK(n < RCLONE_CONFIGS);
                CHECK(memchr(path, '\0', sizeof(path)));
        }
        free(arguments);
        free(environment);
        free(config);
        return 0;
}
