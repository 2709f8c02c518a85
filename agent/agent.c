/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Wires the parts: events to the inventory, its wishes to the gatekeeper, their ends back to the inventory; and the
 * few things that concern all of them, such as looking at everything anew. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent/parts.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/sysfs.h"

/* Looking at everything takes some milliseconds; a storm of events must not make us do nothing else. */
#define PAGES_A_MIB        256U /* of the spool */
#define RECONCILE_GAP_USEC 250000ULL
/* A module announces itself before its init has made the bus. */
#define MODULE_SETTLE_USEC 250000ULL
/* Behind by less: time zones and a summer's drift. */
#define CLOCK_BEHIND_SEC 86400ULL

DEFINE_CLEANUP(cleanup_agent, struct agent *, agent_free)

/* ---- the inventory's wishes ---- */

static int act(void *userdata, const struct device *device, const struct target *target, enum verb verb)
{
        struct agent *agent = userdata;
        int r = gatekeeper_wish(agent->gatekeeper, &(struct gatekeeper_wish){ .device = device->target.id,
                                                                              .target = target->id,
                                                                              .verb = verb,
                                                                              .dirfd = target->dirfd,
                                                                              .name = target->name });

        if (r < 0)
                record_note(LOG_ERR, "lekdicht-gate %s %s cannot be run: %s", gatekeeper_verb_name(verb), target->name,
                            strerror(-r));
        return r;
}

static void drop(void *userdata, const struct device *device, const struct target *target)
{
        struct agent *agent = userdata;

        gatekeeper_drop(agent->gatekeeper, device->target.id, target->id);
}

static void read_strings(void *userdata, const struct device *device)
{
        struct agent *agent = userdata;
        int r = strings_read(agent->strings, device->target.id, device->target.dirfd);

        if (r < 0)
                record_note(LOG_WARNING, "%s: its names cannot be read: %s", device->target.name, strerror(-r));
}

static void verdict(void *userdata, const struct device *device, bool open)
{
        struct agent *agent = userdata;

        if (!open && device->verdict.by_rule == ACCESS_BLOCK && !device->found)
                agent->n_refused++;
        plugs_verdict(agent->plugs, device, open);
}

static void state(void *userdata, const struct device *device)
{
        struct agent *agent = userdata;

        plugs_state(agent->plugs, device);
        leases_state(agent->leases);
}

static enum lease_match lease(void *userdata, const struct device *device, enum storage_kind kind, struct verdict *ret)
{
        struct agent *agent = userdata;

        return leases_verdict(agent->leases, device, kind, ret);
}

static void removed(void *userdata, const struct device *device)
{
        struct agent *agent = userdata;

        plugs_removed(agent->plugs, device);
}

static int watch_medium(void *userdata, const struct target *target, bool on)
{
        struct agent *agent = userdata;

        if (on)
                return media_watch(agent->media, target->id, target->dirfd);
        media_forget(agent->media, target->id);
        return 0;
}

static void on_medium(void *userdata, uint64_t target, enum medium medium)
{
        struct agent *agent = userdata;

        inventory_medium(agent->inventory, target, medium);
}

static void empty(void *userdata, const struct device *device)
{
        (void) userdata;
        record_empty(device);
}

static void switched(void *userdata, const struct device *device, uint16_t vendor, uint16_t product)
{
        (void) userdata;
        record_switched(device, vendor, product);
}

static void drift(void *userdata, const struct device *device, const struct target *target)
{
        (void) userdata;
        record_device_drift(device, target);
}

static unsigned day(void *userdata)
{
        struct agent *agent = userdata;

        return today_day(agent->today);
}

static struct user_facts user_facts(void *userdata)
{
        struct agent *agent = userdata;

        return users_facts(agent->users);
}

/* ---- what comes back ---- */

static void set_settle_timer(struct agent *agent);

static int on_settle(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        set_settle_timer(userdata);
        return 0;
}

static void set_settle_timer(struct agent *agent)
{
        uint64_t next = inventory_settle(agent->inventory, clock_usec(CLOCK_MONOTONIC));

        agent->settle = sd_event_source_disable_unref(agent->settle);
        if (next != INVENTORY_NEVER)
                (void) sd_event_add_time(agent->loop, &agent->settle, CLOCK_MONOTONIC, next, 0, on_settle, agent);
}

