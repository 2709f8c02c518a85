/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The answer comes over a pipe, and its end says that the child is gone. A child that cannot end (the kernel waits for a
 * server) keeps its place until it does, so that they do not pile up. */

#include "watcher/questions.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"

struct question {
        struct questions *questions; /* NULL: this place is free */
        pid_t pid;
        uid_t uid;
        int fd;
        sd_event_source *readable, *late;
        question_answered answered; /* NULL: nobody wants to know any more */
        void *userdata;
        size_t n;
        char text[QUESTIONS_ANSWER_MAX];
};

struct questions {
        sd_event *loop;
        struct question items[QUESTIONS_MAX];
};

/* ---- the child ---- */

/* Be that user and nothing else. The capabilities go last: they are what the change is made with, and a change from one
 * ordinary user to another does not take them away. */
static void become(uid_t uid, gid_t gid)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

        if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || syscall(SYS_capset, &header, none) < 0 ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) /* its user may not look into it: it is a copy of us */
                _exit(1);
}

__attribute__((noreturn)) static void answer(int pipe_fd, uid_t uid, gid_t gid, question_work work, const void *input,
                                             int fd)
{
        char text[QUESTIONS_ANSWER_MAX] = "";
        sigset_t none;

        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) signal(SIGALRM, SIG_DFL);
        alarm(QUESTIONS_CHILD_SECONDS);
        if (dup2(pipe_fd, 0) < 0 || (fd >= 0 && dup2(fd, 1) < 0) || close_range(fd >= 0 ? 2 : 1, ~0U, 0) < 0)
                _exit(1);
        become(uid, gid);
        work(input, fd >= 0 ? 1 : -1, text);
        /* The NUL too: without it the answer is cut off, and is none. */
        if (write(0, text, strlen(text) + 1) < 0)
                _exit(1);
        _exit(0);
}

/* ---- the parent ---- */

static void finish(struct question *question, const char *text)
{
        question_answered answered = question->answered;

        question->answered = NULL;
        question->late = sd_event_source_disable_unref(question->late);
        if (answered)
                answered(question->userdata, text);
}

static void remove_question(struct question *question)
{
        question->readable = sd_event_source_disable_unref(question->readable);
        question->late = sd_event_source_disable_unref(question->late);
        close(question->fd);
        *question = (struct question){ 0 };
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct question *question = userdata;
        ssize_t n = read(fd, question->text + question->n, sizeof(question->text) - question->n);
        bool whole;

        (void) source;
        (void) revents;
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return 0;
        if (n > 0 && question->n + (size_t) n < sizeof(question->text)) {
                question->n += (size_t) n;
                return 0;
        }
        whole = n == 0 && question->n > 0 && strlen(question->text) + 1 == question->n;
        finish(question, whole ? question->text : NULL);
        (void) waitpid(question->pid, NULL, WNOHANG);
        remove_question(question);
        return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        finish(userdata, NULL);
        return 0;
}

int questions_new(sd_event *loop, struct questions **ret)
{
        struct questions *questions = calloc(1, sizeof(*questions));

        if (!questions)
                return -ENOMEM;
        questions->loop = sd_event_ref(loop);
        *ret = questions;
        return 0;
}

struct questions *questions_free(struct questions *questions)
{
        if (!questions)
                return NULL;
        for (size_t i = 0; i < QUESTIONS_MAX; i++)
                if (questions->items[i].questions)
                        remove_question(&questions->items[i]);
        sd_event_unref(questions->loop);
        free(questions);
        return NULL;
}

static struct question *find_place(struct questions *questions, uid_t uid)
{
        struct question *place = NULL;
        unsigned n = 0;

        for (size_t i = 0; i < QUESTIONS_MAX; i++) {
                struct question *each = &questions->items[i];

                if (!each->questions)
                        place = each;
                else if (each->uid == uid)
                        n++;
        }
        return n < QUESTIONS_USER_MAX ? place : NULL;
}

int questions_ask(struct questions *questions, uid_t uid, gid_t gid, question_work work, const void *input, int fd,
                  question_answered answered, void *userdata, struct question **ret)
{
        struct question *question = find_place(questions, uid);
        CLEANUP(cleanup_close) int from = -1, to = -1;
        int ends[2], r;
        pid_t pid;

        if (!question)
                return -EBUSY;
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        from = ends[0];
        to = ends[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                answer(to, uid, gid, work, input, fd);
        *question = (struct question){ .questions = questions,
                                       .pid = pid,
                                       .uid = uid,
                                       .fd = steal_fd(&from),
                                       .answered = answered,
                                       .userdata = userdata };
        r = sd_event_add_io(questions->loop, &question->readable, question->fd, EPOLLIN, on_readable, question);
        if (r >= 0)
                r = sd_event_add_time_relative(questions->loop, &question->late, CLOCK_MONOTONIC, QUESTIONS_USEC, 0,
                                               on_late, question);
        if (r < 0) {
                remove_question(question);
                return r;
        }
        *ret = question;
        return 0;
}

void questions_forget(struct question *question)
{
        if (question)
                question->answered = NULL;
}
