/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The laptop around it: are our files in place, is there room, what else has to be known of it. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/place.h"
#include "common/cleanup.h"

#define REINSTALL "Install the package lekdicht-agent again"

/* ---- files ---- */

#define RULES "/usr/lib/udev/rules.d/"

static const char *const files[] = {
        "/usr/sbin/lekdicht-gate",
        "/usr/libexec/lekdicht/lekdichtd",
        "/usr/libexec/lekdicht/lekdicht-probe",
        "/usr/lib/systemd/system/lekdicht-gate.service",
        "/usr/lib/systemd/system/lekdicht-helper.service",
        "/usr/lib/systemd/system/lekdicht-watch.service",
        "/usr/lib/systemd/system/lekdichtd.service",
        RULES "60-lekdicht-internal.rules",
        RULES "61-lekdicht-hold.rules",
        RULES "69-zz-lekdicht-phone.rules",
        RULES "72-lekdicht-hold.rules",
        "/usr/lib/modprobe.d/lekdicht.conf",
        "/usr/share/dbus-1/system.d/org.lekdicht.Agent1.conf",
        "/usr/share/polkit-1/actions/org.lekdicht.agent1.policy",
};

/* A file of the same name there takes the place of ours (udev(7), modprobe.d(5)). */
static bool is_overridden(const struct doctor *doctor, const char *file, char *ret, size_t size)
{
        static const char *const places[][2] = {
                { RULES, "/etc/udev/rules.d" },
                { RULES, "/run/udev/rules.d" },
                { "/usr/lib/modprobe.d/", "/etc/modprobe.d" },
        };

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                if (strncmp(file, places[i][0], strlen(places[i][0])) != 0)
                        continue;
                snprintf(ret, size, "%s%s", places[i][1], strrchr(file, '/'));
                if (place_is_there(doctor->root, ret) == 1)
                        return true;
        }
        return false;
}

void doctor_files(const struct doctor *doctor, struct finding *finding)
{
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                char path[PATH_MAX], other[PATH_MAX];
                struct stat st;

                if (!place_path(doctor->root, files[i], path))
                        continue;
                if (stat(path, &st) < 0) {
                        finding_set(finding, errno == ENOENT ? FINDING_PROBLEM : FINDING_UNKNOWN, "%s%s", files[i],
                                    errno == ENOENT ? " is missing" : ": not to be seen");
                        if (finding->state == FINDING_PROBLEM)
                                finding_remedy(finding, REINSTALL);
                        return;
                }
                if (st.st_mode & (S_IWGRP | S_IWOTH)) {
                        finding_set(finding, FINDING_PROBLEM, "%s may be written by others than root", files[i]);
                        finding_remedy(finding, "sudo chmod go-w %s      Then: " REINSTALL ", for somebody may have",
                                       files[i]);
                        return;
                }
                if (is_overridden(doctor, files[i], other, sizeof(other))) {
                        finding_set(finding, FINDING_PROBLEM, "%s takes the place of %s", other, files[i]);
                        finding_remedy(finding,
                                       "Look at it, and take it away: sudo rm %s; sudo udevadm control --reload",
                                       other);
                        return;
                }
        }
        finding_set(finding, FINDING_OK, "all are in place, and nobody but root may change them");
}

/* ---- room ---- */

void doctor_disk(const struct doctor *doctor, struct finding *finding)
{
        static const char *const places[] = { "/var/lib/lekdicht",
                                              "/var/lib" }; /* the first is there once it has run */
        struct statvfs disk;
        uint64_t free_bytes;
        char path[PATH_MAX];
        int r = -1;

        for (size_t i = 0; r < 0 && i < sizeof(places) / sizeof(places[0]); i++)
                r = place_path(doctor->root, places[i], path) ? statvfs(path, &disk) : -1;
        if (r < 0) {
                finding_set(finding, FINDING_UNKNOWN, "how full the disk is cannot be seen: %s", strerror(errno));
                return;
        }
        free_bytes = (uint64_t) disk.f_bavail * disk.f_frsize;
        if (disk.f_flag & ST_RDONLY)
                finding_set(finding, FINDING_PROBLEM, "/var/lib is read-only: nothing can be recorded");
        else if (free_bytes < doctor->disk_min)
                finding_set(finding, FINDING_PROBLEM,
                            "only %" PRIu64 " MiB are free in /var/lib: soon nothing can be recorded",
                            free_bytes >> 20);
        else
                finding_set(finding, FINDING_OK, "%" PRIu64 " MiB are free where events are recorded",
                            free_bytes >> 20);
        if (finding->state == FINDING_PROBLEM)
                finding_remedy(finding, "df -h /var/lib; what fills it: sudo du -xh -d2 /var | sort -h | tail");
}

/* ---- snap and flatpak ---- */

/* Not wrong, but what a servicedesk is called about: the stick is open, and the browser does not see it. */
void doctor_sandboxes(const struct doctor *doctor, struct finding *finding)
{
        bool snap = place_is_there(doctor->root, "/var/lib/snapd/snaps") == 1,
             flatpak = place_is_there(doctor->root, "/var/lib/flatpak/app") == 1;

        if (!snap && !flatpak) {
                finding_set(finding, FINDING_OK, "there are no applications from snap or flatpak");
                return;
        }
        finding_set(finding, FINDING_OK,
                    "applications from %s see a stick that is open only when they may see removable media",
                    snap && flatpak ? "snap and flatpak"
                    : snap          ? "snap"
                                    : "flatpak");
        finding_remedy(finding, "%s%s%s", snap ? "snap connections APP; sudo snap connect APP:removable-media" : "",
                       snap && flatpak ? "      " : "",
                       flatpak ? "sudo flatpak override --filesystem=/media --filesystem=/run/media APP" : "");
}
