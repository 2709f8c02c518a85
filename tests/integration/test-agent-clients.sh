#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# See test-agent-clients.c.
CMOCKA_MESSAGE_OUTPUT=TAP exec umockdev-wrapper "${BUILD:-build}/tests/integration/test-agent-clients"
