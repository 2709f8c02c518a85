/* links: gate/cut.c gate/refuse.c gate/opening.c gate/settle.c gate/walk.c gate/mounts.c gate/renew.c gate/lun.c gate/state.c gate/phone.c gate/usbnode.c gate/external.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The end of somebody's time with a stick: careful while that goes, and else what is written back before it is cut off. */

#include "tests/unit/fake-machine.h"

#include <linux/major.h>
#include <sys/mount.h>

#include "gate/cut.h"
#include "gate/state.h"

/* In place of the C library's: what was written back, in order, with "!" for what was gone from its place by then. */
static char written[256];
static int writeback_error;
static struct machine *machine;

static bool is_mounted(const char *point)
{
        struct stat here, above;
        char parent[PATH_MAX];

        snprintf(parent, sizeof parent, "%s/..", point);
        return stat(point, &here) == 0 && stat(parent, &above) == 0 && here.st_dev != above.st_dev;
}

static void note(const char *what)
{
        size_t length = strlen(written);

        snprintf(written + length, sizeof written - length, "%s%s%s ", what, is_mounted("/media/a") ? "" : "!",
                 machine_wrote(machine, "sys" STICK_PORT "/authorized=0") >= 0 ? " too late" : "");
}

int syncfs(int fd)
{
        (void) fd;
        note("syncfs");
        errno = writeback_error;
        return writeback_error ? -1 : 0;
}

int fsync(int fd)
{
        struct stat st;

        if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode))
                note("disk");
        return 0;
}

void sync(void)
{
        note("everything");
}

static int setup(void **state)
{
        machine_setup(state);
        machine = *state;
        written[0] = '\0';
        writeback_error = 0;
        machine_stick(machine, "1-2", 5, 3, "sdb", 801, 12, true);
        return state_prepare(&machine->roots);
}

#define NEED_MOUNTS                                                                                                    \
        do {                                                                                                           \
                if (!machine_own_mounts())                                                                             \
                        skip();                                                                                        \
        } while (0)

static void mount_at(struct machine *m, const char *point)
{
        assert_true(mkdir(point, 0755) == 0 || errno == EEXIST);
        assert_int_equal(mount("stick", point, "tmpfs", 0, NULL), 0);
        machine_mount(m, 801, 1, point, "vfat", "/dev/sdb1", "rw");
}

static enum gate_exit cuts(struct machine *m, const char *name)
{
        struct device device = machine_open(m, name);
        enum gate_exit code;
        struct uses uses;

        assert_int_equal(walk(&m->roots, &uses), 0);
        code = cut(&m->roots, &uses, &device);
        walk_free(&uses);
        device_close(&device);
        return code;
}

static void what_is_not_in_use_is_refused_with_care(void **state)
{
        struct machine *m = *state;

        NEED_MOUNTS;
        mount_at(m, "/media/a");
        assert_int_equal(cuts(m, "1-2"), GATE_DONE);
        assert_string_equal(m->out, "unmounted /media/a\ndeauthorised usb device 1-2\n");
        assert_string_equal(written, "syncfs ");
        assert_wrote(m, "sys" STICK_PORT "/authorized=0");
}

/* The file is open: its place goes, then all is written back, and only then the stick. */
static void what_is_in_use_is_written_back_and_cut_off(void **state)
{
        struct machine *m = *state;
        int fd;

        NEED_MOUNTS;
        mount_at(m, "/media/a");
        state_grant(&m->roots, 12, "disk=sdb\n");
        fd = open("/media/a/letter", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(cuts(m, "1-2"), GATE_DONE);
        assert_false(is_mounted("/media/a"));
        assert_says(m->out, "detached /media/a, which was in use\ndeauthorised usb device 1-2\n");
        assert_string_equal(written, "syncfs syncfs! ");
        assert_wrote(m, "sys" STICK_PORT "/authorized=0");
        assert_string_equal(machine_list(m, "run/refused"), "1-2 ");
        assert_string_equal(machine_list(m, "run/grant"), "");
        close(fd);
}

static void a_card_loses_its_driver(void **state)
{
        struct machine *m = *state;
        int fd;

        NEED_MOUNTS;
        mount_at(m, "/media/a");
        fd = open("/media/a/letter", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(cuts(m, "3:0:0:0"), GATE_DONE);
        assert_says(m->out, "unbound 3:0:0:0\n");
        close(fd);
}

/* A bad stick must not stay for being bad; and nothing is left that could still be written. */
static void what_cannot_be_written_back_is_said(void **state)
{
        struct machine *m = *state;
        int fd;

        NEED_MOUNTS;
        mount_at(m, "/media/a");
        writeback_error = EIO;
        fd = open("/media/a/letter", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(cuts(m, "1-2"), GATE_DONE);
        assert_says(m->err, "/media/a: writing back: ");
        assert_string_equal(written, "syncfs syncfs! everything! ");
        close(fd);
}

/* Mounted where we do not see it, or assembled. */
static void what_somebody_claims_is_written_back_too(void **state)
{
        struct machine *m = *state;
        int fd = -1;

        for (unsigned minor = 7; fd < 0 && minor > 0; minor--)
                fd = open(machine_node(m, "sdb", LOOP_MAJOR, minor), O_RDONLY | O_EXCL | O_CLOEXEC);
        if (fd < 0)
                skip();
        assert_int_equal(cuts(m, "1-2"), GATE_DONE);
        assert_string_equal(written, "disk! everything! ");
        assert_wrote(m, "sys" STICK_PORT "/authorized=0");
        close(fd);
}

/* It is in use, and by the time of the cut nobody can tell by what: then nothing can be written back first. */
static void what_cannot_be_looked_up_is_left(void **state)
{
        struct machine *m = *state;
        struct device device;
        struct uses uses;
        int fd;

        NEED_MOUNTS;
        mount_at(m, "/media/a");
        fd = open("/media/a/letter", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        device = machine_open(m, "1-2");
        assert_int_equal(walk(&m->roots, &uses), 0);
        machine_file(m, "no mountinfo\n", "proc/self/mountinfo");
        assert_int_equal(cut(&m->roots, &uses, &device), GATE_FAILED);
        assert_says(m->err, "cannot tell what is mounted");
        assert_true(is_mounted("/media/a"));
        assert_string_equal(m->journal, "");
        walk_free(&uses);
        device_close(&device);
        close(fd);
        umount("/media/a");
}

static void what_is_spared_by_refuse_is_spared(void **state)
{
        struct machine *m = *state;

        NEED_MOUNTS;
        mount_at(m, "/media/a");
        machine_mount(m, 801, 1, "/srv", "ext4", "/dev/sdb1", "rw");
        assert_int_equal(cuts(m, "1-2"), GATE_FAILED);
        assert_says(m->err, "1-2 carries /srv: not touched");
        assert_true(is_mounted("/media/a"));
        assert_string_equal(m->journal, "");
        umount("/media/a");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, machine_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(what_is_not_in_use_is_refused_with_care),
                test(what_is_in_use_is_written_back_and_cut_off),
                test(a_card_loses_its_driver),
                test(what_cannot_be_written_back_is_said),
                test(what_somebody_claims_is_written_back_too),
                test(what_cannot_be_looked_up_is_left),
                test(what_is_spared_by_refuse_is_spared),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
