/* links: gate/walk.c gate/mounts.c tests/unit/fake-machine.c tests/unit/fake-devices.c gate/device.c gate/bus.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From what is mounted down to the disks, through every layer that a laptop may have in between. A disk that is
 * missed here is a system that is cut off. */

#include "tests/unit/walk-helper.h"

static void a_partition_leads_to_its_disk(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1),
                   *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);

        machine_mount(m, SDA, 1, "/", "ext4", "/dev/sda1", "rw");
        assert_uses(m, "/", disk_of(m, sata, "sda"));
        assert_unused(m, stick);
}

static void a_whole_disk_is_its_own_leaf(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);

        machine_mount(m, SDB, 0, "/", "ext4", "/dev/sdb", "rw");
        assert_uses(m, "/", disk_of(m, stick, "sdb"));
}

static void each_mount_point_counts_once(void **state)
{
        struct machine *m = *state;
        const char *disk = disk_of(m, machine_sata(m, 0, "sda", SDA, 1), "sda");
        struct uses uses;

        machine_mount(m, SDA, 1, "/", "ext4", "/dev/sda1", "rw");
        machine_mount(m, SDA, 2, "/home", "ext4", "/dev/sda2", "rw");
        machine_mount(m, SDA, 1, "/", "ext4", "/dev/sda1", "rw"); /* mounted over itself */
        machine_swap(m, machine_node(m, "sda2", SDA, 2));
        machine_swap(m, machine_node(m, "sda1", SDA, 1));
        uses = walked(m);
        assert_int_equal(uses.n, 3);
        assert_int_equal(count(&uses, disk, "/"), 1);
        assert_int_equal(count(&uses, disk, "/home"), 1);
        assert_int_equal(count(&uses, disk, NULL), 1);
        walk_free(&uses);
        assert_null(uses.items);
        assert_int_equal(uses.n, 0);
}

static void luks_on_lvm_leads_to_the_disk(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        const char *lv = machine_virtual(m, "dm-0", DM, 0), *luks = machine_virtual(m, "dm-1", DM, 1);

        machine_slave(m, lv, machine_string(m, "%s/block/sdb/sdb1", stick));
        machine_slave(m, luks, lv);
        machine_mount(m, DM, 1, "/home", "ext4", "/dev/mapper/home", "rw");
        assert_uses(m, "/home", disk_of(m, stick, "sdb"));
}

static void md_leads_to_every_member(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1),
                   *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        const char *md = machine_virtual(m, "md0", MD, 0);

        machine_slave(m, md, machine_string(m, "%s/block/sda/sda1", sata));
        machine_slave(m, md, machine_string(m, "%s/block/sdb/sdb1", stick));
        machine_mount(m, MD, 0, "/", "ext4", "/dev/md0", "rw");
        assert_uses(m, "/", disk_of(m, sata, "sda"), disk_of(m, stick, "sdb"));
}

/* A partition of an md array: its parent, md0, is what has the slaves. */
static void a_partition_of_md_leads_to_the_members(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        const char *md = machine_virtual(m, "md0", MD, 0), *part = machine_virtual(m, "md0/md0p1", MD, 1);

        machine_file(m, "1\n", "sys%s/partition", part);
        machine_slave(m, md, machine_string(m, "%s/block/sdb", stick));
        machine_mount(m, MD, 1, "/srv", "ext4", "/dev/md0p1", "rw");
        assert_uses(m, "/srv", disk_of(m, stick, "sdb"));
}

static void a_loop_leads_to_the_disk_of_its_file(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true),
                   *loop = machine_virtual(m, "loop0", LOOP, 0);

        machine_files_lie_on(m, machine_string(m, "%s/block/sdb/sdb1", stick));
        machine_file(m, "image", "live/filesystem.squashfs");
        machine_file(m, machine_string(m, "%s/live/filesystem.squashfs\n", m->top), "sys%s/loop/backing_file", loop);
        machine_mount(m, LOOP, 0, "/rofs", "squashfs", "/dev/loop0", "ro");
        /* The loop device is a disk of its own too; that does no harm. */
        assert_uses(m, "/rofs", disk_of(m, stick, "sdb"), loop);
}

