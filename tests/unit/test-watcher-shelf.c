/* links: watcher/shelf.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The catalogue and the school's own files: later ones correct earlier ones, and a bad one costs nothing but itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "watcher/shelf.h"

static char folder[] = "/tmp/lekdicht-shelf.XXXXXX";

static const char *put(const char *name, const char *text)
{
        static char path[128];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, 0644), 0);
        return path;
}

#define CLIENT(label)                                                                                                  \
        "[catalogue]\nversion = 1\n[client box]\nlabel = " label                                                       \
        "\nservice = box\ncategory = sync\nexe = V /usr/bin/box\n"

static void files_are_read_in_the_order_of_their_names(void **state)
{
        struct catalogue *catalogue;
        char link[128], command[128];

        (void) state;
        assert_non_null(mkdtemp(folder));
        assert_int_equal(catalogue_new(&catalogue), 0);
        shelf_directory(catalogue, "/nonexistent", POLICY_REQUIRE_ROOT_OWNED);
        put("20-b.ini", CLIENT("Second"));
        put("10-a.ini", CLIENT("First"));
        put("30-c.ini", "nonsense\n");
        put(".40.ini", CLIENT("Hidden"));
        put("50.ini~", CLIENT("Backup copy"));
        assert_int_equal(chmod(put("60.ini", CLIENT("Anybody's")), 0666), 0);
        snprintf(link, sizeof(link), "%s/70.ini", folder);
        assert_int_equal(symlink("10-a.ini", link), 0);
        shelf_directory(catalogue, folder, POLICY_REQUIRE_ROOT_OWNED);
        assert_int_equal(catalogue_size(catalogue), 1);
        assert_string_equal(catalogue_client(catalogue, 0)->label, "Second");
        shelf_file(catalogue, "policy/clients.ini", 0);
        assert_true(catalogue_size(catalogue) > 40);
        catalogue_free(catalogue);
        snprintf(command, sizeof(command), "rm -rf %s", folder);
        assert_int_equal(system(command), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(files_are_read_in_the_order_of_their_names) };

        return cmocka_run_group_tests_name("watcher-shelf", tests, NULL, NULL);
}
