/* links: gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which device a name means, what it is, whether it can be carried away; and that a descriptor never becomes another
 * device's. */

#include "tests/unit/fake-machine.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "gate/attr.h"

static int opens(struct machine *m, const char *argument, struct device *ret)
{
        struct device device = { .dirfd = -77 };
        int r = device_open(&m->roots, argument, &device);

        if (r < 0)
                assert_int_equal(device.dirfd, -77); /* untouched */
        else if (ret)
                *ret = device;
        else
                device_close(&device);
        return r;
}

static int open_descriptors(void)
{
        int n = 0;

        for (int fd = 0; fd < 1024; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static void devices_are_found_by_their_kernel_name(void **state)
{
        struct machine *m = *state;
        const char *card, *memstick, *lun = machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        const struct {
                const char *name;
                enum device_type type;
                const char *bus, *devpath;
        } cases[] = {
                { "1-2", DEVICE_USB_DEVICE, NULL, STICK_PORT },
                { "1-2:1.0", DEVICE_USB_INTERFACE, NULL, STICK_PORT "/1-2:1.0" },
                { "3:0:0:0", DEVICE_LUN, "scsi", lun },
                { "mmc0:4567", DEVICE_LUN, "mmc", card = machine_card(m, "mmc0:4567", "SD", "mmcblk0", 803, 3, false) },
                { "memstick0", DEVICE_LUN, "memstick", memstick = machine_memstick(m, "mspblk0", 804, 4, false) },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                const char *arguments[3] = { cases[i].name };

                arguments[1] = machine_string(m, "%s/sys%s", m->top, cases[i].devpath);
                arguments[2] = machine_string(m, "%s/sys/bus/%s/devices/%s", m->top,
                                              cases[i].bus ? cases[i].bus : "usb", cases[i].name);
                for (size_t k = 0; k < 3; k++) {
                        struct device device;

                        assert_int_equal(opens(m, arguments[k], &device), 0);
                        assert_int_equal(device.type, cases[i].type);
                        assert_string_equal(device.name, cases[i].name);
                        assert_string_equal(device.devpath, cases[i].devpath);
                        assert_ptr_equal(device.bus, cases[i].bus ? bus_by_name(cases[i].bus) : NULL);
                        assert_true(device_alive(&device));
                        assert_true(fcntl(device.dirfd, F_GETFD) & FD_CLOEXEC);
                        device_close(&device);
                        assert_int_equal(device.dirfd, -1);
                        device_close(&device); /* twice does no harm */
                }
        }
        (void) card, (void) memstick;
}

/* As the agent gives it. */
static void a_descriptor_names_the_device_it_was_opened_on(void **state)
{
        struct machine *m = *state;
        struct device device;
        int fd;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        fd = open(machine_string(m, "%s/sys" STICK_PORT, m->top), O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(opens(m, machine_string(m, "/proc/self/fd/%d", fd), &device), 0);
        assert_string_equal(device.name, "1-2");
        device_close(&device);

        /* Another device in the same port: the descriptor is still of the first, which has gone. */
        machine_unplug(m, STICK_PORT);
        machine_stick(m, "1-2", 6, 4, "sdb", 801, 3, true);
        assert_int_equal(opens(m, machine_string(m, "/proc/self/fd/%d", fd), NULL), -ENODEV);
        close(fd);
}

/* A directory of the machine as a process sees it that has /sys for reading only, as lekdichtd does; -1: not allowed. The
 * process lives until it is killed. */
static int open_as_the_agent(struct machine *m, const char *devpath, pid_t *ret)
{
        const char *sys = machine_string(m, "%s/sys", m->top);
        int status;

        *ret = fork();
        if (*ret == 0) {
                if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                    mount(sys, sys, NULL, MS_BIND, NULL) < 0 ||
                    mount(NULL, sys, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
                        _exit(1);
                raise(SIGSTOP);
                _exit(0);
        }
        assert_int_equal(waitpid(*ret, &status, WUNTRACED), *ret);
        if (!WIFSTOPPED(status))
                return -1;
        return open(machine_string(m, "/proc/%d/root%s%s", (int) *ret, sys, devpath), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void what_is_handed_over_is_opened_in_our_own_mounts(void **state)
{
        struct machine *m = *state;
        struct device device;
        pid_t agent;
        int fd;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        fd = open_as_the_agent(m, STICK_PORT, &agent);
        if (fd < 0)
                skip();
        assert_int_equal(attr_write(fd, "authorized", "0"), -EROFS); /* the control */
        assert_int_equal(opens(m, machine_string(m, "/proc/self/fd/%d", fd), &device), 0);
        assert_string_equal(device.devpath, STICK_PORT);
        assert_int_equal(attr_write(device.dirfd, "authorized", "0"), 0);
        device_close(&device);

        machine_unplug(m, STICK_PORT);
        machine_stick(m, "1-2", 6, 4, "sdb", 801, 3, true);
        assert_int_equal(opens(m, machine_string(m, "/proc/self/fd/%d", fd), NULL), -ENODEV);
        close(fd);
        kill(agent, SIGKILL);
        waitpid(agent, NULL, 0);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
        struct machine *m = *state;
        char longest[SYSFS_NAME_MAX], too_long[SYSFS_NAME_MAX + 1];
        const char *const names[] = {
                "",
                ".",
                "..",
                "../usb",
                "1-2/",
                "1-2/..",
                "./1-2",
                ".hidden",
                "1-2 ",
                " 1-2",
                "1-2\n",
                "1-2\t",
                "1-2*",
                "1-2%",
                "1-2\\",
                "scsi/3:0:0:0",
                "3:0:0:0/../3:0:0:0",
                "1-2\xc3\xa9",
                "1-2,",
                "1-2;",
                too_long,
        };

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        memset(longest, '1', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        memset(too_long, '1', sizeof too_long - 1);
        too_long[sizeof too_long - 1] = '\0';
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (opens(m, names[i], NULL) != -EINVAL)
                        fail_msg("\"%s\"", names[i]);
        assert_int_equal(opens(m, longest, NULL), -ENOENT); /* would do, but there is none */
        assert_int_equal(opens(m, "1-3", NULL), -ENOENT);
        assert_int_equal(opens(m, "1-2:1.0", NULL), 0);
}

static void paths_that_lead_elsewhere_are_refused(void **state)
{
        struct machine *m = *state;
        int before = open_descriptors();

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        machine_file(m, "DEVTYPE=usb_device\n", "elsewhere/devices/1-2/uevent");
        machine_link(m, "sys/bus/usb", "elsewhere/devices/1-2/subsystem");
        /* /sysfoo begins with /sys. */
        machine_file(m, "DEVTYPE=usb_device\n", "sysfoo/devices/1-2/uevent");
        machine_link(m, "sys/bus/usb", "sysfoo/devices/1-2/subsystem");
        machine_file(m, "DEVTYPE=usb_device\n", "sys/devicesfoo/1-2/uevent");
        machine_link(m, "sys/bus/usb", "sys/devicesfoo/1-2/subsystem");

        assert_int_equal(opens(m, machine_string(m, "%s/elsewhere/devices/1-2", m->top), NULL), -EINVAL);
        assert_int_equal(opens(m, machine_string(m, "%s/sysfoo/devices/1-2", m->top), NULL), -EINVAL);
        assert_int_equal(opens(m, machine_string(m, "%s/sys/devicesfoo/1-2", m->top), NULL), -EINVAL);
        assert_int_equal(opens(m, machine_string(m, "%s/sys/devices", m->top), NULL), -EINVAL);
        machine_file(m, "", "sys/devices/pci0000:00/uevent");
        assert_int_equal(opens(m, machine_string(m, "%s/sys/devices/pci0000:00", m->top), NULL), -EINVAL);
        assert_int_equal(opens(m, machine_string(m, "%s/sys/bus/usb", m->top), NULL), -EINVAL);
        assert_int_equal(opens(m, "/", NULL), -EINVAL);
        assert_int_equal(opens(m, machine_string(m, "%s/sys" STICK_PORT "/authorized", m->top), NULL), -ENOTDIR);
        assert_int_equal(opens(m, machine_string(m, "%s/sys/devices/none", m->top), NULL), -ENOENT);
        assert_int_equal(open_descriptors(), before); /* none is left open */
}

static void what_is_no_usb_device_and_on_no_gated_bus_is_refused(void **state)
{
        struct machine *m = *state;
        const char *usb1 = PCI "/0000:00:14.0/usb1";
        int before = open_descriptors();

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        machine_device(m, usb1, "usb", "usb_device");
        machine_device(m, machine_string(m, "%s/1-0:1.0", usb1), "usb", "usb_interface");
        machine_device(m, PCI "/0000:00:14.0", "pci", NULL);
        machine_device(m, PCI "/0000:02:00.0/mmc_host/mmc0", "mmc_host", NULL);

        assert_int_equal(opens(m, "usb1", NULL), -EINVAL); /* a root hub */
        assert_int_equal(opens(m, "host3", NULL), -EINVAL);
        assert_int_equal(opens(m, "target3:0:0", NULL), -EINVAL);
        assert_int_equal(opens(m, "0000:00:14.0", NULL), -ENOENT); /* looked for on four buses only */
        assert_int_equal(opens(m, machine_string(m, "%s/sys" PCI "/0000:00:14.0", m->top), NULL), -EINVAL);
        assert_int_equal(opens(m, machine_string(m, "%s/sys" PCI "/0000:02:00.0/mmc_host/mmc0", m->top), NULL),
                         -EINVAL);
        assert_int_equal(open_descriptors(), before);
}

/* The kernel takes attributes away before the directory: such a device is going, not strange. */
static void a_device_that_is_just_going_is_gone(void **state)
{
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        machine_remove(m, "sys" STICK_PORT "/uevent");
        assert_int_equal(opens(m, "1-2", NULL), -ENODEV);
        machine_remove(m, "sys" STICK_PORT "/subsystem");
        assert_int_equal(opens(m, "1-2", NULL), -ENODEV);
        machine_file(m, "DEVTYPE=usb_device\n", "sys" STICK_PORT "/uevent");
        assert_int_equal(opens(m, "1-2", NULL), -EINVAL); /* there, but of no subsystem */
        machine_unplug(m, STICK_PORT);
        assert_int_equal(opens(m, "1-2", NULL), -ENOENT); /* the link in the bus directory dangles */
}

/* Reading `uevent` waits for the lock of a device that may be sick; here it would be an error (EISDIR). */
static void a_device_is_known_without_asking_it(void **state)
{
        static const char *const paths[] = { STICK_PORT, STICK_PORT "/1-2:1.0",
                                             STICK_PORT "/1-2:1.0/host3/target3:0:0/3:0:0:0" };
        struct machine *m = *state;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        for (size_t i = 0; i < 3; i++) {
                machine_remove(m, "sys%s/uevent", paths[i]);
                machine_file(m, "", "sys%s/uevent/x", paths[i]);
                assert_int_equal(opens(m, machine_string(m, "%s/sys%s", m->top, paths[i]), NULL), 0);
        }
}

/* The one thing everything else rests on. */
static void what_takes_the_name_is_neither_read_nor_written(void **state)
{
        struct machine *m = *state;
        struct device device;
        char text[32];

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        device = machine_open(m, "1-2");
        assert_true(device_alive(&device));
        machine_unplug(m, STICK_PORT);
        assert_false(device_alive(&device));

        machine_stick(m, "1-2", 6, 4, "sdb", 801, 3, true);
        machine_link(m, "sys/bus/usb/drivers/usb", "sys" STICK_PORT "/driver");
        assert_false(device_alive(&device));
        assert_false(device_bound(&device));
        assert_int_equal(attr_read(device.dirfd, "devnum", text, sizeof text), -ENOENT);
        assert_int_equal(attr_write(device.dirfd, "authorized", "0"), -ENOENT);
        assert_int_equal(attr_trigger(device.dirfd, "."), -ENOENT);
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "1\n");
        assert_string_equal(m->journal, "");
        device_close(&device);

        device = machine_open(m, "1-2");
        assert_int_equal(attr_write(device.dirfd, "authorized", "0"), 0); /* the way it is meant */
        assert_string_equal(machine_read(m, "sys" STICK_PORT "/authorized"), "0\n");
        device_close(&device);
}

static void bound_means_that_there_is_a_driver(void **state)
{
        struct machine *m = *state;
        const char *lun = machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, false);
        struct device device = machine_open(m, "3:0:0:0");

        assert_false(device_bound(&device));
        machine_bind(m, lun);
        assert_true(device_bound(&device));
        machine_unbind(m, lun);
        assert_false(device_bound(&device));
        device_close(&device);
}

static bool removable(struct machine *m, const char *devpath, const char *bus)
{
        struct device device = DEVICE_NULL;
        bool answer;

        machine_device(m, devpath, bus, strcmp(bus, "scsi") == 0 ? "scsi_device" : NULL);
        device = machine_open(m, machine_string(m, "%s/sys%s", m->top, devpath));
        answer = device_removable(&m->roots, &device);
        device_close(&device);
        return answer;
}

static void what_hangs_on_usb_or_firewire_is_removable(void **state)
{
        static const struct {
                const char *devpath;
                bool removable;
        } cases[] = {
                { PCI "/0000:00:14.0/usb1/1-2/1-2:1.0/host3/target3:0:0/3:0:0:0", true },
                { PCI "/0000:00:14.0/usb12/12-2/12-2:1.0/host3/target3:0:0/3:0:0:0", true },
                { "/devices/platform/vhci_hcd.0/usb9/9-1/9-1:1.0/host3/target3:0:0/3:0:0:0", true },
                { PCI "/0000:03:00.0/fw1/fw1.0/host3/target3:0:0/3:0:0:0", true },
                { PCI "/0000:03:00.0/fw0/host3/target3:0:0/3:0:0:0", true },
                { PCI "/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/usbfoo/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/usb/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/usb1x/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/xusb1/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/1usb1/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/fwnode/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/fw/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/fw1.0/host0/target0:0:0/0:0:0:0", false },
                { "/devices/platform/usb-1/host0/target0:0:0/0:0:0:0", false },
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = machine_new();

                if (removable(m, cases[i].devpath, "scsi") != cases[i].removable)
                        fail_msg("%s", cases[i].devpath);
                machine_free(m);
        }
}

static void cards_are_removable_and_soldered_memory_is_not(void **state)
{
        static const struct {
                const char *type;
                bool removable;
        } cases[] = { { "SD\n", true },    { "SDcombo\n", true }, { "MMC\n", false },
                      { "SDIO\n", false }, { "\n", false },       { "SDX\n", false } };
        const char *card = PCI "/0000:02:00.0/mmc_host/mmc0/mmc0:4567",
                   *reader = PCI "/0000:00:14.0/usb1/1-2/1-2:1.0/rtsx_usb_sdmmc/mmc_host/mmc1/mmc1:0001";

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = machine_new();

                machine_file(m, cases[i].type, "sys%s/type", card);
                if (removable(m, card, "mmc") != cases[i].removable)
                        fail_msg("%s", cases[i].type);
                machine_free(m);
        }
        /* In a reader on USB it can be carried away with the reader, whatever it is. */
        machine_file(*state, "MMC\n", "sys%s/type", reader);
        assert_true(removable(*state, reader, "mmc"));
        assert_true(removable(*state, PCI "/0000:03:00.0/memstick_host/memstick0/memstick0", "memstick"));
        /* A SCSI disk has a `type` too. */
        machine_file(*state, "SD\n", "sys" PCI "/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/type");
        assert_false(removable(*state, PCI "/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0", "scsi"));
}

/* Built in or not: the disc is carried away. */
static void drives_for_discs_are_removable(void **state)
{
        static const struct {
                const char *type;
                bool removable;
        } cases[] = { { "0\n", false }, { "4\n", true },   { "5\n", true },
                      { "7\n", false }, { "55\n", false }, { "\n", false } };
        const char *drive = PCI "/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0";

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct machine *m = machine_new();

                machine_file(m, cases[i].type, "sys%s/type", drive);
                if (removable(m, drive, "scsi") != cases[i].removable)
                        fail_msg("%s", cases[i].type);
                machine_free(m);
        }
}

static void what_is_behind_a_removable_pci_port_is_removable(void **state)
{
        struct machine *m = *state;
        const char *disk = PCI "/0000:00:1c.0/0000:05:00.0/ata9/host9/target9:0:0/9:0:0:0";

        assert_false(removable(m, disk, "scsi"));
        machine_file(m, "fixed\n", "sys" PCI "/0000:00:1c.0/removable");
        assert_false(removable(m, disk, "scsi"));
        machine_file(m, "removable-not\n", "sys" PCI "/0000:00:1c.0/removable");
        assert_false(removable(m, disk, "scsi"));
        /* The device's own word does not count: "1" or anything else it may say. */
        machine_file(m, "removable\n", "sys%s/removable", disk);
        assert_false(removable(m, disk, "scsi"));
        machine_file(m, "removable\n", "sys" PCI "/0000:00:1c.0/removable");
        assert_true(removable(m, disk, "scsi"));
        machine_remove(m, "sys" PCI "/0000:00:1c.0/removable");
        machine_file(m, "removable\n", "sys" PCI "/removable");
        assert_true(removable(m, disk, "scsi"));
        machine_remove(m, "sys" PCI "/removable");
        machine_file(m, "removable\n", "sys/removable");
        machine_file(m, "removable\n", "removable");
        assert_false(removable(m, disk, "scsi"));
}

static void under_means_whole_parts(void **state)
{
        (void) state;
        assert_true(devpath_is_under("/a/b", "/a/b"));
        assert_true(devpath_is_under("/a/b/c", "/a/b"));
        assert_false(devpath_is_under("/a/bc", "/a/b"));
        assert_false(devpath_is_under("/a", "/a/b"));
        assert_false(devpath_is_under("/x/a/b", "/a/b"));
        assert_false(devpath_is_under("", "/a"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(devices_are_found_by_their_kernel_name),
                machine_test(a_descriptor_names_the_device_it_was_opened_on),
                machine_test(what_is_handed_over_is_opened_in_our_own_mounts),
                machine_test(names_that_lead_elsewhere_are_refused),
                machine_test(paths_that_lead_elsewhere_are_refused),
                machine_test(what_is_no_usb_device_and_on_no_gated_bus_is_refused),
                machine_test(a_device_that_is_just_going_is_gone),
                machine_test(a_device_is_known_without_asking_it),
                machine_test(what_takes_the_name_is_neither_read_nor_written),
                machine_test(bound_means_that_there_is_a_driver),
                cmocka_unit_test(what_hangs_on_usb_or_firewire_is_removable),
                machine_test(cards_are_removable_and_soldered_memory_is_not),
                machine_test(drives_for_discs_are_removable),
                machine_test(what_is_behind_a_removable_pci_port_is_removable),
                cmocka_unit_test(under_means_whole_parts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
