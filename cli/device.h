/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One device in words and in JSON, as `devices` and `policy explain` both print it. */

#include "cli/answer.h"
#include "common/jsonw.h"

/* "USB stick or disk" for "usb-disk"; NULL for a kind that this version does not know. Static. */
const char *device_kind_words(const char *kind);

/* What a state means for the person in front of the laptop, without a full stop; NULL for an unknown state. Static. */
const char *device_state_words(const char *state);

/* "0951:1666", or "" when the device has no USB ancestor. ret has size bytes. */
void device_usb_id(const struct answer_device *device, char *ret, size_t size);

/* "sda, sda1", for the caller to free; NULL: no memory. */
char *device_nodes(const struct answer_device *device);

/* One JSON object, in an array (key NULL) or as the document itself:
 *      id          string: kernel name, what `policy explain` takes
 *      kind        string: as in [storage] of the policy
 *      vendor, product   strings of four hexadecimal digits, or ""
 *      name        string: what the device calls itself; its own claim
 *      state       "refused" | "allowed" | "exempt" | "held" | "pending" | "busy" | "failed" | "gate-open"
 *      rule        string: which rule decided
 *      reason      string: one sentence
 *      since       string: RFC 3339, UTC; "" when not known
 *      until       string: as since; "" when it is not opened by a grant for a while
 *      audit       bool: the policy only watches
 *      serial      bool: it has a serial that tells it from others (the serial itself is never told)
 *      users       bool: it depends on who is logged in, for a [device] that fits has users
 *      nodes       array of strings: block devices, without /dev/ */
void device_json(struct jsonw *json, const struct answer_device *device);
