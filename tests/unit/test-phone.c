/* links: agent/phone.c agent/usbdesc.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which interfaces give a phone's files away, as real ones describe themselves. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/phone.h"

#define KIND(kind) (1U << (kind))

/* vendor, product, told, {interfaces}: class, subclass, protocol, string, driven and the kind that is expected (-1: none). */
struct example {
        const char *what;
        uint16_t vendor, product;
        enum phone_told told;
        unsigned kinds;
        struct {
                uint8_t class, subclass, protocol;
                const char *string;
                bool driven;
                int kind;
        } interfaces[6];
};

static const struct example examples[] = {
        { "Android, files", 0x18d1, 0x4ee1, 0, KIND(STORAGE_PHONE_PTP), { { 6, 1, 1, "MTP", 0, STORAGE_PHONE_MTP } } },
        { "Android, files and debugging",
          0x18d1,
          0x4ee2,
          0,
          KIND(STORAGE_PHONE_PTP) | KIND(STORAGE_PHONE_ADB),
          { { 6, 1, 1, "MTP", 0, STORAGE_PHONE_MTP }, { 0xff, 0x42, 1, "ADB Interface", 0, STORAGE_PHONE_ADB } } },
        { "Android, pictures", 0x18d1, 0x4ee5, 0, KIND(STORAGE_PHONE_PTP), { { 6, 1, 1, "", 0, STORAGE_PHONE_PTP } } },
        { "Android, boot loader",
          0x18d1,
          0x4ee0,
          0,
          KIND(STORAGE_PHONE_ADB),
          { { 0xff, 0x42, 3, "fastboot", 0, STORAGE_PHONE_ADB } } },
        { "Android, tethering",
          0x18d1,
          0x4ee3,
          0,
          0,
          { { 0xe0, 1, 3, "RNDIS Communications Control", 1, -1 }, { 0x0a, 0, 0, "RNDIS Ethernet Data", 1, -1 } } },
        { "Xperia mini pro, as umockdev's collection has it",
          0x0fce,
          0x0166,
          PHONE_TOLD_MTP,
          KIND(STORAGE_PHONE_MTP),
          { { 0xff, 0xff, 0, "", 0, STORAGE_PHONE_MTP } } },
        { "a vendor's MTP that says so", 0x04e8, 0x6877, 0, 0, { { 0xff, 0xff, 0, "MTP", 0, STORAGE_PHONE_MTP } } },
        { "the same in other words",
          0x04e8,
          0x6877,
          0,
          0,
          { { 0xff, 0, 0, "Samsung mtp device", 0, STORAGE_PHONE_MTP } } },
        { "a player with a modem that has a driver",
          0x1234,
          0x1234,
          PHONE_TOLD_MTP,
          KIND(STORAGE_PHONE_MTP),
          { { 0xff, 0, 0, "", 1, -1 },
            { 0xff, 0, 0, "", 0, STORAGE_PHONE_MTP },
            { 1, 1, 0, "", 1, -1 },
            { 3, 1, 1, "", 0, -1 },
            { 8, 6, 0x50, "", 1, -1 } } },
        { "a camera that udev knows as MTP",
          0x04a9,
          0x3192,
          PHONE_TOLD_MTP,
          KIND(STORAGE_PHONE_MTP),
          { { 6, 1, 1, "", 0, STORAGE_PHONE_MTP }, { 0xff, 1, 1, "", 0, -1 } } },
        { "a camera",
          0x04a9,
          0x3192,
          PHONE_TOLD_PTP,
          KIND(STORAGE_PHONE_PTP),
          { { 6, 1, 1, "", 0, STORAGE_PHONE_PTP } } },
        { "a vendor's camera that udev knows",
          0x04a9,
          0x3045,
          PHONE_TOLD_PTP,
          KIND(STORAGE_PHONE_PTP),
          { { 0xff, 0, 0xff, "", 0, STORAGE_PHONE_PTP } } },
        { "iPhone",
          0x05ac,
          0x12a8,
          0,
          KIND(STORAGE_PHONE_APPLE),
          { { 6, 1, 1, "PTP", 0, STORAGE_PHONE_APPLE },
            { 0xff, 0xfe, 2, "Apple USB Multiplexor", 0, STORAGE_PHONE_APPLE },
            { 0xff, 0xfd, 1, "Apple USB Ethernet", 1, -1 },
            { 1, 1, 0, "", 1, -1 },
            { 3, 0, 0, "", 1, -1 } } },
        { "an iPad of the future",
          0x05ac,
          0x1300,
          0,
          KIND(STORAGE_PHONE_APPLE),
          { { 0xff, 0xfe, 2, "", 0, STORAGE_PHONE_APPLE } } },
        { "Apple's keyboard", 0x05ac, 0x0250, 0, 0, { { 3, 1, 1, "", 1, -1 }, { 0xff, 0, 0, "", 0, -1 } } },
        { "a fingerprint reader", 0x138a, 0x0097, 0, 0, { { 0xff, 0, 0, "", 0, -1 } } },
        { "a printer of class 07 and a scanner",
          0x04a9,
          0x1912,
          0,
          0,
          { { 0xff, 0xff, 0xff, "", 0, -1 }, { 7, 1, 2, "", 0, -1 } } },
        { "a webcam", 0x046d, 0x0825, 0, 0, { { 14, 1, 0, "", 1, -1 }, { 14, 2, 0, "", 1, -1 } } },
        { "a security key", 0x1050, 0x0407, 0, 0, { { 3, 1, 1, "", 1, -1 }, { 11, 0, 0, "", 0, -1 } } },
};

static void as_they_describe_themselves(void **state)
{
        (void) state;
        for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
                const struct example *example = &examples[i];
                struct usbdesc desc = { .vendor = example->vendor, .product = example->product, .n_configs = 1 };
                struct usbdesc_config *config = &desc.configs[0];

                for (unsigned k = 0; k < 6 && example->interfaces[k].string; k++)
                        config->interfaces[config->n_interfaces++] =
                                (struct usbdesc_interface){ .number = (uint8_t) k,
                                                            .class = example->interfaces[k].class,
                                                            .subclass = example->interfaces[k].subclass,
                                                            .protocol = example->interfaces[k].protocol };
                for (unsigned k = 0; k < config->n_interfaces; k++) {
                        struct phone_interface interface = { .usb = config->interfaces[k],
                                                             .string = example->interfaces[k].string,
                                                             .driven = example->interfaces[k].driven };
                        int kind = phone_kind(&desc, example->told, &interface);

                        if (example->interfaces[k].kind < 0 ? kind != -ENOENT : kind != example->interfaces[k].kind)
                                fail_msg("%s, interface %u: %d", example->what, k, kind);
                }
                if (phone_kinds(&desc, example->told) != example->kinds)
                        fail_msg("%s: %#x", example->what, phone_kinds(&desc, example->told));
        }
}

static void what_udev_may_tell(void **state)
{
        (void) state;
        assert_int_equal(phone_told_from("mtp"), PHONE_TOLD_MTP);
        assert_int_equal(phone_told_from("ptp"), PHONE_TOLD_PTP);
        assert_int_equal(phone_told_from("1"), PHONE_TOLD_NOTHING);
        assert_int_equal(phone_told_from(""), PHONE_TOLD_NOTHING);
        assert_int_equal(phone_told_from(NULL), PHONE_TOLD_NOTHING);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(as_they_describe_themselves),
                cmocka_unit_test(what_udev_may_tell),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