static void on_result(void *userdata, const struct gatekeeper_result *result)
{
        struct agent *agent = userdata;

        /* Told when it happens first and when it is given up, not each time between. */
        if ((result->deed == DEED_FAILED || result->deed == DEED_BUSY) && (result->attempt == 1 || !result->retry))
                record_gate_trouble(result->name, result->verb, result->status, result->output, result->retry);
        if (result->device != GATEKEEPER_GLOBAL) {
                inventory_result(agent->inventory, result->device, result->target, result->verb, result->deed,
                                 result->retry, result->output);
                return;
        }
        gatewatch_result(agent->gatewatch, result);
        if (agent->bus)
                bus_gate_result(agent->bus, result);
}

static void on_slow(void *userdata, const char *name, enum verb verb)
{
        (void) userdata;
        record_gate_slow(name, verb);
}

static void on_strings(void *userdata, uint64_t device, const char *text, const char *serial)
{
        struct agent *agent = userdata;

        inventory_strings(agent->inventory, device, text, serial);
        plugs_named(agent->plugs, device, inventory_find_id(agent->inventory, device), text);
}

/* ---- the spool ---- */

static void on_recorded(void *userdata, uint64_t ticket)
{
        struct agent *agent = userdata;

        if (agent->plugs)
                plugs_recorded(agent->plugs, ticket);
        if (agent->bus)
                bus_recorded(agent->bus);
}

static void on_dropped(void *userdata, uint64_t count, uint64_t first, uint64_t last)
{
        (void) userdata;
        record_spool_dropped(count, first, last);
}

static void on_cloned(void *userdata)
{
        (void) userdata;
        record_identity_cloned();
}

static void on_health(void *userdata, int error)
{
        struct agent *agent = userdata;

        if (error == -EUCLEAN)
                record_note(LOG_ERR, "the spool was damaged; it is set aside and a new one is begun");
        else if (error < 0)
                record_note(LOG_ERR, "events cannot be recorded and wait in memory: %s", strerror(-error));
        else
                record_note(LOG_NOTICE, "events can be recorded again");
        if (agent->plugs)
                plugs_look(agent->plugs);
}

static void on_notice(void *userdata, const struct plug_notice *notice)
{
        struct agent *agent = userdata;
        unsigned today;

        /* A phone is plugged in to be charged, many times a day: once is enough to know. */
        if (storage_kind_is_phone(notice->kind) && notice->news == PLUG_REFUSED) {
                today = today_day(agent->today);
                if (agent->phone_told == today)
                        return;
                agent->phone_told = today;
        }
        if (agent->bus)
                bus_notice(agent->bus, notice);
}

/* ---- the gate ---- */

static void read_exempts(struct agent *agent)
{
        struct exempts *exempts;

        if (inventory_read_exempts(agent->inventory) < 0)
                return;
        exempts = inventory_exempts(agent->inventory);
        for (size_t i = 0; i < exempts->n; i++) {
                if (!exempts->items[i].told)
                        record_gate_exempt(exempts->items[i].name, exempts->items[i].carries);
                exempts->items[i].told = true;
        }
}

static void on_exempts_changed(void *userdata)
{
        struct agent *agent = userdata;

        read_exempts(agent);
        inventory_judge_all(agent->inventory);
}

static void on_gate_changed(void *userdata, bool open)
{
        struct agent *agent = userdata;

        inventory_set_open(agent->inventory, open);
        read_exempts(agent);
        inventory_judge_all(agent->inventory);
}

/* ---- days and users ---- */

/* What was open under a rule that is over is closed as after a new policy. */
static void on_day(void *userdata, unsigned today)
{
        struct agent *agent = userdata;

        inventory_judge_due(agent->inventory, today);
        set_settle_timer(agent);
}

/* Likewise what was open for someone who is not there any more. */
static void on_users(void *userdata)
{
        struct agent *agent = userdata;

        inventory_judge_users(agent->inventory);
        set_settle_timer(agent);
}

