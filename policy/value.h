/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Values of a policy that have a form of their own. Inside policy/ only. */

#include <stdint.h>

/* Exactly 4 hexadecimal digits, as lsusb shows them. Returns 0 or -EINVAL. */
int value_hex4(const char *text, uint16_t *ret);

/* A whole number from 1 to 4294967295. Returns 0 or -EINVAL. */
int value_number(const char *text, unsigned *ret);

#define VALUE_YEAR_MIN 2020U
#define VALUE_YEAR_MAX 2099U

/* What of the text follows these words, or NULL when it begins otherwise. */
const char *value_after(const char *text, const char *words);

/* A day as in 2027-02-01, exactly so, that the calendar has: its number (policy.h). Returns 0 or -EINVAL. */
int value_day(const char *text, unsigned *ret);

#define VALUE_DOTTED_MAX 4U /* numbers in a dotted version: 1.2.3.4 */

/* One to four dotted numbers of at most 9 digits; missing ones are 0. Returns 0 or -EINVAL. */
int value_dotted(const char *text, unsigned ret[static VALUE_DOTTED_MAX]);

/* As value_dotted(), but stops without complaint at what follows the numbers: "0.1.0~rc1". No number at all is 0. */
void value_dotted_prefix(const char *text, unsigned ret[static VALUE_DOTTED_MAX]);

/* Less than, equal to or greater than 0, like strcmp(), number by number: 0.9 comes before 0.10. */
int value_dotted_compare(const unsigned a[static VALUE_DOTTED_MAX], const unsigned b[static VALUE_DOTTED_MAX]);

/* NULL when the text is a link that a notice can offer: http://, https:// or mailto:, printable ASCII as in RFC 3986.
 * Else what is wrong with it, to be read after `the address "..." `. */
const char *value_url_fault(const char *text);
