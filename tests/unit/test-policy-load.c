/* links: policy/load.c policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading a policy from a file: what is no plain file of root's is refused, and nothing makes us wait. */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/policy-helper.h"

static char directory[] = "/tmp/lekdicht-test-XXXXXX";
static char path[sizeof(directory) + 32], other[sizeof(directory) + 16];

static int set_up(void **state)
{
        (void) state;

        if (!directory[0] || !mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/policy.ini", directory);
        snprintf(other, sizeof(other), "%s/other", directory);

        return 0;
}

static int clean(void **state)
{
        (void) state;
        rmdir(path);
        unlink(path);
        unlink(other);

        return 0;
}

static int tear_down(void **state)
{
        (void) state;

        return rmdir(directory);
}

static void put(const char *where, const void *text, size_t size, mode_t mode)
{
        int fd = open(where, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), size);
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
}

#define assert_not_loaded(flags, wanted_error, wanted)                                                                 \
        do {                                                                                                           \
                struct policy_errors errors_;                                                                          \
                struct policy *policy_ = (struct policy *) &errors_;                                                   \
                memset(&errors_, 0xff, sizeof(errors_));                                                               \
                assert_int_equal(policy_load(path, flags, "0.1.0", &policy_, &errors_), wanted_error);                 \
                assert_ptr_equal(policy_, &errors_);                                                                   \
                assert_int_equal(errors_.n, 1);                                                                        \
                assert_int_equal(errors_.items[0].line, 0);                                                            \
                assert_string_equal(errors_.items[0].text, wanted);                                                    \
        } while (0)

static void plain_file(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        put(path, HEAD, strlen(HEAD), 0644);
        assert_int_equal(policy_load(path, 0, "0.1.0", &policy, &errors), 0);
        assert_int_equal(policy->version, 1);
        assert_int_equal(errors.n, 0);
        policy_free(policy);
}

static void faults_in_the_text_keep_their_line(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        put(path, HEAD "x = y\n", strlen(HEAD "x = y\n"), 0644);
        assert_int_equal(policy_load(path, 0, "0.1.0", &policy, &errors), -EINVAL);
        assert_null(policy);
        assert_int_equal(errors.items[0].line, 3);
}

static void missing(void **state)
{
        (void) state;

        assert_not_loaded(0, -ENOENT, "there is no such file");
}

static void symbolic_link(void **state)
{
        (void) state;

        put(other, HEAD, strlen(HEAD), 0644);
        assert_int_equal(symlink(other, path), 0);
        assert_not_loaded(0, -ELOOP, "it is a symbolic link; put the file itself there");
}

/* Nobody writes to it: open() would wait for ever. */
static void fifo(void **state)
{
        (void) state;

        assert_int_equal(mkfifo(path, 0644), 0);
        alarm(10);
        assert_not_loaded(0, -EINVAL, "it is not a regular file");
        alarm(0);
}

static void a_directory(void **state)
{
        (void) state;

        assert_int_equal(mkdir(path, 0755), 0);
        assert_not_loaded(0, -EISDIR, "it is a directory; the policy is a file");
}

static void writable_by_others(void **state)
{
        static const mode_t modes[] = { 0664, 0646, 0666, 0620 };
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        if (geteuid() != 0)
                skip();

        for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
                char wanted[128];

                put(path, HEAD, strlen(HEAD), modes[i]);
                snprintf(wanted, sizeof(wanted), "others than root may write to it (mode %04o); run: chmod go-w",
                         modes[i]);
                assert_not_loaded(POLICY_REQUIRE_ROOT_OWNED, -EPERM, wanted);
                /* anyone may check a file of their own */
                assert_int_equal(policy_load(path, 0, "0.1.0", &policy, &errors), 0);
                policy = policy_free(policy);
                unlink(path);
        }

        put(path, HEAD, strlen(HEAD), 0644);
        assert_int_equal(policy_load(path, POLICY_REQUIRE_ROOT_OWNED, "0.1.0", &policy, &errors), 0);
        policy_free(policy);
}

