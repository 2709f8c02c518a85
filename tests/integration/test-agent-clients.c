/* links: tests/bed/scene.c tests/bed/scenebus.c tests/bed/user.c tests/bed/bed.c @lekdichtd @lekdicht-watch libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Real clients, started by a user who is not root: the real watcher sees them in the real /proc, the real agent judges, the
 * record is in the spool, the notice goes to that user alone, and `lekdicht clients` shows it. The watcher runs in this
 * process and loop, as root, as it would with its two capabilities. */

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/bed/scene.h"
#include "tests/bed/scenebus.h"
#include "tests/bed/user.h"
#include "watcher/watcher.h"

#define TEACHER   517854123 /* long, so that it stands in no time by chance */
#define COLLEAGUE 5124
#define WATCHER   5126      /* as lekdicht-watch is */
#define DWELL     300000ULL /* microseconds: the test's patience, not the teacher's */

#define POLICY                                                                                                         \
        "[policy]\nversion = 4\n[school]\nname = De Regenboog\n"                                                       \
        "[place onedrive]\nlabel = OneDrive\nurl = https://onedrive.example/\n"

/* Not one of these may be found in what was written. */
#define TEACHER_NAME "janneke-xq7"
#define REMOTE       "geheimpje"

static struct {
        struct catalogue *catalogue;
        struct watcher_config config;
        struct watcher *watcher;
        struct user teacher, colleague;
        const struct user *logged_in; /* NULL: nobody */
        pid_t programs[8];
        size_t n;
} bench;

/* ---- setup ---- */

/* dbus-daemon talks only to users whom it can look up: in the mount namespace of this test there are three more. */
static int make_users(void **state)
{
        char path[] = "/tmp/lekdicht-passwd.XXXXXX", command[256];
        int fd = mkstemp(path), r = -1;

        if (fd < 0)
                return -1;
        close(fd);
        snprintf(command, sizeof(command),
                 "cat /etc/passwd >%s; for user in %d %d %d; do echo "
                 "\"lekdicht-$user:x:$user:$user::/tmp/lekdicht-home-$user:/bin/false\"; "
                 "done >>%s",
                 path, TEACHER, COLLEAGUE, WATCHER, path);
        if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
            system(command) == 0 && chmod(path, 0644) == 0 && mount(path, "/etc/passwd", NULL, MS_BIND, NULL) == 0)
                r = scenebus_init(state);
        (void) unlink(path);
        return r;
}

/* The home of the user's entry leads to that in the bed. */
static int make_home(const struct user *user)
{
        char path[64];

        snprintf(path, sizeof(path), "/tmp/lekdicht-home-%u", user->uid);
        (void) unlink(path);
        return symlink(user->home, path);
}

static void remove_home(const struct user *user)
{
        char path[64];

        snprintf(path, sizeof(path), "/tmp/lekdicht-home-%u", user->uid);
        (void) unlink(path);
}

static int who_is_here(uid_t **ret)
{
        if (!bench.logged_in)
                return 0;
        *ret = malloc(sizeof(**ret));
        assert_non_null(*ret);
        (*ret)[0] = bench.logged_in->uid;
        return 1;
}

static int setup(void **state)
{
        struct policy_errors errors;

        memset(&bench, 0, sizeof(bench));
        if (scene_setup(state) < 0 || catalogue_new(&bench.catalogue) < 0 ||
            catalogue_load(bench.catalogue, "policy/clients.ini", 0, &errors) < 0)
                return -1;
        start_bus(NULL);
        client = join();
        user_come(&bench.teacher, TEACHER_NAME, TEACHER);
        user_come(&bench.colleague, "colleague", COLLEAGUE);
        return make_home(&bench.teacher) < 0 || make_home(&bench.colleague) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        for (size_t i = 0; i < bench.n; i++)
                user_stop(bench.programs[i]);
        user_leave(&bench.teacher);
        user_leave(&bench.colleague);
        remove_home(&bench.teacher);
        remove_home(&bench.colleague);
        bench.watcher = watcher_free(bench.watcher);
        bench.catalogue = catalogue_free(bench.catalogue);
        answer = sd_bus_message_unref(answer);
        client = sd_bus_close_unref(client);
        scene_teardown(state);
        stop_bus();
        return 0;
}

