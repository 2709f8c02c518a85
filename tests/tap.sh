# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# For tests that are shell scripts, to be read with `.`: what they say to tests/run. The script sets $area, the word that its
# results begin with, and says the plan (1..N) itself.

number=0

result() { # CODE WHAT LOG
        number=$((number + 1))
        if [ "$1" -eq 0 ]; then
                echo "ok $number - $area: $2"
        else
                sed 's/^/# /' "$3"
                echo "not ok $number - $area: $2"
        fi
}

skip() { # WHAT WHY
        number=$((number + 1))
        echo "ok $number - $area: $1 # SKIP $2"
}
