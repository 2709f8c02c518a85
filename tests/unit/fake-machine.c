/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The piece of kernel is only as large as the gate can see: binding makes `driver` and `block` appear in the unit's
 * directory, unbinding takes both away again. What a held unit would show waits in `.block`. */

#include "tests/unit/fake-machine.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>

#include "gate/say.h"

static ssize_t write_attribute(int fd, const void *value, size_t length);

/* The real thing, but for the one system call. */
#define write write_attribute
#include "gate/attr.c"
#undef write

static int ioctl_node(int fd, unsigned long request, void *argument);

#define ioctl ioctl_node
#include "gate/node.c"
#include "gate/roflag.c"
#undef ioctl

static struct machine *current;

/* A broken helper is no failed test but no test at all. */
void machine_must(bool held, const char *what)
{
        if (held)
                return;
        fprintf(stderr, "Bail out! fake machine: %s: %s\n", what, strerror(errno));
        abort();
}

#define FORMAT(buffer, m, format)                                                                                      \
        do {                                                                                                           \
                va_list arguments_;                                                                                    \
                int n_ = snprintf(buffer, sizeof(buffer), "%s/", (m)->top);                                            \
                va_start(arguments_, format);                                                                          \
                n_ += vsnprintf((buffer) + n_, sizeof(buffer) - (size_t) n_, format, arguments_);                      \
                va_end(arguments_);                                                                                    \
                machine_must((size_t) n_ < sizeof(buffer), "long path");                                               \
        } while (0)

static void append(char *text, const char *format, va_list arguments)
{
        size_t length = strlen(text);
        int n = vsnprintf(text + length, MACHINE_TEXT_MAX - length, format, arguments);

        machine_must(n >= 0 && length + (size_t) n + 1 < MACHINE_TEXT_MAX, "too much text");
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
        machine_must(vasprintf(&text, format, arguments) >= 0 && m->n_strings < MACHINE_STRINGS_MAX, "memory");
        va_end(arguments);
        m->strings[m->n_strings++] = text;
        return text;
}

/* ---- files ---- */

void machine_make_parents(char *path)
{
        char *slash = strrchr(path, '/');

        if (slash == path)
                return;
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno == ENOENT) {
                machine_make_parents(path);
                machine_must(mkdir(path, 0755) == 0, path);
        }
        *slash = '/';
}

static void put_text(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        machine_must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text), path);
        close(fd);
}

void machine_file(struct machine *m, const char *text, const char *format, ...)
{
        char path[PATH_MAX];

        FORMAT(path, m, format);
        machine_make_parents(path);
        put_text(path, text);
}

/* Links are relative, as in /sys, so that the machine may also be entered with chroot(2). */
void machine_link(struct machine *m, const char *target, const char *format, ...)
{
        char path[PATH_MAX], relative[PATH_MAX] = "";

        FORMAT(path, m, format);
        machine_make_parents(path);
        for (const char *slash = strchr(path + strlen(m->top) + 1, '/'); slash; slash = strchr(slash + 1, '/'))
                strcat(relative, "../");
        machine_must(strlen(relative) + strlen(target) < sizeof relative, "long link");
        strcat(relative, target);
        machine_must(unlink(path) == 0 || errno == ENOENT, path);
        machine_must(symlink(relative, path) == 0, path);
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
                machine_must(strlen(list) + strlen(entries[i]->d_name) + 2 < 4096, "long list");
                if (entries[i]->d_name[0] != '.')
                        strcat(strcat(list, entries[i]->d_name), " ");
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
        return list;
}

/* ---- a small kernel ---- */

static const char *const drivers[][2] = {
        { "scsi", "sd" }, { "mmc", "mmcblk" }, { "memstick", "mspro_block" }, { "usb", "usb-storage" }
};

#define BUSES_FAKED (sizeof drivers / sizeof drivers[0])

static const char *bus_of(struct machine *m, const char *devpath)
{
        char path[PATH_MAX], target[PATH_MAX];
        ssize_t n;

        snprintf(path, sizeof path, "%s/sys%s/subsystem", m->top, devpath);
        n = readlink(path, target, sizeof target - 1);
        machine_must(n > 0, path);
        target[n] = '\0';
        for (size_t i = 0; i < BUSES_FAKED; i++)
                if (strcmp(strrchr(target, '/') + 1, drivers[i][0]) == 0)
                        return drivers[i][0];
        machine_must(false, devpath);
        return NULL;
}

void machine_show(struct machine *m, const char *lun, const char *from, const char *to)
{
        char here[PATH_MAX], there[PATH_MAX];

        snprintf(here, sizeof here, "%s/sys%s/%s", m->top, lun, from);
        snprintf(there, sizeof there, "%s/sys%s/%s", m->top, lun, to);
        machine_must(rename(here, there) == 0 || errno == ENOENT, here);
}

