/* links: cli/audit-report.c cli/exception.c cli/record.c cli/device.c cli/trouble.c cli/kernel.c cli/bus.c cli/answer.c cli/table.c cli/terminal.c cli/when.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c policy/errors.c policy/facts.c policy/judge.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/load.c policy/parse.c policy/policy.c policy/section.c policy/value.c libs: libsystemd inih jansson */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht audit-report without a bus: records as lekdichtd writes them, and what is said of them. */

#include "tests/unit/cli-scene.h"

#include "cli/audit-report.h"
#include "cli/bus.h"
#include "common/event.h"
#include "policy/policy.h"

#define BOOT "0123456789abcdef0123456789abcdef"
#define DAY  (86400 * SECOND)

#define DISK "[storage] usb-disk"

static char text_audit[] = "audit", text_enforce[] = "enforce", text_none[] = "", text_id[] = "1-2",
            text_kind[] = "usb-disk", text_vendor[] = "0951", text_product[] = "1666", text_name[] = "DataTraveler";

struct bed {
        struct answer_status status;
        struct answer_event items[BUS_RECENT_MAX];
        struct answer_events events;
        struct answer_devices devices;
};

static void begin(struct bed *bed, char *mode)
{
        memset(bed, 0, sizeof(*bed));
        bed->status.mode = mode;
        bed->status.policy_version = 7;
        bed->events.items = bed->items;
}

static void end(struct bed *bed)
{
        for (size_t i = 0; i < bed->events.n; i++)
                free(bed->items[i].record);
}

struct plug {
        enum event_name name;
        const char *kind, *vendor, *product, *called, *rule, *reason;
        bool audit, simulated;
        uint64_t when;
};

/* A stick that was let through. */
static struct plug passed(uint64_t when)
{
        return (struct plug){ EVENT_DEVICE_REFUSED,
                              "usb-disk",
                              "0951",
                              "1666",
                              "DataTraveler",
                              DISK,
                              "audit: would have been refused by " DISK,
                              true,
                              false,
                              when };
}

static void record(struct bed *bed, struct plug plug)
{
        struct event event;
        struct jsonw json;

        assert_int_equal(event_init(&event, plug.name, plug.when * 1000, BOOT), 0);
        event.seq = bed->events.n + 1;
        event_set_string(&event, EVENT_KEY_DEVICE_KIND, plug.kind);
        event_set_string(&event, EVENT_KEY_VENDOR_ID, plug.vendor);
        event_set_string(&event, EVENT_KEY_PRODUCT_ID, plug.product);
        event_set_string(&event, EVENT_KEY_PRODUCT_NAME, plug.called);
        event_set_string(&event, EVENT_KEY_RULE, plug.rule);
        event_set_string(&event, EVENT_KEY_REASON, plug.reason);
        event_set_bool(&event, EVENT_KEY_AUDIT, plug.audit);
        if (plug.simulated)
                event_set_bool(&event, EVENT_KEY_SIMULATED, true);
        jsonw_init_buffer(&json, 0, 0);
        event_write_otlp(&event, &json, NULL);
        assert_int_equal(jsonw_finish(&json), 0);
        bed->items[bed->events.n] = (struct answer_event){ event.seq, jsonw_steal(&json, NULL) };
        bed->events.n++;
}

static int report(struct scene *scene, struct bed *bed)
{
        return audit_report_print(&scene->cli,
                                  &(struct audit_report_input){ &bed->status, &bed->events, &bed->devices });
}

static void what_would_be_read_only_is_said(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct plug plug = passed(MOMENT);

        begin(bed, text_audit);
        plug.name = EVENT_DEVICE_READONLY;
        plug.reason = "audit: would have been opened read-only by " DISK;
        record(bed, plug);
        plug.called = "Elements";
        plug.audit = false; /* opened read-only in earnest: nothing to decide about */
        record(bed, plug);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_non_null(
                strstr(said(scene), "With mode = enforce this would have stayed shut or been for reading only:\n"));
        assert_non_null(strstr(said(scene), DISK " (read-only)"));
        assert_null(strstr(said(scene), "Elements"));
        end(bed);
        free(bed);
}

