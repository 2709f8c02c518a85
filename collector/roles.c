/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/roles.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
        const char *name;
        bool site;
        unsigned rights;
} roles[_ROLE_MAX] = {
        [ROLE_VIEWER] = { "viewer", true, RIGHT_LAPTOPS | RIGHT_EVENTS },
        [ROLE_IT] = { "it", false, RIGHT_LAPTOPS | RIGHT_EVENTS | RIGHT_EXPORT },
        [ROLE_PRIVACY] = { "privacy-officer", false, RIGHT_LAPTOPS | RIGHT_EVENTS | RIGHT_EXPORT },
        [ROLE_AUDITOR] = { "auditor", false, RIGHT_LAPTOPS },
};

const char *role_to_string(enum role role)
{
        return roles[role].name;
}

int role_from_string(const char *text)
{
        for (int i = 0; i < _ROLE_MAX; i++)
                if (strcmp(roles[i].name, text) == 0)
                        return i;
        return -EINVAL;
}

bool role_may(enum role role, enum right right)
{
        return (roles[role].rights & right) != 0;
}

bool role_has_site(enum role role)
{
        return roles[role].site;
}
