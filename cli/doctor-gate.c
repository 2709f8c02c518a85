/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Is storage shut, by what, and will it be at the next boot? All of it can be seen without the agent, and by everybody. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/kernel.h"
#include "cli/place.h"
#include "common/cleanup.h"

/* `diskseq`, by which a disk is told from the next one of its name, came with Linux 5.15. */
#define KERNEL_MAJOR 5U
#define KERNEL_MINOR 15U

#define RUN  "/run/lekdicht"
#define WISH "/etc/lekdicht/gate.open"

void doctor_kernel(const struct doctor *doctor, struct finding *finding)
{
        unsigned major, minor;

        if (sscanf(doctor->release, "%3u.%3u", &major, &minor) != 2) {
                finding_set(finding, FINDING_UNKNOWN, "which kernel this is cannot be seen");
                return;
        }
        if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR)) {
                finding_set(finding, FINDING_OK, "Linux %s", doctor->release);
                return;
        }
        finding_set(finding, FINDING_PROBLEM, "Linux %s is too old: nothing that is allowed can be opened",
                    doctor->release);
        finding_remedy(finding, "Use Linux %u.%u or later; Debian 12 has 6.1", KERNEL_MAJOR, KERNEL_MINOR);
}

static void read_kernel(const struct doctor *doctor, struct kernel *ret)
{
        char sys[PATH_MAX], run[PATH_MAX];

        if (!place_path(doctor->root, "/sys", sys) || !place_path(doctor->root, RUN, run))
                sys[0] = run[0] = '\0';
        kernel_read(sys, run, ret);
}

/* Somebody decided that it is open, or nobody did. */
static void gate_is_open(const struct doctor *doctor, struct finding *finding)
{
        CLEANUP(cleanup_free) char *wish = NULL, *left = NULL;
        char why[256];

        if (place_read(doctor->root, WISH, &wish) >= 0) {
                if (strncmp(wish, "audit", 5) == 0) {
                        finding_set(finding, FINDING_OK,
                                    "open, as mode = audit in the policy wants it: nothing is shut");
                        return;
                }
                finding_set(finding, FINDING_WARNING,
                            "open for everything, because somebody said `lekdicht gate open`");
                finding_remedy(finding, "When that is no longer needed: sudo lekdicht gate close");
                return;
        }
        if (place_read(doctor->root, RUN "/open", &left) >= 0) {
                bool told = place_value(left, "why", why, sizeof(why));

                finding_set(finding, FINDING_WARNING, "open until the next boot%s%s", told ? ": " : "",
                            told ? why : "");
                finding_remedy(finding, "Boot again, or: sudo lekdicht gate close");
                return;
        }
        finding_set(finding, FINDING_PROBLEM, "OPEN, and nobody decided that: every stick opens");
        finding_remedy(finding, "sudo lekdicht gate close      Why: journalctl -b -u lekdicht-gate -u lekdichtd");
}

void doctor_gate(const struct doctor *doctor, struct finding *finding)
{
        struct kernel kernel;

        read_kernel(doctor, &kernel);
        switch (kernel.gate) {
        case KERNEL_GATE_OPEN:
                gate_is_open(doctor, finding);
                return;
        case KERNEL_GATE_PARTLY:
                finding_set(finding, FINDING_PROBLEM, "only partly closed: what hangs on an open bus opens");
                finding_remedy(finding,
                               "sudo lekdicht gate close      Why: journalctl -b -u lekdicht-gate -u lekdichtd");
                return;
        case KERNEL_GATE_NO_BUS:
                finding_set(finding, FINDING_PROBLEM, "the kernel has no bus for storage, so nothing holds a gate");
                finding_remedy(
                        finding,
                        "sudo systemctl restart lekdicht-gate      What went wrong: journalctl -b -u lekdicht-gate");
                return;
        case KERNEL_GATE_CLOSED:
                break;
        }
        if (kernel.armed) {
                finding_set(finding, FINDING_OK, "closed, and the kernel holds it");
                return;
        }
        finding_set(finding, FINDING_WARNING, "closed, but not by lekdicht: a bus that is loaded later would be open");
        finding_remedy(finding, "sudo systemctl restart lekdicht-gate");
}

