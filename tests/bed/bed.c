/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See bed.h. */

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bed/bed.h"

#define PCI "/devices/pci0000:00/0000:00:14.0"

static void check(bool fine, const char *what, const char *path)
{
        if (fine)
                return;
        fprintf(stderr, "bed: %s %s: %s\n", what, path, strerror(errno));
        abort();
}

/* Print into one of some static buffers. */
static char *__attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
        static char buffers[256][1024];
        static unsigned turn;
        char *text = buffers[turn++ % 256];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(buffers[0]), format, arguments);
        va_end(arguments);
        return text;
}

/* The same text, kept for the rest of the process. */
static const char *keep(const char *text)
{
        static const char *kept[4096];
        static size_t n;

        for (size_t i = 0; i < n; i++)
                if (strcmp(kept[i], text) == 0)
                        return kept[i];
        check(n < sizeof(kept) / sizeof(kept[0]), "too many paths", text);
        return kept[n++] = strdup(text);
}

static void make_directories(const char *path)
{
        char *part;

        for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
                part = print("%.*s", slash ? (int) (slash - path) : (int) strlen(path), path);
                check(mkdir(part, 0755) == 0 || errno == EEXIST, "mkdir", part);
                if (!slash)
                        return;
        }
}

static void make_parent(const char *path)
{
        char *parent;

        parent = print("%s", path);
        *strrchr(parent, '/') = '\0';
        make_directories(parent);
}

void bed_write(const struct bed *bed, const char *path, const void *bytes, size_t size)
{
        const char *full;
        FILE *file;

        full = print("%s/%s", bed->root, path);
        make_parent(full);
        file = fopen(full, "we");
        check(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "write", full);
}

void bed_text(const struct bed *bed, const char *path, const char *format, ...)
{
        char text[8192];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        bed_write(bed, path, text, strlen(text));
}

