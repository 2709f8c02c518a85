/* links: gate/lun.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A unit on a gated bus and its disk: found through the unit's own directory, taken away by name, seen when in use. */

#include "tests/unit/fake-machine.h"

#include <linux/major.h>

#include "gate/lun.h"

static void the_disk_and_its_number_are_the_units_own(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 77, false);
        struct device lun = machine_open(m, "3:0:0:0");
        char disk[64];
        uint64_t diskseq = 1;

        machine_sata(m, 0, "sda", 800, 1);
        assert_int_equal(lun_disk(&lun, disk, sizeof disk), -ENOENT);
        assert_int_equal(lun_diskseq(&lun, &diskseq), -ENOENT);
        machine_bind(m, stick);
        assert_int_equal(lun_disk(&lun, disk, sizeof disk), 0);
        assert_string_equal(disk, "sdb");
        assert_int_equal(lun_diskseq(&lun, &diskseq), 0);
        assert_int_equal(diskseq, 77);

        machine_file(m, "18446744073709551615\n", "sys%s/block/sdb/diskseq", stick);
        assert_int_equal(lun_diskseq(&lun, &diskseq), 0);
        assert_true(diskseq == UINT64_MAX);
        machine_file(m, "none\n", "sys%s/block/sdb/diskseq", stick);
        assert_int_equal(lun_diskseq(&lun, &diskseq), -EINVAL);
        machine_remove(m, "sys%s/block/sdb/diskseq", stick);
        assert_int_equal(lun_diskseq(&lun, &diskseq), -EOPNOTSUPP); /* a kernel before 5.15 */
        machine_unplug(m, stick);
        assert_int_equal(lun_diskseq(&lun, &diskseq), -ENOENT);
        assert_true(diskseq == UINT64_MAX);
        device_close(&lun);
}

/* Half gone: the disk is still listed, its attribute not, nor the unit's. */
static void a_disk_that_is_just_going_has_no_number(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 77, true);
        struct device lun = machine_open(m, "3:0:0:0");
        uint64_t diskseq;

        machine_remove(m, "sys%s/block/sdb/diskseq", stick);
        machine_remove(m, "sys%s/uevent", stick);
        assert_int_equal(lun_diskseq(&lun, &diskseq), -ENOENT);
        device_close(&lun);
}

static void unbinding_takes_the_driver_by_name(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 77, true),
                   *sata = machine_sata(m, 0, "sda", 800, 1);
        struct device lun = machine_open(m, "3:0:0:0");

        assert_int_equal(lun_unbind(&lun), 0);
        assert_string_equal(m->journal, "sys/bus/scsi/drivers/sd/unbind=3:0:0:0\n");
        assert_false(machine_has(m, "sys%s/driver", stick));
        assert_false(machine_has(m, "sys%s/block", stick));
        assert_true(machine_has(m, "sys%s/driver", sata));
        assert_int_equal(lun_unbind(&lun), 0); /* none bound: nothing to write */
        assert_string_equal(m->journal, "sys/bus/scsi/drivers/sd/unbind=3:0:0:0\n");
        machine_unplug(m, stick);
        assert_int_equal(lun_unbind(&lun), -ENODEV);
        device_close(&lun);
}

static int answer(struct machine *m, const char *path, const char *value)
{
        int what = *(const int *) m->userdata;

        (void) path;
        if (what == 'g')
                machine_unplug(m, STICK_PORT);
        if (what == 'u') {
                machine_unbind(m, machine_string(m, STICK_PORT "/1-2:1.0/host3/target3:0:0/%s", value));
                return -ENODEV;
        }
        return what == 'g' ? -ENODEV : what;
}

/* Success is that the driver has left, never what the write says. */
static void an_unbinding_counts_when_the_driver_has_left(void **state)
{
        struct machine *m = *state;
        struct device lun;
        int what;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 77, true);
        lun = machine_open(m, "3:0:0:0");
        m->on_write = answer;
        m->userdata = &what;
        what = MACHINE_SWALLOWS;
        assert_int_equal(lun_unbind(&lun), -EIO);
        what = -EPERM;
        assert_int_equal(lun_unbind(&lun), -EPERM);
        what = 'u';
        assert_int_equal(lun_unbind(&lun), 0);
        machine_bind(m, lun.devpath);
        what = 'g';
        assert_int_equal(lun_unbind(&lun), -ENODEV);
        device_close(&lun);
}

static void disk_partitions_and_sg_are_looked_at_again(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 77, true);
        struct device lun = machine_open(m, "3:0:0:0");
        const char *base = machine_string(m, "sys%s", stick);

        machine_file(m, "", "sys%s/block/sdb/sdb2/uevent", stick);
        machine_file(m, "", "sys%s/block/sdb/queue/uevent", stick); /* no partition */
        machine_sata(m, 0, "sda", 800, 1);
        lun_trigger(&lun);
        assert_wrote(m, machine_string(m, "%s/scsi_generic/sg3/uevent=change", base));
        assert_wrote(m, machine_string(m, "%s/block/sdb/uevent=change", base));
        assert_wrote(m, machine_string(m, "%s/block/sdb/sdb1/uevent=change", base));
        assert_wrote(m, machine_string(m, "%s/block/sdb/sdb2/uevent=change", base));
        assert_int_equal(strlen(m->journal),
                         4 * strlen(base) + strlen("/scsi_generic/sg3/uevent=change\n/block/sdb/uevent=change\n"
                                                   "/block/sdb/sdb1/uevent=change\n/block/sdb/sdb2/uevent=change\n"));
        /* The disk comes before its partitions: their rules ask what the disk's rule found. */
        assert_true(machine_wrote(m, machine_string(m, "%s/block/sdb/uevent=change", base)) <
                    machine_wrote(m, machine_string(m, "%s/block/sdb/sdb1/uevent=change", base)));

        m->journal[0] = '\0';
        machine_unbind(m, stick);
        lun_trigger(&lun);
        assert_string_equal(m->journal, machine_string(m, "%s/scsi_generic/sg3/uevent=change\n", base));
        m->journal[0] = '\0';
        machine_unplug(m, stick);
        lun_trigger(&lun);
        assert_string_equal(m->journal, "");
        device_close(&lun);
}

