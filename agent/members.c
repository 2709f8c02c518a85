/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A question is a child. When its user is gone nobody listens to it any more, but it is kept until it has ended. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/members.h"
#include "agent/membership.h"
#include "agent/spawn.h"
#include "common/cleanup.h"

#define UID_MAX_ sizeof("4294967295")

struct question {
        struct members *members;
        pid_t pid;
        int pipe;
        sd_event_source *child, *late;
        struct question *next;
};

struct members {
        sd_event *loop;
        const char *program;
        uint64_t late_usec, retry_usec;
        members_callback callback;
        void *userdata;
        char *names[POLICY_GROUPS_MAX];
        char answers[POLICY_GROUPS_MAX]; /* MEMBERSHIP_... */
        size_t n;
        bool somebody;
        uid_t uid;
        struct question *questions; /* whose children have not ended */
        struct question *asked;     /* the one of them whose answer is wanted */
        sd_event_source *retry;
};

int members_new(sd_event *loop, const char *program, uint64_t late_usec, uint64_t retry_usec, members_callback callback,
                void *userdata, struct members **ret)
{
        struct members *members = calloc(1, sizeof(*members));

        if (!members)
                return -ENOMEM;
        members->loop = sd_event_ref(loop);
        members->program = program;
        members->late_usec = late_usec;
        members->retry_usec = retry_usec;
        members->callback = callback;
        members->userdata = userdata;
        *ret = members;
        return 0;
}

static void question_free(struct question *question)
{
        sd_event_source_disable_unref(question->child);
        sd_event_source_disable_unref(question->late);
        if (question->pipe >= 0)
                close(question->pipe);
        free(question);
}

static void drop(struct question *question)
{
        struct question **at = &question->members->questions;

        while (*at != question)
                at = &(*at)->next;
        *at = question->next;
        question_free(question);
}

/* Its answer is not wanted any more. */
static void give_up(struct members *members)
{
        struct question *question = members->asked;

        members->retry = sd_event_source_disable_unref(members->retry);
        members->asked = NULL;
        if (question)
                (void) sd_event_source_send_child_signal(question->child, SIGKILL, NULL, 0);
}

static void clear_groups(struct members *members)
{
        for (size_t i = 0; i < members->n; i++)
                free(members->names[i]);
        members->n = 0;
}

struct members *members_free(struct members *members)
{
        if (!members)
                return NULL;
        give_up(members);
        while (members->questions)
                drop(members->questions);
        clear_groups(members);
        sd_event_unref(members->loop);
        free(members);
        return NULL;
}

/* ---- the answer ---- */

static void ask(struct members *members);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct members *members = userdata;

        (void) source;
        (void) usec;
        members->retry = sd_event_source_disable_unref(members->retry);
        ask(members);
        return 0;
}

static bool is_all_known(const struct members *members)
{
        return !memchr(members->answers, MEMBERSHIP_UNKNOWN, members->n);
}

static void tell(struct members *members)
{
        bool late = !is_all_known(members);

        members->asked = NULL;
        members->retry = sd_event_source_disable_unref(members->retry);
        if (late)
                (void) sd_event_add_time_relative(members->loop, &members->retry, CLOCK_MONOTONIC, members->retry_usec,
                                                  0, on_retry, members);
        members->callback(members->userdata, late);
}

/* An answer is whole or none. What was known is not unlearned from one that does not know. */
static void take(struct members *members, const char *text, ssize_t size)
{
        static const char answers[] = { MEMBERSHIP_YES, MEMBERSHIP_NO, MEMBERSHIP_NO_GROUP, MEMBERSHIP_UNKNOWN };

        if (size != (ssize_t) members->n + 1 || text[members->n] != '\n')
                return;
        for (size_t i = 0; i < members->n; i++)
                if (!memchr(answers, text[i], sizeof(answers)))
                        return;
        for (size_t i = 0; i < members->n; i++)
                if (text[i] != MEMBERSHIP_UNKNOWN)
                        members->answers[i] = text[i];
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        struct question *question = userdata;
        struct members *members = question->members;
        bool wanted = members->asked == question;
        char text[POLICY_GROUPS_MAX + 2];
        ssize_t size = read(question->pipe, text, sizeof(text));

        (void) source;
        drop(question);
        if (!wanted)
                return 0;
        if (info->si_code == CLD_EXITED && info->si_status == EXIT_SUCCESS)
                take(members, text, size);
        tell(members);
        return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct question *question = userdata;
        struct members *members = question->members;

        (void) source;
        (void) usec;
        question->late = sd_event_source_disable_unref(question->late);
        if (members->asked != question)
                return 0;
        give_up(members);
        tell(members);
        return 0;
}

