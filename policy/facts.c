/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Facts about one device, and the one question about them that is not obvious: does this serial tell one stick from
 * another? Cheap sticks, SD readers and disk bridges ship thousands of times with the same serial, and a [device]
 * section that matched "0123456789ABCDEF" would open all of them. In doubt the answer is no: then a school names
 * vendor and product, and knows that it opens a model and not one stick. */

#include "policy/facts.h"

#include <errno.h>
#include <string.h>

#define SERIAL_CORE_MAX        512U /* bytes looked at; a USB serial is at most 126 UTF-16 units, 378 bytes of UTF-8 */
#define SERIAL_SIGNIFICANT_MIN 4U   /* bytes after leading zeros; "00000001" is on every first stick of a series */

static const char *const kind_names[_STORAGE_KIND_MAX] = {
        [STORAGE_USB_DISK] = "usb-disk",           [STORAGE_SD_CARD] = "sd-card",     [STORAGE_OPTICAL] = "optical",
        [STORAGE_EXTERNAL_DISK] = "external-disk", [STORAGE_PHONE_MTP] = "phone-mtp", [STORAGE_PHONE_PTP] = "phone-ptp",
        [STORAGE_PHONE_APPLE] = "phone-apple",     [STORAGE_PHONE_ADB] = "phone-adb",
};

/* A serial that is a piece of one of these was typed by someone who had no number to give. */
static const char *const ramps[] = {
        "01234567890123456789012345678901234567890123456789",
        "98765432109876543210987654321098765432109876543210",
        "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
        "1234567890ABCDEF1234567890ABCDEF",
        "FEDCBA9876543210FEDCBA9876543210",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
};

/* Words instead of a number, without the blanks and punctuation that serial_core() drops. */
static const char *const placeholders[] = {
        "0123456789AB0123456789AB",
        "123456789ABC",
        "ABC123",
        "ABCD1234",
        "BADC0DE",
        "CAFEBABE",
        "DEADBEEF",
        "DEFAULT",
        "DEFAULTSTRING",
        "DEMO",
        "FLASHDISK",
        "GENERIC",
        "INVALID",
        "MASSSTORAGE",
        "NONE",
        "NOSERIAL",
        "NOSERIALNUMBER",
        "NOTAPPLICABLE",
        "NOTAVAILABLE",
        "NOTSPECIFIED",
        "NULL",
        "SAMPLE",
        "SERIAL",
        "SERIALNO",
        "SERIALNUMBER",
        "STRING",
        "SYSTEMSERIALNUMBER",
        "TEST",
        "TOBEFILLEDBYOEM",
        "UNDEFINED",
        "UNKNOWN",
        "UNKNOWNSERIAL",
        "USBDISK",
        "USBFLASHDISK",
        "USBMASSSTORAGE",
        "USBSTICK",
        "USBSTORAGE",
};

bool storage_kind_is_phone(enum storage_kind kind)
{
        return kind >= STORAGE_PHONE_MTP && kind < _STORAGE_KIND_MAX;
}

bool storage_kind_can_be_encrypted(enum storage_kind kind)
{
        return kind == STORAGE_USB_DISK || kind == STORAGE_SD_CARD || kind == STORAGE_EXTERNAL_DISK;
}

const char *storage_kind_name(enum storage_kind kind)
{
        return (unsigned) kind < _STORAGE_KIND_MAX ? kind_names[kind] : NULL;
}

int storage_kind_from_name(const char *name)
{
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                if (strcmp(name, kind_names[kind]) == 0)
                        return kind;

        return -EINVAL;
}

/* Letters in upper case, digits and everything beyond ASCII; blanks and punctuation identify nothing. Not ctype.h:
 * the answer must not depend on the locale. */
static size_t serial_core(const char *serial, char core[SERIAL_CORE_MAX])
{
        size_t n = 0;

        for (const char *s = serial; *s && n < SERIAL_CORE_MAX - 1; s++) {
                if (*s >= 'a' && *s <= 'z')
                        core[n++] = (char) (*s - 'a' + 'A');
                else if ((*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || (unsigned char) *s >= 0x80)
                        core[n++] = *s;
        }
        core[n] = '\0';

        return n;
}

/* One character over and over, of however many bytes: bridges whose memory was never written give U+00FF. */
static bool is_repeated(const char *core, size_t size)
{
        size_t step = 1;

        while (((unsigned char) core[step] & 0xC0) == 0x80)
                step++;
        for (size_t i = step; i < size; i++)
                if (core[i] != core[i - step])
                        return false;

        return true;
}

bool serial_identifies(const char *serial)
{
        char buffer[SERIAL_CORE_MAX];
        const char *core;
        size_t size, zeros;

        if (!serial)
                return false;

        size = serial_core(serial, buffer);
        zeros = strspn(buffer, "0");
        /* SD and MMC cards: "0x00000000" (drivers/mmc/core/mmc.c). */
        if (zeros == 1 && buffer[1] == 'X')
                zeros += 1 + strspn(buffer + 2, "0");
        core = buffer + zeros;
        size -= zeros;

        if (size < SERIAL_SIGNIFICANT_MIN || is_repeated(core, size))
                return false;

        for (size_t i = 0; i < sizeof(ramps) / sizeof(*ramps); i++)
                if (strstr(ramps[i], core))
                        return false;
        for (size_t i = 0; i < sizeof(placeholders) / sizeof(*placeholders); i++)
                if (strcmp(core, placeholders[i]) == 0)
                        return false;

        return true;
}
