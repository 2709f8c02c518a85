/* links: probe/contents.c libs: blkid */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Disks by hand, byte by byte: what counts as all encrypted, and all the ways in which it nearly is. Those that cryptsetup
 * and sfdisk make are in tests/integration/test-probe.py. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/contents.h"

#define MIB      (1024U * 1024U)
#define DISK     (16U * MIB)
#define SECTOR   512U
#define FIRST    2048U /* sectors */
#define SECOND   16384U
#define EACH     8192U
#define EXTENDED 2U /* what the kernel shows of an extended partition */

static int disk;
static char why[PROBE_WHY_MAX];

static int setup(void **state)
{
        (void) state;
        disk = memfd_create("disk", MFD_CLOEXEC);
        return disk < 0 || ftruncate(disk, DISK) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        (void) state;
        return close(disk);
}

static void put(uint64_t at, const void *bytes, size_t size)
{
        assert_int_equal(pwrite(disk, bytes, size, (off_t) at), size);
}

static void put_luks(uint64_t at, unsigned version)
{
        const uint8_t header[] = { 'L', 'U', 'K', 'S', 0xba, 0xbe, 0, (uint8_t) version };

        put(at, header, sizeof header);
        put(at + 168, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", 36);
}

/* As Windows 7 and later write it; libblkid reads on where the boot sector says that the metadata are. */
static void put_bitlocker(uint64_t at)
{
        static const uint8_t guid[] = { 0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a,
                                        0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01 };
        const uint64_t metadata = MIB;
        const uint8_t version[] = { 64, 0, 2, 0 };

        put(at, "\xeb\x58\x90-FVE-FS-", 11);
        put(at + 160, guid, sizeof guid);
        put(at + 176, &metadata, sizeof metadata);
        put(at + 510, "\x55\xaa", 2);
        put(at + metadata, "-FVE-FS-", 8);
        put(at + metadata + 8, version, sizeof version);
}

static void put_ext(uint64_t at)
{
        uint8_t block[1024] = { 0 };

        block[0] = 128, block[5] = 4; /* inodes, blocks */
        block[0x38] = 0x53, block[0x39] = 0xef;
        block[0x3a] = 1, block[0x4c] = 1;
        put(at + 1024, block, sizeof block);
}

static void put_entry(uint64_t at, unsigned i, uint8_t type, uint32_t start, uint32_t sectors)
{
        const uint8_t kind[] = { 0, 0, 0, 0, type, 0, 0, 0 };

        put(at + 446 + 16 * i, kind, sizeof kind);
        put(at + 446 + 16 * i + 8, &start, sizeof start);
        put(at + 446 + 16 * i + 12, &sectors, sizeof sectors);
        put(at + 510, "\x55\xaa", 2);
}

static const struct contents_part two[] = { { FIRST, EACH }, { SECOND, EACH } };

static void two_partitions(void)
{
        put_entry(0, 0, 0x83, FIRST, EACH);
        put_entry(0, 1, 0x07, SECOND, EACH);
}

static void assert_answer(enum probe_answer wanted, const char *words, const struct contents_part *parts, size_t n)
{
        enum probe_answer answer = contents_look(disk, parts, n, why, sizeof why);

        if (answer != wanted || !strstr(why, words))
                fail_msg("answer %d: \"%s\"; wanted %d: \"%s\"", answer, why, wanted, words);
}

static void a_whole_disk(void **state)
{
        (void) state;
        assert_answer(PROBE_PLAIN, "the disk shows no encryption", NULL, 0);
        put_luks(0, 1);
        assert_answer(PROBE_ENCRYPTED, "the disk is crypto_LUKS", NULL, 0);
        put_luks(0, 2);
        assert_answer(PROBE_ENCRYPTED, "the disk is crypto_LUKS", NULL, 0);
}

static void a_whole_disk_of_bitlocker(void **state)
{
        (void) state;
        put_bitlocker(0);
        assert_answer(PROBE_ENCRYPTED, "the disk is BitLocker", NULL, 0);
}

static void a_file_system(void **state)
{
        (void) state;
        put_ext(0);
        assert_answer(PROBE_PLAIN, "the disk is ext2", NULL, 0);
}

/* libblkid alone would say "crypto_LUKS"; the kernel would mount it. */
static void a_container_with_a_file_system_beside(void **state)
{
        (void) state;
        put_luks(0, 1);
        put_ext(0);
        assert_answer(PROBE_PLAIN, "the signs of crypto_LUKS and of something else", NULL, 0);
}

static void a_container_with_a_table_beside(void **state)
{
        (void) state;
        put_luks(0, 1);
        two_partitions();
        assert_answer(PROBE_PLAIN, "the signs of crypto_LUKS and of something else", NULL, 0);
        put_luks(FIRST * SECTOR, 1);
        put_luks(SECOND * SECTOR, 1);
        assert_answer(PROBE_PLAIN, "the disk has partitions and is crypto_LUKS besides", two, 2);
}

static void each_partition_counts(void **state)
{
        (void) state;
        two_partitions();
        assert_answer(PROBE_PLAIN, "partition 1 shows no encryption", two, 2);
        put_luks(FIRST * SECTOR, 2);
        assert_answer(PROBE_PLAIN, "partition 2 shows no encryption", two, 2);
        put_ext(SECOND * SECTOR);
        assert_answer(PROBE_PLAIN, "partition 2 is ext2", two, 2);
        put(SECOND * SECTOR + 1024, (uint8_t[1024]){ 0 }, 1024);
        put_bitlocker(SECOND * SECTOR);
        assert_answer(PROBE_ENCRYPTED, "is BitLocker", two, 2);
        put_ext(FIRST * SECTOR);
        assert_answer(PROBE_PLAIN, "partition 1 has the signs of", two, 2);
}

/* A partition's boot sector with a table of its own in it (as BSD's disklabels are): refused. */
static void a_table_within_a_container(void **state)
{
        (void) state;
        two_partitions();
        put_luks(FIRST * SECTOR, 2);
        put_luks(SECOND * SECTOR, 2);
        put_entry(SECOND * SECTOR, 0, 0x83, 64, 64);
        assert_answer(PROBE_PLAIN, "partition 2 has the signs of", two, 2);
}

static void the_kernel_has_the_last_word_on_partitions(void **state)
{
        static const struct contents_part longer[] = { { FIRST, EACH }, { SECOND, EACH + 1 } };
        static const struct contents_part more[] = { { FIRST, EACH }, { SECOND, EACH }, { 12288, 16 } };
        static const struct contents_part twice[] = { { FIRST, EACH }, { FIRST, EACH } };

        (void) state;
        two_partitions();
        put_luks(FIRST * SECTOR, 1);
        put_luks(SECOND * SECTOR, 1);
        assert_answer(PROBE_ENCRYPTED, "", two, 2);
        assert_answer(PROBE_PLAIN, "read in two ways", two, 1);
        assert_answer(PROBE_PLAIN, "read in two ways", longer, 2);
        assert_answer(PROBE_PLAIN, "read in two ways", more, 3);
        assert_answer(PROBE_PLAIN, "read in two ways", twice, 2);
        put(510, "\0\0", 2);
        assert_answer(PROBE_PLAIN, "read in two ways", two, 2);
}

static void an_extended_partition_only_holds_others(void **state)
{
        static const struct contents_part parts[] = { { FIRST, EACH }, { SECOND, EXTENDED }, { SECOND + 64, 4096 } };
        static const struct contents_part alone[] = { { SECOND, EXTENDED } };

        (void) state;
        put_entry(0, 0, 0x83, FIRST, EACH);
        put_entry(0, 1, 0x05, SECOND, EACH);
        put_entry(SECOND * SECTOR, 0, 0x83, 64, 4096);
        put_luks(FIRST * SECTOR, 1);
        assert_answer(PROBE_PLAIN, "partition 3 shows no encryption", parts, 3);
        put_luks((SECOND + 64) * SECTOR, 1);
        assert_answer(PROBE_ENCRYPTED, "", parts, 3);

        put(446, (uint8_t[16]){ 0 }, 16);
        put(SECOND * SECTOR + 446, (uint8_t[64]){ 0 }, 64);
        assert_answer(PROBE_PLAIN, "no partition that holds anything", alone, 1);
}

static void a_disk_that_is_too_short(void **state)
{
        (void) state;
        put_luks(0, 1);
        for (unsigned size = 0; size < 600; size += 13) {
                enum probe_answer answer;

                assert_int_equal(ftruncate(disk, size), 0);
                answer = contents_look(disk, NULL, 0, why, sizeof why);
                assert_true(answer == PROBE_PLAIN || answer == PROBE_TROUBLE || size > 512);
                assert_true(why[0] != '\0');
        }
        assert_int_equal(ftruncate(disk, 4096), 0);
        assert_int_not_equal(contents_look(disk, two, 2, why, sizeof why), PROBE_ENCRYPTED);
}

static void a_disk_that_cannot_be_read(void **state)
{
        int saved = disk;

        (void) state;
        disk = open("/dev/null", O_WRONLY);
        assert_int_not_equal(contents_look(disk, NULL, 0, why, sizeof why), PROBE_ENCRYPTED);
        close(disk);
        disk = -1;
        assert_int_equal(contents_look(disk, NULL, 0, why, sizeof why), PROBE_TROUBLE);
        disk = saved;
}

/* The same at every run: an answer that differs from one day to the next is nobody's friend. */
static void ten_thousand_bytes_of_noise(void **state)
{
        uint8_t noise[10000];
        uint64_t seed = 1;

        (void) state;
        for (unsigned round = 0; round < 20; round++) {
                for (size_t i = 0; i < sizeof noise; i++) {
                        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
                        noise[i] = (uint8_t) (seed >> 56);
                }
                put(0, noise, sizeof noise);
                put(FIRST * SECTOR, noise, sizeof noise);
                assert_int_equal(contents_look(disk, NULL, 0, why, sizeof why), PROBE_PLAIN);
                assert_int_equal(contents_look(disk, two, 2, why, sizeof why), PROBE_PLAIN);
        }
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                test(a_whole_disk),
                test(a_whole_disk_of_bitlocker),
                test(a_file_system),
                test(a_container_with_a_file_system_beside),
                test(a_container_with_a_table_beside),
                test(each_partition_counts),
                test(a_table_within_a_container),
                test(the_kernel_has_the_last_word_on_partitions),
                test(an_extended_partition_only_holds_others),
                test(a_disk_that_is_too_short),
                test(a_disk_that_cannot_be_read),
                test(ten_thousand_bytes_of_noise),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
