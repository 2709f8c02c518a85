/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The text belongs to the thread while that runs; so there is one at a time. */

#include "agent/keptfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"

struct keptfile {
        char *path, *aside;
        char *text;
        pthread_t thread;
        bool writing; /* the thread is to be joined */
};

int keptfile_new(const char *path, struct keptfile **ret)
{
        struct keptfile *file = calloc(1, sizeof(*file));

        if (!file)
                return -ENOMEM;
        file->path = strdup(path);
        if (!file->path || asprintf(&file->aside, "%s.new", path) < 0) {
                free(file->path);
                free(file);
                return -ENOMEM;
        }
        *ret = file;
        return 0;
}

ssize_t keptfile_read(const struct keptfile *file, char *text, size_t size)
{
        CLEANUP(cleanup_close) int fd = open(file->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        size_t have = 0;

        if (fd < 0)
                return -errno;
        while (have < size) {
                ssize_t n = read(fd, text + have, size - have);

                if (n < 0)
                        return -errno;
                if (n == 0) {
                        text[have] = '\0';
                        return (ssize_t) have;
                }
                have += (size_t) n;
        }
        return -EFBIG;
}

static int sync_directory_of(const char *path)
{
        CLEANUP(cleanup_close) int fd = -1;
        char directory[PATH_MAX];
        char *slash;

        snprintf(directory, sizeof(directory), "%s", path);
        slash = strrchr(directory, '/');
        if (!slash)
                return -EINVAL;
        *slash = '\0';
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* In the thread. */
static void *write_text(void *userdata)
{
        const struct keptfile *file = userdata;
        CLEANUP(cleanup_close) int fd = -1;
        ssize_t length = (ssize_t) strlen(file->text);

        fd = open(file->aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 && write(fd, file->text, (size_t) length) == length && fsync(fd) == 0 &&
            rename(file->aside, file->path) == 0)
                (void) sync_directory_of(file->path);
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
        free(file->aside);
        free(file->text);
        free(file);
        return NULL;
}