static void a_loop_on_a_block_device_leads_to_it(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true),
                   *loop = machine_virtual(m, "loop0", LOOP, 0);

        machine_file(m, machine_string(m, "%s\n", machine_node(m, "sdb1", SDB, 1)), "sys%s/loop/backing_file", loop);
        machine_mount(m, LOOP, 0, "/x", "ext4", "/dev/loop0", "ro");
        assert_uses(m, "/x", disk_of(m, stick, "sdb"), loop);
}

static void a_loop_whose_file_is_gone_is_passed_over(void **state)
{
        struct machine *m = *state;
        const char *loop = machine_virtual(m, "loop0", LOOP, 0);

        machine_file(m, "/no/such/file (deleted)\n", "sys%s/loop/backing_file", loop);
        machine_mount(m, LOOP, 0, "/x", "ext4", "/dev/loop0", "ro");
        assert_uses(m, "/x", loop);
}

static void swap_partitions_and_files(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1),
                   *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        struct uses uses;

        machine_swap(m, machine_node(m, "sda2", SDA, 2));
        assert_uses(m, NULL, disk_of(m, sata, "sda"));
        assert_unused(m, stick);

        machine_files_lie_on(m, machine_string(m, "%s/block/sdb/sdb1", stick));
        machine_file(m, "", "swap file");
        machine_swap(m, machine_string(m, "%s/swap\\040file", m->top));
        assert_uses(m, NULL, disk_of(m, sata, "sda"), disk_of(m, stick, "sdb"));

        uses = walked(m);
        assert_string_equal(use_name(walk_carries(&uses, stick)), "swap");
        walk_free(&uses);
}

/* swapoff has not been called, but the partition's node or the file's name is gone: nothing to follow, no error. */
static void swap_that_cannot_be_followed(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1);

        machine_swap(m, "/dev/no-such-node");
        machine_swap(m, machine_node(m, "sda2", SDA, 2));
        assert_uses(m, NULL, disk_of(m, sata, "sda"));
        machine_remove(m, "proc/swaps");
        assert_uses(m, NULL);
}

/* sdb1 below fifteen, sixteen ... mappings. The bound is on the safe side of any real stack. */
static void depth_is_bounded(void **state)
{
        for (unsigned depth = WALK_DEPTH_MAX - 1; depth <= WALK_DEPTH_MAX + 2; depth++) {
                struct machine *m = machine_new();
                const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
                const char *below = machine_string(m, "%s/block/sdb/sdb1", stick);

                (void) state;
                for (unsigned i = 0; i < depth; i++) {
                        const char *dm = machine_virtual(m, machine_string(m, "dm-%u", i), DM, i);

                        machine_slave(m, dm, below);
                        below = dm;
                }
                machine_mount(m, DM, depth - 1, "/", "ext4", "/dev/mapper/deep", "rw");
                if (depth <= WALK_DEPTH_MAX)
                        assert_uses(m, "/", disk_of(m, stick, "sdb"));
                else
                        assert_uses(m, "/");
                machine_free(m);
        }
}

static void circles_end(void **state)
{
        struct machine *m = *state;
        const char *a = machine_virtual(m, "dm-0", DM, 0), *b = machine_virtual(m, "dm-1", DM, 1);
        const char *loop = machine_virtual(m, "loop0", LOOP, 0);

        machine_slave(m, a, b);
        machine_slave(m, b, a);
        machine_slave(m, b, machine_string(m, "%s/block/sda/sda1", machine_sata(m, 0, "sda", SDA, 1)));
        machine_mount(m, DM, 0, "/", "ext4", "/dev/mapper/a", "rw");
        /* A loop on a file that lies on the loop, an overlay on itself, a source that is its own mount. */
        machine_files_lie_on(m, loop);
        machine_file(m, machine_string(m, "%s/modprobe\n", m->top), "sys%s/loop/backing_file", loop);
        machine_file(m, "", "modprobe");
        machine_mount(m, LOOP, 0, "/l", "ext4", "/dev/loop0", "rw");
        machine_mount(m, 0, 70, "/o", "overlay", "overlay", machine_string(m, "lowerdir=%s", m->top));
        assert_uses(m, "/", disk_of(m, PCI "/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0", "sda"));
}

