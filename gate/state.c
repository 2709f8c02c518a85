/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A file's presence is the message wherever that is enough, because udev rules (TEST==), modprobe.d and systemd conditions
 * can ask for nothing else. */

#include "gate/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"
#include "gate/attr.h"
#include "common/sysfs.h"

#define WISH_FILE "gate.open"

static int join(char *ret, size_t size, const char *root, const char *directory, const char *name)
{
        int n = snprintf(ret, size, "%s/%s%s%s", root, directory ? directory : "", directory ? "/" : "", name);

        return n < 0 || (size_t) n >= size ? -ENAMETOOLONG : 0;
}

static int make_directory(const char *path)
{
        return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int state_prepare(const struct roots *roots)
{
        static const char *const directories[] = {
                STATE_GRANTS, STATE_READONLY, STATE_ENCRYPTED, STATE_REFUSED,
                STATE_NODES,  STATE_PHONES,   STATE_UNBOUND,   STATE_EXEMPT,
        };
        char path[PATH_MAX];
        int r;

        r = make_directory(roots->run);
        for (size_t i = 0; r == 0 && i < sizeof directories / sizeof directories[0]; i++) {
                r = join(path, sizeof path, roots->run, NULL, directories[i]);
                if (r == 0)
                        r = make_directory(path);
        }
        return r;
}

/* Durable says whether it must survive a power cut (the wish) or only has to be seen whole (/run). */
static int put(const char *path, const char *text, bool durable)
{
        char aside[PATH_MAX];

        /* The process id keeps two gates apart that work on two devices at the same time. */
        if ((size_t) snprintf(aside, sizeof aside, "%s.new-%d", path, (int) getpid()) >= sizeof aside)
                return -ENAMETOOLONG;
        return (durable ? durable_replace : durable_swap)(path, aside, 0644, text, strlen(text));
}

int state_put(const struct roots *roots, const char *directory, const char *name, const char *text)
{
        char path[PATH_MAX];
        int r;

        r = join(path, sizeof path, roots->run, directory, name);
        return r < 0 ? r : put(path, text, false);
}

int state_remove(const struct roots *roots, const char *directory, const char *name)
{
        char path[PATH_MAX];
        int r;

        r = join(path, sizeof path, roots->run, directory, name);
        if (r < 0)
                return r;
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

bool state_has(const struct roots *roots, const char *directory, const char *name)
{
        char path[PATH_MAX];

        return join(path, sizeof path, roots->run, directory, name) == 0 && access(path, F_OK) == 0;
}

int state_get(const struct roots *roots, const char *directory, const char *name, char *buffer, size_t size)
{
        char path[PATH_MAX];
        int r;

        r = join(path, sizeof path, roots->run, directory, name);
        return r < 0 ? r : (int) attr_read(AT_FDCWD, path, buffer, size);
}

bool state_value(const char *text, const char *key, char *buffer, size_t size)
{
        size_t length = strlen(key);

        for (const char *line = text; line; line = strchr(line, '\n')) {
                size_t value;

                line += *line == '\n';
                if (strncmp(line, key, length) != 0 || line[length] != '=')
                        continue;
                line += length + 1;
                value = strcspn(line, "\n");
                if (value >= size)
                        return false;
                memcpy(buffer, line, value);
                buffer[value] = '\0';
                return true;
        }
        return false;
}

int state_foreach(const struct roots *roots, const char *directory, int (*callback)(const char *name, void *userdata),
                  void *userdata)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        char path[PATH_MAX];
        int r;

        r = join(path, sizeof path, roots->run, NULL, directory);
        if (r < 0)
                return r;
        stream = opendir(path);
        if (!stream)
                return errno == ENOENT ? 0 : -errno;
        for (;;) {
                const struct dirent *entry;

                errno = 0;
                entry = readdir(stream);
                if (!entry)
                        return -errno;
                if (entry->d_name[0] == '.' || strstr(entry->d_name, ".new-"))
                        continue;
                r = callback(entry->d_name, userdata);
                if (r != 0)
                        return r;
        }
}

/* Where there are several kinds of grant the one that gives least counts, here and to the rules. */
static const struct {
        const char *directory;
        enum grant grant;
} grants[] = {
        { STATE_READONLY, GRANT_READ_ONLY },
        { STATE_ENCRYPTED, GRANT_ENCRYPTED },
        { STATE_GRANTS, GRANT_FULL },
};

#define GRANTS (sizeof grants / sizeof grants[0])

/* So at a change the new one is written first and then the others go: in between it is never open for more than it was or
 * will be. */
static int put_grant(const struct roots *roots, enum grant grant, uint64_t diskseq, const char *text)
{
        char name[24];
        int r = 0;

        snprintf(name, sizeof name, "%" PRIu64, diskseq);
        for (size_t i = 0; i < GRANTS; i++)
                if (grants[i].grant == grant)
                        r = state_put(roots, grants[i].directory, name, text);
        for (size_t i = 0; r == 0 && i < GRANTS; i++)
                if (grants[i].grant != grant)
                        r = state_remove(roots, grants[i].directory, name);
        return r;
}

int state_grant(const struct roots *roots, uint64_t diskseq, const char *text)
{
        return put_grant(roots, GRANT_FULL, diskseq, text);
}

int state_grant_readonly(const struct roots *roots, uint64_t diskseq, const char *text)
{
        return put_grant(roots, GRANT_READ_ONLY, diskseq, text);
}

int state_grant_encrypted(const struct roots *roots, uint64_t diskseq, const char *text)
{
        return put_grant(roots, GRANT_ENCRYPTED, diskseq, text);
}

/* The one that gives most goes first. */
int state_revoke(const struct roots *roots, uint64_t diskseq)
{
        char name[24];
        int r = 0;

        snprintf(name, sizeof name, "%" PRIu64, diskseq);
        for (size_t i = GRANTS; r == 0 && i-- > 0;)
                r = state_remove(roots, grants[i].directory, name);
        return r;
}

enum grant state_granted(const struct roots *roots, uint64_t diskseq)
{
        char name[24];

        snprintf(name, sizeof name, "%" PRIu64, diskseq);
        for (size_t i = 0; i < GRANTS; i++)
                if (state_has(roots, grants[i].directory, name))
                        return grants[i].grant;
        return GRANT_NONE;
}

static const char *const wish_texts[] = {
        [WISH_CLOSED] = "closed",
        [WISH_OPEN_BY_COMMAND] = "by-command",
        [WISH_OPEN_FOR_AUDIT] = "audit",
};

const char *wish_name(enum wish wish)
{
        return wish_texts[wish];
}

enum wish state_wish(const struct roots *roots)
{
        char path[PATH_MAX], text[64];

        if (join(path, sizeof path, roots->etc, NULL, WISH_FILE) < 0 || access(path, F_OK) < 0)
                return WISH_CLOSED;
        /* An empty file made by hand in rescue (`touch`) counts as IT's wish. */
        if (attr_read(AT_FDCWD, path, text, sizeof text) >= 0 && strcmp(text, wish_texts[WISH_OPEN_FOR_AUDIT]) == 0)
                return WISH_OPEN_FOR_AUDIT;
        return WISH_OPEN_BY_COMMAND;
}

int state_set_wish(const struct roots *roots, enum wish wish)
{
        char path[PATH_MAX], text[64];
        int r;

        r = join(path, sizeof path, roots->etc, NULL, WISH_FILE);
        if (r < 0)
                return r;
        if (state_wish(roots) == wish)
                return 0;
        if (wish == WISH_CLOSED) {
                r = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
                return r < 0 ? r : durable_sync_directory_of(path);
        }
        r = make_directory(roots->etc);
        snprintf(text, sizeof text, "%s\n", wish_texts[wish]);
        return r < 0 ? r : put(path, text, true);
}
