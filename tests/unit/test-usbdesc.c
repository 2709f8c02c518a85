/* links: agent/usbdesc.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Descriptors as devices send them: honest, cut short, and meant to mislead. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/usbdesc.h"

#define DEVICE(configs)                                         18, 1, 0x00, 0x02, 0x00, 0, 0, 64, 0x51, 0x09, 0x66, 0x16, 0x10, 0x01, 1, 2, 3, configs
#define CONFIG(value, interfaces)                               9, 2, 32, 0, interfaces, value, 0, 0x80, 50
#define INTERFACE(number, alternate, class, subclass, protocol) 9, 4, number, alternate, 2, class, subclass, protocol, 0
#define ENDPOINT                                                7, 5, 0x81, 2, 0x00, 0x02, 0

#define PARSE(...)                                                                                                     \
        static const uint8_t bytes[] = { __VA_ARGS__ };                                                                \
        struct usbdesc desc;                                                                                           \
        assert_int_equal(usbdesc_parse(bytes, sizeof(bytes), &desc), 0)

static void plain_stick(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 1), INTERFACE(0, 0, 8, 6, 0x50), ENDPOINT, ENDPOINT);
        (void) state;
        assert_int_equal(desc.vendor, 0x0951);
        assert_int_equal(desc.product, 0x1666);
        assert_int_equal(desc.class, 0);
        assert_true(desc.complete);
        assert_int_equal(desc.n_configs, 1);
        assert_int_equal(desc.configs[0].value, 1);
        assert_int_equal(desc.configs[0].n_interfaces, 1);
        assert_true(desc.configs[0].interfaces[0].storage);
        assert_int_equal(desc.configs[0].interfaces[0].subclass, 6);
        assert_int_equal(desc.configs[0].interfaces[0].protocol, 0x50);
        assert_true(usbdesc_has_storage(&desc));
        assert_true(usbdesc_is_only_storage(&desc));
}

static void two_settings_are_one_interface(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 1), INTERFACE(0, 0, 8, 6, 0x50), ENDPOINT, INTERFACE(0, 1, 8, 6, 0x62), ENDPOINT);
        (void) state;
        assert_int_equal(desc.configs[0].n_interfaces, 1);
        assert_int_equal(desc.configs[0].interfaces[0].protocol, 0x50);
        assert_true(usbdesc_is_only_storage(&desc));
}

static void storage_in_a_later_setting_counts(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 1), INTERFACE(0, 0, 0xff, 1, 1), ENDPOINT, INTERFACE(0, 1, 8, 6, 0x50),
              INTERFACE(0, 2, 3, 0, 0));
        (void) state;
        assert_int_equal(desc.configs[0].n_interfaces, 1);
        assert_true(desc.configs[0].interfaces[0].storage);
        assert_int_equal(desc.configs[0].interfaces[0].class, 8);
        assert_true(usbdesc_has_storage(&desc));
}

static void pictures_in_a_later_setting_count(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 2), INTERFACE(0, 0, 0xff, 1, 1), ENDPOINT, INTERFACE(0, 1, 6, 1, 1),
              INTERFACE(0, 2, 3, 0, 0), INTERFACE(1, 0, 6, 1, 1), INTERFACE(1, 1, 8, 6, 0x50));
        (void) state;
        assert_int_equal(desc.configs[0].n_interfaces, 2);
        assert_int_equal(desc.configs[0].interfaces[0].class, 6);
        assert_false(desc.configs[0].interfaces[0].storage);
        assert_true(desc.configs[0].interfaces[1].storage);
}

static void composite_is_not_only_storage(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 2), INTERFACE(0, 0, 3, 1, 1), 9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0, ENDPOINT,
              INTERFACE(1, 0, 8, 6, 0x50), ENDPOINT, ENDPOINT);
        (void) state;
        assert_true(desc.complete);
        assert_int_equal(desc.configs[0].n_interfaces, 2);
        assert_false(desc.configs[0].interfaces[0].storage);
        assert_true(desc.configs[0].interfaces[1].storage);
        assert_true(usbdesc_has_storage(&desc));
        assert_false(usbdesc_is_only_storage(&desc));
}

static void keyboard_has_no_storage(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 1), INTERFACE(0, 0, 3, 1, 1), ENDPOINT);
        (void) state;
        assert_false(usbdesc_has_storage(&desc));
        assert_false(usbdesc_is_only_storage(&desc));
}

static void each_configuration_counts(void **state)
{
        PARSE(DEVICE(2), CONFIG(1, 1), INTERFACE(0, 0, 8, 6, 0x50), ENDPOINT, CONFIG(2, 1), INTERFACE(0, 0, 2, 6, 0),
              ENDPOINT);
        (void) state;
        assert_int_equal(desc.n_configs, 2);
        assert_true(desc.complete);
        assert_true(usbdesc_has_storage(&desc));
        assert_false(usbdesc_is_only_storage(&desc));
        assert_ptr_equal(usbdesc_config(&desc, 2), &desc.configs[1]);
        assert_null(usbdesc_config(&desc, 3));
        assert_non_null(usbdesc_interface(usbdesc_config(&desc, 1), 0));
        assert_null(usbdesc_interface(usbdesc_config(&desc, 1), 1));
}

static void configuration_without_interfaces_is_not_storage(void **state)
{
        PARSE(DEVICE(2), CONFIG(1, 1), INTERFACE(0, 0, 8, 6, 0x50), CONFIG(2, 0));
        (void) state;
        assert_false(usbdesc_is_only_storage(&desc));
}

static void no_configuration_is_not_storage(void **state)
{
        PARSE(DEVICE(0));
        (void) state;
        assert_true(desc.complete);
        assert_false(usbdesc_has_storage(&desc));
        assert_false(usbdesc_is_only_storage(&desc));
}

/* The length of the device descriptor is the kernel's, its bLength the device's. */
static void length_of_the_device_descriptor_is_fixed(void **state)
{
        uint8_t bytes[] = { DEVICE(1), CONFIG(1, 1), INTERFACE(0, 0, 8, 6, 0x50) };
        struct usbdesc desc;

        (void) state;
        for (unsigned length = 0; length < 256; length++) {
                bytes[0] = (uint8_t) length;
                assert_int_equal(usbdesc_parse(bytes, sizeof(bytes), &desc), 0);
                assert_true(usbdesc_is_only_storage(&desc));
        }
}