static void what_would_have_to_be_encrypted_is_said(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct plug plug = passed(MOMENT);

        begin(bed, text_audit);
        plug.reason = "audit: would have opened if encrypted by " DISK;
        record(bed, plug);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_non_null(
                strstr(said(scene), "With mode = enforce this would have stayed shut or had to be encrypted:\n"));
        assert_non_null(strstr(said(scene), DISK " (if encrypted)"));
        assert_non_null(strstr(said(scene), "access = allow"));
        /* What opened for being encrypted since then is settled. */
        plug.name = EVENT_DEVICE_OPENED;
        plug.audit = false;
        plug.reason = "opened as encrypted by " DISK;
        record(bed, plug);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_null(strstr(strrchr(said(scene), ':'), "access = allow"));
        end(bed);
        free(bed);
}

static void one_model_is_one_line(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct plug other = passed(MOMENT - DAY);

        begin(bed, text_audit);
        other.called = "Elements";
        other.product = "1042";
        other.vendor = "1058";
        record(bed, other);
        record(bed, passed(MOMENT - 2 * DAY));
        record(bed, passed(MOMENT));
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_string_equal(
                said(scene),
                "The policy (version 7) is in audit mode: nothing is held.\n"
                "All 3 recorded events of devices were read; the oldest is of 2025-11-19.\n"
                "\n"
                "With mode = enforce this would have stayed shut:\n"
                "\n"
                "TIMES  FIRST       LAST        KIND               USB ID     CALLS ITSELF  REFUSED BY          SINCE "
                "THEN\n"
                "2      2025-11-19  2025-11-21  USB stick or disk  0951:1666  DataTraveler  [storage] usb-disk  -\n"
                "1      2025-11-20  2025-11-20  USB stick or disk  1058:1042  Elements      [storage] usb-disk  -\n"
                "\n"
                "What is to go on working, IT adds to /etc/lekdicht/policy.ini. One device by its serial: plug it in, "
                "and what\n"
                "`sudo lekdicht learn DEVICE` prints. All of a model:\n"
                "\n"
                "# USB stick or disk, calls itself \"DataTraveler\"\n"
                "# No serial, so every device of this model opens: the record has none.\n"
                "[device datatraveler]\nvendor = 0951\nproduct = 1666\naccess = allow\nreason = learned on 2025-11-21\n"
                "\n"
                "# USB stick or disk, calls itself \"Elements\"\n"
                "# No serial, so every device of this model opens: the record has none.\n"
                "[device elements]\nvendor = 1058\nproduct = 1042\naccess = allow\nreason = learned on 2025-11-21\n");
        end(bed);
        free(bed);
}

static void only_what_was_let_through_counts(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct plug plug = passed(MOMENT);

        begin(bed, text_audit);
        plug.audit = false; /* really refused */
        record(bed, plug);
        plug = passed(MOMENT);
        plug.simulated = true;
        record(bed, plug);
        plug = passed(MOMENT);
        plug.name = EVENT_DEVICE_OPENED;
        plug.reason = "opened by [device x]";
        record(bed, plug);
        plug.name = EVENT_DEVICE_INVENTORY;
        record(bed, plug);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_string_equal(said(scene), "The policy (version 7) is in audit mode: nothing is held.\n"
                                         "All 4 recorded events of devices were read; the oldest is of 2025-11-21.\n"
                                         "\n"
                                         "Nothing was let through in audit mode that the policy would have refused.\n");
        end(bed);
        free(bed);
}

static void nothing_recorded_is_said(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));

        begin(bed, text_audit);
        bed->status.dropped = 3;
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "No event of a device is recorded yet.\n");
        assert_contains(said(scene), "3 events could not be recorded and are missing here.\n");
        assert_contains(said(scene), "\nNothing was let through in audit mode");
        free(bed);
}

static void enforce_mode_is_said(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));

        begin(bed, text_enforce);
        record(bed, passed(MOMENT));
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "The policy (version 7) is in enforce mode: what it refuses stays shut.");
        assert_contains(said(scene), "\nThis was let through, and would have stayed shut with mode = enforce:\n");
        assert_lacks(said(scene), "nothing is held");
        end(bed);
        begin(bed, text_none);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "does not say in which mode");
        free(bed);
}

