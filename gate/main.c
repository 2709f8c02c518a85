/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht-gate: the only program of lekdicht that writes to /sys. It needs no daemon, no bus and no library but libc, and
 * is run by the arming unit, by lekdichtd, by package scripts, and by hand in rescue. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gate/boot.h"
#include "gate/close.h"
#include "gate/cut.h"
#include "gate/device.h"
#include "gate/encrypted.h"
#include "gate/exit.h"
#include "gate/open.h"
#include "gate/readonly.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/say.h"
#include "gate/serve.h"
#include "gate/state.h"
#include "gate/status.h"
#include "gate/sweep.h"
#include "gate/turn.h"

#define GATE "/usr/sbin/lekdicht-gate"

static const struct roots roots = {
        .sys = "/sys",
        .proc = "/proc",
        .dev = "/dev",
        .run = "/run/lekdicht",
        .etc = "/etc/lekdicht",
        .udev = "/run/udev",
        .modprobe = "/sbin/modprobe",
        .probe = LEKDICHT_PROBE,
};

static enum gate_exit keep_wish(enum wish wish, enum gate_exit code)
{
        int r = state_set_wish(&roots, wish);

        if (r < 0) {
                complain("%s: the wish for the next boot cannot be kept: %s", roots.etc, strerror(-r));
                return GATE_FAILED;
        }
        return code;
}

/* Open, and leave a word for the agent's journal why. */
static enum gate_exit leave_open(const char *why)
{
        enum gate_exit code = open_gate(&roots);
        char text[STATE_TEXT_MAX];

        say("left open: %s", why);
        snprintf(text, sizeof text, "why=%s\n", why);
        return state_put(&roots, NULL, STATE_OPEN, text) < 0 ? GATE_FAILED : code;
}

static enum gate_exit verb_close(const char *option)
{
        const char *why;

        if (option && strcmp(option, "--boot") == 0) {
                why = boot_left_open(&roots);
                return why ? leave_open(why) : close_gate(&roots);
        }
        if (option)
                return GATE_USAGE;
        return keep_wish(WISH_CLOSED, close_gate(&roots));
}

static enum gate_exit verb_open(const char *option)
{
        if (!option)
                return keep_wish(WISH_OPEN_BY_COMMAND, open_gate(&roots));
        if (strcmp(option, "--audit") == 0)
                return keep_wish(WISH_OPEN_FOR_AUDIT, open_gate(&roots));
        if (strcmp(option, "--until-reboot") == 0)
                return open_gate(&roots);
        return GATE_USAGE;
}

/* `release`, `readonly`, `encrypted` and `refuse`: 0 or why the argument names no device. */
static enum gate_exit open_argument(const char *argument, struct device *ret)
{
        int r;

        if (!argument)
                return GATE_USAGE;
        r = state_prepare(&roots);
        if (r < 0) {
                complain("%s: %s", roots.run, strerror(-r));
                return GATE_FAILED;
        }
        r = device_open(&roots, argument, ret);
        if (r == -ENOENT || r == -ENODEV) {
                complain("%s: no such device", argument);
                return GATE_GONE;
        }
        if (r < 0) {
                complain("%s: not a USB device or interface, nor anything on the buses scsi, mmc and memstick",
                         argument);
                return GATE_USAGE;
        }
        /* Shutting a device must not depend on a file of locks. */
        r = turn_wait(&roots, ret);
        if (r < 0)
                complain("%s: not waiting for another deed: %s", ret->name, strerror(-r));
        return GATE_DONE;
}

static enum gate_exit verb_release(const char *argument)
{
        CLEANUP_DEVICE struct device device = DEVICE_NULL;
        enum gate_exit code = open_argument(argument, &device);

        return code == GATE_DONE ? release(&roots, &device) : code;
}

