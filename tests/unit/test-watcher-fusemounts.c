/* links: watcher/fusemounts.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lines of mountinfo, as users can make them look. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "watcher/fusemounts.h"

static void a_line_is_read(void **state)
{
        static const struct {
                const char *line;
                int result;
                const char *type, *source;
                uid_t uid;
        } cases[] = {
                { "80 30 0:50 / /home/a/x rw,nosuid shared:1 - fuse.rclone gdrive:my\\040dir "
                  "rw,user_id=1000,group_id=1000",
                  1, "fuse.rclone", "gdrive:my dir", 1000 },
                { "80 30 0:50 / /x rw - fuse gdfuse#default rw,user_id=1001,group_id=0,allow_other", 1, "fuse",
                  "gdfuse#default", 1001 },
                { "80 30 0:50 / /a\\040-\\040b rw - fuse.rclone x rw,user_id=5", 1, "fuse.rclone", "x", 5 },
                { "80 30 8:1 / / rw - ext4 /dev/sda1 rw", 0, "", "", 0 },
                { "80 30 0:50 / /x rw - fuseblk /dev/sdb1 rw,user_id=0", 0, "", "", 0 },
                { "80 30 0:50 / /x rw - fusectl fusectl rw", 0, "", "", 0 },
                { "80 30 0:50 / /x rw - fuse.rclone x rw", -EBADMSG, "", "", 0 },
                { "80 30 0:50 / /x rw - fuse.rclone x rw,user_id=4294967296", -EBADMSG, "", "", 0 },
                { "80 30 0:50 / /x rw - fuse.rclone x rw,user_id=", -EBADMSG, "", "", 0 },
                { "80 30 0:50 / /x rw - fuse.rclone x rw,user_id=1x", -EBADMSG, "", "", 0 },
                { "80 30 0:50 / /x rw", -EBADMSG, "", "", 0 },
                { " - ", 0, "", "", 0 },
                { "", -EBADMSG, "", "", 0 },
                { "80 - fuse.rclone a\\000b rw,user_id=7", 1, "fuse.rclone", "", 7 },
        };
        struct mount_seen seen;

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                int r = fusemounts_parse(cases[i].line, strlen(cases[i].line), &seen);

                if (r != cases[i].result)
                        fail_msg("%s: %d", cases[i].line, r);
                if (r != 1)
                        continue;
                assert_string_equal(seen.type, cases[i].type);
                assert_string_equal(seen.source, cases[i].source);
                assert_int_equal(seen.uid, cases[i].uid);
        }
}

static void a_long_source_hides_no_type(void **state)
{
        char line[2048];
        struct mount_seen seen;

        (void) state;
        snprintf(line, sizeof(line), "80 30 0:50 / /x rw - fuse.rclone %0*d rw,user_id=1000", 1000, 1);
        assert_int_equal(fusemounts_parse(line, strlen(line), &seen), 1);
        assert_string_equal(seen.type, "fuse.rclone");
        assert_string_equal(seen.source, "");
        assert_int_equal(seen.uid, 1000);
}

static unsigned seen_count;

static void count(void *userdata, const struct mount_seen *mount)
{
        (void) userdata;
        assert_string_equal(mount->type, "fuse.rclone");
        seen_count++;
}

static void nothing(void *userdata)
{
        (void) userdata;
}

static void a_file_is_read_again(void **state)
{
        static const char one[] =
                "1 2 0:5 / / rw - ext4 /dev/sda rw\n3 2 0:6 / /x rw - fuse.rclone a rw,user_id=1000\n";
        char folder[] = "/tmp/lekdicht-mounts.XXXXXX", path[64], command[128];
        struct fusemounts *mounts = NULL;
        sd_event *loop = NULL;
        int proc, fd;

        (void) state;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/1", folder);
        assert_int_equal(mkdir(path, 0755), 0);
        snprintf(path, sizeof(path), "%s/1/mountinfo", folder);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_int_equal(write(fd, one, strlen(one)), (ssize_t) strlen(one));
        proc = open(folder, O_PATH | O_CLOEXEC);
        assert_true(sd_event_new(&loop) >= 0);
        assert_int_equal(fusemounts_new(loop, proc, nothing, NULL, &mounts), 0);
        assert_int_equal(fusemounts_each(mounts, count, NULL), 0);
        assert_int_equal(seen_count, 1);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(fusemounts_each(mounts, count, NULL), 0);
        assert_int_equal(seen_count, 1);
        fusemounts_free(mounts);
        sd_event_unref(loop);
        close(proc);
        close(fd);
        snprintf(command, sizeof(command), "rm -rf %s", folder);
        assert_int_equal(system(command), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_is_read),
                cmocka_unit_test(a_long_source_hides_no_type),
                cmocka_unit_test(a_file_is_read_again),
        };

        return cmocka_run_group_tests_name("watcher-fusemounts", tests, NULL, NULL);
}
