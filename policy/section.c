/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The meaning of a policy: which sections and keys there are, and what makes a section complete. A table says what is
 * known; key.c reads the values. Whatever is wrong is told and reading goes on, so that a school sees all mistakes at once;
 * the caller throws the result away when there was one. What later versions know is named here, and refused: a key
 * that would be passed over in silence is a promise that is not kept. */

#include "policy/section.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/errors.h"
#include "policy/key.h"
#include "policy/wording.h"

struct section {
        const char *name;
        bool named; /* [section NAME], any number of them */
        bool later; /* of a later version */
        struct key keys[SECTION_KEYS_MAX + 1];
        int (*begin)(struct sections *sections, const char *name,
                     unsigned line); /* 1, 0 or -ENOMEM, as section_open() */
        void (*end)(struct sections *sections);
};

static unsigned line_of(const struct sections *sections, const char *key);

static int begin_policy(struct sections *sections, const char *name, unsigned line)
{
        (void) name;
        (void) line;
        sections->object = sections->policy;

        return 1;
}

static void end_policy(struct sections *sections)
{
        if (!line_of(sections, "version"))
                errors_add(sections->errors, sections->line,
                           "[policy] has no version; write version = 1, and one more at each change");
}

static int begin_place(struct sections *sections, const char *name, unsigned line)
{
        struct policy *policy = sections->policy;

        for (size_t i = 0; i < policy->n_places; i++) {
                if (strcmp(policy->places[i].name, name) == 0) {
                        errors_add(sections->errors, line, "[place %s] stands in line %u already; choose another name",
                                   name, sections->place_lines[i]);
                        return 0;
                }
        }
        if (policy->n_places == POLICY_PLACES_MAX) {
                errors_add(sections->errors, line, "[place %s] is one too many; %u is the most", name,
                           POLICY_PLACES_MAX);
                return 0;
        }
        if (!policy->places)
                policy->places = calloc(POLICY_PLACES_MAX, sizeof(*policy->places));
        if (!policy->places)
                return -ENOMEM;

        sections->object = &policy->places[policy->n_places];
        sections->place_lines[policy->n_places] = line;
        policy->places[policy->n_places].name = strdup(name);
        if (!policy->places[policy->n_places].name)
                return -ENOMEM;
        policy->n_places++;

        return 1;
}

static void end_place(struct sections *sections)
{
        if (!line_of(sections, "label"))
                errors_add(sections->errors, sections->line, "[%s] has no label; write what its button says",
                           sections->title);
        if (!line_of(sections, "url"))
                errors_add(sections->errors, sections->line, "[%s] has no url; write the address it opens",
                           sections->title);
}

static int begin_service(struct sections *sections, const char *name, unsigned line)
{
        struct policy *policy = sections->policy;

        for (size_t i = 0; i < policy->n_services; i++) {
                if (strcmp(policy->services[i].name, name) == 0) {
                        errors_add(sections->errors, line, "[service %s] stands in line %u already; put its key there",
                                   name, sections->service_lines[i]);
                        return 0;
                }
        }
        if (policy->n_services == POLICY_SERVICES_MAX) {
                errors_add(sections->errors, line, "[service %s] is one too many; %u is the most", name,
                           POLICY_SERVICES_MAX);
                return 0;
        }
        if (!policy->services)
                policy->services = calloc(POLICY_SERVICES_MAX, sizeof(*policy->services));
        if (!policy->services)
                return -ENOMEM;

        sections->object = &policy->services[policy->n_services];
        sections->service_lines[policy->n_services] = line;
        policy->services[policy->n_services].name = strdup(name);
        if (!policy->services[policy->n_services].name)
                return -ENOMEM;
        policy->n_services++;

        return 1;
}

static void end_service(struct sections *sections)
{
        if (!line_of(sections, "verdict"))
                errors_add(sections->errors, sections->line, "[%s] has no verdict; write verdict = allow, flag or stop",
                           sections->title);
}

