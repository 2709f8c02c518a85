/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What /proc says of one process. It is opened once, and all else is asked of that descriptor: when the process is gone so
 * is the answer, and never is it another process's. What the process itself can write (its arguments) is cut and proves
 * little; what it runs and whose it is, is the kernel's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/catalogue.h"

#define PROCESS_PROGRAM_MAX   4096U /* bytes, with the NUL, as all of these */
#define PROCESS_ARGUMENTS_MAX 4096U /* looked at of a command line */
#define PROCESS_FLATPAK_MAX   256U
#define PROCESS_SNAP_MAX      64U
#define PROCESS_TEXT_MAX      4096U /* read of any other file in /proc */

struct process {
        uid_t uid;
        gid_t gid;
        uint64_t start; /* in clock ticks after the boot; with the pid, no other process has it */
        char program[PROCESS_PROGRAM_MAX];
        char arguments[PROCESS_ARGUMENTS_MAX]; /* after the first, each with its NUL */
        size_t arguments_size;
        char flatpak[PROCESS_FLATPAK_MAX]; /* "": none */
        char snap[PROCESS_SNAP_MAX];       /* the same */
};

/* The path of what a process runs, to be written into out; proc: /proc. 0 or -errno (-ENOENT for kernel threads and for what
 * is gone). " (deleted)" is taken off without a question: it is for a first look. */
int process_peek(int proc, pid_t pid, char out[static PROCESS_PROGRAM_MAX]);

/* A descriptor of /proc/PID for process_read(), or -errno. */
int process_open(int proc, pid_t pid);
int process_read(int fd, struct process *ret);
/* Its environment as it was at the start, cut off at size. How many bytes, or -errno. */
ssize_t process_environment(int fd, char *out, size_t size);
/* Is it still there? */
bool process_lives(int fd);

/* As marks for the catalogue; *ret borrows from process. */
void process_marks(const struct process *process, struct process_marks *ret);

/* Pure, for what a hostile process can put there. Each 0 or -EBADMSG. */
int process_parse_start(const char *stat, size_t size, uint64_t *ret);
int process_parse_user(const char *status, size_t size, uid_t *ret_uid, gid_t *ret_gid);
/* "app-flatpak-org.example.Client-1234.scope" as the last part of a line. ret is "" when there is none. */
void process_parse_flatpak(const char *cgroup, size_t size, char ret[static PROCESS_FLATPAK_MAX]);
/* The NAME of "snap.NAME.client-1234.scope" or "snap.NAME.client.service", in the same way. */
void process_parse_snap(const char *cgroup, size_t size, char ret[static PROCESS_SNAP_MAX]);
