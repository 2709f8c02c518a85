/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The latest time that was seen is the least that it can be now, and CLOCK_BOOTTIME says how much has passed since. Over a
 * restart it is kept in a file (keptfile.h).
 *
 * The timer is the kernel's own and not sd-event's: it ends early when the clock is set (TFD_TIMER_CANCEL_ON_SET,
 * timerfd_create(2)), and what it is about is looked at anew each time. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/keptfile.h"
#include "agent/today.h"
#include "common/clock.h"
#include "common/kept.h"

#define USEC       CLOCK_USEC_A_SEC
#define DAY_SEC    86400
#define RETRY_USEC (60 * USEC)   /* a midnight that the clocks' change leaves out */
#define LATEST_SEC 4102444800ULL /* 2100: no clock is right about that, and every exception would be over */

struct today {
        sd_event *loop;
        struct keptfile *file; /* NULL: the time is not kept */
        struct today_clock clock;
        today_callback callback;
        void *userdata;
        sd_event_source *source;
        int fd;
        bool watching;
        uint64_t seen_usec; /* the latest time, and when that was: */
        uint64_t seen_boot_usec;
        uint64_t kept_usec; /* what was last written */
};

static uint64_t kernels_usec(void *userdata, clockid_t clock)
{
        (void) userdata;
        return clock_usec(clock);
}

/* ---- the file ---- */

static void keep(struct today *today)
{
        char text[KEPT_TEXT_MAX];

        if (!today->file || today->seen_usec >= LATEST_SEC * USEC)
                return;
        kept_print(today->seen_usec / USEC, text);
        if (keptfile_write(today->file, text))
                today->kept_usec = today->seen_usec;
}

/* ---- the time ---- */

static uint64_t now_usec(struct today *today)
{
        uint64_t now = today->clock.usec(today->clock.userdata, CLOCK_REALTIME),
                 boot = today->clock.usec(today->clock.userdata, CLOCK_BOOTTIME),
                 least = today->seen_usec == 0 ? 0 : today->seen_usec + (boot - today->seen_boot_usec);

        today->seen_usec = now > least ? now : least;
        today->seen_boot_usec = boot;
        if (today->watching && today->seen_usec >= today->kept_usec + TODAY_KEEP_USEC)
                keep(today);
        return today->seen_usec;
}

static struct tm local_time(uint64_t usec)
{
        time_t seconds = (time_t) (usec / USEC);
        struct tm local;

        tzset(); /* /etc/localtime may be another one by now */
        localtime_r(&seconds, &local);
        return local;
}

unsigned today_day(struct today *today)
{
        struct tm day = local_time(now_usec(today));
        time_t start;

        day.tm_hour = day.tm_min = day.tm_sec = 0;
        start = timegm(&day);
        return start > 0 ? (unsigned) (start / DAY_SEC) : 0;
}

uint64_t today_usec(struct today *today)
{
        return now_usec(today);
}

uint64_t today_clock_usec(const struct today *today)
{
        return today->clock.usec(today->clock.userdata, CLOCK_REALTIME);
}

uint64_t today_boot_usec(const struct today *today)
{
        return today->clock.usec(today->clock.userdata, CLOCK_BOOTTIME);
}

uint64_t today_behind(struct today *today)
{
        uint64_t now = now_usec(today), clock = today->clock.usec(today->clock.userdata, CLOCK_REALTIME);

        return clock < now ? (now - clock) / USEC : 0;
}

/* ---- the timer ---- */

/* usec until the next day begins, or until the time is to be kept. */
static uint64_t until_wake(struct today *today)
{
        uint64_t now = now_usec(today), next;
        struct tm midnight = local_time(now);

        midnight.tm_mday++;
        midnight.tm_hour = midnight.tm_min = midnight.tm_sec = 0;
        midnight.tm_isdst = -1;
        next = (uint64_t) mktime(&midnight) * USEC;
        if (next <= now)
                return RETRY_USEC;
        return next - now < TODAY_WAKE_USEC ? next - now : TODAY_WAKE_USEC;
}

static void arm(struct today *today)
{
        struct itimerspec when = { 0 };
        uint64_t at;

        if (today->watching) {
                at = kernels_usec(NULL, CLOCK_REALTIME) + until_wake(today);
                when.it_value.tv_sec = (time_t) (at / USEC);
                when.it_value.tv_nsec = (long) (at % USEC) * 1000L;
        }
        /* The clock was set since the last read(): at once, then. */
        if (timerfd_settime(today->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) < 0 &&
            errno == ECANCELED && today->watching) {
                when.it_value = (struct timespec){ .tv_nsec = 1 };
                (void) timerfd_settime(today->fd, TFD_TIMER_ABSTIME, &when, NULL);
        }
}

/* It is due, or the clock was set (read() fails with ECANCELED). */
static int on_timer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct today *today = userdata;
        uint64_t count;

        (void) source;
        (void) revents;
        if (read(fd, &count, sizeof(count)) < 0 && errno != ECANCELED)
                return 0;
        if (!today->watching)
                return 0;
        today->callback(today->userdata, today_day(today));
        arm(today);
        return 0;
}

void today_watch(struct today *today, bool watch)
{
        today->watching = watch;
        arm(today);
}

int today_new(sd_event *loop, const char *path, const struct today_clock *clock, today_callback callback,
              void *userdata, struct today **ret)
{
        struct today *today = calloc(1, sizeof(*today));
        int r = today ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        today->loop = sd_event_ref(loop);
        today->clock = clock ? *clock : (struct today_clock){ .usec = kernels_usec };
        today->callback = callback;
        today->userdata = userdata;
        today->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (today->fd < 0)
                r = -errno;
        if (r >= 0 && path)
                r = keptfile_new(path, &today->file);
        if (r >= 0 && path) {
                uint64_t seconds = 0;

                (void) kept_read(path, LATEST_SEC - 1, &seconds);
                today->seen_usec = today->kept_usec = seconds * USEC;
                today->seen_boot_usec = today->clock.usec(today->clock.userdata, CLOCK_BOOTTIME);
        }
        if (r >= 0)
                r = sd_event_add_io(loop, &today->source, today->fd, EPOLLIN, on_timer, today);
        if (r < 0) {
                today->file = keptfile_free(today->file); /* nothing to keep */
                today_free(today);
                return r;
        }
        *ret = today;
        return 0;
}

struct today *today_free(struct today *today)
{
        if (!today)
                return NULL;
        sd_event_source_disable_unref(today->source);
        sd_event_unref(today->loop);
        if (today->fd >= 0)
                close(today->fd);
        if (today->file && keptfile_wait(today->file)) {
                (void) now_usec(today);
                keep(today);
        }
        keptfile_free(today->file);
        free(today);
        return NULL;
}
