/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The clients of one file of the catalogue, as its lines come. Inside policy/ only. */

#include "policy/catalogue.h"

struct clients {
        struct client **items;
        size_t n;
        unsigned version; /* 0: not given */
};

/* Read a whole file. 0 with clients to be freed by clients_clear(); -EINVAL with at least one entry in *errors; -ENOMEM.
 * Fills in *ret only with 0. */
int clients_read(const char *text, size_t size, struct policy_errors *errors, struct clients *ret);
void clients_clear(struct clients *clients);
/* Accepts NULL; returns NULL. */
struct client *client_free(struct client *client);

/* The last part of a path, and how much of a program's name is not its version: 6 of "python3.11". */
const char *catalogue_last_part(const char *path);
size_t catalogue_stem(const char *name);