static void cut_anywhere_is_never_whole(void **state)
{
        static const uint8_t bytes[] = {
                DEVICE(1), CONFIG(1, 2), INTERFACE(0, 0, 8, 6, 0x50), ENDPOINT, INTERFACE(1, 0, 3, 1, 1), ENDPOINT
        };
        struct usbdesc desc;

        (void) state;
        for (size_t size = 0; size < sizeof(bytes); size++) {
                int r = usbdesc_parse(bytes, size, &desc);

                assert_int_equal(r, size < 18 ? -EBADMSG : 0);
                if (r < 0)
                        continue;
                /* On a boundary it looks complete, but then the interface after it was not claimed either. */
                if (size != 27 && size != 36 && size != 43 && size != 52)
                        assert_false(desc.complete);
                if (!desc.complete)
                        assert_false(usbdesc_is_only_storage(&desc));
        }
        assert_int_equal(usbdesc_parse(bytes, sizeof(bytes), &desc), 0);
        assert_true(desc.complete);
}

static void not_descriptors(void **state)
{
        static const uint8_t zeros[64];
        struct usbdesc desc = { .vendor = 7 };

        (void) state;
        assert_int_equal(usbdesc_parse(zeros, sizeof(zeros), &desc), -EBADMSG);
        assert_int_equal(usbdesc_parse("", 0, &desc), -EBADMSG);
        assert_int_equal(desc.vendor, 7);
}

