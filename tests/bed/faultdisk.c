/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files are known by their inode: what was synced of one stays with it under another name. */

/* With it, open() is an inline function and cannot be ours. */
#undef _FORTIFY_SOURCE

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/bed/faultdisk.h"

#define SECTOR    512U
#define NODES_MAX 64U
#define NAMES_MAX 32U

struct content {
        char *bytes;
        size_t size;
};

struct node {
        ino_t inode;
        struct content synced;
};

struct name {
        char text[NAME_MAX + 1];
        ino_t inode;
};

static struct {
        const char *directory; /* NULL: nothing is watched */
        enum faultdisk_fault fault;
        unsigned left; /* operations before it fails; 0: it fails, or nothing is to fail */
        bool armed, once, failed;
        struct node nodes[NODES_MAX];
        unsigned n_nodes;
        struct name names[NAMES_MAX]; /* at the directory's last sync */
        unsigned n_names;
} disk;

/* ---- what is synced ---- */

static struct node *node_of(ino_t inode)
{
        for (unsigned i = 0; i < disk.n_nodes; i++)
                if (disk.nodes[i].inode == inode)
                        return &disk.nodes[i];
        assert(disk.n_nodes < NODES_MAX);
        disk.nodes[disk.n_nodes] = (struct node){ .inode = inode };
        return &disk.nodes[disk.n_nodes++];
}

static struct content read_all(int fd)
{
        struct content content = { 0 };
        struct stat st;

        assert(fstat(fd, &st) == 0);
        content.size = (size_t) st.st_size;
        content.bytes = malloc(content.size + 1);
        assert(content.bytes);
        assert(pread(fd, content.bytes, content.size, 0) == (ssize_t) content.size);
        return content;
}

