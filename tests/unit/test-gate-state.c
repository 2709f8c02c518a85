/* links: gate/state.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The gate's own files: whole or not at all, and read as they were meant. */

#include "tests/unit/fake-machine.h"

#include <signal.h>
#include <sys/resource.h>

#include "gate/state.h"

/* In place of the C library's: what stood where when something was asked to be on the disk. */
static struct machine *synced;
static char syncs[256];

int fsync(int fd)
{
        struct stat st;

        if (synced && fstat(fd, &st) == 0)
                snprintf(syncs + strlen(syncs), sizeof syncs - strlen(syncs), "%s of %ld, then %s; ",
                         S_ISDIR(st.st_mode) ? "directory" : "file", S_ISDIR(st.st_mode) ? 0L : (long) st.st_size,
                         machine_has(synced, "etc/gate.open") ? "there" : "not there");
        return 0;
}

static void the_directories_are_made_once(void **state)
{
        struct machine *m = *state;

        assert_int_equal(state_prepare(&m->roots), 0);
        assert_string_equal(machine_list(m, "run"), "encrypted exempt grant node phone readonly refused unbound ");
        machine_file(m, "x", "run/grant/7");
        assert_int_equal(state_prepare(&m->roots), 0);
        assert_true(machine_has(m, "run/grant/7"));
}

static void where_they_cannot_be_made_it_is_said(void **state)
{
        struct machine *m = *state;

        machine_file(m, "", "run");
        assert_int_equal(state_prepare(&m->roots), -ENOTDIR);
        m->roots.run = machine_string(m, "%s/none/run", m->top);
        assert_int_equal(state_prepare(&m->roots), -ENOENT);
}

