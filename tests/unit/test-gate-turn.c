/* links: gate/turn.c gate/device.c gate/bus.c tests/unit/fake-machine.c tests/unit/fake-devices.c common/sysfs.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two gates at work on one stick wait for each other, however they came to be; two on two sticks do not. */

#include "tests/unit/fake-machine.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "gate/turn.h"

#define WAITING_MSEC 300 /* who has not gone on by then waits */

/* A gate at work: a process that has its turn for that device until it is killed. */
struct gate {
        pid_t pid;
        int had; /* readable when it had its turn, or failed */
};

static struct gate at_work(struct machine *m, const char *name)
{
        struct gate gate;
        int had[2];

        assert_int_equal(pipe2(had, O_CLOEXEC), 0);
        gate = (struct gate){ .pid = fork(), .had = had[0] };
        if (gate.pid == 0) {
                struct device device = machine_open(m, name);
                char byte = turn_wait(&m->roots, &device) == 0 ? 'y' : 'n';

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (write(had[1], &byte, 1) == 1)
                        pause();
                _exit(0);
        }
        close(had[1]);
        return gate;
}

/* Has it its turn within so many milliseconds? */
static bool has_turn(struct gate *gate, int msec)
{
        char byte = 'n';

        fcntl(gate->had, F_SETFL, O_NONBLOCK);
        for (int waited = 0; read(gate->had, &byte, 1) != 1 && waited < msec; waited += 10)
                nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        return byte == 'y';
}

static void ends(struct gate *gate)
{
        kill(gate->pid, SIGKILL);
        close(gate->had);
        assert_int_equal(waitpid(gate->pid, NULL, 0), gate->pid);
}

/* Both names are of what is in one hand (waits), or not. */
static void pair(struct machine *m, const char *first, const char *second, bool waits)
{
        struct gate one = at_work(m, first), two;

        assert_true(has_turn(&one, 5000));
        two = at_work(m, second);
        if (has_turn(&two, waits ? WAITING_MSEC : 5000) == waits)
                fail_msg("%s after %s: %s", second, first, waits ? "did not wait" : "waits");
        ends(&one);
        if (waits)
                assert_true(has_turn(&two, 5000));
        ends(&two);
}

static void one_stick_one_deed(void **state)
{
        struct machine *m = *state;

        machine_file(m, "", "run/.keep");
        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        machine_stick(m, "1-3", 6, 4, "sdc", 802, 3, true);
        machine_card(m, "mmc0:4567", "SD", "mmcblk0", 803, 4, false);
        pair(m, "1-2", "1-2", true);
        pair(m, "3:0:0:0", "1-2:1.0", true);
        pair(m, "1-2", "3:0:0:0", true);
        pair(m, "mmc0:4567", "mmc0:4567", true);
        pair(m, "1-2", "1-3", false);
        pair(m, "3:0:0:0", "4:0:0:0", false);
        pair(m, "1-2", "mmc0:4567", false);
        assert_int_equal(machine_has(m, "run/" TURN_FILE), true);
}

static void without_its_directory_it_says_so(void **state)
{
        struct machine *m = *state;
        struct device device;

        machine_stick(m, "1-2", 5, 3, "sdb", 801, 2, true);
        device = machine_open(m, "1-2");
        m->roots.run = "/nonexistent";
        assert_int_equal(turn_wait(&m->roots, &device), -ENOENT);
        device_close(&device);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                machine_test(one_stick_one_deed),
                machine_test(without_its_directory_it_says_so),
        };

        return cmocka_run_group_tests_name("gate turn", tests, NULL, NULL);
}
