/* links: agent/lease.c common/text.c common/utf8.c policy/facts.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One grant: which device it is about, its time, and what is written down of it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "agent/lease.h"

#define SECOND 1000000ULL
#define MINUTE (60 * SECOND)
#define NOW    (5000 * SECOND)
#define SHOWN  (1801436400ULL * SECOND + 14 * 3600 * SECOND + 30 * MINUTE) /* 14:30 in Amsterdam */

static char path[LEASE_PORT_MAX + 64];
static struct device device;
static struct lease lease;

static int setup(void **state)
{
        (void) state;
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        strcpy(path, "/devices/pci0000:00/0000:00:14.0/usb1/1-2");
        device = (struct device){
                .bus = DEVICE_USB,
                .has_usb_id = true,
                .vendor = 0x0951,
                .product = 0x1666,
                .strings_known = true,
                .serial = "60A44C4252E1E4A1",
                .kind = STORAGE_USB_DISK,
        };
        device.target.devpath = path;
        device.target.name = "1-2";
        assert_int_equal(lease_init(&lease, &device), 0);
        lease.number = 7;
        lease.access = ACCESS_ALLOW;
        lease.end_usec = NOW + 60 * MINUTE;
        strcpy(lease.reason, "examen Nederlands");
        return 0;
}

static void a_serial_is_the_device_wherever_it_is(void **state)
{
        (void) state;
        assert_int_equal(lease_match(&lease, &device), LEASE_IS);
        strcpy(path, "/devices/pci0000:00/0000:00:14.0/usb2/2-5");
        assert_int_equal(lease_match(&lease, &device), LEASE_IS);
        device.strings_known = false;
        device.serial[0] = '\0';
        assert_int_equal(lease_match(&lease, &device), LEASE_MAYBE);
        device.strings_known = true;
        assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
        strcpy(device.serial, "60A44C4252E1E4A2");
        assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
}

static void ids_and_bus_are_of_it(void **state)
{
        (void) state;
        device.product = 0x1667;
        assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
        device.product = 0x1666;
        device.vendor = 0x0952;
        assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
        device.vendor = 0x0951;
        device.has_usb_id = false;
        assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
        device.has_usb_id = true;
        device.bus = DEVICE_MMC;
        assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
}

static void without_a_serial_of_its_own_it_is_the_port(void **state)
{
        static const char *const shared[] = { "", "0", "0123456789ABCDEF" };

        (void) state;
        for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
                setup(NULL);
                strcpy(device.serial, shared[i]);
                assert_int_equal(lease_init(&lease, &device), 0);
                assert_string_equal(lease.serial, "");
                assert_int_equal(lease_match(&lease, &device), LEASE_IS);
                strcpy(path, "/devices/pci0000:00/0000:00:14.0/usb1/1-20");
                assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
                strcpy(path, "/devices/pci0000:00/0000:00:14.0/usb1/1-2");
                device.strings_known = false;
                assert_int_equal(lease_match(&lease, &device), LEASE_MAYBE);
                /* Another stick of the model, which has one, in that port. */
                device.strings_known = true;
                strcpy(device.serial, "60A44C4252E1E4A2");
                assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
        }
}

/* A card's name may be another after each plug, its slot is not. */
static void the_port_of_a_card_is_its_slot(void **state)
{
        (void) state;
        device.bus = DEVICE_MMC;
        device.has_usb_id = false;
        device.vendor = device.product = 0;
        device.serial[0] = '\0';
        strcpy(path, "/devices/pci0000:00/0000:00:05.0/mmc_host/mmc0/mmc0:0001");
        assert_int_equal(lease_init(&lease, &device), 0);
        strcpy(path, "/devices/pci0000:00/0000:00:05.0/mmc_host/mmc0/mmc0:4567");
        assert_int_equal(lease_match(&lease, &device), LEASE_IS);
        strcpy(path, "/devices/pci0000:00/0000:00:05.0/mmc_host/mmc1/mmc1:0001");
        assert_int_equal(lease_match(&lease, &device), LEASE_NOT);
}

