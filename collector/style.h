/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The stylesheet, collector/web/style.css as it was when the program was built. */

#include <stddef.h>

extern const char style_css[];

/* Its size; there is no NUL behind it. */
size_t style_css_size(void);
