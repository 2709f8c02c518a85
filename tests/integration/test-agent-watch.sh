#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# See test-agent-watch.c.
CMOCKA_MESSAGE_OUTPUT=TAP exec "${BUILD:-build}/tests/integration/test-agent-watch"
