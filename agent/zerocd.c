/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The list is put in as it is and looked through when a device comes: some hundred lines, a few microseconds. */

#include <stdio.h>
#include <string.h>

#include "agent/zerocd.h"

__asm__(".pushsection .rodata\n"
        "zerocd_list:\n"
        ".incbin \"agent/zerocd.list\"\n"
        ".byte 0\n"
        ".popsection\n");

extern const char zerocd_list[] __attribute__((visibility("hidden")));

bool zerocd_is(uint16_t vendor, uint16_t product)
{
        char one[16], all[16];
        size_t length;

        snprintf(one, sizeof(one), "%04x:%04x", vendor, product);
        snprintf(all, sizeof(all), "%04x:*", vendor);
        for (const char *line = zerocd_list; *line; line += length + (line[length] == '\n')) {
                length = strcspn(line, "\n");
                if ((length == strlen(one) && memcmp(line, one, length) == 0) ||
                    (length == strlen(all) && memcmp(line, all, length) == 0))
                        return true;
        }
        return false;
}
