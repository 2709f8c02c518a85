/* links: gate/say.c common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One line a deed. Mount points carry the label of the stick, and a label may hold anything: it must not be able to
 * write lines of its own, nor to the terminal. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate/say.h"

static char out[8192], err[8192];

static int redirect(int descriptor, int *file)
{
        char name[] = "/tmp/lekdicht-say-XXXXXX";
        int kept = dup(descriptor);

        *file = mkstemp(name);
        assert_true(kept >= 0 && *file >= 0);
        unlink(name);
        dup2(*file, descriptor);
        return kept;
}

/* Without fflush(): what is not written by then has come too late. */
static void restore(int descriptor, int kept, int file, char *text)
{
        ssize_t n = pread(file, text, sizeof out - 1, 0);

        dup2(kept, descriptor);
        close(kept);
        close(file);
        text[n < 0 ? 0 : n] = '\0';
}

static void listen(void (*speak)(const char *), const char *text)
{
        int out_file, err_file, out_kept, err_kept;

        fflush(NULL);
        out_kept = redirect(STDOUT_FILENO, &out_file);
        err_kept = redirect(STDERR_FILENO, &err_file);
        speak(text);
        restore(STDERR_FILENO, err_kept, err_file, err);
        restore(STDOUT_FILENO, out_kept, out_file, out);
}

static void say_two(const char *text)
{
        say("closed %s", text);
        say("two %d", 2);
}

static void complain_one(const char *text)
{
        complain("%s: %s", text, "gone");
}

static void say_one(const char *text)
{
        say("unmounted %s", text);
}

static void deeds_go_out_at_once(void **state)
{
        (void) state;
        listen(say_two, "scsi");
        assert_string_equal(out, "closed scsi\ntwo 2\n");
        assert_string_equal(err, "");
}

static void complaints_name_the_program(void **state)
{
        (void) state;
        listen(complain_one, "1-2");
        assert_string_equal(err, "lekdicht-gate: 1-2: gone\n");
        assert_string_equal(out, "");
}

static void a_label_writes_no_lines_of_its_own(void **state)
{
        const char *label = "/media/t/A\nopened 3:0:0:0\r\033[2J\x07\x7f caf\xc3\xa9";

        (void) state;
        listen(say_one, label);
        assert_string_equal(out, "unmounted /media/t/A?opened 3:0:0:0??[2J?? caf\xc3\xa9\n");
        listen(complain_one, label);
        assert_string_equal(err, "lekdicht-gate: /media/t/A?opened 3:0:0:0??[2J?? caf\xc3\xa9: gone\n");
}

static void a_long_line_stays_one_line(void **state)
{
        char label[6000];

        (void) state;
        memset(label, 'x', sizeof label - 1);
        label[sizeof label - 1] = '\0';
        listen(say_one, label);
        assert_memory_equal(out, "unmounted xxx", strlen("unmounted xxx"));
        assert_true(strlen(out) > 4096); /* the longest mount point is whole */
        assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(deeds_go_out_at_once),
                cmocka_unit_test(complaints_name_the_program),
                cmocka_unit_test(a_label_writes_no_lines_of_its_own),
                cmocka_unit_test(a_long_line_stays_one_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
