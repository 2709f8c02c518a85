/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht learn DEVICE: the section [device NAME] that lets this device in, for IT to read and put into the policy:
 *
 *      sudo lekdicht learn 1-2 >> /etc/lekdicht/policy.ini
 *
 * On stdout is nothing but lines of a policy (comments and one section), or nothing at all; what there is to say goes to
 * stderr. The agent never tells a serial, so it is read here, from /sys, by root only. That read waits for a device that
 * is slow to answer; Ctrl-C ends it (usb_lock_device_interruptible(), drivers/usb/core/sysfs.c).
 *
 * Exit code: 4 when only root could write a section that opens no more than this. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/devices.h"
#include "cli/exception.h"
#include "cli/exit.h"
#include "cli/learn.h"
#include "cli/terminal.h"
#include "common/cleanup.h"
#include "common/sysfs.h"
#include "policy/judge.h"

#define SERIAL_MAX 400U /* bytes; 126 UTF-16 units are at most 378, and a line of a policy holds less */

DEFINE_CLEANUP(cleanup_policy, struct policy *, policy_free)

enum serial {
        SERIAL_READ,
        SERIAL_NONE,
        SERIAL_SHARED,
        SERIAL_NOT_ROOT,
        SERIAL_UNREADABLE,
        SERIAL_UNWRITABLE,
        SERIAL_GONE, /* so is the device, or it is another one now */
};

static const char *words_of(enum serial serial)
{
        switch (serial) {
        case SERIAL_READ:
        case SERIAL_GONE:
                break;
        case SERIAL_NONE:
                return "it has none that tells it from others";
        case SERIAL_SHARED:
                return "its serial is on many devices and tells it from none of them";
        case SERIAL_NOT_ROOT:
                return "it has one, but only root is told; see sudo lekdicht learn";
        case SERIAL_UNREADABLE:
                return "it has one, but did not tell it";
        case SERIAL_UNWRITABLE:
                return "it has one, but with characters that a policy cannot hold";
        }
        return "";
}

int learn_open(const struct cli *cli, const char *id)
{
        static const char *const buses[] = { "usb", "mmc" };
        char path[PATH_MAX];

        if (*id == '\0' || *id == '.' || strchr(id, '/'))
                return -EINVAL;
        for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++) {
                int length = snprintf(path, sizeof(path), "%s/bus/%s/devices/%s", cli->sys_root, buses[i], id), fd;

                if (length < 0 || (size_t) length >= sizeof(path))
                        return -EINVAL;
                fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* what stands there is a link */
                if (fd >= 0)
                        return fd;
        }
        return -ENOENT;
}

/* Does the directory have this number? */
static bool has_number(int dirfd, const char *attribute, const char *wanted)
{
        uint64_t number;

        return sysfs_read_number(dirfd, attribute, 16, UINT16_MAX, &number) == 0 && number == strtoul(wanted, NULL, 16);
}

static enum serial read_serial(const struct cli *cli, const struct answer_device *device, int dirfd,
                               char ret[static SERIAL_MAX])
{
        ssize_t n;

        if (cli->uid != 0)
                return device->serial ? SERIAL_NOT_ROOT : SERIAL_NONE;
        if (dirfd < 0)
                return *device->vendor ? SERIAL_GONE : SERIAL_NONE;
        if (*device->vendor &&
            (!has_number(dirfd, "idVendor", device->vendor) || !has_number(dirfd, "idProduct", device->product)))
                return SERIAL_GONE;
        n = sysfs_read_text(dirfd, "serial", ret, SERIAL_MAX);
        if (n < 0 && !sysfs_alive(dirfd))
                return SERIAL_GONE;
        if (n == 0 || n == -ENOENT)
                return SERIAL_NONE;
        if (n < 0)
                return SERIAL_UNREADABLE;
        return serial_identifies(ret) ? SERIAL_READ : SERIAL_SHARED;
}

