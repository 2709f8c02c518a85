/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/lockout.h"

#include <stdlib.h>

#include "collector/rate.h"

#define WINDOW_USEC (LOCKOUT_MINUTES * RATE_MINUTE_USEC)

struct lockout {
        struct rate *accounts, *addresses, *known;
};

struct lockout *lockout_new(void)
{
        struct lockout *lockout = calloc(1, sizeof(*lockout));

        if (!lockout)
                return NULL;
        lockout->accounts = rate_new(LOCKOUT_ACCOUNT, WINDOW_USEC);
        lockout->addresses = rate_new(LOCKOUT_ADDRESS, WINDOW_USEC);
        lockout->known = rate_new(LOCKOUT_ACCOUNT, WINDOW_USEC);
        return lockout->accounts && lockout->addresses && lockout->known ? lockout : lockout_free(lockout);
}

struct lockout *lockout_free(struct lockout *lockout)
{
        if (!lockout)
                return NULL;
        rate_free(lockout->known);
        rate_free(lockout->addresses);
        rate_free(lockout->accounts);
        free(lockout);
        return NULL;
}

bool lockout_try(struct lockout *lockout, const char *account, const char *address, bool known, uint64_t now_usec)
{
        if (known)
                return rate_take(lockout->known, account, now_usec);
        if (!rate_take(lockout->addresses, address, now_usec))
                return false;
        if (rate_take(lockout->accounts, account, now_usec))
                return true;
        rate_give(lockout->addresses, address); /* one who is refused by name has not tried */
        return false;
}

void lockout_take_back(struct lockout *lockout, const char *account, const char *address, bool known)
{
        if (known) {
                rate_give(lockout->known, account);
                return;
        }
        rate_give(lockout->accounts, account);
        rate_give(lockout->addresses, address);
}
