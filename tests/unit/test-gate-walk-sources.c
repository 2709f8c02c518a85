/* links: gate/walk.c gate/mounts.c tests/unit/fake-machine.c tests/unit/fake-devices.c gate/device.c gate/bus.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* File systems that have no block device number of their own: from their source, their layers or /sys/fs/btrfs down
 * to the disks. What a user may have written there himself is no proof of anything. */

#include "tests/unit/walk-helper.h"

#include <limits.h>
#include <sys/sysmacros.h>

static void btrfs_leads_to_every_member(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1),
                   *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        const char *other = machine_stick(m, "1-3", 6, 4, "sdc", SDC, 3, true);

        machine_link(m, machine_string(m, "sys%s/block/sda/sda2", sata), "sys/fs/btrfs/aaaa-1/devices/sda2");
        machine_link(m, machine_string(m, "sys%s/block/sdb", stick), "sys/fs/btrfs/aaaa-1/devices/sdb");
        machine_link(m, machine_string(m, "sys%s/block/sdc/sdc1", other), "sys/fs/btrfs/bbbb-2/devices/sdc1");
        machine_file(m, "", "sys/fs/btrfs/features/raid1c34");
        machine_mount(m, 0, 31, "/", "btrfs", machine_node(m, "sda2", SDA, 2), "rw,subvol=/@");
        assert_uses(m, "/", disk_of(m, sata, "sda"), disk_of(m, stick, "sdb"));
        assert_unused(m, other);
        /* Each by its own list, whichever is found first. */
        machine_mount(m, 0, 32, "/srv", "btrfs", machine_node(m, "sdc1", SDC, 1), "rw");
        assert_uses(m, "/srv", disk_of(m, other, "sdc"));
        assert_uses(m, "/", disk_of(m, sata, "sda"), disk_of(m, stick, "sdb"));
}

static void btrfs_without_a_list_leads_to_its_source(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);

        machine_mount(m, 0, 31, "/", "btrfs", machine_node(m, "sdb1", SDB, 1), "rw");
        assert_uses(m, "/", disk_of(m, stick, "sdb"));
}

static void btrfs_on_luks_leads_to_the_disk(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1), *luks = machine_virtual(m, "dm-0", DM, 0);

        machine_slave(m, luks, machine_string(m, "%s/block/sda/sda1", sata));
        machine_link(m, machine_string(m, "sys%s", luks), "sys/fs/btrfs/aaaa-1/devices/dm-0");
        machine_mount(m, 0, 31, "/home", "btrfs", machine_node(m, "mapper/home", DM, 0), "rw");
        assert_uses(m, "/home", disk_of(m, sata, "sda"));
}

/* A live system: the upper layer in memory, a squashfs on a loop on the stick below. */
static void overlay_leads_to_the_disks_of_its_layers(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        const char *sata = machine_sata(m, 0, "sda", SDA, 1);

        machine_files_lie_on(m, machine_string(m, "%s/block/sdb/sdb1", stick));
        machine_file(m, "", "lower,one/x");
        machine_mount(m, SDA, 1, "/home", "ext4", "/dev/sda1", "rw");
        machine_mount(m, 0, 40, "/", "overlay", "overlay",
                      machine_string(m, "rw,lowerdir=/none:%s/lower\\054one,upperdir=/none,workdir=/none", m->top));
        assert_uses(m, "/", disk_of(m, stick, "sdb"));
        assert_uses(m, "/home", disk_of(m, sata, "sda"));
}

/* Each option that names layers, alone; and colons, commas and blanks inside a layer's name, as overlayfs writes
 * them. */
static void overlay_options_that_name_layers(void **state)
{
        static const char *const options[] = {
                "lowerdir=%s/a",
                "rw,lowerdir=/none:%s/a:/none",
                "upperdir=%s/a,lowerdir=/none",
                "lowerdir+=%s/a",
                "datadir+=%s/a",
                "lowerdir=%s/b\\040c",
                "lowerdir=%s/d\\054e,workdir=/none",
                "lowerdir=%s/d\\134\\054e,workdir=/none",
                "lowerdir=%s/f\\134:g:/none",
                "lowerdir=/none::%s/a",
        };
        struct machine *m = *state;
        const char *disk = disk_of(m, machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true), "sdb");

        machine_files_lie_on(m, machine_string(m, "%s/sdb1", disk));
        machine_file(m, "", "a/x");
        machine_file(m, "", "b c/x");
        machine_file(m, "", "d,e/x");
        machine_file(m, "", "f:g/x");
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
                char text[PATH_MAX];
                struct uses uses;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                snprintf(text, sizeof text, options[i], m->top);
#pragma GCC diagnostic pop
                machine_mount(m, 0, 40, machine_string(m, "/o%zu", i), "overlay", "overlay", text);
                uses = walked(m);
                if (count(&uses, disk, machine_string(m, "/o%zu", i)) != 1)
                        fail_msg("missed: %s", options[i]);
                walk_free(&uses);
        }
}

