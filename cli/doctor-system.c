/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Is a part of the system on a disk that can be carried away? What carries it when the gate closes is exempt; what is
 * plugged in later is judged like any other disk, and a teacher without /home cannot work. */

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/place.h"
#include "common/cleanup.h"

#define POINT_MAX  128U /* bytes of a mount point; the system's are short */
#define SOURCE_MAX 256U
#define NAME_SIZE  64U /* of a block device, NUL included */

/* The path in /sys of a block device, "8:1" or "sda1"; false when there is none. */
static bool block_path(const struct doctor *doctor, const char *directory, const char *name, char *ret)
{
        char path[PATH_MAX], full[PATH_MAX];

        return (size_t) snprintf(path, sizeof(path), "%s/%s", directory, name) < sizeof(path) &&
               place_path(doctor->root, path, full) && realpath(full, ret);
}

static bool path_is_on_usb(const char *path)
{
        for (const char *at = strstr(path, "/usb"); at; at = strstr(at + 1, "/usb"))
                if (at[4] >= '0' && at[4] <= '9')
                        return true;
        return false;
}

/* One level of LUKS or LVM is looked through; a stick as part of a RAID is no laptop's. */
static bool slave_is_on_usb(const struct doctor *doctor, const char *path)
{
        CLEANUP(cleanup_closedir) DIR *directory = NULL;
        char slaves[PATH_MAX], below[PATH_MAX];
        struct dirent *entry;

        if ((size_t) snprintf(slaves, sizeof(slaves), "%s/slaves", path) >= sizeof(slaves))
                return false;
        directory = opendir(slaves);
        while (directory && (entry = readdir(directory)))
                if (entry->d_name[0] != '.' && block_path(doctor, "/sys/class/block", entry->d_name, below) &&
                    path_is_on_usb(below))
                        return true;
        return false;
}

/* The name of the device that /dev/sda1 is, or that /dev/mapper/home leads to; "" when it is too long for one. */
static void name_of_source(const struct doctor *doctor, const char *source, char ret[static NAME_SIZE])
{
        char full[PATH_MAX], target[PATH_MAX];
        const char *name = source;
        ssize_t n = place_path(doctor->root, source, full) ? readlink(full, target, sizeof(target) - 1) : -1;

        if (n >= 0) {
                target[n] = '\0';
                name = target;
        }
        if (strrchr(name, '/'))
                name = strrchr(name, '/') + 1;
        strcpy(ret, strlen(name) < NAME_SIZE ? name : "");
}

static bool is_on_usb(const struct doctor *doctor, const char *number, const char *source)
{
        char path[PATH_MAX], name[NAME_SIZE];
        bool found = block_path(doctor, "/sys/dev/block", number, path);

        if (!found && strncmp(source, "/dev/", 5) == 0) { /* btrfs has numbers that mean no disk */
                name_of_source(doctor, source, name);
                found = name[0] && block_path(doctor, "/sys/class/block", name, path);
        }
        return found && (path_is_on_usb(path) || slave_is_on_usb(doctor, path));
}

static bool is_the_systems(const char *point)
{
        static const char *const points[] = { "/", "/home", "/usr", "/var", "/boot", "/boot/efi", "/srv", "/opt" };

        for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
                if (strcmp(point, points[i]) == 0)
                        return true;
        return strncmp(point, "/home/", strlen("/home/")) == 0;
}

void doctor_system(const struct doctor *doctor, struct finding *finding)
{
        CLEANUP(cleanup_free) char *mounts = NULL;
        ssize_t r = place_read(doctor->root, "/proc/self/mountinfo", &mounts);

        if (r < 0) {
                finding_set(finding, FINDING_UNKNOWN, "/proc/self/mountinfo: %s", place_error((int) r));
                return;
        }
        /* 22 1 8:1 / /home rw,relatime shared:1 - ext4 /dev/sda1 rw */
        for (char *line = mounts, *next; line && *line; line = next) {
                char number[32], point[POINT_MAX], source[SOURCE_MAX] = "";
                const char *rest;

                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                if (sscanf(line, "%*s %*s %31s %*s %127s", number, point) != 2 || !is_the_systems(point))
                        continue;
                rest = strstr(line, " - ");
                if (rest)
                        (void) sscanf(rest, " - %*s %255s", source);
                if (!is_on_usb(doctor, number, source))
                        continue;
                finding_set(finding, FINDING_WARNING,
                            "%s is on a disk on USB, which opens by itself only when it is there as the gate closes",
                            point);
                finding_remedy(
                        finding,
                        "Put what `sudo lekdicht learn DEVICE` says of it into the policy, before mode = enforce");
                return;
        }
        finding_set(finding, FINDING_OK, "nothing of the system is on a disk on USB");
}
