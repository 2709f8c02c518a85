/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Network sticks and modems that first show a CD drive with their drivers on it ("ZeroCD"), until a program such as
 * usb_modeswitch asks them to become what they are. Which ones is data: zerocd.list. */

#include <stdbool.h>
#include <stdint.h>

/* So long such a device is held and not switched off, so that it can be asked. */
#define ZEROCD_USEC 10000000ULL
/* And so long after it left, what comes to the same port is taken to be it. */
#define ZEROCD_BACK_USEC 30000000ULL

bool zerocd_is(uint16_t vendor, uint16_t product);
