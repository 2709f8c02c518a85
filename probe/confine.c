/* SPDX-License-Identifier: GPL-3.0-or-later */

/* libblkid reads what a stranger wrote: about a hundred formats, some of them with lengths and offsets of his choosing. Who
 * takes it over here can compute for some seconds and give a wrong answer, and that is all: no file, no process, no
 * network, no signal. What is not on the list fails with EPERM, rather than ending the process: libblkid asks /sys about
 * device mapper and TCG Opal, and goes on without. */

#include "probe/confine.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534U /* Debian policy 9.2.2: user nobody and group nogroup */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "write down the architecture's AUDIT_ARCH_ constant"
#endif

static int limit(void)
{
        static const struct {
                int what;
                rlim_t most;
        } limits[] = {
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
                { RLIMIT_AS, CONFINE_MEMORY },
#endif
                { RLIMIT_CPU, CONFINE_SECONDS },  { RLIMIT_FSIZE, 0 }, { RLIMIT_NPROC, 0 }, { RLIMIT_CORE, 0 },
                { RLIMIT_NOFILE, CONFINE_FILES },
        };

        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
                struct rlimit both = { limits[i].most, limits[i].most };

                if (setrlimit(limits[i].what, &both) < 0)
                        return -errno;
        }
        return 0;
}

static int become_nobody(void)
{
        if (geteuid() != 0)
                return 0;
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
                return -errno;
        return 0;
}

#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
/* One that may be called: the next instruction lets it pass. */
#define CALL(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), RETURN(SECCOMP_RET_ALLOW)

static int filter(void)
{
        static struct sock_filter program[] = {
                LOAD(arch),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
                RETURN(SECCOMP_RET_KILL_PROCESS),
                LOAD(nr),
                CALL(__NR_read),
                CALL(__NR_pread64),
                CALL(__NR_lseek),
                CALL(__NR_fadvise64),
                CALL(__NR_fstat),
                CALL(__NR_newfstatat),
                CALL(__NR_brk),
                CALL(__NR_mmap),
                CALL(__NR_mremap),
                CALL(__NR_munmap),
                CALL(__NR_madvise),
                CALL(__NR_getrandom),
                CALL(__NR_write),
                CALL(__NR_exit_group),
                /* Of ioctl(2), the disk's size and the size of its sectors. */
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 1, 0),
                RETURN(SECCOMP_RET_ERRNO | EPERM),
                LOAD(args[1]),
                CALL(BLKGETSIZE64),
                CALL(BLKSSZGET),
                RETURN(SECCOMP_RET_ERRNO | EPERM),
        };
        static const struct sock_fprog all = { sizeof program / sizeof program[0], program };

        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) < 0 ? -errno : 0;
}

int confine(void)
{
        int r;

        if (close_range(CONFINE_FILES, UINT_MAX, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        r = limit();
        if (r == 0)
                r = become_nobody();
        return r < 0 ? r : filter();
}