/* ---- the question ---- */

static int start_membership(const struct members *members, int output, pid_t *ret)
{
        static char name[] = "lekdichtd", option[] = MEMBERSHIP_OPTION;
        char uid[UID_MAX_], *arguments[3 + POLICY_GROUPS_MAX + 1] = { name, option, uid };

        snprintf(uid, sizeof(uid), "%u", members->uid);
        memcpy(arguments + 3, members->names, members->n * sizeof(*arguments));
        return spawn(members->program, arguments, output, -1, -1, ret);
}

/* Returns NULL when it cannot be asked. */
static struct question *question_new(struct members *members)
{
        struct question *question = calloc(1, sizeof(*question));
        CLEANUP(cleanup_close) int output = -1;
        int ends[2], r;

        if (!question)
                return NULL;
        question->members = members;
        question->pipe = -1;
        r = pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
        if (r >= 0) {
                question->pipe = ends[0];
                output = ends[1];
                r = start_membership(members, output, &question->pid);
        }
        if (r >= 0)
                r = sd_event_add_child(members->loop, &question->child, question->pid, WEXITED, on_child, question);
        if (r >= 0)
                r = sd_event_add_time_relative(members->loop, &question->late, CLOCK_MONOTONIC, members->late_usec, 0,
                                               on_late, question);
        if (r < 0) {
                question_free(question);
                return NULL;
        }
        return question;
}

static unsigned count(const struct members *members)
{
        unsigned n = 0;

        for (const struct question *question = members->questions; question; question = question->next)
                n++;
        return n;
}

static void ask(struct members *members)
{
        give_up(members);
        if (!members->somebody || is_all_known(members))
                return;
        if (members->program && count(members) < MEMBERS_CHILDREN_MAX)
                members->asked = question_new(members);
        if (!members->asked) {
                tell(members);
                return;
        }
        members->asked->next = members->questions;
        members->questions = members->asked;
}

int members_set_groups(struct members *members, char *const *names, size_t n)
{
        char *copies[POLICY_GROUPS_MAX], answers[POLICY_GROUPS_MAX];
        bool whole = n <= POLICY_GROUPS_MAX;

        if (!whole)
                n = 0;
        memset(answers, MEMBERSHIP_UNKNOWN, sizeof(answers));
        for (size_t i = 0; i < n; i++) {
                copies[i] = strdup(names[i]);
                whole = whole && copies[i];
                for (size_t k = 0; k < members->n; k++)
                        if (strcmp(names[i], members->names[k]) == 0)
                                answers[i] = members->answers[k];
        }
        clear_groups(members);
        for (size_t i = 0; !whole && i < n; i++)
                free(copies[i]);
        if (whole) {
                memcpy(members->names, copies, n * sizeof(*copies));
                memcpy(members->answers, answers, n);
                members->n = n;
        }
        ask(members);
        return whole ? 0 : -ENOMEM;
}

void members_set_user(struct members *members, bool somebody, uid_t uid)
{
        members->somebody = somebody;
        members->uid = uid;
        memset(members->answers, MEMBERSHIP_UNKNOWN, sizeof(members->answers));
        ask(members);
}

char members_get(const struct members *members, size_t i)
{
        if (!members->somebody)
                return MEMBERSHIP_NO;
        return i < members->n ? members->answers[i] : MEMBERSHIP_UNKNOWN;
}