static void a_path_that_is_too_long_is_none(void **state)
{
        (void) state;
        memset(path, 'a', LEASE_PORT_MAX);
        path[0] = '/';
        path[LEASE_PORT_MAX] = '\0';
        assert_int_equal(lease_init(&lease, &device), -ENAMETOOLONG);
        path[LEASE_PORT_MAX - 1] = '\0';
        assert_int_equal(lease_init(&lease, &device), 0);
}

static void it_is_warned_of_and_ends(void **state)
{
        (void) state;
        assert_int_equal(lease_due(&lease), lease.end_usec - LEASE_WARN_USEC);
        assert_int_equal(lease_step(&lease, lease.end_usec - LEASE_WARN_USEC - 1), LEASE_NOTHING);
        assert_int_equal(lease_step(&lease, lease.end_usec - LEASE_WARN_USEC), LEASE_WARN);
        assert_int_equal(lease_step(&lease, lease.end_usec - LEASE_WARN_USEC), LEASE_NOTHING);
        assert_true(lease_holds(&lease, lease.end_usec - 1));
        assert_false(lease_holds(&lease, lease.end_usec));
        assert_int_equal(lease_due(&lease), lease.end_usec);
        assert_int_equal(lease_step(&lease, lease.end_usec), LEASE_CLOSE);
        assert_int_equal(lease_due(&lease), LEASE_NEVER);
        assert_false(lease_holds(&lease, lease.end_usec - 1));
        assert_int_equal(lease_step(&lease, lease.end_usec + 1000 * MINUTE), LEASE_NOTHING);
}

static void slept_over_it_ends_without_a_warning(void **state)
{
        (void) state;
        assert_int_equal(lease_step(&lease, lease.end_usec + 1), LEASE_CLOSE);
}

static void it_is_extended_once(void **state)
{
        uint64_t end = lease.end_usec + 5 * SECOND;

        (void) state;
        assert_false(lease_extend(&lease, NOW));
        assert_int_equal(lease_step(&lease, end), LEASE_CLOSE);
        assert_true(lease_extend(&lease, end));
        assert_false(lease_extend(&lease, end));
        assert_false(lease_holds(&lease, end));
        assert_int_equal(lease_due(&lease), end + LEASE_EXTENSION_USEC);
        assert_int_equal(lease_step(&lease, end + LEASE_EXTENSION_USEC - 1), LEASE_NOTHING);
        assert_int_equal(lease_step(&lease, end + LEASE_EXTENSION_USEC), LEASE_CUT);
        assert_int_equal(lease_due(&lease), LEASE_NEVER);
        assert_false(lease_extend(&lease, end));
}

static void it_is_taken_back_once(void **state)
{
        (void) state;
        assert_true(lease_revoke(&lease));
        assert_true(lease.revoked);
        assert_false(lease_holds(&lease, NOW));
        assert_false(lease_revoke(&lease));
        assert_true(lease_extend(&lease, NOW));
        assert_false(lease_revoke(&lease));
}

static void the_verdict_says_until_when_and_why(void **state)
{
        struct verdict verdict;
        char text[VERDICT_REASON_MAX];

        (void) state;
        lease_verdict(&lease, SHOWN, &verdict);
        assert_string_equal(verdict.rule, "grant");
        assert_string_equal(verdict.reason, "opened by grant until 14:30: examen Nederlands");
        assert_int_equal(verdict.access, ACCESS_ALLOW);
        assert_int_equal(verdict.by_rule, ACCESS_ALLOW);
        assert_false(verdict.audit);
        assert_int_equal(verdict.again, 0);
        lease.access = ACCESS_READ_ONLY;
        lease_verdict(&lease, SHOWN, &verdict);
        assert_string_equal(verdict.reason, "opened read-only by grant until 14:30: examen Nederlands");
        assert_int_equal(verdict.by_rule, ACCESS_READ_ONLY);
        assert_string_equal(lease_words(&lease, SHOWN, text, sizeof(text)),
                            "open for reading until 14:30: examen Nederlands");
        memset(lease.reason, 'a', LEASE_REASON_MAX);
        lease_verdict(&lease, SHOWN, &verdict);
        assert_int_equal(strlen(strrchr(verdict.reason, ' ') + 1), LEASE_REASON_MAX);
}