static bool on_client(void *userdata, const struct client_seen *seen)
{
        struct agent *agent = userdata;

        return agent->bus && bus_client_notice(agent->bus, seen);
}

static void on_rule_missed(void *userdata, const char *words)
{
        (void) userdata;
        record_rule_missed(words);
}

static void watch_days(struct agent *agent)
{
        const struct policy *policy = agent->store.policy;
        bool matter = false;

        for (size_t i = 0; i < policy->n_devices && !matter; i++)
                matter = policy->devices[i].end.until != 0;
        for (int kind = 0; kind < _STORAGE_KIND_MAX && !matter; kind++)
                matter = policy->storage_end[kind].until != 0;
        matter |= leases_kept(agent->leases);
        today_watch(agent->today, matter);
        if (matter && today_behind(agent->today) > CLOCK_BEHIND_SEC)
                record_note(LOG_WARNING,
                            "the clock is %llu days behind the latest time that was seen, and rules with an end go by "
                            "that; if that time was wrong, stop lekdichtd and take %s away",
                            (unsigned long long) today_behind(agent->today) / 86400ULL,
                            agent->config->paths.clock ?: "its file");
}

/* Nothing is judged by it yet. */
static void use_policy(struct agent *agent)
{
        inventory_set_policy(agent->inventory, agent->store.policy);
        users_set_policy(agent->users, agent->store.policy);
        clientwatch_set_policy(agent->clientwatch, agent->store.policy);
        if (agent->bus)
                bus_reconsider_clients(agent->bus);
        watch_days(agent);
        spool_limit(agent->spool, agent->store.policy->spool_mib ? agent->store.policy->spool_mib * PAGES_A_MIB
                                                                 : agent->config->spool_pages);
        gatewatch_set_audit(agent->gatewatch, agent->store.policy->mode == POLICY_AUDIT);
}

/* ---- grants for a while ---- */

static void on_lease(void *userdata, struct device *device)
{
        struct agent *agent = userdata;

        inventory_judge(agent->inventory, device);
        set_settle_timer(agent);
}

static void on_cut(void *userdata, struct device *device)
{
        struct agent *agent = userdata;

        inventory_cut(agent->inventory, device);
}

static void on_leases(void *userdata)
{
        watch_days(userdata);
}

/* ---- looking at everything ---- */

static void reconcile_now(struct agent *agent)
{
        int r;

        agent->reconciled_usec = clock_usec(CLOCK_MONOTONIC);
        inventory_prune(agent->inventory);
        read_exempts(agent);
        gatewatch_check(agent->gatewatch);
        if (agent->rulewatch)
                rulewatch_check(agent->rulewatch);
        r = watch_enumerate(agent->watch);
        if (r < 0)
                record_note(LOG_ERR, "the devices in %s cannot be listed: %s", agent->config->paths.sys, strerror(-r));
        set_settle_timer(agent);
}

static int on_reconcile(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct agent *agent = userdata;

        (void) source;
        (void) usec;
        agent->reconcile = sd_event_source_disable_unref(agent->reconcile);
        reconcile_now(agent);
        return 0;
}

static void reconcile_at(struct agent *agent, uint64_t usec)
{
        if (agent->reconcile)
                return;
        if (sd_event_add_time(agent->loop, &agent->reconcile, CLOCK_MONOTONIC, usec, 1, on_reconcile, agent) < 0)
                reconcile_now(agent);
}

void agent_reconcile(struct agent *agent)
{
        if (agent->reconciled_usec + RECONCILE_GAP_USEC <= clock_usec(CLOCK_MONOTONIC))
                reconcile_now(agent);
        else
                reconcile_at(agent, agent->reconciled_usec + RECONCILE_GAP_USEC);
}

int agent_reload(struct agent *agent)
{
        int r = policystore_reload(&agent->store);

        if (r <= 0)
                return r;
        use_policy(agent);
        record_policy_applied(policy_source_name(agent->store.source), agent->store.policy->version,
                              agent->store.policy->mode == POLICY_AUDIT);
        gatewatch_check(agent->gatewatch);
        inventory_judge_all(agent->inventory);
        set_settle_timer(agent);
        return r;
}

