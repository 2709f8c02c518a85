/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Passwords: kept as argon2id, which makes each guess cost memory and time, also for who has the database. */

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_MIN        12U  /* bytes */
#define PASSWORD_MAX        256U /* bytes */
#define PASSWORD_HASH_SIZE  128U /* of the text that is kept, NUL included */
#define PASSWORD_PASSES     3U   /* over ... */
#define PASSWORD_MEMORY_MIB 32U  /* ... so much; one after another, so that all tries together take no more than that */

/* The text to keep, with salt and costs in it. 0; -EINVAL: shorter than PASSWORD_MIN or longer than PASSWORD_MAX;
 * -ENOMEM. Slow on purpose, some 100 ms. */
int password_hash(const char *password, char ret[static PASSWORD_HASH_SIZE]);

/* Is it that one? hash NULL: no, after the time that it takes to find out, so that nobody learns which accounts there are. 1 or
 * 0; -EBUSY: somebody else's is being looked at. */
int password_check(const char *password, const char *hash);
