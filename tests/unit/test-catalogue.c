/* links: policy/load.c policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The catalogue as it is shipped, held against what clients look like in /proc and against what only looks like one; and the
 * reader of its files. */

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/catalogue.h"
#include "tests/unit/policy-helper.h"

#define FILE_HEAD "[catalogue]\nversion = 3\n"
#define BOX       "[client box]\nlabel = Box\nservice = box\ncategory = sync\nexe = V /usr/bin/box\n"

static struct catalogue *shipped;

static int load(void **state)
{
        struct policy_errors errors;

        (void) state;
        return catalogue_new(&shipped) < 0 ? -1 : catalogue_load(shipped, "policy/clients.ini", 0, &errors);
}

static int unload(void **state)
{
        (void) state;
        shipped = catalogue_free(shipped);
        return 0;
}

/* The client's name, or "" when it is none; *ret_told: whether somebody may be told. */
static const char *find(const char *program, const char *a, const char *b, const char *flatpak, bool *ret_told)
{
        struct process_marks marks = { .program = program, .arguments = { a, b }, .flatpak = flatpak };
        struct found_client found = catalogue_find(shipped, &marks);

        *ret_told = found.client && !found.mark->hearsay;
        /* Else it would never be asked. */
        if (found.client)
                assert_true(catalogue_may_have(shipped, program));
        return found.client ? found.client->name : "";
}