static void watch(bool by_scan)
{
        bench.config = (struct watcher_config){ .proc = "/proc",
                                                .bus = scenebus_address(),
                                                .catalogue = bench.catalogue,
                                                .dwell_usec = DWELL,
                                                .users = who_is_here,
                                                .by_scan = by_scan };
        assert_true(watcher_new(scene.loop, &bench.config, &bench.watcher) >= 0);
}

static void begin(const char *policy)
{
        scene_start(policy);
        agent_answers();
        watch(false);
        user_listen(&bench.teacher);
        user_listen(&bench.colleague);
}

static pid_t start(const struct user *user, const char *const *argv, const char *const *variables)
{
        return bench.programs[bench.n++] = user_start(user, argv, variables);
}

static void stop(pid_t pid)
{
        for (size_t i = 0; i < bench.n; i++)
                if (bench.programs[i] == pid)
                        bench.programs[i] = 0;
        user_stop(pid);
}

/* ---- what is asked ---- */

/* The value of key in the n-th row of ListClients; NULL when there are fewer. */
static const char *row(unsigned n, const char *key)
{
        call("ListClients", "");
        assert_false(is_error(NULL));
        assert_true(sd_bus_message_enter_container(answer, 'a', "a{sv}") >= 0);
        for (; n > 0 && sd_bus_message_at_end(answer, false) == 0; n--)
                assert_true(sd_bus_message_skip(answer, "a{sv}") >= 0);
        return sd_bus_message_at_end(answer, false) == 0 ? value_of(answer, key) : NULL;
}

/* The same in the row of that client; "" when there is none. */
static const char *listed(const char *name, const char *key)
{
        const char *is;

        for (unsigned n = 0; (is = row(n, "Client")); n++)
                if (strcmp(is, name) == 0)
                        return row(n, key);
        return "";
}

static bool runs(const char *name)
{
        return strcmp(listed(name, "Running"), "yes") == 0;
}

/* What that user was told, a line each; "" when nothing. */
static const char *notices(const struct user *user)
{
        char path[64];
        const char *text;

        snprintf(path, sizeof(path), "notices-%s", user->name);
        text = strchr(bed_read(&scene.bed, path) ?: "", '\n');
        return text ? text + 1 : "";
}

/* Has the child become that program? */
static bool is_running(pid_t pid, const char *name)
{
        char path[64], program[BED_PATH];
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%d/exe", (int) pid);
        n = readlink(path, program, sizeof(program) - 1);
        program[n > 0 ? n : 0] = '\0';
        return strcmp(strrchr(program, '/') ? strrchr(program, '/') + 1 : program, name) == 0;
}

/* Is it in the database of records, or in the journal? */
static bool was_written(const char *words)
{
        char command[2 * BED_PATH];

        snprintf(command, sizeof(command), "grep -rqaF -- '%s' %s/var/lib/lekdicht", words, scene.bed.root);
        return system(command) == 0 || scene_journal_has(words);
}

static const char *const syncthing[] = { "syncthing",
                                         "serve",
                                         "--no-browser",
                                         "--no-default-folder",
                                         "--no-restart",
                                         "--no-upgrade",
                                         "--home=" REMOTE,
                                         "--gui-address=127.0.0.1:0",
                                         NULL };
/* Else it starts a second one of itself, and is only its guardian. */
static const char *const alone[] = { "STMONITORED=yes", NULL };
/* Started, and told later what to copy. */
static const char *const rclone[] = { "rclone", "rcd", "--rc-no-auth", "--rc-addr=127.0.0.1:0", "--user-agent=" REMOTE,
                                      NULL };
static const char *const rclone_serves[] = { "rclone", "serve", "http", REMOTE ":", "--addr", "127.0.0.1:0", NULL };
static const char *const rclone_serves_safe[] = { "rclone", "serve", "http", "safe:", "--addr", "127.0.0.1:0", NULL };
static const char *const rclone_stays[] = { "rclone", "serve", "http", ":memory:", "--addr", "127.0.0.1:0", NULL };

