#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages say what the programs do: well formed, and nothing is left out.
source=${FAIRLEAD_SOURCE:-.}
build=${FAIRLEAD_BUILD:-.}
count=0
failed=0

check() { # check NAME COMMAND...
        name=$1
        shift
        count=$((count + 1))
        if said=$("$@" 2>&1); then
                echo "ok $count - $name"
        else
                echo "not ok $count - $name"
                echo "$said" | sed 's/^/# /' | head -n 20
                failed=1
        fi
}

skip() {
        count=$((count + 1))
        echo "ok $count # SKIP $1"
}

# A name counts as documented where a macro marks it up, not where it merely occurs.
documents() { # documents PAGE NAME
        grep -Eq "^\.(It )?.*(Cm|Ev|Fl|Pa|,)? ?(^|[ ,\"])$2([ ,\"]|\$)" "$source/man/$1" ||
                { echo "$1 does not tell of $2"; return 1; }
}

lint() {
        said=$(mandoc -Tlint -W warning "$1" 2>&1) && [ -z "$said" ] || { echo "$said"; return 1; }
}

for page in "$source"/man/*.[1578]; do
        if command -v mandoc >/dev/null; then
                check "$(basename "$page") is well formed" lint "$page"
        else
                skip "there is no mandoc here"
        fi
done

# Settings: the rows of the skeleton.
settings=$(sed -n '/serve_setting_rows\[\] = {/,/^};/p' "$source/lib/web/serve.c" |
        sed -n 's/^ *{ "\(FAIRLEAD_[A-Z_]*\)".*/\1/p')
for name in $settings; do
        check "setting $name" documents fairlead-settings.5 "$name"
done
check "there are settings" [ "$(echo "$settings" | wc -w)" -ge 10 ]

# Kinds and their members: the table of kinds.
fields=$(sed -n 's/^        { "\([a-z0-9_]*\)", .\([a-z]\).,.*/\1/p' "$source/lib/home/kind.c" | sort -u)
kinds=$(sed -n 's/^        \.name = "\([a-z]*\)",.*/\1/p' "$source/lib/home/kind.c")
for name in $fields; do
        check "member $name" documents fairlead-apply.5 "$name"
done
for name in $kinds; do
        check "kind $name" documents fairlead-apply.5 "$name"
done
check "there are members" [ "$(echo "$fields" | wc -w)" -ge 20 ]
check "there are kinds" [ "$(echo "$kinds" | wc -w)" -ge 6 ]

# Commands, their options, and scopes: as the command lists them itself.
commands=$("$build/fairlead" --help | sed -n 's/^  \([a-z]*\)  *[A-Z].*/\1/p')
for name in $commands; do
        check "command $name" documents fairlead.1 "$name"
        for option in $("$build/fairlead" "$name" --help | grep -o -- '--[a-z-]*' | sort -u); do
                check "command $name, $option" grep -q -- "Fl Fl ${option#--}" "$source/man/fairlead.1"
        done
done
check "there are commands" [ "$(echo "$commands" | wc -w)" -ge 15 ]
for name in $(sed -n 's/^        { "\([a-z]*:[a-z]*\)",.*/\1/p' "$source/lib/home/key.c"); do
        check "scope $name" documents fairlead.1 "$name"
done

# Pages that are pointed at are there, and what the features' table names are their sections.
for name in $(cat "$source"/man/* | sed -n 's/^\.Xr \(fairlead[a-z-]*\) \([1-9]\).*/\1.\2/p' | sort -u); do
        check "the page $name is there" [ -s "$source/man/$name" ]
done
check "pages point at others" [ -n "$name" ]
page=
while read -r macro rest; do
        case $macro in
        .Xr) page=${rest% ,} page=$source/man/${page% [1-9]*}.$(echo "$rest" | tr -dc 1-9) ;;
        [1-9]. | [1-9],)
                check "${page##*/} has a section ${macro%?}" grep -q "^\.Ss ${macro%?}\." "$page" ;;
        esac
done <<END
$(sed -n '/^\.Ss Greenhouse and Coderbyte/,/^\.Ss Ashby/p' "$source/man/fairlead-features.7")
END

# Programs: one page each.
for page in admin assessment interview-link keys report webhook; do
        check "program $page has its page" [ -s "$source/man/fairlead-$page.8" ]
done
check "a name that is not there is missed" sh -c "! grep -q FAIRLEAD_NOPE '$source'/man/*"
echo "1..$count"
exit $failed
