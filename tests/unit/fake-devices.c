/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What stands in the fake machine: devices as /sys shows them, what is mounted and swapped on them. */

#include "tests/unit/fake-machine.h"

#include <sys/sysmacros.h>

void machine_device(struct machine *m, const char *devpath, const char *subsystem, const char *devtype)
{
        const char *name = strrchr(devpath, '/') + 1;

        machine_file(m, devtype ? machine_string(m, "DEVTYPE=%s\nDRIVER=x\n", devtype) : "DRIVER=x\n", "sys%s/uevent",
                     devpath);
        machine_link(m, machine_string(m, "sys/bus/%s", subsystem), "sys%s/subsystem", devpath);
        machine_link(m, machine_string(m, "sys%s", devpath), "sys/bus/%s/devices/%s", subsystem, name);
}

static void block(struct machine *m, const char *devpath, unsigned major, unsigned minor)
{
        machine_file(m, "", "sys%s/uevent", devpath);
        machine_file(m, machine_string(m, "%u:%u\n", major, minor), "sys%s/dev", devpath);
        machine_link(m, machine_string(m, "sys%s", devpath), "sys/dev/block/%u:%u", major, minor);
}

void machine_disk(struct machine *m, const char *lun, const char *disk, unsigned major, uint64_t diskseq,
                  unsigned partitions)
{
        const char *path = machine_string(m, "%s/block/%s", lun, disk);

        block(m, path, major, 0);
        machine_file(m, machine_string(m, "%ju\n", (uintmax_t) diskseq), "sys%s/diskseq", path);
        machine_link(m, machine_string(m, "sys%s", path), "sys/block/%s", disk);
        machine_file(m, "", "dev/%s", disk);
        for (unsigned i = 1; i <= partitions; i++) {
                const char *part = machine_string(m, "%s/%s%s%u", path, disk,
                                                  strchr("0123456789", disk[strlen(disk) - 1]) ? "p" : "", i);

                block(m, part, major, i);
                machine_file(m, machine_string(m, "%u\n", i), "sys%s/partition", part);
                machine_file(m, "", "dev/%s", strrchr(part, '/') + 1);
        }
        machine_show(m, lun, "block", ".block");
}

static const char *scsi(struct machine *m, const char *above, unsigned host)
{
        machine_device(m, machine_string(m, "%s/host%u", above, host), "scsi", "scsi_host");
        machine_device(m, machine_string(m, "%s/host%u/target%u:0:0", above, host, host), "scsi", "scsi_target");
        above = machine_string(m, "%s/host%u/target%u:0:0/%u:0:0:0", above, host, host, host);
        machine_device(m, above, "scsi", "scsi_device");
        machine_file(m, "", "sys%s/scsi_generic/sg%u/uevent", above, host);
        return above;
}

const char *machine_usb(struct machine *m, const char *port, unsigned devnum, const char *class)
{
        const char *usb = machine_string(m, PCI "/0000:00:14.0/usb1/%s", port);

        machine_device(m, usb, "usb", "usb_device");
        machine_file(m, "1\n", "sys%s/busnum", usb);
        machine_file(m, machine_string(m, "%u\n", devnum), "sys%s/devnum", usb);
        machine_file(m, machine_string(m, "%s\n", class), "sys%s/bDeviceClass", usb);
        machine_file(m, "1\n", "sys%s/authorized", usb);
        machine_file(m, "", "dev/bus/usb/001/%03u", devnum);
        return usb;
}

const char *machine_interface(struct machine *m, const char *usb, unsigned number, const char *class)
{
        const char *interface = machine_string(m, "%s/%s:1.%u", usb, strrchr(usb, '/') + 1, number);

        machine_device(m, interface, "usb", "usb_interface");
        machine_file(m, machine_string(m, "%s\n", class), "sys%s/bInterfaceClass", interface);
        machine_file(m, "1\n", "sys%s/authorized", interface);
        return interface;
}

const char *machine_stick(struct machine *m, const char *port, unsigned devnum, unsigned host, const char *disk,
                          unsigned major, uint64_t diskseq, bool bound)
{
        const char *lun = scsi(m, machine_interface(m, machine_usb(m, port, devnum, "00"), 0, "08"), host);

        machine_disk(m, lun, disk, major, diskseq, 1);
        if (bound)
                machine_bind(m, lun);
        return lun;
}

