#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The watcher's unit and user, as systemd's own tools read them.
set -u

cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
area=watcher
. tests/tap.sh

echo 1..3
if ! command -v systemd-sysusers >/dev/null || ! command -v systemd-analyze >/dev/null; then
        for what in user unit exposure; do skip "$what" "there is no systemd here"; done
        exit 0
fi

mkdir -p "$folder/root/etc" "$folder/root/usr/lib/sysusers.d"
cp systemd/sysusers-lekdicht.conf "$folder/root/usr/lib/sysusers.d/lekdicht.conf"
systemd-sysusers --root="$folder/root" >"$folder/log" 2>&1 &&
        grep -q '^lekdicht-watch:x:[0-9]*:[0-9]*:[^:]*:/:/usr/sbin/nologin$' "$folder/root/etc/passwd" >>"$folder/log" 2>&1
result $? "the user lekdicht-watch is made" "$folder/log"

# A program that is there, so that only the unit is judged.
unit=$folder/lekdicht-watch.service
sed -e 's|@LIBEXECDIR@/lekdicht-watch|/bin/true|' -e '/^Documentation=/d' systemd/lekdicht-watch.service >"$unit"
! systemd-analyze verify --man=no "$unit" 2>&1 | grep -F lekdicht-watch.service >"$folder/log"
result $? "systemd understands every line of the unit" "$folder/log"

systemd-analyze security --offline=true --no-pager --threshold=20 "$unit" >"$folder/log" 2>&1
result $? "the unit's exposure is at most 2.0" "$folder/log"