/* A deed that must know what carries the system. */
static enum gate_exit walk_and(enum gate_exit (*deed)(const struct roots *roots, const struct uses *uses,
                                                      const struct device *device),
                               const char *argument)
{
        CLEANUP_DEVICE struct device device = DEVICE_NULL;
        enum gate_exit code = open_argument(argument, &device);
        struct uses uses;
        int r;

        if (code != GATE_DONE)
                return code;
        r = walk(&roots, &uses);
        if (r < 0) {
                complain("cannot tell what carries the system: %s", strerror(-r));
                return GATE_FAILED;
        }
        code = deed(&roots, &uses, &device);
        walk_free(&uses);
        return code;
}

static enum gate_exit verb_refuse(const char *argument)
{
        return walk_and(refuse, argument);
}

static enum gate_exit verb_cut(const char *argument)
{
        return walk_and(cut, argument);
}

static enum gate_exit verb_readonly(const char *argument)
{
        return walk_and(readonly, argument);
}

static enum gate_exit verb_encrypted(const char *argument)
{
        return walk_and(encrypted, argument);
}

static enum gate_exit verb_status(const char *argument)
{
        return argument ? GATE_USAGE : status(&roots);
}

static enum gate_exit verb_serve(const char *path)
{
        return path ? serve(GATE, path) : GATE_USAGE;
}

static const struct verb {
        const char *name, *argument, *help;
        enum gate_exit (*run)(const char *argument);
        bool writes;
} verbs[] = {
        { "close", "[--boot]", "shut storage; --boot: unless this boot or IT wants it open", verb_close, true },
        { "open", "[--audit|--until-reboot]", "open everything, also at the next boots (but for --until-reboot)",
          verb_open, true },
        { "release", "DEVICE", "open one device", verb_release, true },
        { "readonly", "DEVICE", "open one disk, card or disc for reading only", verb_readonly, true },
        { "encrypted", "DEVICE", "open one disk or card if all of it is encrypted, else shut it", verb_encrypted,
          true },
        { "refuse", "DEVICE", "shut one device", verb_refuse, true },
        { "cut", "DEVICE", "shut one device also while it is in use, once all is written back", verb_cut, true },
        { "status", "", "say how things stand; exit 0 closed, 3 open, 4 partly", verb_status, false },
        { "serve", "SOCKET", "do what lekdichtd asks for; run by systemd", verb_serve, false },
};

#define VERBS (sizeof verbs / sizeof verbs[0])

static void usage(FILE *to)
{
        fputs("Usage: lekdicht-gate VERB\n\n", to);
        for (size_t i = 0; i < VERBS; i++)
                fprintf(to, "  %-9s %-26s %s\n", verbs[i].name, verbs[i].argument, verbs[i].help);
        fputs("\nDEVICE: a kernel name (1-2, 1-2:1.0, 3:0:0:0, mmc0:4567) or a path to its directory in /sys.\n"
              "Exit: 0 done, 1 failed, 2 not understood, 5 in use and left as it was, 6 the device has gone,\n"
              "7 not encrypted and shut.\n",
              to);
}

int main(int argc, char *argv[])
{
        /* Whoever reads what is said may leave; the gate does not stop half-way for that. */
        signal(SIGPIPE, SIG_IGN);

        if (argc == 2 && strcmp(argv[1], "--help") == 0) {
                usage(stdout);
                return GATE_DONE;
        }
        if (argc == 2 && strcmp(argv[1], "--version") == 0) {
                puts("lekdicht-gate " LEKDICHT_VERSION);
                return GATE_DONE;
        }
        for (size_t i = 0; argc >= 2 && argc <= 3 && i < VERBS; i++) {
                enum gate_exit code;

                if (strcmp(argv[1], verbs[i].name) != 0)
                        continue;
                if (verbs[i].writes && geteuid() != 0) {
                        complain("only root may do that");
                        return GATE_FAILED;
                }
                if (verbs[i].writes)
                        sweep(&roots);
                code = verbs[i].run(argv[2]);
                if (code == GATE_USAGE)
                        usage(stderr);
                return code;
        }
        usage(stderr);
        return GATE_USAGE;
}
