/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the values of a policy may be. A value that is wrong is told, with what to write instead, and left out. */

#include "policy/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/catalogue.h"
#include "policy/errors.h"
#include "policy/value.h"

int key_set_text(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char **field = (void *) ((char *) sections->object + key->field);
        (void) line;

        *field = strdup(value);
        return *field ? 0 : -ENOMEM;
}

/* address: what of the value has to be one. */
static int set_url(struct sections *sections, const struct key *key, const char *value, const char *address,
                   unsigned line)
{
        const char *fault = value_url_fault(address);
        char quoted[ERRORS_QUOTE_MAX];

        if (fault) {
                errors_add(sections->errors, line, "the address %s %s", errors_quote(quoted, value), fault);
                return 0;
        }

        return key_set_text(sections, key, value, line);
}

int key_set_url(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        return set_url(sections, key, value, value, line);
}

/* Around its fields it is an address; what is no field stays, and is no address then. */
int key_set_request_url(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char address[POLICY_LINE_MAX + 1];

        return set_url(sections, key, value, notice_without_fields(value, address, sizeof(address)) ? address : value,
                       line);
}

int key_set_version(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char quoted[ERRORS_QUOTE_MAX];

        if (value_number(value, &sections->policy->version) < 0)
                errors_add(sections->errors, line, "%s %s is no version; write a whole number from 1 to 4294967295",
                           key->name, errors_quote(quoted, value));

        return 0;
}

int key_set_size(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        const char *unit = strstr(value, " MiB");
        char number[sizeof("4294967295")] = "", quoted[ERRORS_QUOTE_MAX];
        unsigned mib = 0;

        if (unit && unit[strlen(" MiB")] == '\0' && (size_t) (unit - value) < sizeof(number))
                memcpy(number, value, (size_t) (unit - value));
        if (value_number(number, &mib) < 0 || mib < POLICY_SPOOL_MIB_MIN || mib > POLICY_SPOOL_MIB_MAX)
                errors_add(sections->errors, line, "%s cannot be %s; write from %u MiB to %u MiB", key->name,
                           errors_quote(quoted, value), POLICY_SPOOL_MIB_MIN, POLICY_SPOOL_MIB_MAX);
        else
                sections->policy->spool_mib = mib;
        return 0;
}

int key_set_mode(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char quoted[ERRORS_QUOTE_MAX];

        if (strcmp(value, "enforce") == 0)
                sections->policy->mode = POLICY_ENFORCE;
        else if (strcmp(value, "audit") == 0)
                sections->policy->mode = POLICY_AUDIT;
        else
                errors_add(sections->errors, line, "%s cannot be %s; write enforce or audit", key->name,
                           errors_quote(quoted, value));

        return 0;
}

int key_set_min_agent(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        unsigned wanted[VALUE_DOTTED_MAX], here[VALUE_DOTTED_MAX];
        char quoted[ERRORS_QUOTE_MAX];

        if (value_dotted(value, wanted) < 0) {
                errors_add(sections->errors, line, "%s %s is no version; write it as in 0.2.0", key->name,
                           errors_quote(quoted, value));
                return 0;
        }
        value_dotted_prefix(sections->agent_version, here);
        if (value_dotted_compare(wanted, here) > 0) {
                errors_add(sections->errors, line,
                           "this policy asks for lekdicht %.40s or later and here is %.20s; update lekdicht", value,
                           sections->agent_version);
                return 0;
        }

        return key_set_text(sections, key, value, line);
}

/* "read-only until 2027-02-01 then block": exactly so. 1, 0 when it has another form, or -EINVAL when the day is none. */
static int read_end(const char *value, struct policy_end *ret)
{
        static const char before[] = "read-only until ", after[] = " then block";
        const char *day = value_after(value, before);
        struct policy_end end;
        size_t size;

        if (!day)
                return 0;
        size = strcspn(day, " ");
        if (strcmp(day + size, after) != 0)
                return 0;
        if (size >= sizeof(end.text))
                return -EINVAL;
        memcpy(end.text, day, size);
        end.text[size] = '\0';
        if (value_day(end.text, &end.until) < 0)
                return -EINVAL;
        *ret = end;

        return 1;
}

/* end: NULL where an end has a key of its own. */
static void read_access(struct sections *sections, const struct key *key, const char *value, unsigned line,
                        enum access *ret, struct policy_end *end)
{
        char quoted[ERRORS_QUOTE_MAX];
        struct policy_end found;