/* A remote of that name at Google's, with a token that nobody gave out; and one that encrypts before it. */
#define TOKEN                                                                                                          \
        "{\"access_token\":\"x\",\"token_type\":\"Bearer\",\"refresh_token\":\"y\",\"expiry\":\"2099-01-01T00:00:"     \
        "00Z\"}"
#define DRIVE "[" REMOTE "]\ntype = drive\nroot_folder_id = abc\ntoken = " TOKEN "\n"
#define SAFE  "[safe]\ntype = crypt\nremote = " REMOTE ":x\npassword = 9fGUuNqH0z9x2HYmZzK6d3qvXb2iVLQ\n"

/* ---- tests ---- */

static void a_client_is_recorded_and_told_to_its_user_alone(void **state)
{
        pid_t pid;

        (void) state;
        begin(POLICY);
        pid = start(&bench.teacher, syncthing, alone);
        UNTIL(runs("syncthing"));
        assert_string_equal(listed("syncthing", "Service"), "syncthing");
        assert_string_equal(listed("syncthing", "Category"), "sync");
        assert_string_equal(listed("syncthing", "Evidence"), "program");
        assert_string_equal(listed("syncthing", "Verdict"), "flag");
        assert_string_equal(listed("syncthing", "Reason"), "flagged by [clients] sync");
        UNTIL(strncmp(notices(&bench.teacher), "client-running sync Syncthing onedrive=", 39) == 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.client.running", "LEKDICHT_CLIENT=syncthing", NULL) == 1);
        UNTIL(was_written("syncthing"));
        stop(pid);
        UNTIL(strcmp(listed("syncthing", "Running"), "no") == 0);
        assert_string_equal(notices(&bench.colleague), "");
        assert_false(was_written(TEACHER_NAME));
        assert_false(was_written(REMOTE));
        assert_false(was_written("517854123"));
}

static void once_a_day_is_enough(void **state)
{
        pid_t pid;

        (void) state;
        begin(POLICY);
        for (unsigned i = 0; i < 2; i++) {
                pid = start(&bench.teacher, syncthing, alone);
                UNTIL(runs("syncthing"));
                stop(pid);
                UNTIL(!runs("syncthing"));
        }
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.client.running", NULL), 1);
        UNTIL(notices(&bench.teacher)[0]);
        assert_null(strchr(strchr(notices(&bench.teacher), '\n') ?: "\n", 'c'));
        /* But that the same is done by somebody else is something else. */
        start(&bench.colleague, syncthing, alone);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.client.running", NULL) == 2);
        UNTIL(notices(&bench.colleague)[0]);
}

static void where_it_goes_is_not_known(void **state)
{
        (void) state;
        begin(POLICY);
        start(&bench.teacher, rclone, NULL);
        UNTIL(runs("rclone"));
        assert_string_equal(listed("rclone", "Service"), "unknown");
        assert_string_equal(listed("rclone", "Verdict"), "unknown");
        scene_run(300);
        assert_string_equal(notices(&bench.teacher), "");
        UNTIL(was_written("rclone"));
        assert_false(was_written(REMOTE));
}

static void rclone_is_followed_to_where_it_copies(void **state)
{
        (void) state;
        user_has(&bench.teacher, ".config/rclone/rclone.conf", DRIVE);
        begin(POLICY);
        start(&bench.teacher, rclone_serves, NULL);
        UNTIL(runs("rclone"));
        assert_string_equal(listed("rclone", "Service"), "google-drive");
        assert_string_equal(listed("rclone", "Verdict"), "flag");
        UNTIL(strncmp(notices(&bench.teacher), "client-running sync rclone onedrive=", 36) == 0);
        assert_string_equal(notices(&bench.colleague), "");
        assert_false(was_written(REMOTE));
        assert_false(was_written("rclone.conf"));
        assert_false(was_written("access_token"));
}

static void what_it_encrypts_goes_there_too(void **state)
{
        (void) state;
        user_has(&bench.teacher, ".config/rclone/rclone.conf", DRIVE SAFE);
        begin(POLICY);
        start(&bench.teacher, rclone_serves_safe, NULL);
        UNTIL(runs("rclone"));
        assert_string_equal(listed("rclone", "Service"), "google-drive");
}

static void a_remote_may_be_in_the_environment(void **state)
{
        static const char *const variables[] = { "RCLONE_CONFIG_GEHEIMPJE_TYPE=drive",
                                                 "RCLONE_CONFIG_GEHEIMPJE_ROOT_FOLDER_ID=abc",
                                                 "RCLONE_CONFIG_GEHEIMPJE_TOKEN=" TOKEN, NULL };

        (void) state;
        begin(POLICY);
        start(&bench.teacher, rclone_serves, variables);
        UNTIL(runs("rclone"));
        assert_string_equal(listed("rclone", "Service"), "google-drive");
}

/* A school on Google Workspace: the same rclone is as it should be, and Syncthing gets the school's own places. */
static void another_school_approves_of_it(void **state)
{
        (void) state;
        user_has(&bench.teacher, ".config/rclone/rclone.conf", DRIVE);
        begin("[policy]\nversion = 4\n[place google-drive]\nlabel = Drive\nurl = https://drive.example/\n");
        start(&bench.teacher, rclone_serves, NULL);
        start(&bench.teacher, syncthing, alone);
        UNTIL(runs("rclone") && runs("syncthing"));
        assert_string_equal(listed("rclone", "Verdict"), "allow");
        assert_string_equal(listed("rclone", "Rule"), "[place google-drive]");
        UNTIL(notices(&bench.teacher)[0]);
        assert_non_null(strstr(notices(&bench.teacher), "sync Syncthing google-drive=Drive=https://drive.example/"));
        assert_null(strstr(notices(&bench.teacher), "rclone"));
}

static void what_stays_on_the_laptop_is_no_client(void **state)
{
        (void) state;
        begin(POLICY);
        start(&bench.teacher, rclone_stays, NULL);
        start(&bench.teacher, syncthing, alone);
        UNTIL(runs("syncthing"));
        scene_run(1000);
        assert_string_equal(listed("rclone", "Running"), "");
}

/* rclone itself waits for ever; nobody else does. */
static void a_pipe_for_a_configuration_stops_nobody(void **state)
{
        char path[2 * BED_PATH];

        (void) state;
        user_has(&bench.teacher, ".config/rclone/empty", "\n");
        snprintf(path, sizeof(path), "%s/.config/rclone/rclone.conf", bench.teacher.home);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(chown(path, TEACHER, TEACHER), 0);
        begin(POLICY);
        start(&bench.teacher, rclone_serves, NULL);
        start(&bench.colleague, syncthing, alone);
        UNTIL(runs("syncthing"));
        UNTIL(runs("rclone"));
        assert_string_equal(listed("rclone", "Service"), "unknown");
        assert_string_equal(notices(&bench.teacher), "");
}

#define LINKED "{\"personal\": {\"path\": \"/home/" TEACHER_NAME "/Dropbox\", \"host\": 4711}}"

static void what_is_set_up_is_recorded_and_told_to_nobody(void **state)
{
        (void) state;
        user_has(&bench.teacher, ".dropbox/info.json", LINKED);
        user_has(&bench.teacher, ".config/onedrive/refresh_token", "secret");
        /* He is not there, so that nobody touches his home. */
        user_has(&bench.colleague, ".config/yandex-disk/passwd", "secret");
        bench.logged_in = &bench.teacher;
        begin(POLICY);
        UNTIL(strcmp(listed("dropbox", "Evidence"), "linked") == 0);
        assert_string_equal(listed("dropbox", "Running"), "no");
        assert_string_equal(listed("dropbox", "Verdict"), "flag");
        assert_string_equal(listed("onedrive", "Verdict"), "allow");
        assert_string_equal(listed("yandex-disk", "Evidence"), "");
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.client.linked", NULL), 2);
        UNTIL(was_written("lekdicht.client.linked") || was_written("onedrive"));
        scene_run(300);
        assert_string_equal(notices(&bench.teacher), "");
        assert_false(was_written("info.json"));
        assert_false(was_written(TEACHER_NAME));
        /* It is gone when he is, and is not recorded again the same day. */
        bench.watcher = watcher_free(bench.watcher);
        bench.logged_in = NULL;
        watch(true);
        UNTIL(strcmp(status("Clients"), "scan") == 0);
        assert_string_equal(listed("dropbox", "Evidence"), "");
        bench.watcher = watcher_free(bench.watcher);
        bench.logged_in = &bench.teacher;
        watch(false);
        UNTIL(strcmp(listed("dropbox", "Evidence"), "linked") == 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.client.linked", NULL), 2);
}

static void what_is_only_downloaded_is_not_set_up(void **state)
{
        (void) state;
        user_has(&bench.teacher, ".dropbox/info.json", "{}");
        user_has(&bench.teacher, ".dropbox-dist/VERSION", "1.2.3");
        user_has(&bench.teacher, ".config/goa-1.0/accounts.conf",
                 "[Account account_1_0]\nProvider=google\nMailEnabled=true\nFilesEnabled=true\n");
        user_has(&bench.teacher, ".config/onedrive/refresh_token", "secret");
        bench.logged_in = &bench.teacher;
        begin(POLICY);
        UNTIL(strcmp(listed("onedrive", "Evidence"), "linked") == 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.client.linked", NULL), 1);
}

static void whatever_is_in_a_home_stops_nobody(void **state)
{
        char path[2 * BED_PATH];

        (void) state;
        user_has(&bench.teacher, ".dropbox/x", "");
        user_has(&bench.teacher, ".ccnet/real", "x");
        user_has(&bench.teacher, ".config/onedrive/refresh_token", "secret");
        snprintf(path, sizeof(path), "%s/.dropbox/info.json", bench.teacher.home);
        assert_int_equal(mkfifo(path, 0666), 0);
        snprintf(path, sizeof(path), "%s/.ccnet/seafile.ini", bench.teacher.home);
        assert_int_equal(symlink("real", path), 0);
        snprintf(path, sizeof(path), "%s/.config/syncthing", bench.teacher.home);
        assert_int_equal(symlink("/dev", path), 0);
        bench.logged_in = &bench.teacher;
        begin(POLICY);
        UNTIL(strcmp(listed("onedrive", "Evidence"), "linked") == 0);
        assert_string_equal(listed("dropbox", "Evidence"), "");
        assert_string_equal(listed("seafile", "Evidence"), "");
        start(&bench.teacher, syncthing, alone);
        UNTIL(runs("syncthing"));
}

static void the_command_shows_it(void **state)
{
        char command[2 * BED_PATH];
        pid_t pid;

        (void) state;
        begin(POLICY);
        start(&bench.teacher, syncthing, alone);
        UNTIL(runs("syncthing"));
        snprintf(command, sizeof(command),
                 "env -u LD_PRELOAD DBUS_SYSTEM_BUS_ADDRESS=%s ${BUILD:-build}/lekdicht clients >%s/answer 2>&1",
                 scenebus_address(), scene.bed.root);
        pid = fork();
        if (pid == 0)
                _exit(execl("/bin/sh", "sh", "-c", command, (char *) NULL));
        assert_int_equal(result_of(pid), 0);
        assert_non_null(strstr(bed_read(&scene.bed, "answer"), "Syncthing  syncthing  sync  runs"));
        assert_non_null(strstr(bed_read(&scene.bed, "answer"), "program   flag     flagged by [clients] sync"));
        assert_null(strstr(bed_read(&scene.bed, "answer"), "517854123"));
        /* Not to everybody. */
        assert_int_equal(result_of(call_as(TEACHER, false, "ListClients", "")), 1);
}

static void what_ran_before_the_watcher_is_found(void **state)
{
        pid_t pid;

        (void) state;
        scene_start(POLICY);
        agent_answers();
        assert_string_equal(status("Clients"), "absent");
        pid = start(&bench.teacher, syncthing, alone);
        UNTIL(is_running(pid, "syncthing"));
        watch(true);
        UNTIL(runs("syncthing"));
        assert_string_equal(status("Clients"), "scan");
        /* Who was not there hears of it when he comes, and once. */
        user_listen(&bench.teacher);
        UNTIL(strncmp(notices(&bench.teacher), "client-running", 14) == 0);
        bench.watcher = watcher_free(bench.watcher);
        UNTIL(strcmp(status("Clients"), "absent") == 0);
        assert_false(runs("syncthing"));
}

static void an_agent_that_starts_anew_hears_all_of_it(void **state)
{
        (void) state;
        begin(POLICY);
        start(&bench.teacher, syncthing, alone);
        UNTIL(runs("syncthing"));
        scene_stop();
        scene_start(POLICY);
        agent_answers();
        UNTIL(runs("syncthing"));
}

static void what_is_approved_is_not_told(void **state)
{
        (void) state;
        begin(POLICY "[service syncthing]\nverdict = allow\n");
        start(&bench.teacher, syncthing, alone);
        UNTIL(runs("syncthing"));
        assert_string_equal(listed("syncthing", "Verdict"), "allow");
        assert_string_equal(listed("syncthing", "Rule"), "[service syncthing]");
        UNTIL(was_written("syncthing"));
        scene_run(300);
        assert_string_equal(notices(&bench.teacher), "");
}

static void what_is_ignored_is_not_even_recorded(void **state)
{
        (void) state;
        begin(POLICY "[clients]\nsync = ignore\n");
        start(&bench.teacher, syncthing, alone);
        scene_run(1500);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.client.running", NULL), 0);
        assert_string_equal(notices(&bench.teacher), "");
        /* That it was seen shows when the policy changes. */
        scene_policy(POLICY);
        raise(SIGHUP);
        UNTIL(runs("syncthing"));
        UNTIL(notices(&bench.teacher)[0]);
}

static void audit_tells_nobody(void **state)
{
        (void) state;
        begin("[policy]\nversion = 4\nmode = audit\n");
        start(&bench.teacher, syncthing, alone);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.client.running",
                            "LEKDICHT_REASON=audit: would have been flagged by [clients] sync", NULL) == 1);
        scene_run(300);
        assert_string_equal(notices(&bench.teacher), "");
}

static void a_question_to_a_client_is_no_client(void **state)
{
        static const char *const version[] = { "rclone", "version", NULL };
        static const char *const another[] = { "syncthing", "--version", NULL };

        (void) state;
        begin(POLICY);
        start(&bench.teacher, version, NULL);
        for (unsigned i = 0; i < 3; i++)
                start(&bench.teacher, another, alone);
        scene_run(1500);
        assert_string_equal(listed("rclone", "Running"), "");
        assert_string_equal(listed("syncthing", "Running"), "");
        start(&bench.teacher, rclone, NULL); /* the watcher does see */
        UNTIL(runs("rclone"));
}

static void what_runs_as_root_is_nobodys(void **state)
{
        struct user root = { .uid = 0 };
        pid_t pid, mine;

        (void) state;
        begin(POLICY);
        user_come(&root, "root", 0);
        pid = start(&root, rclone, NULL);
        UNTIL(is_running(pid, "rclone"));
        mine = start(&bench.teacher, syncthing, alone);
        UNTIL(runs("syncthing"));
        scene_run(500);
        assert_string_equal(listed("rclone", "Running"), "");
        assert_true(is_running(pid, "rclone"));
        /* Nor is it in a report, which the agent would not take. */
        stop(mine);
        UNTIL(!runs("syncthing"));
}

/* As in its unit: an ordinary user with four capabilities. */
static void watch_with_four_rights(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        unsigned four = 1U << CAP_SYS_PTRACE | 1U << CAP_NET_ADMIN | 1U << CAP_SETUID | 1U << CAP_SETGID;
        struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { .effective = four, .permitted = four } };
        sd_event *loop;

        unsetenv("LD_PRELOAD");
        bench.config = (struct watcher_config){ .proc = "/proc",
                                                .bus = scenebus_address(),
                                                .catalogue = bench.catalogue,
                                                .dwell_usec = DWELL,
                                                .users = who_is_here };
        if (close_range(3, ~0U, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_KEEPCAPS, 1) < 0 ||
            setgroups(0, NULL) < 0 || setresgid(WATCHER, WATCHER, WATCHER) < 0 ||
            setresuid(WATCHER, WATCHER, WATCHER) < 0 || syscall(SYS_capset, &header, sets) < 0 ||
            sd_event_new(&loop) < 0 || watcher_new(loop, &bench.config, &bench.watcher) < 0)
                _exit(1);
        _exit(sd_event_loop(loop) < 0);
}

