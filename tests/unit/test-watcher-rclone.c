/* links: watcher/rclone.c watcher/backend.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where an rclone copies to, as rclone itself would find it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "watcher/backend.h"
#include "watcher/rclone.h"

#define CONFIG                                                                                                         \
        "# a comment\n[g]\ntype = drive\nscope = drive\ntoken = {\"access_token\":\"secret\"}\n"                       \
        "[work]\r\ntype = onedrive\r\ndrive_type = business\r\n"                                                       \
        "[photos]\ntype = google photos\n[bucket]\ntype=google cloud storage\n"                                        \
        "[disk]\ntype = local\n[school]\ntype = sftp\nhost = x\n[dav]\ntype = webdav\nvendor = other\n"                \
        "[share]\ntype = webdav\nvendor = sharepoint\n"                                                                \
        "[safe]\ntype = crypt\nremote = g:inner\npassword = x\n[twice]\ntype = alias\nremote = safe:x\n"               \
        "[both]\ntype = union\nupstreams = g:a disk:/b:ro \"work:c\"\n"                                                \
        "[dirs]\ntype = combine\nupstreams = a=g:x b=disk:/y\n"                                                        \
        "[round]\ntype = alias\nremote = round:x\n[new]\ntype = marvellous\n[half]\nremote = g:\n"                     \
        "[ spaced ]\n[with blank]\ntype = box\n"

/* '|' stands for the NUL between two. */
static void part(const char *words, char *out)
{
        for (size_t i = 0; i <= strlen(words); i++)
                out[i] = (char) (words[i] == '|' ? '\0' : words[i]);
}

/* The services, a blank between; words are argv[1] and on. */
static const char *found(const char *words, const char *environment, const char *config)
{
        static char text[256];
        char arguments[512], variables[512];
        struct rclone_process process = { .program = "/usr/bin/rclone",
                                          .arguments = arguments,
                                          .arguments_size = strlen(words) + 1,
                                          .environment = variables,
                                          .environment_size = strlen(environment) + 1 };
        struct rclone_services services;

        part(words, arguments);
        part(environment, variables);
        if (!rclone_copies(&process))
                return "idle";
        rclone_find(&process, config, config ? strlen(config) : 0, &services);
        text[0] = '\0';
        for (size_t i = 0; i < services.n; i++)
                sprintf(text + strlen(text), "%s%s", text[0] ? " " : "", services.names[i]);
        if (services.unknown)
                sprintf(text + strlen(text), "%s?", text[0] ? " " : "");
        return text;
}

static void places_are_found(void **state)
{
        static const struct {
                const char *words, *environment, *services;
        } cases[] = {
                { "mount|g:|/home/a/x", "", "google-drive" },
                { "mount|g:x/y|/home/a/x|--daemon|--vfs-cache-mode|full", "", "google-drive" },
                { "--vfs-cache-mode|full|sync|/home/a|work:x", "", "onedrive" },
                { "copy|g:a|work:b", "", "google-drive onedrive" },
                { "copy|photos:|/x", "", "google-photos" },
                { "copy|bucket:|/x", "", "google-cloud-storage" },
                { "copy|share:|/x", "", "onedrive" },
                { "copy|dav:|/x", "", "?" },
                { "copy|school:|/x", "", "?" },
                { "copy|disk:/a|/x", "", "" },
                { "copy|/a|/b:c", "", "" },
                { "copy|./a:b|c", "", "" },
                { "sync|/a|safe:b", "", "google-drive" },
                { "sync|/a|twice:b", "", "google-drive" },
                { "sync|/a|both:b", "", "google-drive onedrive" },
                { "sync|/a|dirs:b", "", "google-drive" },
                { "sync|/a|round:b", "", "?" },
                { "sync|/a|new:b", "", "?" },
                { "sync|/a|half:b", "", "?" },
                { "sync|/a|nothere:b", "", "?" },
                { "sync|/a|with blank:b", "", "box" },
                { "rcd|--rc-no-auth", "", "?" },
                { "serve|http|g:", "", "google-drive" },
                { "serve|http|:memory:|--addr|127.0.0.1:8080", "", "" },
                { "serve|http|nothere:|--addr|127.0.0.1:8080", "", "?" },
                /* Without a configuration. */
                { "copy|:drive:x|/y", "", "google-drive" },
                { "copy|:drive,token=secret:x|/y", "", "google-drive" },
                { "copy|:gphotos:x|/y", "", "google-photos" },
                { "copy|:local:/x|/y", "", "" },
                { "copy|:marvellous:/x|/y", "", "?" },
                { "copy|:crypt,remote=\":dropbox:x\",password=y:|/y", "", "dropbox" },
                { "copy|:crypt,remote='g:x':|/y", "", "google-drive" },
                { "copy|:webdav,vendor=sharepoint,url=https:|/y", "", "onedrive" },
                { "copy|g,shared_with_me=true:x|/y", "", "google-drive" },
                { "copy|my-own:x|/y", "HOME=/home/a|RCLONE_CONFIG_MY_OWN_TYPE=mega", "mega" },
                { "copy|g:x|/y", "RCLONE_CONFIG_G_TYPE=onedrive", "onedrive" },
                { "copy|safe:x|/y", "RCLONE_CONFIG_SAFE_REMOTE=work:", "onedrive" },
                { "copy|DEJADUPDRIVE:x|/y", "RCLONE_CONFIG_DEJADUPDRIVE_TYPE=drive", "google-drive" },
                /* What only asks. */
                { "version", "", "idle" },
                { "ls|g:", "", "idle" },
                { "config", "", "idle" },
                { "listremotes", "", "idle" },
                { "help|mount", "", "idle" },
                { "--help", "", "idle" },
                { "", "", "idle" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *services = found(cases[i].words, cases[i].environment, CONFIG);

                if (strcmp(services, cases[i].services) != 0)
                        fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].words, services, cases[i].services);
        }
}

