/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A list, and who is told when it changes. What is in it, discover.c reads from /sys; what follows, decide.c says. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discover.h"
#include "agent/enforce.h"
#include "agent/facts.h"
#include "agent/inventory.h"
#include "agent/zerocd.h"
#include "common/clock.h"
#include "common/sysfs.h"
#include "common/text.h"

#define LEFT_MAX 8U /* ports that are remembered */

/* A device of zerocd.list that left while we were patient with it. */
struct left {
        char devpath[SYSFS_PATH_MAX]; /* "": none */
        uint16_t vendor, product;
        uint64_t until_usec; /* CLOCK_MONOTONIC */
};

struct inventory {
        struct decide decide;
        struct exempts exempts;
        struct device *devices;
        size_t n_devices;
        bool begun;
        struct left left[LEFT_MAX];
        unsigned next_left;
};

int inventory_new(const char *sys, const char *run, const struct decide_ops *ops, struct inventory **ret)
{
        struct inventory *inventory = calloc(1, sizeof(*inventory));

        if (!inventory)
                return -ENOMEM;
        inventory->decide = (struct decide){ .sys = sys, .run = run, .ops = ops, .exempts = &inventory->exempts };
        *ret = inventory;
        return 0;
}

static void drop_target(struct inventory *inventory, const struct device *device, const struct target *target)
{
        inventory->decide.ops->drop(inventory->decide.ops->userdata, device, target);
}

void inventory_drop_interface(struct inventory *inventory, struct device *device, size_t i)
{
        drop_target(inventory, device, &device->interfaces[i].target);
        device_drop_interface(device, i);
}

void inventory_drop_lun(struct inventory *inventory, struct device *device, size_t i)
{
        const struct decide_ops *ops = inventory->decide.ops;

        if (device->luns[i].watched)
                (void) ops->watch(ops->userdata, &device->luns[i].target, false);
        drop_target(inventory, device, &device->luns[i].target);
        device_drop_lun(device, i);
}

static void drop_device(struct inventory *inventory, struct device *device)
{
        struct device **at = &inventory->devices;

        while (*at != device)
                at = &(*at)->next;
        *at = device->next;
        inventory->n_devices--;
        while (device->n_interfaces > 0)
                inventory_drop_interface(inventory, device, device->n_interfaces - 1);
        while (device->n_luns > 0)
                inventory_drop_lun(inventory, device, device->n_luns - 1);
        drop_target(inventory, device, &device->target);
        device_free(device);
}

static void remember(struct inventory *inventory, const struct device *device)
{
        struct left *left = &inventory->left[inventory->next_left++ % LEFT_MAX];

        snprintf(left->devpath, sizeof(left->devpath), "%s", device->target.devpath);
        left->vendor = device->vendor;
        left->product = device->product;
        left->until_usec = clock_usec(CLOCK_MONOTONIC) + ZEROCD_BACK_USEC;
}

void inventory_not_storage(struct inventory *inventory, const struct device *device)
{
        for (unsigned i = 0; i < LEFT_MAX; i++) {
                struct left *left = &inventory->left[i];

                if (strcmp(left->devpath, device->target.devpath) != 0)
                        continue;
                left->devpath[0] = '\0';
                if (clock_usec(CLOCK_MONOTONIC) <= left->until_usec && inventory->decide.ops->switched)
                        inventory->decide.ops->switched(inventory->decide.ops->userdata, device, left->vendor,
                                                        left->product);
        }
}

/* It was unplugged, and is not only forgotten by us. */
static void lose_device(struct inventory *inventory, struct device *device)
{
        if (device->patience_usec != 0 && zerocd_is(device->vendor, device->product))
                remember(inventory, device);
        if (device->recorded)
                inventory->decide.ops->removed(inventory->decide.ops->userdata, device);
        drop_device(inventory, device);
}

struct inventory *inventory_free(struct inventory *inventory)
{
        if (!inventory)
                return NULL;
        while (inventory->devices)
                drop_device(inventory, inventory->devices);
        rundir_exempts_clear(&inventory->exempts);
        free(inventory);
        return NULL;
}

/* What was found of it is looked at again by the new rules. */
static void judge_from_the_start(struct device *device)
{
        device->settled = false;
        device->plain = false;
        for (size_t i = 0; i < device->n_luns; i++)
                device->luns[i].plain = false;
}

void inventory_set_policy(struct inventory *inventory, const struct policy *policy)
{
        inventory->decide.policy = policy;
        for (struct device *device = inventory->devices; device; device = device->next)
                judge_from_the_start(device);
}

void inventory_set_open(struct inventory *inventory, bool open)
{
        inventory->decide.open = open;
}

int inventory_read_exempts(struct inventory *inventory)
{
        struct exempts exempts;
        int r = rundir_exempts(inventory->decide.run, &exempts);

        if (r < 0)
                return r;
        for (size_t i = 0; i < exempts.n; i++)
                for (size_t k = 0; k < inventory->exempts.n; k++)
                        if (strcmp(exempts.items[i].name, inventory->exempts.items[k].name) == 0 &&
                            exempts.items[i].diskseq == inventory->exempts.items[k].diskseq)
                                exempts.items[i].told = inventory->exempts.items[k].told;
        rundir_exempts_clear(&inventory->exempts);
        inventory->exempts = exempts;
        return 0;
}

