/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-probe: is the disk on descriptor 3 encrypted, all of it? Run by lekdicht-gate, which has opened the disk and tells
 * as arguments which partitions the kernel sees (START+SECTORS each, in units of 512 bytes). A program of its own, so
 * that the gate needs no library and what reads hostile bytes has no rights. */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/confine.h"
#include "probe/contents.h"

#define DISK 3

/* A number without sign or blanks, moving *text behind it. */
static bool number(const char **text, uint64_t *ret)
{
        char *end;

        if (**text < '0' || **text > '9')
                return false;
        errno = 0;
        *ret = strtoull(*text, &end, 10);
        *text = end;
        return errno == 0 && *ret <= INT64_MAX / 512;
}

static bool read_part(const char *text, struct contents_part *ret)
{
        if (!number(&text, &ret->start) || *text++ != '+' || !number(&text, &ret->sectors) || ret->sectors == 0)
                return false;
        return *text == '\0';
}

int main(int argc, char *argv[])
{
        static struct contents_part parts[PROBE_PARTS_MAX];
        char why[PROBE_WHY_MAX] = "";
        enum probe_answer answer;
        size_t n = (size_t) (argc > 0 ? argc - 1 : 0);
        int r;

        if (argc == 2 && strcmp(argv[1], "--version") == 0) {
                puts("lekdicht-probe " LEKDICHT_VERSION);
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                if (n > PROBE_PARTS_MAX || !read_part(argv[i + 1], &parts[i])) {
                        fputs("Usage: lekdicht-probe [START+SECTORS]... 3<DISK\n", stderr);
                        return PROBE_TROUBLE;
                }
        r = confine();
        if (r < 0) {
                printf("it was not looked at: confinement: %s\n", strerror(-r));
                return PROBE_TROUBLE;
        }
        answer = contents_look(DISK, parts, n, why, sizeof why);
        puts(why);
        return (int) answer;
}
