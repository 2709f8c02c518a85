/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How a device stands: what was decided of it, and how far the gate has come. */

#include "agent/decide.h"
#include "agent/reader.h"
#include "agent/standing.h"
#include "agent/traits.h"

enum access standing_access(const struct device *device)
{
        switch (device->answer) {
        case ASSESS_REFUSED:
                break;
        case ASSESS_READ_ONLY:
                return ACCESS_READ_ONLY;
        case ASSESS_ENCRYPTED:
                return ACCESS_ENCRYPTED;
        case ASSESS_ALLOWED:
                return ACCESS_ALLOW;
        case ASSESS_NEED_STRINGS:
        case ASSESS_NEED_LUNS:
                if (traits_opens(device))
                        return traits_most(device) == ASSESS_ALLOWED     ? ACCESS_ALLOW
                               : traits_most(device) == ASSESS_ENCRYPTED ? ACCESS_ENCRYPTED
                                                                         : ACCESS_READ_ONLY;
                break;
        }
        return ACCESS_BLOCK;
}

/* The rules leave it to what is on the disk, and that has been found to be encrypted. */
static bool is_found_encrypted(const struct decide *decide, const struct device *device)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens && device->luns[i].answer == ASSESS_ENCRYPTED &&
                    decide_lun_is_open(decide, &device->luns[i]))
                        return true;
        return false;
}

bool standing_is_decided(const struct decide *decide, const struct device *device, enum access *ret)
{
        bool opens;

        *ret = standing_access(device);
        opens = *ret != ACCESS_BLOCK;
        if (device->bus != DEVICE_USB && !traits_has_openable(device))
                return false;
        if (*ret == ACCESS_ENCRYPTED && !decide->open)
                return is_found_encrypted(decide, device);
        if (!opens && !decide->open && reader_is_watched(device))
                return reader_has_card(device) && (device->answer == ASSESS_REFUSED || device->settled);
        if (!opens && decide->open && reader_is_empty(device))
                return false;
        if (device->patience_usec != 0 && !opens)
                return false;
        /* What kind of phone it is its interfaces say. */
        if (traits_is_only_phone(device) && !traits_has_phone_interface(device) && !traits_is_refused(device))
                return false;
        /* A composite device is announced before its interfaces, and there is nothing to refuse yet. */
        if (device->bus == DEVICE_USB && !opens && !decide->open && !traits_is_refused(device))
                return false;
        return opens || device->answer == ASSESS_REFUSED || device->settled;
}

static void note_outcome(const struct target *target, bool *under_way, bool *busy, bool *failed)
{
        switch (target->outcome) {
        case OUTCOME_UNDER_WAY:
                *under_way = true;
                break;
        case OUTCOME_BUSY:
                *busy = true;
                break;
        case OUTCOME_FAILED:
                *failed = true;
                break;
        case OUTCOME_NONE:
        case OUTCOME_DONE:
                break;
        }
}

enum device_state standing_state(const struct decide *decide, const struct device *device)
{
        bool under_way = false, busy = false, failed = false;
        enum access access;

        if (device->exempt)
                return DEVICE_EXEMPT;
        if (decide->open)
                return DEVICE_GATE_OPEN;
        note_outcome(&device->target, &under_way, &busy, &failed);
        for (size_t i = 0; i < device->n_interfaces; i++)
                note_outcome(&device->interfaces[i].target, &under_way, &busy, &failed);
        /* What is open and is only looked at once more stays what it is. */
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].target.wish != VERB_ENCRYPTED || !decide_lun_is_open(decide, &device->luns[i]))
                        note_outcome(&device->luns[i].target, &under_way, &busy, &failed);
        if (failed)
                return DEVICE_FAILED;
        if (busy)
                return DEVICE_BUSY;
        if (under_way)
                return DEVICE_PENDING;
        /* Not our doing: it would be let in, or looked at. */
        if (device->bus == DEVICE_USB && device->answer != ASSESS_REFUSED && !device->settled &&
            traits_is_off(&device->target))
                return DEVICE_HELD;
        if (standing_access(device) == ACCESS_BLOCK && reader_is_watched(device) && !reader_has_card(device))
                return DEVICE_HELD;
        /* Its storage is in a configuration that is not the active one. */
        if (device->bus == DEVICE_USB && device->config != 0 && device->n_interfaces == 0 &&
            !traits_is_refused(device) && !traits_is_only_storage(device))
                return DEVICE_HELD;
        /* Without a configuration: usbmuxd's rules take an iPhone's away. Nothing is under way. */
        if (traits_is_only_phone(device) && !traits_has_phone_interface(device) && !traits_is_refused(device))
                return DEVICE_HELD;
        if (standing_is_decided(decide, device, &access)) {
                if (access == ACCESS_BLOCK)
                        return DEVICE_REFUSED;
                if (device->n_luns > 0 && !traits_has_openable(device))
                        return DEVICE_HELD;
                return access == ACCESS_READ_ONLY ? DEVICE_READ_ONLY : DEVICE_ALLOWED;
        }
        /* Looked at, and neither open nor refused: there is nothing in it. */
        if (access == ACCESS_ENCRYPTED && traits_lun_is(device, ASSESS_ENCRYPTED))
                return DEVICE_HELD;
        return device->n_luns > 0 && !traits_has_openable(device) ? DEVICE_HELD : DEVICE_PENDING;
}
