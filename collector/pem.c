/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/readfull.h"

void pem_free(char *text)
{
        if (text)
                explicit_bzero(text, strlen(text));
        free(text);
}

int pem_read(const char *path, bool secret, char **ret)
{
        CLEANUP(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        ssize_t size;
        char *text;
        int r = 0;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (secret && (st.st_mode & S_IRWXO) != 0)
                return -EPERM;
        text = malloc(PEM_MAX);
        if (!text)
                return -ENOMEM;
        size = read_full(fd, text, PEM_MAX);
        text[size < 0 ? 0 : size == PEM_MAX ? PEM_MAX - 1 : size] = '\0';
        if (size < 0)
                r = (int) size;
        else if (size == PEM_MAX)
                r = -EFBIG;
        else if (!strstr(text, "-----BEGIN"))
                r = -EINVAL;
        if (r < 0) {
                pem_free(text);
                return r;
        }
        *ret = text;
        return 0;
}
