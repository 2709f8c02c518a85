/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The agent reads what strangers make: descriptors of USB devices, names, a bus that everybody may call. This does not, and
 * so it has the rights that a deed takes and the agent has not. Each deed has two processes: one that waits for the other
 * and tells how it ended. Neither is ever killed, and a sick device keeps nobody else waiting. */

#include "gate/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/helper.h"
#include "gate/say.h"

#define NAME        "lekdicht-helper" /* in ps, and not to be taken for a gate at work */
#define BACKLOG     64
#define NOT_STARTED 127
#define FDS_MAX     2U

struct question {
        char text[HELPER_MESSAGE_MAX];
        char *words[HELPER_WORDS_MAX + 2]; /* the program's name, the words, NULL */
        int fds[FDS_MAX];                  /* -1: not given */
};

static bool address_of(const char *path, struct sockaddr_un *ret)
{
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        return (size_t) snprintf(ret->sun_path, sizeof ret->sun_path, "%s", path) < sizeof ret->sun_path;
}

/* The listening socket, or -errno. */
static int listen_at(const char *path)
{
        CLEANUP(cleanup_close) int fd = -1;
        struct sockaddr_un address;
        mode_t mask;
        int r;

        if (!address_of(path, &address))
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || (unlink(path) < 0 && errno != ENOENT))
                return -errno;
        mask = umask(0177);
        r = bind(fd, (struct sockaddr *) &address, sizeof address);
        umask(mask);
        if (r < 0 || listen(fd, BACKLOG) < 0)
                return -errno;
        return steal_fd(&fd);
}

/* What sd_notify(3) does; the gate has no library but libc. */
static void tell_ready(void)
{
        static const char text[] = "READY=1";
        const char *path = getenv("NOTIFY_SOCKET");
        CLEANUP(cleanup_close) int fd = -1;
        struct sockaddr_un address;
        socklen_t size;

        if (!path || !address_of(path, &address))
                return;
        size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path));
        if (address.sun_path[0] == '@')
                address.sun_path[0] = '\0';
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || sendto(fd, text, sizeof text - 1, MSG_NOSIGNAL, (struct sockaddr *) &address, size) < 0)
                complain("cannot tell that it listens: %s", strerror(errno));
}

static bool is_deed(const char *word)
{
        static const char *const deeds[] = { "close", "open", "release", "readonly", "encrypted", "refuse", "cut" };

        for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
                if (strcmp(word, deeds[i]) == 0)
                        return true;
        return false;
}

/* The words of text, LENGTH bytes; false when they are no deed. */
static bool read_words(struct question *question, size_t length)
{
        size_t n = 0, at = 0;

        if (length == 0 || question->text[length - 1] != '\0')
                return false;
        for (; at < length && n < HELPER_WORDS_MAX; at += strlen(question->text + at) + 1)
                question->words[1 + n++] = question->text + at;
        return at == length && is_deed(question->words[1]);
}

/* Every descriptor that came is taken, so that the caller's exit closes it. */
static void take_fds(struct msghdr *message, struct question *question)
{
        for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
                size_t n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

                if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS && n <= FDS_MAX)
                        memcpy(question->fds, CMSG_DATA(part), n * sizeof(int));
        }
}

/* A deed on a device is about the directory that came with it, never about a name that another may have by now. What kind
 * of directory it is, the gate looks at. */
static bool fits(const struct question *question)
{
        const char *word = question->words[2];

        if (question->fds[1] >= 0)
                return word && strcmp(word, HELPER_DIRECTORY) == 0;
        return !word || word[0] == '-';
}

static bool receive(int fd, struct question *question)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
        } parts;
        struct iovec text = { .iov_base = question->text, .iov_len = sizeof question->text };
        struct msghdr message = {
                .msg_iov = &text, .msg_iovlen = 1, .msg_control = &parts, .msg_controllen = sizeof parts
        };
        ssize_t n;

        *question = (struct question){ .fds = { -1, -1 } };
        do
                n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return false;
        take_fds(&message, question);
        return !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && question->fds[0] >= 0 &&
               read_words(question, (size_t) n) && fits(question);
}

/* In the child. */
static _Noreturn void become_gate(const char *program, struct question *question)
{
        static char name[] = "lekdicht-gate", path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                    locale[] = "LC_ALL=C.UTF-8";
        char *const environment[] = { path, locale, NULL };
        /* Clear of where they will go. */
        int output = fcntl(question->fds[0], F_DUPFD, 10);
        int directory = question->fds[1] < 0 ? -1 : fcntl(question->fds[1], F_DUPFD, 10);
        int null = open("/dev/null", O_RDWR);

        question->words[0] = name;
        if (output < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
            dup2(output, STDERR_FILENO) < 0 || (directory >= 0 && dup2(directory, 3) < 0) ||
            close_range(directory >= 0 ? 4 : 3, UINT_MAX, 0) < 0)
                _exit(NOT_STARTED);
        signal(SIGPIPE, SIG_DFL);
        execve(program, question->words, environment);
        _exit(NOT_STARTED);
}

/* Who connected is who we are: root. The socket's directory says so too. */
static bool is_ours(int fd)
{
        struct ucred peer;
        socklen_t size = sizeof peer;

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* One deed, in a process of its own. */
static int attend(const char *program, int fd)
{
        struct question question;
        uint8_t answer;
        int status;
        pid_t child;

        if (!is_ours(fd) || !receive(fd, &question))
                return EXIT_FAILURE;
        signal(SIGCHLD, SIG_DFL);
        child = fork();
        if (child == 0)
                become_gate(program, &question);
        /* What the gate says ends when it ends, and not when this does. */
        for (size_t i = 0; i < FDS_MAX; i++)
                if (question.fds[i] >= 0)
                        close(question.fds[i]);
        if (child < 0)
                return EXIT_FAILURE;
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        return EXIT_FAILURE;
        answer = (uint8_t) (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        return send(fd, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer ? EXIT_SUCCESS : EXIT_FAILURE;
}

enum gate_exit serve(const char *program, const char *path)
{
        int listener = listen_at(path);

        if (listener < 0) {
                complain("%s: %s", path, strerror(-listener));
                return GATE_FAILED;
        }
        prctl(PR_SET_NAME, NAME);
        signal(SIGCHLD, SIG_IGN);
        tell_ready();
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
                        continue;
                if (fd < 0) {
                        complain("%s: %s", path, strerror(errno));
                        return GATE_FAILED;
                }
                /* Without a process for it the asker gets no answer, and asks again. */
                if (fork() == 0) {
                        close(listener);
                        _exit(attend(program, fd));
                }
                close(fd);
        }
}