static int collect(const struct device *lun, void *userdata)
{
        assert_int_equal(lun->type, DEVICE_LUN);
        strcat(strcat(userdata, lun->name), " ");
        return strcmp(lun->name, "5:0:0:0") == 0 ? 42 : 0;
}

static void units_are_found_below_a_devpath_on_all_buses(void **state)
{
        struct machine *m = *state;
        char names[256] = "";

        assert_int_equal(lun_foreach(&m->roots, "", collect, names), 0);
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        machine_stick(m, "1-22", 6, 4, "sdc", 802, 3, false);
        machine_card(m, "mmc0:4567", "SD", "mmcblk0", 803, 4, true);
        machine_memstick(m, "mspblk0", 804, 5, true);
        assert_int_equal(lun_foreach(&m->roots, "", collect, names), 0);
        assert_non_null(strstr(names, "3:0:0:0 "));
        assert_non_null(strstr(names, "4:0:0:0 "));
        assert_non_null(strstr(names, "mmc0:4567 "));
        assert_non_null(strstr(names, "memstick0 "));
        assert_int_equal(strlen(names), strlen("3:0:0:0 4:0:0:0 mmc0:4567 memstick0 ")); /* no hosts, no targets */

        names[0] = '\0';
        assert_int_equal(lun_foreach(&m->roots, STICK_PORT, collect, names), 0);
        assert_string_equal(names, "3:0:0:0 ");
        names[0] = '\0';
        assert_int_equal(lun_foreach(&m->roots, PCI "/0000:02:00.0", collect, names), 0);
        assert_string_equal(names, "mmc0:4567 ");
        machine_stick(m, "1-5", 7, 5, "sdd", 805, 6, true);
        names[0] = '\0';
        assert_int_equal(lun_foreach(&m->roots, PCI "/0000:00:14.0/usb1/1-5", collect, names), 42);
        machine_remove(m, "sys/bus/mmc/devices");
        machine_file(m, "", "sys/bus/mmc/devices");
        assert_int_equal(lun_foreach(&m->roots, "/none", collect, names), -ENOTDIR);
}

/* A real block device that nobody else has, held as file systems and device mapper hold theirs: a descriptor, or -1.
 * It is the one thing here that is not made up, since EBUSY is the kernel's own word. */
static int hold_some_device(struct machine *m, const char *name, unsigned *minor)
{
        for (*minor = 7; *minor > 0; (*minor)--) {
                int fd = open(machine_node(m, name, LOOP_MAJOR, *minor), O_RDONLY | O_EXCL | O_CLOEXEC);

                if (fd >= 0)
                        return fd;
        }
        return -1;
}

static void a_disk_that_somebody_holds_is_claimed(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        struct device lun = machine_open(m, "3:0:0:0");
        unsigned minor;
        int fd;

        assert_false(lun_claimed(&m->roots, &lun)); /* no node */
        machine_node(m, "sdb", 801, 0);
        assert_false(lun_claimed(&m->roots, &lun)); /* a node without a driver: ENXIO */
        fd = hold_some_device(m, "sdb", &minor);
        if (fd < 0) {
                device_close(&lun);
                skip(); /* a container without loop devices */
        }
        assert_true(lun_claimed(&m->roots, &lun));
        machine_unbind(m, stick);
        assert_false(lun_claimed(&m->roots, &lun)); /* it has no disk now */
        machine_bind(m, stick);
        /* A name with '!' is a path in /dev. */
        assert_int_equal(rename(machine_string(m, "%s/sys%s/block/sdb", m->top, stick),
                                machine_string(m, "%s/sys%s/block/cciss!c0", m->top, stick)),
                         0);
        assert_false(lun_claimed(&m->roots, &lun));
        machine_node(m, "cciss/c0", LOOP_MAJOR, minor);
        assert_true(lun_claimed(&m->roots, &lun));
        close(fd);
        assert_false(lun_claimed(&m->roots, &lun)); /* let go; and looking at it holds nothing */
        assert_false(lun_claimed(&m->roots, &lun));
        device_close(&lun);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(the_disk_and_its_number_are_the_units_own),
                machine_test(a_disk_that_is_just_going_has_no_number),
                machine_test(unbinding_takes_the_driver_by_name),
                machine_test(an_unbinding_counts_when_the_driver_has_left),
                machine_test(disk_partitions_and_sg_are_looked_at_again),
                machine_test(units_are_found_below_a_devpath_on_all_buses),
                machine_test(a_disk_that_somebody_holds_is_claimed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
