/* links: cli/status.c cli/trouble.c cli/kernel.c cli/bus.c cli/answer.c cli/terminal.c cli/when.c common/jsonw.c common/utf8.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is said of the gate and of the agent, for every state that they can be in. */

#include <errno.h>

#include "cli/bus.h"
#include "cli/kernel.h"
#include "cli/status.h"
#include "cli/trouble.h"
#include "tests/unit/cli-scene.h"

static void buses(const struct scene *scene, const char *scsi, const char *mmc, const char *memstick)
{
        if (scsi)
                put(scene, "bus/scsi/drivers_autoprobe", scsi);
        if (mmc)
                put(scene, "bus/mmc/drivers_autoprobe", mmc);
        if (memstick)
                put(scene, "bus/memstick/drivers_autoprobe", memstick);
}

/* ---- the kernel's gate ---- */

static void the_kernel_is_read(void **state)
{
        static const struct {
                const char *scsi, *mmc, *memstick;
                enum kernel_gate gate;
                const char *says;
        } cases[] = {
                { NULL, NULL, NULL, KERNEL_GATE_NO_BUS,
                  "no storage bus is loaded in this kernel, so there is no gate to hold" },
                { "1\n", NULL, NULL, KERNEL_GATE_OPEN, "storage is OPEN" },
                { "0\n", NULL, NULL, KERNEL_GATE_CLOSED, "storage stays shut: the kernel holds the gate" },
                { "0\n", "0\n", "0\n", KERNEL_GATE_CLOSED, "storage stays shut" },
                { "0\n", "1\n", "0\n", KERNEL_GATE_PARTLY, "PARTLY" },
                { "0\n", "0\n", "", KERNEL_GATE_PARTLY, "PARTLY" },
                { "00\n", "0\n", "0\n", KERNEL_GATE_PARTLY, "PARTLY" },
                { "2\n", "0\n", "0\n", KERNEL_GATE_PARTLY, "PARTLY" },
        };

        struct scene *scene = *state;
        struct kernel kernel;
        char command[128];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                snprintf(command, sizeof(command), "rm -rf %s/*", scene->root);
                assert_int_equal(system(command), 0);
                buses(scene, cases[i].scsi, cases[i].mmc, cases[i].memstick);
                kernel_read(scene->root, scene->root, &kernel);
                assert_int_equal(kernel.gate, cases[i].gate);
                assert_contains(kernel_says(&kernel), cases[i].says);
                assert_false(kernel.armed);
        }
        put(scene, "armed", "");
        kernel_read(scene->root, scene->root, &kernel);
        assert_true(kernel.armed);
        kernel_read("/nonexistent", scene->root, &kernel);
        assert_contains(kernel_says(&kernel), "closes again with a bus that is loaded");
}

/* ---- trouble ---- */

static const struct trouble_verb verb = { .may = "do this", .without = "lekdicht-gate open" };

static void absent_agent_says_what_holds(void **state)
{
        struct scene *scene = *state;

        buses(scene, "0\n", "0\n", NULL);
        assert_int_equal(trouble_say(&scene->cli, BUS_ABSENT, "", &verb), EXIT_ABSENT);
        assert_string_equal(
                complained(scene),
                "lekdicht: The agent (lekdichtd) is not running.\n"
                "Meanwhile storage stays shut: the kernel holds the gate (scsi closed, mmc closed, memstick absent).\n"
                "Start it: sudo systemctl start lekdichtd      Why it stopped: journalctl -u lekdichtd\n"
                "Without the agent: sudo lekdicht-gate open\n");
        assert_string_equal(said(scene), "");
}

static void absent_agent_does_not_lull(void **state)
{
        struct scene *scene = *state;

        buses(scene, "1\n", "1\n", "1\n");
        scene->cli.uid = 0;
        assert_int_equal(trouble_say(&scene->cli, BUS_ABSENT, "", &verb), EXIT_ABSENT);
        assert_contains(complained(scene), "Meanwhile storage is OPEN");
        assert_lacks(complained(scene), "stays shut");
        assert_lacks(complained(scene), "sudo");
}

