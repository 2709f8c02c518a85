/* links: policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* inih can be built in many ways, and a distribution may choose another tomorrow. This test stands in for the library and
 * reads wrongly on purpose, one way at a time: whatever it does, a policy comes out as it was written, or not at all. */

#include <ini.h>

#include "tests/unit/policy-helper.h"

static const char text[] =
        HEAD "[device lokaal-1]\nvendor = 0951\naccess = allow\n[device lokaal-2]\nclass = optical\naccess = block\n";

static const char caught[] =
        "the inih library of this system reads this line as something else; use the one of the distribution, "
        "or write it more simply";

/* What the stand-in does wrongly. */
static struct {
        int room;             /* of a line */
        size_t section_room;  /* sections are cut to this; 0: whole */
        bool tells_sections;  /* INI_CALL_HANDLER_ON_NEW_SECTION */
        const char *deaf_to;  /* this key is not delivered */
        const char *twice;    /* this key is delivered two times */
        const char *renamed;  /* this key is delivered with another name */
        const char *cut;      /* the value of this key is cut */
        const char *without;  /* this key is delivered with a NULL value */
        unsigned stops_after; /* lines */
        int answer;
} wrong;

static unsigned lines_asked;

int ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user)
{
        char line[512], section[512] = "";

        for (lines_asked = 0; !wrong.stops_after || lines_asked < wrong.stops_after; lines_asked++) {
                char *sign, *value;

                memset(line, 'x', sizeof(line));
                if (!reader(line, wrong.room, stream))
                        break;
                assert_true(strlen(line) < (size_t) wrong.room);
                assert_int_equal(line[strlen(line) - 1], '\n');
                line[strlen(line) - 1] = '\0';
                if (line[0] == '[') {
                        snprintf(section, wrong.section_room ?: sizeof(section), "%.*s", (int) strlen(line) - 2,
                                 line + 1);
                        if (wrong.tells_sections)
                                handler(user, section, NULL, NULL);
                        continue;
                }
                sign = strchr(line, '=');
                if (!sign)
                        continue;
                *sign = '\0';
                value = sign + 1;

                if (wrong.deaf_to && strcmp(wrong.deaf_to, line) == 0)
                        continue;
                if (wrong.cut && strcmp(wrong.cut, line) == 0)
                        value[strlen(value) - 1] = '\0';
                if (wrong.without && strcmp(wrong.without, line) == 0)
                        value = NULL;
                if (wrong.twice && strcmp(wrong.twice, line) == 0)
                        handler(user, section, line, value);
                handler(user, section, wrong.renamed && strcmp(wrong.renamed, line) == 0 ? "mode" : line, value);
        }

        return wrong.answer;
}

static int reset(void **state)
{
        (void) state;
        memset(&wrong, 0, sizeof(wrong));
        wrong.room = 200;

        return 0;
}

static bool is_told(const struct policy_errors *errors, unsigned line)
{
        for (size_t i = 0; i < errors->n; i++)
                if (errors->items[i].line == line && strcmp(errors->items[i].text, caught) == 0)
                        return true;

        return false;
}

static bool has_told_of(const char *given, unsigned line)
{
        struct policy_errors errors;
        struct policy *policy = NULL;

        assert_int_equal(policy_parse(given, strlen(given), "0.1.0", &policy, &errors), -EINVAL);
        assert_null(policy);

        return is_told(&errors, line);
}

static void reads_well(void **state)
{
        struct policy *policy = assert_accepted(text);
        (void) state;

        assert_int_equal(lines_asked, 8);
        assert_int_equal(policy->n_devices, 2);
        policy_free(policy);
}

static void tells_of_sections(void **state)
{
        (void) state;

        wrong.tells_sections = true;
        policy_free(assert_accepted(text));
}

static void merges_sections(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        wrong.section_room = sizeof("device lokaal-");
        assert_int_equal(policy_parse(text, strlen(text), "0.1.0", &policy, &errors), -EINVAL);
        assert_null(policy);
        assert_true(is_told(&errors, 4));
        assert_true(is_told(&errors, 5));
        assert_true(is_told(&errors, 7));
}

