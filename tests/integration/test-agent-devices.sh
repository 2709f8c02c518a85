#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The agent and the devices: see test-agent-devices.c.
CMOCKA_MESSAGE_OUTPUT=TAP exec umockdev-wrapper "${BUILD:-build}/tests/integration/test-agent-devices"
