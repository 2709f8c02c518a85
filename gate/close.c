/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Order matters. The flag first, since modprobe.d closes a bus the moment it is loaded when it sees the flag. Then the
 * buses that are there; the modules, so that there is every bus to close and a driver to release with, and the buses they
 * brought; only then what is bound already. */

#include "gate/close.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/external.h"
#include "gate/lun.h"
#include "gate/phone.h"
#include "gate/refuse.h"
#include "gate/roflag.h"
#include "gate/say.h"
#include "gate/state.h"
#include "gate/walk.h"

static bool close_bus(const struct roots *roots, const struct bus *bus)
{
        int r;

        bus_load(roots, bus);
        r = bus_state(roots, bus) == BUS_CLOSED ? 0 : bus_set(roots, bus, false);
        if (r == 0)
                say("closed %s", bus->name);
        else if (r == -ENOENT)
                complain("bus %s is absent and cannot be closed: what appears on it later would open", bus->name);
        else
                complain("bus %s cannot be closed: %s", bus->name, strerror(-r));
        return r == 0;
}

struct round {
        const struct roots *roots;
        struct uses uses;
        enum gate_exit code;
};

static int exempt_disk(const struct round *round, const char *name, const char *devpath, uint64_t diskseq,
                       const struct use *use)
{
        char text[PATH_MAX + 256];
        int r;

        /* A mount point with a newline in it must not write lines of its own. */
        snprintf(text, sizeof text, "devpath=%s\ndiskseq=%" PRIu64 "\ncarries=%.*s\n", devpath, diskseq,
                 (int) strcspn(use_name(use), "\n"), use_name(use));
        r = state_put(round->roots, STATE_EXEMPT, name, text);
        if (r == 0)
                r = state_grant(round->roots, diskseq, text);
        return r;
}

/* It stays as it is; R is how writing that down went. */
static void tell_exempt(struct round *round, const char *name, const struct use *use, int r)
{
        if (r == 0) {
                say("exempt %s: carries %s", name, use_name(use));
                return;
        }
        complain("%s carries %s, but that cannot be written down: %s", name, use_name(use), strerror(-r));
        round->code = GATE_FAILED;
}

/* No bus holds it, and it is hidden by its next event; but not what carries the system. */
static int close_external(const struct external *disk, void *userdata)
{
        struct round *round = userdata;
        const struct use *use = walk_carries(&round->uses, disk->devpath);
        uint64_t diskseq;
        int r;

        if (use) {
                r = external_diskseq(disk, &diskseq);
                tell_exempt(round, disk->name, use,
                            r < 0 ? r : exempt_disk(round, disk->name, disk->devpath, diskseq, use));
        }
        external_trigger(disk);
        return 0;
}

static int close_lun(const struct device *lun, void *userdata)
{
        struct round *round = userdata;
        const struct use *use;
        enum gate_exit code;
        uint64_t diskseq;
        int r;

        if (!device_removable(round->roots, lun))
                return 0;
        if (!device_bound(lun)) {
                lun_trigger(lun); /* its sg node, if it has one, is hidden from now on */
                return 0;
        }
        use = walk_carries(&round->uses, lun->devpath);
        if (use) {
                r = lun_diskseq(lun, &diskseq);
                tell_exempt(round, lun->name, use,
                            r < 0 ? r : exempt_disk(round, lun->name, lun->devpath, diskseq, use));
                return 0;
        }
        if (lun_diskseq(lun, &diskseq) == 0)
                switch (state_granted(round->roots, diskseq)) {
                case GRANT_FULL:
                        say("kept %s: granted", lun->name);
                        return 0;
                case GRANT_READ_ONLY:
                        if (!roflag_is_set(round->roots, lun, diskseq))
                                break;
                        say("kept %s: granted read-only", lun->name);
                        return 0;
                case GRANT_ENCRYPTED:
                        say("kept %s: granted while it is encrypted", lun->name);
                        return 0;
                case GRANT_NONE:
                        break;
                }
        code = refuse(round->roots, &round->uses, lun);
        lun_trigger(lun);
        /* One that is in use does not hide one that failed. */
        if (code != GATE_DONE && code != GATE_GONE && round->code != GATE_FAILED)
                round->code = code;
        return 0;
}

enum gate_exit close_gate(const struct roots *roots)
{
        struct round round = { .roots = roots, .code = GATE_DONE };
        bool all = true;
        int r;

        r = state_prepare(roots);
        if (r == 0)
                r = state_put(roots, NULL, STATE_ARMED, "");
        if (r == 0)
                r = state_remove(roots, NULL, STATE_OPEN);
        if (r < 0) {
                complain("%s: %s", roots->run, strerror(-r));
                round.code = GATE_FAILED;
        }
        /* Those that are there at once: loading takes a while, and somebody may have opened one just now. */
        for (size_t i = 0; i < BUSES; i++)
                (void) bus_set(roots, &buses[i], false);
        for (size_t i = 0; i < BUSES; i++)
                if (!close_bus(roots, &buses[i]))
                        all = false;

        phone_look_again(roots, false);
        r = walk(roots, &round.uses);
        if (r < 0) {
                /* Without knowing what carries the system nothing may be cut off. New devices are held all the same. */
                complain("cannot tell what carries the system (%s): what is open stays open", strerror(-r));
                return GATE_FAILED;
        }
        r = lun_foreach(roots, "", close_lun, &round);
        (void) external_foreach(roots, close_external, &round);
        walk_free(&round.uses);
        if (r < 0) {
                complain("looking for what is open: %s", strerror(-r));
                return GATE_FAILED;
        }
        return all ? round.code : GATE_FAILED;
}
