/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The body of POST /v1/enroll, and its answer:
 *
 *      {"token": "ID.SECRET", "host_id": "UUID", "credential": "UUID.SECRET", "previous": "UUID.SECRET", "label": "L-0421"}
 *      {"host_id": "UUID"}
 *
 * The laptop makes its credential and keeps it before it asks, so that an answer that is lost is asked for again and costs
 * nothing. previous, the credential that it had before, and label may be absent; anything else is refused. */

#include <stddef.h>

#include "collector/register.h"

#define ENROL_BODY_MAX   2048U /* bytes */
#define ENROL_ANSWER_MAX 128U
#define ENROL_ERROR_MAX  160U /* bytes of an explanation, NUL included */

/* 0; -EBADMSG: not such a body, with a sentence in error that quotes nothing of it; -ENOMEM. */
int enrol_parse(const char *text, size_t size, struct register_wish *ret, char error[static ENROL_ERROR_MAX]);

/* The HTTP status for what register_enrol() returned, and, when it is not 200, one sentence of printable ASCII without
 * quotes. */
unsigned enrol_status(int result, const char **ret_message);

/* What is said to a laptop that was let in. */
void enrol_answer(const struct register_wish *wish, char ret[static ENROL_ANSWER_MAX]);
