/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* From a verdict to its record, and from a plug that is refused or read-only to the teacher's notice: who waits for
 * whom. A record waits a moment for what the device calls itself; a notice waits until it is really so, and longer for
 * its record. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/device.h"
#include "agent/record.h"
#include "agent/spool.h"

#define PLUGS_MAX         128U         /* that wait for something; more lose their oldest */
#define PLUGS_NAMES_USEC  500000ULL    /* so long a record waits for the device's names: a sick device gives none */
#define PLUGS_RECORD_USEC 500000ULL    /* so long a notice waits for its record: a sick disk keeps none */
#define PLUGS_EXPIRE_USEC 120000000ULL /* not refused by then: no notice, for nobody would know what it is about */
#define PLUGS_NAME_MAX    (RECORD_PORT_MAX + 32U)

/* What there is to tell of a device. */
enum plug_news {
        PLUG_REFUSED,
        PLUG_NOT_ENCRYPTED,  /* refused, and it would have opened if it were */
        PLUG_READ_ONLY,      /* it opened, for reading */
        PLUG_GRANT_OPENED,   /* it is open for a while */
        PLUG_GRANT_ENDING,   /* what was opened for a while closes soon */
        PLUG_GRANT_EXTENDED, /* it was in use then, and closes a little later */
        PLUG_GRANT_ENDED,    /* it is closed */
        PLUG_EARLIER,        /* devices, before anybody could be told */
};

struct plug_notice {
        char plug[PLUGS_NAME_MAX]; /* "1-2#7": the same for one physical plug or grant, and for no other */
        enum storage_kind kind;
        enum plug_news news;
        const char *name;                 /* what it calls itself, cleaned; "" when that is not known */
        char code[EVENT_CODE_LENGTH + 1]; /* the end of the uid of its event; "" when there is none */
        unsigned count;                   /* of PLUG_EARLIER: how many devices */
        unsigned minutes;                 /* of PLUG_GRANT_OPENED: how long it is open, rounded up */
        bool by_storage;                  /* the rule is the one that the kind has in [storage] */
};

typedef void (*plugs_callback)(void *userdata, const struct plug_notice *notice);

struct plugs;

/* spool is borrowed. 0 or -errno. */
int plugs_new(sd_event *loop, struct spool *spool, plugs_callback callback, void *userdata, struct plugs **ret);
/* What still waits for its record is recorded. */
struct plugs *plugs_free(struct plugs *plugs);

/* By which people name the event of that receipt (EVENT_CODE_LENGTH, common/event.h); "" when there is none. */
void plugs_code(const struct record_receipt *receipt, char code[EVENT_CODE_LENGTH + 1]);

/* There is a verdict; as decide_ops.verdict. */
void plugs_verdict(struct plugs *plugs, const struct device *device, bool open);
/* It was unplugged; as decide_ops.removed. */
void plugs_removed(struct plugs *plugs, const struct device *device);
/* What the device calls itself, and so perhaps what it is; device: NULL when it is gone. */
void plugs_named(struct plugs *plugs, uint64_t id, const struct device *device, const char *name);
/* The device came into another state. */
void plugs_state(struct plugs *plugs, const struct device *device);
/* The spool has all up to this ticket. */
void plugs_recorded(struct plugs *plugs, uint64_t ticket);
/* The spool fails, or works again. */
void plugs_look(struct plugs *plugs);
/* Whether a verdict still waits to be recorded. */
bool plugs_unrecorded(const struct plugs *plugs);
