/* links: common/readfull.c common/text.c common/utf8.c common/sysfs.c agent/facts.c agent/phone.c agent/usbdesc.c agent/device.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every attribute in /sys that the agent reads of a device, with anything in it: what is said of the device is within its
 * bounds, and its texts are clean. The input: which attribute, how many bytes, the bytes; and so on. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/device.h"
#include "agent/facts.h"
#include "common/text.h"
#include "tests/fuzz/check.h"

/* "block" is there for the disk, "power" for how long it is connected. */
static const char *const directories[] = { "block", "block/sda", "power" };

static const char *const attributes[] = {
        "devnum",
        "descriptors",
        "bInterfaceClass",
        "bInterfaceSubClass",
        "bInterfaceProtocol",
        "interface",
        "type",
        "vendor",
        "model",
        "name",
        "serial",
        "removable",
        "authorized",
        "power/connected_duration",
        "block/sda/size",
        "block/sda/diskseq",
        "block/sda/ro",
};

#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static const char *const links[] = { "driver", "subsystem" };

#define N_LINKS (sizeof(links) / sizeof(links[0]))

/* In memory: it is written anew for each input. */
static char path[] = "/dev/shm/fuzz-facts.XXXXXX";
static int directory = -1, files[N_ATTRIBUTES];

static void remove_all(void)
{
        for (size_t i = 0; i < N_ATTRIBUTES; i++)
                (void) unlinkat(directory, attributes[i], 0);
        for (size_t i = 0; i < N_LINKS; i++)
                (void) unlinkat(directory, links[i], 0);
        (void) unlinkat(directory, "block/sda", AT_REMOVEDIR);
        (void) unlinkat(directory, "block", AT_REMOVEDIR);
        (void) unlinkat(directory, "power", AT_REMOVEDIR);
        (void) rmdir(path);
}

static void make_device(void)
{
        CHECK(mkdtemp(path));
        directory = open(path, O_RDONLY | O_DIRECTORY);
        CHECK(directory >= 0);
        atexit(remove_all);
        for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
                CHECK(mkdirat(directory, directories[i], 0700) == 0);
        for (size_t i = 0; i < N_ATTRIBUTES; i++) {
                files[i] = openat(directory, attributes[i], O_RDWR | O_CREAT, 0600);
                CHECK(files[i] >= 0);
        }
}

/* Where a link points to is a path of the kernel's: no NUL in it, never empty. */
static void point(const char *name, const uint8_t *data, size_t size)
{
        char target[256];

        (void) unlinkat(directory, name, 0);
        if (size == 0 || size >= sizeof(target) || memchr(data, '\0', size))
                return;
        memcpy(target, data, size);
        target[size] = '\0';
        CHECK(symlinkat(target, directory, name) == 0);
}

static void fill(const uint8_t *data, size_t size)
{
        for (size_t i = 0; i < N_ATTRIBUTES; i++)
                CHECK(ftruncate(files[i], 0) == 0);
        for (size_t i = 0; i < N_LINKS; i++)
                point(links[i], NULL, 0);
        while (size >= 2) {
                size_t which = data[0] % (N_ATTRIBUTES + N_LINKS), length = data[1];

                data += 2;
                size -= 2;
                length = length < size ? length : size;
                if (which < N_ATTRIBUTES)
                        CHECK(pwrite(files[which], data, length, 0) == (ssize_t) length);
                else
                        point(links[which - N_ATTRIBUTES], data, length);
                data += length;
                size -= length;
        }
}

static void must_be_clean(const char *text, size_t size)
{
        char again[DEVICE_SERIAL_MAX];
        size_t length = strnlen(text, size);

        CHECK(length < size);
        CHECK(text_clean(text, length, again, sizeof(again)) == length && strcmp(text, again) == 0);
}

static void ask_usb(void)
{
        struct device device = { .target.dirfd = directory };
        char string[PHONE_STRING_MAX];
        struct phone_interface interface;
        unsigned configs = 0;
        bool authorized;
        uint64_t msec;

        if (facts_usb_device(&device) == 0) {
                CHECK(device.has_usb_id && device.desc.n_configs <= USBDESC_CONFIGS_MAX);
                for (unsigned i = 0; i < device.desc.n_configs; i++)
                        configs += usbdesc_config(&device.desc, device.desc.configs[i].value) != NULL;
                CHECK(configs == device.desc.n_configs);
        }
        if (facts_phone_interface(directory, string, &interface) == 0) {
                must_be_clean(string, sizeof(string));
                (void) phone_kind(&device.desc, PHONE_TOLD_NOTHING, &interface);
        }
        (void) facts_interface_is_storage(directory);
        (void) facts_usb_fixed(directory);
        (void) facts_authorized(directory, &authorized);
        if (facts_connected(directory, &msec) == 0)
                CHECK(msec <= UINT32_MAX);
}

static void ask_unit(void)
{
        struct lun lun = { .target.dirfd = directory };
        char text[DEVICE_TEXT_MAX], serial[DEVICE_SERIAL_MAX];
        enum card card;
        uint64_t sequence;

        if (facts_scsi_lun(&lun) == 0) {
                must_be_clean(lun.text, sizeof(lun.text));
                CHECK(lun.optical == facts_is_optical(directory) && (lun.opens || !lun.optical));
                (void) facts_says_optical(lun.text);
                (void) facts_says_card_reader(lun.text);
        }
        if (facts_mmc_card(directory, &card, text, sizeof(text), serial, sizeof(serial)) == 0) {
                must_be_clean(text, sizeof(text));
                must_be_clean(serial, sizeof(serial));
        }
        (void) facts_bound(directory);
        (void) facts_is_read_only(directory);
        (void) facts_disk_is_empty(directory);
        (void) facts_diskseq(directory, &sequence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (directory < 0)
                make_device();
        fill(data, size);
        ask_usb();
        ask_unit();
        return 0;
}