static void every_trouble_has_its_code(void **state)
{
        static const struct {
                int answer, code;
                const char *word, *text;
        } cases[] = {
                { BUS_NONE, 3, "no-system-bus", "the system bus (D-Bus) cannot be reached" },
                { BUS_ABSENT, 3, "agent-not-running", "is not running" },
                { BUS_SILENT, 1, "agent-silent", "does not answer" },
                { BUS_DENIED, 4, "not-allowed", "Only an administrator may do this.\nTry it with sudo" },
                { BUS_UNKNOWN_DEVICE, 1, "unknown-device", "knows no such device: what it said\\u001b" },
                { BUS_FAILED, 1, "failed", "could not do it: what it said" },
                { BUS_GARBLED, 1, "not-understood", "what it said" },
                { -ENOMEM, 1, "out-of-memory", "Out of memory" },
                { -EPIPE, 1, "internal", "Broken pipe" },
        };
        struct scene *scene = *state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char expected[128];

                scene->cli.json = false;
                assert_int_equal(trouble_say(&scene->cli, cases[i].answer, "what it said\x1b", &verb), cases[i].code);
                assert_contains(complained(scene), cases[i].text);
                scene->cli.json = true;
                assert_int_equal(trouble_say(&scene->cli, cases[i].answer, "what it said\x1b", &verb), cases[i].code);
                snprintf(expected, sizeof(expected), "{\n  \"error\": \"%s\",\n", cases[i].word);
                assert_contains(said(scene), expected);
                rewind(scene->cli.out);
                rewind(scene->cli.err);
        }
        assert_contains(said(scene), "\"gate\": \"no-bus\",\n    \"buses\": {\n      \"scsi\": \"absent\"");
}

static void root_is_refused_differently(void **state)
{
        struct scene *scene = *state;

        scene->cli.uid = 0;
        assert_int_equal(trouble_say(&scene->cli, BUS_DENIED, "", &verb), EXIT_REFUSED);
        assert_contains(complained(scene), "You are root");
        assert_lacks(complained(scene), "sudo");
}

/* ---- status ---- */

static struct answer_status healthy(struct answer_bus *three)
{
        static char scsi[] = "scsi", mmc[] = "mmc", memstick[] = "memstick", closed[] = "closed", version[] = "0.1.0",
                    enforce[] = "enforce", file[] = "file", none[] = "", scan[] = "scan";

        three[0] = (struct answer_bus){ scsi, closed };
        three[1] = (struct answer_bus){ mmc, closed };
        three[2] = (struct answer_bus){ memstick, closed };
        return (struct answer_status){
                .version = version,
                .mode = enforce,
                .gate = closed,
                .wish = closed,
                .policy_source = file,
                .policy_error = none,
                .spool = none,
                .clients = scan,
                .policy_version = 7,
                .devices = 2,
                .refused = 5,
                .since = MOMENT,
                .buses = three,
                .n_buses = 3,
        };
}

static void status_in_words(void **state)
{
        struct scene *scene = *state;
        struct answer_bus three[3];
        struct answer_status status = healthy(three);

        assert_int_equal(status_print(&scene->cli, &status), EXIT_WELL);
        assert_string_equal(said(scene),
                            "Removable storage is SHUT; only what the policy allows opens.\n"
                            "\n"
                            "  gate      closed\n"
                            "  buses     scsi closed, mmc closed, memstick closed\n"
                            "  policy    version 7\n"
                            "  mode      enforce: what the policy refuses does not open\n"
                            "  devices   2 plugged in now; 5 refused since the agent started\n"
                            "  clients   sync clients are looked for now and then: the kernel does not tell of starts\n"
                            "  agent     lekdichtd 0.1.0, running for 2 hours, since 08:15:02\n");
        assert_string_equal(complained(scene), "");
}

static void status_in_json(void **state)
{
        struct scene *scene = *state;
        struct answer_bus three[3];
        struct answer_status status = healthy(three);
        char hostile[] = "policy.ini:3: \"\x1b";

        status.policy_error = hostile;
        scene->cli.json = true;
        assert_int_equal(status_print(&scene->cli, &status), EXIT_WRONG);
        assert_string_equal(
                said(scene),
                "{\n  \"version\": \"0.1.0\",\n  \"since\": \"2025-11-21T08:15:02.000000Z\",\n  \"gate\": \"closed\",\n"
                "  \"wish\": \"closed\",\n  \"buses\": {\n    \"scsi\": \"closed\",\n    \"mmc\": \"closed\",\n"
                "    \"memstick\": \"closed\"\n  },\n  \"mode\": \"enforce\",\n  \"policy\": {\n"
                "    \"source\": \"file\",\n    \"version\": 7,\n    \"error\": \"policy.ini:3: \\\"\\u001b\"\n  },\n"
                "  \"devices\": 2,\n  \"refused\": 5,\n  \"busy\": 0,\n  \"clients\": \"scan\",\n  \"spool\": {\n    "
                "\"state\": \"\",\n    "
                "\"waiting\": 0,\n"
                "    \"dropped\": 0,\n    \"set_aside\": 0\n  },\n  \"well\": false,\n  \"problems\": [\n"
                "    \"the policy file was changed and is not used: policy.ini:3: \\\"\\u001b\"\n  ]\n}\n");
}