struct exempts *inventory_exempts(struct inventory *inventory)
{
        return &inventory->exempts;
}

void inventory_judge_all(struct inventory *inventory)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                decide_device(&inventory->decide, device, true);
}

void inventory_judge(struct inventory *inventory, struct device *device)
{
        judge_from_the_start(device);
        decide_device(&inventory->decide, device, true);
}

void inventory_judge_due(struct inventory *inventory, unsigned today)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (device->again != 0 && device->again <= today)
                        inventory_judge(inventory, device);
}

void inventory_judge_users(struct inventory *inventory)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (device->by_users)
                        inventory_judge(inventory, device);
}

static struct device *find_path(const struct inventory *inventory, const char *devpath)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (strcmp(device->target.devpath, devpath) == 0)
                        return device;
        return NULL;
}

struct device *inventory_find_alive(struct inventory *inventory, const char *devpath)
{
        struct device *device = find_path(inventory, devpath);

        if (device && !sysfs_alive(device->target.dirfd)) {
                lose_device(inventory, device);
                return NULL;
        }
        return device;
}

/* CLOCK_BOOTTIME, for it goes on counting while the laptop sleeps. The kernel knows of a USB device how long it has been
 * there, also when that was before us. */
static uint64_t came_usec(const struct inventory *inventory, const struct device *device)
{
        uint64_t now_usec = clock_usec(CLOCK_BOOTTIME), msec = 0;

        if (device->bus == DEVICE_USB && facts_connected(device->target.dirfd, &msec) == 0)
                return now_usec > msec * 1000ULL ? now_usec - msec * 1000ULL : 1;
        return inventory->begun ? now_usec : 0;
}

struct device *inventory_add(struct inventory *inventory, struct device *device)
{
        if (inventory->n_devices == INVENTORY_DEVICES_MAX) {
                device_free(device);
                return NULL;
        }
        device->plugged = inventory->begun;
        device->came_usec = came_usec(inventory, device);
        device->next = inventory->devices;
        inventory->devices = device;
        inventory->n_devices++;
        return device;
}

/* Forget what is not there any more, of the device or all of it. */
static void prune(struct inventory *inventory, struct device *device)
{
        if (!sysfs_alive(device->target.dirfd)) {
                lose_device(inventory, device);
                return;
        }
        for (size_t i = device->n_luns; i-- > 0;)
                if (!sysfs_alive(device->luns[i].target.dirfd))
                        inventory_drop_lun(inventory, device, i);
        for (size_t i = device->n_interfaces; i-- > 0;)
                if (!sysfs_alive(device->interfaces[i].target.dirfd))
                        inventory_drop_interface(inventory, device, i);
}

/* Whatever of ours was at devpath: gone, unless its directory says that the event is about an earlier one. */
static void on_remove(struct inventory *inventory, const char *devpath)
{
        for (struct device *device = inventory->devices, *next; device; device = next) {
                next = device->next;
                if (text_path_below(devpath, device->target.devpath))
                        prune(inventory, device);
        }
}

void inventory_event(struct inventory *inventory, const struct watch_event *event)
{
        struct device *device;

        /* When a unit's disk goes, the unit stays; some disks are their own unit. */
        if (event->action == WATCH_REMOVE &&
            (strcmp(event->subsystem, "block") != 0 || find_path(inventory, event->devpath))) {
                on_remove(inventory, event->devpath);
                return;
        }
        device = discover(inventory, event);
        /* What may have been missed may have been an event of its disk. */
        for (size_t i = 0; device && event->action == WATCH_PRESENT && i < device->n_luns; i++)
                device->luns[i].touched = true;
        if (device)
                decide_device(&inventory->decide, device, event->action == WATCH_PRESENT);
}

void inventory_prune(struct inventory *inventory)
{
        for (struct device *device = inventory->devices, *next; device; device = next) {
                next = device->next;
                prune(inventory, device);
        }
}

/* The gate has looked whether a unit is encrypted. Is there more to be decided now? */
static bool note_look(const struct decide *decide, struct device *device, const struct target *target, enum deed deed)
{
        for (size_t i = 0; i < device->n_luns; i++) {
                struct lun *lun = &device->luns[i];

                if (&lun->target != target)
                        continue;
                if (deed == DEED_PLAIN)
                        lun->plain = device->plain = true;
                /* The card that is put in later is a plug, however long its reader has been there. */
                if (deed == DEED_DONE && facts_disk_is_empty(target->dirfd)) {
                        device->plugged = true;
                        device->found = false;
                }
                return lun->plain || (deed == DEED_DONE && (lun->touched || decide_lun_is_open(decide, lun)));
        }
        return false;
}

