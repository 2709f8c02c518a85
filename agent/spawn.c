/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "agent/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

int spawn(const char *program, char *const arguments[], int output, int error, int directory, pid_t *ret)
{
        static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C.UTF-8";
        const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
        char *const environment[] = { path, locale, NULL };
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        int r;

        sigemptyset(&none);
        sigfillset(&all);
        r = posix_spawn_file_actions_init(&files);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r != 0) {
                posix_spawn_file_actions_destroy(&files);
                return -r;
        }
        r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        r = r ?: posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
        if (error >= 0)
                r = r ?: posix_spawn_file_actions_adddup2(&files, error, STDERR_FILENO);
        else
                r = r ?: posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        /* Last: output may itself be 3 and is copied by now. Equal numbers lose their close-on-exec. */
        if (directory >= 0)
                r = r ?: posix_spawn_file_actions_adddup2(&files, directory, 3);
        r = r ?: posix_spawnattr_setsigmask(&attributes, &none);
        r = r ?: posix_spawnattr_setsigdefault(&attributes, &all);
        r = r ?: posix_spawnattr_setpgroup(&attributes, 0);
        r = r ?: posix_spawnattr_setflags(&attributes, flags);
        r = r ?: posix_spawn(ret, program, &files, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return -r;
}
