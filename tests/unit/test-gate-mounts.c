/* links: gate/mounts.c tests/unit/fake-machine.c tests/unit/fake-devices.c gate/device.c gate/bus.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* /proc/self/mountinfo, in all the forms the kernel gives it and in the forms it must never be taken for. */

#include "tests/unit/fake-machine.h"

#include <sys/sysmacros.h>

#include "gate/mounts.h"

/* The one mount of a line; the text is copied because the parser writes to it. */
static struct mount one(const char *line, struct mounts *mounts)
{
        char *text = strdup(line);

        assert_int_equal(mounts_parse(text, mounts), 0);
        free(text);
        assert_int_equal(mounts->n, 1);
        return mounts->items[0];
}

static void a_line_is_read(void **state)
{
        struct mounts mounts;
        struct mount mount =
                one("36 35 98:3 /sub /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n", &mounts);

        (void) state;
        assert_int_equal(mount.dev, makedev(98, 3));
        assert_string_equal(mount.point, "/mnt2");
        assert_string_equal(mount.type, "ext3");
        assert_string_equal(mount.source, "/dev/root");
        assert_string_equal(mount.options, "rw,errors=continue");
        mounts_free(&mounts);
        assert_null(mounts.items);
        assert_int_equal(mounts.n, 0);
}

static void optional_fields_may_be_any_number(void **state)
{
        static const char *const fields[] = { "",   "shared:1 ", "shared:1 master:2 propagate_from:3 unbindable ",
                                              "x ", "ab ",       "a b c " };
        struct mounts mounts;

        (void) state;
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
                char line[256];
                struct mount mount;

                snprintf(line, sizeof line, "36 35 8:1 / / rw %s- ext4 /dev/sda1 rw", fields[i]);
                mount = one(line, &mounts);
                assert_string_equal(mount.type, "ext4");
                assert_string_equal(mount.source, "/dev/sda1");
                assert_string_equal(mount.options, "rw");
                mounts_free(&mounts);
        }
}

/* The first lone hyphen ends them: one in a mount's own options, type or source does not. */
static void hyphens_elsewhere_do_not_end_the_fields(void **state)
{
        struct mounts mounts;
        struct mount mount;

        (void) state;
        mount = one("36 35 8:1 /- /- - shared:1 - fuse.a-b - -", &mounts);
        assert_string_equal(mount.point, "/-");
        assert_string_equal(mount.type, "fuse.a-b");
        assert_string_equal(mount.source, "-");
        assert_string_equal(mount.options, "-");
        mounts_free(&mounts);
}

static void what_is_escaped_is_read_as_it_was(void **state)
{
        struct mounts mounts;
        struct mount mount;

        (void) state;
        mount = one("36 35 8:1 / /media/u/A\\040B\\011C\\012D\\134E\\043F rw - fuse.x\\040y /dev/a\\040b rw,x=\\054",
                    &mounts);
        assert_string_equal(mount.point, "/media/u/A B\tC\nD\\E#F");
        assert_string_equal(mount.type, "fuse.x y");
        assert_string_equal(mount.source, "/dev/a b");
        assert_string_equal(mount.options, "rw,x=\\054"); /* not yet: it separates nothing */
        mounts_free(&mounts);
        /* An escaped backslash is never the beginning of another escape. */
        mount = one("36 35 8:1 / /a\\134040b rw - ext4 /dev/sda1 rw", &mounts);
        assert_string_equal(mount.point, "/a\\040b");
        mounts_free(&mounts);
}

static void what_only_looks_escaped_stays(void **state)
{
        static const char *const points[] = { "/a\\", "/a\\0", "/a\\04", "/a\\08x", "/a\\9", "/\\x41", "/a\\189" };
        struct mounts mounts;

        (void) state;
        for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
                char line[256];
                struct mount mount;

                snprintf(line, sizeof line, "36 35 8:1 / %s rw - ext4 /dev/sda1 rw", points[i]);
                mount = one(line, &mounts);
                assert_string_equal(mount.point, points[i]);
                mounts_free(&mounts);
        }
}