void machine_bind(struct machine *m, const char *lun)
{
        const char *bus = bus_of(m, lun), *driver = NULL;

        for (size_t i = 0; i < BUSES_FAKED; i++)
                if (strcmp(drivers[i][0], bus) == 0)
                        driver = drivers[i][1];
        machine_link(m, machine_string(m, "sys/bus/%s/drivers/%s", bus, driver), "sys%s/driver", lun);
        machine_show(m, lun, ".block", "block");
}

/* When it comes back it is another disk to the kernel: a new number, and no flag. */
static void forget_disk(struct machine *m, const char *lun)
{
        char *disks = strdup(machine_list(m, machine_string(m, "sys%s/block", lun)));

        for (char *disk = strtok(disks, " "); disk; disk = strtok(NULL, " ")) {
                const char *path = machine_string(m, "sys%s/block/%s", lun, disk);
                unsigned long long diskseq;

                if (sscanf(machine_read(m, "%s/diskseq", path), "%llu", &diskseq) == 1)
                        machine_file(m, machine_string(m, "%llu\n", diskseq + 100), "%s/diskseq", path);
                machine_remove(m, "ro/%s", disk);
                for (unsigned i = 1; i <= 9; i++) {
                        machine_remove(m, "ro/%s%u", disk, i);
                        machine_remove(m, "ro/%sp%u", disk, i);
                }
        }
        free(disks);
}

void machine_unbind(struct machine *m, const char *lun)
{
        forget_disk(m, lun);
        machine_remove(m, "sys%s/driver", lun);
        machine_show(m, lun, "block", ".block");
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
        machine_must(n > 0, link);
        full[n] = '\0';
        machine_must(strncmp(full, m->top, strlen(m->top)) == 0, full);
        path = full + strlen(m->top) + 1;
        text = machine_string(m, "%.*s", (int) length, (const char *) value);
        machine_must(strlen(m->journal) + strlen(path) + length + 3 < sizeof m->journal, "too many writes");
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

/* The whole disk of the node NAME, or NULL. */
static const char *disk_of_node(struct machine *m, const char *name)
{
        char *disks = strdup(machine_list(m, "sys/block"));
        const char *found = NULL;

        for (char *disk = strtok(disks, " "); disk && !found; disk = strtok(NULL, " "))
                if (strcmp(disk, name) == 0 || machine_has(m, "sys/block/%s/%s", disk, name))
                        found = machine_string(m, "%s", disk);
        free(disks);
        return found;
}

/* What a node in dev/ is asked and told. As the kernel has it, a disk's flag is its partitions' too. */
static int ioctl_node(int fd, unsigned long request, void *argument)
{
        struct machine *m = current;
        char link[64], full[PATH_MAX];
        const char *name, *disk, *value;
        unsigned long long diskseq;
        ssize_t n;
        int answer;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = readlink(link, full, sizeof full - 1);
        machine_must(n > 0, link);
        full[n] = '\0';
        name = full + strlen(m->top) + strlen("/dev/");
        disk = disk_of_node(m, name);
        errno = ENODEV;
        if (!disk)
                return -1;
        switch (request) {
        case BLKGETDISKSEQ:
                if (sscanf(machine_read(m, "sys/block/%s/diskseq", disk), "%llu", &diskseq) != 1)
                        return -1;
                *(uint64_t *) argument = diskseq;
                return 0;
        case BLKROGET:
                *(int *) argument = machine_has(m, "ro/%s", disk) || machine_has(m, "ro/%s", name);
                return 0;
        case BLKROSET:
                value = *(int *) argument ? "ro" : "rw";
                sprintf(m->journal + strlen(m->journal), "dev/%s=%s\n", name, value);
                answer = m->on_write ? m->on_write(m, machine_string(m, "dev/%s", name), value) : MACHINE_GOES_ON;
                if (answer < 0) {
                        errno = -answer;
                        return -1;
                }
                if (answer == MACHINE_SWALLOWS)
                        return 0;
                if (*(int *) argument)
                        machine_file(m, "", "ro/%s", name);
                else
                        machine_remove(m, "ro/%s", name);
                return 0;
        }
        errno = ENOTTY;
        return -1;
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
                          mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0 &&
                          mount("tmpfs", "/media", "tmpfs", 0, NULL) == 0;
        return allowed;
}

struct device machine_open(struct machine *m, const char *name)
{
        struct device device = DEVICE_NULL;

        errno = 0;
        machine_must(device_open(&m->roots, name, &device) == 0, name);
        return device;
}

/* ---- the machine itself ---- */

struct machine *machine_new(void)
{
        struct machine *m = calloc(1, sizeof *m);
        char template[] = "/tmp/lekdicht-machine-XXXXXX", path[PATH_MAX];

        machine_must(m && mkdtemp(template) && realpath(template, path) && strlen(path) < sizeof m->top,
                     "temporary directory");
        strcpy(m->top, path);
        m->roots = (struct roots){
                .sys = machine_string(m, "%s/sys", path),
                .proc = machine_string(m, "%s/proc", path),
                .dev = machine_string(m, "%s/dev", path),
                .run = machine_string(m, "%s/run", path),
                .etc = machine_string(m, "%s/etc", path),
                .udev = machine_string(m, "%s/run-udev", path),
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