const char *bed_read(const struct bed *bed, const char *path)
{
        static char text[65536];
        const char *full;
        FILE *file;
        size_t n;

        full = print("%s/%s", bed->root, path);
        file = fopen(full, "re");
        if (!file)
                return NULL;
        n = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        while (n > 0 && text[n - 1] == '\n')
                n--;
        text[n] = '\0';
        return text;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

void bed_remove(const struct bed *bed, const char *path)
{
        const char *full;

        full = print("%s/%s", bed->root, path);
        (void) nftw(full, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool bed_exists(const struct bed *bed, const char *path)
{
        const char *full;
        struct stat st;

        full = print("%s/%s", bed->root, path);
        return lstat(full, &st) == 0;
}

/* A relative link as in sysfs; both paths are relative to sys. */
static void make_link(const struct bed *bed, const char *from, const char *to)
{
        const char *full;
        char target[BED_PATH * 2] = "";

        full = print("%s/%s", bed->sys, from);
        make_parent(full);
        for (const char *c = strchr(from, '/'); c; c = strchr(c + 1, '/'))
                strcat(target, "../");
        strcat(target, to);
        (void) unlink(full);
        check(symlink(target, full) == 0, "symlink", full);
}

void bed_init(struct bed *bed, const char *root)
{
        static const char *const buses[] = { "scsi", "mmc", "memstick" };
        const char *full;

        memset(bed, 0, sizeof(*bed));
        if (root) {
                snprintf(bed->root, sizeof(bed->root), "%s", root);
        } else {
                snprintf(bed->root, sizeof(bed->root), "/tmp/lekdicht-bed.XXXXXX");
                check(mkdtemp(bed->root) != NULL, "mkdtemp", bed->root);
                bed->own = true;
        }
        snprintf(bed->sys, sizeof(bed->sys), "%.480s/sys", bed->root);
        snprintf(bed->run, sizeof(bed->run), "%.480s/run/lekdicht", bed->root);
        snprintf(bed->etc, sizeof(bed->etc), "%.480s/etc/lekdicht", bed->root);
        snprintf(bed->lib, sizeof(bed->lib), "%.480s/var/lib/lekdicht", bed->root);
        for (size_t i = 0; i < 3; i++) {
                full = print("sys/bus/%s/drivers_autoprobe", buses[i]);
                bed_text(bed, full, "0\n");
        }
        full = print("%s/sys/bus/usb/devices", bed->root);
        make_directories(full);
        full = print("%s/exempt", bed->run);
        make_directories(full);
        full = print("%s/grant", bed->run);
        make_directories(full);
        full = print("%s/refused", bed->run);
        make_directories(full);
        make_directories(bed->etc);
        make_directories(bed->lib);
        bed_device(bed, PCI, "pci", "");
}

void bed_done(struct bed *bed)
{
        if (bed->own)
                bed_remove(bed, ".");
        if (bed->own)
                (void) rmdir(bed->root);
}

void bed_device(const struct bed *bed, const char *devpath, const char *subsystem, const char *uevent)
{
        bool block = strcmp(subsystem, "block") == 0;
        const char *path, *to;

        path = print("sys%s/uevent", devpath);
        bed_text(bed, path, "%s", uevent);
        path = print("%s/subsystem", devpath + 1);
        to = print("%s/%s", block ? "class" : "bus", subsystem);
        make_link(bed, path, to);
        path = print("%s/%s%s/%s", block ? "class" : "bus", subsystem, block ? "" : "/devices",
                     strrchr(devpath, '/') + 1);
        make_link(bed, path, devpath + 1);
}

void bed_attribute(const struct bed *bed, const char *devpath, const char *name, const char *format, ...)
{
        const char *path;
        char text[4096];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        path = print("sys%s/%s", devpath, name);
        bed_text(bed, path, "%s\n", text);
}

const char *bed_get(const struct bed *bed, const char *devpath, const char *name)
{
        const char *path;

        path = print("sys%s/%s", devpath, name);
        return bed_read(bed, path);
}

void bed_unplug(const struct bed *bed, const char *devpath)
{
        const char *path;

        path = print("sys%s", devpath);
        bed_remove(bed, path);
}

static size_t describe(const struct bed_usb *usb, uint8_t *bytes)
{
        const uint8_t device[18] = {
                18, 1, 0, 2, 0, 0, 0, 64, usb->vendor & 0xff, usb->vendor >> 8, usb->product & 0xff, usb->product >> 8,
                0,  1, 1, 2, 3, 1
        };
        uint8_t *d = bytes + sizeof(device) + 9;
        uint8_t n = 0;

        memcpy(bytes, device, sizeof(device));
        for (; n < 8 && usb->interfaces[n].class; n++) {
                const uint8_t interface[] = { 9,
                                              4,
                                              n,
                                              0,
                                              2,
                                              usb->interfaces[n].class,
                                              usb->interfaces[n].subclass,
                                              usb->interfaces[n].protocol,
                                              0,
                                              7,
                                              5,
                                              0x81,
                                              2,
                                              0,
                                              2,
                                              0,
                                              7,
                                              5,
                                              0x02,
                                              2,
                                              0,
                                              2,
                                              0 };

                memcpy(d, interface, sizeof(interface));
                d += sizeof(interface);
        }
        memcpy(bytes + sizeof(device), (const uint8_t[]){ 9, 2, (uint8_t) (d - bytes - 18), 0, n, 1, 0, 0x80, 50 }, 9);
        return (size_t) (d - bytes);
}

const char *bed_usb(const struct bed *bed, const struct bed_usb *usb, bool with_interfaces)
{
        const char *devpath, *path, *uevent;
        uint8_t bytes[512];

        devpath = keep(print(PCI "/usb1/%s", usb->port));
        bed_device(bed, PCI "/usb1", "usb", "DEVTYPE=usb_device\n");
        bed_attribute(bed, PCI "/usb1", "devnum", "1");
        uevent = print("DEVTYPE=usb_device\nPRODUCT=%x/%x/100\nBUSNUM=001\nDEVNUM=%03u\n", usb->vendor, usb->product,
                       usb->devnum);
        bed_device(bed, devpath, "usb", uevent);
        bed_attribute(bed, devpath, "devnum", "%u", usb->devnum);
        bed_attribute(bed, devpath, "busnum", "1");
        bed_attribute(bed, devpath, "idVendor", "%04x", usb->vendor);
        bed_attribute(bed, devpath, "idProduct", "%04x", usb->product);
        bed_attribute(bed, devpath, "authorized", "1");
        if (usb->manufacturer)
                bed_attribute(bed, devpath, "manufacturer", "%s", usb->manufacturer);
        if (usb->name)
                bed_attribute(bed, devpath, "product", "%s", usb->name);
        if (usb->serial)
                bed_attribute(bed, devpath, "serial", "%s", usb->serial);
        path = print("sys%s/descriptors", devpath);
        bed_write(bed, path, bytes, describe(usb, bytes));
        for (unsigned i = 0; with_interfaces && i < 8 && usb->interfaces[i].class; i++)
                bed_usb_interface(bed, usb, devpath, 1, i);
        return devpath;
}

const char *bed_usb_interface(const struct bed *bed, const struct bed_usb *usb, const char *devpath, unsigned config,
                              unsigned number)
{
        const char *path;

        path = keep(print("%s/%s:%u.%u", devpath, usb->port, config, number));
        bed_device(bed, path, "usb", "DEVTYPE=usb_interface\n");
        bed_attribute(bed, path, "bInterfaceNumber", "%02x", number);
        bed_attribute(bed, path, "bInterfaceClass", "%02x", usb->interfaces[number].class);
        bed_attribute(bed, path, "bInterfaceSubClass", "%02x", usb->interfaces[number].subclass);
        bed_attribute(bed, path, "bInterfaceProtocol", "%02x", usb->interfaces[number].protocol);
        if (usb->interfaces[number].string)
                bed_attribute(bed, path, "interface", "%s", usb->interfaces[number].string);
        bed_attribute(bed, path, "authorized", "1");
        return path;
}

const char *bed_lun(const struct bed *bed, const char *below, unsigned host, unsigned lun, unsigned type,
                    const char *vendor, const char *model)
{
        const char *path;

        path = print("%s/host%u", below, host);
        bed_device(bed, path, "scsi", "DEVTYPE=scsi_host\n");
        path = print("%s/host%u/target%u:0:0", below, host, host);
        bed_device(bed, path, "scsi", "DEVTYPE=scsi_target\n");
        path = keep(print("%s/host%u/target%u:0:0/%u:0:0:%u", below, host, host, host, lun));
        bed_device(bed, path, "scsi", "DEVTYPE=scsi_device\n");
        bed_attribute(bed, path, "type", "%u", type);
        bed_attribute(bed, path, "vendor", "%-8s", vendor);
        bed_attribute(bed, path, "model", "%-16s", model);
        return path;
}

void bed_bind(const struct bed *bed, const char *devpath, const char *driver, const char *disk, unsigned diskseq)
{
        const char *path, *to;

        path = print("%s/driver", devpath + 1);
        to = print("bus/scsi/drivers/%s", driver);
        make_link(bed, path, to);
        if (!disk)
                return;
        path = print("%s/block/%s", devpath, disk);
        bed_device(bed, path, "block", "DEVTYPE=disk\n");
        bed_attribute(bed, path, "diskseq", "%u", diskseq);
}

void bed_unbind(const struct bed *bed, const char *devpath)
{
        const char *path;

        path = print("sys%s/driver", devpath);
        bed_remove(bed, path);
        path = print("sys%s/block", devpath);
        bed_remove(bed, path);
}

const char *bed_nvme(const struct bed *bed, const char *below, const char *name, const char *model, unsigned diskseq)
{
        const char *controller = keep(print("%s/nvme/%s", below, name));
        const char *disk = keep(print("%s/%sn1", controller, name)), *link;

        bed_device(bed, controller, "nvme", "");
        bed_attribute(bed, controller, "model", "%-40s", model);
        bed_device(bed, disk, "block", "DEVTYPE=disk\n");
        bed_attribute(bed, disk, "diskseq", "%u", diskseq);
        link = keep(print("%s/device", disk + 1));
        make_link(bed, link, controller + 1);
        return disk;
}

const char *bed_mmc(const struct bed *bed, const char *below, const char *name, const char *type, const char *serial)
{
        const char *path;

        path = keep(print("%s/mmc_host/mmc0/%s", below, name));
        bed_device(bed, path, "mmc", "MMC_TYPE=SD\n");
        bed_attribute(bed, path, "type", "%s", type);
        bed_attribute(bed, path, "name", "SU08G");
        bed_attribute(bed, path, "serial", "%s", serial);
        return path;
}
