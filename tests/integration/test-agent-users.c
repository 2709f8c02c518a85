/* links: tests/bed/scene.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A [device] with users: it opens when one of them is at the screen, and closes when he is not there any more. The test says
 * who is, and what the groups are. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "agent/parts.h"
#include "tests/bed/scene.h"
#include "tests/bed/stick.h"

#define CANDIDATE 1001
#define TEACHER   1002
#define EXAM                                                                                                           \
        "[policy]\nversion = 1\n[device exam]\nvendor = 0951\nproduct = 1666\naccess = allow\n"                        \
        "users = @exam-candidates @exam-staff\n"

static struct session here;

static void read_here(void *userdata, struct session *ret)
{
        (void) userdata;
        *ret = here;
}

static const struct sessions_source source = { .read = read_here };

static int setup(void **state)
{
        int r = scene_setup(state);

        here = (struct session){ 0 };
        scene.config.sessions = &source;
        bed_text(&scene.bed, "members/1001", "10\n");
        bed_text(&scene.bed, "members/1002", "00\n");
        return r;
}

/* Somebody comes to the front; id NULL: nobody is there any more. */
static void change(const char *id, uid_t uid)
{
        here = (struct session){ .uid = uid };
        snprintf(here.id, sizeof(here.id), "%s", id ?: "");
        sessions_look(users_sessions(scene.agent->users));
}

/* The same, and it is known in which groups he is. */
#define COME(id, uid)                                                                                                  \
        do {                                                                                                           \
                change(id, uid);                                                                                       \
                UNTIL(users_facts(scene.agent->users).unknown == 0);                                                   \
        } while (0)

static const char *plug(void)
{
        const char *devpath = scene_plug(&stick);
        char interface[BED_PATH * 2];

        snprintf(interface, sizeof(interface), "%s/1-2:1.0", devpath);
        scene_event("add", bed_lun(&scene.bed, interface, 3, 0, 0, "Kingston", "DataTraveler"));
        return devpath;
}

static const char *state(void)
{
        struct device *device = inventory_find(scene.agent->inventory, "1-2");

        return device ? device_state_name(device->state) : "unknown";
}

static bool is(const char *wanted)
{
        return strcmp(state(), wanted) == 0;
}

static unsigned n_asked(void)
{
        const char *text = bed_read(&scene.bed, "members.log");
        unsigned n = 0;

        for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
                n++;
        return n;
}

static void it_opens_and_closes_as_its_users_come_and_go(void **state_)
{
        (void) state_;
        scene_start(EXAM);
        plug();
        UNTIL(is("refused"));
        assert_int_equal(
                scene_journal("LEKDICHT_EVENT=lekdicht.device.refused",
                              "LEKDICHT_REASON=refused by [storage] usb-disk: [device exam] is for its users, and "
                              "none of them is logged in",
                              NULL),
                1);
        change("2", CANDIDATE);
        UNTIL(scene_gate("release 1-2") == 1);
        UNTIL(is("allowed") && bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened",
                                       "LEKDICHT_REASON=opened by [device exam] for its users", NULL),
                         1);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        /* Logged out. */
        change(NULL, 0);
        UNTIL(scene_gate("refuse 1-2") == 2 && is("refused"));
        assert_int_equal(n_asked(), 1);
        assert_string_equal(bed_read(&scene.bed, "members.log"), "1001 exam-candidates exam-staff");
}

static void it_is_open_for_nobody_else(void **state_)
{
        (void) state_;
        scene_start(EXAM);
        COME("2", CANDIDATE);
        plug();
        UNTIL(is("allowed"));
        /* "Switch user": the other's groups are not known at first, and that closes it already. */
        bed_text(&scene.bed, "hang/members", "%s", "");
        change("3", TEACHER);
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_true(scene_journal_has("it is not known whether one of them is logged in"));
        bed_remove(&scene.bed, "hang/members");
        scene_run(300);
        assert_true(is("refused"));
        assert_int_equal(scene_gate("release 1-2"), 0);
}

