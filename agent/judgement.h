/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "agent/decide.h"

/* Only judge: sets answer, kind, verdict and exempt of device and LUNs. Nothing is asked, nothing recorded. */
void judgement_make(const struct decide *decide, struct device *device);
