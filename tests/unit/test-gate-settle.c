/* links: gate/settle.c gate/walk.c gate/mounts.c gate/lun.c gate/state.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Before a disk is taken away. The mounts are real ones, of tmpfs, in a mount namespace of the test's own; that they
 * are the stick's is what the fake mountinfo says. */

#include "tests/unit/fake-machine.h"

#include <linux/major.h>
#include <sys/mount.h>

#include "gate/settle.h"

/* In place of the C library's: which file systems were written back, and how that ends. */
static unsigned writebacks;
static int writeback_error;

int syncfs(int fd)
{
        struct stat st;

        writebacks += fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
        errno = writeback_error;
        return writeback_error ? -1 : 0;
}

static int two_sticks(void **state)
{
        machine_setup(state);
        machine_stick(*state, "1-2", 5, 3, "sdb", 801, 12, true);
        machine_stick(*state, "1-3", 6, 4, "sdc", 802, 13, true);
        return 0;
}

#define NEED_MOUNTS                                                                                                    \
        do {                                                                                                           \
                if (!machine_own_mounts())                                                                             \
                        skip();                                                                                        \
        } while (0)

/* A mount of the stick with this major, really. */
static void mount_at(struct machine *m, unsigned major, const char *point)
{
        assert_true(mkdir(point, 0755) == 0 || errno == EEXIST);
        assert_int_equal(mount("stick", point, "tmpfs", 0, NULL), 0);
        machine_mount(m, major, 1, point, "vfat", "/dev/sdb1", "rw");
}

static bool is_mounted(const char *point)
{
        struct stat here, above;
        char parent[PATH_MAX];

        snprintf(parent, sizeof parent, "%s/..", point);
        return stat(point, &here) == 0 && stat(parent, &above) == 0 && here.st_dev != above.st_dev;
}

static int settles(struct machine *m, const char *name)
{
        struct device device = machine_open(m, name);
        struct uses uses;
        int r;

        assert_int_equal(walk(&m->roots, &uses), 0);
        r = settle(&m->roots, &uses, &device);
        walk_free(&uses);
        device_close(&device);
        return r;
}

static void what_is_not_in_use_is_settled(void **state)
{
        struct machine *m = *state;

        machine_mount(m, 802, 1, "/", "ext4", "/dev/sdc1", "rw");
        assert_int_equal(settles(m, "3:0:0:0"), 0);
        assert_int_equal(settles(m, "1-2:1.0"), 0);
        assert_int_equal(settles(m, "1-2"), 0);
        assert_string_equal(m->out, "");
        assert_string_equal(m->err, "");
}

static void what_carries_the_system_is_not_touched(void **state)
{
        static const char *const names[] = { "1-2", "1-2:1.0", "3:0:0:0" };
        struct machine *m = *state;

        NEED_MOUNTS;
        mount_at(m, 801, "/mnt/a");
        machine_mount(m, 801, 1, "/srv", "ext4", "/dev/sdb1", "rw");
        for (size_t i = 0; i < 3; i++) {
                m->err[0] = '\0';
                assert_int_equal(settles(m, names[i]), -EPERM);
                assert_says(m->err, machine_string(m, "%s carries /srv: not touched", names[i]));
        }
        assert_true(is_mounted("/mnt/a"));
        assert_string_equal(m->out, "");
        umount("/mnt/a");
}

static void what_swaps_is_not_touched(void **state)
{
        struct machine *m = *state;

        machine_swap(m, machine_node(m, "sdb1", 801, 1));
        assert_int_equal(settles(m, "3:0:0:0"), -EPERM);
        assert_says(m->err, "3:0:0:0 carries swap: not touched");
        assert_int_equal(settles(m, "4:0:0:0"), 0);
}

static void the_last_mounted_is_unmounted_first(void **state)
{
        struct machine *m = *state;

        NEED_MOUNTS;
        mount_at(m, 801, "/media/a");
        mount_at(m, 802, "/media/other");
        mount_at(m, 801, "/media/a/b");
        mount_at(m, 801, "/mnt/c");
        assert_int_equal(settles(m, "1-2"), 0);
        assert_string_equal(m->out, "unmounted /mnt/c\nunmounted /media/a/b\nunmounted /media/a\n");
        assert_false(is_mounted("/media/a"));
        assert_false(is_mounted("/mnt/c"));
        assert_true(is_mounted("/media/other"));
        umount("/media/other");
}

