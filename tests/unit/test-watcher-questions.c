/* links: watcher/questions.c watcher/homefile.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whatever a child meets in a home, nobody waits for it; and it is its user, with nothing besides. */

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "watcher/homefile.h"
#include "watcher/questions.h"

#define PERSON 5125U
#define GROUP  5126U

static char home[] = "/tmp/lekdicht-home.XXXXXX";
static sd_event *loop;
static struct questions *questions;

static int setup(void **state)
{
        (void) state;
        strcpy(strrchr(home, '.'), ".XXXXXX");
        if (!mkdtemp(home) || chown(home, PERSON, PERSON) < 0 || sd_event_new(&loop) < 0)
                return -1;
        return questions_new(loop, &questions);
}

static int teardown(void **state)
{
        char command[64];

        (void) state;
        questions = questions_free(questions);
        loop = sd_event_unref(loop);
        snprintf(command, sizeof(command), "rm -rf %s", home);
        return system(command);
}

/* ---- files ---- */

static const char *at(const char *name)
{
        static char path[128];

        snprintf(path, sizeof(path), "%s/%s", home, name);
        return path;
}

static void put(const char *name, size_t size, uid_t owner)
{
        int fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t) size), 0);
        assert_int_equal(fchown(fd, owner, owner), 0);
        close(fd);
}

static int reads(const char *path)
{
        char *text = NULL;
        size_t size = 0;
        int r = homefile_read(home, path, PERSON, &text, &size);

        if (r == 0)
                assert_int_equal(text[size], '\0');
        free(text);
        return r;
}

static void only_ordinary_files_of_the_user_are_read(void **state)
{
        (void) state;
        put("good", 100, PERSON);
        put("most", HOMEFILE_MAX, PERSON);
        put("huge", HOMEFILE_MAX + 1, PERSON);
        put("other", 100, PERSON + 1);
        assert_int_equal(mkfifo(at("fifo"), 0600), 0);
        assert_int_equal(chown(at("fifo"), PERSON, PERSON), 0);
        assert_int_equal(symlink("good", at("link")), 0);
        assert_int_equal(mkdir(at("folder"), 0755), 0);
        assert_int_equal(symlink("folder", at("way")), 0);
        put("folder/inner", 10, PERSON);
        assert_int_equal(reads(at("good")), 0);
        assert_int_equal(reads(at("most")), 0);
        assert_int_equal(reads(at("folder/inner")), 0);
        assert_int_equal(reads(at("huge")), -EFBIG);
        assert_int_equal(reads(at("other")), -EINVAL);
        assert_int_equal(reads(at("fifo")), -EINVAL);
        assert_int_equal(reads(at("folder")), -EINVAL);
        assert_int_equal(reads(at("link")), -ELOOP);
        assert_int_equal(reads(at("way/inner")), -ELOOP);
        assert_int_equal(reads(at("nothing")), -ENOENT);
        assert_int_equal(reads(at("../x")), -EXDEV);
        assert_int_equal(reads("/etc/passwd"), -EINVAL);
        assert_int_equal(homefile_read("", "/etc/passwd", 0, NULL, NULL), -EINVAL);
        assert_int_equal(homefile_read("relative", "relative/x", 0, NULL, NULL), -EINVAL);
}

/* ---- children ---- */

static unsigned answers, silences;
static char last[QUESTIONS_ANSWER_MAX];

static void on_answer(void *userdata, const char *text)
{
        (void) userdata;
        answers += !!text;
        silences += !text;
        snprintf(last, sizeof(last), "%s", text ?: "");
}

static void turn(unsigned wanted, unsigned seconds)
{
        for (unsigned i = 0; i < seconds * 100 && answers + silences < wanted; i++)
                assert_true(sd_event_run(loop, 10000) >= 0);
}

static void ask(uid_t uid, question_work work, const void *input)
{
        struct question *question;

        assert_int_equal(questions_ask(questions, uid, GROUP, work, input, -1, on_answer, NULL, &question), 0);
}

static void who_am_i(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        FILE *file = fopen("/proc/self/status", "re");
        char line[256];

        (void) input;
        (void) fd;
        while (file && fgets(line, sizeof(line), file))
                if (strncmp(line, "Uid:", 4) == 0 || strncmp(line, "Gid:", 4) == 0 ||
                    strncmp(line, "Groups:", 7) == 0 || strncmp(line, "Cap", 3) == 0 ||
                    strncmp(line, "NoNewPrivs:", 11) == 0)
                        strncat(out, line, QUESTIONS_ANSWER_MAX - strlen(out) - 1);
        if (prctl(PR_GET_DUMPABLE) != 0)
                strcat(out, "dumpable");
        for (int other = 1; other < 64; other++)
                if (fcntl(other, F_GETFD) >= 0 && (!file || fileno(file) != other))
                        strcat(out, "descriptors");
}

