/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A disk that fails when it is told to, under everything that writes: SQLite's own calls and ours come here first, since a
 * program's functions go before the C library's. What a test watches is counted, each write, sync, truncation, creation,
 * renaming and removal one operation, so that a test can have the first one fail, then the second, to the last.
 *
 * It also knows what a disk has really been asked to keep, and can leave no more than that: a power cut. Nothing is really
 * synced. For one thread and one directory at a time, without subdirectories. */

#include <stdbool.h>

enum faultdisk_fault {
        FAULTDISK_EIO,    /* the disk is sick; half a write arrives */
        FAULTDISK_ENOSPC, /* it is full; what makes nothing larger goes on */
        FAULTDISK_EROFS,  /* it was remounted read-only: also opening to write fails */
        FAULTDISK_CUT,    /* the machine has no power any more; half a write arrives */
};

/* What a power cut leaves of that which was written and not synced. */
enum faultdisk_left {
        FAULTDISK_NOTHING, /* nothing, and names are as at the directory's last sync */
        FAULTDISK_SECTORS, /* every other sector of 512 bytes, and names are as they were */
        FAULTDISK_ALL,     /* everything, as after a kill */
};

/* Watch that directory (borrowed); what is in it counts as synced. */
void faultdisk_watch(const char *directory);
void faultdisk_unwatch(void);
/* What is in that file, or the names in the directory, now count as synced. */
void faultdisk_settle(const char *path);

/* The nth operation from now on fails, from 1, and all that follow it unless `once`. */
void faultdisk_fail(enum faultdisk_fault fault, unsigned nth, bool once);
/* Everything works again. */
void faultdisk_heal(void);
/* Has one failed since faultdisk_fail()? */
bool faultdisk_failed(void);

/* What the disk has when the power comes back. Nothing in the directory may be open. */
void faultdisk_cut(enum faultdisk_left left);
