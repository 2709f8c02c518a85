/* links: common/sysfs.c common/text.c common/utf8.c gate/attr.c gate/boot.c gate/bus.c gate/close.c gate/cut.c gate/device.c gate/renew.c gate/lun.c gate/mounts.c gate/open.c gate/readonly.c gate/refuse.c gate/opening.c gate/release.c gate/roflag.c gate/say.c gate/settle.c gate/state.c gate/status.c gate/sweep.c gate/walk.c gate/phone.c gate/encrypted.c gate/probe.c gate/usbnode.c gate/node.c gate/external.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-gate on a machine that is played: the same sources, with roots below the directory that LEKDICHT_DEMO names.
 * The installed program has no such variable. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/close.h"
#include "gate/cut.h"
#include "gate/device.h"
#include "gate/open.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/state.h"
#include "gate/status.h"
#include "gate/walk.h"

#define DEMO_PATH_MAX 256U

static char sys[DEMO_PATH_MAX], proc[DEMO_PATH_MAX], dev[DEMO_PATH_MAX], run[DEMO_PATH_MAX], etc[DEMO_PATH_MAX];

static enum gate_exit act(const struct roots *roots, const char *verb, const char *name)
{
        struct device device = DEVICE_NULL;
        enum gate_exit code;
        struct uses uses;

        if (state_prepare(roots) < 0)
                return GATE_FAILED;
        if (device_open(roots, name, &device) < 0)
                return GATE_GONE;
        if (strcmp(verb, "release") == 0) {
                code = release(roots, &device);
        } else if (walk(roots, &uses) < 0) {
                code = GATE_FAILED;
        } else {
                code = strcmp(verb, "cut") == 0 ? cut(roots, &uses, &device) : refuse(roots, &uses, &device);
                walk_free(&uses);
        }
        device_close(&device);
        return code;
}

int main(int argc, char *argv[])
{
        const char *demo = getenv("LEKDICHT_DEMO"), *mock = getenv("UMOCKDEV_DIR");
        const struct roots roots = { .sys = sys,
                                     .proc = proc,
                                     .dev = dev,
                                     .run = run,
                                     .etc = etc,
                                     .modprobe = "/bin/true",
                                     .probe = "/bin/false" };

        signal(SIGPIPE, SIG_IGN); /* a deed is not left half done because nobody listens any more */
        if (argc < 2 || !demo || !mock) {
                fputs("Only for tests/demo/run.\n", stderr);
                return GATE_USAGE;
        }
        snprintf(sys, sizeof(sys), "%s/sys", mock);
        snprintf(proc, sizeof(proc), "%s/proc", demo);
        snprintf(dev, sizeof(dev), "%s/dev", mock);
        snprintf(run, sizeof(run), "%s/run", demo);
        snprintf(etc, sizeof(etc), "%s/etc", demo);
        if (strcmp(argv[1], "close") == 0 || strcmp(argv[1], "open") == 0) {
                bool open = argv[1][0] == 'o';
                enum gate_exit code = open ? open_gate(&roots) : close_gate(&roots);

                state_set_wish(&roots, !open ? WISH_CLOSED : argc > 2 ? WISH_OPEN_FOR_AUDIT : WISH_OPEN_BY_COMMAND);
                return code;
        }
        if (strcmp(argv[1], "status") == 0)
                return status(&roots);
        if (argc == 3 &&
            (strcmp(argv[1], "release") == 0 || strcmp(argv[1], "refuse") == 0 || strcmp(argv[1], "cut") == 0))
                return act(&roots, argv[1], argv[2]);
        return GATE_USAGE;
}