static void does_not_deliver(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        wrong.deaf_to = "vendor";
        assert_int_equal(policy_parse(text, strlen(text), "0.1.0", &policy, &errors), -EINVAL);
        assert_null(policy);
        assert_true(is_told(&errors, 4));
}

static void does_not_deliver_the_last(void **state)
{
        (void) state;

        wrong.deaf_to = "mode";
        assert_refused(HEAD "mode = audit", 3, caught);
}

/* ... and does not ask for another line either. */
static void forgets_the_last(void **state)
{
        (void) state;

        wrong.deaf_to = "mode";
        wrong.stops_after = 3;
        assert_refused(HEAD "mode = audit", 3, caught);
}

static void delivers_twice(void **state)
{
        (void) state;

        wrong.twice = "version";
        assert_refused(HEAD, 2, caught);
}

static void delivers_another_name(void **state)
{
        static const char two[] = HEAD "[storage]\nusb-disk = allow\n";
        (void) state;

        wrong.renamed = "usb-disk";
        assert_refused(two, 4, caught);
}

static void cuts_the_value(void **state)
{
        (void) state;

        wrong.cut = "name";
        assert_refused(HEAD "[school]\nname = abc\n", 4, caught);
}

static void delivers_no_value(void **state)
{
        (void) state;

        wrong.without = "name";
        assert_refused(HEAD "[school]\nname = abc\n", 4, caught);
}

/* A build with short lines: the line fits or the policy is refused, but it is never cut. */
static void has_short_lines(void **state)
{
        (void) state;

        wrong.room = sizeof("version=1\n");
        policy_free(assert_accepted(HEAD));
        wrong.room--;
        assert_true(has_told_of(HEAD, 2));
        wrong.room = sizeof("version=1\n") + 1;
        assert_refused(HEAD "mode = enforce\n", 3, caught);
        /* the header does not fit either: its key must not be taken for one of [policy] */
        assert_refused(HEAD "[storage]\noptical = allow\n", 4, caught);
}

static void has_no_room_at_all(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        for (wrong.room = 0; wrong.room < 2; wrong.room++) {
                assert_int_equal(policy_parse(text, strlen(text), "0.1.0", &policy, &errors), -EINVAL);
                assert_null(policy);
        }
}

static void stops_early(void **state)
{
        (void) state;

        wrong.stops_after = 2;
        assert_refused(HEAD "[storage]\nusb-disk = block\n", 2, caught);
}

static void says_there_is_an_error(void **state)
{
        (void) state;

        wrong.answer = 2;
        assert_refused(HEAD, 2, caught);
        wrong.answer = -1;
        assert_refused(HEAD, 2, caught);
}

static void has_no_memory(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        wrong.answer = -2;
        assert_int_equal(policy_parse(text, strlen(text), "0.1.0", &policy, &errors), -ENOMEM);
        assert_null(policy);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(reads_well, reset),
                cmocka_unit_test_setup(tells_of_sections, reset),
                cmocka_unit_test_setup(merges_sections, reset),
                cmocka_unit_test_setup(does_not_deliver, reset),
                cmocka_unit_test_setup(does_not_deliver_the_last, reset),
                cmocka_unit_test_setup(forgets_the_last, reset),
                cmocka_unit_test_setup(delivers_twice, reset),
                cmocka_unit_test_setup(delivers_another_name, reset),
                cmocka_unit_test_setup(cuts_the_value, reset),
                cmocka_unit_test_setup(delivers_no_value, reset),
                cmocka_unit_test_setup(has_short_lines, reset),
                cmocka_unit_test_setup(has_no_room_at_all, reset),
                cmocka_unit_test_setup(stops_early, reset),
                cmocka_unit_test_setup(says_there_is_an_error, reset),
                cmocka_unit_test_setup(has_no_memory, reset),
        };

        return cmocka_run_group_tests_name("policy-inih", tests, NULL, NULL);
}
