/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is printed is read from the kernel where the kernel knows it; our own files only add why. */

#include "gate/status.h"

#include <stdio.h>
#include <string.h>

#include "gate/bus.h"
#include "gate/say.h"
#include "gate/state.h"

static int print_exempt(const char *name, void *userdata)
{
        char text[STATE_TEXT_MAX], carries[STATE_TEXT_MAX];

        if (state_get(userdata, STATE_EXEMPT, name, text, sizeof text) >= 0 &&
            state_value(text, "carries", carries, sizeof carries))
                say("exempt: %s carries %s", name, carries);
        return 0;
}

/* What the grants of a directory are called. */
struct grants {
        const struct roots *roots;
        const char *directory, *called;
};

static int print_grant(const char *name, void *userdata)
{
        const struct grants *grants = userdata;
        char text[STATE_TEXT_MAX], disk[64];
        bool known;

        if (state_get(grants->roots, grants->directory, name, text, sizeof text) < 0)
                return 0;
        known = state_value(text, "disk", disk, sizeof disk);
        say("%s: disk sequence number %s%s%s", grants->called, name, known ? ", " : "", known ? disk : "");
        return 0;
}

static int print_refused(const char *name, void *userdata)
{
        (void) userdata;
        say("refused: %s", name);
        return 0;
}

enum gate_exit status(const struct roots *roots)
{
        struct grants grants[] = {
                { roots, STATE_GRANTS, "granted" },
                { roots, STATE_READONLY, "read-only" },
                { roots, STATE_ENCRYPTED, "encrypted" },
        };
        struct roots copy = *roots;
        size_t closed = 0, open = 0;

        for (size_t i = 0; i < BUSES; i++) {
                enum bus_state state = bus_state(roots, &buses[i]);

                closed += state == BUS_CLOSED;
                open += state == BUS_OPEN || state == BUS_ABSENT;
                say("bus %s: %s", buses[i].name, bus_state_name(state));
        }
        say("gate: %s", closed == BUSES ? "closed" : open == BUSES ? "open" : "partly closed");
        say("wish: %s", wish_name(state_wish(roots)));
        state_foreach(roots, STATE_EXEMPT, print_exempt, &copy);
        for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++)
                state_foreach(roots, grants[i].directory, print_grant, &grants[i]);
        state_foreach(roots, STATE_REFUSED, print_refused, &copy);
        return closed == BUSES ? GATE_DONE : open == BUSES ? GATE_IS_OPEN : GATE_IS_PARTLY;
}