/* `mount -t tmpfs "" /x` makes an empty source. */
static void an_empty_source_is_a_source(void **state)
{
        struct mounts mounts;
        struct mount mount = one("36 35 0:30 / /x rw - tmpfs  rw", &mounts);

        (void) state;
        assert_string_equal(mount.type, "tmpfs");
        assert_string_equal(mount.source, "");
        assert_string_equal(mount.options, "rw");
        mounts_free(&mounts);
}

static void a_malformed_line_spoils_the_whole(void **state)
{
        static const char *const lines[] = {
                "x",
                " ",
                "36",
                "36 35",
                "36 35 8:1",
                "36 35 8:1 /",
                "36 35 8:1 / /",
                "36 35 8:1 / / rw",
                "36 35 8:1 / / rw ",         /* nothing after the six */
                "36 35 8:1 / / rw shared:1", /* no hyphen */
                "36 35 8:1 / / rw shared:1 -",
                "36 35 8:1 / / rw -",
                "36 35 8:1 / / rw - ",
                "36 35 8:1 / / rw - ext4",
                "36 35 8:1 / / rw - ext4 /dev/sda1", /* no options */
                "36 35 8:1 / / rw shared:1- ext4 /dev/sda1 rw",
                "36 35 8:1 / / rw shared:1 -ext4 /dev/sda1 rw",
                "36 35 8 / / rw - ext4 /dev/sda1 rw",
                "36 35 8: / / rw - ext4 /dev/sda1 rw",
                "36 35 :1 / / rw - ext4 /dev/sda1 rw",
                "36 35 8:1x / / rw - ext4 /dev/sda1 rw",
                "36 35 8:1:2 / / rw - ext4 /dev/sda1 rw",
                "36 35 8-1 / / rw - ext4 /dev/sda1 rw",
                "36 35 sda1 / / rw - ext4 /dev/sda1 rw",
                "36 35  / / rw - ext4 /dev/sda1 rw",
        };

        (void) state;
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                struct mounts mounts = { .n = 77 };
                char text[512];

                snprintf(text, sizeof text,
                         "36 35 8:1 / / rw - ext4 /dev/sda1 rw\n%s\n36 35 8:2 / /a rw - ext4 /dev/sda2 rw\n", lines[i]);
                if (mounts_parse(text, &mounts) != -EBADMSG)
                        fail_msg("taken: \"%s\"", lines[i]);
                assert_int_equal(mounts.n, 77); /* untouched */
        }
}

static void order_is_kept_and_empty_lines_are_nothing(void **state)
{
        char text[64 * 300] = "\n\n";
        struct mounts mounts;

        (void) state;
        for (int i = 0; i < 200; i++)
                sprintf(text + strlen(text), "36 35 8:%d / /%d rw - ext4 /dev/sda%d rw\n%s", i, i, i,
                        i % 50 ? "" : "\n");
        assert_int_equal(mounts_parse(text, &mounts), 0);
        assert_int_equal(mounts.n, 200);
        for (int i = 0; i < 200; i++) {
                char point[16];

                snprintf(point, sizeof point, "/%d", i);
                assert_string_equal(mounts.items[i].point, point);
                assert_int_equal(mounts.items[i].dev, makedev(8, i));
        }
        mounts_free(&mounts);
}

static void nothing_is_mounted(void **state)
{
        struct mounts mounts = { .n = 7 };
        char text[] = "";

        (void) state;
        assert_int_equal(mounts_parse(text, &mounts), 0);
        assert_int_equal(mounts.n, 0);
        mounts_free(&mounts);
}

