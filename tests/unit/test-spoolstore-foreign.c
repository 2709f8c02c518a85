/* links: agent/hostid.c agent/spoolstore.c agent/spooldb.c agent/spoolmark.c agent/spoolmeta.c agent/spoolowner.c agent/spoolrecords.c agent/spoolroom.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: sqlite3 libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A database in the spool's place that is not the spool's, or that of another version: it is set aside whole. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "agent/spoolstore.h"

#define NOW 1800000000U

struct place {
        char folder[64], path[128];
};

static int set_up(void **state)
{
        struct place *place = calloc(1, sizeof(*place));

        if (!place)
                return -1;
        strcpy(place->folder, "/tmp/lekdicht-foreign-XXXXXX");
        *state = place;
        if (!mkdtemp(place->folder))
                return -1;
        snprintf(place->path, sizeof(place->path), "%s/spool.db", place->folder);
        return 0;
}

static int tear_down(void **state)
{
        struct place *place = *state;
        char command[128];

        snprintf(command, sizeof(command), "rm -r %s", place->folder);
        free(place);
        return system(command);
}

static void run_sql(const struct place *place, const char *sql)
{
        sqlite3 *db;

        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

/* Open and close it. Was it replaced? */
static bool is_replaced(const struct place *place)
{
        struct spoolstore *store;
        bool replaced;

        assert_int_equal(spoolstore_open(place->path, NULL, 0, false, NOW, &store), 0);
        replaced = spoolstore_state(store)->replaced;
        spoolstore_close(store);
        return replaced;
}

static void our_own_is_kept(void **state)
{
        struct place *place = *state;

        assert_false(is_replaced(place));
        assert_false(is_replaced(place));
}

static void another_version_is_set_aside(void **state)
{
        struct place *place = *state;

        assert_false(is_replaced(place));
        run_sql(place, "PRAGMA user_version = 9999");
        assert_true(is_replaced(place));
        assert_false(is_replaced(place));
}

static void another_programs_is_set_aside(void **state)
{
        struct place *place = *state;

        assert_false(is_replaced(place));
        run_sql(place, "PRAGMA application_id = 1");
        assert_true(is_replaced(place));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(our_own_is_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(another_version_is_set_aside, set_up, tear_down),
                cmocka_unit_test_setup_teardown(another_programs_is_set_aside, set_up, tear_down),
        };

        return cmocka_run_group_tests_name("spoolstore foreign", tests, NULL, NULL);
}
