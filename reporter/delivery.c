/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Nothing is kept on disk: what was not acknowledged is asked for again, and the collector knows each record by its
 * uid. So the program may be killed at any moment.
 *
 * A refused or too large request is halved until it goes through or one record stands alone; after each success the
 * requests double again. All of it stays in the order of seq, because an acknowledgement speaks for all before it. */

#include "reporter/delivery.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"

#define USEC_PER_SEC UINT64_C(1000000)

__attribute__((format(printf, 3, 4))) static void say(struct delivery *delivery, int priority, const char *format, ...)
{
        char text[DELIVERY_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        delivery->parts.say(delivery->parts.userdata, priority, text);
}

/* Say what stands in the way, once as long as it stays the same. */
__attribute__((format(printf, 3, 4))) static void tell_trouble(struct delivery *delivery, int priority,
                                                               const char *format, ...)
{
        char text[DELIVERY_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (strcmp(text, delivery->told) == 0)
                return;
        strcpy(delivery->told, text);
        say(delivery, priority, "%s", text);
}

static void tell_well(struct delivery *delivery, const char *text)
{
        if (delivery->told[0] == '\0')
                return;
        delivery->told[0] = '\0';
        say(delivery, LOG_INFO, "%s", text);
}

static int wait_for(struct delivery *delivery, uint64_t usec, bool wake)
{
        return delivery->parts.wait(delivery->parts.userdata, usec, wake);
}

/* ---- the agent's side -------------------------------------------------------------------------------------------- */

/* The agent or its bus is away, or talks nonsense. */
static int wait_for_agent(struct delivery *delivery, const char *what, int error)
{
        uint64_t usec = backoff_next(&delivery->local, &delivery->clock);
        int r;

        tell_trouble(delivery, LOG_WARNING, "the agent cannot be %s: %s", what, strerror(-error));
        batch_clear(&delivery->batch);
        delivery->parts.rest(delivery->parts.userdata);
        r = wait_for(delivery, usec < DELIVERY_LOCAL_MAX_USEC ? usec : DELIVERY_LOCAL_MAX_USEC, true);
        if (r == 1) /* woken: it came back, but may not be well yet */
                r = wait_for(delivery, DELIVERY_CALM_USEC, false);

        return r < 0 ? r : 0;
}

/* Nothing to bring: sleep until there is. Whoever wakes us again and again for nothing is slowed down. */
static int wait_for_records(struct delivery *delivery)
{
        int r = 0;

        delivery->limit = delivery->ceiling = BATCH_RECORDS_MAX;
        delivery->parts.rest(delivery->parts.userdata);
        if (delivery->idle++ > 0)
                r = wait_for(delivery, DELIVERY_CALM_USEC, false);
        if (r >= 0)
                r = wait_for(delivery, DELIVERY_IDLE_USEC, true);
        if (r == 0) /* woken by nobody */
                delivery->idle = 0;

        return r < 0 ? r : 0;
}

static int fetch(struct delivery *delivery)
{
        int r;

        batch_clear(&delivery->batch);
        r = delivery->parts.fetch(delivery->parts.userdata, &delivery->batch);
        if (r < 0)
                return wait_for_agent(delivery, "asked", r);
        if (delivery->local.failures > 0)
                tell_well(delivery, "the agent answers again");
        backoff_reset(&delivery->local);
        if (batch_left(&delivery->batch) == 0)
                return wait_for_records(delivery);
        delivery->idle = 0;

        return 0;
}

/* The next n records are done with, if the agent has heard it (r). If not, they come again. */
static int done_with(struct delivery *delivery, size_t n, int r)
{
        if (r < 0)
                return wait_for_agent(delivery, "told what became of its records", r);
        backoff_reset(&delivery->local);
        batch_drop(&delivery->batch, n);
        delivery->tries = 0;

        return 0;
}

static int acknowledge(struct delivery *delivery, size_t n)
{
        const struct batch *batch = &delivery->batch;
        uint64_t seq = batch->records[batch->first + n - 1].seq;

        return done_with(delivery, n, delivery->parts.acknowledge(delivery->parts.userdata, seq));
}

/* ---- the collector's side ---------------------------------------------------------------------------------------- */

static int wait_for_collector(struct delivery *delivery, const struct answer *answer)
{
        uint64_t usec = backoff_next(&delivery->network, &delivery->clock) + answer->retry_after * USEC_PER_SEC;

        tell_trouble(delivery, LOG_WARNING, "records are kept and sent later: %s", answer->text);
        delivery->parts.rest(delivery->parts.userdata);
        return wait_for(delivery, usec, false);
}

static int wait_for_person(struct delivery *delivery, const struct answer *answer)
{
        uint64_t usec = backoff_draw(DELIVERY_HOLD_USEC / 2, DELIVERY_HOLD_USEC, &delivery->clock);

        tell_trouble(delivery, LOG_ERR, "records are kept until the enrolment or the collector is put right: %s",
                     answer->text);
        delivery->parts.rest(delivery->parts.userdata);
        return wait_for(delivery, usec, false);
}

/* Bring the next n records, or none. */
static void post(struct delivery *delivery, size_t n, struct answer *ret)
{
        CLEANUP(cleanup_free) char *text = NULL;
        size_t size;

        if (batch_write(&delivery->batch, n, &text, &size) < 0) {
                *ret = (struct answer){ .kind = ANSWER_RETRY, .text = "there is no memory" };
                return;
        }
        delivery->parts.post(delivery->parts.userdata, text, size, &delivery->reply);
        answer_judge(&delivery->reply, delivery->clock.wall(delivery->clock.userdata), ret);
}

static int accepted(struct delivery *delivery, size_t n, const struct answer *answer)
{
        if (answer->text[0] != '\0')
                say(delivery, answer->rejected > 0 ? LOG_ERR : LOG_NOTICE, "%s", answer->text);
        tell_well(delivery, "records are arriving again");
        backoff_reset(&delivery->network);
        delivery->limit = delivery->limit * 2 < delivery->ceiling ? delivery->limit * 2 : delivery->ceiling;

        return acknowledge(delivery, n);
}

static int set_aside(struct delivery *delivery, enum batch_fault fault, const char *why)
{
        const struct batch_record *record = batch_next(&delivery->batch);
        char uid[BATCH_UID_MAX];

        batch_uid(record, uid);
        say(delivery, LOG_ERR, "record %s (seq %llu) is set aside: %s", uid, (unsigned long long) record->seq, why);

        return done_with(delivery, 1, delivery->parts.set_aside(delivery->parts.userdata, record->seq, fault));
}

/* One record was refused that came alone. An empty request shows whether the collector takes anything from this laptop;
 * if it does, the record is tried once more, since the collector may have been put right just in between. */
static int refused_alone(struct delivery *delivery, struct answer *answer)
{
        if (++delivery->tries < DELIVERY_TRIES)
                return wait_for_collector(delivery, answer);

        post(delivery, 0, answer);
        if (answer->kind == ANSWER_ACCEPTED) {
                backoff_reset(&delivery->network);
                post(delivery, 1, answer);
                if (answer->kind == ANSWER_REFUSED)
                        return set_aside(delivery, BATCH_REJECTED, answer->text);
                if (answer->kind == ANSWER_TOO_LARGE)
                        return set_aside(delivery, BATCH_TOO_LARGE, answer->text);
        }

        switch (answer->kind) {
        case ANSWER_ACCEPTED:
                return accepted(delivery, 1, answer);
        case ANSWER_RETRY:
                return wait_for_collector(delivery, answer);
        case ANSWER_HOLD:
        case ANSWER_TOO_LARGE:
        case ANSWER_REFUSED:
                break;
        }

        return wait_for_person(delivery, answer);
}

static int refused(struct delivery *delivery, size_t n, struct answer *answer)
{
        if (answer->kind == ANSWER_TOO_LARGE && n > 1)
                delivery->ceiling = n / 2;
        if (n == 1)
                return refused_alone(delivery, answer);
        delivery->limit = n / 2;

        return 0;
}

static int send_next(struct delivery *delivery)
{
        size_t n = batch_ready(&delivery->batch, delivery->limit);
        struct answer answer;

        if (n == 0) {
                enum batch_fault fault = batch_next(&delivery->batch)->fault;

                return set_aside(delivery, fault,
                                 fault == BATCH_TOO_LARGE ? "it is too large" : "it is no record at all");
        }

        post(delivery, n, &answer);
        switch (answer.kind) {
        case ANSWER_ACCEPTED:
                return accepted(delivery, n, &answer);
        case ANSWER_RETRY:
                return wait_for_collector(delivery, &answer);
        case ANSWER_HOLD:
                return wait_for_person(delivery, &answer);
        case ANSWER_TOO_LARGE:
        case ANSWER_REFUSED:
                return refused(delivery, n, &answer);
        }

        return -EINVAL;
}

void delivery_init(struct delivery *delivery, const struct delivery_parts *parts, const struct clock *clock)
{
        memset(delivery, 0, sizeof(*delivery));
        delivery->parts = *parts;
        delivery->clock = *clock;
        delivery->limit = delivery->ceiling = BATCH_RECORDS_MAX;
}

int delivery_step(struct delivery *delivery)
{
        if (batch_left(&delivery->batch) == 0)
                return fetch(delivery);

        return send_next(delivery);
}

void delivery_clear(struct delivery *delivery)
{
        batch_clear(&delivery->batch);
}
