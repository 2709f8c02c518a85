/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A laptop in a temporary directory, for the tests of gate/: real directories, links and attribute files where the
 * kernel's would be, and a small piece of kernel behind them. fake-machine.c takes the place of gate/attr.c (it
 * includes it, with write(2) replaced) and of gate/say.c: every write to an attribute is noted in order, can be
 * refused or swallowed by the test, and else does what the kernel would do: `drivers_probe` binds, `driver/unbind`
 * takes the disk away, a node in dev/ knows its disk and its read-only flag (the file ro/NAME; set, the journal has
 * "dev/NAME=ro"). fake-devices.c says what stands in it.
 *
 * Paths are relative to the machine's top ("sys/bus/scsi", "run/armed"); devpaths begin with "/devices/" as everywhere.
 * Block devices have major 800 and up, which no kernel gives to anything. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate/device.h"
#include "gate/roots.h"
#include "gate/walk.h"

#define MACHINE_STRINGS_MAX 512
#define MACHINE_TEXT_MAX    65536

#define PCI        "/devices/pci0000:00"
#define STICK_PORT PCI "/0000:00:14.0/usb1/1-2" /* where machine_stick(m, "1-2", ...) is */

/* What a test answers when an attribute is written: the kernel goes on; the write succeeds and changes nothing; one
 * byte less is taken; or -errno. */
enum { MACHINE_GOES_ON = 0, MACHINE_SWALLOWS = 1, MACHINE_WRITES_SHORT = 2 };

struct machine {
        char top[256];
        struct roots roots;
        char journal[MACHINE_TEXT_MAX]; /* "PATH=VALUE\n" for each write to an attribute, in order */
        char out[MACHINE_TEXT_MAX];     /* what was said, a line each */
        char err[MACHINE_TEXT_MAX];     /* what was complained, a line each */
        int (*on_write)(struct machine *m, const char *path, const char *value);
        void *userdata;                     /* of on_write */
        char *strings[MACHINE_STRINGS_MAX]; /* freed with the machine */
        size_t n_strings;
};

/* Buses closed and empty, nothing mounted, no swap, no module loader. */
struct machine *machine_new(void);
void machine_free(struct machine *m);

/* cmocka setup and teardown that do just that. */
int machine_setup(void **state);
int machine_teardown(void **state);
#define machine_test(function) cmocka_unit_test_setup_teardown(function, machine_setup, machine_teardown)

/* Files. Parents are made; what is there is replaced; read text lives as long as the machine. */
char *machine_string(struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
void machine_file(struct machine *m, const char *text, const char *format, ...) __attribute__((format(printf, 3, 4)));
void machine_link(struct machine *m, const char *target, const char *format, ...) __attribute__((format(printf, 3, 4)));
void machine_remove(struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool machine_has(struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *machine_read(struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For fake-devices.c: end the run unless it held; the directories above a path; what a unit hides or shows. */
void machine_must(bool held, const char *what);
void machine_make_parents(char *path);
void machine_show(struct machine *m, const char *lun, const char *from, const char *to);

/* Names in a directory, each followed by a blank, sorted; "" for none. */
const char *machine_list(struct machine *m, const char *directory);

/* A device of a subsystem with its DEVTYPE (or NULL), also known by its name in the bus directory. */
void machine_device(struct machine *m, const char *devpath, const char *subsystem, const char *devtype);

/* What a unit on a gated bus shows once it is bound: the disk, whole or with partitions "p1".. ; minor counts on. */
void machine_disk(struct machine *m, const char *lun, const char *disk, unsigned major, uint64_t diskseq,
                  unsigned partitions);
void machine_bind(struct machine *m, const char *lun);
void machine_unbind(struct machine *m, const char *lun);

/* Whole devices; each returns the devpath of the unit. Bound or not; minor 0 is the disk, 1 its only partition.
 * stick: USB device at PORT with one storage interface, SCSI host HOST, named HOST:0:0:0. */
const char *machine_stick(struct machine *m, const char *port, unsigned devnum, unsigned host, const char *disk,
                          unsigned major, uint64_t diskseq, bool bound);
const char *machine_sata(struct machine *m, unsigned host, const char *disk, unsigned major, uint64_t diskseq);
const char *machine_card(struct machine *m, const char *name, const char *type, const char *disk, unsigned major,
                         uint64_t diskseq, bool bound);
const char *machine_memstick(struct machine *m, const char *disk, unsigned major, uint64_t diskseq, bool bound);
/* On PCI itself, on no gated bus, with one partition; behind a port that the firmware calls external, or inside. */
const char *machine_nvme(struct machine *m, const char *disk, unsigned major, uint64_t diskseq, bool external);

/* A USB device or interface only; an interface belongs below its device. */
const char *machine_usb(struct machine *m, const char *port, unsigned devnum, const char *class);
const char *machine_interface(struct machine *m, const char *usb, unsigned number, const char *class);

/* A stacked device: dm-0, md0, loop0, or a partition of one: md0/md0p1. Slaves are devpaths of disks or partitions. */
const char *machine_virtual(struct machine *m, const char *name, unsigned major, unsigned minor);
void machine_slave(struct machine *m, const char *block, const char *slave);

/* It has been pulled out: its directory and all below it. */
void machine_unplug(struct machine *m, const char *devpath);

/* A line of mountinfo (text as the kernel escapes it) and one of swaps. */
void machine_mount(struct machine *m, unsigned major, unsigned minor, const char *point, const char *type,
                   const char *source, const char *options);
void machine_swap(struct machine *m, const char *path);
/* The files of the machine itself (a swap file, a loop's file) are on this block device. */
void machine_files_lie_on(struct machine *m, const char *block);

/* A node in the machine's /dev; returns its full path. */
const char *machine_node(struct machine *m, const char *name, unsigned major, unsigned minor);

/* Where "PATH=VALUE" stands in the journal: an offset to compare, or -1. */
long machine_wrote(struct machine *m, const char *line);

/* A mount namespace of our own from here on, with an empty /mnt and /media; false where that is not allowed. */
bool machine_own_mounts(void);

/* A device of the machine, opened and typed as the verbs get it. */
struct device machine_open(struct machine *m, const char *name);

#define assert_wrote(m, line)                                                                                          \
        do {                                                                                                           \
                if (machine_wrote(m, line) < 0)                                                                        \
                        fail_msg("\"%s\" is not among what was written:\n%s", line, (m)->journal);                     \
        } while (0)
#define assert_not_wrote(m, line)                                                                                      \
        do {                                                                                                           \
                if (machine_wrote(m, line) >= 0)                                                                       \
                        fail_msg("\"%s\" was written", line);                                                          \
        } while (0)
#define assert_says(text, part)                                                                                        \
        do {                                                                                                           \
                if (!strstr(text, part))                                                                               \
                        fail_msg("\"%s\" is not in \"%s\"", part, text);                                               \
        } while (0)