        if (strcmp(value, "block") == 0)
                *ret = ACCESS_BLOCK;
        else if (strcmp(value, "read-only") == 0)
                *ret = ACCESS_READ_ONLY;
        else if (strcmp(value, "encrypted") == 0)
                *ret = ACCESS_ENCRYPTED;
        else if (strcmp(value, "allow") == 0)
                *ret = ACCESS_ALLOW;
        else if (end && read_end(value, &found) > 0) {
                *ret = ACCESS_READ_ONLY;
                *end = found;
        } else if (end && strstr(value, " until "))
                errors_add(
                        sections->errors, line,
                        "%s cannot be %s; only read-only has an end, from %u-01-01 to %u-12-31: write read-only until "
                        "2027-02-01 then block",
                        key->name, errors_quote(quoted, value), VALUE_YEAR_MIN, VALUE_YEAR_MAX);
        else if (strstr(value, " until "))
                errors_add(sections->errors, line, "%s cannot be %s; write its end as a key, until = 2027-02-01",
                           key->name, errors_quote(quoted, value));
        else
                errors_add(sections->errors, line, "%s cannot be %s; write block, read-only, encrypted or allow",
                           key->name, errors_quote(quoted, value));
}

int key_set_storage(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        int kind = storage_kind_from_name(key->name);

        if (kind < 0)
                return kind;

        read_access(sections, key, value, line, &sections->policy->storage[kind], &sections->policy->storage_end[kind]);
        if (storage_kind_is_phone((enum storage_kind) kind) && sections->policy->storage[kind] == ACCESS_READ_ONLY) {
                sections->policy->storage[kind] = ACCESS_BLOCK;
                errors_add(sections->errors, line, "%s cannot be read-only, for no phone can; write block or allow",
                           key->name);
        }
        if (!storage_kind_can_be_encrypted((enum storage_kind) kind) &&
            sections->policy->storage[kind] == ACCESS_ENCRYPTED) {
                sections->policy->storage[kind] = ACCESS_BLOCK;
                errors_add(sections->errors, line, "%s cannot be encrypted, for no %s can; write block%s or allow",
                           key->name, storage_kind_is_phone((enum storage_kind) kind) ? "phone" : "disc",
                           storage_kind_is_phone((enum storage_kind) kind) ? "" : ", read-only");
        }
        return 0;
}

int key_set_access(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        struct policy_device *device = sections->object;

        read_access(sections, key, value, line, &device->access, NULL);
        return 0;
}

int key_set_clients(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        int category = client_category_from_name(key->name);
        char quoted[ERRORS_QUOTE_MAX];

        if (category < 0)
                return category;
        if (strcmp(value, "flag") == 0)
                sections->policy->clients[category] = CLIENTS_FLAG;
        else if (strcmp(value, "ignore") == 0)
                sections->policy->clients[category] = CLIENTS_IGNORE;
        else if (strcmp(value, "stop") == 0 && category == CLIENT_SYNC)
                sections->policy->clients[category] = CLIENTS_STOP;
        else
                errors_add(sections->errors, line, "%s cannot be %s; write flag%s or ignore", key->name,
                           errors_quote(quoted, value), category == CLIENT_SYNC ? ", stop" : "");
        return 0;
}

int key_set_kill_after(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char quoted[ERRORS_QUOTE_MAX];
        unsigned seconds;

        if (value_number(value, &seconds) < 0 || seconds > POLICY_KILL_AFTER_MAX)
                errors_add(sections->errors, line, "%s cannot be %s; write a whole number of seconds from 1 to %u",
                           key->name, errors_quote(quoted, value), POLICY_KILL_AFTER_MAX);
        else
                sections->policy->kill_after = seconds;
        return 0;
}

int key_set_verdict(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        struct policy_service *service = sections->object;
        char quoted[ERRORS_QUOTE_MAX];

        if (strcmp(value, "allow") == 0)
                service->allowed = true;
        else if (strcmp(value, "stop") == 0)
                service->stopped = true;
        else if (strcmp(value, "flag") != 0)
                errors_add(sections->errors, line, "%s cannot be %s; write allow, flag or stop", key->name,
                           errors_quote(quoted, value));
        return 0;
}

/* "cloud.school.example files.school.example" */
static bool are_hosts(const char *value)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";

        for (const char *at = value;; at++) {
                size_t size = strspn(at, plain);

                at += size;
                if (size == 0 || (*at != ' ' && *at != '\0'))
                        return false;
                if (*at == '\0')
                        return true;
        }
}

int key_set_host(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char quoted[ERRORS_QUOTE_MAX];

        if (are_hosts(value))
                return key_set_text(sections, key, value, line);
        errors_add(sections->errors, line,
                   "%s cannot be %s; write the names of servers in small letters, as in cloud.school.example",
                   key->name, errors_quote(quoted, value));
        return 0;
}

