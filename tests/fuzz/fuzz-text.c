/* links: common/readfull.c common/text.c common/utf8.c common/sysfs.c agent/facts.c agent/phone.c agent/usbdesc.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What stands in the attributes of a device: text, numbers, names. Whatever goes in, what comes out is UTF-8 without
 * control characters, fits, and does not change when cleaned again. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/facts.h"
#include "common/sysfs.h"
#include "common/text.h"
#include "common/utf8.h"
#include "tests/fuzz/check.h"

static void must(int holds)
{
        if (!holds)
                abort();
}

static void must_be_clean(const char *text, size_t size)
{
        for (size_t i = 0; i < size;) {
                uint32_t code;

                i += utf8_decode(text + i, size - i, &code);
                must(code != UTF8_REPLACEMENT && !utf8_is_control(code));
        }
        must(size == 0 || (text[0] != ' ' && text[size - 1] != ' '));
        must(strlen(text) == size);
}

/* In memory: it is written anew for each input. */
static char path[] = "/dev/shm/fuzz-text.XXXXXX";

static void remove_directory(void)
{
        char file[sizeof(path) + sizeof("/attribute")];

        snprintf(file, sizeof(file), "%s/attribute", path);
        (void) unlink(file);
        (void) rmdir(path);
}

/* A directory with one attribute in it. */
static int attribute(const uint8_t *data, size_t size)
{
        static int directory = -1, file = -1;

        if (directory < 0) {
                must(mkdtemp(path) != NULL);
                atexit(remove_directory);
                directory = open(path, O_PATH | O_DIRECTORY);
                file = openat(directory, "attribute", O_RDWR | O_CREAT, 0600);
                must(directory >= 0 && file >= 0);
        }
        must(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t) size);
        return directory;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char out[64], again[64], *all, *name;
        unsigned config, number;
        uint64_t value;
        size_t n;
        int fd;

        n = text_clean(data, size, out, sizeof(out));
        must(n < sizeof(out));
        must_be_clean(out, n);
        must(text_clean(out, n, again, sizeof(again)) == n && strcmp(out, again) == 0);

        all = malloc(size + 1);
        name = malloc(size + 1);
        must(all && name);
        n = text_clean(data, size, all, size + 1);
        must(n <= size);
        must_be_clean(all, n);
        memcpy(name, data, size);
        name[size] = '\0';
        must(text_clean(name, size, name, size + 1) == n && strcmp(name, all) == 0);

        memcpy(name, data, size);
        name[size] = '\0';
        if (facts_interface_name(name, &config, &number))
                must(config <= 255 && number <= 255 && strchr(name, ':'));
        (void) facts_is_scsi_name(name);
        (void) facts_says_card_reader(all);
        free(name);
        free(all);

        fd = attribute(data, size);
        if (sysfs_read_text(fd, "attribute", out, sizeof(out)) >= 0)
                must_be_clean(out, strlen(out));
        if (sysfs_read_number(fd, "attribute", 10, 65535, &value) == 0)
                must(value <= 65535);
        if (sysfs_read_number(fd, "attribute", 16, UINT64_MAX, &value) == 0)
                must(size > 0);
        return 0;
}