static void clients_are_found(void **state)
{
        static const struct {
                const char *client, *program, *first, *second, *flatpak;
                bool hearsay;
        } cases[] = {
                { "dropbox", "/home/a/.dropbox-dist/dropbox-lnx.x86_64-36.4.22/dropbox", NULL, NULL, "", false },
                { "dropbox", "/home/a/.dropbox-dist/dropbox-lnx.x86-31.4.25/dropbox", NULL, NULL, "", false },
                { "dropbox", "/tmp/.dropbox-dist-x1/dropbox-lnx.x86_64-1/dropbox", NULL, NULL, "", false },
                { "dropbox", "/app/extra/.dropbox-dist/dropbox-lnx.x86_64-1/dropbox", NULL, NULL, "com.dropbox.Client",
                  false },
                { "maestral", "/usr/bin/python3.11", "-c", "import maestral.daemon; maestral.daemon.start()", "",
                  false },
                { "maestral", "/home/a/v/bin/python3", "/home/a/v/bin/maestral", "start", "", false },
                { "insync", "/usr/lib/insync/insync", "start", NULL, "", false },
                { "overgrive", "/opt/thefanclub/overgrive/venv/bin/python3", "/opt/thefanclub/overgrive/overgrive",
                  NULL, "", false },
                { "google-drive-ocamlfuse", "/home/a/.opam/4.14/bin/google-drive-ocamlfuse", NULL, NULL, "", false },
                { "rclone", "/usr/bin/rclone", "mount", NULL, "", false },
                { "rclone", "/home/a/bin/rclone", "mount", NULL, "", false },
                { "gvfs-google", "/usr/libexec/gvfsd-google", NULL, NULL, "", false },
                { "gvfs-google", "/usr/lib/gvfs/gvfsd-google", NULL, NULL, "", true },
                { "kio-gdrive", "/usr/lib/x86_64-linux-gnu/libexec/kf6/kioworker",
                  "/usr/lib/x86_64-linux-gnu/qt6/plugins/kf6/kio/gdrive.so", "gdrive", "", false },
                { "kio-gdrive", "/usr/lib/x86_64-linux-gnu/libexec/kf5/kioslave5",
                  "/usr/lib/x86_64-linux-gnu/qt5/plugins/kf5/kio/gdrive.so", "gdrive", "", false },
                { "odrive", "/home/a/.odrive-agent/bin/odriveagent", NULL, NULL, "", false },
                { "drive", "/home/a/go/bin/drive", "push", "x", "", false },
                { "grive", "/usr/bin/grive", "-p", "x", "", false },
                { "grive", "/usr/bin/dash", "/usr/lib/grive/grive-sync.sh", "sync", "", false },
                { "cloudcross", "/usr/bin/ccross", NULL, NULL, "", false },
                { "celeste", "/app/bin/celeste", NULL, NULL, "com.hunterwittenborn.Celeste", false },
                { "celeste", "/snap/celeste/51/usr/bin/celeste", NULL, NULL, "", false },
                { "expandrive", "/opt/ExpanDrive/expandrive", "--autorun", NULL, "", false },
                { "megasync", "/usr/bin/megasync", NULL, NULL, "", false },
                { "megasync", "/tmp/.mount_MEGAsyABCDEF/megasync", NULL, NULL, "", false },
                { "megasync", "/app/bin/megasync", NULL, NULL, "nz.mega.MEGAsync", false },
                { "megacmd", "/usr/bin/mega-cmd-server", NULL, NULL, "", false },
                { "megatools", "/usr/bin/megatools", NULL, NULL, "", false },
                { "pcloud", "/tmp/.mount_pcloudXyZ123/pcloud", NULL, NULL, "", false },
                { "pcloud", "/tmp/.mount_pCloudXyZ123/pcloud.bin", NULL, NULL, "", false },
                { "pcloud", "/usr/local/bin/pcloudcc", "-u", "a@b.example", "", false },
                { "yandex-disk", "/usr/bin/yandex-disk", "start", NULL, "", false },
                { "nextcloud", "/usr/bin/nextcloud", "--background", NULL, "", false },
                { "nextcloud", "/usr/bin/nextcloudcmd", NULL, NULL, "", false },
                { "nextcloud", "/app/bin/nextcloud", NULL, NULL, "com.nextcloud.desktopclient.nextcloud", false },
                { "owncloud", "/usr/bin/owncloud", NULL, NULL, "", false },
                { "seafile", "/usr/bin/seaf-daemon", "-c", "/home/a/.ccnet", "", false },
                { "seafile", "/usr/bin/seadrive", NULL, NULL, "", false },
                { "syncthing", "/usr/bin/syncthing", "serve", NULL, "", false },
                { "syncthing", "/app/bin/syncthing", NULL, NULL, "com.github.zocker_160.SyncThingy", false },
                { "resilio-sync", "/opt/resilio-sync/rslsync", NULL, NULL, "", false },
                { "resilio-sync", "/home/a/.local/share/resilio-sync/rslsync", NULL, NULL, "", false },
                { "tresorit", "/home/a/.local/share/tresorit/tresorit-daemon", NULL, NULL, "", false },
                { "spideroak", "/opt/SpiderOakONE/lib/SpiderOakONE", NULL, NULL, "", false },
                { "koofr", "/home/a/.koofr-dist/storagegui", NULL, NULL, "", true },
                { "jottacloud", "/usr/bin/jottad", NULL, NULL, "", false },
                { "internxt", "/opt/Internxt/internxt", NULL, NULL, "", false },
                { "filen", "/opt/Filen/Filen", NULL, NULL, "", false },
                { "kdrive", "/tmp/.mount_kDriveAbCdEf/usr/bin/kDrive", NULL, NULL, "", false },
                { "s3drive", "/app/bin/s3drive", NULL, NULL, "io.kapsa.drive", false },
                { "duplicati", "/usr/lib/duplicati/duplicati-server", NULL, NULL, "", false },
                { "restic", "/usr/bin/restic", "-r", "rclone:x:y", "", false },
                { "restic", "/usr/bin/restic", "--repo=b2:x", NULL, "", false },
                { "duplicity", "/usr/bin/python3.11", "/usr/bin/duplicity", NULL, "", false },
                { "onedrive", "/usr/bin/onedrive", "--monitor", NULL, "", false },
                { "onedriver", "/usr/bin/onedriver", NULL, NULL, "", false },
                { "onedrive-gui", "/usr/bin/python3.11", "/opt/x/OneDriveGUI.py", NULL, "", false },
                { "gvfs-onedrive", "/usr/libexec/gvfsd-onedrive", NULL, NULL, "", false },
                { "teams-for-linux", "/app/bin/x", NULL, NULL, "com.github.IsmaelMartinez.teams_for_linux", false },
                { "wasistlos", "/usr/bin/wasistlos", NULL, NULL, "", false },
                { "zapzap", "/app/bin/python3.12", "/app/bin/zapzap", NULL, "com.rtosta.zapzap", false },
                { "whatsie", "/app/bin/whatsie", NULL, NULL, "com.ktechpit.whatsie", false },
                { "telegram", "/usr/bin/telegram-desktop", "-autostart", NULL, "", false },
                { "telegram", "/home/a/Telegram/Telegram", NULL, NULL, "", false },
                { "telegram", "/app/bin/Telegram", NULL, NULL, "org.telegram.desktop", false },
        };
        bool told;

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *name = find(cases[i].program, cases[i].first, cases[i].second, cases[i].flatpak, &told);

                if (strcmp(name, cases[i].client) != 0 || told == cases[i].hearsay)
                        fail_msg("%s: \"%s\" instead of %s, told %d", cases[i].program, name, cases[i].client, told);
        }
}

