/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of policy/ share. Asserts show the file and line of the test, so these are macros. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

#define HEAD "[policy]\nversion = 1\n" /* the least a policy needs: lines 1 and 2 */

/* Text of one to a few lines after HEAD is refused with exactly one error, of this line and this text. */
#define assert_refused(given, wanted_line, wanted) assert_refused_bytes(given, strlen(given), wanted_line, wanted)

#define assert_refused_bytes(given, size, wanted_line, wanted)                                                         \
        do {                                                                                                           \
                struct policy_errors errors_;                                                                          \
                struct policy *policy_ = (struct policy *) &errors_;                                                   \
                assert_int_equal(policy_parse(given, size, "0.1.0", &policy_, &errors_), -EINVAL);                     \
                assert_ptr_equal(policy_, &errors_);                                                                   \
                assert_string_equal(errors_.items[0].text, wanted);                                                    \
                assert_int_equal(errors_.items[0].line, wanted_line);                                                  \
                assert_int_equal(errors_.n, 1);                                                                        \
                assert_int_equal(errors_.total, 1);                                                                    \
        } while (0)

/* The text is accepted without errors and warnings; the caller frees. */
#define assert_accepted(given) assert_accepted_bytes(given, strlen(given))

#define assert_accepted_bytes(given, size)                                                                             \
        ({                                                                                                             \
                struct policy_errors errors_;                                                                          \
                struct policy *policy_ = NULL;                                                                         \
                int r_ = policy_parse(given, size, "0.1.0", &policy_, &errors_);                                       \
                if (errors_.n)                                                                                         \
                        print_error("line %u: %s\n", errors_.items[0].line, errors_.items[0].text);                    \
                assert_int_equal(r_, 0);                                                                               \
                assert_non_null(policy_);                                                                              \
                assert_int_equal(errors_.n, 0);                                                                        \
                assert_int_equal(errors_.total, 0);                                                                    \
                assert_int_equal(errors_.n_warnings, 0);                                                               \
                policy_;                                                                                               \
        })
