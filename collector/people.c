/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/people.h"

#include <errno.h>
#include <string.h>

#include "collector/accounts.h"
#include "collector/ask.h"
#include "common/cleanup.h"
#include "common/text.h"

/* Ask for a password and make of it what is kept. */
static int new_password(const struct admin *admin, char ret[static PASSWORD_HASH_SIZE])
{
        char password[PASSWORD_MAX + 2];
        int r = ask_password("Password", password, sizeof(password));

        if (r == 0)
                r = password_hash(password, ret);
        explicit_bzero(password, sizeof(password));
        switch (r) {
        case 0:
                return 0;
        case -EKEYREJECTED:
                return admin_fail(admin, r, "these two are not the same");
        case -ENODATA:
        case -EMSGSIZE:
        case -EINVAL:
                return admin_fail(admin, r, "a password has %u to %u bytes", PASSWORD_MIN, PASSWORD_MAX);
        default:
                return admin_fail(admin, r, "the password cannot be read: %s", strerror(-r));
        }
}

static int read_site(const struct admin *admin, struct account *account)
{
        const char *site = admin->site ? admin->site : "";

        (void) text_clean(site, strlen(site), account->site, sizeof(account->site));
        if (strcmp(account->site, site) != 0)
                return admin_fail(admin, -EINVAL, "a site has 1 to %u bytes that can be shown", REGISTER_SITE_MAX);
        if (role_has_site(account->role) && !site[0])
                return admin_fail(admin, -EINVAL, "a %s is of one site; say which by --site",
                                  role_to_string(account->role));
        if (!role_has_site(account->role) && admin->site)
                return admin_fail(admin, -EINVAL, "this role is for all sites; --site is for a viewer");
        return 0;
}

int people_add(const struct admin *admin)
{
        int role = admin->role ? role_from_string(admin->role) : -EINVAL;
        struct account account = { .made = admin_now() };
        char hash[PASSWORD_HASH_SIZE];
        int r;

        if (!account_is_name(admin->argument))
                return admin_fail(admin, -EINVAL, "a name has 1 to %u letters, digits, dots, - and _",
                                  ACCOUNT_NAME_MAX);
        if (role < 0)
                return admin_fail(admin, -EINVAL, "say by --role what it may: viewer, it, privacy-officer or auditor");
        strcpy(account.name, admin->argument);
        account.role = (enum role) role;
        r = read_site(admin, &account);
        if (r == 0)
                r = new_password(admin, hash);
        if (r < 0)
                return r;
        r = accounts_add(admin->store, &account, hash);
        if (r == -EEXIST)
                return admin_fail(admin, r, "there is an account of this name");
        if (r == -EDQUOT)
                return admin_fail(admin, r, "there are %u accounts, and no more are kept", ACCOUNTS_MAX);
        return r < 0 ? admin_fail_store(admin, r) : 0;
}

static int done(const struct admin *admin, int r)
{
        if (r == -ENOENT)
                return admin_fail(admin, r, "there is no account of this name; `lekdicht-collector users` has them");
        return r < 0 ? admin_fail_store(admin, r) : 0;
}

int people_remove(const struct admin *admin)
{
        int r = done(admin, accounts_remove(admin->store, admin->argument));

        if (r == 0 && accounts_any(admin->store) == 0)
                fprintf(admin->err, "That was the last account. Until there is one again, the page is shown to this "
                                    "machine only, and to everybody there.\n");
        return r;
}

int people_password(const struct admin *admin)
{
        char hash[PASSWORD_HASH_SIZE], old[PASSWORD_HASH_SIZE];
        struct account account;
        int r = done(admin, accounts_find(admin->store, admin->argument, &account, old));

        if (r == 0)
                r = new_password(admin, hash);
        return r < 0 ? r : done(admin, accounts_set_password(admin->store, admin->argument, hash));
}

int people_list(const struct admin *admin)
{
        CLEANUP(accounts_clear) struct accounts accounts = { 0 };
        char date[ADMIN_DATE_SIZE];
        int r = accounts_list(admin->store, &accounts);

        if (r < 0)
                return admin_fail_store(admin, r);
        fprintf(admin->out, "%-32s  %-15s  %-10s  %s\n", "NAME", "ROLE", "SIGNED IN", "SITE");
        for (size_t i = 0; i < accounts.n; i++) {
                const struct account *account = &accounts.items[i];

                admin_format_date(account->seen, date);
                fprintf(admin->out, "%-32s  %-15s  %-10s  %s\n", account->name, role_to_string(account->role),
                        account->seen ? date : "never", account->site[0] ? account->site : "all");
        }
        return 0;
}