static void lengths_that_do_not_move_end_it(void **state)
{
        for (unsigned length = 0; length < 2; length++) {
                uint8_t bytes[] = {
                        DEVICE(1), CONFIG(1, 1), INTERFACE(0, 0, 8, 6, 0x50), (uint8_t) length, 4, 0, 0, 0, 0, 0
                };
                struct usbdesc desc;

                (void) state;
                assert_int_equal(usbdesc_parse(bytes, sizeof(bytes), &desc), 0);
                assert_false(desc.complete);
                assert_true(usbdesc_has_storage(&desc));
                assert_false(usbdesc_is_only_storage(&desc));
        }
}

static void short_descriptors_are_not_read(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 1), 8, 4, 0, 0, 2, 8, 6, 0x50, 8, 2, 0, 0, 1, 9, 0, 0, INTERFACE(0, 0, 3, 1, 1));
        (void) state;
        assert_int_equal(desc.n_configs, 1);
        assert_false(usbdesc_has_storage(&desc));
        assert_int_equal(desc.configs[0].n_interfaces, 1);
}

static void interface_before_any_configuration_is_ignored(void **state)
{
        PARSE(DEVICE(1), INTERFACE(0, 0, 8, 6, 0x50), CONFIG(1, 1), INTERFACE(0, 0, 3, 1, 1));
        (void) state;
        assert_false(usbdesc_has_storage(&desc));
}

/* Hidden in the first: the kernel skips it, and so the keyboard belongs to configuration 1. Never refused whole. */
static void configuration_within_a_configuration(void **state)
{
        PARSE(DEVICE(1), CONFIG(1, 2), INTERFACE(0, 0, 8, 6, 0x50), CONFIG(2, 1), INTERFACE(1, 0, 8, 6, 0x50));
        (void) state;
        assert_int_equal(desc.n_configs, 2);
        assert_false(desc.complete);
        assert_false(usbdesc_is_only_storage(&desc));
        assert_true(usbdesc_has_storage(&desc));
}

static void more_than_the_kernel_takes(void **state)
{
        static uint8_t bytes[18 + 9 * 9 + 300 * 9];
        struct usbdesc desc;
        size_t at = 18;

        (void) state;
        memcpy(bytes, (const uint8_t[]){ DEVICE(9) }, 18);
        for (uint8_t i = 1; i <= 9; i++, at += 9)
                memcpy(bytes + at, (const uint8_t[]){ CONFIG(i, 1) }, 9);
        assert_int_equal(usbdesc_parse(bytes, at, &desc), 0);
        assert_int_equal(desc.n_configs, USBDESC_CONFIGS_MAX);
        assert_false(desc.complete);

        bytes[17] = 1;
        at = 18 + 9;
        for (unsigned i = 0; i < 300; i++, at += 9)
                memcpy(bytes + at, (const uint8_t[]){ INTERFACE((uint8_t) i, 0, 8, 6, 0x50) }, 9);
        assert_int_equal(usbdesc_parse(bytes, at, &desc), 0);
        assert_int_equal(desc.configs[0].n_interfaces, USBDESC_INTERFACES_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_stick),
                cmocka_unit_test(two_settings_are_one_interface),
                cmocka_unit_test(storage_in_a_later_setting_counts),
                cmocka_unit_test(pictures_in_a_later_setting_count),
                cmocka_unit_test(composite_is_not_only_storage),
                cmocka_unit_test(keyboard_has_no_storage),
                cmocka_unit_test(each_configuration_counts),
                cmocka_unit_test(configuration_without_interfaces_is_not_storage),
                cmocka_unit_test(no_configuration_is_not_storage),
                cmocka_unit_test(length_of_the_device_descriptor_is_fixed),
                cmocka_unit_test(cut_anywhere_is_never_whole),
                cmocka_unit_test(not_descriptors),
                cmocka_unit_test(lengths_that_do_not_move_end_it),
                cmocka_unit_test(short_descriptors_are_not_read),
                cmocka_unit_test(interface_before_any_configuration_is_ignored),
                cmocka_unit_test(configuration_within_a_configuration),
                cmocka_unit_test(more_than_the_kernel_takes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