static void overlay_layers_elsewhere_and_odd_options(void **state)
{
        struct machine *m = *state;

        machine_files_lie_on(m, disk_of(m, machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true), "sdb"));
        /* A work directory is no layer of its own, a relative layer has no place; none of these is an error. */
        machine_mount(m, 0, 40, "/a", "overlay", "overlay",
                      machine_string(m, "rw,workdir=%s,lowerdir,upperdir=,lowerdir=rel:::", m->top));
        assert_uses(m, "/a");
}

static void fuseblk_has_a_number_of_its_own(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);

        machine_mount(m, SDB, 1, "/data", "fuseblk", "/dev/sdb1", "rw,user_id=0,group_id=0");
        assert_uses(m, "/data", disk_of(m, stick, "sdb"));
}

static void bcachefs_lists_its_members(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1),
                   *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);

        machine_mount(m, 0, 33, "/", "bcachefs",
                      machine_string(m, "%s:%s", machine_node(m, "sda1", SDA, 1), machine_node(m, "sdb1", SDB, 1)),
                      "rw");
        assert_uses(m, "/", disk_of(m, sata, "sda"), disk_of(m, stick, "sdb"));
}

/* fusermount lets any user write any source into mountinfo (-o fsname=/dev/sdb1): it is no proof of anything, or a
 * teacher could keep his stick by claiming that it carries his home. */
static void the_source_that_a_user_gave_to_fuse_counts_for_nothing(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true), *node = machine_node(m, "sdb1", SDB, 1);

        machine_mount(m, 0, 50, "/home/teacher/x", "fuse.sshfs", node, "rw,user_id=1000,group_id=1000");
        machine_mount(m, 0, 51, "/home/teacher/y", "fuse", node, "rw,user_id=1000,group_id=1000");
        machine_mount(m, 0, 52, "/home/teacher/z", "fuse.btrfs", node, "rw,user_id=1000,group_id=1000");
        machine_mount(m, 0, 53, "/home/teacher/w", "fuse", node, "rw,user_id=0x3e8,xuser_id=0");
        assert_unused(m, stick);
        /* root has no need to lie: ntfs-3g and the like without a device number. */
        machine_mount(m, 0, 54, "/srv/data", "fuse.ntfs", node, "rw,nosuid,user_id=0,group_id=0");
        assert_uses(m, "/srv/data", disk_of(m, stick, "sdb"));
}

static void a_source_that_is_no_block_device_is_nothing(void **state)
{
        struct machine *m = *state;
        struct uses uses;

        machine_file(m, "", "dev/file");
        machine_files_lie_on(m, disk_of(m, machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true), "sdb"));
        machine_mount(m, 0, 60, "/a", "tmpfs", "tmpfs", "rw");
        machine_mount(m, 0, 61, "/b", "nfs4", "server:/export", "rw");
        machine_mount(m, 0, 62, "/c", "tmpfs", "", "rw");
        machine_mount(m, 0, 63, "/d", "bcachefs", machine_string(m, "%s/dev/file:", m->top), "rw");
        machine_mount(m, 0, 64, "/e", "btrfs", machine_string(m, "%s/dev/file", m->top), "rw");
        machine_mount(m, 0, 65, "/f", "btrfs", "/dev/no-such-node", "rw");
        /* Relative to where the gate happens to be started. */
        machine_node(m, "sdb1", SDB, 1);
        assert_int_equal(chdir(m->roots.dev), 0);
        machine_mount(m, 0, 66, "/g", "btrfs", "sdb1", "rw");
        machine_mount(m, 0, 67, "/h", "bcachefs", "sdb1:sdb1", "rw");
        uses = walked(m);
        for (size_t i = 0; i < uses.n; i++)
                if (!uses.items[i].passing)
                        fail_msg("%s at %s", uses.items[i].disk, use_name(&uses.items[i]));
        walk_free(&uses);
        assert_int_equal(chdir("/"), 0);
}

/* An overlay whose layer is on an overlay that is on the stick. */
static void file_systems_without_number_are_looked_up_by_mount(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        struct stat st;

        assert_int_equal(stat("/proc", &st), 0); /* some file system with major 0: here it plays the inner one */
        assert_int_equal(major(st.st_dev), 0);
        machine_mount(m, 0, minor(st.st_dev), "/inner", "bcachefs", machine_node(m, "sdb1", SDB, 1), "rw");
        machine_mount(m, 0, 71, "/outer", "overlay", "overlay", "lowerdir=/proc/self/fd:/none");
        assert_uses(m, "/outer", disk_of(m, stick, "sdb"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(btrfs_leads_to_every_member),
                machine_test(btrfs_without_a_list_leads_to_its_source),
                machine_test(btrfs_on_luks_leads_to_the_disk),
                machine_test(overlay_leads_to_the_disks_of_its_layers),
                machine_test(overlay_options_that_name_layers),
                machine_test(overlay_layers_elsewhere_and_odd_options),
                machine_test(fuseblk_has_a_number_of_its_own),
                machine_test(bcachefs_lists_its_members),
                machine_test(the_source_that_a_user_gave_to_fuse_counts_for_nothing),
                machine_test(a_source_that_is_no_block_device_is_nothing),
                machine_test(file_systems_without_number_are_looked_up_by_mount),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
