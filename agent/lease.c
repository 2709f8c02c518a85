/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A stick is the one that was meant when it has the same ids and the same serial; without a serial that tells it from
 * others, when it is in the same port. That is as much as a stick can be asked. */

#include "agent/lease.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

#define USEC      1000000ULL
#define FIELDS    15U      /* after the format */
#define FORMAT    "lease1" /* another one when the fields are others: a lease of a day needs no conversion */
#define CLOCK_MAX sizeof("23:59")

_Static_assert(VERDICT_REASON_MAX > sizeof("opened read-only by grant until 23:59: ") + LEASE_REASON_MAX, "reason");

/* The port of a USB device is its own place. A card or a disk has a name of its own in each slot. */
static size_t port_length(enum device_bus bus, const char *devpath)
{
        const char *slash = strrchr(devpath, '/');

        return bus == DEVICE_USB || !slash ? strlen(devpath) : (size_t) (slash - devpath);
}

int lease_init(struct lease *lease, const struct device *device)
{
        size_t length = port_length(device->bus, device->target.devpath);

        if (length >= sizeof(lease->port) || strlen(device->target.name) >= sizeof(lease->name))
                return -ENAMETOOLONG;
        *lease = (struct lease){
                .bus = device->bus,
                .has_usb_id = device->has_usb_id,
                .vendor = device->vendor,
                .product = device->product,
                .kind = device->kind,
                .private = device->phone.is,
        };
        if (serial_identifies(device->serial))
                strcpy(lease->serial, device->serial);
        memcpy(lease->port, device->target.devpath, length);
        strcpy(lease->name, device->target.name);
        return 0;
}

enum lease_match lease_match(const struct lease *lease, const struct device *device)
{
        const char *devpath = device->target.devpath;
        size_t length = port_length(device->bus, devpath);

        if (lease->bus != device->bus || lease->has_usb_id != device->has_usb_id || lease->vendor != device->vendor ||
            lease->product != device->product)
                return LEASE_NOT;
        if (!lease->serial[0] && (strlen(lease->port) != length || strncmp(lease->port, devpath, length) != 0))
                return LEASE_NOT;
        if (device->bus == DEVICE_USB && !device->strings_known)
                return LEASE_MAYBE;
        if (lease->serial[0])
                return strcmp(lease->serial, device->serial) == 0 ? LEASE_IS : LEASE_NOT;
        /* Another one in its port, with a serial of its own. */
        return serial_identifies(device->serial) ? LEASE_NOT : LEASE_IS;
}

bool lease_holds(const struct lease *lease, uint64_t now_usec)
{
        return (lease->phase == LEASE_HOLDS || lease->phase == LEASE_WARNED) && now_usec < lease->end_usec;
}

static void clock_of(uint64_t usec, char text[CLOCK_MAX])
{
        time_t seconds = (time_t) (usec / USEC);
        struct tm local;

        localtime_r(&seconds, &local);
        if (strftime(text, CLOCK_MAX, "%H:%M", &local) == 0)
                strcpy(text, "?");
}

const char *lease_words(const struct lease *lease, uint64_t shown_usec, char *text, size_t size)
{
        char until[CLOCK_MAX];

        clock_of(shown_usec, until);
        snprintf(text, size, "open%s until %s: %s", lease->access == ACCESS_READ_ONLY ? " for reading" : "", until,
                 lease->reason);
        return text;
}

void lease_verdict(const struct lease *lease, uint64_t shown_usec, struct verdict *ret)
{
        char until[CLOCK_MAX];

        clock_of(shown_usec, until);
        *ret = (struct verdict){ .access = lease->access, .by_rule = lease->access, .rule = LEASE_RULE };
        snprintf(ret->reason, sizeof(ret->reason), "opened %sby grant until %s: %s",
                 lease->access == ACCESS_READ_ONLY ? "read-only " : "", until, lease->reason);
}

/* ---- time ---- */

uint64_t lease_due(const struct lease *lease)
{
        switch (lease->phase) {
        case LEASE_HOLDS:
                return lease->end_usec > LEASE_WARN_USEC ? lease->end_usec - LEASE_WARN_USEC : 0;
        case LEASE_WARNED:
        case LEASE_EXTENDED:
                return lease->end_usec;
        case LEASE_CLOSING:
        case LEASE_CUTTING:
        case LEASE_OVER:
        case _LEASE_PHASE_MAX:
                break;
        }
        return LEASE_NEVER;
}

enum lease_step lease_step(struct lease *lease, uint64_t now_usec)
{
        if (now_usec < lease_due(lease))
                return LEASE_NOTHING;
        switch (lease->phase) {
        case LEASE_HOLDS:
                /* The laptop slept over it. */
                lease->phase = now_usec < lease->end_usec ? LEASE_WARNED : LEASE_CLOSING;
                return lease->phase == LEASE_WARNED ? LEASE_WARN : LEASE_CLOSE;
        case LEASE_WARNED:
                lease->phase = LEASE_CLOSING;
                return LEASE_CLOSE;
        case LEASE_EXTENDED:
                lease->phase = LEASE_CUTTING;
                return LEASE_CUT;
        case LEASE_CLOSING:
        case LEASE_CUTTING:
        case LEASE_OVER:
        case _LEASE_PHASE_MAX:
                break;
        }
        return LEASE_NOTHING;
}

