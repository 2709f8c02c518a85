/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The piece of kernel is only as large as the gate can see: binding makes `driver` and `block` appear in the unit's
 * directory, unbinding takes both away again. What a held unit would show waits in `.block`. */

#include "tests/unit/fake-machine.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "gate/say.h"

static ssize_t write_attribute(int fd, const void *value, size_t length);

/* The real thing, but for the one system call. */
#define write write_attribute
#include "gate/attr.c"
#undef write

static struct machine *current;

/* A broken helper is no failed test but no test at all. */
static void must(bool held, const char *what)
{
        if (held)
                return;
        fprintf(stderr, "Bail out! fake machine: %s: %s\n", what, strerror(errno));
        abort();
}

#define FORMAT(buffer, m, format)                                                                                        \
        do {                                                                                                             \
                va_list arguments_;                                                                                      \
                int n_ = snprintf(buffer, sizeof(buffer), "%s/", (m)->top);                                              \
                va_start(arguments_, format);                                                                            \
                n_ += vsnprintf((buffer) + n_, sizeof(buffer) - (size_t) n_, format, arguments_);                        \
                va_end(arguments_);                                                                                      \
                must((size_t) n_ < sizeof(buffer), "long path");                                                         \
        } while (0)

static void append(char *text, const char *format, va_list arguments)
{
        size_t length = strlen(text);
        int n = vsnprintf(text + length, MACHINE_TEXT_MAX - length, format, arguments);

        must(n >= 0 && length + (size_t) n + 1 < MACHINE_TEXT_MAX, "too much text");
        strcat(text, "\n");
}

void say(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        append(current->out, format, arguments);
        va_end(arguments);
}

void complain(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        append(current->err, format, arguments);
        va_end(arguments);
}

char *machine_string(struct machine *m, const char *format, ...)
{
        va_list arguments;
        char *text;

        va_start(arguments, format);
        must(vasprintf(&text, format, arguments) >= 0 && m->n_strings < MACHINE_STRINGS_MAX, "memory");
        va_end(arguments);
        m->strings[m->n_strings++] = text;
        return text;
}

/* ---- files ---- */

static void make_parents(char *path)
{
        char *slash = strrchr(path, '/');

        if (slash == path)
                return;
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno == ENOENT) {
                make_parents(path);
                must(mkdir(path, 0755) == 0, path);
        }
        *slash = '/';
}

static void put_text(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text), path);
        close(fd);
}

void machine_file(struct machine *m, const char *text, const char *format, ...)
{
        char path[PATH_MAX];

        FORMAT(path, m, format);
        make_parents(path);
        put_text(path, text);
}

