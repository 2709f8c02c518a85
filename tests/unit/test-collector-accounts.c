/* links: collector/accounts.c collector/password.c collector/roles.c collector/store_accounts.c collector/store_sqlite.c collector/store_register.c collector/store_audit.c collector/secret.c collector/schema.c collector/store.c collector/interval.c collector/batch.c libs: sqlite3 libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What accounts.h promises of accounts, passwords and sessions. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/accounts.h"

#define NOW UINT64_C(1800000000)

static char folder[64], path[128];
static struct store *store;

static int set_up(void **state)
{
        (void) state;
        snprintf(folder, sizeof(folder), "/tmp/lekdicht-accounts-XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/c.db", folder);
        return store_open(path, &store);
}

static int tear_down(void **state)
{
        (void) state;
        store_close(store);
        unlink(path);
        return rmdir(folder);
}

static void add(const char *name, enum role role, const char *site)
{
        struct account account = { .role = role, .made = NOW };

        strcpy(account.name, name);
        strcpy(account.site, site);
        assert_int_equal(accounts_add(store, &account, "hash"), 0);
}

static void a_password_is_known_again(void **state)
{
        char hash[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE], text[PASSWORD_MAX + 2];

        (void) state;
        assert_int_equal(password_hash("correct horse", hash), 0);
        assert_int_equal(strncmp(hash, "$argon2id$v=19$m=32768,t=3,p=1$", 31), 0);
        assert_int_equal(password_hash("correct horse", other), 0);
        assert_string_not_equal(hash, other); /* a salt of its own */
        assert_int_equal(password_check("correct horse", hash), 1);
        assert_int_equal(password_check("correct horsf", hash), 0);
        assert_int_equal(password_check("", hash), 0);
        assert_int_equal(password_check("correct horse", NULL), 0);
        assert_int_equal(password_check("correct horse", "no hash"), 0);
        assert_int_equal(password_hash("11 letters.", hash), -EINVAL);
        memset(text, 'x', sizeof(text));
        text[PASSWORD_MAX + 1] = '\0';
        assert_int_equal(password_hash(text, hash), -EINVAL);
}

static void names_that_there_can_be(void **state)
{
        (void) state;
        assert_true(account_is_name("j.de-vries_2"));
        assert_true(account_is_name("12345678901234567890123456789012"));
        assert_false(account_is_name("123456789012345678901234567890123"));
        assert_false(account_is_name(""));
        assert_false(account_is_name("-x"));
        assert_false(account_is_name("jan piet"));
        assert_false(account_is_name("jan@school"));
        assert_false(account_is_name("jos\xC3\xA9"));
}

static void accounts_come_and_go(void **state)
{
        struct account account = { .name = "jan", .role = ROLE_IT, .made = NOW };
        char hash[PASSWORD_HASH_SIZE];
        struct accounts list;

        (void) state;
        assert_int_equal(accounts_any(store), 0);
        add("piet", ROLE_VIEWER, "De Brug");
        add("jan", ROLE_AUDITOR, "");
        assert_int_equal(accounts_any(store), 1);
        assert_int_equal(accounts_add(store, &account, "other"), -EEXIST);
        assert_int_equal(accounts_list(store, &list), 0);
        assert_int_equal(list.n, 2);
        assert_string_equal(list.items[0].name, "jan");
        assert_string_equal(list.items[1].site, "De Brug");
        accounts_clear(&list);
        assert_int_equal(accounts_find(store, "jan", &account, hash), 0);
        assert_int_equal(account.role, ROLE_AUDITOR);
        assert_string_equal(hash, "hash");
        assert_int_equal(accounts_set_password(store, "jan", "new"), 0);
        assert_int_equal(accounts_find(store, "jan", &account, hash), 0);
        assert_string_equal(hash, "new");
        assert_int_equal(accounts_set_password(store, "els", "new"), -ENOENT);
        assert_int_equal(accounts_remove(store, "jan"), 0);
        assert_int_equal(accounts_remove(store, "jan"), -ENOENT);
        assert_int_equal(accounts_find(store, "jan", &account, hash), -ENOENT);
        assert_int_equal(accounts_remove(store, "piet"), 0);
        assert_int_equal(accounts_any(store), 0);
}

static void a_session_ends(void **state)
{
        unsigned char mine[SECRET_HASH_SIZE] = { 1 }, other[SECRET_HASH_SIZE] = { 2 };
        struct account account;
        uint64_t now = NOW;

        (void) state;
        add("jan", ROLE_IT, "");
        assert_int_equal(sessions_begin(store, "jan", mine, now), 0);
        assert_int_equal(sessions_begin(store, "els", other, now), -ENOENT);
        assert_int_equal(sessions_find(store, other, now, &account), -ENOKEY);
        assert_int_equal(sessions_find(store, mine, now, &account), 0);
        assert_string_equal(account.name, "jan");
        assert_int_equal(account.seen, NOW);
        assert_int_equal(sessions_find(store, mine, now - 1, &account), -ENOKEY); /* the clock was put back */

        /* Nobody looked for an hour. */
        assert_int_equal(sessions_find(store, mine, now + SESSION_IDLE_SECONDS, &account), -ENOKEY);
        assert_int_equal(sessions_find(store, mine, now + SESSION_IDLE_SECONDS - 1, &account), 0);
        now += SESSION_IDLE_SECONDS - 1;

        /* Somebody looked all the time. */
        while (now < NOW + SESSION_SECONDS - 1000) {
                assert_int_equal(sessions_find(store, mine, now, &account), 0);
                now += 1000;
        }
        assert_int_equal(sessions_find(store, mine, NOW + SESSION_SECONDS - 1, &account), 0);
        assert_int_equal(sessions_find(store, mine, NOW + SESSION_SECONDS, &account), -ENOKEY);
}

static void sessions_end_with_the_password_and_the_account(void **state)
{
        unsigned char one[SECRET_HASH_SIZE] = { 1 }, two[SECRET_HASH_SIZE] = { 2 };
        struct account account;

        (void) state;
        add("jan", ROLE_IT, "");
        add("els", ROLE_IT, "");
        assert_int_equal(sessions_begin(store, "jan", one, NOW), 0);
        assert_int_equal(sessions_begin(store, "els", two, NOW), 0);
        assert_int_equal(accounts_set_password(store, "jan", "new"), 0);
        assert_int_equal(sessions_find(store, one, NOW, &account), -ENOKEY);
        assert_int_equal(sessions_find(store, two, NOW, &account), 0);
        assert_int_equal(accounts_remove(store, "els"), 0);
        assert_int_equal(sessions_find(store, two, NOW, &account), -ENOKEY);
        add("els", ROLE_IT, ""); /* the same name again is somebody else */
        assert_int_equal(sessions_find(store, two, NOW, &account), -ENOKEY);
        assert_int_equal(sessions_begin(store, "els", two, NOW), 0);
        assert_int_equal(sessions_end(store, two), 0);
        assert_int_equal(sessions_find(store, two, NOW, &account), -ENOKEY);
        assert_int_equal(sessions_end(store, two), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_password_is_known_again),
                cmocka_unit_test(names_that_there_can_be),
                cmocka_unit_test_setup_teardown(accounts_come_and_go, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_session_ends, set_up, tear_down),
                cmocka_unit_test_setup_teardown(sessions_end_with_the_password_and_the_account, set_up, tear_down),
        };

        return cmocka_run_group_tests_name("collector accounts", tests, NULL, NULL);
}
