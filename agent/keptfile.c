/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The text belongs to the thread while that runs; so there is one at a time. */

#include "agent/keptfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"
#include "common/readfull.h"

#define KEPTFILE_MODE 0600

struct keptfile {
        char *path, *text;
        pthread_t thread;
        bool writing; /* the thread is to be joined */
};

int keptfile_new(const char *path, struct keptfile **ret)
{
        struct keptfile *file = calloc(1, sizeof(*file));

        if (!file)
                return -ENOMEM;
        file->path = strdup(path);
        if (!file->path) {
                free(file);
                return -ENOMEM;
        }
        *ret = file;
        return 0;
}

ssize_t keptfile_read(const struct keptfile *file, char *text, size_t size)
{
        CLEANUP(cleanup_close) int fd = open(file->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        ssize_t n = fd < 0 ? -errno : read_full(fd, text, size);

        if (n < 0)
                return n;
        if ((size_t) n == size)
                return -EFBIG;
        text[n] = '\0';
        return n;
}

/* In the thread. What cannot be written is as it was, and who keeps it writes it again. */
static void *write_text(void *userdata)
{
        const struct keptfile *file = userdata;

        (void) durable_replace(file->path, NULL, KEPTFILE_MODE, file->text, strlen(file->text));
        return NULL;
}

bool keptfile_write(struct keptfile *file, const char *text)
{
        char *copy;

        if (file->writing && pthread_tryjoin_np(file->thread, NULL) != 0)
                return false;
        file->writing = false;
        copy = strdup(text);
        if (!copy)
                return false;
        free(file->text);
        file->text = copy;
        file->writing = pthread_create(&file->thread, NULL, write_text, file) == 0;
        return file->writing;
}

bool keptfile_wait(struct keptfile *file)
{
        struct timespec deadline;

        if (!file->writing)
                return true;
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += KEPTFILE_HANG_SEC;
        if (pthread_timedjoin_np(file->thread, NULL, &deadline) != 0)
                return false;
        file->writing = false;
        return true;
}

struct keptfile *keptfile_free(struct keptfile *file)
{
        /* The thread may hang in the kernel; then it keeps what it needs. */
        if (!file || !keptfile_wait(file))
                return NULL;
        free(file->path);
        free(file->text);
        free(file);
        return NULL;
}
