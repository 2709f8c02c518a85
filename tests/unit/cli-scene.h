/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A caller of the verbs whose two streams are kept in memory, in a directory of its own. For tests of cli/. */

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "cli/exit.h"

#define SECOND UINT64_C(1000000)
#define MOMENT (UINT64_C(1763712902) * SECOND) /* 2025-11-21 08:15:02 UTC */

struct scene {
        struct cli cli;
        char root[64], *out, *err;
        size_t out_size, err_size;
};

static inline int set_up(void **state)
{
        struct scene *scene = calloc(1, sizeof(*scene));

        if (!scene)
                return -1;
        strcpy(scene->root, "/tmp/lekdicht-cli-XXXXXX");
        if (!mkdtemp(scene->root))
                return -1;
        scene->cli.out = open_memstream(&scene->out, &scene->out_size);
        scene->cli.err = open_memstream(&scene->err, &scene->err_size);
        scene->cli.sys_root = scene->root;
        scene->cli.run_root = scene->root;
        scene->cli.policy = "/etc/lekdicht/policy.ini";
        scene->cli.uid = 1000;
        scene->cli.now = MOMENT + 7200 * SECOND;
        *state = scene;
        return 0;
}

static inline int tear_down(void **state)
{
        struct scene *scene = *state;
        char command[128];

        fclose(scene->cli.out);
        fclose(scene->cli.err);
        free(scene->out);
        free(scene->err);
        snprintf(command, sizeof(command), "rm -r %s", scene->root);
        assert_int_equal(system(command), 0);
        free(scene);
        return 0;
}

static inline void put(const struct scene *scene, const char *name, const char *content)
{
        char path[256];
        FILE *file;

        for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
                snprintf(path, sizeof(path), "%s/%.*s", scene->root, (int) (slash - name), name);
                mkdir(path, 0755);
        }
        snprintf(path, sizeof(path), "%s/%s", scene->root, name);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(content, file);
        assert_int_equal(fclose(file), 0);
}

static inline const char *said(struct scene *scene)
{
        fflush(scene->cli.out);
        return scene->out;
}

static inline const char *complained(struct scene *scene)
{
        fflush(scene->cli.err);
        return scene->err;
}

#define assert_contains(text, part)                                                                                    \
        do {                                                                                                           \
                if (!strstr(text, part))                                                                               \
                        fail_msg("\"%s\" is not in \"%s\"", part, text);                                               \
        } while (0)
#define assert_lacks(text, part)                                                                                       \
        do {                                                                                                           \
                if (strstr(text, part))                                                                                \
                        fail_msg("\"%s\" is in \"%s\"", part, text);                                                   \
        } while (0)

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static inline void say_it_in_utf8_and_utc(void)
{
        setlocale(LC_CTYPE, "C.UTF-8");
        setenv("TZ", "UTC", 1);
        tzset();
}
