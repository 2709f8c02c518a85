/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The section [device NAME] that lets a device in. Written here alone, whoever prints it; never touched by hand between
 * here and the file, so it must be right. */

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"

#define EXCEPTION_TEXT_MAX 2048U /* bytes, with NUL, of comments and section */

struct exception {
        char name[POLICY_NAME_MAX + 1]; /* by exception_name() */
        const char *kind;               /* as in [storage] */
        const char *vendor, *product;   /* 4 hexadecimal digits, or "" */
        const char *called;             /* what it calls itself, "" for nothing */
        const char *serial;             /* after text_clean(), as the agent compares it; NULL: do not ask for it */
        const char *without;            /* when serial is NULL: why, to be read after "because" */
        uint64_t now;                   /* microseconds, CLOCK_REALTIME */
};

/* Fill in exception->name: what the device calls itself as far as a policy can say it, else its kind and numbers. While
 * taken(userdata, name) holds, a number is put behind it, counted up from `number`. */
void exception_name(struct exception *exception, unsigned number, bool (*taken)(const void *userdata, const char *name),
                    const void *userdata);

/* Is there a [device] of that name in the policy (a struct policy, NULL: no)? For exception_name(). */
bool exception_in_policy(const void *policy, const char *name);

/* Comments and section, begun with an empty line so that they may be appended to any file. The text was read back as a
 * policy, and the judge opens the device by it. 0; -ENODATA: neither numbers nor a serial, so it would open every device
 * of that kind; -EINVAL: this version's policy cannot say it (a serial with " ;" in it, a kind of a later version);
 * -ENOMEM. */
int exception_write(const struct exception *exception, char ret[static EXCEPTION_TEXT_MAX]);

/* What the policy says of the device as it is now. False, and *ret as it was, when its kind is not known. */
struct verdict;
bool exception_judge(const struct exception *exception, const struct policy *policy, struct verdict *ret);
