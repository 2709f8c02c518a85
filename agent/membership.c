/* SPDX-License-Identifier: GPL-3.0-or-later */

/* By the C library, and so by whatever /etc/nsswitch.conf names. A user whom it does not know is in no group for sure only
 * when all of them are asked, so that nothing is said of him. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/membership.h"
#include "common/cleanup.h"

#define ENTRY_MAX  (1024 * 1024) /* bytes of one user or group with its members */
#define GROUPS_MAX 65536         /* the kernel's own NGROUPS_MAX */

/* What answers is not our code, and needs none of what the agent may. */
static int drop_capabilities(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

        return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

/* All groups of the user, -1 when that cannot be said. */
static int groups_of(uid_t uid, char *buffer, gid_t *groups)
{
        struct passwd entry, *user = NULL;
        int n = GROUPS_MAX;

        if (getpwuid_r(uid, &entry, buffer, ENTRY_MAX, &user) != 0 || !user)
                return -1;
        return getgrouplist(user->pw_name, user->pw_gid, groups, &n);
}

static char answer(const char *name, char *buffer, const gid_t *groups, int n)
{
        struct group entry, *group = NULL;
        int r = getgrnam_r(name, &entry, buffer, ENTRY_MAX, &group);

        if (r != 0 && r != ENOENT)
                return MEMBERSHIP_UNKNOWN;
        if (!group)
                return MEMBERSHIP_NO_GROUP;
        if (n < 0)
                return MEMBERSHIP_UNKNOWN;
        for (int i = 0; i < n; i++)
                if (groups[i] == group->gr_gid)
                        return MEMBERSHIP_YES;
        return MEMBERSHIP_NO;
}

int membership_answer(int n, char *const *words)
{
        CLEANUP(cleanup_free) char *buffer = malloc(ENTRY_MAX);
        CLEANUP(cleanup_free) gid_t *groups = calloc(GROUPS_MAX, sizeof(*groups));
        unsigned long uid;
        char *end;
        int found;

        (void) alarm(MEMBERSHIP_SECONDS_MAX);
        errno = 0;
        uid = n > 0 ? strtoul(words[0], &end, 10) : 0;
        if (!buffer || !groups || n < 1 || errno != 0 || end == words[0] || *end != '\0' || uid >= (uid_t) -1 ||
            drop_capabilities() < 0)
                return EXIT_FAILURE;
        found = groups_of((uid_t) uid, buffer, groups);
        for (int i = 1; i < n; i++)
                putchar(answer(words[i], buffer, groups, found));
        putchar('\n');
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
