/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What cannot be foreseen, as a parameter, so that a test can foresee it. */

#include <stdint.h>

struct clock {
        void *userdata;
        int64_t (*wall)(void *userdata);    /* seconds since 1970, CLOCK_REALTIME; may jump, may be years off */
        uint64_t (*random)(void *userdata); /* 64 bits, each value as likely as any other */
};
