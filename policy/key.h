/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The keys of a policy: each reads its value into the open section's object. Inside policy/ only. */

#include <stddef.h>

#include "policy/section.h"

struct key {
        const char *name;
        int (*set)(struct sections *sections, const struct key *key, const char *value, unsigned line);
        size_t field; /* of a text, in the section's object */
};

/* All return 0, also when the value is wrong (which is told in sections->errors), or -ENOMEM. */
int key_set_text(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_url(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_request_url(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_version(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_size(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_mode(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_min_agent(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_storage(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_access(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_host(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_kill_after(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_clients(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_verdict(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_class(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_vendor(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_product(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_until(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_users(struct sections *sections, const struct key *key, const char *value, unsigned line);
int key_set_serial(struct sections *sections, const struct key *key, const char *value, unsigned line);
