#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# See test-agent-notices.c.
CMOCKA_MESSAGE_OUTPUT=TAP exec umockdev-wrapper "${BUILD:-build}/tests/integration/test-agent-notices"
