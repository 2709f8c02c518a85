/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Is there a card in a held reader? Without a block driver nobody in the kernel asks, so a child process does, through the
 * logical unit's node of the SCSI generic driver (root's alone while it is held): at once, and then every two seconds as
 * long as somebody is logged in. A reader that never answers costs a sleeping child. */

#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/device.h"

#define MEDIUM_POLL_MSEC   2000
#define MEDIUM_WATCHED_MAX 64U /* logical units at a time; more are refused as if they were not readers */

struct media;

typedef void (*media_callback)(void *userdata, uint64_t target, enum medium medium);
/* Asks the logical unit whose directory dirfd is, in the child; NULL: by SG_IO. Another one is asked
 * without looking for sessions. */
typedef enum medium (*media_test)(int dirfd);

int media_new(sd_event *loop, media_test test, media_callback callback, void *userdata, struct media **ret);
struct media *media_free(struct media *media);

/* Watch the target; the callback comes from the loop, at each change. 0 or -errno. */
int media_watch(struct media *media, uint64_t target, int dirfd);
/* No more; nothing happens when it is not watched. */
void media_forget(struct media *media, uint64_t target);

/* What the answer to TEST UNIT READY means: status and host_status of the kernel's, n bytes of sense (SPC-4, 4.5).
 * -EAGAIN: ask again, it only wanted to say that something changed. */
int medium_of_sense(unsigned status, unsigned host_status, const uint8_t *sense, unsigned n);