/* Mirrors of mirrors: three ways at each of fifteen layers, fourteen million in all, to one disk. */
static void many_ways_to_one_disk_are_one(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true), *below[3], *here[3];

        for (unsigned k = 0; k < 3; k++)
                below[k] = machine_string(m, "%s/block/sdb/sdb1", stick);
        for (unsigned layer = 0; layer < 15; layer++) {
                for (unsigned k = 0; k < 3; k++) {
                        here[k] = machine_virtual(m, machine_string(m, "dm-%u", layer * 3 + k), DM, layer * 3 + k);
                        for (unsigned to = 0; to < 3; to++)
                                machine_slave(m, here[k], below[to]);
                }
                memcpy(below, here, sizeof below);
        }
        machine_mount(m, DM, 44, "/", "ext4", "/dev/mapper/top", "rw");
        assert_uses(m, "/", disk_of(m, stick, "sdb"));
}

/* One way is too long and one is short, in whichever order the directory lists them. */
static void the_short_way_counts(void **state)
{
        for (unsigned i = 0; i < 6; i++) {
                struct machine *m = machine_new();
                const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
                const char *target = machine_virtual(m, machine_string(m, "target%u", i), DM, 100), *below = target;
                const char *top = machine_virtual(m, "top", DM, 0);

                (void) state;
                machine_slave(m, target, machine_string(m, "%s/block/sdb", stick));
                for (unsigned k = 1; k < WALK_DEPTH_MAX; k++) {
                        const char *dm = machine_virtual(m, machine_string(m, "long%u-%u", i * 7, k), DM, k);

                        machine_slave(m, dm, below);
                        below = dm;
                }
                machine_slave(m, top, below);
                machine_slave(m, top, target);
                machine_mount(m, DM, 0, "/", "ext4", "/dev/mapper/top", "rw");
                /* A second mount of the same: what was followed for the first does not count for it. */
                machine_mount(m, DM, 0, "/home", "ext4", "/dev/mapper/top", "rw");
                machine_swap(m, machine_node(m, "top", DM, 0));
                assert_uses(m, "/", disk_of(m, stick, "sdb"));
                assert_uses(m, "/home", disk_of(m, stick, "sdb"));
                assert_uses(m, NULL, disk_of(m, stick, "sdb"));
                machine_free(m);
        }
}

static void what_has_vanished_is_passed_over(void **state)
{
        struct machine *m = *state;
        const char *sata = machine_sata(m, 0, "sda", SDA, 1),
                   *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true);
        const char *md = machine_virtual(m, "md0", MD, 0);

        machine_slave(m, md, machine_string(m, "%s/block/sda/sda1", sata));
        machine_slave(m, md, machine_string(m, "%s/block/sdb/sdb1", stick));
        machine_mount(m, MD, 0, "/", "ext4", "/dev/md0", "rw");
        machine_mount(m, SDB, 1, "/x", "vfat", "/dev/sdb1", "rw");
        machine_mount(m, 803, 1, "/y", "vfat", "/dev/sdz1", "rw");
        machine_unplug(m, STICK_PORT);
        assert_uses(m, "/", disk_of(m, sata, "sda"));
        assert_uses(m, "/x");
        assert_uses(m, "/y");
        machine_file(m, "no number\n", "sys%s/block/sda/sda1/dev", sata);
        /* No slave can be followed: md itself is the leaf then. */
        assert_uses(m, "/", md);
}