static void what_is_written_down_is_read(void **state)
{
        struct lease again;
        char line[LEASE_LINE_MAX], second[LEASE_LINE_MAX];

        (void) state;
        memset(lease.reason, 'r', LEASE_REASON_MAX);
        memset(lease.serial, 's', DEVICE_SERIAL_MAX - 1);
        memset(lease.port + 1, 'p', LEASE_PORT_MAX - 2);
        memset(lease.name, 'n', LEASE_NAME_MAX - 1);
        lease.number = UINT32_MAX;
        lease.end_usec = lease.end_wall_usec = INT64_MAX;
        lease.access = ACCESS_READ_ONLY;
        for (unsigned flags = 0; flags < 16; flags++)
                for (int phase = 0; phase < LEASE_OVER; phase++) {
                        size_t length;

                        lease.private = flags & 1;
                        lease.keep = flags & 2;
                        lease.revoked = flags & 4;
                        lease.used = flags & 8;
                        lease.phase = (enum lease_phase) phase;
                        length = lease_print(&lease, line);
                        assert_true(length < sizeof(line));
                        assert_int_equal(line[length - 1], '\n');
                        line[length - 1] = '\0';
                        assert_true(lease_parse(line, &again));
                        lease_print(&lease, line);
                        lease_print(&again, second);
                        assert_string_equal(line, second);
                }
}

static void what_makes_no_sense_is_no_lease(void **state)
{
        static const char good[] =
                "lease1\t7\t0\t1\t0951\t1666\t0\t3\t0\t0\t8600000000\t0\t1-2\t/devices/x\tSERIAL\tbecause";
        static const struct {
                const char *what, *with;
        } changes[] = {
                { "lease1", "lease2" },
                { "\t7\t", "\t0\t" },
                { "\t7\t", "\t-7\t" },
                { "\t7\t", "\t 7\t" },
                { "\t7\t", "\t4294967296\t" },
                { "\t7\t0\t", "\t7\t4\t" },
                { "0951", "10951" },
                { "0951", "095g" },
                { "0951", "" },
                { "\t1\t", "\t2\t" },
                { "\t3\t", "\t0\t" },
                { "\t3\t", "\t2\t" }, /* encrypted is no grant */
                { "\t3\t", "\t4\t" },
                { "\t0\t0\t8", "\t5\t0\t8" },
                { "\t0\t0\t8", "\t0\t16\t8" },
                { "8600000000", "9223372036854775808" },
                { "/devices", "devices" },
                { "SERIAL", "S\x1bX" },
                { "because", " because" },
                { "because", "a\tb" },
                { "\tbecause", "" },
                { "because", "\xff" },
        };
        struct lease read;
        char line[400];

        (void) state;
        strcpy(line, good);
        assert_true(lease_parse(line, &read));
        assert_string_equal(read.reason, "because");
        for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
                const char *at = strstr(good, changes[i].what);

                snprintf(line, sizeof(line), "%.*s%s%s", (int) (at - good), good, changes[i].with,
                         at + strlen(changes[i].what));
                if (lease_parse(line, &read))
                        fail_msg("\"%s\" for \"%s\" was taken", changes[i].with, changes[i].what);
        }
        strcpy(line, "");
        assert_false(lease_parse(line, &read));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, setup)
                TEST(a_serial_is_the_device_wherever_it_is),
                TEST(ids_and_bus_are_of_it),
                TEST(without_a_serial_of_its_own_it_is_the_port),
                TEST(the_port_of_a_card_is_its_slot),
                TEST(a_path_that_is_too_long_is_none),
                TEST(it_is_warned_of_and_ends),
                TEST(slept_over_it_ends_without_a_warning),
                TEST(it_is_extended_once),
                TEST(it_is_taken_back_once),
                TEST(the_verdict_says_until_when_and_why),
                TEST(what_is_written_down_is_read),
                TEST(what_makes_no_sense_is_no_lease),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
