/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the agent says of a refused stick, for tests of cli/. Nobody clears it: its texts are static. */

#include "cli/answer.h"
#include "tests/unit/cli-scene.h"

static inline struct answer_device a_stick(void)
{
        static char id[] = "1-2", kind[] = "usb-disk", vendor[] = "0951", product[] = "1666",
                    name[] = "Kingston DataTraveler 3.0", state[] = "refused", rule[] = "[storage] usb-disk",
                    reason[] = "refused by [storage] usb-disk";

        return (struct answer_device){
                .id = id,
                .kind = kind,
                .vendor = vendor,
                .product = product,
                .name = name,
                .state = state,
                .rule = rule,
                .reason = reason,
                .since = MOMENT,
                .serial = true,
        };
}