/* Asked right after the start, on a slow disk. */
static void a_store_that_is_being_opened_is_not_wrong(void **state)
{
        static char opening[] = "opening";
        struct scene *scene = *state;
        struct answer_bus three[3];
        struct answer_status status = healthy(three);

        status.spool = opening;
        assert_int_equal(status_print(&scene->cli, &status), EXIT_WELL);
        assert_non_null(strstr(said(scene), "0 not yet at the collector; their store is being opened\n"));
}

static void status_says_how_clients_are_noticed(void **state)
{
        static const struct {
                const char *how, *text;
        } cases[] = {
                { "events", "  clients   sync clients are noticed when they start\n" },
                { "absent", "  clients   not noticed: lekdicht-watch does not run\n" },
        };
        struct scene *scene = *state;
        struct answer_bus three[3];
        struct answer_status status = healthy(three);
        char how[sizeof("events")];

        status.clients = how;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                snprintf(how, sizeof(how), "%s", cases[i].how);
                assert_int_equal(status_print(&scene->cli, &status), EXIT_WELL);
                assert_contains(said(scene), cases[i].text);
        }
}

static void status_knows_what_is_wrong(void **state)
{
        static const struct {
                const char *gate, *wish, *mode, *source, *error;
                int code;
                const char *text;
        } cases[] = {
                { "closed", "closed", "enforce", "file", "", 0, "storage is SHUT" },
                { "open", "open", "enforce", "file", "", 0, "OPEN: an administrator opened the gate" },
                { "open", "audit", "audit", "file", "", 0, "OPEN: the policy only watches" },
                { "open", "closed", "enforce", "file", "", 1, "nobody decided so" },
                { "closed", "open", "enforce", "file", "", 1, "although it is wanted open" },
                { "closed", "audit", "audit", "file", "", 1, "although it is wanted open" },
                { "partly", "closed", "enforce", "file", "", 1, "only partly closed" },
                { "partly", "open", "enforce", "file", "", 1, "only PARTLY shut" },
                { "", "closed", "enforce", "file", "", 1, "does not say whether" },
                { "closed", "closed", "enforce", "last-good", "p.ini:9: no", 1,
                  "the last good one holds: p.ini:9: no" },
                { "closed", "closed", "enforce", "built-in", "", 1, "no policy file" },
                { "closed", "closed", "enforce", "built-in", "p.ini:9: no", 1, "p.ini:9: no" },
                { "closed", "closed", "enforce", "file", "p.ini:9: no", 1, "was changed and is not used: p.ini:9: no" },
        };
        struct scene *scene = *state;
        struct answer_bus three[3];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct answer_status status = healthy(three);
                char gate[16], wish[16], mode[16], source[16], error[32];

                status.gate = strcpy(gate, cases[i].gate);
                status.wish = strcpy(wish, cases[i].wish);
                status.mode = strcpy(mode, cases[i].mode);
                status.policy_source = strcpy(source, cases[i].source);
                status.policy_error = strcpy(error, cases[i].error);
                assert_int_equal(status_print(&scene->cli, &status), cases[i].code);
                assert_contains(said(scene), cases[i].text);
                if (cases[i].code == 0)
                        assert_lacks(said(scene), "Wrong:");
                else
                        assert_contains(said(scene), "Wrong:");
                fclose(scene->cli.out);
                free(scene->out);
                scene->cli.out = open_memstream(&scene->out, &scene->out_size);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_kernel_is_read),
                TEST(absent_agent_says_what_holds),
                TEST(absent_agent_does_not_lull),
                TEST(every_trouble_has_its_code),
                TEST(root_is_refused_differently),
                TEST(status_in_words),
                TEST(status_in_json),
                TEST(status_knows_what_is_wrong),
                TEST(a_store_that_is_being_opened_is_not_wrong),
                TEST(status_says_how_clients_are_noticed),
        };

        say_it_in_utf8_and_utc();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