const char *machine_sata(struct machine *m, unsigned host, const char *disk, unsigned major, uint64_t diskseq)
{
        const char *lun = scsi(m, machine_string(m, PCI "/0000:00:17.0/ata%u", host + 1), host);

        machine_disk(m, lun, disk, major, diskseq, 2);
        machine_bind(m, lun);
        return lun;
}

const char *machine_card(struct machine *m, const char *name, const char *type, const char *disk, unsigned major,
                         uint64_t diskseq, bool bound)
{
        const char *lun = machine_string(m, PCI "/0000:02:00.0/mmc_host/mmc0/%s", name);

        machine_device(m, lun, "mmc", NULL);
        machine_file(m, machine_string(m, "%s\n", type), "sys%s/type", lun);
        machine_disk(m, lun, disk, major, diskseq, 1);
        if (bound)
                machine_bind(m, lun);
        return lun;
}

const char *machine_memstick(struct machine *m, const char *disk, unsigned major, uint64_t diskseq, bool bound)
{
        const char *lun = PCI "/0000:03:00.0/memstick_host/memstick0/memstick0";

        machine_device(m, lun, "memstick", NULL);
        machine_disk(m, lun, disk, major, diskseq, 1);
        if (bound)
                machine_bind(m, lun);
        return lun;
}

const char *machine_nvme(struct machine *m, const char *disk, unsigned major, uint64_t diskseq, bool external)
{
        const char *pci = PCI "/0000:04:00.0", *path = machine_string(m, "%s/nvme/nvme0/%s", pci, disk);

        machine_device(m, pci, "pci", NULL);
        if (external)
                machine_file(m, "removable\n", "sys%s/removable", pci);
        block(m, path, major, 0);
        machine_file(m, machine_string(m, "%ju\n", (uintmax_t) diskseq), "sys%s/diskseq", path);
        machine_link(m, machine_string(m, "sys%s", path), "sys/block/%s", disk);
        block(m, machine_string(m, "%s/%sp1", path, disk), major, 1);
        return path;
}

const char *machine_virtual(struct machine *m, const char *name, unsigned major, unsigned minor)
{
        const char *path = machine_string(m, "/devices/virtual/block/%s", name);

        block(m, path, major, minor);
        if (!strchr(name, '/'))
                machine_link(m, machine_string(m, "sys%s", path), "sys/block/%s", name);
        return path;
}

void machine_slave(struct machine *m, const char *block, const char *slave)
{
        machine_link(m, machine_string(m, "sys%s", slave), "sys%s/slaves/%s", block, strrchr(slave, '/') + 1);
}

void machine_unplug(struct machine *m, const char *devpath)
{
        machine_remove(m, "sys%s", devpath);
}

/* ---- what is in use ---- */

static void add_line(struct machine *m, const char *file, const char *line)
{
        machine_file(m, machine_string(m, "%s%s\n", machine_read(m, "%s", file), line), "%s", file);
}

void machine_mount(struct machine *m, unsigned major, unsigned minor, const char *point, const char *type,
                   const char *source, const char *options)
{
        add_line(m, "proc/self/mountinfo",
                 machine_string(m, "36 35 %u:%u / %s rw,noatime shared:1 - %s %s %s", major, minor, point, type, source,
                                options));
}

void machine_swap(struct machine *m, const char *path)
{
        add_line(m, "proc/swaps", machine_string(m, "%-40s file\t\t1048572\t0\t-2", path));
}

void machine_files_lie_on(struct machine *m, const char *path)
{
        unsigned major, minor;
        struct stat st;

        machine_must(stat(m->top, &st) == 0, m->top);
        if (major(st.st_dev) != 0) {
                machine_link(m, machine_string(m, "sys%s", path), "sys/dev/block/%u:%u", major(st.st_dev),
                             minor(st.st_dev));
                return;
        }
        machine_must(sscanf(machine_read(m, "sys%s/dev", path), "%u:%u", &major, &minor) == 2, path);
        machine_mount(m, 0, minor(st.st_dev), "/media/the-tests", "bcachefs", machine_node(m, "lies-on", major, minor),
                      "rw");
}

const char *machine_node(struct machine *m, const char *name, unsigned major, unsigned minor)
{
        char *path = machine_string(m, "%s/dev/%s", m->top, name);

        machine_make_parents(path);
        machine_must(unlink(path) == 0 || errno == ENOENT, path);
        machine_must(mknod(path, S_IFBLK | 0600, makedev(major, minor)) == 0, path);
        return path;
}
