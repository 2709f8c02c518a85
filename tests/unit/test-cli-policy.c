/* links: cli/client-explain.c cli/clients.c cli/devices.c cli/device.c cli/policy-check.c cli/policy-explain.c cli/trouble.c cli/kernel.c cli/bus.c cli/answer.c cli/table.c cli/terminal.c cli/when.c common/jsonw.c common/utf8.c policy/errors.c policy/facts.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/load.c policy/parse.c policy/policy.c policy/section.c policy/value.c libs: libsystemd inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is said of devices and of policy files. */

#include "cli/client-explain.h"
#include "cli/devices.h"
#include "cli/policy-check.h"
#include "cli/policy-explain.h"
#include "tests/unit/cli-stick.h"

/* ---- devices and explain ---- */

static char text_name[] = "Data\x1b[2JTraveler", text_none[] = "", text_sda[] = "sda", text_sda1[] = "sda1",
            text_failed[] = "failed", text_unknown[] = "quarantined", text_allowed[] = "allowed",
            text_strange[] = "zip-drive";
static char *two_nodes[] = { text_sda, text_sda1 };

/* It would like to write to the terminal. */
static struct answer_device a_bold_stick(void)
{
        struct answer_device stick = a_stick();

        stick.name = text_name;
        return stick;
}

static void devices_in_a_table(void **state)
{
        struct scene *scene = *state;
        struct answer_device items[2] = { a_bold_stick(), a_bold_stick() };
        struct answer_devices devices = { items, 2 };

        items[1].vendor = items[1].product = items[1].name = text_none;
        items[1].state = text_unknown;
        items[1].nodes = two_nodes;
        items[1].n_nodes = 2;
        items[1].reason = text_none;
        assert_int_equal(devices_print(&scene->cli, &devices), EXIT_WELL);
        assert_string_equal(
                said(scene),
                "DEVICE  STATE        SINCE     KIND      USB ID     CALLS ITSELF           NODES      WHY\n"
                "1-2     refused      08:15:02  usb-disk  0951:1666  Data\\u001b[2JTraveler  -          refused by "
                "[storage] "
                "usb-disk\n"
                "1-2     quarantined  08:15:02  usb-disk  -          -                      sda, sda1  [storage] "
                "usb-disk\n");
}

static void no_devices_is_a_sentence(void **state)
{
        struct scene *scene = *state;
        struct answer_devices devices = { NULL, 0 };

        assert_int_equal(devices_print(&scene->cli, &devices), EXIT_WELL);
        assert_string_equal(said(scene), "No removable storage is plugged in.\n");
}

static void a_failed_device_is_wrong(void **state)
{
        struct scene *scene = *state;
        struct answer_device item = a_bold_stick();
        struct answer_devices devices = { &item, 1 };

        item.state = text_failed;
        assert_int_equal(devices_print(&scene->cli, &devices), EXIT_WRONG);
}

static void devices_in_json(void **state)
{
        struct scene *scene = *state;
        struct answer_device item = a_bold_stick();
        struct answer_devices devices = { &item, 1 };

        item.nodes = two_nodes;
        item.n_nodes = 2;
        scene->cli.json = true;
        assert_int_equal(devices_print(&scene->cli, &devices), EXIT_WELL);
        assert_string_equal(
                said(scene),
                "{\n  \"devices\": [\n    {\n      \"id\": \"1-2\",\n      \"kind\": \"usb-disk\",\n      \"vendor\": "
                "\"0951\",\n"
                "      \"product\": \"1666\",\n      \"name\": \"Data\\u001b[2JTraveler\",\n      \"state\": "
                "\"refused\",\n"
                "      \"rule\": \"[storage] usb-disk\",\n      \"reason\": \"refused by [storage] usb-disk\",\n"
                "      \"since\": \"2025-11-21T08:15:02.000000Z\",\n      \"until\": \"\",\n      \"audit\": false,\n"
                "      \"serial\": true,\n      \"users\": false,\n      \"nodes\": [\n        \"sda\",\n        "
                "\"sda1\"\n"
                "      ]\n    }\n  ]\n}\n");
        item.until = item.since + 3600000000ULL;
        assert_int_equal(devices_print(&scene->cli, &devices), EXIT_WELL);
        assert_non_null(strstr(said(scene), "\"until\": \"2025-11-21T09:15:02.000000Z\""));
}

