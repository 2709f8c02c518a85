/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One physical storage device as the agent knows it: a stick with its interfaces and LUNs, a card, a FireWire disk.
 * Plain data with an owner (the inventory); read from /sys by facts.c, judged by decide.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/assess.h"
#include "agent/phone.h"
#include "agent/usbdesc.h"
#include "agent/verb.h"

#define DEVICE_LUNS_MAX       64U  /* more stay held: nobody is asked about them */
#define DEVICE_INTERFACES_MAX 32U  /* the kernel's USB_MAXINTERFACES */
#define DEVICE_TEXT_MAX       128U /* bytes of what a device calls itself, NUL included */
#define DEVICE_TROUBLE_MAX    256U /* bytes of what the gate said when it could not */
#define DEVICE_SERIAL_MAX     400U /* 126 UTF-16 units are at most 378 bytes */

/* DEVICE_PCI: an NVMe disk behind a port that the firmware calls external. It has its driver before anybody is asked, the udev
 * rules hide it, and nothing is ever done to it. */
enum device_bus { DEVICE_USB, DEVICE_SCSI, DEVICE_MMC, DEVICE_MEMSTICK, DEVICE_PCI };

enum device_state {
        DEVICE_PENDING, /* not decided yet, or the gate is still at it */
        DEVICE_REFUSED,
        DEVICE_ALLOWED,
        DEVICE_READ_ONLY, /* open for reading */
        DEVICE_EXEMPT,    /* carries the system */
        DEVICE_HELD,      /* nothing on it that is ever opened (a tape, an enclosure), or off by someone else's hand */
        DEVICE_BUSY,      /* to be refused or made read-only, but in use */
        DEVICE_FAILED,    /* the gate could not do it */
        DEVICE_GATE_OPEN, /* judged, and nothing done: the gate is open */
};

/* What is in a reader, as far as it was asked (medium.h). */
enum medium { MEDIUM_UNKNOWN, MEDIUM_ABSENT, MEDIUM_PRESENT, _MEDIUM_MAX };

/* How a wish of ours stands. */
enum outcome { OUTCOME_NONE, OUTCOME_UNDER_WAY, OUTCOME_DONE, OUTCOME_BUSY, OUTCOME_FAILED };

/* Something in /sys that the gate can be told to release or refuse: this instance, whatever its name is later. */
struct target {
        uint64_t id;      /* never used twice */
        char *devpath;    /* "/devices/..." */
        const char *name; /* its last part */
        int dirfd;        /* pinned before anything was read (common/sysfs.h) */
        enum verb wish;
        enum outcome outcome;
        bool refused_by_us;  /* asked for, in this run of the agent */
        unsigned drifts;     /* how often someone undid it */
        uint64_t right_usec; /* CLOCK_BOOTTIME when it was last seen to be as wished; 0: never */
};

struct interface {
        struct target target;
        unsigned config, number;
        bool phone; /* no mass storage, but files all the same: */
        enum storage_kind kind;
};

/* What it is besides mass storage, or instead of it. */
struct phone {
        bool is;
        bool shown; /* users may have had its node open: an interface alone cannot be taken from them */
        enum phone_told told;
        bool whole;     /* all interfaces that its descriptors have are in /sys: no other kind will come */
        unsigned kinds; /* as last seen: 1U << enum storage_kind each */
        enum assessment answer;
        enum storage_kind kind; /* of its kinds the one that decided */
        struct verdict verdict;
};

struct lun {
        struct target target;
        bool opens; /* a disk or disc, as opposed to a scanner, a tape, an enclosure */
        bool optical;
        bool watched;               /* somebody asks it for its medium */
        enum medium medium;         /* while it is watched */
        char text[DEVICE_TEXT_MAX]; /* vendor and model */
        enum assessment answer;     /* when it opens */
        struct verdict verdict;
        bool plain;   /* it was looked at, and is not encrypted */
        bool touched; /* an event says that what is on it may be another since it was asked whether it is encrypted */
        uint64_t released; /* sequence number of the disk that was there when the gate had released it; 0: none */
};

struct device {
        struct target target;
        enum device_bus bus;
        struct usbdesc desc; /* DEVICE_USB */
        unsigned config;     /* the active one's bConfigurationValue as last heard; 0: not heard */
        unsigned devnum;
        bool has_usb_id;
        uint16_t vendor, product;

        bool strings_known;             /* of a USB device they come later, from strings.c */
        char serial[DEVICE_SERIAL_MAX]; /* "": none */
        char text[DEVICE_TEXT_MAX];     /* manufacturer and product */

        struct interface *interfaces; /* those that are in /sys and give files away */
        size_t n_interfaces;
        struct phone phone;
        struct lun *luns;
        size_t n_luns;

        enum assessment answer; /* for the device as a whole */
        enum storage_kind kind; /* guessed until the LUNs are there */
        struct verdict verdict;
        unsigned again;         /* the first day on which the rules may say something else; 0: never */
        bool by_users;          /* and when other people are here */
        uint64_t settle_usec;   /* CLOCK_MONOTONIC: when its scan for LUNs is taken to have ended; 0: no need to wait */
        uint64_t patience_usec; /* CLOCK_MONOTONIC: until then it is held, and not switched off; 0: not (any more) */
        bool reader;            /* of cards, and part of something: built in, in a dock, in a printer */
        bool empty_told;
        bool plain; /* some unit of it was looked at, and is not encrypted; it may be switched off since */
        bool scan_ended;
        bool settled; /* and every LUN was refused */
        bool cut;     /* in use, it is not left as it is any more */
        bool exempt;
        char carries[DEVICE_TEXT_MAX]; /* when exempt: a mount point, or "swap" */

        char trouble[DEVICE_TROUBLE_MAX]; /* when busy or failed: why */
        enum device_state state;
        uint64_t since_usec;  /* CLOCK_REALTIME: when it came into this state */
        uint64_t seen_usec;   /* CLOCK_MONOTONIC: when its first event was received */
        uint64_t came_usec;   /* CLOCK_BOOTTIME: when it was plugged in; 0: not known */
        uint64_t judged_usec; /* CLOCK_MONOTONIC: when the rules were first clear about it; 0: not yet */
        bool plugged;         /* it came while we were watching */
        bool found;           /* when we met it, it was refused or open already: no plug, but a restart of ours */
        bool strings_asked;
        unsigned verdicts; /* that were recorded */
        bool recorded;     /* and as what: */
        bool recorded_open;
        enum access recorded_access;
        uint64_t scan; /* the last enumeration that saw it */

        struct device *next;
};

/* Takes dirfd. NULL: out of memory (then dirfd is the caller's still). */
struct device *device_new(enum device_bus bus, const char *devpath, int dirfd);
/* Accepts NULL; returns NULL. */
struct device *device_free(struct device *device);

/* Add one; takes dirfd. NULL: full or out of memory (then dirfd is the caller's still). Moves the ones there are. */
struct interface *device_add_interface(struct device *device, const char *devpath, int dirfd);
struct lun *device_add_lun(struct device *device, const char *devpath, int dirfd);
void device_drop_interface(struct device *device, size_t i);
void device_drop_lun(struct device *device, size_t i);

/* The target with that id, or NULL. */
struct target *device_target(struct device *device, uint64_t id);

/* What it calls itself, or its first LUN does; "" when that is not known (yet). */
const char *device_name(const struct device *device);

/* "refused", "gate-open" ... as on the bus. */
const char *device_state_name(enum device_state state);
