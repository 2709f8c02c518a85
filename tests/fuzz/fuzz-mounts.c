/* links: common/readfull.c gate/mounts.c gate/device.c gate/bus.c gate/attr.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as mountinfo. What is accepted must come out the same when it is written again as the kernel would, and
 * the walk must follow its sources and layers to nothing but absolute paths. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/fuzz/check.h"

/* The walk sees a file system where every second path is a block device, and some do not exist. */
static int fuzz_stat(const char *path, struct stat *ret)
{
        unsigned sum = 0;

        CHECK(path[0] == '/');
        for (const char *at = path; *at; at++)
                sum = sum * 31 + (unsigned char) *at;
        if (sum % 5 == 0)
                return -1;
        memset(ret, 0, sizeof *ret);
        ret->st_mode = sum % 2 ? S_IFBLK : S_IFDIR;
        ret->st_rdev = makedev(800 + sum % 7, sum % 3);
        ret->st_dev = makedev(0, sum % 100);
        return 0;
}

#define stat(path, ret) fuzz_stat(path, ret)
#include "gate/walk.c"
#undef stat

/* As seq_escape() and mangle() write it (fs/proc_namespace.c). */
static void escape(FILE *to, const char *text)
{
        for (; *text; text++)
                if (strchr(" \t\n\\#", *text))
                        fprintf(to, "\\%03o", (unsigned char) *text);
                else
                        fputc(*text, to);
}

static char *write_again(const struct mounts *mounts)
{
        char *text = NULL;
        size_t length;
        FILE *to = open_memstream(&text, &length);

        CHECK(to);
        for (size_t i = 0; i < mounts->n; i++) {
                const struct mount *mount = &mounts->items[i];

                CHECK(mount->point && mount->type && mount->source && mount->options);
                CHECK(!strchr(mount->options, '\n'));
                fprintf(to, "36 35 %u:%u / ", major(mount->dev), minor(mount->dev));
                escape(to, mount->point);
                fprintf(to, " rw master:1 - ");
                escape(to, mount->type);
                fputc(' ', to);
                escape(to, mount->source);
                fprintf(to, " %s\n", mount->options);
        }
        fclose(to);
        return text;
}

static void require_same(const struct mounts *a, const struct mounts *b)
{
        CHECK(a->n == b->n);
        for (size_t i = 0; i < a->n; i++) {
                CHECK(a->items[i].dev == b->items[i].dev);
                CHECK(strcmp(a->items[i].point, b->items[i].point) == 0);
                CHECK(strcmp(a->items[i].type, b->items[i].type) == 0);
                CHECK(strcmp(a->items[i].source, b->items[i].source) == 0);
                CHECK(strcmp(a->items[i].options, b->items[i].options) == 0);
                CHECK(mount_is_passing(&a->items[i]) == mount_is_passing(&b->items[i]));
        }
}

static size_t count_lines(const char *text)
{
        size_t n = 0;

        for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
                n += *text != '\n';
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct roots roots = { .sys = "/nonexistent", .proc = "/nonexistent" };
        struct mounts mounts, again;
        struct walker walker = { .roots = &roots, .mounts = &mounts };
        char *text;
        size_t lines;

        text = malloc(size + 1);
        CHECK(text);
        memcpy(text, data, size);
        text[size] = '\0';
        lines = count_lines(text);
        if (mounts_parse(text, &mounts) < 0) {
                free(text);
                return 0;
        }
        free(text);
        CHECK(mounts.n == lines);

        text = write_again(&mounts);
        CHECK(mounts_parse(text, &again) == 0);
        require_same(&mounts, &again);
        mounts_free(&again);
        free(text);

        for (size_t i = 0; i < mounts.n && i < 8; i++) {
                walker.mount = &mounts.items[i];
                walker.n_followed = 0;
                descend_mount(&walker, walker.mount, 0);
        }
        CHECK(walker.error == 0 && walker.uses.n == 0); /* there is no /sys to be found in */
        walk_free(&walker.uses);
        free(walker.followed);
        mounts_free(&mounts);
        return 0;
}