/* A module or bus that the gate rests on: after a reload it may be open again, and a bus that is gone is no closed
 * one. */
static bool is_of_the_gate(const char *name)
{
        static const char *const names[] = { "scsi_mod", "sd_mod",   "sr_mod",      "mmc_core", "mmc_block",
                                             "memstick", "ms_block", "mspro_block", "scsi",     "mmc" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return false;
}

static void on_event(void *userdata, const struct watch_event *event)
{
        struct agent *agent = userdata;

        if (!event) {
                record_note(LOG_WARNING, "events of the kernel were lost; looking at all devices");
                agent_reconcile(agent);
                return;
        }
        if (strcmp(event->subsystem, "module") == 0 || strcmp(event->subsystem, "bus") == 0) {
                bool is_bus = strcmp(event->subsystem, "bus") == 0;

                if ((event->action == WATCH_ADD || (is_bus && event->action == WATCH_REMOVE)) &&
                    is_of_the_gate(sysfs_name(event->devpath)))
                        reconcile_at(agent, clock_usec(CLOCK_MONOTONIC) + MODULE_SETTLE_USEC);
                return;
        }
        inventory_event(agent->inventory, event);
        if (event->action == WATCH_REMOVE)
                leases_state(agent->leases);
        if (event->action != WATCH_PRESENT &&
            (strcmp(event->subsystem, "scsi") == 0 || strcmp(event->subsystem, "usb") == 0))
                set_settle_timer(agent);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        struct agent *agent = userdata;

        (void) source;
        if (info->ssi_signo == SIGHUP) {
                sd_notify(0, "RELOADING=1");
                (void) agent_reload(agent);
                agent_reconcile(agent);
                sd_notify(0, "READY=1");
                return 0;
        }
        sd_notify(0, "STOPPING=1");
        record_stopped();
        return sd_event_exit(agent->loop, 0);
}

/* ---- beginning and end ---- */

/* A lock of the process and not of the open file: the children that read strings must not inherit it. */
static int take_lock(const char *path)
{
        CLEANUP(cleanup_close) int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        if (fd < 0)
                return -errno;
        if (fcntl(fd, F_SETLK, &lock) < 0)
                return errno == EAGAIN || errno == EACCES ? -EALREADY : -errno;
        return steal_fd(&fd);
}

int agent_new(sd_event *loop, const struct agent_config *config, struct agent **ret)
{
        static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
        CLEANUP(cleanup_agent) struct agent *agent = calloc(1, sizeof(*agent));
        const struct agent_paths *paths = &config->paths;
        int r;

        if (!agent)
                return -ENOMEM;
        agent->config = config;
        agent->loop = sd_event_ref(loop);
        agent->since_usec = clock_usec(CLOCK_REALTIME);
        agent->decide_ops = (struct decide_ops){
                .act = act,
                .drop = drop,
                .read_strings = read_strings,
                .verdict = verdict,
                .drift = drift,
                .state = state,
                .removed = removed,
                .watch = watch_medium,
                .empty = empty,
                .switched = switched,
                .lease = lease,
                .today = day,
                .users = user_facts,
                .userdata = agent,
        };
        record_init(config->sink);
        agent->lock = r = take_lock(paths->lock);
        if (r >= 0)
                r = spool_new(loop, paths->spool, paths->machine, config->spool_pages,
                              &(struct spool_ops){ .recorded = on_recorded,
                                                   .dropped = on_dropped,
                                                   .cloned = on_cloned,
                                                   .health = on_health,
                                                   .userdata = agent },
                              &agent->spool);
        if (r >= 0)
                r = plugs_new(loop, agent->spool, on_notice, agent, &agent->plugs);
        if (r >= 0)
                record_to(agent->spool, config->simulated);
        if (r >= 0)
                r = today_new(loop, paths->clock, config->clock, on_day, agent, &agent->today);
        if (r >= 0)
                r = users_new(loop, paths->members, config->sessions, on_users, agent, &agent->users);
        if (r >= 0)
                r = clientwatch_new(agent->today, on_client, agent, &agent->clientwatch);
        if (r >= 0)
                r = gatekeeper_new(loop, paths->gate, on_result, on_slow, agent, &agent->gatekeeper);
        if (r >= 0 && paths->helper)
                r = gatekeeper_use_helper(agent->gatekeeper, paths->helper);
        if (r >= 0)
                r = strings_new(loop, on_strings, agent, &agent->strings);
        if (r >= 0)
                r = media_new(loop, config->medium, on_medium, agent, &agent->media);
        if (r >= 0)
                r = inventory_new(paths->sys, paths->run, &agent->decide_ops, &agent->inventory);
        if (r >= 0)
                r = leases_new(loop, paths->leases, paths->kept_leases, agent->today, agent->inventory,
                               &(struct leases_ops){ .judge = on_lease,
                                                     .cut = on_cut,
                                                     .notice = on_notice,
                                                     .changed = on_leases,
                                                     .userdata = agent },
                               &agent->leases);
        if (r >= 0)
                r = gatewatch_new(loop, paths->sys, paths->run, paths->etc, agent->gatekeeper,
                                  &(struct gatewatch_ops){ .changed = on_gate_changed,
                                                           .exempts_changed = on_exempts_changed,
                                                           .userdata = agent },
                                  &agent->gatewatch);
        if (r >= 0 && paths->rules)
                r = rulewatch_new(loop, paths->rules, paths->own_rules, on_rule_missed, agent, &agent->rulewatch);
        if (r >= 0)
                r = watch_new(loop, paths->sys, config->receive_buffer, on_event, agent, &agent->watch);
        for (size_t i = 0; r >= 0 && i < sizeof(signals) / sizeof(signals[0]); i++)
                r = sd_event_add_signal(loop, &agent->signals[i], signals[i], on_signal, agent);
        if (r < 0)
                return r;
        *ret = agent;
        agent = NULL;
        return 0;
}

struct agent *agent_free(struct agent *agent)
{
        if (!agent)
                return NULL;
        for (size_t i = 0; i < sizeof(agent->signals) / sizeof(agent->signals[0]); i++)
                sd_event_source_disable_unref(agent->signals[i]);
        sd_event_source_disable_unref(agent->reconcile);
        sd_event_source_disable_unref(agent->settle);
        agent->heartbeat = heartbeat_free(agent->heartbeat);
        agent->ready = ready_free(agent->ready);
        agent->bus = bus_free(agent->bus);
        watch_free(agent->watch);
        rulewatch_free(agent->rulewatch);
        gatewatch_free(agent->gatewatch);
        agent->leases = leases_free(agent->leases);
        inventory_free(agent->inventory);
        media_free(agent->media);
        strings_free(agent->strings);
        gatekeeper_free(agent->gatekeeper);
        agent->clientwatch = clientwatch_free(agent->clientwatch);
        agent->users = users_free(agent->users);
        agent->today = today_free(agent->today);
        agent->plugs = plugs_free(agent->plugs);
        record_to(NULL, false);
        spool_free(agent->spool);
        policystore_clear(&agent->store);
        if (agent->lock > 0)
                close(agent->lock);
        sd_event_unref(agent->loop);
        free(agent);
        return NULL;
}

int agent_start(struct agent *agent)
{
        const struct agent_paths *paths = &agent->config->paths;
        int r;

        record_started(LEKDICHT_VERSION);
        r = policystore_init(&agent->store, paths->policy, paths->last_good, agent->config->policy_flags);
        if (r < 0)
                return r;
        record_policy_applied(policy_source_name(agent->store.source), agent->store.policy->version,
                              agent->store.policy->mode == POLICY_AUDIT);
        leases_load(agent->leases);
        use_policy(agent);
        reconcile_now(agent);
        inventory_begin(agent->inventory);
        leases_start(agent->leases);
        /* Last: who asks is answered from what was found. */
        r = bus_new(agent, paths->bus, &agent->bus);
        if (r >= 0)
                r = heartbeat_new(agent->loop, agent->config->heartbeat_usec, agent->spool, agent->gatewatch,
                                  &agent->store, &agent->heartbeat);
        if (r < 0)
                return r;
        return ready_new(agent->loop, agent->inventory, agent->plugs, &agent->ready);
}
