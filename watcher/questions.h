/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Questions that only a user's own files can answer. Each goes to a child that is that user and has no rights besides, and a few
 * seconds to live: whatever it meets there (a FIFO, a file without end, a home on a server that is gone) holds up nobody. */

#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#define QUESTIONS_MAX           16U      /* children at a time */
#define QUESTIONS_USER_MAX      4U       /* of them for one user */
#define QUESTIONS_ANSWER_MAX    512U     /* bytes of an answer, with the NUL */
#define QUESTIONS_USEC          3000000U /* after that there is no answer */
#define QUESTIONS_CHILD_SECONDS 2U       /* after that the child ends itself */
#define QUESTIONS_GROUP         65534U   /* nogroup: what is the user's own needs no group */

struct questions;
struct question;

/* In the child: write the answer into out (which is ""), as text. fd is a copy of what was given. */
typedef void (*question_work)(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX]);
/* text: the answer, or NULL when there is none. The question is over. */
typedef void (*question_answered)(void *userdata, const char *text);

/* 0 or -ENOMEM. */
int questions_new(sd_event *loop, struct questions **ret);
/* Accepts NULL; returns NULL. Nobody is called back any more. */
struct questions *questions_free(struct questions *questions);

/* input and fd (-1: none) are only used within the call. 0; -EBUSY when too many are under way; or another -errno. */
int questions_ask(struct questions *questions, uid_t uid, gid_t gid, question_work work, const void *input, int fd,
                  question_answered answered, void *userdata, struct question **ret);
/* Nobody wants to know any more. Accepts NULL. */
void questions_forget(struct question *question);
