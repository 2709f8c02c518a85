/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Small `key=value` files. They are root's, written by the gate, so a strange one is a bug and no attack; still nothing
 * here can do more than find no answer. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/facts.h"
#include "agent/rundir.h"
#include "common/cleanup.h"
#include "common/sysfs.h"
#include "common/text.h"

#define FILE_MAX 8192U /* bytes of one file */

/* The value of the line `key=` in text, as a new string; NULL when there is none or no memory. */
static char *value_of(const char *text, const char *key)
{
        size_t length = strlen(key);

        for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
                if (strncmp(line, key, length) == 0 && line[length] == '=')
                        return strndup(line + length + 1, strcspn(line + length + 1, "\n"));
        return NULL;
}

static bool number_of(const char *text, const char *key, uint64_t *ret)
{
        CLEANUP(cleanup_free) char *value = value_of(text, key);
        char *end;

        if (!value || value[0] < '0' || value[0] > '9')
                return false;
        errno = 0;
        *ret = strtoull(value, &end, 10);
        return errno == 0 && *end == '\0';
}

static bool read_file(int dirfd, const char *name, char *text, size_t size)
{
        ssize_t n = sysfs_read(dirfd, name, text, size - 1);

        if (n < 0)
                return false;
        text[n] = '\0';
        return true;
}

static int open_directory(const char *run, const char *name)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", run, name);
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void exempt_clear(struct exempt *exempt)
{
        free(exempt->name);
        free(exempt->devpath);
        free(exempt->carries);
}

void rundir_exempts_clear(struct exempts *exempts)
{
        for (size_t i = 0; i < exempts->n; i++)
                exempt_clear(&exempts->items[i]);
        free(exempts->items);
        *exempts = (struct exempts){ 0 };
}

static bool exempt_parse(const char *name, const char *text, struct exempt *ret)
{
        struct exempt exempt = { .name = strdup(name),
                                 .devpath = value_of(text, "devpath"),
                                 .carries = value_of(text, "carries") };

        if (!exempt.carries)
                exempt.carries = strdup("");
        if (exempt.name && exempt.carries && exempt.devpath && number_of(text, "diskseq", &exempt.diskseq)) {
                text_clean(exempt.carries, strlen(exempt.carries), exempt.carries, strlen(exempt.carries) + 1);
                *ret = exempt;
                return true;
        }
        exempt_clear(&exempt);
        return false;
}

int rundir_exempts(const char *run, struct exempts *ret)
{
        CLEANUP(cleanup_closedir) DIR *directory = NULL;
        struct exempts exempts = { 0 };
        struct dirent *entry;
        int fd = open_directory(run, "exempt");

        if (fd < 0) {
                *ret = exempts;
                return 0;
        }
        directory = fdopendir(fd);
        exempts.items = calloc(RUNDIR_EXEMPT_MAX, sizeof(*exempts.items));
        if (!directory || !exempts.items) {
                if (!directory)
                        close(fd);
                free(exempts.items);
                return -ENOMEM;
        }
        while (exempts.n < RUNDIR_EXEMPT_MAX && (entry = readdir(directory))) {
                char text[FILE_MAX];

                if (entry->d_name[0] != '.' && read_file(fd, entry->d_name, text, sizeof(text)) &&
                    exempt_parse(entry->d_name, text, &exempts.items[exempts.n]))
                        exempts.n++;
        }
        *ret = exempts;
        return 0;
}

const struct exempt *rundir_find_exempt(const struct exempts *exempts, const char *sys, const char *devpath)
{
        for (size_t i = 0; i < exempts->n; i++) {
                const struct exempt *exempt = &exempts->items[i];
                CLEANUP(cleanup_close) int fd = -1;
                uint64_t diskseq;

                if (!text_path_below(exempt->devpath, devpath))
                        continue;
                fd = sysfs_open(sys, exempt->devpath);
                if (fd >= 0 && facts_diskseq(fd, &diskseq) == 0 && diskseq == exempt->diskseq)
                        return exempt;
        }
        return NULL;
}

bool rundir_refused(const char *run, const char *name, unsigned devnum)
{
        CLEANUP(cleanup_close) int fd = open_directory(run, "refused");
        char text[FILE_MAX];
        uint64_t found;

        return fd >= 0 && read_file(fd, name, text, sizeof(text)) && number_of(text, "devnum", &found) &&
               found == devnum;
}

bool rundir_phone(const char *run, const char *name, unsigned devnum)
{
        unsigned busnum;
        char path[PATH_MAX];

        if (sscanf(name, "%3u-", &busnum) != 1)
                return false;
        snprintf(path, sizeof(path), "%s/phone/%03u-%03u", run, busnum, devnum % 1000);
        return access(path, F_OK) == 0;
}

static bool has_grant(const char *run, const char *kind, uint64_t diskseq)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s/%" PRIu64, run, kind, diskseq);
        return access(path, F_OK) == 0;
}

enum rundir_grant rundir_granted(const char *run, uint64_t diskseq)
{
        if (has_grant(run, "readonly", diskseq))
                return RUNDIR_READ_ONLY;
        if (has_grant(run, "encrypted", diskseq))
                return RUNDIR_ENCRYPTED;
        return has_grant(run, "grant", diskseq) ? RUNDIR_OPEN : RUNDIR_HIDDEN;
}
