#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The collector as it is installed: its unit and user, as systemd's own tools read them; what goes where; and that it runs
# there as its own user, also after root gave out a token. No running systemd is needed.
set -u

cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
folder=$(mktemp -d)
chmod 0755 "$folder"
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$folder"' EXIT
area=collector
. tests/tap.sh

echo 1..7
log=$folder/log
root=$folder/root

# With -o, the program is taken as it is and nothing is built.
${MAKE:-make} --no-print-directory -s -o "$build/lekdicht-collector" install-collector BUILD="$build" DESTDIR="$root" >"$log" 2>&1 &&
        (cd "$root" && find . -type f -printf '%m %p\n' | sort) >"$folder/found" &&
        cat >"$folder/wanted" <<END &&
644 ./etc/lekdicht-collector/collector.ini
644 ./usr/lib/systemd/system/lekdicht-collector.service
644 ./usr/lib/sysusers.d/lekdicht-collector.conf
644 ./usr/share/bash-completion/completions/lekdicht-collector
644 ./usr/share/man/man5/lekdicht-collector.ini.5
644 ./usr/share/man/man8/lekdicht-collector.8
644 ./usr/share/zsh/vendor-completions/_lekdicht-collector
755 ./usr/sbin/lekdicht-collector
END
        diff "$folder/wanted" "$folder/found" >>"$log" 2>&1
result $? "it is installed where it belongs" "$log"

${MAKE:-make} --no-print-directory -s install BUILD="$build" DESTDIR="$folder/laptop" >"$log" 2>&1 &&
        [ -x "$folder/laptop/usr/libexec/lekdicht/lekdicht-reporter" ] &&
        [ -z "$(find "$folder/laptop" -name '*collector*' | tee -a "$log")" ]
result $? "it is not part of what laptops get" "$log"

unit=$folder/lekdicht-collector.service
sed -e 's|^ExecStart=.*|ExecStart=/bin/true|' -e '/^Documentation=/d' "$root/usr/lib/systemd/system/lekdicht-collector.service" >"$unit"
if command -v systemd-sysusers >/dev/null && command -v systemd-analyze >/dev/null; then
        systemd-sysusers --root="$root" >"$log" 2>&1 &&
                grep -q '^lekdicht-collector:x:[0-9]*:[0-9]*:[^:]*:/:/usr/sbin/nologin$' "$root/etc/passwd" >>"$log" 2>&1
        result $? "the user lekdicht-collector is made" "$log"
        ! systemd-analyze verify --man=no "$unit" 2>&1 | grep -F lekdicht-collector.service >"$log"
        result $? "systemd understands every line of the unit" "$log"
        systemd-analyze security --offline=true --no-pager --threshold=13 "$unit" >"$log" 2>&1
        result $? "the unit's exposure is at most 1.3" "$log"
else
        for what in user unit exposure; do skip "$what" "there is no systemd here"; done
fi

# As the unit runs it: another user, who writes in one folder.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        state=$folder/state
        install -d -m 0700 -o 12345 -g 12345 "$state"
        sed -e 's|^listen = .*|listen = 127.0.0.1:0|' -e "s|/var/lib/lekdicht-collector|$state|" \
                collector/collector.ini >"$folder/collector.ini"
        "$root/usr/sbin/lekdicht-collector" --config "$folder/collector.ini" token add "De Brug" >"$folder/token" 2>"$log" &&
                grep -q '^[0-9a-f]\{8\}\.' "$folder/token" && [ "$(stat -c %a:%u "$state/collector.db")" = 600:12345 ] &&
                [ -z "$(find "$state" ! -uid 12345 | tee -a "$log")" ]
        result $? "what root makes there belongs to its user" "$log"
        setpriv --reuid=12345 --regid=12345 --clear-groups --no-new-privs --bounding-set=-all \
                "$root/usr/sbin/lekdicht-collector" --config "$folder/collector.ini" >"$log" 2>&1 &
        pid=$!
        for _ in $(seq 100); do
                grep -q 'the page is http' "$log" && break
                sleep 0.1
        done
        grep -q 'the page is http' "$log" && [ "$(stat -c %a:%u "$state/collector.db")" = 600:12345 ]
        result $? "it runs as its own user" "$log"
else
        skip token "only root can become another user"
        skip user "only root can become another user"
fi
