/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Says when one of lekdicht's udev rules is gone: without them what is held is not hidden, and internal disks stay shut at
 * the next boot. It cannot be put right by a program that may not write to /usr, only told. */

#include <systemd/sd-event.h>

/* An installation takes a rule away and puts the new one there. */
#define RULEWATCH_GRACE_USEC 2000000ULL

struct rulewatch;

/* What is said, once for each rule that is missed, and again when it was back between. */
typedef void (*rulewatch_callback)(void *userdata, const char *words);

/* `usr` is where they are installed ("/usr/lib/udev/rules.d"), `etc` where IT may have put its own ("/etc/udev/rules.d").
 * Both are borrowed. 0 or -errno. */
int rulewatch_new(sd_event *loop, const char *usr, const char *etc, rulewatch_callback callback, void *userdata,
                  struct rulewatch **ret);
/* Accepts NULL; returns NULL. */
struct rulewatch *rulewatch_free(struct rulewatch *rulewatch);

/* Look now. */
void rulewatch_check(struct rulewatch *rulewatch);