static void a_cut_record_is_said(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));

        begin(bed, text_audit);
        for (unsigned i = 0; i < BUS_RECENT_MAX - 1; i++)
                record(bed, passed(MOMENT));
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "All 999 recorded events");
        record(bed, passed(MOMENT));
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "Only the last 1000 events of devices were read; the oldest is of 2025-11-21, and "
                                     "what came before it is not counted.\n");
        assert_contains(said(scene), "\n1000   2025-11-21");
        end(bed);
        free(bed);
}

static void what_was_opened_since_needs_no_lines(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct plug opened = passed(MOMENT + 1);

        begin(bed, text_audit);
        record(bed, passed(MOMENT));
        opened.name = EVENT_DEVICE_OPENED;
        opened.rule = "[device lesson]";
        opened.reason = "refused by " DISK; /* by an open gate, not by a rule */
        record(bed, opened);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_lacks(said(scene), "opened by");
        assert_contains(said(scene), "[device datatraveler]");
        opened.reason = "opened by [device lesson]: for lessons";
        record(bed, opened);
        fclose(scene->cli.out);
        free(scene->out);
        scene->cli.out = open_memstream(&scene->out, &scene->out_size);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "  opened by [device lesson]\n");
        assert_lacks(said(scene), "[device datatraveler]");
        record(bed, passed(MOMENT + 2)); /* another one of that model */
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "[device datatraveler]");
        end(bed);
        free(bed);
}

static void what_is_plugged_in_is_learned(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct answer_device device = {
                .id = text_id, .kind = text_kind, .vendor = text_vendor, .product = text_product, .name = text_name
        };
        struct plug other = passed(MOMENT);

        begin(bed, text_audit);
        record(bed, passed(MOMENT));
        other.called = "Elements";
        record(bed, other);
        bed->devices = (struct answer_devices){ &device, 1 };
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "\n\n# plugged in now; by its serial, where it has one: sudo lekdicht learn 1-2\n"
                                     "# USB stick or disk, calls itself \"DataTraveler\"\n");
        assert_contains(said(scene), "\n\n# USB stick or disk, calls itself \"Elements\"\n");
        end(bed);
        free(bed);
}

static void what_has_no_numbers_needs_its_serial(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct plug card = passed(MOMENT);

        begin(bed, text_audit);
        card.kind = "sd-card";
        card.vendor = card.product = NULL;
        card.called = "SD32G";
        record(bed, card);
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_contains(said(scene), "# SD32G: only by its serial; plug it in, and: sudo lekdicht learn DEVICE\n");
        assert_lacks(said(scene), "access = allow");
        end(bed);
        free(bed);
}

/* All sections together are one policy, also beside the names that the policy has. */
static void names_are_given_once(void **state)
{
        static const char *const called[] = { "Stick", "stick", "STICK!", "" };
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct policy_errors *errors = calloc(1, sizeof(*errors));
        struct policy *policy = NULL;
        char path[128], whole[8192];
        const char *sections;

        snprintf(path, sizeof(path), "%s/policy.ini", scene->root);
        scene->cli.policy = path;
        put(scene, "policy.ini", "[policy]\nversion = 1\n[device stick]\nvendor = 1234\naccess = allow\n");
        begin(bed, text_audit);
        for (size_t i = 0; i < sizeof(called) / sizeof(called[0]); i++) {
                struct plug plug = passed(MOMENT);

                plug.called = called[i];
                record(bed, plug);
        }
        assert_int_equal(report(scene, bed), EXIT_WELL);
        sections = strstr(said(scene), "All of a model:\n");
        assert_non_null(sections);
        snprintf(whole, sizeof(whole), "[policy]\nversion = 1\n[device stick]\nvendor = 1234\naccess = allow\n%s",
                 strchr(sections, '\n'));
        if (policy_parse(whole, strlen(whole), LEKDICHT_VERSION, &policy, errors) < 0)
                fail_msg("%u: %s in \"%s\"", errors->items[0].line, errors->items[0].text, whole);
        assert_int_equal(policy->n_devices, 5);
        policy_free(policy);
        free(errors);
        end(bed);
        free(bed);
}