static void a_file_is_put_got_and_removed(void **state)
{
        struct machine *m = *state;
        char text[64];
        struct stat st;

        state_prepare(&m->roots);
        assert_false(state_has(&m->roots, STATE_REFUSED, "1-2"));
        assert_int_equal(state_put(&m->roots, STATE_REFUSED, "1-2", "devnum=5\n"), 0);
        assert_true(state_has(&m->roots, STATE_REFUSED, "1-2"));
        assert_string_equal(machine_read(m, "run/refused/1-2"), "devnum=5\n");
        assert_int_equal(state_get(&m->roots, STATE_REFUSED, "1-2", text, sizeof text), strlen("devnum=5"));
        assert_string_equal(text, "devnum=5");
        assert_int_equal(stat(machine_string(m, "%s/run/refused/1-2", m->top), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0644);
        assert_int_equal(state_remove(&m->roots, STATE_REFUSED, "1-2"), 0);
        assert_false(machine_has(m, "run/refused/1-2"));
        assert_int_equal(state_remove(&m->roots, STATE_REFUSED, "1-2"), 0); /* gone already */
        assert_int_equal(state_get(&m->roots, STATE_REFUSED, "1-2", text, sizeof text), -ENOENT);

        assert_int_equal(state_put(&m->roots, NULL, STATE_ARMED, ""), 0);
        assert_string_equal(machine_read(m, "run/armed"), "");
        assert_true(state_has(&m->roots, NULL, STATE_ARMED));
        assert_int_equal(state_remove(&m->roots, NULL, STATE_ARMED), 0);
        assert_false(machine_has(m, "run/armed"));
        assert_int_equal(state_remove(&m->roots, NULL, STATE_GRANTS), -EISDIR);
}

/* Who has the old file open, or a second name for it, goes on seeing the old text whole: it was replaced, not written
 * to. */
static void a_file_is_replaced_whole(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        assert_int_equal(state_put(&m->roots, STATE_REFUSED, "1-2", "devnum=500000\n"), 0);
        assert_int_equal(
                link(machine_string(m, "%s/run/refused/1-2", m->top), machine_string(m, "%s/run/second", m->top)), 0);
        assert_int_equal(state_put(&m->roots, STATE_REFUSED, "1-2", "devnum=6\n"), 0);
        assert_string_equal(machine_read(m, "run/second"), "devnum=500000\n");
        assert_string_equal(machine_read(m, "run/refused/1-2"), "devnum=6\n");
        assert_string_equal(machine_list(m, "run/refused"), "1-2 ");
}

/* No room left: the old text stays and nothing is left beside it. */
static void a_file_that_cannot_be_written_leaves_the_old_one(void **state)
{
        struct machine *m = *state;
        struct rlimit before, none;
        int r, w;

        state_prepare(&m->roots);
        assert_int_equal(state_put(&m->roots, STATE_REFUSED, "1-2", "devnum=5\n"), 0);
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        none = before;
        none.rlim_cur = 3;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        r = state_put(&m->roots, STATE_REFUSED, "1-2", "devnum=6\n");
        w = state_set_wish(&m->roots, WISH_OPEN_BY_COMMAND);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_true(r < 0);
        assert_true(w < 0);
        assert_string_equal(machine_read(m, "run/refused/1-2"), "devnum=5\n");
        assert_string_equal(machine_list(m, "run/refused"), "1-2 ");
        assert_string_equal(machine_list(m, "etc"), "");

        machine_file(m, "", "run/refused/1-3/in-the-way");
        assert_true(state_put(&m->roots, STATE_REFUSED, "1-3", "devnum=6\n") < 0);
        assert_string_equal(machine_list(m, "run/refused"), "1-2 1-3 ");
        assert_int_equal(state_put(&m->roots, "none", "1-3", ""), -ENOENT);
}

/* A link that somebody left where the file is written aside is not followed. */
static void no_link_is_followed(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        machine_file(m, "precious", "victim");
        machine_link(m, "victim", "run/refused/1-2.new-%d", (int) getpid());
        assert_int_equal(state_put(&m->roots, STATE_REFUSED, "1-2", "devnum=6\n"), -ELOOP);
        assert_string_equal(machine_read(m, "victim"), "precious");
        /* A link in place of the file is replaced. */
        machine_link(m, "victim", "run/refused/1-3");
        assert_int_equal(state_put(&m->roots, STATE_REFUSED, "1-3", "devnum=6\n"), 0);
        assert_string_equal(machine_read(m, "victim"), "precious");
        assert_string_equal(machine_read(m, "run/refused/1-3"), "devnum=6\n");
}

static void names_that_are_too_long_are_an_error(void **state)
{
        struct machine *m = *state;
        char name[PATH_MAX], text[8];

        memset(name, 'x', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        assert_int_equal(state_put(&m->roots, NULL, name, ""), -ENAMETOOLONG);
        assert_int_equal(state_remove(&m->roots, NULL, name), -ENAMETOOLONG);
        assert_int_equal(state_get(&m->roots, NULL, name, text, sizeof text), -ENAMETOOLONG);
        assert_false(state_has(&m->roots, NULL, name));
        /* The name fits, the one beside it does not. */
        name[sizeof name - strlen(m->top) - 8] = '\0';
        assert_int_equal(state_put(&m->roots, NULL, name, ""), -ENAMETOOLONG);
}

static void a_value_is_found_by_its_whole_key(void **state)
{
        static const struct {
                const char *text, *key, *value; /* NULL: none */
        } cases[] = {
                { "devnum=5\n", "devnum", "5" },
                { "devnum=5", "devnum", "5" },
                { "devnum=\n", "devnum", "" },
                { "devnum=", "devnum", "" },
                { "devnum\n", "devnum", NULL },
                { "", "devnum", NULL },
                { "\n\n\ndevnum=5\n", "devnum", "5" },
                { "xdevnum=4\ndevnum=5\n", "devnum", "5" },
                { "devnumx=4\ndevnum=5\n", "devnum", "5" },
                { "devpath=/a\ndiskseq=7\ncarries=/\n", "diskseq", "7" },
                { "devpath=/a\ndiskseq=7\ncarries=/", "carries", "/" },
                { "a=devnum=5\n", "devnum", NULL },
                { "devnum=5=6\n", "devnum", "5=6" },
                { "devnum=1\ndevnum=2\n", "devnum", "1" },
                { "devnum =5\n", "devnum", NULL },
                { " devnum=5\n", "devnum", NULL },
                { "devnum=1234567\n", "devnum", "1234567" },
                { "devnum=12345678\n", "devnum", NULL }, /* does not fit: half a value is another value */
        };

        (void) state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char value[8] = "as-was";
                bool found = state_value(cases[i].text, cases[i].key, value, sizeof value);

                if (found != (cases[i].value != NULL) || strcmp(value, cases[i].value ? cases[i].value : "as-was") != 0)
                        fail_msg("\"%s\": %d \"%s\"", cases[i].text, found, value);
        }
}

static int collect(const char *name, void *userdata)
{
        strcat(strcat(userdata, name), " ");
        return strcmp(name, "stop") == 0 ? 42 : 0;
}

static void names_are_called_back_but_not_half_written_ones(void **state)
{
        struct machine *m = *state;
        char names[256] = "";

        assert_int_equal(state_foreach(&m->roots, STATE_GRANTS, collect, names), 0); /* no directory at all */
        state_prepare(&m->roots);
        assert_int_equal(state_foreach(&m->roots, STATE_GRANTS, collect, names), 0);
        assert_string_equal(names, "");
        machine_file(m, "", "run/grant/12");
        machine_file(m, "", "run/grant/13.new-999");
        machine_file(m, "", "run/grant/.hidden");
        assert_int_equal(state_foreach(&m->roots, STATE_GRANTS, collect, names), 0);
        assert_string_equal(names, "12 ");
        machine_remove(m, "run/grant/12");
        machine_file(m, "", "run/grant/stop");
        assert_int_equal(state_foreach(&m->roots, STATE_GRANTS, collect, names), 42);
        machine_remove(m, "run/grant");
        machine_file(m, "", "run/grant");
        assert_int_equal(state_foreach(&m->roots, STATE_GRANTS, collect, names), -ENOTDIR);
}

static void a_grant_is_a_file_named_by_the_sequence_number(void **state)
{
        struct machine *m = *state;

        state_prepare(&m->roots);
        assert_false(state_granted(&m->roots, 12));
        assert_int_equal(state_grant(&m->roots, 12, "disk=sdb\n"), 0);
        assert_int_equal(state_grant(&m->roots, UINT64_MAX, ""), 0);
        assert_string_equal(machine_list(m, "run/grant"), "12 18446744073709551615 ");
        assert_string_equal(machine_read(m, "run/grant/12"), "disk=sdb\n");
        assert_true(state_granted(&m->roots, 12));
        assert_false(state_granted(&m->roots, 1));
        assert_false(state_granted(&m->roots, 122));
        assert_int_equal(state_revoke(&m->roots, 12), 0);
        assert_false(state_granted(&m->roots, 12));
        assert_int_equal(state_revoke(&m->roots, 12), 0);
        assert_true(state_granted(&m->roots, UINT64_MAX));
}

static void the_wish_is_what_the_file_says(void **state)
{
        static const struct {
                const char *text;
                enum wish wish;
        } cases[] = {
                { "by-command\n", WISH_OPEN_BY_COMMAND },
                { "audit\n", WISH_OPEN_FOR_AUDIT },
                { "audit", WISH_OPEN_FOR_AUDIT },
                { "", WISH_OPEN_BY_COMMAND }, /* touch */
                { "\n", WISH_OPEN_BY_COMMAND },
                { "closed\n", WISH_OPEN_BY_COMMAND },
                { "audited\n", WISH_OPEN_BY_COMMAND },
                { "something that IT wrote there by hand to remember why, and that is longer than the buffer\n",
                  WISH_OPEN_BY_COMMAND },
        };
        struct machine *m = *state;

        assert_int_equal(state_wish(&m->roots), WISH_CLOSED); /* not even the directory */
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                machine_file(m, cases[i].text, "etc/gate.open");
                assert_int_equal(state_wish(&m->roots), cases[i].wish);
        }
        machine_remove(m, "etc/gate.open");
        assert_int_equal(state_wish(&m->roots), WISH_CLOSED);
        assert_string_equal(wish_name(WISH_CLOSED), "closed");
        assert_string_equal(wish_name(WISH_OPEN_BY_COMMAND), "by-command");
        assert_string_equal(wish_name(WISH_OPEN_FOR_AUDIT), "audit");
}