static void what_cannot_be_read_is_unknown(void **state)
{
        (void) state;
        assert_string_equal(found("mount|g:|/x", "", NULL), "?");
        assert_string_equal(found("mount|g:|/x", "", ""), "?");
        assert_string_equal(
                found("mount|g:|/x", "", "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nabcdef\n"), "?");
        assert_string_equal(found("mount|g:|/x", "", "[g\ntype = drive\n"), "?");
        assert_string_equal(found("mount|g:|/x", "", "type = drive\n[g]\n[h]\ntype = drive\n"), "?");
        assert_string_equal(found("mount|g:|/x", "", "[g]\ntype = drive"), "google-drive");
}

static const char *path_of(const char *words, const char *environment, unsigned n)
{
        static char out[RCLONE_TEXT_MAX];
        char arguments[256], variables[256];
        struct rclone_process process = { .program = "/opt/x/rclone",
                                          .home = "/home/from-passwd",
                                          .arguments = arguments,
                                          .arguments_size = strlen(words) + 1,
                                          .environment = variables,
                                          .environment_size = strlen(environment) + 1 };

        part(words, arguments);
        part(environment, variables);
        return rclone_config_path(&process, n, out) ? out : NULL;
}

static void the_configuration_is_where_rclone_looks(void **state)
{
        (void) state;
        assert_string_equal(path_of("mount", "HOME=/home/a", 0), "/opt/x/rclone.conf");
        assert_string_equal(path_of("mount", "HOME=/home/a", 1), "");
        assert_string_equal(path_of("mount", "HOME=/home/a|XDG_CONFIG_HOME=/home/a/c", 1),
                            "/home/a/c/rclone/rclone.conf");
        assert_string_equal(path_of("mount", "HOME=/home/a", 2), "/home/a/.config/rclone/rclone.conf");
        assert_string_equal(path_of("mount", "HOME=/home/a", 3), "/home/a/.rclone.conf");
        assert_null(path_of("mount", "HOME=/home/a", 4));
        assert_string_equal(path_of("mount", "X=y", 2), "/home/from-passwd/.config/rclone/rclone.conf");
        assert_string_equal(path_of("mount", "RCLONE_CONFIG=/home/a/e", 0), "/home/a/e");
        assert_null(path_of("mount", "RCLONE_CONFIG=/home/a/e", 1));
        assert_string_equal(path_of("mount|--config|/home/a/f", "RCLONE_CONFIG=/home/a/e", 0), "/home/a/f");
        assert_string_equal(path_of("--config=/home/a/g|mount", "", 0), "/home/a/g");
        assert_string_equal(path_of("mount|--config", "", 0), "");
}

static void long_texts_are_not_understood(void **state)
{
        char words[2048];

        (void) state;
        memset(words, 'x', sizeof(words));
        memcpy(words, "copy", 5);
        words[sizeof(words) - 2] = ':';
        words[sizeof(words) - 1] = '\0';
        {
                struct rclone_process process = { .program = "rclone",
                                                  .arguments = words,
                                                  .arguments_size = sizeof(words),
                                                  .environment = "",
                                                  .environment_size = 1 };
                struct rclone_services services;

                assert_true(rclone_copies(&process));
                rclone_find(&process, CONFIG, strlen(CONFIG), &services);
                assert_int_equal(services.n, 0);
                assert_true(services.unknown);
        }
}

static void services_have_names_of_a_policy(void **state)
{
        const char *service = NULL;

        (void) state;
        assert_int_equal(backend_kind("drive", &service), BACKEND_SERVICE);
        assert_string_equal(service, "google-drive");
        assert_string_equal(backend_service("google-drive"), "google-drive");
        assert_null(backend_service("drive"));
        assert_null(backend_service(""));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(places_are_found),
                cmocka_unit_test(what_cannot_be_read_is_unknown),
                cmocka_unit_test(the_configuration_is_where_rclone_looks),
                cmocka_unit_test(long_texts_are_not_understood),
                cmocka_unit_test(services_have_names_of_a_policy),
        };

        return cmocka_run_group_tests_name("watcher-rclone", tests, NULL, NULL);
}