static void hostile_text_steers_nothing(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct plug plug = passed(MOMENT);

        begin(bed, text_audit);
        plug.called = "\x1b[2J\xE2\x80\xAEgpj\n[storage]\nusb-disk = allow";
        plug.rule = "[device \x1b]0;x\a]";
        record(bed, plug);
        /* Not by the agent's hand. */
        bed->items[1].seq = 2;
        bed->items[1].record =
                strdup("{\"eventName\":\"lekdicht.device.refused\",\"attributes\":["
                       "{\"key\":\"lekdicht.audit\",\"value\":{\"boolValue\":true}},"
                       "{\"key\":\"device.product.name\",\"value\":{\"stringValue\":\"\\u001b[2J\\n[storage]\\n\"}},"
                       "{\"key\":\"device.vendor.id\",\"value\":{\"stringValue\":\"0951\\naccess = allow\"}}]}");
        bed->events.n = 2;
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_lacks(said(scene), "\x1b");
        assert_lacks(said(scene), "\xE2\x80\xAE");
        assert_contains(said(scene), "  ?[2J?[storage] "); /* it was counted */
        assert_lacks(said(scene), "\n[storage]");
        end(bed);
        free(bed);
}

static void what_is_no_record_is_said(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));

        begin(bed, text_audit);
        bed->items[0] = (struct answer_event){ 9, strdup("nonsense") };
        bed->events.n = 1;
        record(bed, passed(MOMENT));
        assert_int_equal(report(scene, bed), EXIT_WRONG);
        assert_contains(complained(scene), "event 9 is not understood");
        assert_contains(said(scene), "DataTraveler");
        end(bed);
        free(bed);
}

static void json_says_the_same(void **state)
{
        struct scene *scene = *state;
        struct bed *bed = calloc(1, sizeof(*bed));
        struct answer_device device = {
                .id = text_id, .kind = text_kind, .vendor = text_vendor, .product = text_product, .name = text_name
        };

        begin(bed, text_audit);
        record(bed, passed(MOMENT - DAY));
        record(bed, passed(MOMENT));
        bed->devices = (struct answer_devices){ &device, 1 };
        bed->status.dropped = 3;
        scene->cli.json = true;
        assert_int_equal(report(scene, bed), EXIT_WELL);
        assert_string_equal(
                said(scene),
                "{\n  \"mode\": \"audit\",\n  \"policy_version\": 7,\n  \"read\": 2,\n"
                "  \"since\": \"2025-11-20T08:15:02.000000Z\",\n  \"cut\": false,\n  \"dropped\": 3,\n"
                "  \"would_refuse\": [\n    {\n      \"kind\": \"usb-disk\",\n      \"vendor\": \"0951\",\n"
                "      \"product\": \"1666\",\n      \"name\": \"DataTraveler\",\n      \"times\": 2,\n"
                "      \"first\": \"2025-11-20T08:15:02.000000Z\",\n"
                "      \"last\": \"2025-11-21T08:15:02.000000Z\",\n"
                "      \"rule\": \"[storage] usb-disk\",\n      \"read_only\": false,\n      \"if_encrypted\": false,\n"
                "      \"opened_since\": \"\",\n"
                "      \"present\": [\n        \"1-2\"\n      ],\n"
                "      \"section\": \"\\n# USB stick or disk, calls itself \\\"DataTraveler\\\"\\n# No serial, "
                "so every device of this model opens: the record has none.\\n[device datatraveler]\\nvendor "
                "= 0951\\nproduct = 1666\\naccess = allow\\nreason = learned on 2025-11-21\\n\"\n"
                "    }\n  ]\n}\n");
        end(bed);
        free(bed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(one_model_is_one_line),
                TEST(only_what_was_let_through_counts),
                TEST(nothing_recorded_is_said),
                TEST(enforce_mode_is_said),
                TEST(what_would_be_read_only_is_said),
                TEST(what_would_have_to_be_encrypted_is_said),
                TEST(a_cut_record_is_said),
                TEST(what_was_opened_since_needs_no_lines),
                TEST(what_is_plugged_in_is_learned),
                TEST(what_has_no_numbers_needs_its_serial),
                TEST(names_are_given_once),
                TEST(hostile_text_steers_nothing),
                TEST(what_is_no_record_is_said),
                TEST(json_says_the_same),
        };

        say_it_in_utf8_and_utc();
        return cmocka_run_group_tests_name("cli-audit", tests, NULL, NULL);
}
