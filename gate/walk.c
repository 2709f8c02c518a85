/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two kinds of step. From a block device number to what lies below it: /sys/dev/block/MAJ:MIN leads to the kernel object;
 * a partition's disk is its parent, a stacked device lists its `slaves`, a loop device names its backing file. From a file
 * system without a number of its own (btrfs, overlay, fuseblk, bcachefs) to block devices: its source, its layers, or
 * /sys/fs/btrfs. */

#include "gate/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "gate/attr.h"
#include "common/sysfs.h"
#include "gate/device.h"
#include "gate/mounts.h"

struct followed {
        dev_t dev;
        int depth;
};

struct walker {
        const struct roots *roots;
        const struct mounts *mounts;
        struct uses uses;
        const struct mount *mount; /* on whose behalf; NULL: swap */
        struct followed *followed; /* on its behalf so far, each from the smallest depth */
        size_t n_followed;
        int error;
};

static void descend(struct walker *walker, dev_t dev, int depth);

static void found(struct walker *walker, const char *disk)
{
        struct uses *uses = &walker->uses;
        struct use *more, use = { 0 };

        for (size_t i = 0; i < uses->n; i++)
                if (strcmp(uses->items[i].disk, disk) == 0 &&
                    (walker->mount ? uses->items[i].point && strcmp(uses->items[i].point, walker->mount->point) == 0
                                   : !uses->items[i].point))
                        return;
        more = reallocarray(uses->items, uses->n + 1, sizeof *more);
        if (more)
                uses->items = more;
        use.disk = more ? strdup(disk) : NULL;
        use.point = walker->mount && more ? strdup(walker->mount->point) : NULL;
        use.passing = walker->mount && mount_is_passing(walker->mount);
        if (!use.disk || (walker->mount && !use.point)) {
                walker->error = -ENOMEM;
                free(use.disk);
                free(use.point);
                return;
        }
        uses->items[uses->n++] = use;
}

/* Many ways may lead to one device, and their number doubles with each layer of mirrors: one is enough, unless a later one is
 * shorter and so reaches deeper. */
static bool is_followed(struct walker *walker, dev_t dev, int depth)
{
        struct followed *more;

        for (size_t i = 0; i < walker->n_followed; i++)
                if (walker->followed[i].dev == dev) {
                        bool nearer = depth < walker->followed[i].depth;

                        if (nearer)
                                walker->followed[i].depth = depth;
                        return !nearer;
                }
        more = reallocarray(walker->followed, walker->n_followed + 1, sizeof *more);
        if (!more) {
                walker->error = -ENOMEM;
                return true;
        }
        walker->followed = more;
        walker->followed[walker->n_followed++] = (struct followed){ dev, depth };
        return false;
}

static void descend_path(struct walker *walker, const char *path, int depth)
{
        struct stat st;

        if (stat(path, &st) == 0)
                descend(walker, S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev, depth);
}

/* Each device below a directory of links to block devices (`slaves`, btrfs' `devices`). Returns how many there were. */
static size_t descend_links(struct walker *walker, const char *directory, int depth)
{
        CLEANUP(cleanup_closedir) DIR *stream = opendir(directory);
        const struct dirent *entry;
        char path[PATH_MAX], number[32];
        unsigned major, minor;
        size_t n = 0;

        while (stream && (entry = readdir(stream))) {
                if (entry->d_name[0] == '.')
                        continue;
                if ((size_t) snprintf(path, sizeof path, "%s/%s/dev", directory, entry->d_name) >= sizeof path ||
                    attr_read(AT_FDCWD, path, number, sizeof number) < 0 ||
                    sscanf(number, "%u:%u", &major, &minor) != 2)
                        continue;
                descend(walker, makedev(major, minor), depth);
                n++;
        }
        return n;
}

