/* links: common/readfull.c gate/boot.c gate/state.c common/durable.c gate/device.c gate/bus.c gate/attr.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The small texts that the gate takes: records in /run, the kernel command line, names of devices, devpaths. Each is
 * held against a second, plainer reading of the same rules. The first byte says which. */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/boot.h"
#include "gate/device.h"
#include "gate/state.h"
#include "tests/fuzz/check.h"

static const struct roots roots = { .sys = "/nonexistent",
                                    .proc = "/nonexistent",
                                    .dev = "/nonexistent",
                                    .run = "/nonexistent",
                                    .etc = "/nonexistent",
                                    .modprobe = "/nonexistent" };

/* The first line that begins with "key=", if what follows fits into the buffer. */
static void try_value(char *text)
{
        static const char *const keys[] = { "devnum", "a", "" };

        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
                for (size_t size = 1; size <= 16; size += 5) {
                        char value[16] = "unchanged", want[64], *copy = strdup(text), *rest = copy, *line;
                        bool found, expected = false;

                        CHECK(copy);
                        snprintf(want, sizeof want, "%s=", keys[k]);
                        found = state_value(text, keys[k], value, size);
                        while ((line = strsep(&rest, "\n")))
                                if (strncmp(line, want, strlen(want)) == 0) {
                                        line += strlen(want);
                                        expected = strlen(line) < size;
                                        break;
                                }
                        CHECK(found == expected);
                        CHECK(strcmp(value, found ? line : "unchanged") == 0);
                        free(copy);
                }
}

/* Cut into words by hand: blanks end one outside quotes, quotes vanish. */
static void try_words(char *text)
{
        static const char *const rescue[] = { "rescue",
                                              "emergency",
                                              "single",
                                              "-s",
                                              "s",
                                              "S",
                                              "1",
                                              "-b",
                                              "systemd.unit=rescue.target",
                                              "systemd.unit=emergency.target" };
        const char *expected = NULL, *at = text, *have;
        char *word = malloc(strlen(text) + 1);
        bool more = true, in = false;
        size_t n = 0;

        CHECK(word);
        while (more && !expected) {
                char c = *at++;

                more = c != '\0';
                if (c == '"')
                        in = !in;
                else if (more && (in || (c != ' ' && c != '\t' && c != '\n')))
                        word[n++] = c;
                else {
                        word[n] = '\0';
                        n = 0;
                        if (strcmp(word, "lekdicht=off") == 0)
                                expected = "lekdicht=off on the kernel command line";
                        for (size_t i = 0; !expected && i < sizeof rescue / sizeof rescue[0]; i++)
                                if (strcmp(word, rescue[i]) == 0)
                                        expected = "rescue mode";
                }
        }
        free(word);
        have = boot_words(text);
        CHECK(!have == !expected && (!have || strcmp(have, expected) == 0));
}

/* There is no such machine: a name is either refused or not there. Nothing that could lead out of a directory may be
 * looked up. */
static void try_name(const char *text)
{
        struct device device = DEVICE_NULL;
        bool plain = text[0] != '\0' && text[0] != '.' && strlen(text) < SYSFS_NAME_MAX;

        if (text[0] == '/')
                return; /* a path, opened as it is */
        for (const char *at = text; *at; at++)
                plain = plain && ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
                                  (*at >= 'A' && *at <= 'Z') || strchr("_.:-", *at));
        CHECK(device_open(&roots, text, &device) == (plain ? -ENOENT : -EINVAL));
        CHECK(device.dirfd == -1);
}

static bool is_numbered(const char *part, const char *prefix)
{
        if (strncmp(part, prefix, strlen(prefix)) != 0 || part[strlen(prefix)] == '\0')
                return false;
        for (part += strlen(prefix); *part; part++)
                if (*part < '0' || *part > '9')
                        return false;
        return true;
}

static void try_devpath(const char *text)
{
        struct device device = DEVICE_NULL;
        char copy[512], *rest = copy, *part;
        bool expected = false;
        size_t cut;

        snprintf(device.devpath, sizeof device.devpath, "/devices/%.400s", text);
        snprintf(copy, sizeof copy, "%s", device.devpath);
        while ((part = strsep(&rest, "/")))
                expected = expected || is_numbered(part, "usb") || is_numbered(part, "fw");
        CHECK(device_removable(&roots, &device) == expected);

        /* Cut anywhere: under it exactly where a part ends. */
        cut = strlen(text) ? (unsigned char) text[0] % strlen(device.devpath) : 0;
        snprintf(copy, sizeof copy, "%.*s", (int) cut, device.devpath);
        CHECK(devpath_is_under(device.devpath, copy) == (device.devpath[cut] == '/' || device.devpath[cut] == '\0'));
        CHECK(devpath_is_under(device.devpath, device.devpath));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text;

        if (size == 0)
                return 0;
        text = malloc(size);
        CHECK(text);
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        switch (data[0] % 4) {
        case 0:
                try_value(text);
                break;
        case 1:
                try_words(text);
                break;
        case 2:
                try_name(text);
                break;
        case 3:
                try_devpath(text);
                break;
        }
        free(text);
        return 0;
}
