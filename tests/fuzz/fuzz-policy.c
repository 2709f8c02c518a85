/* links: policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c policy/judge.c policy/catalogue.c policy/catalogueline.c policy/clientjudge.c policy/glob.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a policy file. Refused means that something is said about it; accepted means that every string is text
 * and that the judge names a rule that stands in the policy. */

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/judge.h"
#include "tests/fuzz/check.h"

/* Somebody else's opinion on what UTF-8 is: glibc's. */
static void check_text(const char *text, size_t most)
{
        static char out[4 * 4096];
        char *from = (char *) text, *to = out;
        size_t left = strlen(text), room = sizeof(out);
        static iconv_t converter;

        if (!converter)
                converter = iconv_open("UTF-32LE", "UTF-8");
        CHECK(converter != (iconv_t) -1);
        CHECK(left > 0 && left <= most);
        CHECK(iconv(converter, &from, &left, &to, &room) == 0);
        CHECK(left == 0);
        for (const char *s = text; *s; s++)
                CHECK((unsigned char) *s >= 0x20 && *s != 0x7F);
}

static void check_value(const char *text)
{
        if (!text)
                return;
        check_text(text, POLICY_LINE_MAX);
        CHECK(text[0] != ' ' && text[strlen(text) - 1] != ' ');
}

static void check_list(const struct policy_error *items, size_t n, unsigned lines)
{
        CHECK(n <= POLICY_ERRORS_MAX);
        for (size_t i = 0; i < n; i++) {
                check_text(items[i].text, POLICY_ERROR_TEXT_MAX - 1);
                CHECK(items[i].line <= lines);
                CHECK(i == 0 || items[i - 1].line <= items[i].line);
        }
}

static void check_policy(const struct policy *policy)
{
        CHECK(policy->version > 0);
        check_value(policy->min_agent);
        check_value(policy->school_name);
        check_value(policy->servicedesk);
        check_value(policy->servicedesk_url);
        check_value(policy->leak_report);
        check_value(policy->leak_report_url);

        CHECK(policy->n_places <= POLICY_PLACES_MAX);
        for (size_t i = 0; i < policy->n_places; i++) {
                CHECK(policy->places[i].label && policy->places[i].url);
                check_text(policy->places[i].name, POLICY_NAME_MAX);
                check_value(policy->places[i].label);
                check_value(policy->places[i].url);
                CHECK(strncasecmp(policy->places[i].url, "http", 4) == 0 ||
                      strncasecmp(policy->places[i].url, "mailto:", 7) == 0);
        }

        CHECK(policy->n_groups <= POLICY_GROUPS_MAX);
        for (size_t i = 0; i < policy->n_groups; i++) {
                check_text(policy->groups[i], POLICY_GROUP_MAX);
                CHECK(!strpbrk(policy->groups[i], " ,"));
        }

        CHECK(policy->n_devices <= POLICY_DEVICES_MAX);
        for (size_t i = 0; i < policy->n_devices; i++) {
                const struct policy_device *device = &policy->devices[i];

                check_text(device->name, POLICY_NAME_MAX);
                check_value(device->serial);
                check_value(device->reason);
                CHECK(device->end.until == 0 ? device->end.text[0] == '\0' : strlen(device->end.text) == 10);
                CHECK(device->end.until == 0 || (device->end.until >= 18262 && device->end.until <= 47481));
                CHECK(device->has_class || device->has_vendor || device->serial);
                CHECK(!device->has_product || device->has_vendor);
                CHECK(policy->n_groups == POLICY_GROUPS_MAX || device->users >> policy->n_groups == 0);
                for (size_t j = 0; j < i; j++)
                        CHECK(strcmp(device->name, policy->devices[j].name) != 0);
        }
}