static void say(const struct cli *cli, const char *id, const char *text)
{
        fputs("lekdicht: ", cli->err);
        terminal_print(cli->err, id);
        fprintf(cli->err, ": %s\n", text);
}

/* Why there is nothing on stdout. */
static int refuse(const struct cli *cli, const struct answer_device *device, int r, enum serial serial)
{
        if (r == -ENOMEM) {
                fputs("lekdicht: out of memory\n", cli->err);
                return EXIT_WRONG;
        }
        if (r != -ENODATA) {
                say(cli, device->id,
                    "no exception for it can be written in a policy of lekdicht " LEKDICHT_VERSION
                    ", neither by its serial nor by its numbers");
                return EXIT_WRONG;
        }
        if (serial == SERIAL_NOT_ROOT) {
                say(cli, device->id, "only its serial tells it from others, and that is for root: sudo lekdicht learn");
                return EXIT_REFUSED;
        }
        say(cli, device->id,
            "it has neither USB numbers nor a serial that a policy could name it by; only all of its "
            "kind can be allowed, under [storage]");
        return EXIT_WRONG;
}

/* The policy of this laptop; NULL when it cannot be read as a good one, which is said. */
static struct policy *installed(const struct cli *cli)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors));
        struct policy *policy;

        if (errors && policy_load(cli->policy, 0, LEKDICHT_VERSION, &policy, errors) == 0)
                return policy;
        fputs("lekdicht: ", cli->err);
        terminal_print(cli->err, cli->policy);
        fputs(" is not there or not good, so the name was not compared with those in it\n", cli->err);
        return NULL;
}

/* What the section does not say by itself. */
static void advise(const struct cli *cli, const struct exception *exception, const struct policy *policy,
                   const char *id)
{
        struct verdict verdict;

        if (!exception->serial) {
                say(cli, id, "with these lines every device of its model opens, because:");
                fprintf(cli->err, "lekdicht: %s\n", exception->without);
        }
        if (!policy || !exception_judge(exception, policy, &verdict))
                return;
        if (verdict.by_rule == ACCESS_ALLOW)
                fprintf(cli->err, "lekdicht: the policy opens it already, by %s\n", verdict.rule);
        else if (strncmp(verdict.rule, "[device ", strlen("[device ")) == 0)
                fprintf(cli->err, "lekdicht: %s refuses it and comes first: put these lines above that section\n",
                        verdict.rule);
}

int learn_print(const struct cli *cli, const struct answer_device *device, int dirfd)
{
        CLEANUP(cleanup_policy) struct policy *policy = NULL;
        char serial[SERIAL_MAX], text[EXCEPTION_TEXT_MAX];
        enum serial found = read_serial(cli, device, dirfd, serial);
        struct exception exception = {
                .kind = device->kind,
                .vendor = device->vendor,
                .product = device->product,
                .called = device->name,
                .serial = found == SERIAL_READ ? serial : NULL,
                .without = words_of(found),
                .now = cli->now,
        };
        int r;

        if (found == SERIAL_GONE) {
                say(cli, device->id, "it is gone, or another one took its place; try again");
                return EXIT_WRONG;
        }
        policy = installed(cli);
        exception_name(&exception, 2, exception_in_policy, policy);
        r = exception_write(&exception, text);
        if (r == -EINVAL && exception.serial) {
                exception.serial = NULL;
                found = SERIAL_UNWRITABLE;
                exception.without = words_of(found);
                r = exception_write(&exception, text);
        }
        if (r < 0)
                return refuse(cli, device, r, found);
        fputs(text, cli->out);
        advise(cli, &exception, policy, device->id);
        return EXIT_WELL;
}

int cli_learn(const struct cli *cli)
{
        CLEANUP(cleanup_close) int dirfd = learn_open(cli, cli->argument);
        struct answer_device device;
        int r = devices_ask(cli, &device);

        if (r != EXIT_WELL)
                return r;
        r = learn_print(cli, &device, dirfd);
        answer_device_clear(&device);
        return r;
}