static int raw_open(const char *path, int flags, mode_t mode)
{
        return (int) syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

static void path_of(char ret[static PATH_MAX], const char *name)
{
        assert(snprintf(ret, PATH_MAX, "%s/%s", disk.directory, name) < PATH_MAX);
}

static unsigned list(struct name names[static NAMES_MAX])
{
        DIR *directory = opendir(disk.directory);
        struct dirent *entry;
        unsigned n = 0;

        assert(directory);
        while ((entry = readdir(directory))) {
                if (entry->d_type != DT_REG)
                        continue;
                assert(n < NAMES_MAX);
                strcpy(names[n].text, entry->d_name);
                names[n++].inode = entry->d_ino;
        }
        closedir(directory);
        return n;
}

static void sync_fd(int fd)
{
        struct node *node;
        struct stat st;
        int read_only;
        char link[64];

        assert(fstat(fd, &st) == 0);
        if (S_ISDIR(st.st_mode)) {
                disk.n_names = list(disk.names);
                return;
        }
        /* It may be open for writing only. */
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        read_only = raw_open(link, O_RDONLY, 0);
        assert(read_only >= 0);
        node = node_of(st.st_ino);
        free(node->synced.bytes);
        node->synced = read_all(read_only);
        close(read_only);
}

static void forget(void)
{
        for (unsigned i = 0; i < disk.n_nodes; i++)
                free(disk.nodes[i].synced.bytes);
        disk.n_nodes = disk.n_names = 0;
}

void faultdisk_settle(const char *path)
{
        int fd = raw_open(path, O_RDONLY, 0);

        if (fd < 0)
                return;
        sync_fd(fd);
        close(fd);
}

static void settle_all(void)
{
        char path[PATH_MAX];

        forget();
        disk.n_names = list(disk.names);
        for (unsigned i = 0; i < disk.n_names; i++) {
                path_of(path, disk.names[i].text);
                faultdisk_settle(path);
        }
}

/* ---- what fails ---- */

static bool is_in(const char *path)
{
        size_t length;

        if (!disk.directory)
                return false;
        length = strlen(disk.directory);
        return strncmp(path, disk.directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool is_watched(int fd)
{
        char link[64], path[PATH_MAX];
        ssize_t n;

        if (!disk.directory)
                return false;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path) - 1);
        if (n < 0)
                return false;
        path[n] = '\0';
        return is_in(path);
}

/* One more operation: does it fail? Then errno says how. */
static bool fails(bool grows)
{
        if (!disk.armed)
                return false;
        if (disk.left > 1) {
                disk.left--;
                return false;
        }
        if (disk.once && disk.failed)
                return false;
        if (disk.fault == FAULTDISK_ENOSPC && !grows)
                return false;
        disk.failed = true;
        errno = disk.fault == FAULTDISK_ENOSPC ? ENOSPC : disk.fault == FAULTDISK_EROFS ? EROFS : EIO;
        return true;
}

static size_t torn(size_t size)
{
        return disk.fault == FAULTDISK_EIO || disk.fault == FAULTDISK_CUT ? size / 2 : 0;
}

/* ---- the calls ---- */

static int open_file(const char *path, int flags, mode_t mode)
{
        bool watched = is_in(path), makes;
        struct stat st;
        int fd;

        makes = watched && (flags & O_CREAT) && access(path, F_OK) < 0;
        if (makes && fails(true))
                return -1;
        if (watched && disk.armed && disk.failed && !disk.once && disk.fault == FAULTDISK_EROFS &&
            (flags & O_ACCMODE) != O_RDONLY) {
                errno = EROFS;
                return -1;
        }
        fd = raw_open(path, flags, mode);
        /* The inode may be that of a file that is gone. */
        if (fd >= 0 && makes && fstat(fd, &st) == 0) {
                struct node *node = node_of(st.st_ino);

                free(node->synced.bytes);
                node->synced = (struct content){ 0 };
        }
        return fd;
}

int open(const char *path, int flags, ...)
{
        va_list more;
        mode_t mode;

        va_start(more, flags);
        mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
        va_end(more);
        return open_file(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
        va_list more;
        mode_t mode;

        va_start(more, flags);
        mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
        va_end(more);
        return open_file(path, flags, mode);
}

static int error_after(int error)
{
        errno = error;
        return -1;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
        if (is_watched(fd) && fails(true)) {
                int error = errno;

                (void) !syscall(SYS_pwrite64, fd, data, torn(size), at);
                return error_after(error);
        }
        return syscall(SYS_pwrite64, fd, data, size, at);
}

ssize_t write(int fd, const void *data, size_t size)
{
        if (is_watched(fd) && fails(true)) {
                int error = errno;

                (void) !syscall(SYS_write, fd, data, torn(size));
                return error_after(error);
        }
        return syscall(SYS_write, fd, data, size);
}

int ftruncate64(int fd, off64_t size)
{
        return is_watched(fd) && fails(false) ? -1 : (int) syscall(SYS_ftruncate, fd, size);
}

static int sync_file(long call, int fd)
{
        if (!is_watched(fd))
                return (int) syscall(call, fd);
        /* Room is often taken only now. */
        if (fails(true))
                return -1;
        sync_fd(fd);
        return 0;
}

int fsync(int fd)
{
        return sync_file(SYS_fsync, fd);
}

int fdatasync(int fd)
{
        return sync_file(SYS_fdatasync, fd);
}

int unlink(const char *path)
{
        return is_in(path) && fails(false) ? -1 : (int) syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to)
{
        return is_in(from) && fails(false) ? -1 : (int) syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- for the test ---- */

void faultdisk_watch(const char *directory)
{
        faultdisk_heal();
        disk.directory = directory;
        settle_all();
}

void faultdisk_unwatch(void)
{
        faultdisk_heal();
        forget();
        disk.directory = NULL;
}

void faultdisk_fail(enum faultdisk_fault fault, unsigned nth, bool once)
{
        disk.fault = fault;
        disk.left = nth;
        disk.once = once;
        disk.failed = false;
        disk.armed = true;
}

void faultdisk_heal(void)
{
        disk.armed = false;
}

bool faultdisk_failed(void)
{
        return disk.failed;
}

/* What is left of a file, for the caller to free. */
static struct content leave(enum faultdisk_left left, const struct content *synced, const struct content *written)
{
        struct content content = { .size = left == FAULTDISK_NOTHING ? synced->size : written->size };

        content.bytes = calloc(1, content.size + 1);
        assert(content.bytes);
        for (size_t at = 0; at < content.size; at += SECTOR) {
                const struct content *from = left == FAULTDISK_NOTHING || at / SECTOR % 2 ? synced : written;
                size_t size = content.size - at < SECTOR ? content.size - at : SECTOR;

                if (at < from->size)
                        memcpy(content.bytes + at, from->bytes + at, size < from->size - at ? size : from->size - at);
        }
        return content;
}

void faultdisk_cut(enum faultdisk_left left)
{
        struct name now[NAMES_MAX], *names = left == FAULTDISK_NOTHING ? disk.names : now;
        struct content contents[NAMES_MAX];
        char path[PATH_MAX];
        unsigned n_now, n;

        faultdisk_heal();
        n_now = list(now);
        n = left == FAULTDISK_NOTHING ? disk.n_names : n_now;
        for (unsigned i = 0; left != FAULTDISK_ALL && i < n; i++) {
                struct content written = { 0 }, *synced = &node_of(names[i].inode)->synced;

                if (left == FAULTDISK_SECTORS) {
                        int fd;

                        path_of(path, names[i].text);
                        fd = raw_open(path, O_RDONLY, 0);
                        assert(fd >= 0);
                        written = read_all(fd);
                        close(fd);
                }
                contents[i] = leave(left, synced, &written);
                free(written.bytes);
        }
        for (unsigned i = 0; left != FAULTDISK_ALL && i < n_now; i++) {
                path_of(path, now[i].text);
                assert(syscall(SYS_unlinkat, AT_FDCWD, path, 0) == 0);
        }
        for (unsigned i = 0; left != FAULTDISK_ALL && i < n; i++) {
                int fd;

                path_of(path, names[i].text);
                fd = raw_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
                assert(fd >= 0);
                assert(syscall(SYS_write, fd, contents[i].bytes, contents[i].size) == (ssize_t) contents[i].size);
                close(fd);
                free(contents[i].bytes);
        }
        settle_all();
}