/* Links are relative, as in /sys, so that the machine may also be entered with chroot(2). */
void machine_link(struct machine *m, const char *target, const char *format, ...)
{
        char path[PATH_MAX], relative[PATH_MAX] = "";

        FORMAT(path, m, format);
        make_parents(path);
        for (const char *slash = strchr(path + strlen(m->top) + 1, '/'); slash; slash = strchr(slash + 1, '/'))
                strcat(relative, "../");
        must(strlen(relative) + strlen(target) < sizeof relative, "long link");
        strcat(relative, target);
        must(unlink(path) == 0 || errno == ENOENT, path);
        must(symlink(relative, path) == 0, path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st, (void) type, (void) ftw;
        return remove(path);
}

void machine_remove(struct machine *m, const char *format, ...)
{
        char path[PATH_MAX];

        FORMAT(path, m, format);
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

bool machine_has(struct machine *m, const char *format, ...)
{
        char path[PATH_MAX];
        struct stat st;

        FORMAT(path, m, format);
        return lstat(path, &st) == 0;
}

const char *machine_read(struct machine *m, const char *format, ...)
{
        char path[PATH_MAX], text[MACHINE_TEXT_MAX];
        ssize_t n = -1;
        int fd;

        FORMAT(path, m, format);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                n = read(fd, text, sizeof text - 1);
                close(fd);
        }
        if (n < 0)
                return "(no such file)";
        return machine_string(m, "%.*s", (int) n, text);
}

const char *machine_list(struct machine *m, const char *directory)
{
        struct dirent **entries;
        char *list = machine_string(m, "%*s", 4096, "");
        int n = scandir(machine_string(m, "%s/%s", m->top, directory), &entries, NULL, alphasort);

        list[0] = '\0';
        for (int i = 0; i < n; i++) {
                must(strlen(list) + strlen(entries[i]->d_name) + 2 < 4096, "long list");
                if (entries[i]->d_name[0] != '.')
                        strcat(strcat(list, entries[i]->d_name), " ");
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
        return list;
}

/* ---- a small kernel ---- */

static const char *const drivers[][2] = { { "scsi", "sd" }, { "mmc", "mmcblk" }, { "memstick", "mspro_block" },
                                          { "usb", "usb-storage" } };

#define BUSES_FAKED (sizeof drivers / sizeof drivers[0])

static const char *bus_of(struct machine *m, const char *devpath)
{
        char path[PATH_MAX], target[PATH_MAX];
        ssize_t n;

        snprintf(path, sizeof path, "%s/sys%s/subsystem", m->top, devpath);
        n = readlink(path, target, sizeof target - 1);
        must(n > 0, path);
        target[n] = '\0';
        for (size_t i = 0; i < BUSES_FAKED; i++)
                if (strcmp(strrchr(target, '/') + 1, drivers[i][0]) == 0)
                        return drivers[i][0];
        must(false, devpath);
        return NULL;
}

static void show(struct machine *m, const char *lun, const char *from, const char *to)
{
        char here[PATH_MAX], there[PATH_MAX];

        snprintf(here, sizeof here, "%s/sys%s/%s", m->top, lun, from);
        snprintf(there, sizeof there, "%s/sys%s/%s", m->top, lun, to);
        must(rename(here, there) == 0 || errno == ENOENT, here);
}

void machine_bind(struct machine *m, const char *lun)
{
        const char *bus = bus_of(m, lun), *driver = NULL;

        for (size_t i = 0; i < BUSES_FAKED; i++)
                if (strcmp(drivers[i][0], bus) == 0)
                        driver = drivers[i][1];
        machine_link(m, machine_string(m, "sys/bus/%s/drivers/%s", bus, driver), "sys%s/driver", lun);
        show(m, lun, ".block", "block");
}

void machine_unbind(struct machine *m, const char *lun)
{
        machine_remove(m, "sys%s/driver", lun);
        show(m, lun, "block", ".block");
}

/* "sys/bus/scsi/drivers_probe" and a name: the devpath of that device on that bus, or NULL. */
static const char *named(struct machine *m, const char *attribute, const char *name)
{
        char link[PATH_MAX], path[PATH_MAX];
        const char *bus = attribute + strlen("sys/bus/");

        snprintf(link, sizeof link, "%s/sys/bus/%.*s/devices/%s", m->top, (int) strcspn(bus, "/"), bus, name);
        if (!realpath(link, path))
                return NULL;
        return machine_string(m, "%s", path + strlen(m->top) + strlen("/sys"));
}

static bool ends_with(const char *text, const char *end)
{
        return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static ssize_t write_attribute(int fd, const void *value, size_t length)
{
        struct machine *m = current;
        char link[64], full[PATH_MAX];
        const char *path, *text, *device;
        ssize_t n;
        int answer;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = readlink(link, full, sizeof full - 1);
        must(n > 0, link);
        full[n] = '\0';
        must(strncmp(full, m->top, strlen(m->top)) == 0, full);
        path = full + strlen(m->top) + 1;
        text = machine_string(m, "%.*s", (int) length, (const char *) value);
        must(strlen(m->journal) + strlen(path) + length + 3 < sizeof m->journal, "too many writes");
        sprintf(m->journal + strlen(m->journal), "%s=%s\n", path, text);

        answer = m->on_write ? m->on_write(m, machine_string(m, "%s", path), text) : MACHINE_GOES_ON;
        if (answer < 0) {
                errno = -answer;
                return -1;
        }
        if (answer == MACHINE_SWALLOWS || ends_with(path, "/uevent"))
                return (ssize_t) length;
        if (answer == MACHINE_WRITES_SHORT)
                return (ssize_t) length - 1;
        if (!ends_with(path, "/drivers_probe") && !ends_with(path, "/unbind"))
                return write(fd, value, length);
        device = named(m, path, text);
        if (!device) {
                errno = ENODEV;
                return -1;
        }
        if (ends_with(path, "/unbind"))
                machine_unbind(m, device);
        else if (!machine_has(m, "sys%s/driver", device) && !machine_has(m, "sys%s/.driverless", device))
                machine_bind(m, device);
        return (ssize_t) length;
}

/* ---- devices ---- */

void machine_device(struct machine *m, const char *devpath, const char *subsystem, const char *devtype)
{
        const char *name = strrchr(devpath, '/') + 1;

        machine_file(m, devtype ? machine_string(m, "DEVTYPE=%s\nDRIVER=x\n", devtype) : "DRIVER=x\n", "sys%s/uevent", devpath);
        machine_link(m, machine_string(m, "sys/bus/%s", subsystem), "sys%s/subsystem", devpath);
        machine_link(m, machine_string(m, "sys%s", devpath), "sys/bus/%s/devices/%s", subsystem, name);
}

static void block(struct machine *m, const char *devpath, unsigned major, unsigned minor)
{
        machine_file(m, "", "sys%s/uevent", devpath);
        machine_file(m, machine_string(m, "%u:%u\n", major, minor), "sys%s/dev", devpath);
        machine_link(m, machine_string(m, "sys%s", devpath), "sys/dev/block/%u:%u", major, minor);
}

void machine_disk(struct machine *m, const char *lun, const char *disk, unsigned major, uint64_t diskseq, unsigned partitions)
{
        const char *path = machine_string(m, "%s/block/%s", lun, disk);

        block(m, path, major, 0);
        machine_file(m, machine_string(m, "%ju\n", (uintmax_t) diskseq), "sys%s/diskseq", path);
        machine_link(m, machine_string(m, "sys%s", path), "sys/block/%s", disk);
        for (unsigned i = 1; i <= partitions; i++) {
                const char *part = machine_string(m, "%s/%s%s%u", path, disk, strchr("0123456789", disk[strlen(disk) - 1]) ? "p" : "", i);

                block(m, part, major, i);
                machine_file(m, machine_string(m, "%u\n", i), "sys%s/partition", part);
        }
        show(m, lun, "block", ".block");
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

const char *machine_stick(struct machine *m, const char *port, unsigned devnum, unsigned host, const char *disk, unsigned major,
                          uint64_t diskseq, bool bound)
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

void machine_mount(struct machine *m, unsigned major, unsigned minor, const char *point, const char *type, const char *source,
                   const char *options)
{
        add_line(m, "proc/self/mountinfo", machine_string(m, "36 35 %u:%u / %s rw,noatime shared:1 - %s %s %s", major, minor, point,
                                                          type, source, options));
}

void machine_swap(struct machine *m, const char *path)
{
        add_line(m, "proc/swaps", machine_string(m, "%-40s file\t\t1048572\t0\t-2", path));
}

void machine_files_lie_on(struct machine *m, const char *path)
{
        unsigned major, minor;
        struct stat st;

        must(stat(m->top, &st) == 0, m->top);
        if (major(st.st_dev) != 0) {
                machine_link(m, machine_string(m, "sys%s", path), "sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
                return;
        }
        must(sscanf(machine_read(m, "sys%s/dev", path), "%u:%u", &major, &minor) == 2, path);
        machine_mount(m, 0, minor(st.st_dev), "/media/the-tests", "bcachefs", machine_node(m, "lies-on", major, minor), "rw");
}

const char *machine_node(struct machine *m, const char *name, unsigned major, unsigned minor)
{
        char *path = machine_string(m, "%s/dev/%s", m->top, name);

        make_parents(path);
        must(unlink(path) == 0 || errno == ENOENT, path);
        must(mknod(path, S_IFBLK | 0600, makedev(major, minor)) == 0, path);
        return path;
}

long machine_wrote(struct machine *m, const char *line)
{
        const char *whole = machine_string(m, "\n%s\n", line), *journal = machine_string(m, "\n%s", m->journal);
        const char *at = strstr(journal, whole);

        return at ? (long) (at - journal) : -1;
}

bool machine_own_mounts(void)
{
        static int allowed = -1;

        if (allowed < 0)
                allowed = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                          mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0 && mount("tmpfs", "/media", "tmpfs", 0, NULL) == 0;
        return allowed;
}

struct device machine_open(struct machine *m, const char *name)
{
        struct device device = DEVICE_NULL;

        errno = 0;
        must(device_open(&m->roots, name, &device) == 0, name);
        return device;
}

/* ---- the machine itself ---- */

struct machine *machine_new(void)
{
        struct machine *m = calloc(1, sizeof *m);
        char template[] = "/tmp/lekdicht-machine-XXXXXX", path[PATH_MAX];

        must(m && mkdtemp(template) && realpath(template, path) && strlen(path) < sizeof m->top, "temporary directory");
        strcpy(m->top, path);
        m->roots = (struct roots) {
                .sys = machine_string(m, "%s/sys", path),
                .proc = machine_string(m, "%s/proc", path),
                .dev = machine_string(m, "%s/dev", path),
                .run = machine_string(m, "%s/run", path),
                .etc = machine_string(m, "%s/etc", path),
                .modprobe = machine_string(m, "%s/modprobe", path),
        };
        for (size_t i = 0; i < BUSES_FAKED; i++) {
                machine_file(m, "0\n", "sys/bus/%s/drivers_autoprobe", drivers[i][0]);
                machine_file(m, "", "sys/bus/%s/drivers_probe", drivers[i][0]);
                machine_file(m, "", "sys/bus/%s/drivers/%s/unbind", drivers[i][0], drivers[i][1]);
                machine_file(m, "", "sys/bus/%s/devices/.keep", drivers[i][0]);
        }
        machine_file(m, "", "sys/block/.keep");
        machine_file(m, "", "dev/.keep");
        machine_file(m, "", "proc/self/mountinfo");
        machine_file(m, "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n", "proc/swaps");
        machine_file(m, "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n", "proc/cmdline");
        current = m;
        return m;
}

void machine_free(struct machine *m)
{
        machine_remove(m, ".");
        rmdir(m->top);
        for (size_t i = 0; i < m->n_strings; i++)
                free(m->strings[i]);
        free(m);
        current = NULL;
}

int machine_setup(void **state)
{
        *state = machine_new();
        return 0;
}

int machine_teardown(void **state)
{
        machine_free(*state);
        return 0;
}
