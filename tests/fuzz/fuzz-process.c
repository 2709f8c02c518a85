/* links: watcher/process.c watcher/fusemounts.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as stat, status, cgroup, command line or mountinfo of a process. What is accepted must be a part of what was
 * given. The first byte, a digit in the corpus, says which. */

#include <stdbool.h>
#include <string.h>

#include "tests/fuzz/check.h"
#include "watcher/fusemounts.h"
#include "watcher/process.h"

static void fuzz_cgroup(const char *text, size_t size)
{
        char id[PROCESS_FLATPAK_MAX], snap[PROCESS_SNAP_MAX];

        memset(id, 0x55, sizeof(id));
        process_parse_flatpak(text, size, id);
        CHECK(memchr(id, '\0', sizeof(id)));
        CHECK(!strpbrk(id, "/\n"));
        CHECK(id[0] == '\0' || memmem(text, size, id, strlen(id)));
        memset(snap, 0x55, sizeof(snap));
        process_parse_snap(text, size, snap);
        CHECK(memchr(snap, '\0', sizeof(snap)));
        CHECK(!strpbrk(snap, "/\n."));
        CHECK(snap[0] == '\0' || memmem(text, size, snap, strlen(snap)));
}

static void fuzz_arguments(const char *text, size_t size)
{
        static struct process process;
        struct process_marks marks;
        const char *end;

        process.arguments_size = size < PROCESS_ARGUMENTS_MAX ? size : PROCESS_ARGUMENTS_MAX;
        memcpy(process.arguments, text, process.arguments_size);
        end = process.arguments + process.arguments_size;
        process_marks(&process, &marks);
        for (size_t i = 0; i < CATALOGUE_ARGUMENTS && marks.arguments[i]; i++) {
                CHECK(marks.arguments[i] >= process.arguments && marks.arguments[i] < end);
                CHECK(memchr(marks.arguments[i], '\0', (size_t) (end - marks.arguments[i])));
        }
}

static void fuzz_mount(const char *text, size_t size)
{
        struct mount_seen seen;

        memset(&seen, 0x55, sizeof(seen));
        if (fusemounts_parse(text, size, &seen) <= 0)
                return;
        CHECK(strncmp(seen.type, "fuse", 4) == 0 && (seen.type[4] == '\0' || seen.type[4] == '.'));
        CHECK(memchr(seen.type, '\0', sizeof(seen.type)) && memchr(seen.source, '\0', sizeof(seen.source)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text;
        uint64_t start;
        uid_t uid;
        gid_t gid;

        if (size == 0)
                return 0;
        text = malloc(size - 1 ?: 1); /* exactly so much: what is read behind it is seen */
        CHECK(text);
        memcpy(text, data + 1, size - 1);
        switch ((data[0] - '0') % 5) {
        case 0:
                (void) process_parse_start(text, size - 1, &start);
                break;
        case 1:
                (void) process_parse_user(text, size - 1, &uid, &gid);
                break;
        case 2:
                fuzz_cgroup(text, size - 1);
                break;
        case 3:
                fuzz_arguments(text, size - 1);
                break;
        default:
                fuzz_mount(text, size - 1);
                break;
        }
        free(text);
        return 0;
}