static void explain_in_plain_words(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_bold_stick();

        assert_int_equal(policy_explain_print(&scene->cli, &device), EXIT_WELL);
        assert_string_equal(said(scene),
                            "1-2 is a USB stick or disk, USB 0951:1666, and calls itself \"Data\\u001b[2JTraveler\".\n"
                            "\n"
                            "  state   refused: it does not open\n"
                            "  since   08:15:02\n"
                            "  rule    [storage] usb-disk\n"
                            "  why     refused by [storage] usb-disk\n"
                            "\n"
                            "To let it in, IT adds to /etc/lekdicht/policy.ini what this prints:\n"
                            "\n"
                            "  sudo lekdicht learn 1-2\n");
}

static void explain_says_that_it_depends_on_people(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        device.users = true;
        assert_int_equal(policy_explain_print(&scene->cli, &device), EXIT_WELL);
        assert_contains(said(scene), "\n  users   it depends on who is at the screen");
}

static struct answer_client a_client(uint32_t *pids, size_t n)
{
        static char name[] = "gvfs-google", label[] = "Google Drive in Files", service[] = "google-drive",
                    sync[] = "sync", program[] = "program", flag[] = "flag", rule[] = "[clients] sync",
                    reason[] = "flagged by [clients] sync";

        return (struct answer_client){ .client = name,
                                       .label = label,
                                       .service = service,
                                       .category = sync,
                                       .evidence = program,
                                       .verdict = flag,
                                       .rule = rule,
                                       .reason = reason,
                                       .running = true,
                                       .since = MOMENT,
                                       .pids = pids,
                                       .n_pids = n };
}

static void explain_a_client(void **state)
{
        struct scene *scene = *state;
        uint32_t pids[] = { 4711, 4712 };
        struct answer_client item = a_client(pids, 2);
        struct answer_clients clients = { &item, 1 };

        assert_int_equal(client_explain_print(&scene->cli, &clients), EXIT_WELL);
        assert_string_equal(said(scene), "Google Drive in Files is a sync client, and reaches google-drive.\n"
                                         "\n"
                                         "  state    runs\n"
                                         "  since    08:15:02\n"
                                         "  found by program\n"
                                         "  PID      4711, 4712\n"
                                         "  verdict  flag\n"
                                         "  rule     [clients] sync\n"
                                         "  why      flagged by [clients] sync\n"
                                         "\n"
                                         "To approve of that service, IT adds to /etc/lekdicht/policy.ini:\n"
                                         "\n"
                                         "  [service google-drive]\n"
                                         "  verdict = allow\n");
}

static void explain_offers_nothing_for_what_is_approved(void **state)
{
        struct scene *scene = *state;
        struct answer_client item = a_client(NULL, 0);
        struct answer_clients clients = { &item, 1 };

        item.verdict = text_allowed;
        client_explain_print(&scene->cli, &clients);
        assert_lacks(said(scene), "To approve");
        assert_lacks(said(scene), "PID");
        item.label = text_name;
        client_explain_print(&scene->cli, &clients);
        assert_contains(said(scene), "Data\\u001b[2JTraveler is a sync client");
}

static void explain_picks_by_name_and_by_process(void **state)
{
        uint32_t one[] = { 4711 }, two[] = { 12, 4712 };
        struct answer_client items[3] = { a_client(one, 1), a_client(two, 2), a_client(NULL, 0) };
        struct answer_clients clients = { items, 3 };
        static char rclone[] = "rclone";

        (void) state;
        items[2].client = items[2].label = rclone;
        assert_int_equal(client_explain_pick(&clients, "4713"), 0);
        assert_int_equal(client_explain_pick(&clients, "471"), 0);
        assert_int_equal(client_explain_pick(&clients, "4294972008"), 0); /* 4712 and 2^32 */
        assert_int_equal(client_explain_pick(&clients, "4712"), 1);
        assert_int_equal(items[0].pids[0], 12);
        assert_int_equal(client_explain_pick(&clients, "google drive in files"), 2);
        assert_int_equal(client_explain_pick(&clients, "gvfs"), 0);
        assert_int_equal(client_explain_pick(&clients, "rclone"), 1);
        assert_string_equal(items[0].client, "rclone");
        assert_true(client_explain_is_pid("12"));
        assert_false(client_explain_is_pid("1-2"));
        assert_false(client_explain_is_pid(""));
}

static void explain_offers_only_what_would_help(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_bold_stick();

        device.state = text_allowed;
        policy_explain_print(&scene->cli, &device);
        assert_lacks(said(scene), "To let it in");
        device = a_bold_stick();
        device.vendor = device.product = text_none;
        device.kind = text_strange;
        device.serial = false;
        policy_explain_print(&scene->cli, &device);
        assert_contains(said(scene), "1-2 is a zip-drive, and");
        assert_lacks(said(scene), "To let it in");
        device.serial = true;
        policy_explain_print(&scene->cli, &device);
        assert_contains(said(scene), "To let it in");
}

