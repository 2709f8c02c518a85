/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How often somebody may try a password. Counted for each account and for each address, but apart for a browser that has
 * signed in to the account before: so nobody can shut others out by trying, neither with their name nor from their school's
 * one address. Any thread. */

#include <stdbool.h>
#include <stdint.h>

/* Wrong tries in LOCKOUT_MINUTES: at an account, by strangers and as many by a known browser; from an address, by strangers. */
#define LOCKOUT_ACCOUNT 10U
#define LOCKOUT_ADDRESS 30U
#define LOCKOUT_MINUTES 15U

struct lockout;

/* NULL: no memory or randomness. */
struct lockout *lockout_new(void);

/* Takes NULL, returns NULL. */
struct lockout *lockout_free(struct lockout *lockout);

/* A try; all that come from an address that is not known, "", are as one. False: too many have been wrong. */
bool lockout_try(struct lockout *lockout, const char *account, const char *address, bool known, uint64_t now_usec);

/* It was right, or was not looked at: it does not count. */
void lockout_take_back(struct lockout *lockout, const char *account, const char *address, bool known);
