/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* On which servers a client has its accounts, by the addresses in its configuration. Pure. The file was written by its user, and
 * of an address nothing leaves but the name of the server. */

#include <stddef.h>

#define SERVER_MAX      4U   /* servers of one client; more are not told */
#define SERVER_NAME_MAX 128U /* bytes, with the NUL; a longer name is not known */

struct servers {
        char names[SERVER_MAX]
                  [SERVER_NAME_MAX]; /* small letters, digits, '.' and '-'; "": one whose name is not known */
        size_t n;
};

/* key: as it ends before the address, "url=" in "0\url=https://cloud.example.org/x". Adds each server once. */
void server_find(const char *text, size_t size, const char *key, struct servers *servers);

/* Once more, for what a child answers. */
void server_add(const char *name, size_t size, struct servers *servers);
