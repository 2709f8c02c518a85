/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cppcheck has to know of headers that it does not read. */
#define PRIu64                                  "lu"
#define json_array_foreach(array, index, value) for (index = 0; (value = json_array_get(array, index)); index++)