static void snaps_are_found(void **state)
{
        static const struct {
                const char *client, *program, *snap;
        } cases[] = {
                { "telegram", "/snap/telegram-desktop/6000/usr/bin/telegram-desktop", "telegram-desktop" },
                { "nextcloud", "/snap/nextcloud-desktop-client/12/usr/bin/x", "nextcloud-desktop-client" },
                { "wasistlos", "/snap/core22/1/usr/bin/python3.10", "wasistlos" },
                { "", "/snap/firefox/5000/usr/lib/firefox/firefox", "firefox" },
                { "", "/usr/bin/firefox", "telegram-desktop" }, /* a group that its user has given that name */
                { "", "/snap/firefox/5000/x", "" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct process_marks marks = { .program = cases[i].program, .flatpak = "", .snap = cases[i].snap };
                struct found_client found = catalogue_find(shipped, &marks);

                assert_string_equal(found.client ? found.client->name : "", cases[i].client);
                assert_true(!found.client || catalogue_may_have(shipped, cases[i].program));
                assert_true(!found.client || (found.mark->kind == MARK_SNAP && !found.mark->hearsay));
        }
}

static void look_alikes_are_not(void **state)
{
        static const struct {
                const char *program, *first, *second, *flatpak;
        } cases[] = {
                { "/opt/Druva/inSync/inSync", NULL, NULL, "" }, /* backup of the school's */
                { "/usr/bin/inSync", NULL, NULL, "" },
                { "/home/a/.steam/steamapps/common/Celeste/Celeste", NULL, NULL, "" }, /* a game */
                { "/home/a/.steam/steamapps/common/Celeste/celeste", NULL, NULL, "" },
                { "/usr/sbin/dropbear", "-R", NULL, "" },
                { "/home/a/games/Dropbox/game", NULL, NULL, "" },
                { "/usr/bin/dropbox", NULL, NULL, "" },
                { "/usr/bin/python3.11", "/usr/bin/dropbox", "start", "" }, /* Debian's downloader */
                { "/usr/bin/python3.11", "/usr/bin/caja-dropbox", "start", "" },
                { "/usr/bin/python3.11", "/home/a/dropbox", NULL, "" }, /* a script called so */
                { "/usr/bin/python3.11", "-c", "print('maestral')", "" },
                { "/usr/bin/bash", "/home/a/rclone", NULL, "" },
                { "/usr/bin/vim", "/usr/bin/rclone", NULL, "" },
                { "/usr/bin/drive", NULL, NULL, "" },
                { "/usr/bin/drive", "help", NULL, "" },
                { "/usr/bin/box", NULL, NULL, "" },
                { "/usr/bin/sync", NULL, NULL, "" },
                { "/usr/bin/mega", NULL, NULL, "" },
                { "/usr/bin/rclone (deleted)", NULL, NULL, "" }, /* a file called so */
                { "/usr/bin/restic", "-r", "/mnt/backup", "" },
                { "/usr/bin/restic", "-r", "sftp:school:/backup", "" },
                { "/usr/libexec/deja-dup/deja-dup-monitor", NULL, NULL, "" },
                { "/usr/libexec/gvfsd-fuse", NULL, NULL, "" },
                { "/usr/libexec/goa-daemon", NULL, NULL, "" },
                { "/usr/lib/x86_64-linux-gnu/libexec/kf6/kioworker",
                  "/usr/lib/x86_64-linux-gnu/qt6/plugins/kf6/kio/file.so", "file", "" },
                { "/app/bin/firefox", NULL, NULL, "org.mozilla.firefox" },
                { "/usr/bin/bwrap", "--args", NULL, "com.dropbox.Client" }, /* outside of the flatpak */
                { "/usr/bin/filen", NULL, NULL, "" },
                { "", NULL, NULL, "" },
                { "/", NULL, NULL, "" },
        };
        bool told;

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *name = find(cases[i].program, cases[i].first, cases[i].second, cases[i].flatpak, &told);

                if (name[0])
                        fail_msg("%s %s: taken for %s", cases[i].program, cases[i].first ?: "", name);
        }
}