static void a_child_is_its_user_and_nothing_else(void **state)
{
        (void) state;
        answers = silences = 0;
        /* As for a parent that is no root: then the kernel takes nothing away with the change of user. */
        assert_int_equal(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP), 0);
        ask(PERSON, who_am_i, NULL);
        assert_int_equal(prctl(PR_SET_SECUREBITS, 0), 0);
        turn(1, 5);
        assert_int_equal(answers, 1);
        assert_non_null(strstr(last, "Uid:\t5125\t5125\t5125\t5125\n"));
        assert_non_null(strstr(last, "Gid:\t5126\t5126\t5126\t5126\n"));
        assert_non_null(strstr(last, "Groups:\t \n"));
        assert_non_null(strstr(last, "CapInh:\t0000000000000000\n"));
        assert_non_null(strstr(last, "CapPrm:\t0000000000000000\n"));
        assert_non_null(strstr(last, "CapEff:\t0000000000000000\n"));
        assert_non_null(strstr(last, "CapAmb:\t0000000000000000\n"));
        assert_non_null(strstr(last, "NoNewPrivs:\t1\n"));
        assert_null(strstr(last, "dumpable"));
        assert_null(strstr(last, "descriptors"));
}

static void read_it(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        (void) input;
        if (read(fd, out, QUESTIONS_ANSWER_MAX - 1) < 0 || fcntl(fd + 1, F_GETFD) >= 0)
                strcpy(out, "no");
}

static void a_child_may_be_given_a_descriptor(void **state)
{
        struct question *question;
        int ends[2];

        (void) state;
        answers = silences = 0;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(write(ends[1], "given", 5), 5);
        assert_int_equal(questions_ask(questions, PERSON, GROUP, read_it, NULL, ends[0], on_answer, NULL, &question),
                         0);
        turn(1, 5);
        assert_string_equal(last, "given");
        close(ends[0]);
        close(ends[1]);
}

static void sleep_for_ever(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        (void) input;
        (void) fd;
        (void) out;
        for (;;)
                pause();
}

/* As one that the kernel does not let go: it does not heed its own clock. */
static void hang(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        (void) signal(SIGALRM, SIG_IGN);
        sleep_for_ever(input, fd, out);
}

static void end_at_once(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        (void) input;
        (void) fd;
        (void) out;
        abort();
}

static void fill_up(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        memset(out, 'x', QUESTIONS_ANSWER_MAX - 1);
        (void) input;
        (void) fd;
}

static void quick(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        (void) fd;
        strcpy(out, input);
}

/* Nobody but this test has processes of that user. */
static void kill_all_of(uid_t uid)
{
        pid_t pid = fork();

        if (pid == 0)
                _exit(setresuid(uid, uid, uid) < 0 || kill(-1, SIGKILL) < 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void nobody_waits_for_a_child(void **state)
{
        struct question *question;

        (void) state;
        answers = silences = 0;
        ask(PERSON, sleep_for_ever, NULL);
        ask(PERSON, hang, NULL);
        ask(PERSON, end_at_once, NULL);
        /* Others are answered meanwhile. */
        ask(PERSON + 1, quick, "hello");
        turn(2, 1);
        assert_int_equal(answers, 1);
        turn(4, 6);
        assert_int_equal(answers, 1);
        assert_int_equal(silences, 3);
        /* What hangs keeps its place: at most so many do. */
        for (unsigned i = 1; i < QUESTIONS_USER_MAX; i++)
                ask(PERSON, hang, NULL);
        assert_int_equal(questions_ask(questions, PERSON, GROUP, quick, "x", -1, on_answer, NULL, &question), -EBUSY);
        ask(PERSON + 1, quick, "again");
        turn(5, 1);
        assert_string_equal(last, "again");
        kill_all_of(PERSON);
        turn(4 + QUESTIONS_USER_MAX, 5);
        ask(PERSON, quick, "room");
        turn(5 + QUESTIONS_USER_MAX, 5);
        assert_string_equal(last, "room");
}

static void an_answer_that_is_too_long_is_none(void **state)
{
        struct question *question;

        (void) state;
        answers = silences = 0;
        ask(PERSON, fill_up, NULL);
        turn(1, 5);
        assert_int_equal(silences, 1);
        /* And one that nobody wants any more calls nobody. */
        assert_int_equal(questions_ask(questions, PERSON, GROUP, quick, "x", -1, on_answer, NULL, &question), 0);
        questions_forget(question);
        turn(2, 1);
        assert_int_equal(answers, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(only_ordinary_files_of_the_user_are_read), TEST(a_child_is_its_user_and_nothing_else),
                TEST(a_child_may_be_given_a_descriptor),        TEST(nobody_waits_for_a_child),
                TEST(an_answer_that_is_too_long_is_none),
        };

        if (geteuid() != 0) {
                puts("1..0 # SKIP only root can be somebody else");
                return 0;
        }
        return cmocka_run_group_tests_name("watcher-questions", tests, NULL, NULL);
}