static void a_wish_is_kept_and_taken_back(void **state)
{
        struct machine *m = *state;

        assert_int_equal(state_set_wish(&m->roots, WISH_CLOSED), 0);
        assert_false(machine_has(m, "etc")); /* nothing made for nothing */
        assert_int_equal(state_set_wish(&m->roots, WISH_OPEN_FOR_AUDIT), 0);
        assert_string_equal(machine_read(m, "etc/gate.open"), "audit\n");
        assert_int_equal(state_set_wish(&m->roots, WISH_OPEN_BY_COMMAND), 0);
        assert_string_equal(machine_read(m, "etc/gate.open"), "by-command\n");
        assert_string_equal(machine_list(m, "etc"), "gate.open ");
        assert_int_equal(state_set_wish(&m->roots, WISH_CLOSED), 0);
        assert_string_equal(machine_list(m, "etc"), "");
        /* What IT wrote by hand means the same and is left as it is. */
        machine_file(m, "maintenance until Friday\n", "etc/gate.open");
        assert_int_equal(state_set_wish(&m->roots, WISH_OPEN_BY_COMMAND), 0);
        assert_string_equal(machine_read(m, "etc/gate.open"), "maintenance until Friday\n");
        assert_int_equal(state_set_wish(&m->roots, WISH_CLOSED), 0);
        assert_false(machine_has(m, "etc/gate.open"));
        machine_remove(m, "etc");
        machine_file(m, "", "etc");
        assert_true(state_set_wish(&m->roots, WISH_OPEN_BY_COMMAND) < 0);
}