/* No written byte is to be lost, and when one is, it is said. */
static void it_is_written_back_first(void **state)
{
        struct machine *m = *state;

        NEED_MOUNTS;
        writebacks = 0;
        mount_at(m, 801, "/media/a");
        mount_at(m, 801, "/media/b");
        assert_int_equal(settles(m, "1-2"), 0);
        assert_int_equal(writebacks, 2);
        assert_string_equal(m->err, "");
        mount_at(m, 801, "/media/a");
        writeback_error = EIO;
        assert_int_equal(settles(m, "1-2"), 0);
        writeback_error = 0;
        assert_says(m->err, "/media/a: writing back: ");
        assert_false(is_mounted("/media/a"));
}

/* Somebody is writing a file: it stays writable, and the mount beside it goes. */
static void what_somebody_has_open_stays(void **state)
{
        struct machine *m = *state;
        int fd;

        NEED_MOUNTS;
        mount_at(m, 801, "/media/a");
        mount_at(m, 801, "/media/b");
        fd = open("/media/a/letter", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(settles(m, "3:0:0:0"), -EBUSY);
        assert_true(is_mounted("/media/a"));
        assert_false(is_mounted("/media/b"));
        assert_int_equal(write(fd, "word", 4), 4);
        assert_string_equal(m->out, "unmounted /media/b\n");
        assert_string_equal(m->err, "/media/a: in use, left as it is\n");
        close(fd);
        assert_int_equal(settles(m, "3:0:0:0"), 0);
        assert_false(is_mounted("/media/a"));
}

static void what_is_unmounted_by_somebody_else_is_no_failure(void **state)
{
        struct machine *m = *state;

        NEED_MOUNTS;
        assert_int_equal(mkdir("/media/plain", 0755), 0);
        machine_mount(m, 801, 1, "/media/plain", "vfat", "/dev/sdb1", "rw");
        machine_mount(m, 801, 1, "/media/none", "vfat", "/dev/sdb1", "rw");
        assert_int_equal(settles(m, "3:0:0:0"), 0);
        assert_string_equal(m->out, "");
        rmdir("/media/plain");
}

/* A link in the place of the mount point must not lead the unmounting elsewhere. */
static void no_link_is_followed(void **state)
{
        struct machine *m = *state;

        NEED_MOUNTS;
        mount_at(m, 802, "/media/other");
        assert_int_equal(symlink("/media/other", "/media/link"), 0);
        machine_mount(m, 801, 1, "/media/link", "vfat", "/dev/sdb1", "rw");
        settles(m, "3:0:0:0");
        assert_true(is_mounted("/media/other"));
        assert_string_equal(m->out, "");
        unlink("/media/link");
        umount("/media/other");
}

/* Not mounted, but device mapper, md or another mount namespace has it. */
static void what_somebody_claims_is_busy(void **state)
{
        struct machine *m = *state;
        int fd = -1;

        for (unsigned minor = 7; fd < 0 && minor > 0; minor--)
                fd = open(machine_node(m, "sdb", LOOP_MAJOR, minor), O_RDONLY | O_EXCL | O_CLOEXEC);
        if (fd < 0)
                skip();
        assert_int_equal(settles(m, "3:0:0:0"), -EBUSY);
        assert_says(m->err, "3:0:0:0: in use, left as it is");
        assert_int_equal(settles(m, "1-2"), -EBUSY);
        assert_int_equal(settles(m, "4:0:0:0"), 0);
        close(fd);
        assert_int_equal(settles(m, "1-2"), 0);
}

#define test(function) cmocka_unit_test_setup_teardown(function, two_sticks, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(what_is_not_in_use_is_settled),
                test(what_carries_the_system_is_not_touched),
                test(what_swaps_is_not_touched),
                test(the_last_mounted_is_unmounted_first),
                test(it_is_written_back_first),
                test(what_somebody_has_open_stays),
                test(what_is_unmounted_by_somebody_else_is_no_failure),
                test(no_link_is_followed),
                test(what_somebody_claims_is_busy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
