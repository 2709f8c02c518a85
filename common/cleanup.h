/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Locals that clean up after themselves. A hand-over is written out: `*ret = x; x = NULL;`. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Defines `name`, for use as CLEANUP(name), which calls `function` on a non-NULL pointer of that type. */
/* clang-format off */
#define DEFINE_CLEANUP(name, type, function)                \
        static inline void name(type *pointer)              \
        {                                                   \
                if (*pointer)                               \
                        function(*pointer);                 \
        }
/* clang-format on */

static inline void cleanup_free(void *pointer)
{
        free(*(void **) pointer);
}

static inline void cleanup_close(const int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

DEFINE_CLEANUP(cleanup_fclose, FILE *, fclose)
DEFINE_CLEANUP(cleanup_closedir, DIR *, closedir)

/* Take the descriptor out of *fd, so that its cleanup does nothing. */
static inline int steal_fd(int *fd)
{
        int taken = *fd;

        *fd = -1;
        return taken;
}
