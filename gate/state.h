/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The gate's few files. Those in /run tell udev's rules, modprobe.d and the agent how things stand and are gone at the next
 * boot; the wish in /etc stays. All are written whole: aside, then renamed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/roots.h"

/* Files and directories below roots->run. */
#define STATE_ARMED     "armed" /* while closed: modprobe.d closes a bus again that is loaded anew */
#define STATE_OPEN      "open" /* while open: the hide rules let everything through; "why=..." when a boot left it so */
#define STATE_GRANTS    "grant"     /* grant/DISKSEQ: this disk is not hidden */
#define STATE_READONLY  "readonly"  /* readonly/DISKSEQ: not hidden, and not to be written; wins over a grant */
#define STATE_ENCRYPTED "encrypted" /* encrypted/DISKSEQ: what is encrypted is not hidden; wins over a grant */
#define STATE_REFUSED   "refused"   /* refused/KERNEL-NAME: deauthorised by us, to be given back */
#define STATE_NODES     "node"      /* node/BUSNUM-DEVNUM: this usbfs node is for root only */
#define STATE_PHONES    "phone"     /* phone/BUSNUM-DEVNUM, three digits each: this phone's node is given to users */
#define STATE_UNBOUND   "unbound"   /* unbound/KERNEL-NAME: its driver was taken away by us */
#define STATE_EXEMPT    "exempt"    /* exempt/KERNEL-NAME: carried the system when the gate closed */

#define STATE_TEXT_MAX 8192U /* bytes of one such file */

/* Make the directories. 0 or -errno. */
int state_prepare(const struct roots *roots);

/* A file `directory/name` (directory NULL: `name` itself) with that text. 0 or -errno. */
int state_put(const struct roots *roots, const char *directory, const char *name, const char *text);
/* Gone already is no error. */
int state_remove(const struct roots *roots, const char *directory, const char *name);
bool state_has(const struct roots *roots, const char *directory, const char *name);
/* The text of a file; its length or -errno. */
int state_get(const struct roots *roots, const char *directory, const char *name, char *buffer, size_t size);
/* Value of the line `key=...` of such a text; false when there is none or it does not fit. */
bool state_value(const char *text, const char *key, char *buffer, size_t size);
/* Call back with each name in a directory; stops at the first non-zero answer and returns it. */
int state_foreach(const struct roots *roots, const char *directory, int (*callback)(const char *name, void *userdata),
                  void *userdata);

/* Grants are named after the disk's sequence number, which the kernel never gives twice in one boot (since 5.15,
 * block/genhd.c). A disk that takes another's name or SCSI address therefore inherits nothing. */
enum grant { GRANT_NONE, GRANT_READ_ONLY, GRANT_ENCRYPTED, GRANT_FULL };
int state_grant(const struct roots *roots, uint64_t diskseq, const char *text);
/* The disk has its read-only flag already (gate/roflag.h). */
int state_grant_readonly(const struct roots *roots, uint64_t diskseq, const char *text);
/* All of the disk was encrypted when it was looked at; the rules look again at each event (61-lekdicht-hold.rules). */
int state_grant_encrypted(const struct roots *roots, uint64_t diskseq, const char *text);
/* Of whatever kind. */
int state_revoke(const struct roots *roots, uint64_t diskseq);
enum grant state_granted(const struct roots *roots, uint64_t diskseq);

/* What IT (or audit mode) wants at every boot: /etc/lekdicht/gate.open. */
enum wish { WISH_CLOSED, WISH_OPEN_BY_COMMAND, WISH_OPEN_FOR_AUDIT };
enum wish state_wish(const struct roots *roots);
int state_set_wish(const struct roots *roots, enum wish wish);
const char *wish_name(enum wish wish);
