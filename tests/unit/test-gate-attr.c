/* links: gate/attr.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The door to /sys: what is read is whole or an error, what is written is one write of exactly that value. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate/attr.h"

static char top[64];
static int dirfd_;

static void put(const char *name, const void *bytes, size_t size)
{
        int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        close(fd);
}

static const char *get(const char *name)
{
        static char text[8192];
        int fd = openat(dirfd_, name, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return "(no such file)";
        n = read(fd, text, sizeof text - 1);
        close(fd);
        assert_true(n >= 0);
        text[n] = '\0';
        return text;
}

static int setup(void **state)
{
        (void) state;
        strcpy(top, "/tmp/lekdicht-attr-XXXXXX");
        if (!mkdtemp(top))
                return -1;
        dirfd_ = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dirfd_ < 0 || mkdirat(dirfd_, "device", 0755) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        static const char *const names[] = { "a", "link", "fifo", "device/uevent" };

        (void) state;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                unlinkat(dirfd_, names[i], 0);
        unlinkat(dirfd_, "device", AT_REMOVEDIR);
        close(dirfd_);
        return rmdir(top);
}

static void one_newline_at_the_end_is_not_part_of_the_text(void **state)
{
        static const struct {
                const char *file, *text;
        } cases[] = { { "", "" },         { "\n", "" },       { "x", "x" },         { "x\n", "x" },
                      { "x\n\n", "x\n" }, { " x \n", " x " }, { "a\nb\n", "a\nb" }, { "\xff\x01\n", "\xff\x01" } };
        char text[64];

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                put("a", cases[i].file, strlen(cases[i].file));
                assert_int_equal(attr_read(dirfd_, "a", text, sizeof text), strlen(cases[i].text));
                assert_string_equal(text, cases[i].text);
        }
}

/* Half a name is another name. */
static void what_does_not_fit_is_an_error(void **state)
{
        char text[8];

        (void) state;
        put("a", "1234567", 7);
        assert_int_equal(attr_read(dirfd_, "a", text, sizeof text), 7);
        assert_string_equal(text, "1234567");
        put("a", "12345678", 8);
        assert_int_equal(attr_read(dirfd_, "a", text, sizeof text), -EMSGSIZE);
        put("a", "1234567890", 10);
        assert_int_equal(attr_read(dirfd_, "a", text, sizeof text), -EMSGSIZE);
        put("a", "ab\0c\n", 5);
        assert_int_equal(attr_read(dirfd_, "a", text, sizeof text), -EINVAL);
        put("a", "ab\0", 3);
        assert_int_equal(attr_read(dirfd_, "a", text, sizeof text), -EINVAL);
}

static void what_cannot_be_read_is_an_error(void **state)
{
        char text[8];

        (void) state;
        assert_int_equal(attr_read(dirfd_, "none", text, sizeof text), -ENOENT);
        assert_int_equal(attr_read(dirfd_, "device", text, sizeof text), -EISDIR);
        put("a", "x", 1);
        assert_int_equal(symlinkat("a", dirfd_, "link"), 0);
        assert_int_equal(attr_read(dirfd_, "link", text, sizeof text), -ELOOP);
        assert_int_equal(mkfifoat(dirfd_, "fifo", 0644), 0);
        assert_int_equal(attr_read(dirfd_, "fifo", text, sizeof text), 0); /* and does not wait */
        assert_int_equal(attr_read(-1, "a", text, sizeof text), -EBADF);
}

static void a_value_is_written_as_it_is(void **state)
{
        (void) state;
        put("a", "1\n", 2);
        assert_int_equal(attr_write(dirfd_, "a", "0"), 0);
        assert_string_equal(get("a"), "0\n");
        put("a", "", 0);
        assert_int_equal(attr_write(dirfd_, "a", "3:0:0:0"), 0);
        assert_string_equal(get("a"), "3:0:0:0");
}

static void nothing_is_created_by_writing(void **state)
{
        (void) state;
        assert_int_equal(attr_write(dirfd_, "a", "0"), -ENOENT);
        assert_string_equal(get("a"), "(no such file)");
        assert_int_equal(attr_write(dirfd_, "device", "0"), -EISDIR);
        assert_int_equal(attr_write(-1, "a", "0"), -EBADF);
        assert_int_equal(attr_write(AT_FDCWD, "/dev/full", "0"), -ENOSPC);
}

static void trigger_writes_change(void **state)
{
        char deep[5000];

        (void) state;
        put("device/uevent", "", 0);
        assert_int_equal(attr_trigger(dirfd_, "device"), 0);
        assert_string_equal(get("device/uevent"), "change");
        assert_int_equal(attr_trigger(dirfd_, "none"), -ENOENT);
        memset(deep, 'x', sizeof deep - 1);
        deep[sizeof deep - 1] = '\0';
        assert_int_equal(attr_trigger(dirfd_, deep), -ENAMETOOLONG);
}

static void directories_are_opened_through_links_only_when_they_are_directories(void **state)
{
        struct stat want, have;
        int fd;

        (void) state;
        assert_int_equal(symlinkat("device", dirfd_, "link"), 0);
        fd = attr_open_dir(dirfd_, "link");
        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &have), 0);
        assert_int_equal(fstatat(dirfd_, "device", &want, 0), 0);
        assert_int_equal(have.st_ino, want.st_ino);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(fd, F_GETFL) & O_PATH);
        close(fd);
        put("a", "", 0);
        assert_int_equal(attr_open_dir(dirfd_, "a"), -ENOTDIR);
        assert_int_equal(attr_open_dir(dirfd_, "none"), -ENOENT);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(one_newline_at_the_end_is_not_part_of_the_text),
                test(what_does_not_fit_is_an_error),
                test(what_cannot_be_read_is_an_error),
                test(a_value_is_written_as_it_is),
                test(nothing_is_created_by_writing),
                test(trigger_writes_change),
                test(directories_are_opened_through_links_only_when_they_are_directories),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