static int begin_device(struct sections *sections, const char *name, unsigned line)
{
        struct policy *policy = sections->policy;

        for (size_t i = 0; i < policy->n_devices; i++) {
                if (strcmp(policy->devices[i].name, name) == 0) {
                        errors_add(sections->errors, line, "[device %s] stands in line %u already; choose another name",
                                   name, policy->devices[i].line);
                        return 0;
                }
        }
        if (policy->n_devices == POLICY_DEVICES_MAX) {
                errors_add(sections->errors, line, "[device %s] is one too many; %u is the most", name,
                           POLICY_DEVICES_MAX);
                return 0;
        }
        if (policy->n_devices == sections->devices_room) {
                size_t room = sections->devices_room ? 2 * sections->devices_room : 16;
                struct policy_device *grown = reallocarray(policy->devices, room, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                policy->devices = grown;
                sections->devices_room = room;
        }

        sections->object = &policy->devices[policy->n_devices];
        policy->devices[policy->n_devices] = (struct policy_device){ .name = strdup(name), .line = line };
        if (!policy->devices[policy->n_devices].name)
                return -ENOMEM;
        policy->n_devices++;

        return 1;
}

static void end_device(struct sections *sections)
{
        const struct policy_device *device = sections->object;

        if (!line_of(sections, "class") && !line_of(sections, "vendor") && !line_of(sections, "product") &&
            !line_of(sections, "serial"))
                errors_add(sections->errors, sections->line,
                           "[%s] does not say which device; write class, vendor, product or serial", sections->title);
        if (line_of(sections, "product") && !line_of(sections, "vendor"))
                errors_add(sections->errors, line_of(sections, "product"),
                           "a product without its vendor is any maker's; write vendor as well");
        if (!line_of(sections, "access"))
                errors_add(sections->errors, sections->line,
                           "[%s] has no access; write access = allow, encrypted, read-only or block", sections->title);
        else if (device->has_class && storage_kind_is_phone(device->class) && device->access == ACCESS_READ_ONLY)
                errors_add(sections->errors, line_of(sections, "access"),
                           "%s cannot be read-only, for no phone can; write access = allow or block",
                           storage_kind_name(device->class));
        else if (device->has_class && !storage_kind_can_be_encrypted(device->class) &&
                 device->access == ACCESS_ENCRYPTED)
                errors_add(sections->errors, line_of(sections, "access"),
                           "%s cannot be encrypted, for no %s can; write access = allow or block",
                           storage_kind_name(device->class), storage_kind_is_phone(device->class) ? "phone" : "disc");
}

#define POLICY_TEXT(field) key_set_text, offsetof(struct policy, field)
#define POLICY_URL(field)  key_set_url, offsetof(struct policy, field)

static const struct section known[] = {
        { .name = "policy",
          .keys = { { "version", key_set_version, 0 },
                    { "mode", key_set_mode, 0 },
                    { "min-agent", key_set_min_agent, offsetof(struct policy, min_agent) } },
          .begin = begin_policy,
          .end = end_policy },
        { .name = "school",
          .keys = { { "name", POLICY_TEXT(school_name) },
                    { "servicedesk", POLICY_TEXT(servicedesk) },
                    { "servicedesk-url", key_set_request_url, offsetof(struct policy, servicedesk_url) },
                    { "leak-report", POLICY_TEXT(leak_report) },
                    { "leak-report-url", POLICY_URL(leak_report_url) } },
          .begin = begin_policy },
        { .name = "place",
          .named = true,
          .keys = { { "label", key_set_text, offsetof(struct policy_place, label) },
                    { "url", key_set_url, offsetof(struct policy_place, url) } },
          .begin = begin_place,
          .end = end_place },
        { .name = "storage",
          .keys = { { "usb-disk", key_set_storage, 0 },
                    { "sd-card", key_set_storage, 0 },
                    { "optical", key_set_storage, 0 },
                    { "external-disk", key_set_storage, 0 },
                    { "phone-mtp", key_set_storage, 0 },
                    { "phone-ptp", key_set_storage, 0 },
                    { "phone-apple", key_set_storage, 0 },
                    { "phone-adb", key_set_storage, 0 } },
          .begin = begin_policy },
        { .name = "device",
          .named = true,
          .keys = { { "class", key_set_class, 0 },
                    { "vendor", key_set_vendor, 0 },
                    { "product", key_set_product, 0 },
                    { "serial", key_set_serial, offsetof(struct policy_device, serial) },
                    { "access", key_set_access, 0 },
                    { "reason", key_set_text, offsetof(struct policy_device, reason) },
                    { "until", key_set_until, 0 },
                    { "users", key_set_users, 0 } },
          .begin = begin_device,
          .end = end_device },
        { .name = "clients",
          .keys = { { "sync", key_set_clients, 0 },
                    { "chat", key_set_clients, 0 },
                    { "backup", key_set_clients, 0 },
                    { "kill-after", key_set_kill_after, 0 } },
          .begin = begin_policy },
        { .name = "service",
          .named = true,
          .keys = { { "verdict", key_set_verdict, 0 },
                    { "host", key_set_host, offsetof(struct policy_service, host) } },
          .begin = begin_service,
          .end = end_service },
        { .name = "notices", .keys = { { "per-hour", wording_set_per_hour, 0 } }, .begin = begin_policy },
        { .name = "notice",
          .named = true,
          .keys = { { "title", key_set_text, offsetof(struct policy_wording, title) },
                    { "text", key_set_text, offsetof(struct policy_wording, text) } },
          .begin = wording_begin,
          .end = wording_end },
        { .name = "privacy", .later = true },
        { .name = "report", .later = true },
        { .name = "spool", .keys = { { "size", key_set_size, 0 } }, .begin = begin_policy },
};

#define N_KNOWN (sizeof(known) / sizeof(*known))
_Static_assert(N_KNOWN <= SECTION_KINDS_MAX, "room for the line of each");

static const struct key *key_of(const struct section *section, const char *name)
{
        for (const struct key *key = section->keys; key->name; key++)
                if (strcmp(key->name, name) == 0)
                        return key;

        return NULL;
}

static unsigned line_of(const struct sections *sections, const char *key)
{
        return sections->key_lines[key_of(sections->open, key) - sections->open->keys];
}

static void close_open(struct sections *sections, unsigned line)
{
        if (sections->open && sections->open->end)
                sections->open->end(sections);
        sections->open = NULL;
        sections->object = NULL;
        sections->line = line;
        memset(sections->key_lines, 0, sizeof(sections->key_lines));
}

static void unknown_section(struct sections *sections, const char *word, unsigned line)
{
        struct errors_hint hint = { .word = word };
        char quoted[ERRORS_QUOTE_MAX];

        for (size_t i = 0; i < N_KNOWN; i++)
                if (!known[i].later)
                        errors_hint_offer(&hint, known[i].name);
        if (hint.best)
                errors_add(sections->errors, line, "unknown section %s; did you mean \"%s\"?",
                           errors_quote(quoted, word), hint.best);
        else
                errors_add(sections->errors, line,
                           "unknown section %s; there are [policy], [school], [place NAME], [storage], [device NAME], "
                           "[clients], [service NAME], [notices], [notice KIND.LANGUAGE] and [spool]",
                           errors_quote(quoted, word));
}

static int find_and_begin(struct sections *sections, const struct line *header, unsigned line)
{
        const struct section *section = NULL;
        size_t i;
        int r;

        for (i = 0; i < N_KNOWN && !section; i++)
                if (strcmp(known[i].name, header->word) == 0)
                        section = &known[i];
        if (!section) {
                unknown_section(sections, header->word, line);
                return 0;
        }
        if (section->later) {
                errors_add(sections->errors, line,
                           "[%s] is not known by lekdicht %.20s, only by a later version; take the section out",
                           section->name, sections->agent_version);
                return 0;
        }
        if (section->named != !!header->name) {
                errors_add(sections->errors, line,
                           section->named ? "a name is missing; write [%s NAME]" : "write [%s], without a name",
                           section->name);
                return 0;
        }
        if (!section->named && sections->opened[i - 1]) {
                errors_add(sections->errors, line, "[%s] stands in line %u already; put its keys there", section->name,
                           sections->opened[i - 1]);
                return 0;
        }
        sections->opened[i - 1] = line;

        snprintf(sections->title, sizeof(sections->title), "%s%s%s", section->name, header->name ? " " : "",
                 header->name ?: "");
        r = section->begin(sections, header->name, line);
        if (r == 1)
                sections->open = section;

        return r;
}

int section_open(struct sections *sections, const struct line *header, unsigned line)
{
        int r;

        close_open(sections, line);
        r = find_and_begin(sections, header, line);
        if (r == 0)
                sections->refused = true;

        return r;
}

void section_open_bad(struct sections *sections, unsigned line)
{
        close_open(sections, line);
        sections->refused = true;
}

bool section_is_open(struct sections *sections, unsigned line)
{
        if (sections->line == 0 && !sections->complained) {
                errors_add(sections->errors, line,
                           "a key before the first section; write [policy] or another section above it");
                sections->complained = true;
        }

        return sections->open;
}

static void unknown_key(struct sections *sections, const char *name, unsigned line)
{
        struct errors_hint hint = { .word = name };
        char quoted[ERRORS_QUOTE_MAX];

        for (const struct key *key = sections->open->keys; key->name; key++)
                errors_hint_offer(&hint, key->name);
        if (hint.best) {
                errors_add(sections->errors, line, "unknown key %s in [%s]; did you mean \"%s\"?",
                           errors_quote(quoted, name), sections->open->name, hint.best);
                return;
        }

        for (size_t i = 0; i < N_KNOWN; i++) {
                if (key_of(&known[i], name)) {
                        errors_add(sections->errors, line, "unknown key %s in [%s]; it belongs in [%s%s]",
                                   errors_quote(quoted, name), sections->open->name, known[i].name,
                                   known[i].named ? " NAME" : "");
                        return;
                }
        }

        errors_add(sections->errors, line, "unknown key %s in [%s]; take it out", errors_quote(quoted, name),
                   sections->open->name);
}

int section_set(struct sections *sections, const char *name, const char *value, unsigned line)
{
        const struct key *key = key_of(sections->open, name);
        unsigned *seen;

        if (!key) {
                unknown_key(sections, name, line);
                return 0;
        }

        seen = &sections->key_lines[key - sections->open->keys];
        if (*seen) {
                errors_add(sections->errors, line, "%s stands in line %u already; keep one of them", name, *seen);
                return 0;
        }
        *seen = line;

        return key->set(sections, key, value, line);
}

void section_finish(struct sections *sections)
{
        close_open(sections, sections->line);
        if (!sections->opened[0] && !sections->refused)
                errors_add(sections->errors, 0,
                           "there is no section [policy]; write [policy] and below it version = 1");
}