void inventory_result(struct inventory *inventory, uint64_t device_id, uint64_t target_id, enum verb verb,
                      enum deed deed, bool retry, const char *said)
{
        struct device *device = inventory_find_id(inventory, device_id);
        struct target *target = device ? device_target(device, target_id) : NULL;
        const struct decide *decide = &inventory->decide;

        if (!target)
                return;
        if (target->wish != verb) {
                /* The gate was opened while a refusal was under way: nothing may stay dead. */
                if (decide->open && verb == VERB_REFUSE && deed == DEED_DONE)
                        (void) decide->ops->act(decide->ops->userdata, device, target, VERB_RELEASE);
                return;
        }
        switch (deed) {
        case DEED_DONE:
                target->outcome = OUTCOME_DONE;
                target->right_usec = clock_usec(CLOCK_BOOTTIME);
                for (size_t i = 0; i < device->n_luns; i++)
                        if (&device->luns[i].target == target &&
                            ((verb != VERB_RELEASE && verb != VERB_READONLY && verb != VERB_ENCRYPTED) ||
                             facts_diskseq(target->dirfd, &device->luns[i].released) < 0))
                                device->luns[i].released = 0;
                break;
        case DEED_PLAIN:
        case DEED_GONE:
                target->outcome = OUTCOME_NONE;
                target->wish = VERB_NONE;
                break;
        case DEED_BUSY:
                target->outcome = OUTCOME_BUSY;
                break;
        case DEED_FAILED:
                target->outcome = retry ? OUTCOME_UNDER_WAY : OUTCOME_FAILED;
                break;
        }
        if (deed == DEED_BUSY || deed == DEED_FAILED)
                text_clean(said, strcspn(said, "\n"), device->trouble, sizeof(device->trouble));
        if (deed == DEED_BUSY && device->cut)
                enforce_cut(decide, device);
        if (deed == DEED_DONE && verb == VERB_CUT) {
                /* What was to become of it instead? */
                target->wish = VERB_NONE;
                target->outcome = OUTCOME_NONE;
                decide_device(decide, device, true);
        } else if (verb == VERB_ENCRYPTED && note_look(decide, device, target, deed)) {
                decide_device(decide, device, false);
        } else {
                decide_refresh(decide, device);
        }
}

void inventory_cut(struct inventory *inventory, struct device *device)
{
        device->cut = true;
        enforce_cut(&inventory->decide, device);
        decide_refresh(&inventory->decide, device);
}

void inventory_strings(struct inventory *inventory, uint64_t device_id, const char *text, const char *serial)
{
        struct device *device = inventory_find_id(inventory, device_id);

        if (!device)
                return;
        device->strings_known = true;
        snprintf(device->text, sizeof(device->text), "%s", text);
        snprintf(device->serial, sizeof(device->serial), "%s", serial);
        decide_device(&inventory->decide, device, false);
}

void inventory_medium(struct inventory *inventory, uint64_t target_id, enum medium medium)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                for (size_t i = 0; i < device->n_luns; i++) {
                        struct lun *lun = &device->luns[i];

                        if (lun->target.id != target_id || !lun->watched)
                                continue;
                        /* A card that is put in is a plug, however long its reader has been there. */
                        if (lun->medium == MEDIUM_ABSENT && medium == MEDIUM_PRESENT) {
                                device->plugged = true;
                                device->found = false;
                        }
                        /* And with it went what was found on it. */
                        if (medium == MEDIUM_ABSENT && lun->plain) {
                                lun->plain = device->plain = false;
                                device->recorded = false;
                                device->verdicts = 0;
                        }
                        lun->medium = medium;
                        decide_device(&inventory->decide, device, false);
                        return;
                }
}

/* Has that moment come? Then it is taken back; else *next is at most that. */
static bool is_due(uint64_t *usec, uint64_t now_usec, uint64_t *next)
{
        if (*usec == 0)
                return false;
        if (*usec > now_usec) {
                if (*usec < *next)
                        *next = *usec;
                return false;
        }
        *usec = 0;
        return true;
}

uint64_t inventory_settle(struct inventory *inventory, uint64_t now_usec)
{
        uint64_t next = INVENTORY_NEVER;

        for (struct device *device = inventory->devices; device; device = device->next) {
                bool scanned = is_due(&device->settle_usec, now_usec, &next);

                device->scan_ended |= scanned;
                if (is_due(&device->patience_usec, now_usec, &next) || scanned)
                        decide_device(&inventory->decide, device, false);
        }
        return next;
}

void inventory_begin(struct inventory *inventory)
{
        inventory->begun = true;
}

struct device *inventory_first(const struct inventory *inventory)
{
        return inventory->devices;
}

struct device *inventory_find(struct inventory *inventory, const char *name)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (strcmp(device->target.name, name) == 0)
                        return device;
        return NULL;
}

struct device *inventory_find_id(struct inventory *inventory, uint64_t id)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (device->target.id == id)
                        return device;
        return NULL;
}

const struct decide *inventory_decide(const struct inventory *inventory)
{
        return &inventory->decide;
}
