/* links: common/durable.c common/kept.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Small files that are replaced whole: what is seen, what is left when it goes wrong, and in which order the disk is asked. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/durable.h"
#include "common/kept.h"

static char directory[64], path[96], aside[96];

/* In place of the C library's: what stood where when something was asked to be on the disk, and which of them fails. */
static char syncs[256];
static unsigned n_syncs, failing;

static const char *text_at(const char *name)
{
        static char text[128];
        FILE *file = fopen(name, "re");
        size_t n;

        if (!file)
                return "none";
        n = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        text[n] = '\0';
        return text;
}

int fsync(int fd)
{
        struct stat st;

        assert_int_equal(fstat(fd, &st), 0);
        snprintf(syncs + strlen(syncs), sizeof(syncs) - strlen(syncs), "%s while %s; ",
                 S_ISDIR(st.st_mode) ? "directory" : "file", text_at(path));
        if (++n_syncs == failing) {
                errno = EIO;
                return -1;
        }
        return 0;
}

static void put_text(const char *name, const char *text)
{
        FILE *file = fopen(name, "we");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static int replace(const char *text)
{
        return durable_replace(path, NULL, 0600, text, strlen(text));
}

static unsigned n_files(void)
{
        DIR *stream = opendir(directory);
        const struct dirent *entry;
        unsigned n = 0;

        while ((entry = readdir(stream)))
                n += entry->d_name[0] != '.';
        closedir(stream);
        return n;
}

static int setup(void **state)
{
        (void) state;
        snprintf(directory, sizeof(directory), "/tmp/lekdicht-durable.XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/file", directory);
        snprintf(aside, sizeof(aside), "%s/file.new", directory);
        syncs[0] = '\0';
        n_syncs = failing = 0;
        return 0;
}

static int teardown(void **state)
{
        char command[96];

        (void) state;
        snprintf(command, sizeof(command), "rm -rf %s", directory);
        return system(command);
}

static void a_file_is_made_and_replaced(void **state)
{
        struct stat st;

        (void) state;
        umask(022);
        assert_int_equal(replace("old"), 0);
        assert_string_equal(text_at(path), "old");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(durable_replace(path, NULL, 0644, "new\n\0more", 9), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        assert_int_equal(st.st_size, 9);
        assert_int_equal(durable_replace(path, NULL, 0644, "", 0), 0);
        assert_string_equal(text_at(path), "");
        assert_int_equal(n_files(), 1);
}

/* Who has the old file open goes on reading it whole: it was replaced, not written to. */
static void who_reads_the_old_one_reads_it_whole(void **state)
{
        char text[8] = "";
        int fd;

        (void) state;
        assert_int_equal(replace("old"), 0);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(replace("newer"), 0);
        assert_int_equal(read(fd, text, sizeof(text) - 1), 3);
        assert_string_equal(text, "old");
        close(fd);
}

static void the_text_is_on_the_disk_before_the_name_and_the_name_before_the_end(void **state)
{
        (void) state;
        put_text(path, "old");
        assert_int_equal(replace("new"), 0);
        assert_string_equal(syncs, "file while old; directory while new; ");
}

static void in_memory_the_disk_is_not_asked(void **state)
{
        (void) state;
        assert_int_equal(durable_swap(path, NULL, 0600, "new", 3), 0);
        assert_string_equal(text_at(path), "new");
        assert_string_equal(syncs, "");
}

static void a_disk_that_cannot_have_it_is_told(void **state)
{
        (void) state;
        put_text(path, "old");
        failing = 1;
        assert_int_equal(replace("new"), -EIO);
        assert_string_equal(text_at(path), "old");
        assert_int_equal(n_files(), 1);
        failing = 3; /* the directory, the second time */
        assert_int_equal(replace("new"), -EIO);
}

static void without_the_directory_nothing_is_made(void **state)
{
        (void) state;
        snprintf(path, sizeof(path), "%s/none/file", directory);
        assert_int_equal(replace("new"), -ENOENT);
        assert_int_equal(n_files(), 0);
        assert_int_equal(durable_sync_directory_of(path), -ENOENT);
        assert_int_equal(durable_sync_directory_of("file"), -EINVAL);
        assert_int_equal(durable_sync_directory_of("/file"), 0);
}

static void what_is_read_only_stays_as_it_is(void **state)
{
        (void) state;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", directory, "tmpfs", 0, "size=64k") < 0)
                skip();
        put_text(path, "old");
        assert_int_equal(mount(NULL, directory, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        assert_int_equal(replace("new"), -EROFS);
        assert_string_equal(text_at(path), "old");
        assert_int_equal(n_files(), 1);
        umount(directory);
}

/* A disk that is full takes the first bytes and then no more. */
static void half_a_text_does_not_take_the_name(void **state)
{
        struct rlimit before, little;
        int r;

        (void) state;
        put_text(path, "old");
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        little = before;
        little.rlim_cur = 3;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
        r = replace("newer");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r, -EFBIG);
        assert_string_equal(text_at(path), "old");
        assert_int_equal(n_files(), 1);
}

static void a_link_aside_is_not_followed(void **state)
{
        char victim[96];

        (void) state;
        snprintf(victim, sizeof(victim), "%s/victim", directory);
        put_text(victim, "precious");
        assert_int_equal(symlink(victim, aside), 0);
        assert_int_equal(replace("new"), -ELOOP);
        assert_string_equal(text_at(victim), "precious");
        assert_string_equal(text_at(path), "none");
        /* A link in place of the file itself is replaced. */
        assert_int_equal(rename(aside, path), 0);
        assert_int_equal(replace("new"), 0);
        assert_string_equal(text_at(path), "new");
        assert_string_equal(text_at(victim), "precious");
}

static void what_a_power_cut_left_aside_is_written_over(void **state)
{
        (void) state;
        put_text(aside, "half of something longer");
        assert_int_equal(replace("new"), 0);
        assert_string_equal(text_at(path), "new");
        assert_int_equal(n_files(), 1);
}

static void what_is_in_the_way_stays(void **state)
{
        (void) state;
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(replace("new"), -EISDIR);
        assert_int_equal(n_files(), 1);
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(replace("new"), -EISDIR);
        assert_int_equal(n_files(), 1);
}

static void the_caller_may_name_the_file_aside(void **state)
{
        (void) state;
        assert_int_equal(mkdir(aside, 0755), 0);
        snprintf(aside, sizeof(aside), "%s/other", directory);
        assert_int_equal(durable_replace(path, aside, 0600, "new", 3), 0);
        assert_string_equal(text_at(path), "new");
        assert_string_equal(text_at(aside), "none");
}

static void names_that_are_too_long_are_an_error(void **state)
{
        static char name[PATH_MAX + 2]; /* NUL included */

        (void) state;
        memset(name, 'x', PATH_MAX - 1);
        assert_int_equal(durable_replace(name, NULL, 0600, "", 0), -ENAMETOOLONG);
        memset(name, 'x', PATH_MAX);
        name[PATH_MAX] = '/';
        assert_int_equal(durable_sync_directory_of(name), -ENAMETOOLONG);
}

/* ---- a number ---- */

static void a_number_comes_back(void **state)
{
        static const uint64_t numbers[] = { 1, 10, 1800000000, INT64_MAX, UINT64_MAX };
        uint64_t number = 42;
        struct stat st;

        (void) state;
        assert_int_equal(kept_read(path, UINT64_MAX, &number), -ENOENT);
        for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
                assert_int_equal(kept_write(path, numbers[i]), 0);
                assert_int_equal(kept_read(path, numbers[i], &number), 0);
                assert_true(number == numbers[i]);
                assert_int_equal(kept_read(path, numbers[i] - 1, &number), -EBADMSG);
        }
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_string_equal(text_at(path), "18446744073709551615\n");
        assert_non_null(strstr(syncs, "file while 1\n; directory while 10\n; "));
}

static void what_nobody_wrote_is_no_number(void **state)
{
        static const char *const texts[] = {
                "",
                "\n",
                "0\n",
                "01\n",
                "-1\n",
                "+1\n",
                " 1\n",
                "1",
                "1 \n",
                "1\n2\n",
                "0x7\n",
                "x\n",
                "18446744073709551616\n",
                "1111111111111111111111111111111111111111111\n",
        };
        uint64_t number = 42;

        (void) state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                put_text(path, texts[i]);
                if (kept_read(path, UINT64_MAX, &number) != -EBADMSG)
                        fail_msg("\"%s\" was taken", texts[i]);
        }
        assert_int_equal(number, 42);
}

static void what_is_no_file_is_not_waited_for(void **state)
{
        uint64_t number = 42;

        (void) state;
        put_text(aside, "7\n");
        assert_int_equal(symlink(aside, path), 0);
        assert_int_equal(kept_read(path, UINT64_MAX, &number), -ELOOP);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(kept_read(path, UINT64_MAX, &number), -EBADMSG);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(kept_read(path, UINT64_MAX, &number), -EISDIR);
        assert_int_equal(number, 42);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_file_is_made_and_replaced),
                TEST(who_reads_the_old_one_reads_it_whole),
                TEST(the_text_is_on_the_disk_before_the_name_and_the_name_before_the_end),
                TEST(in_memory_the_disk_is_not_asked),
                TEST(a_disk_that_cannot_have_it_is_told),
                TEST(without_the_directory_nothing_is_made),
                TEST(what_is_read_only_stays_as_it_is),
                TEST(half_a_text_does_not_take_the_name),
                TEST(a_link_aside_is_not_followed),
                TEST(what_a_power_cut_left_aside_is_written_over),
                TEST(what_is_in_the_way_stays),
                TEST(the_caller_may_name_the_file_aside),
                TEST(names_that_are_too_long_are_an_error),
                TEST(a_number_comes_back),
                TEST(what_nobody_wrote_is_no_number),
                TEST(what_is_no_file_is_not_waited_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