static void of_another_owner(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        char wanted[128];
        unsigned owner = geteuid() == 0 ? 65534 : geteuid();
        (void) state;

        put(path, HEAD, strlen(HEAD), 0644);
        if (geteuid() == 0)
                assert_int_equal(chown(path, owner, (gid_t) -1), 0);
        snprintf(wanted, sizeof(wanted), "it belongs to user %u, not to root; run: chown root", owner);
        assert_not_loaded(POLICY_REQUIRE_ROOT_OWNED, -EPERM, wanted);
        assert_int_equal(policy_load(path, 0, "0.1.0", &policy, &errors), 0);
        policy = policy_free(policy);

        assert_int_equal(chmod(path, 0666), 0);
        assert_int_equal(policy_load(path, POLICY_REQUIRE_ROOT_OWNED, "0.1.0", &policy, &errors), -EPERM);
        assert_int_equal(errors.n, 2);
}

static void unreadable(void **state)
{
        uid_t me = geteuid();
        (void) state;

        put(path, HEAD, strlen(HEAD), 0000);
        if (me == 0) {
                assert_int_equal(chmod(directory, 0755), 0);
                assert_int_equal(seteuid(65534), 0);
        }
        assert_not_loaded(0, -EACCES, "it may not be read by this user");
        if (me == 0)
                assert_int_equal(seteuid(me), 0);
}

static void size_has_a_bound(void **state)
{
        char *text = malloc(POLICY_FILE_MAX + 1);
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        assert_non_null(text);
        memset(text, '\n', POLICY_FILE_MAX + 1);
        memcpy(text, HEAD, strlen(HEAD));

        put(path, text, POLICY_FILE_MAX, 0644);
        assert_int_equal(policy_load(path, 0, "0.1.0", &policy, &errors), 0);
        policy_free(policy);
        unlink(path);
        put(path, text, POLICY_FILE_MAX + 1, 0644);
        assert_not_loaded(0, -EFBIG, "it has more than 1048576 bytes");
        free(text);
}

/* A path that is no path, and a read that fails after a good open. */
static void other_errors(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        (void) state;

        put(other, "", 0, 0644);
        snprintf(path, sizeof(path), "%s/x", other);
        assert_not_loaded(0, -ENOTDIR, "it cannot be opened: Not a directory");
        snprintf(path, sizeof(path), "%s/policy.ini", directory);

        /* regular, readable by its owner, and without a byte to give: page 0 is not mapped */
        assert_int_equal(policy_load("/proc/self/mem", 0, "0.1.0", &policy, &errors), -EIO);
        assert_string_equal(errors.items[0].text, "it cannot be read: Input/output error");
}

/* The file that is installed is accepted, would refuse everything and only looks on, and every example in it works when its
 * '#' is taken away. */
static void the_default_policy(void **state)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        char *text = calloc(1, 1U << 16);
        FILE *file = fopen("policy/policy.ini", "r");
        size_t size = 0;
        (void) state;

        assert_non_null(text);
        assert_non_null(file);
        assert_int_equal(policy_load("policy/policy.ini", 0, "0.1.0", &policy, &errors), 0);
        assert_int_equal(errors.n_warnings, 0);
        assert_int_equal(policy->mode, POLICY_AUDIT);
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                assert_int_equal(policy->storage[kind], ACCESS_BLOCK);
        assert_int_equal(policy->n_devices, 0);
        assert_int_equal(policy->n_places, 2);
        policy_free(policy);

        for (char line[256]; fgets(line, sizeof(line), file);) {
                const char *from = line[0] == '#' && line[1] != ' ' && line[1] != '\n' ? line + 1 : line;

                size += (size_t) snprintf(text + size, (1U << 16) - size, "%s", from);
        }
        fclose(file);
        policy = assert_accepted_bytes(text, size);
        assert_int_equal(policy->n_devices, 3);
        assert_int_equal(policy->n_groups, 2);
        assert_non_null(policy->school_name);
        assert_non_null(policy->min_agent);
        policy_free(policy);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(plain_file, clean),
                cmocka_unit_test_teardown(faults_in_the_text_keep_their_line, clean),
                cmocka_unit_test_teardown(missing, clean),
                cmocka_unit_test_teardown(symbolic_link, clean),
                cmocka_unit_test_teardown(fifo, clean),
                cmocka_unit_test_teardown(a_directory, clean),
                cmocka_unit_test_teardown(writable_by_others, clean),
                cmocka_unit_test_teardown(of_another_owner, clean),
                cmocka_unit_test_teardown(unreadable, clean),
                cmocka_unit_test_teardown(size_has_a_bound, clean),
                cmocka_unit_test_teardown(other_errors, clean),
                cmocka_unit_test_teardown(the_default_policy, clean),
        };

        return cmocka_run_group_tests_name("policy-load", tests, set_up, tear_down);
}