/* What is known of a session is not asked again. */
static void it_is_asked_once_in_a_session(void **state_)
{
        const char *devpath;

        (void) state_;
        scene_start(EXAM);
        COME("2", CANDIDATE);
        devpath = plug();
        UNTIL(is("allowed"));
        scene_policy(EXAM "reason = as before\n");
        assert_int_equal(agent_reload(scene.agent), 1);
        change("2", CANDIDATE);
        scene_run(300);
        assert_true(is("allowed"));
        scene_unplug(devpath);
        plug();
        UNTIL(is("allowed"));
        assert_int_equal(scene_gate("refuse 1-2"), 0);
        assert_int_equal(n_asked(), 1);
        /* A new login is a new question, and so is a group that was not asked about. */
        COME("4", CANDIDATE);
        assert_int_equal(n_asked(), 2);
        scene_policy(EXAM "[device more]\nclass = optical\naccess = allow\nusers = @more\n");
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(n_asked() == 3);
}

/* As after a new policy: what is in use is not cut off; its turn comes in half a minute (gatekeeper.h). */
static void a_stick_in_use_is_not_cut_off(void **state_)
{
        (void) state_;
        scene_start(EXAM);
        COME("2", CANDIDATE);
        plug();
        UNTIL(is("allowed"));
        bed_text(&scene.bed, "exit/1-2", "5\n");
        change(NULL, 0);
        UNTIL(is("busy"));
        scene_run(200);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        assert_true(bed_exists(&scene.bed, "run/lekdicht/grant/77"));
        /* And when he comes back in between, it is open as before. */
        change("5", CANDIDATE);
        UNTIL(users_facts(scene.agent->users).present != 0);
        bed_remove(&scene.bed, "exit/1-2");
        inventory_judge_all(scene.agent->inventory);
        UNTIL(is("allowed"));
        scene_run(200);
        assert_true(is("allowed") && bed_exists(&scene.bed, "run/lekdicht/grant/77"));
}

static void what_cannot_be_looked_up_stays_shut(void **state_)
{
        static const char *const answers[] = { "??\n", "--\n", "00\n", "1", "11", "", "111\n", "1 \nx" };

        (void) state_;
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                unsigned before = n_asked();

                bed_text(&scene.bed, "members/1001", "%s", answers[i]);
                scene_start(EXAM);
                change("2", CANDIDATE);
                UNTIL(n_asked() == before + 1);
                scene_run(200);
                assert_int_equal(users_facts(scene.agent->users).present, 0);
                scene_stop();
                here = (struct session){ 0 };
        }
        assert_true(scene_journal_has("in which groups the user is who is logged in cannot be said in time"));
        assert_true(scene_journal_has("[device exam] has a group in users that this laptop does not know"));
        /* A program that fails, and the control: the same answer of one that does not. */
        bed_text(&scene.bed, "members/1001", "%s", "11\n");
        bed_text(&scene.bed, "exit/members", "1\n");
        scene_start(EXAM);
        change("2", CANDIDATE);
        scene_run(300);
        assert_int_equal(users_facts(scene.agent->users).present, 0);
        bed_remove(&scene.bed, "exit/members");
        change("3", CANDIDATE);
        UNTIL(users_facts(scene.agent->users).present == 3);
}

/* The loop does not wait for the answer: another stick is refused meanwhile. */
static void the_loop_does_not_wait(void **state_)
{
        (void) state_;
        bed_text(&scene.bed, "hang/members", "%s", "");
        scene_start(EXAM);
        change("2", CANDIDATE);
        plug();
        UNTIL(is("refused"));
        assert_int_equal(users_facts(scene.agent->users).unknown, 3);
        bed_remove(&scene.bed, "hang/members");
        UNTIL(scene_gate("release 1-2") == 1);
}

static void nobody_looks_while_no_section_has_users(void **state_)
{
        (void) state_;
        here = (struct session){ .id = "2", .uid = CANDIDATE };
        scene_start("[policy]\nversion = 1\n");
        scene_run(200);
        assert_int_equal(n_asked(), 0);
        scene_policy(EXAM);
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(n_asked() == 1);
}

/* Neither who, nor of which group. */
static void nobody_is_named(void **state_)
{
        static const char *const never[] = { "1001", "1002", "exam-candidates", "exam-staff" };

        (void) state_;
        it_opens_and_closes_as_its_users_come_and_go(state_);
        for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
                assert_false(scene_journal_has(never[i]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scene_teardown)
                TEST(it_opens_and_closes_as_its_users_come_and_go),
                TEST(it_is_open_for_nobody_else),
                TEST(it_is_asked_once_in_a_session),
                TEST(a_stick_in_use_is_not_cut_off),
                TEST(what_cannot_be_looked_up_stays_shut),
                TEST(the_loop_does_not_wait),
                TEST(nobody_looks_while_no_section_has_users),
                TEST(nobody_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
