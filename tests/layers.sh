#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The arrows of the house, read from the include lines: floor <- door <- (web | bridge, ats,
# platform) <- home <- programs.  First every rule is broken in a little tree of its own: a rule
# that lets its breach pass would prove nothing about the real tree.
source=${FAIRLEAD_SOURCE:-.}
work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# Prints one line for every include below $1 that no rule allows.
breaches()
{
        (cd "$1" && find lib bin cgi-bin sandbox -name '*.[ch]' -exec grep -HE '^[ \t]*# *include' {} +) |
        LC_ALL=C sort | awk '
        BEGIN {
                may["floor"] = "floor"
                may["door"] = "door floor"
                may["web"] = "web door floor"
                may["bridge"] = "bridge door floor"
                may["ats"] = "ats bridge door floor"
                may["platform"] = "platform bridge door floor"
                may["home"] = "home ats platform bridge door floor"
                # The few files of one door that may know a third-party library; never the header
                # that others include (JSON is the exception: its values are those of Jansson).
                third["jansson.h"] = "^lib/door/json\\.h$"
                third["gdbm.h"] = "^lib/door/store_[a-z]+\\.[ch]$"
                third["openssl"] = "^lib/door/secret(\\.c|_[a-z]+\\.[ch])$"
                third["curl"] = "^lib/door/(fetch|mail)(\\.c|_[a-z]+\\.[ch])$"
                third["fcgiapp.h"] = third["fcgi_stdio.h"] = third["fcgi_config.h"] = \
                    third["fastcgi.h"] = "^lib/door/cgi(\\.c|_[a-z]+\\.[ch])$"
                # What the trade may ask of the system: words and numbers, and a lock.
                split("inttypes limits math pthread stdarg stdbool stddef stdint stdio stdlib string", \
                    name, " ")
                for (i in name)
                        pure[name[i] ".h"] = 1
        }
        function say(why) {
                print file ": " what ": " why
        }
        {
                file = $0
                sub(/:.*/, "", file)
                what = $0
                sub(/^[^<"]*[<"]/, "", what)
                sub(/[>"].*/, "", what)
                here = split(file, at, "/") > 2 && at[1] == "lib" ? at[2] : "program"
                trade = here ~ /^(bridge|ats|platform)$/
                top = what
                sub(/\/.*/, "", top)
        }
        $0 ~ /include *</ {
                key = what in third ? what : top
                if (key in third && file !~ third[key])
                        say("a third-party header has one door")
                else if (trade && !(what in pure))
                        say("the trade does no input and output of its own")
                next
        }
        here == "program" {
                next
        }
        index(what, "/") == 0 || !(top in may) || index(" " may[here] " ", " " top " ") == 0 {
                say("the arrow points up")
                next
        }
        trade && (what ~ /^door\// && what !~ /^door\/(json|secret)\.h$/ || what == "floor/file.h") {
                if (file !~ /^lib\/bridge\/link\.[ch]$/ || what ~ /^door\/(store|inbox|cgi)/)
                        say("the trade reaches the world through bridge/link only")
        }
        here == "home" && (top == "ats" || top == "platform") && what !~ /^(ats\/ats|platform\/platform)\.h$/ {
                if (file != "lib/home/kind.c")
                        say("one table knows the adapters by name")
        }'
}

n=0
# answer NAME FILE: FILE is empty, or holds what is wrong.
answer()
{
        n=$((n + 1))
        if [ -s "$2" ]; then
                echo "not ok $n - $1"
                sed 's/^/# /' "$2"
        else
                echo "ok $n - $1"
        fi
}

# case NAME, FILE, INCLUDE, what the answer must say ("" when it is allowed).
while IFS='|' read -r name file include want; do
        [ -n "$name" ] || continue
        rm -rf "$work/tree"
        mkdir -p "$work/tree/lib" "$work/tree/bin" "$work/tree/cgi-bin" "$work/tree/sandbox" \
                "$work/tree/${file%/*}"
        echo "#include $include" >"$work/tree/$file"
        breaches "$work/tree" >"$work/got"
        : >"$work/wrong"
        case $want in
        '') cp "$work/got" "$work/wrong" ;;
        *) grep -q "^$file: .*$want" "$work/got" || echo "the breach passed" >"$work/wrong" ;;
        esac
        answer "$name" "$work/wrong"
done <<'CASES'
the floor knows no door|lib/floor/x.c|"door/json.h"|points up
a door knows no trade|lib/door/x.c|"bridge/fact.h"|points up
a door knows no web|lib/door/x.h|"web/page.h"|points up
the web knows no trade|lib/web/x.c|"bridge/fact.h"|points up
the web knows no home|lib/web/x.c|"home/home.h"|points up
the trade knows no web|lib/bridge/x.c|"web/page.h"|points up
the trade knows no adapter|lib/bridge/x.c|"ats/ats.h"|points up
an ATS knows no platform|lib/ats/x.c|"platform/platform.h"|points up
a platform knows no home|lib/platform/x.c|"home/home.h"|points up
home knows no web|lib/home/x.c|"web/serve.h"|points up
the library knows no program|lib/home/x.c|"guard.h"|points up
JSON has one door|lib/home/x.c|<jansson.h>|one door
GDBM has one door|lib/door/store.h|<gdbm.h>|one door
OpenSSL has one door|lib/door/fetch.c|<openssl/evp.h>|one door
curl has one door|bin/x.c|<curl/curl.h>|one door
and does not show through it|lib/door/fetch.h|<curl/curl.h>|one door
FastCGI has one door|cgi-bin/x.c|<fcgiapp.h>|one door
an adapter does not fetch|lib/ats/x.c|"door/fetch.h"|bridge/link
the trade does not store|lib/bridge/link.c|"door/store.h"|bridge/link
an adapter reads no file|lib/platform/x.c|"floor/file.h"|bridge/link
an adapter opens no socket|lib/ats/x.c|<sys/socket.h>|input and output
the trade has no clock of the system|lib/bridge/x.c|<unistd.h>|input and output
home names an adapter in one table|lib/home/x.c|"ats/lever.h"|one table
a door may stand on the floor|lib/door/x.c|"floor/buf.h"|
the link may fetch|lib/bridge/link.c|"door/fetch.h"|
the table may name an adapter|lib/home/kind.c|"ats/lever.h"|
a program may use all|bin/x.c|"home/home.h"|
CASES

breaches "$source" >"$work/got"
answer "every arrow of this tree points down" "$work/got"
# The reader itself: a tree without include lines would pass too.
: >"$work/wrong"
for floor in floor door web bridge ats platform home; do
        grep -qs '^#include' "$source"/lib/"$floor"/*.h || echo "lib/$floor" >>"$work/wrong"
done
answer "and every floor was read" "$work/wrong"
echo "1..$n"
