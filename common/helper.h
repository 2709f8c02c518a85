/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How lekdichtd asks for a deed of lekdicht-gate's, so that it needs none of the gate's rights itself. One connection
 * (SOCK_SEQPACKET) is one deed. Asked: one message, the words of the command each ended by a NUL, and with it one or two
 * descriptors: where the gate writes what it says and, where the deed is about a device, the device's directory in /sys, which
 * the gate gets as descriptor 3. Answered: one byte, the exit status, or 128 + signal. Closed without an answer: not done. */

#define HELPER_SOCKET      "/run/lekdicht-helper/socket"
#define HELPER_MESSAGE_MAX 64U /* bytes of a question */
#define HELPER_WORDS_MAX   2U
#define HELPER_DIRECTORY   "/proc/self/fd/3" /* the second word when a directory comes with it, and only then */
