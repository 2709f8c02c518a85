/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The question that members.c asks, answered in a process of its own: `lekdichtd --membership UID GROUP...`. Who answers it
 * may be a directory server at the other end of a bad line. */

#define MEMBERSHIP_OPTION      "--membership"
#define MEMBERSHIP_SECONDS_MAX 10U /* then it ends by SIGALRM, also when nobody waits for it any more */

/* What is printed, one for each group in their order, and a line feed at the end. */
#define MEMBERSHIP_YES      '1'
#define MEMBERSHIP_NO       '0'
#define MEMBERSHIP_NO_GROUP '-' /* this laptop knows no such group */
#define MEMBERSHIP_UNKNOWN  '?' /* it cannot be said now */

/* n words: UID and groups. Returns the exit status: 0, or 1 when nothing was printed. */
int membership_answer(int n, char *const *words);
