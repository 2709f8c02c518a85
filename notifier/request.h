/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A request to the servicedesk that is half written: what it is about, and the code by which IT finds the event (the last
 * EVENT_CODE_LENGTH characters of its uid, as `lekdicht events` and the collector's page show it). Pure but for gettext.
 *
 * What a device calls itself is never part of it: a stick would be writing the teacher's mail. */

#include "notifier/notice.h"

/* The policy's address of the servicedesk, made out for this notice:
 * - mailto: gets a subject and a body, unless the policy gave its own (RFC 6068);
 * - in http and https, {kind} and {code} are replaced, each percent-encoded (RFC 3986); without them it stays as it is.
 * To be freed; NULL when there is no address, or what would come of it may not be opened (link_allowed()). */
char *request_link(const struct notice *notice);