static void the_file_is_read(void **state)
{
        struct machine *m = *state;
        struct mounts mounts;

        machine_mount(m, 8, 1, "/", "ext4", "/dev/sda1", "rw");
        machine_mount(m, 8, 2, "/home", "ext4", "/dev/sda2", "rw");
        assert_int_equal(mounts_read(&m->roots, &mounts), 0);
        assert_int_equal(mounts.n, 2);
        assert_string_equal(mounts.items[1].point, "/home");
        mounts_free(&mounts);

        machine_remove(m, "proc/self/mountinfo");
        mounts.n = 7;
        assert_int_equal(mounts_read(&m->roots, &mounts), -ENOENT);
        assert_int_equal(mounts.n, 7);
        machine_file(m, "nonsense\n", "proc/self/mountinfo");
        assert_int_equal(mounts_read(&m->roots, &mounts), -EBADMSG);
}

/* Larger than any step of the reader, and not cut at one. */
static void write_mountinfo(struct machine *m, size_t size)
{
        char *text = malloc(size + 1), head[] = "36 35 8:1 / /", tail[] = " rw - ext4 /dev/sda1 rw\n";
        size_t at = 0;

        assert_non_null(text);
        while (at < size) {
                size_t left = size - at, length = left < 8000 ? left : 4000;

                memset(text + at, 'x', length);
                memcpy(text + at, head, strlen(head));
                memcpy(text + at + length - strlen(tail), tail, strlen(tail));
                at += length;
        }
        text[size] = '\0';
        machine_file(m, text, "proc/self/mountinfo");
        free(text);
}

static void a_large_file_is_read_whole_but_not_without_end(void **state)
{
        static const size_t sizes[] = { 65534, 65535, 65536, 65537, 131070, 131072, 200000, MOUNTS_FILE_MAX };
        struct machine *m = *state;
        struct mounts mounts;

        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                size_t sum = 0;

                write_mountinfo(m, sizes[i]);
                assert_int_equal(mounts_read(&m->roots, &mounts), 0);
                for (size_t k = 0; k < mounts.n; k++)
                        sum += strlen(mounts.items[k].point) + strlen("36 35 8:1 / ") +
                               strlen(" rw - ext4 /dev/sda1 rw\n");
                assert_int_equal(sum, sizes[i]);
                mounts_free(&mounts);
        }
        write_mountinfo(m, MOUNTS_FILE_MAX + 1);
        mounts.n = 7;
        assert_int_equal(mounts_read(&m->roots, &mounts), -EFBIG);
        assert_int_equal(mounts.n, 7);
}

static void what_is_mounted_for_a_person_is_passing(void **state)
{
        static const struct {
                const char *point;
                bool passing;
        } cases[] = {
                { "/media", true },
                { "/media/", true },
                { "/media/teacher/STICK", true },
                { "/run/media/teacher/STICK", true },
                { "/run/media", true },
                { "/mnt", true },
                { "/mnt/x", true },
                { "/", false },
                { "/median", false },
                { "/mediate/x", false },
                { "/mnt2", false },
                { "/run", false },
                { "/run/mediate", false },
                { "/home/media", false },
                { "/home", false },
                { "/srv/mnt", false },
                { "", false },
                { "media", false },
                { "/run/live/medium", false },
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mount mount = { .point = strdup(cases[i].point) };

                if (mount_is_passing(&mount) != cases[i].passing)
                        fail_msg("%s", cases[i].point);
                free(mount.point);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_is_read),
                cmocka_unit_test(optional_fields_may_be_any_number),
                cmocka_unit_test(hyphens_elsewhere_do_not_end_the_fields),
                cmocka_unit_test(what_is_escaped_is_read_as_it_was),
                cmocka_unit_test(what_only_looks_escaped_stays),
                cmocka_unit_test(an_empty_source_is_a_source),
                cmocka_unit_test(a_malformed_line_spoils_the_whole),
                cmocka_unit_test(order_is_kept_and_empty_lines_are_nothing),
                cmocka_unit_test(nothing_is_mounted),
                machine_test(the_file_is_read),
                machine_test(a_large_file_is_read_whole_but_not_without_end),
                cmocka_unit_test(what_is_mounted_for_a_person_is_passing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