/* ---- policy check ---- */

static int check(struct scene *scene, const char *content)
{
        static char path[128];

        snprintf(path, sizeof(path), "%s/my policy.ini", scene->root);
        put(scene, "my policy.ini", content);
        scene->cli.argument = path;
        return cli_policy_check(&scene->cli);
}

#define GOOD "[policy]\nversion = 7\nmode = audit\n[device a]\nvendor = 0951\nproduct = 1666\naccess = allow\n"

static void a_good_policy(void **state)
{
        struct scene *scene = *state;

        assert_int_equal(check(scene, GOOD), EXIT_WELL);
        assert_contains(said(scene), "/my policy.ini: good: version 7, audit, 1 exception\n");
        scene->cli.json = true;
        assert_int_equal(check(scene, GOOD), EXIT_WELL);
        assert_contains(said(scene),
                        "\"good\": true,\n  \"version\": 7,\n  \"mode\": \"audit\",\n  \"exceptions\": 1,\n");
}

static void a_bad_policy(void **state)
{
        struct scene *scene = *state;

        assert_int_equal(check(scene, GOOD "users = staff\n[device b]\nwat = \x1b[2J\naccess = allow\n"), EXIT_WRONG);
        assert_contains(said(scene), "/my policy.ini:8: ");
        assert_contains(said(scene), "/my policy.ini:10: ");
        assert_contains(said(scene), "/my policy.ini: bad: ");
        assert_lacks(said(scene), "\x1b");
        assert_lacks(said(scene), "good");
        scene->cli.json = true;
        assert_int_equal(check(scene, "[policy]\nversion = x\n"), EXIT_WRONG);
        assert_contains(said(scene), "\"good\": false,\n  \"errors\": [\n    {\n      \"line\": 2,\n");
}

static void warnings_do_not_make_it_bad(void **state)
{
        struct scene *scene = *state;

        assert_int_equal(check(scene, GOOD "serial = 0\n"), EXIT_WELL);
        assert_contains(said(scene), "/my policy.ini:8: warning: ");
        assert_contains(said(scene), "good: version 7");
}

static void no_such_file(void **state)
{
        struct scene *scene = *state;

        scene->cli.argument = "/nonexistent/policy.ini";
        assert_int_equal(cli_policy_check(&scene->cli), EXIT_WRONG);
        assert_contains(said(scene), "/nonexistent/policy.ini: ");
        assert_contains(said(scene), "no such file");
}

/* A draft may be anybody's; the file that the agent reads must be what the agent takes. */
static void the_installed_file_is_held_to_its_mode(void **state)
{
        struct scene *scene = *state;
        char path[128];

        assert_int_equal(check(scene, GOOD), EXIT_WELL);
        snprintf(path, sizeof(path), "%s/my policy.ini", scene->root);
        assert_int_equal(chmod(path, 0666), 0);
        assert_int_equal(cli_policy_check(&scene->cli), EXIT_WELL);
        scene->cli.policy = path;
        assert_int_equal(cli_policy_check(&scene->cli), EXIT_WRONG);
        if (geteuid() == 0) /* else its owner is what is wrong */
                assert_contains(said(scene), "may write to it");
}

static void many_errors_are_counted(void **state)
{
        struct scene *scene = *state;
        struct policy_errors *errors = calloc(1, sizeof(*errors));

        assert_non_null(errors);
        scene->cli.argument = "p.ini";
        errors->n = 2;
        errors->total = 144;
        strcpy(errors->items[0].text, "about the file");
        strcpy(errors->items[1].text, "about a line");
        errors->items[1].line = 3;
        assert_int_equal(policy_check_print(&scene->cli, NULL, errors), EXIT_WRONG);
        assert_string_equal(said(scene),
                            "p.ini: about the file\np.ini:3: about a line\n"
                            "p.ini: bad: 144 errors, the first 2 are shown; nothing of it would be used\n");
        free(errors);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(devices_in_a_table),
                TEST(no_devices_is_a_sentence),
                TEST(a_failed_device_is_wrong),
                TEST(devices_in_json),
                TEST(explain_in_plain_words),
                TEST(explain_says_that_it_depends_on_people),
                TEST(explain_offers_only_what_would_help),
                TEST(explain_a_client),
                TEST(explain_offers_nothing_for_what_is_approved),
                TEST(explain_picks_by_name_and_by_process),
                TEST(a_good_policy),
                TEST(a_bad_policy),
                TEST(warnings_do_not_make_it_bad),
                TEST(no_such_file),
                TEST(the_installed_file_is_held_to_its_mode),
                TEST(many_errors_are_counted),
        };

        say_it_in_utf8_and_utc();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