void doctor_buses(const struct doctor *doctor, struct finding *finding)
{
        struct kernel kernel;
        char absent[64] = "", unknown[64] = "";

        read_kernel(doctor, &kernel);
        for (unsigned i = 0; i < KERNEL_BUSES; i++) {
                char *list = kernel.buses[i] == KERNEL_BUS_ABSENT    ? absent
                             : kernel.buses[i] == KERNEL_BUS_UNKNOWN ? unknown
                                                                     : NULL;

                if (list) {
                        strcat(list, " ");
                        strcat(list, kernel_bus_names[i]);
                }
        }
        if (unknown[0]) {
                finding_set(finding, FINDING_UNKNOWN, "how these stand cannot be seen:%s", unknown);
                return;
        }
        if (absent[0]) {
                finding_set(finding, FINDING_WARNING, "not in the kernel, and so not seen to be closed:%s", absent);
                finding_remedy(finding,
                               "sudo systemctl restart lekdicht-gate      It loads them; what fails it says in "
                               "journalctl -b -u lekdicht-gate");
                return;
        }
        finding_set(finding, FINDING_OK, "scsi, mmc and memstick are there");
}

/* Without its driver what the policy allows does not open either. */
void doctor_modules(const struct doctor *doctor, struct finding *finding)
{
        static const struct {
                const char *bus, *driver, *module, *without;
        } drivers[] = {
                { "scsi", "sd", "sd_mod", "sticks and disks" },
                { "scsi", "sr", "sr_mod", "CDs and DVDs" },
                { "mmc", "mmcblk", "mmc_block", "SD cards" },
        };

        for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "/sys/bus/%s/drivers/%s", drivers[i].bus, drivers[i].driver);
                if (place_is_there(doctor->root, path) != 0)
                        continue;
                finding_set(finding, FINDING_WARNING,
                            "the module %s is not loaded: %s that the policy allows stay shut", drivers[i].module,
                            drivers[i].without);
                finding_remedy(finding,
                               "sudo modprobe %s      If that fails: is it on a list of forbidden modules in "
                               "/etc/modprobe.d, or was the kernel upgraded and not booted yet?",
                               drivers[i].module);
                return;
        }
        finding_set(finding, FINDING_OK, "the drivers for disks, discs and cards are loaded");
}

/* A unit that is a link to /dev/null is masked (systemctl(1)). */
static bool is_masked(const struct doctor *doctor, const char *unit)
{
        char path[PATH_MAX], full[PATH_MAX], target[PATH_MAX];
        ssize_t n;

        snprintf(path, sizeof(path), "/etc/systemd/system/%s", unit);
        if (!place_path(doctor->root, path, full))
                return false;
        n = readlink(full, target, sizeof(target));
        return n == (ssize_t) strlen("/dev/null") && memcmp(target, "/dev/null", (size_t) n) == 0;
}

static bool is_wanted(const struct doctor *doctor, const char *target, const char *unit)
{
        static const char *const places[] = { "/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system" };

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "%s/%s.wants/%s", places[i], target, unit);
                if (place_is_there(doctor->root, path) == 1)
                        return true;
        }
        return false;
}

void doctor_boot(const struct doctor *doctor, struct finding *finding)
{
        static const struct {
                const char *unit, *target, *then;
        } units[] = {
                { "lekdicht-gate.service", "sysinit.target", "the gate stays open at the next boot" },
                { "lekdichtd.service", "multi-user.target",
                  "nothing is judged, and so nothing opens, after the next boot" },
        };
        CLEANUP(cleanup_free) char *line = NULL;

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                bool masked = is_masked(doctor, units[i].unit);

                if (!masked && is_wanted(doctor, units[i].target, units[i].unit))
                        continue;
                finding_set(finding, FINDING_PROBLEM, "%s is %s: %s", units[i].unit, masked ? "masked" : "not enabled",
                            units[i].then);
                finding_remedy(finding, "sudo systemctl %s%s%senable --now %s", masked ? "unmask " : "",
                               masked ? units[i].unit : "", masked ? "; sudo systemctl " : "", units[i].unit);
                return;
        }
        if (place_read(doctor->root, "/proc/cmdline", &line) >= 0 && strstr(line, "lekdicht=off")) {
                finding_set(finding, FINDING_WARNING, "this boot has lekdicht=off on the kernel's command line");
                finding_remedy(finding,
                               "Boot without it; if it is always there: grep -r lekdicht=off /etc/default/grub*");
                return;
        }
        finding_set(finding, FINDING_OK, "the gate closes and the agent starts at every boot");
}
