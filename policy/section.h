/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Builds a policy from sections and keys as they come. Inside policy/ only. */

#include "policy/line.h"
#include "policy/policy.h"

#define SECTION_KEYS_MAX  8U
#define SECTION_KINDS_MAX 16U

struct section;

struct sections {
        struct policy *policy;        /* being built; borrowed */
        struct policy_errors *errors; /* borrowed */
        const char *agent_version;    /* borrowed */

        const struct section *open;           /* NULL: none, or one whose keys are passed over */
        unsigned line;                        /* of the open header; 0: before the first */
        char title[16 + POLICY_NAME_MAX];     /* "device lokaal-2.14", as inih must deliver it */
        void *object;                         /* what the keys of the open section fill in */
        unsigned key_lines[SECTION_KEYS_MAX]; /* line of each key of the open section; 0: not seen */

        unsigned opened[SECTION_KINDS_MAX]; /* line of the first header of each kind; 0: not seen */
        unsigned place_lines[POLICY_PLACES_MAX];
        unsigned service_lines[POLICY_SERVICES_MAX];
        size_t devices_room;
        bool refused;    /* a header was; it may have been meant as [policy] */
        bool complained; /* of keys before the first section */
};

/* Open the section of a LINE_HEADER. Returns 1 when keys may follow, 0 when it was refused (and told in errors) and its
 * keys are to be passed over, -ENOMEM. */
int section_open(struct sections *sections, const struct line *header, unsigned line);

/* The header could not be read: pass its keys over. */
void section_open_bad(struct sections *sections, unsigned line);

/* Whether a key in this line has an open section. When it stands before the first, that is told once in errors. */
bool section_is_open(struct sections *sections, unsigned line);

/* A key of the open section. Returns 0 (what is wrong with it is told in errors) or -ENOMEM. */
int section_set(struct sections *sections, const char *key, const char *value, unsigned line);

/* The end of the file: is everything there? */
void section_finish(struct sections *sections);
