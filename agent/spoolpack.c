/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Each attribute is its key, one byte, and its value: 8 bytes, 1 byte, or a string with its NUL. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "agent/spoolpack.h"

struct spoolpack {
        char uid[ULID_LENGTH + 1], boot[EVENT_BOOT_LENGTH + 1];
        unsigned char name, severity, n;
        uint64_t time_ns;
        unsigned char bytes[];
};
_Static_assert(_EVENT_NAME_MAX <= 256 && _EVENT_KEY_MAX <= 256 && EVENT_ATTRIBUTES_MAX <= 255, "each fits a byte");

static size_t size_of(const struct event_attribute *attribute)
{
        switch (event_key_type(attribute->key)) {
        case EVENT_STRING:
                return strlen(attribute->string) + 1;
        case EVENT_INT:
                return sizeof(attribute->integer);
        case EVENT_BOOL:
                return 1;
        }
        return 0;
}

struct spoolpack *spoolpack_new(const struct event *event)
{
        struct spoolpack *pack;
        unsigned char *to;
        size_t size = 0;

        for (size_t i = 0; i < event->n; i++)
                size += 1 + size_of(&event->attributes[i]);
        pack = malloc(sizeof(*pack) + size);
        if (!pack)
                return NULL;
        memcpy(pack->uid, event->uid, sizeof(pack->uid));
        memcpy(pack->boot, event->boot, sizeof(pack->boot));
        pack->name = (unsigned char) event->name;
        pack->severity = (unsigned char) event->severity;
        pack->n = (unsigned char) event->n;
        pack->time_ns = event->time_ns;
        to = pack->bytes;
        for (size_t i = 0; i < event->n; i++) {
                const struct event_attribute *attribute = &event->attributes[i];
                size_t n = size_of(attribute);

                *to++ = (unsigned char) attribute->key;
                if (event_key_type(attribute->key) == EVENT_BOOL)
                        *to = attribute->boolean;
                else
                        memcpy(to, attribute->string, n); /* where the number is, too */
                to += n;
        }
        return pack;
}

void spoolpack_event(const struct spoolpack *pack, uint64_t seq, struct event *ret)
{
        const unsigned char *from = pack->bytes;

        memcpy(ret->uid, pack->uid, sizeof(ret->uid));
        memcpy(ret->boot, pack->boot, sizeof(ret->boot));
        ret->name = pack->name;
        ret->severity = pack->severity;
        ret->n = pack->n;
        ret->time_ns = pack->time_ns;
        ret->seq = seq;
        for (size_t i = 0; i < ret->n; i++) {
                struct event_attribute *attribute = &ret->attributes[i];

                attribute->key = *from++;
                switch (event_key_type(attribute->key)) {
                case EVENT_STRING:
                        strcpy(attribute->string, (const char *) from);
                        break;
                case EVENT_INT:
                        memcpy(&attribute->integer, from, sizeof(attribute->integer));
                        break;
                case EVENT_BOOL:
                        attribute->boolean = *from != 0;
                        break;
                }
                from += size_of(attribute);
        }
}