/* Those that are clients, of the packages that the tests need. */
static const char *const known_here[] = { "/usr/bin/rclone", "/usr/bin/syncthing" };
static size_t programs_here;

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        bool told;
        const char *name;

        (void) ftw;
        if (type != FTW_F || !(st->st_mode & S_IXUSR))
                return 0;
        for (size_t i = 0; i < sizeof(known_here) / sizeof(known_here[0]); i++)
                if (strcmp(known_here[i], path) == 0)
                        return 0;
        programs_here++;
        name = find(path, "start", "push", "", &told);
        if (name[0])
                fail_msg("%s: taken for %s", path, name);
        return 0;
}

static void programs_of_this_machine_are_not(void **state)
{
        static const char *const places[] = { "/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib", "/usr/games" };

        (void) state;
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
                (void) nftw(places[i], look_at, 16, FTW_PHYS);
        assert_true(programs_here > 100);
}

static void mounts_are_found(void **state)
{
        static const struct {
                const char *type, *source, *client;
        } cases[] = {
                { "fuse.rclone", "gdrive:school/x", "rclone" },
                { "fuse.rclone", "anything that --devname says", "rclone" },
                { "fuse.google-drive-ocamlfuse", "google-drive-ocamlfuse", "google-drive-ocamlfuse" },
                { "fuse", "gdfuse#default", "google-drive-ocamlfuse" },
                { "fuse", "pCloud.fs", "pcloud" },
                { "fuse.pCloud.AppImage", "x", "pcloud" },
                { "fuse.onedriver", "onedriver", "onedriver" },
                { "fuse.gvfsd-fuse", "gvfsd-fuse", "" },
                { "fuse.sshfs", "school:/home", "" },
                { "fuse.portal", "portal", "" },
                { "fuse", "rclone", "" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct found_client found = catalogue_find_mount(shipped, cases[i].type, cases[i].source);

                assert_string_equal(found.client ? found.client->name : "", cases[i].client);
        }
}

/* ---- the reader ---- */

#define assert_bad(given, wanted_line, wanted)                                                                         \
        do {                                                                                                           \
                struct policy_errors errors_;                                                                          \
                struct catalogue *catalogue_;                                                                          \
                assert_int_equal(catalogue_new(&catalogue_), 0);                                                       \
                assert_int_equal(catalogue_add(catalogue_, given, strlen(given), &errors_), -EINVAL);                  \
                assert_string_equal(errors_.items[0].text, wanted);                                                    \
                assert_int_equal(errors_.items[0].line, wanted_line);                                                  \
                assert_int_equal(catalogue_size(catalogue_), 0);                                                       \
                catalogue_free(catalogue_);                                                                            \
        } while (0)

static void bad_files_are_refused_whole(void **state)
{
        char many[4096] = FILE_HEAD BOX;

        (void) state;
        assert_bad("", 0, "there is no section [catalogue]; write [catalogue] and below it version = 1");
        assert_bad("[catalogue]\n", 0, "[catalogue] has no version; write version = 1, and one more at each change");
        assert_bad("[catalogue]\nversion = 0\n", 2, "version is a whole number from 1 to 4294967295");
        assert_bad("[catalogue]\nname = x\n", 2, "[catalogue] has one key: version");
        assert_bad("exe = V /usr/bin/x\n" FILE_HEAD, 1, "a key before the first section");
        assert_bad(FILE_HEAD "[clients]\n", 3,
                   "unknown section \"clients\"; there are [catalogue], once, and [client NAME]");
        assert_bad(FILE_HEAD "[client Box]\n", 3, "the name Box may hold only small letters, digits and '-'");
        assert_bad(FILE_HEAD BOX BOX, 8, "[client box] stands there already");
        assert_bad(FILE_HEAD BOX "exec = V /usr/bin/x\n", 8, "unknown key \"exec\"; did you mean \"exe\"?");
        assert_bad(FILE_HEAD BOX "exe = /usr/bin/x\n", 8,
                   "exe begins with V, S, U or K; write it as in exe = V /usr/bin/client");
        assert_bad(FILE_HEAD BOX "exe = V box\n", 8, "exe cannot be that: the path begins with / or */");
        assert_bad(FILE_HEAD BOX "exe = V */box*\n", 8, "exe cannot be that: the last part is a name without *");
        assert_bad(FILE_HEAD BOX "argv = V python *\n", 8,
                   "argv cannot be that: an interpreter with anything is everything it runs");
        assert_bad(FILE_HEAD BOX "argv = V python3.11 *x\n", 8,
                   "argv cannot be that: the interpreter stands without its version, as in python");
        assert_bad(FILE_HEAD BOX "linked = V /etc/passwd\n", 8,
                   "linked cannot be that: the path is one in a home, as in .config/client.ini");
        assert_bad(FILE_HEAD BOX "linked = V a/../../b/x\n", 8,
                   "linked cannot be that: the path is one in a home, as in .config/client.ini");
        assert_bad(FILE_HEAD BOX "category = sync\n", 8, "category stands in line 6 already; keep one of them");
        assert_bad(FILE_HEAD "[client box]\nlabel = Box\nservice = box\ncategory = sync\n", 3,
                   "[client box] has no mark; write an exe, argv, flatpak, snap, mount, linked, autostart or unit");
        assert_bad(FILE_HEAD "[client box]\nlabel = Box\ncategory = sync\nexe = V /x\n", 3,
                   "[client box] has no service; write what it reaches, or unknown");
        assert_bad(FILE_HEAD "[client box]\nlabel = Box\nservice = box\ncategory = disk\nexe = V /x\n", 6,
                   "category cannot be \"disk\"; write sync, chat or backup");
        for (unsigned i = 1; i < CATALOGUE_MARKS_MAX; i++)
                strcat(many, "exe = V /usr/bin/box\n");
        strcat(many, "exe = V /usr/bin/box\n");
        assert_bad(many, 7 + CATALOGUE_MARKS_MAX, "a mark too many; a client has at most 32");
}

static void a_later_file_corrects_an_earlier_one(void **state)
{
        static const char second[] =
                "[catalogue]\nversion = 9\n[client box]\nlabel = Other\nservice = other\ncategory = chat\n"
                "exe = K /usr/bin/other\nexcept = V /usr/bin/not/other\nexe = V */other\n";
        struct catalogue *catalogue;
        struct policy_errors errors;
        struct process_marks marks = { .program = "/usr/bin/box", .flatpak = "" };

        (void) state;
        assert_int_equal(catalogue_new(&catalogue), 0);
        assert_int_equal(catalogue_add(catalogue, FILE_HEAD BOX, strlen(FILE_HEAD BOX), &errors), 0);
        assert_int_equal(catalogue_version(catalogue), 3);
        assert_string_equal(catalogue_find(catalogue, &marks).client->label, "Box");
        assert_int_equal(catalogue_add(catalogue, second, strlen(second), &errors), 0);
        assert_int_equal(catalogue_size(catalogue), 1);
        assert_int_equal(catalogue_version(catalogue), 9);
        assert_null(catalogue_find(catalogue, &marks).client);
        marks.program = "/usr/bin/other";
        assert_string_equal(catalogue_find(catalogue, &marks).client->label, "Other");
        assert_false(catalogue_find(catalogue, &marks).mark->hearsay); /* the surer of two */
        marks.program = "/usr/bin/not/other";
        assert_null(catalogue_find(catalogue, &marks).client);
        /* One that is bad changes nothing. */
        assert_int_equal(catalogue_add(catalogue, "[client]\n", strlen("[client]\n"), &errors), -EINVAL);
        marks.program = "/usr/bin/other";
        assert_non_null(catalogue_find(catalogue, &marks).client);
        catalogue_free(catalogue);
}

static void no_more_clients_than_there_is_room_for(void **state)
{
        struct catalogue *catalogue;
        struct policy_errors errors;
        char *text = malloc(65536), *at = text;

        (void) state;
        assert_non_null(text);
        at += sprintf(at, FILE_HEAD);
        for (unsigned i = 0; i < CATALOGUE_CLIENTS_MAX; i++)
                at += sprintf(at, "[client c%u]\nlabel = C\nservice = c\ncategory = sync\nexe = V /usr/bin/c%u\n", i,
                              i);
        assert_int_equal(catalogue_new(&catalogue), 0);
        assert_int_equal(catalogue_add(catalogue, text, (size_t) (at - text), &errors), 0);
        assert_int_equal(catalogue_add(catalogue, FILE_HEAD BOX, strlen(FILE_HEAD BOX), &errors), -EINVAL);
        assert_string_equal(errors.items[0].text, "with this file there are more than 256 clients");
        assert_true(catalogue_may_have(catalogue, "/usr/bin/c255"));
        assert_false(catalogue_may_have(catalogue, "/usr/bin/c256"));
        /* One that is there already takes no room, however often it comes. */
        at = text +
             sprintf(text, FILE_HEAD "[client c7]\nlabel = C\nservice = c\ncategory = sync\nexe = V /usr/bin/new\n");
        assert_int_equal(catalogue_add(catalogue, text, (size_t) (at - text), &errors), 0);
        assert_int_equal(catalogue_size(catalogue), CATALOGUE_CLIENTS_MAX);
        assert_true(catalogue_may_have(catalogue, "/usr/bin/new"));
        assert_false(catalogue_may_have(catalogue, "/usr/bin/c7"));
        catalogue_free(catalogue);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(clients_are_found),
                cmocka_unit_test(snaps_are_found),
                cmocka_unit_test(look_alikes_are_not),
                cmocka_unit_test(programs_of_this_machine_are_not),
                cmocka_unit_test(mounts_are_found),
                cmocka_unit_test(bad_files_are_refused_whole),
                cmocka_unit_test(a_later_file_corrects_an_earlier_one),
                cmocka_unit_test(no_more_clients_than_there_is_room_for),
        };

        return cmocka_run_group_tests_name("catalogue", tests, load, unload);
}