static void passing_is_not_carrying(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true), *usb = STICK_PORT;
        const struct use *use;
        struct uses uses;

        machine_mount(m, SDB, 1, "/media/teacher/STICK", "vfat", "/dev/sdb1", "rw");
        machine_mount(m, SDB, 1, "/run/media/teacher/STICK", "vfat", "/dev/sdb1", "rw");
        machine_mount(m, SDB, 1, "/mnt", "vfat", "/dev/sdb1", "rw");
        uses = walked(m);
        assert_int_equal(uses.n, 3);
        assert_true(uses.items[0].passing && uses.items[1].passing && uses.items[2].passing);
        assert_null(walk_carries(&uses, stick));
        walk_free(&uses);

        machine_mount(m, SDB, 1, "/median", "vfat", "/dev/sdb1", "rw");
        uses = walked(m);
        use = walk_carries(&uses, stick);
        assert_non_null(use);
        assert_string_equal(use->point, "/median");
        assert_string_equal(use_name(use), "/median");
        assert_false(use->passing);
        /* What is above the disk carries too; what is beside it does not. */
        assert_ptr_equal(walk_carries(&uses, usb), use);
        assert_ptr_equal(walk_carries(&uses, machine_string(m, "%s/1-2:1.0", usb)), use);
        assert_ptr_equal(walk_carries(&uses, machine_string(m, "%s/block/sdb", stick)), use);
        assert_null(walk_carries(&uses, PCI "/0000:00:14.0/usb1/1-2.1"));
        assert_null(walk_carries(&uses, PCI "/0000:00:14.0/usb1/1-"));
        assert_null(walk_carries(&uses, machine_string(m, "%s/block/sdb/sdb1", stick)));
        walk_free(&uses);
}

/* Mounted in /media, but root's home lies on a loop in it. */
static void a_loop_on_a_passing_mount_carries(void **state)
{
        struct machine *m = *state;
        const char *stick = machine_stick(m, "1-2", 5, 3, "sdb", SDB, 2, true),
                   *loop = machine_virtual(m, "loop0", LOOP, 0);
        const struct use *use;
        struct uses uses;

        machine_mount(m, SDB, 1, "/media/x", "ext4", "/dev/sdb1", "rw");
        machine_file(m, machine_string(m, "%s\n", machine_node(m, "sdb1", SDB, 1)), "sys%s/loop/backing_file", loop);
        machine_mount(m, LOOP, 0, "/home", "ext4", "/dev/loop0", "rw");
        uses = walked(m);
        use = walk_carries(&uses, stick);
        assert_non_null(use);
        assert_string_equal(use->point, "/home");
        walk_free(&uses);
}

static void without_mountinfo_nothing_is_known(void **state)
{
        struct machine *m = *state;
        struct uses uses = { .n = 7 };

        machine_remove(m, "proc/self/mountinfo");
        assert_int_equal(walk(&m->roots, &uses), -ENOENT);
        machine_file(m, "36 35 8:1 / / rw\n", "proc/self/mountinfo");
        assert_int_equal(walk(&m->roots, &uses), -EBADMSG);
        machine_file(m, "", "proc/self/mountinfo");
        machine_remove(m, "proc/swaps");
        machine_link(m, "proc/swaps", "proc/swaps"); /* ELOOP: it is there and cannot be read */
        machine_mount(m, SDA, 1, "/", "ext4", "/dev/sda1", "rw");
        machine_sata(m, 0, "sda", SDA, 1);
        assert_true(walk(&m->roots, &uses) < 0);
        assert_int_equal(uses.n, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(a_partition_leads_to_its_disk),
                machine_test(a_whole_disk_is_its_own_leaf),
                machine_test(each_mount_point_counts_once),
                machine_test(luks_on_lvm_leads_to_the_disk),
                machine_test(md_leads_to_every_member),
                machine_test(a_partition_of_md_leads_to_the_members),
                machine_test(a_loop_leads_to_the_disk_of_its_file),
                machine_test(a_loop_on_a_block_device_leads_to_it),
                machine_test(a_loop_whose_file_is_gone_is_passed_over),
                machine_test(swap_partitions_and_files),
                machine_test(swap_that_cannot_be_followed),
                cmocka_unit_test(depth_is_bounded),
                machine_test(circles_end),
                machine_test(many_ways_to_one_disk_are_one),
                cmocka_unit_test(the_short_way_counts),
                machine_test(what_has_vanished_is_passed_over),
                machine_test(passing_is_not_carrying),
                machine_test(a_loop_on_a_passing_mount_carries),
                machine_test(without_mountinfo_nothing_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