/* A laptop may lose its power a moment later: neither may an opening be forgotten nor a closing be undone. */
static void a_wish_is_on_the_disk_before_it_counts(void **state)
{
        struct machine *m = *state;

        synced = m;
        syncs[0] = '\0';
        state_prepare(&m->roots);
        assert_int_equal(state_put(&m->roots, NULL, STATE_ARMED, "text"), 0);
        assert_string_equal(syncs, ""); /* /run is memory */
        assert_int_equal(state_set_wish(&m->roots, WISH_OPEN_FOR_AUDIT), 0);
        assert_string_equal(syncs, "file of 6, then not there; directory of 0, then there; ");
        syncs[0] = '\0';
        assert_int_equal(state_set_wish(&m->roots, WISH_CLOSED), 0);
        assert_string_equal(syncs, "directory of 0, then not there; ");
        synced = NULL;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(the_directories_are_made_once),
                machine_test(where_they_cannot_be_made_it_is_said),
                machine_test(a_file_is_put_got_and_removed),
                machine_test(a_file_is_replaced_whole),
                machine_test(a_file_that_cannot_be_written_leaves_the_old_one),
                machine_test(no_link_is_followed),
                machine_test(names_that_are_too_long_are_an_error),
                cmocka_unit_test(a_value_is_found_by_its_whole_key),
                machine_test(names_are_called_back_but_not_half_written_ones),
                machine_test(a_grant_is_a_file_named_by_the_sequence_number),
                machine_test(the_wish_is_what_the_file_says),
                machine_test(a_wish_is_kept_and_taken_back),
                machine_test(a_wish_is_on_the_disk_before_it_counts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