bool lease_revoke(struct lease *lease)
{
        if (lease->phase != LEASE_HOLDS && lease->phase != LEASE_WARNED)
                return false;
        lease->revoked = true;
        lease->phase = LEASE_CLOSING;
        return true;
}

bool lease_extend(struct lease *lease, uint64_t now_usec)
{
        if (lease->phase != LEASE_CLOSING)
                return false;
        lease->phase = LEASE_EXTENDED;
        lease->end_usec = now_usec + LEASE_EXTENSION_USEC;
        return true;
}

/* ---- text ---- */

size_t lease_print(const struct lease *lease, char line[LEASE_LINE_MAX])
{
        return (size_t) snprintf(
                line, LEASE_LINE_MAX,
                FORMAT "\t%u\t%u\t%u\t%04x\t%04x\t%u\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\t%s\t%s\n",
                lease->number, (unsigned) lease->bus, (unsigned) lease->has_usb_id, lease->vendor, lease->product,
                (unsigned) lease->kind, (unsigned) lease->access, (unsigned) lease->phase,
                (unsigned) (lease->private | lease->keep << 1 | lease->revoked << 2 | lease->used << 3),
                lease->end_usec, lease->end_wall_usec, lease->name, lease->port, lease->serial, lease->reason);
}

_Static_assert(LEASE_LINE_MAX > 256U + LEASE_NAME_MAX + LEASE_PORT_MAX + DEVICE_SERIAL_MAX + LEASE_REASON_MAX, "line");

static bool read_number(const char *text, int base, uint64_t max, uint64_t *ret)
{
        char *end;

        if (strspn(text, "0123456789abcdef") != strlen(text) || !text[0])
                return false;
        errno = 0;
        *ret = strtoull(text, &end, base);
        return errno == 0 && *end == '\0' && *ret <= max;
}

/* As it was before it was written down, or it is none of ours. */
static bool read_text(const char *text, char *ret, size_t size)
{
        size_t length = strlen(text);

        return length < size && text_clean(text, length, ret, size) == length && strcmp(text, ret) == 0;
}

bool lease_parse(char *line, struct lease *ret)
{
        enum { NUMBER, BUS, HAS_ID, VENDOR, PRODUCT, KIND, ACCESS, PHASE, FLAGS, END, END_WALL, NUMBERS };
        static const uint64_t most[NUMBERS] = {
                UINT32_MAX,   DEVICE_MEMSTICK,      1,  0xffff,    0xffff,   _STORAGE_KIND_MAX - 1,
                ACCESS_ALLOW, _LEASE_PHASE_MAX - 1, 15, INT64_MAX, INT64_MAX
        };
        char *fields[FIELDS];
        uint64_t numbers[NUMBERS];

        if (!line || strcmp(strsep(&line, "\t"), FORMAT) != 0)
                return false;
        for (size_t i = 0; i < FIELDS; i++) {
                fields[i] = strsep(&line, "\t");
                if (!fields[i])
                        return false;
        }
        for (size_t i = 0; i < NUMBERS; i++)
                if (!read_number(fields[i], i == VENDOR || i == PRODUCT ? 16 : 10, most[i], &numbers[i]))
                        return false;
        *ret = (struct lease){
                .number = (unsigned) numbers[NUMBER],
                .bus = (enum device_bus) numbers[BUS],
                .has_usb_id = numbers[HAS_ID],
                .vendor = (uint16_t) numbers[VENDOR],
                .product = (uint16_t) numbers[PRODUCT],
                .kind = (enum storage_kind) numbers[KIND],
                .access = (enum access) numbers[ACCESS],
                .phase = (enum lease_phase) numbers[PHASE],
                .private = numbers[FLAGS] & 1,
                .keep = numbers[FLAGS] & 2,
                .revoked = numbers[FLAGS] & 4,
                .used = numbers[FLAGS] & 8,
                .end_usec = numbers[END],
                .end_wall_usec = numbers[END_WALL],
        };
        return !line && ret->number > 0 && (ret->access == ACCESS_READ_ONLY || ret->access == ACCESS_ALLOW) &&
               ret->phase != LEASE_OVER && read_text(fields[NUMBERS], ret->name, sizeof(ret->name)) &&
               read_text(fields[NUMBERS + 1], ret->port, sizeof(ret->port)) &&
               read_text(fields[NUMBERS + 2], ret->serial, sizeof(ret->serial)) &&
               read_text(fields[NUMBERS + 3], ret->reason, sizeof(ret->reason)) && ret->port[0] == '/';
}
