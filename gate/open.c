/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Opening a bus binds nothing that is on it already, so each device is probed by name. One that fails does not keep the
 * others from being given back. */

#include "gate/open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/attr.h"
#include "gate/external.h"
#include "gate/lun.h"
#include "gate/phone.h"
#include "gate/release.h"
#include "gate/renew.h"
#include "gate/roflag.h"
#include "gate/say.h"
#include "gate/state.h"

struct round {
        const struct roots *roots;
        enum gate_exit code;
};

static int give_back(const char *name, void *userdata)
{
        struct round *round = userdata;
        CLEANUP_DEVICE struct device device = DEVICE_NULL;
        enum gate_exit code;

        if (device_open(round->roots, name, &device) < 0) {
                state_remove(round->roots, STATE_REFUSED, name); /* it has left */
                return 0;
        }
        code = release(round->roots, &device);
        if (code == GATE_FAILED)
                round->code = code;
        return 0;
}

static int open_lun(const struct device *lun, void *userdata)
{
        struct round *round = userdata;
        enum grant grant = GRANT_NONE;
        uint64_t diskseq;
        int r = 0;

        if (!device_bound(lun)) {
                if (renew(round->roots, lun))
                        return 0; /* its bus binds it when it is found */
                bus_probe(round->roots, lun->bus, lun->name);
                if (device_bound(lun))
                        say("opened %s", lun->name);
                /* Without a driver: enclosures, SDIO cards and the like never have a disk. */
        }
        /* What was granted for less and is used for all now is judged anew when the gate closes. */
        if (lun_diskseq(lun, &diskseq) == 0)
                grant = state_granted(round->roots, diskseq);
        if (grant == GRANT_READ_ONLY || grant == GRANT_ENCRYPTED) {
                if (grant == GRANT_READ_ONLY)
                        r = roflag_clear(round->roots, lun, diskseq);
                if (r == 0)
                        r = state_revoke(round->roots, diskseq);
                if (r < 0 && device_alive(lun)) {
                        complain("%s: making it writable: %s", lun->name, strerror(-r));
                        round->code = GATE_FAILED;
                }
        }
        if (device_removable(round->roots, lun))
                lun_trigger(lun);
        return 0;
}

static int show_node(const char *name, void *userdata)
{
        const struct round *round = userdata;

        state_remove(round->roots, STATE_NODES, name);
        return 0;
}

static int show_external(const struct external *disk, void *userdata)
{
        (void) userdata;
        external_trigger(disk);
        return 0;
}

enum gate_exit open_gate(const struct roots *roots)
{
        struct round round = { .roots = roots, .code = GATE_DONE };
        int r;

        r = state_prepare(roots);
        if (r == 0)
                r = state_put(roots, NULL, STATE_OPEN, "");
        if (r == 0)
                r = state_remove(roots, NULL, STATE_ARMED);
        if (r < 0) {
                complain("%s: %s", roots->run, strerror(-r));
                round.code = GATE_FAILED;
        }
        for (size_t i = 0; i < BUSES; i++) {
                /* A driver unloaded while the gate was closed would not come back for what was held. */
                if (bus_state(roots, &buses[i]) != BUS_ABSENT)
                        bus_load(roots, &buses[i]);
                r = bus_set(roots, &buses[i], true);
                if (r == 0)
                        say("opened %s", buses[i].name);
                else if (r != -ENOENT) {
                        complain("bus %s cannot be opened: %s", buses[i].name, strerror(-r));
                        round.code = GATE_FAILED;
                }
        }
        state_foreach(roots, STATE_NODES, show_node, &round);
        state_foreach(roots, STATE_REFUSED, give_back, &round);
        phone_look_again(roots, true);
        (void) external_foreach(roots, show_external, NULL);
        r = lun_foreach(roots, "", open_lun, &round);
        if (r < 0) {
                complain("looking for what is held: %s", strerror(-r));
                round.code = GATE_FAILED;
        }
        return round.code;
}