static void four_rights_are_enough(void **state)
{
        pid_t pid;

        (void) state;
        user_has(&bench.teacher, ".config/rclone/rclone.conf", DRIVE);
        scene.config.watcher_uid = WATCHER;
        scene_start(POLICY);
        agent_answers();
        pid = fork();
        if (pid == 0)
                watch_with_four_rights();
        bench.programs[bench.n++] = pid;
        UNTIL(strcmp(status("Clients"), "events") == 0);
        start(&bench.teacher, syncthing, alone);
        start(&bench.teacher, rclone_serves, NULL);
        UNTIL(runs("syncthing") && runs("rclone"));
        assert_string_equal(listed("rclone", "Service"), "google-drive");
}

static void only_the_watcher_may_report(void **state)
{
        (void) state;
        scene.config.watcher_uid = COLLEAGUE;
        scene_start(POLICY);
        agent_answers();
        assert_int_equal(result_of(call_as(TEACHER, false, "Report", "sa(usssssb)", "events", 0)), 1);
        assert_string_equal(status("Clients"), "absent");
        assert_int_equal(result_of(call_as(COLLEAGUE, false, "Report", "sa(usssssb)", "absent", 0)), 3);
        assert_int_equal(result_of(call_as(COLLEAGUE, false, "Report", "sa(usssssb)", "events", 1, TEACHER, "Drop Box",
                                           "Dropbox", "dropbox", "sync", "program", 1)),
                         3);
        assert_int_equal(result_of(call_as(COLLEAGUE, false, "Report", "sa(usssssb)", "events", 1, 0, "dropbox",
                                           "Dropbox", "dropbox", "sync", "program", 1)),
                         3);
        assert_int_equal(result_of(call_as(COLLEAGUE, false, "Report", "sa(usssssb)", "events", 1, TEACHER, "dropbox",
                                           "Dropbox", "dropbox", "sync", "program", 1)),
                         0);
        UNTIL(scene_journal("LEKDICHT_CLIENT=dropbox", NULL) == 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_client_is_recorded_and_told_to_its_user_alone),
                TEST(once_a_day_is_enough),
                TEST(where_it_goes_is_not_known),
                TEST(rclone_is_followed_to_where_it_copies),
                TEST(what_it_encrypts_goes_there_too),
                TEST(a_remote_may_be_in_the_environment),
                TEST(another_school_approves_of_it),
                TEST(what_stays_on_the_laptop_is_no_client),
                TEST(a_pipe_for_a_configuration_stops_nobody),
                TEST(what_is_set_up_is_recorded_and_told_to_nobody),
                TEST(what_is_only_downloaded_is_not_set_up),
                TEST(whatever_is_in_a_home_stops_nobody),
                TEST(the_command_shows_it),
                TEST(what_ran_before_the_watcher_is_found),
                TEST(an_agent_that_starts_anew_hears_all_of_it),
                TEST(what_is_approved_is_not_told),
                TEST(what_is_ignored_is_not_even_recorded),
                TEST(audit_tells_nobody),
                TEST(a_question_to_a_client_is_no_client),
                TEST(what_runs_as_root_is_nobodys),
                TEST(four_rights_are_enough),
                TEST(only_the_watcher_may_report),
        };

        return cmocka_run_group_tests(tests, make_users, scenebus_done);
}
