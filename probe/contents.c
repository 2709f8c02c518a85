/* SPDX-License-Identifier: GPL-3.0-or-later */

/* libblkid's own answer (blkid_do_safeprobe) stops at the first container that it finds: a LUKS header with a file system
 * beside it is "LUKS" to it, and the kernel mounts the file system. So all signatures are counted, one by one, as
 * wipefs(8) does. And what is mounted is what the kernel calls a partition, not what libblkid calls one: where the two do
 * not agree on the table nothing can be said of it. */

#include "probe/contents.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

#define SECTOR 512U

DEFINE_CLEANUP(cleanup_probe, blkid_probe, blkid_free_probe)

/* What is written in a range of the disk. */
struct signatures {
        unsigned count; /* of containers, file systems and the like: 0, 1 or 2 for "several" */
        bool table;     /* and a partition table */
        bool container; /* the one is LUKS or BitLocker */
        char type[32];  /* libblkid's name of the first */
};

static bool is_container(blkid_probe probe)
{
        const char *type, *usage;

        return blkid_probe_lookup_value(probe, "USAGE", &usage, NULL) == 0 && strcmp(usage, "crypto") == 0 &&
               blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0 &&
               (strcmp(type, "crypto_LUKS") == 0 || strcmp(type, "BitLocker") == 0);
}

static int open_range(blkid_probe probe, int fd, uint64_t offset, uint64_t size)
{
        if (!probe)
                return -ENOMEM;
        return blkid_probe_set_device(probe, fd, (blkid_loff_t) offset, (blkid_loff_t) size) != 0 ? -EIO : 0;
}

/* The boot sector of a BitLocker volume ends like that of a table; one that names no partition is none. */
static bool has_table(int fd, uint64_t offset, uint64_t size)
{
        CLEANUP(cleanup_probe) blkid_probe probe = blkid_new_probe();
        blkid_partlist table;

        if (open_range(probe, fd, offset, size) < 0 || blkid_probe_enable_partitions(probe, 1) < 0)
                return false;
        table = blkid_probe_get_partitions(probe);
        return table && blkid_partlist_numof_partitions(table) > 0;
}

/* 0 or -errno. */
static int read_signatures(int fd, uint64_t offset, uint64_t size, struct signatures *ret)
{
        CLEANUP(cleanup_probe) blkid_probe probe = blkid_new_probe();
        const char *type;
        int r;

        *ret = (struct signatures){ 0 };
        r = open_range(probe, fd, offset, size);
        if (r < 0)
                return r;
        blkid_probe_enable_superblocks(probe, 1);
        blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_BADCSUM);
        while (ret->count < 2 && (r = blkid_do_probe(probe)) == 0) {
                if (ret->count++ > 0)
                        break;
                ret->container = is_container(probe);
                if (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0)
                        snprintf(ret->type, sizeof ret->type, "%s", type);
        }
        ret->table = has_table(fd, offset, size);
        return r < 0 ? -EIO : 0;
}

static enum probe_answer unreadable(char *why, size_t size)
{
        snprintf(why, size, "it cannot be read");
        return PROBE_TROUBLE;
}

/* what: "the disk", "partition 2". */
static enum probe_answer judge_container(const struct signatures *found, const char *what, char *why, size_t size)
{
        if (found->count == 1 && found->container && !found->table) {
                snprintf(why, size, "%s is %s", what, found->type);
                return PROBE_ENCRYPTED;
        }
        if (found->count > 1 || (found->count == 1 && found->table))
                snprintf(why, size, "%s has the signs of %s and of something else", what, found->type);
        else if (found->count == 1)
                snprintf(why, size, "%s is %s", what, found->type);
        else
                snprintf(why, size, "%s shows no encryption", what);
        return PROBE_PLAIN;
}

/* Which of the kernel's partitions is this, or n. The extended one is two sectors to the kernel (block/partitions/msdos.c). */
static size_t find_part(const struct contents_part *parts, size_t n, blkid_partition partition)
{
        bool extended = blkid_partition_is_extended(partition);

        for (size_t i = 0; i < n; i++)
                if (parts[i].start == (uint64_t) blkid_partition_get_start(partition) &&
                    (extended || parts[i].sectors == (uint64_t) blkid_partition_get_size(partition)))
                        return i;
        return n;
}

/* extended[i]: that one only holds others. false: kernel and libblkid read two tables. */
static bool agree(blkid_partlist table, const struct contents_part *parts, size_t n, bool extended[])
{
        bool known[PROBE_PARTS_MAX] = { false };
        int count = blkid_partlist_numof_partitions(table);
        size_t seen = 0;

        for (int i = 0; i < count; i++) {
                blkid_partition partition = blkid_partlist_get_partition(table, i);
                size_t k = find_part(parts, n, partition);

                if (k == n || known[k])
                        return false;
                known[k] = true;
                extended[k] = blkid_partition_is_extended(partition);
                seen++;
        }
        return seen == n;
}

static enum probe_answer look_at_parts(int fd, const struct contents_part *parts, size_t n, char *why, size_t size)
{
        CLEANUP(cleanup_probe) blkid_probe probe = blkid_new_probe();
        bool extended[PROBE_PARTS_MAX] = { false };
        blkid_partlist table;
        size_t containers = 0;

        if (open_range(probe, fd, 0, 0) < 0 || blkid_probe_enable_partitions(probe, 1) < 0)
                return unreadable(why, size);
        table = blkid_probe_get_partitions(probe);
        if (!table || !agree(table, parts, n, extended)) {
                snprintf(why, size, "its partition table can be read in two ways");
                return PROBE_PLAIN;
        }
        for (size_t i = 0; i < n; i++) {
                struct signatures found;
                enum probe_answer answer;
                char what[32];

                if (extended[i])
                        continue;
                snprintf(what, sizeof what, "partition %zu", i + 1);
                if (read_signatures(fd, parts[i].start * SECTOR, parts[i].sectors * SECTOR, &found) < 0)
                        return unreadable(why, size);
                answer = judge_container(&found, what, why, size);
                if (answer != PROBE_ENCRYPTED)
                        return answer;
                containers++;
        }
        if (containers > 0)
                return PROBE_ENCRYPTED;
        snprintf(why, size, "it has no partition that holds anything");
        return PROBE_PLAIN;
}

enum probe_answer contents_look(int fd, const struct contents_part *parts, size_t n, char *why, size_t size)
{
        struct signatures found;

        if (n > PROBE_PARTS_MAX) {
                snprintf(why, size, "it has more than %u partitions", PROBE_PARTS_MAX);
                return PROBE_PLAIN;
        }
        if (read_signatures(fd, 0, 0, &found) < 0)
                return unreadable(why, size);
        if (n == 0)
                return judge_container(&found, "the disk", why, size);
        if (found.count > 0) {
                snprintf(why, size, "the disk has partitions and is %s besides", found.type);
                return PROBE_PLAIN;
        }
        return look_at_parts(fd, parts, n, why, size);
}