int key_set_class(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        struct policy_device *device = sections->object;
        struct errors_hint hint = { .word = value };
        char quoted[ERRORS_QUOTE_MAX];
        int kind = storage_kind_from_name(value);

        if (kind >= 0) {
                device->has_class = true;
                device->class = (enum storage_kind) kind;
                return 0;
        }

        for (int k = 0; k < _STORAGE_KIND_MAX; k++)
                errors_hint_offer(&hint, storage_kind_name((enum storage_kind) k));
        if (hint.best)
                errors_add(sections->errors, line, "unknown %s %s; did you mean \"%s\"?", key->name,
                           errors_quote(quoted, value), hint.best);
        else
                errors_add(sections->errors, line, "unknown %s %s; write a key of [storage], such as usb-disk",
                           key->name, errors_quote(quoted, value));

        return 0;
}

/* idVendor and idProduct differ in their field alone, but a table of bits and offsets would say less than this. */
static void read_id(struct sections *sections, const struct key *key, const char *value, unsigned line, bool *ret_has,
                    uint16_t *ret)
{
        char quoted[ERRORS_QUOTE_MAX];

        if (value_hex4(value, ret) < 0)
                errors_add(sections->errors, line,
                           "%s cannot be %s; write the 4 digits (0-9, a-f) that lsusb shows, as in 0d28", key->name,
                           errors_quote(quoted, value));
        else
                *ret_has = true;
}

int key_set_vendor(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        struct policy_device *device = sections->object;

        read_id(sections, key, value, line, &device->has_vendor, &device->vendor);
        return 0;
}

int key_set_product(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        struct policy_device *device = sections->object;

        read_id(sections, key, value, line, &device->has_product, &device->product);
        return 0;
}

int key_set_until(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        struct policy_device *device = sections->object;
        char quoted[ERRORS_QUOTE_MAX];

        if (value_day(value, &device->end.until) < 0) {
                errors_add(sections->errors, line,
                           "%s cannot be %s; write the last day, from %u-01-01 to %u-12-31, as in 2027-02-01",
                           key->name, errors_quote(quoted, value), VALUE_YEAR_MIN, VALUE_YEAR_MAX);
                return 0;
        }
        snprintf(device->end.text, sizeof(device->end.text), "%s", value);
        return 0;
}

/* Its place among the groups of the policy: a new one when it is not there yet. -ENOBUFS: there are too many; -ENOMEM. */
static int place_of_group(struct policy *policy, const char *name, size_t size)
{
        for (size_t i = 0; i < policy->n_groups; i++)
                if (strncmp(policy->groups[i], name, size) == 0 && policy->groups[i][size] == '\0')
                        return (int) i;
        if (policy->n_groups == POLICY_GROUPS_MAX)
                return -ENOBUFS;
        policy->groups[policy->n_groups] = strndup(name, size);
        if (!policy->groups[policy->n_groups])
                return -ENOMEM;

        return (int) policy->n_groups++;
}

/* A word of users: '@' and a group's name. What stands there is not repeated, for it may be a person's name and what is said
 * here goes into the journal. Returns whether it is one. */
static bool is_group(struct sections *sections, const struct key *key, const char *word, size_t size, unsigned line)
{
        if (word[0] != '@' || size == 1) {
                errors_add(
                        sections->errors, line,
                        "%s has a name without @; laptops are shared, so a policy names groups and no persons: write "
                        "@ and the group, as in @exam",
                        key->name);
                return false;
        }
        if (size - 1 > POLICY_GROUP_MAX) {
                errors_add(sections->errors, line, "%s has a group whose name is longer than %u bytes", key->name,
                           POLICY_GROUP_MAX);
                return false;
        }

        return true;
}

int key_set_users(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        static const char between[] = " ,";
        struct policy_device *device = sections->object;
        const char *word = value + strspn(value, between);

        if (*word == '\0')
                errors_add(sections->errors, line, "%s names no group; write one or more, as in @exam", key->name);
        for (size_t size; *word; word += size, word += strspn(word, between)) {
                int place;

                size = strcspn(word, between);
                if (!is_group(sections, key, word, size, line))
                        continue;
                place = place_of_group(sections->policy, word + 1, size - 1);
                if (place == -ENOBUFS) {
                        errors_add(sections->errors, line,
                                   "%s has one group too many; %u different ones are the most in a policy", key->name,
                                   POLICY_GROUPS_MAX);
                        return 0;
                }
                if (place < 0)
                        return place;
                device->users |= 1U << place;
        }

        return 0;
}

int key_set_serial(struct sections *sections, const struct key *key, const char *value, unsigned line)
{
        char quoted[ERRORS_QUOTE_MAX];

        if (!serial_identifies(value))
                errors_warn(sections->errors, line,
                            "the serial %s is on many devices, so [%s] never matches; leave it out and keep vendor and "
                            "product",
                            errors_quote(quoted, value), sections->title);

        return key_set_text(sections, key, value, line);
}
