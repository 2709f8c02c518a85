/* links: collector/store_sqlite.c collector/store_add.c collector/store_read.c collector/store_audit.c collector/store_register.c collector/secret.c collector/schema.c collector/store.c collector/interval.c collector/batch.c libs: sqlite3 libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Signs of life in the store: the last one is kept alone, and none comes twice. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/store.h"

#define HOST "7d444840-9dc0-41d1-b245-5ffdce74fad2"

struct place {
        char folder[64];
        struct store *store;
};

static int set_up(void **state)
{
        struct place *place = calloc(1, sizeof(*place));
        char path[128];

        if (!place)
                return -1;
        strcpy(place->folder, "/tmp/lekdicht-heartbeat-XXXXXX");
        *state = place;
        if (!mkdtemp(place->folder))
                return -1;
        snprintf(path, sizeof(path), "%s/store", place->folder);
        return store_open(path, &place->store);
}

static int tear_down(void **state)
{
        struct place *place = *state;
        char command[128];

        store_close(place->store);
        snprintf(command, sizeof(command), "rm -r %s", place->folder);
        free(place);
        return system(command);
}

/* A sign of life of that number with these attributes comes in. */
static void send(struct store *store, uint64_t seq, const char *attributes)
{
        struct batch *batch = batch_new();
        struct batch_record *record;

        assert_non_null(batch);
        strcpy(batch->resources[0].host, HOST);
        batch->n_resources = 1;
        assert_int_equal(batch_add(batch, &record), 0);
        snprintf(record->uid, sizeof(record->uid), "%026u", (unsigned) seq);
        strcpy(record->name, "lekdicht.agent.heartbeat");
        record->seq = seq;
        record->time_ns = seq;
        record->attributes = strdup(attributes);
        assert_non_null(record->attributes);
        assert_int_equal(store_add(store, &batch, 1, seq), 0);
        batch_free(batch);
}

static void assert_last(struct store *store, const char *attributes)
{
        struct store_laptops laptops;

        assert_int_equal(store_laptops(store, 10, &laptops), 0);
        assert_int_equal(laptops.n, 1);
        assert_string_equal(laptops.items[0].heartbeat, attributes);
        assert_int_equal(laptops.items[0].events, 0);
        store_laptops_clear(&laptops);
}

static void the_last_one_is_kept(void **state)
{
        struct place *place = *state;

        send(place->store, 3, "{\"n\":3}");
        assert_last(place->store, "{\"n\":3}");
        send(place->store, 5, "{\"n\":5}");
        assert_last(place->store, "{\"n\":5}");
        send(place->store, 4, "{\"n\":4}"); /* late */
        assert_last(place->store, "{\"n\":5}");
}

static void none_comes_twice(void **state)
{
        struct place *place = *state;
        struct intervals numbers;

        send(place->store, 3, "{\"n\":3}");
        send(place->store, 3, "{\"n\":\"again\"}");
        assert_last(place->store, "{\"n\":3}");
        assert_int_equal(store_intervals(place->store, HOST, &numbers), 0);
        assert_int_equal(numbers.n, 1);
        assert_int_equal(numbers.items[0].first, 3);
        assert_int_equal(numbers.items[0].last, 3);
        intervals_clear(&numbers);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_last_one_is_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(none_comes_twice, set_up, tear_down),
        };

        return cmocka_run_group_tests_name("collector heartbeat", tests, NULL, NULL);
}
