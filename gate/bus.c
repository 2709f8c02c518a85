/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Modules are loaded by running modprobe(8) rather than through libkmod: the gate also has to work in an initramfs and in
 * rescue, where a shared library more is a reason more to fail. */

#include "gate/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/attr.h"

const struct bus buses[BUSES] = {
        { "scsi", { "scsi_mod", "sd_mod", "sr_mod" } },
        { "mmc", { "mmc_core", "mmc_block" } },
        { "memstick", { "memstick" } },
};

const struct bus *bus_by_name(const char *name)
{
        for (size_t i = 0; i < BUSES; i++)
                if (strcmp(buses[i].name, name) == 0)
                        return &buses[i];
        return NULL;
}

static int bus_path(const struct roots *roots, const struct bus *bus, const char *leaf, char *ret, size_t size)
{
        int n = snprintf(ret, size, "%s/bus/%s/%s", roots->sys, bus->name, leaf);

        return n < 0 || (size_t) n >= size ? -ENAMETOOLONG : 0;
}

void bus_load(const struct roots *roots, const struct bus *bus)
{
        char program[] = "modprobe", all[] = "-a", quiet[] = "-q", end[] = "--", modules[BUS_MODULES][32];
        char *arguments[4 + BUS_MODULES + 1] = { program, all, quiet, end };
        char *environment[] = { NULL };
        pid_t child;

        for (size_t i = 0; i < BUS_MODULES; i++) {
                if (!bus->modules[i])
                        break;
                snprintf(modules[i], sizeof modules[i], "%s", bus->modules[i]);
                arguments[4 + i] = modules[i];
        }
        child = fork();
        if (child == 0) {
                execve(roots->modprobe, arguments, environment);
                _exit(127);
        }
        while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
                ;
}

enum bus_state bus_state(const struct roots *roots, const struct bus *bus)
{
        char path[PATH_MAX];
        uint64_t value;
        int r;

        r = bus_path(roots, bus, "drivers_autoprobe", path, sizeof path);
        if (r == 0)
                r = sysfs_read_number(AT_FDCWD, path, 10, 1, &value);
        if (r == -ENOENT)
                return BUS_ABSENT;
        if (r < 0)
                return BUS_UNREADABLE;
        return value ? BUS_OPEN : BUS_CLOSED;
}

const char *bus_state_name(enum bus_state state)
{
        switch (state) {
        case BUS_ABSENT:
                return "absent";
        case BUS_CLOSED:
                return "closed";
        case BUS_OPEN:
                return "open";
        case BUS_UNREADABLE:
                return "unreadable";
        }
        return "unreadable";
}

int bus_set(const struct roots *roots, const struct bus *bus, bool open)
{
        char path[PATH_MAX];
        int r;

        r = bus_path(roots, bus, "drivers_autoprobe", path, sizeof path);
        if (r < 0)
                return r;
        r = attr_write(AT_FDCWD, path, open ? "1" : "0");
        if (r < 0)
                return r;
        return bus_state(roots, bus) == (open ? BUS_OPEN : BUS_CLOSED) ? 0 : -EIO;
}

int bus_probe(const struct roots *roots, const struct bus *bus, const char *device)
{
        char path[PATH_MAX];
        int r;

        r = bus_path(roots, bus, "drivers_probe", path, sizeof path);
        return r < 0 ? r : attr_write(AT_FDCWD, path, device);
}

int bus_foreach(const struct roots *roots, const struct bus *bus,
                int (*callback)(int dirfd, const char *name, void *userdata), void *userdata)
{
        CLEANUP(cleanup_closedir) DIR *directory = NULL;
        char path[PATH_MAX];
        int r;

        r = bus_path(roots, bus, "devices", path, sizeof path);
        if (r < 0)
                return r;
        directory = opendir(path);
        if (!directory)
                return errno == ENOENT ? 0 : -errno;
        for (;;) {
                CLEANUP(cleanup_close) int device = -1;
                const struct dirent *entry;

                errno = 0;
                entry = readdir(directory);
                if (!entry)
                        return -errno;
                if (entry->d_name[0] == '.')
                        continue;
                device = attr_open_dir(dirfd(directory), entry->d_name);
                if (device < 0)
                        continue;
                r = callback(device, entry->d_name, userdata);
                if (r != 0)
                        return r;
        }
}
