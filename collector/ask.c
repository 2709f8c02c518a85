/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Byte by byte: what stdio would read ahead would stay in its memory. */
static int read_line(char *ret, size_t size)
{
        size_t n = 0;
        ssize_t got;
        char c = '\0';

        while ((got = read(STDIN_FILENO, &c, 1)) != 0 && c != '\n') {
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (n + 1 >= size)
                        return -EMSGSIZE;
                ret[n++] = c;
        }
        ret[n] = '\0';
        return n == 0 ? -ENODATA : strlen(ret) == n ? 0 : -EINVAL;
}

static int ask(const char *prompt, const char *again, char *ret, size_t size)
{
        fprintf(stderr, "%s%s: ", prompt, again);
        return read_line(ret, size);
}

static int ask_twice(const char *prompt, char *ret, size_t size)
{
        char *second = malloc(size);
        int r;

        if (!second)
                return -ENOMEM;
        r = ask(prompt, "", ret, size);
        fputc('\n', stderr);
        if (r == 0) {
                r = ask(prompt, ", once more", second, size);
                fputc('\n', stderr);
                if (r == 0 && strcmp(ret, second) != 0)
                        r = -EKEYREJECTED;
                explicit_bzero(second, size);
        }
        free(second);
        return r;
}

int ask_password(const char *prompt, char *ret, size_t size)
{
        struct termios before, quiet;
        int r;

        if (!isatty(STDIN_FILENO))
                return read_line(ret, size);
        if (tcgetattr(STDIN_FILENO, &before) < 0)
                return -errno;
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t) ECHO;
        if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) < 0)
                return -errno;
        r = ask_twice(prompt, ret, size);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        return r;
}
