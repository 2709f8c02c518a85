/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Notices with sample data, so that IT sees what teachers will see. Pure but for gettext. */

#include "notifier/notice.h"

/* A notice of that kind, about a device and of a school that do not exist. */
void preview_sample(enum notice_kind kind, struct notice *ret);