static void check_verdict(const struct policy *policy, const struct storage_facts *facts)
{
        char rule[VERDICT_RULE_MAX];
        bool found = false;
        struct verdict verdict, again;

        memset(&verdict, 0x55, sizeof(verdict));
        judge(policy, facts, 20000, &verdict);
        /* The answer holds until the day that the judge names. */
        judge(policy, facts, verdict.again ? verdict.again - 1 : 20000, &again);
        check_text(verdict.rule, VERDICT_RULE_MAX - 1);
        check_text(verdict.reason, VERDICT_REASON_MAX - 1);
        CHECK(strcmp(verdict.rule, again.rule) == 0 && strcmp(verdict.reason, again.reason) == 0);
        CHECK(verdict.access == again.access && verdict.by_rule == again.by_rule);
        CHECK(verdict.audit == (policy->mode == POLICY_AUDIT));
        CHECK(verdict.access == (verdict.audit ? ACCESS_ALLOW : verdict.by_rule));
        CHECK(strstr(verdict.reason, verdict.rule));

        snprintf(rule, sizeof(rule), "[storage] %s", storage_kind_name(facts->kind));
        if (strcmp(rule, verdict.rule) == 0) {
                const struct policy_end *end = &policy->storage_end[facts->kind];

                CHECK(verdict.by_rule ==
                      (end->until == 0 || end->until >= 20000 ? policy->storage[facts->kind] : ACCESS_BLOCK));
                found = true;
        }
        for (size_t i = 0; i < policy->n_devices && !found; i++) {
                const struct policy_device *device = &policy->devices[i];

                snprintf(rule, sizeof(rule), "[device %s]", device->name);
                if (strcmp(rule, verdict.rule) != 0)
                        continue;
                found = true;
                CHECK(verdict.by_rule == device->access || verdict.by_rule == ACCESS_BLOCK);
                CHECK(verdict.by_rule == device->access || device->access == ACCESS_READ_ONLY ||
                      device->access == ACCESS_ENCRYPTED);
                CHECK(device->users == 0 || device->users & (facts->users.present | facts->users.unknown));
                CHECK(device->users == 0 || device->users & facts->users.present || device->access != ACCESS_ALLOW);
                CHECK(!device->has_class || device->class == facts->kind ||
                      ((device->has_vendor || device->serial) && facts->units & 1U << device->class));
                CHECK(!device->has_vendor || (facts->has_usb_id && device->vendor == facts->vendor));
                CHECK(!device->has_product || device->product == facts->product);
                CHECK(!device->serial || (serial_identifies(device->serial) && serial_identifies(facts->serial)));
        }
        CHECK(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct policy_errors errors;
        struct policy *policy = NULL;
        unsigned lines = 1;
        int r;

        for (size_t i = 0; i < size; i++)
                lines += data[i] == '\n';

        memset(&errors, 0xAA, sizeof(errors));
        r = policy_parse((const char *) data, size, "0.1.0", &policy, &errors);
        check_list(errors.items, errors.n, lines);
        check_list(errors.warnings, errors.n_warnings, lines);
        CHECK(errors.total >= errors.n);
        if (r != 0) {
                CHECK(r == -EINVAL);
                CHECK(errors.n > 0);
                CHECK(!policy);
                return 0;
        }

        CHECK(errors.n == 0 && errors.total == 0);
        CHECK(policy);
        check_policy(policy);

        /* facts from the input's own devices, so that they fit, nearly fit, and do not */
        for (size_t i = 0; i <= policy->n_devices && i < 20; i++) {
                const struct policy_device *device = i < policy->n_devices ? &policy->devices[i] : NULL;
                uint8_t turn = size > i ? data[size - 1 - i] : 0;
                struct storage_facts facts = {
                        .kind = (enum storage_kind)(turn % _STORAGE_KIND_MAX),
                        .has_usb_id = turn & 0x10,
                        .vendor = device && turn & 0x20 ? device->vendor : turn,
                        .product = device && turn & 0x40 ? device->product : turn,
                        .serial = device && turn & 0x80 ? device->serial : NULL,
                        .units = turn,
                        .users = { .present = turn, .unknown = turn >> 4 },
                };

                check_verdict(policy, &facts);
                if (device) {
                        facts = (struct storage_facts){ device->has_class ? device->class : facts.kind,
                                                        true,
                                                        device->vendor,
                                                        device->product,
                                                        device->serial,
                                                        0,
                                                        facts.users };
                        check_verdict(policy, &facts);
                }
        }

        policy_free(policy);
        return 0;
}