/* All members of the btrfs that this block device is part of. */
static bool descend_btrfs(struct walker *walker, const char *member, int depth)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        char path[PATH_MAX], devices[PATH_MAX + 16];

        snprintf(path, sizeof path, "%s/fs/btrfs", walker->roots->sys);
        stream = opendir(path);
        while (stream && (entry = readdir(stream))) {
                CLEANUP(cleanup_close) int fd = -1;

                if ((size_t) snprintf(devices, sizeof devices, "%s/%s/devices", path, entry->d_name) >= sizeof devices)
                        continue;
                fd = attr_open_dir(AT_FDCWD, devices);
                if (fd < 0 || faccessat(fd, member, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                return descend_links(walker, devices, depth) > 0;
        }
        return false;
}

static void descend_btrfs_source(struct walker *walker, const char *source, int depth)
{
        char link[64], name[SYSFS_NAME_MAX], block[PATH_MAX];
        struct stat st;

        if (source[0] != '/' || stat(source, &st) < 0 || !S_ISBLK(st.st_mode))
                return;
        snprintf(link, sizeof link, "dev/block/%u:%u", major(st.st_rdev), minor(st.st_rdev));
        if ((size_t) snprintf(block, sizeof block, "%s/%s", walker->roots->sys, link) >= sizeof block)
                return;
        if (sysfs_read_link(AT_FDCWD, block, name, sizeof name) < 0 || !descend_btrfs(walker, name, depth))
                descend(walker, st.st_rdev, depth);
}

/* The next of the layers between colons; overlayfs puts a backslash before a colon or backslash in a name. */
static char *next_layer(char **rest)
{
        char *layer = *rest, *from = layer, *to = layer;

        if (!layer)
                return NULL;
        for (; *from && *from != ':'; from++) {
                if (from[0] == '\\' && from[1])
                        from++;
                *to++ = *from;
        }
        *rest = *from ? from + 1 : NULL;
        *to = '\0';
        return layer;
}

/* lowerdir=/a:/b,upperdir=/c,workdir=/d: each layer lies on a file system of its own. */
static void descend_overlay(struct walker *walker, const char *options, int depth)
{
        CLEANUP(cleanup_free) char *copy = strdup(options);
        char *option, *rest = copy;

        if (!copy)
                walker->error = -ENOMEM;
        while ((option = strsep(&rest, ","))) {
                char *layers = strchr(option, '='), *layer;

                if (!layers || (strncmp(option, "lowerdir", 8) != 0 && strncmp(option, "upperdir", 8) != 0 &&
                                strncmp(option, "datadir", 7) != 0))
                        continue;
                layers++;
                mounts_unescape(layers);
                while ((layer = next_layer(&layers)))
                        if (layer[0] == '/')
                                descend_path(walker, layer, depth);
        }
}

/* The source of a FUSE mount is whatever the user wrote who mounted it ("-o fsname=/dev/sdb1"): it may not make a stick
 * carry his home. Only root is believed. A source on fuseblk or another file system with a number is not needed. */
static bool source_is_true(const struct mount *mount)
{
        if (strcmp(mount->type, "fuse") != 0 && strncmp(mount->type, "fuse.", 5) != 0)
                return true;
        for (const char *option = mount->options; option; option = strchr(option, ',')) {
                option += *option == ',';
                if (strncmp(option, "user_id=0", 9) == 0 && (option[9] == ',' || option[9] == '\0'))
                        return true;
        }
        return false;
}

static void descend_mount(struct walker *walker, const struct mount *mount, int depth)
{
        if (major(mount->dev) != 0)
                descend(walker, mount->dev, depth);
        else if (strcmp(mount->type, "overlay") == 0)
                descend_overlay(walker, mount->options, depth);
        else if (strcmp(mount->type, "btrfs") == 0)
                descend_btrfs_source(walker, mount->source, depth);
        else if (mount->source[0] == '/' && source_is_true(mount)) {
                /* bcachefs lists its members between colons. */
                CLEANUP(cleanup_free) char *copy = strdup(mount->source);
                char *member, *rest = copy;
                struct stat st;

                if (!copy)
                        walker->error = -ENOMEM;
                while ((member = strsep(&rest, ":")))
                        if (member[0] == '/' && stat(member, &st) == 0 && S_ISBLK(st.st_mode))
                                descend(walker, st.st_rdev, depth);
        }
}

/* The kernel object of a block device: its real path without the root. */
static bool block_path(const struct walker *walker, dev_t dev, char ret[static PATH_MAX])
{
        char link[PATH_MAX];

        return (size_t) snprintf(link, sizeof link, "%s/dev/block/%u:%u", walker->roots->sys, major(dev), minor(dev)) <
                       sizeof link &&
               realpath(link, ret) && strncmp(ret, walker->roots->sys, strlen(walker->roots->sys)) == 0;
}

static void descend(struct walker *walker, dev_t dev, int depth)
{
        char path[PATH_MAX], below[PATH_MAX + 32], text[PATH_MAX];

        if (depth > WALK_DEPTH_MAX || is_followed(walker, dev, depth))
                return;
        if (major(dev) == 0) {
                /* A file lies on a file system without a number: find out where that is mounted from. */
                for (size_t i = 0; i < walker->mounts->n; i++)
                        if (walker->mounts->items[i].dev == dev) {
                                descend_mount(walker, &walker->mounts->items[i], depth + 1);
                                return;
                        }
                return;
        }
        if (!block_path(walker, dev, path))
                return;

        snprintf(below, sizeof below, "%s/partition", path);
        if (access(below, F_OK) == 0)
                *strrchr(path, '/') = '\0';

        snprintf(below, sizeof below, "%s/loop/backing_file", path);
        if (attr_read(AT_FDCWD, below, text, sizeof text) > 0)
                descend_path(walker, text, depth + 1);

        snprintf(below, sizeof below, "%s/slaves", path);
        if (descend_links(walker, below, depth + 1) == 0)
                found(walker, path + strlen(walker->roots->sys));
}

static int walk_swaps(struct walker *walker)
{
        CLEANUP(cleanup_fclose) FILE *file = NULL;
        CLEANUP(cleanup_free) char *line = NULL;
        char path[PATH_MAX];
        size_t size = 0;

        walker->mount = NULL;
        walker->n_followed = 0;
        if ((size_t) snprintf(path, sizeof path, "%s/swaps", walker->roots->proc) >= sizeof path)
                return -ENAMETOOLONG;
        file = fopen(path, "re");
        if (!file)
                return errno == ENOENT ? 0 : -errno; /* a kernel without swap has no such file */
        while (getline(&line, &size, file) >= 0) {
                line[strcspn(line, " \t\n")] = '\0';
                mounts_unescape(line);
                if (line[0] == '/')
                        descend_path(walker, line, 0);
        }
        return 0;
}

int walk(const struct roots *roots, struct uses *ret)
{
        struct mounts mounts;
        struct walker walker = { .roots = roots, .mounts = &mounts };
        int r;

        r = mounts_read(roots, &mounts);
        if (r < 0)
                return r;
        for (size_t i = 0; i < mounts.n; i++) {
                walker.mount = &mounts.items[i];
                walker.n_followed = 0;
                descend_mount(&walker, walker.mount, 0);
        }
        r = walk_swaps(&walker);
        mounts_free(&mounts);
        free(walker.followed);
        if (r == 0)
                r = walker.error;
        if (r < 0) {
                walk_free(&walker.uses);
                return r;
        }
        *ret = walker.uses;
        return 0;
}

void walk_free(struct uses *uses)
{
        for (size_t i = 0; i < uses->n; i++) {
                free(uses->items[i].disk);
                free(uses->items[i].point);
        }
        free(uses->items);
        uses->items = NULL;
        uses->n = 0;
}

const struct use *walk_carries(const struct uses *uses, const char *devpath)
{
        for (size_t i = 0; i < uses->n; i++)
                if (!uses->items[i].passing && devpath_is_under(uses->items[i].disk, devpath))
                        return &uses->items[i];
        return NULL;
}

const char *use_name(const struct use *use)
{
        return use->point ? use->point : "swap";
}
