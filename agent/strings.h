/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a USB device calls itself: manufacturer, product, serial. The kernel gives these only while holding the device's
 * lock (usb_string_attr(), drivers/usb/core/sysfs.c), and a sick device's lock can be taken for seconds. So a child
 * process reads them, and the loop goes on. */

#include <stdint.h>
#include <systemd/sd-event.h>

#define STRINGS_READERS_MAX 16U /* children at a time; more wait their turn */
#define STRINGS_QUEUE_MAX   1024U

struct strings;

/* text: manufacturer and product, serial: both cleaned, "" where the device says nothing. */
typedef void (*strings_callback)(void *userdata, uint64_t device, const char *text, const char *serial);

int strings_new(sd_event *loop, strings_callback callback, void *userdata, struct strings **ret);
/* Readers that are under way end by themselves. */
struct strings *strings_free(struct strings *strings);

/* Read those of the USB device whose directory dirfd is; the callback comes later, from the loop, and always. 0 or
 * -errno. */
int strings_read(struct strings *strings, uint64_t device, int dirfd);
