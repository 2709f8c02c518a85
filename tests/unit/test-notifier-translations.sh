#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The template has exactly the sources' texts, and every language says all of them. `make po` brings them up to date.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
area=notifier-translations
. tests/tap.sh

check() { # WHAT COMMAND...
        what=$1
        shift
        "$@" >"$folder/said" 2>&1 && code=0 || code=$?
        result $code "$what" "$folder/said"
}

template() {
        po/extract "$folder/now.pot"
        [ "$(grep -c '^msgid' "$folder/now.pot")" -gt 20 ] && diff -u po/lekdicht.pot "$folder/now.pot"
}

# A .po that has exactly the template's texts, none of them fuzzy, empty or left over.
complete() {
        msgfmt --check-format --statistics -o "$folder/checked.mo" "$1" >"$folder/statistics" 2>&1 && code=0 || code=1
        cat "$folder/statistics"
        [ $code -eq 0 ] && grep -q ' translated messages\.$' "$folder/statistics" && msgcmp "$1" po/lekdicht.pot && ! grep -n '^#~' "$1"
}

# A sentence ends as its source ends, and no text got longer than a notice has room for.
alike() {
        msgattrib --no-wrap "$1" | awk '
                /^msgid "/ { id = $0; sub(/^msgid "/, "", id); sub(/"$/, "", id) }
                /^msgstr "/ && id != "" {
                        text = $0; sub(/^msgstr "/, "", text); sub(/"$/, "", text)
                        if ((id ~ /\.$/) != (text ~ /\.$/)) { print "ends otherwise: " text; bad = 1 }
                        if (length(text) > 1.5 * length(id) + 10) { print "long: " text; bad = 1 }
                }
                END { exit bad }'
}

echo "1..$((1 + 2 * $(ls po/*.po | wc -l)))"
check "po/lekdicht.pot is what the sources say" template
for language in po/*.po; do
        check "$language is complete" complete "$language"
        check "$language is like its source" alike "$language"
done
