/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of gate/walk.c share. */

#include "tests/unit/fake-machine.h"

#define SDA  800U
#define SDB  801U
#define SDC  802U
#define DM   810U
#define MD   811U
#define LOOP 812U

static inline struct uses walked(struct machine *m)
{
        struct uses uses;

        assert_int_equal(walk(&m->roots, &uses), 0);
        return uses;
}

/* How often this disk is used at this point (NULL: swap); the machine's own files do not count. */
static inline size_t count(const struct uses *uses, const char *disk, const char *point)
{
        size_t n = 0;

        for (size_t i = 0; i < uses->n; i++)
                n += strcmp(uses->items[i].disk, disk) == 0 &&
                     (point ? uses->items[i].point && strcmp(uses->items[i].point, point) == 0 : !uses->items[i].point);
        return n;
}

/* Walk, and expect exactly one use of each disk at that point, and no use of anything else there. */
#define assert_uses(m, where, ...)                                                                                     \
        do {                                                                                                           \
                const char *disks_[] = { NULL, ##__VA_ARGS__ };                                                        \
                size_t want_ = sizeof disks_ / sizeof disks_[0] - 1, have_ = 0;                                        \
                struct uses uses_ = walked(m);                                                                         \
                for (size_t i_ = 0; i_ < uses_.n; i_++)                                                                \
                        have_ += point_is(uses_.items[i_].point, where);                                               \
                for (size_t i_ = 1; i_ <= want_; i_++)                                                                 \
                        assert_int_equal(count(&uses_, disks_[i_], where), 1);                                         \
                assert_int_equal(have_, want_);                                                                        \
                walk_free(&uses_);                                                                                     \
        } while (0)

static inline bool point_is(const char *have, const char *want)
{
        return have && want ? strcmp(have, want) == 0 : have == want;
}

static inline void assert_unused(struct machine *m, const char *lun)
{
        struct uses uses = walked(m);

        assert_null(walk_carries(&uses, lun));
        for (size_t i = 0; i < uses.n; i++)
                if (devpath_is_under(uses.items[i].disk, lun))
                        fail_msg("%s is used", uses.items[i].disk);
        walk_free(&uses);
}

static inline char *disk_of(struct machine *m, const char *lun, const char *disk)
{
        return machine_string(m, "%s/block/%s", lun, disk);
}
