/* links: tests/bed/bed.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/sysfs.h"
#include "tests/bed/bed.h"

#define DEVICE "/devices/pci0000:00/1-2"

static struct bed bed;
static int fd;

static int setup(void **state)
{
        (void) state;
        bed_init(&bed, NULL);
        bed_device(&bed, DEVICE, "usb", "DEVTYPE=usb_device\n");
        fd = sysfs_open(bed.sys, DEVICE);
        return fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        (void) state;
        close(fd);
        bed_done(&bed);
        return 0;
}

static void only_devpaths_are_opened(void **state)
{
        static const char *const bad[] = { "devices/pci0000:00",
                                           "",
                                           "/",
                                           "//devices",
                                           "/devices/../devices/pci0000:00",
                                           "/devices/..",
                                           "/devices/",
                                           "/devices//pci0000:00" };
        char longest[SYSFS_PATH_MAX + 1];

        (void) state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(sysfs_open(bed.sys, bad[i]), -EINVAL);
        memset(longest, 'x', sizeof(longest) - 1);
        longest[0] = '/';
        longest[sizeof(longest) - 1] = '\0';
        assert_int_equal(sysfs_open(bed.sys, longest), -EINVAL);
        assert_int_equal(sysfs_open(bed.sys, "/devices/none"), -ENOENT);
        assert_int_equal(sysfs_open(bed.sys, DEVICE "/uevent"), -ENOTDIR);
        assert_true(sysfs_open(bed.sys, "/bus/usb/devices/1-2") < 0); /* a link */
}

static void attributes_are_read_as_they_are(void **state)
{
        char text[16];

        (void) state;
        bed_text(&bed, "sys" DEVICE "/raw", "ab\ncd\n");
        assert_int_equal(sysfs_read(fd, "raw", text, sizeof(text)), 6);
        assert_memory_equal(text, "ab\ncd\n", 6);
        assert_int_equal(sysfs_read(fd, "raw", text, 3), 3);
        assert_int_equal(sysfs_read(fd, "none", text, sizeof(text)), -ENOENT);
        assert_int_equal(sysfs_read(fd, "subsystem", text, sizeof(text)), -ELOOP);
        assert_int_equal(sysfs_read_text(fd, "raw", text, sizeof(text)), 5);
        assert_string_equal(text, "ab?cd");
        assert_int_equal(sysfs_read_text(fd, "none", text, sizeof(text)), -ENOENT);
}

static void fifo_is_no_trap(void **state)
{
        char path[BED_PATH * 2], text[16];

        (void) state;
        snprintf(path, sizeof(path), "%s%s/fifo", bed.sys, DEVICE);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_true(sysfs_read(fd, "fifo", text, sizeof(text)) <= 0);
}

static void numbers_are_numbers(void **state)
{
        static const struct {
                const char *text;
                int base;
                uint64_t max;
                int r;
                uint64_t value;
        } cases[] = {
                { "5", 10, 10, 0, 5 },
                { "0951", 16, 0xffff, 0, 0x951 },
                { "ffff", 16, 0xffff, 0, 0xffff },
                { "10000", 16, 0xffff, -EINVAL, 0 },
                { "-1", 10, UINT64_MAX, -EINVAL, 0 },
                { "+1", 10, 9, -EINVAL, 0 },
                { "", 10, 9, -EINVAL, 0 },
                { "5 6", 10, 9, -EINVAL, 0 },
                { "5x", 10, 9, -EINVAL, 0 },
                { "18446744073709551615", 10, UINT64_MAX, 0, UINT64_MAX },
                { "18446744073709551616", 10, UINT64_MAX, -EINVAL, 0 },
                { "99999999999999999999999999999999999", 10, UINT64_MAX, -EINVAL, 0 },
                { "ab", 10, 999, -EINVAL, 0 },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint64_t value = 12345;

                bed_attribute(&bed, DEVICE, "number", "%s", cases[i].text);
                assert_int_equal(sysfs_read_number(fd, "number", cases[i].base, cases[i].max, &value), cases[i].r);
                assert_int_equal(value, cases[i].r == 0 ? cases[i].value : 12345);
        }
}

static void links_are_named(void **state)
{
        char name[SYSFS_NAME_MAX], small[3];

        (void) state;
        assert_int_equal(sysfs_read_link(fd, "subsystem", name, sizeof(name)), 0);
        assert_string_equal(name, "usb");
        assert_int_equal(sysfs_read_link(fd, "driver", name, sizeof(name)), -ENOENT);
        assert_int_equal(sysfs_read_link(fd, "subsystem", small, sizeof(small)), -ENAMETOOLONG);
        assert_int_equal(sysfs_read_link(fd, "uevent", name, sizeof(name)), -EINVAL);
}

static void first_entry_is_a_directory(void **state)
{
        char name[SYSFS_NAME_MAX];

        (void) state;
        assert_int_equal(sysfs_first_entry(fd, "block", name, sizeof(name)), -ENOENT);
        bed_text(&bed, "sys" DEVICE "/block/uevent", "%s", "");
        assert_int_equal(sysfs_first_entry(fd, "block", name, sizeof(name)), -ENOENT);
        bed_text(&bed, "sys" DEVICE "/block/sda/size", "0\n");
        assert_int_equal(sysfs_first_entry(fd, "block", name, sizeof(name)), 0);
        assert_string_equal(name, "sda");
        assert_int_equal(sysfs_first_entry(fd, "block", name, 3), -ENOENT);
}

static void name_is_not_the_device(void **state)
{
        char text[16];

        (void) state;
        bed_attribute(&bed, DEVICE, "serial", "old");
        assert_true(sysfs_alive(fd));
        bed_unplug(&bed, DEVICE);
        assert_false(sysfs_alive(fd));
        bed_device(&bed, DEVICE, "usb", "");
        bed_attribute(&bed, DEVICE, "serial", "new");
        assert_false(sysfs_alive(fd));
        assert_true(sysfs_read_text(fd, "serial", text, sizeof(text)) < 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(only_devpaths_are_opened), TEST(attributes_are_read_as_they_are),
                TEST(fifo_is_no_trap),          TEST(numbers_are_numbers),
                TEST(links_are_named),          TEST(first_entry_is_a_directory),
                TEST(name_is_not_the_device),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
