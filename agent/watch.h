/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The kernel's own device events (netlink, group "kernel"): not udevd's, so they come before any rule has run and also
 * while udevd is stopped. Of udevd's only those of USB devices, for those that our rule has marked as phones, with what other
 * rules know of them; the kernel does not wake us for the rest. The only file that knows libudev. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* Bytes of the socket's receive buffer: some ten thousand events. When it runs over, the kernel says so once and all is
 * looked at anew. */
#define WATCH_RECEIVE_BUFFER (16U * 1024U * 1024U)

enum watch_action {
        WATCH_ADD,
        WATCH_REMOVE,
        WATCH_CHANGE,  /* also bind, unbind, move, online, offline */
        WATCH_PRESENT, /* found by watch_enumerate() */
};

struct watch_event {
        enum watch_action action;
        const char *subsystem; /* "usb", "scsi", "mmc", "memstick", "block", "module", "bus" */
        const char *devpath;   /* "/devices/..." */
        const char *phone;     /* what udev's rules know of a phone (LEKDICHT_PHONE), or NULL */
        uint64_t usec;         /* CLOCK_MONOTONIC, when the loop woke up for it */
};

struct watch;

/* One event; or NULL: some were lost, look at everything. */
typedef void (*watch_callback)(void *userdata, const struct watch_event *event);

/* Listen from now on. receive_buffer in bytes. sys is "/sys". 0 or -errno. */
int watch_new(sd_event *loop, const char *sys, size_t receive_buffer, watch_callback callback, void *userdata,
              struct watch **ret);
struct watch *watch_free(struct watch *watch);

/* Call back with WATCH_PRESENT for each USB device, USB interface, SCSI device, card and block device there is, parents before
 * what is on them. 0 or -errno. */
int watch_enumerate(struct watch *watch);
