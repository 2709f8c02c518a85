/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The assembler puts the file in as it is (GNU as, .incbin): no script turns it into an array, and it stays a file that
 * an editor knows. */

#include "collector/style.h"

__asm__(".pushsection .rodata\n"
        ".global style_css\n"
        ".global style_css_end\n"
        "style_css:\n"
        ".incbin \"collector/web/style.css\"\n"
        "style_css_end:\n"
        ".popsection\n");

extern const char style_css_end[];

size_t style_css_size(void)
{
        return (size_t) (style_css_end - style_css);
}
