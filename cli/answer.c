/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One owner for everything the agent told: the struct it was received into. */

#include <stdlib.h>
#include <string.h>

#include "cli/answer.h"

void answer_status_clear(struct answer_status *status)
{
        free(status->version);
        free(status->mode);
        free(status->gate);
        free(status->wish);
        free(status->policy_source);
        free(status->policy_error);
        free(status->clients);
        free(status->spool);
        for (size_t i = 0; i < status->n_buses; i++) {
                free(status->buses[i].name);
                free(status->buses[i].state);
        }
        free(status->buses);
        memset(status, 0, sizeof(*status));
}

void answer_device_clear(struct answer_device *device)
{
        free(device->id);
        free(device->kind);
        free(device->vendor);
        free(device->product);
        free(device->name);
        free(device->state);
        free(device->rule);
        free(device->reason);
        for (size_t i = 0; i < device->n_nodes; i++)
                free(device->nodes[i]);
        free(device->nodes);
        memset(device, 0, sizeof(*device));
}

void answer_devices_clear(struct answer_devices *devices)
{
        for (size_t i = 0; i < devices->n; i++)
                answer_device_clear(&devices->items[i]);
        free(devices->items);
        memset(devices, 0, sizeof(*devices));
}

void answer_clients_clear(struct answer_clients *clients)
{
        for (size_t i = 0; i < clients->n; i++) {
                struct answer_client *client = &clients->items[i];

                free(client->client);
                free(client->label);
                free(client->service);
                free(client->category);
                free(client->evidence);
                free(client->verdict);
                free(client->rule);
                free(client->reason);
                free(client->pids);
        }
        free(clients->items);
        memset(clients, 0, sizeof(*clients));
}

void answer_events_clear(struct answer_events *events)
{
        for (size_t i = 0; i < events->n; i++)
                free(events->items[i].record);
        free(events->items);
        memset(events, 0, sizeof(*events));
}
